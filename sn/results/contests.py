"""Contests: the folder of a comparison while it lasts, so that one that was stopped goes on.

    compare.json            what is compared: files, seeds, settings, and what each entry is made of
    run-3.safetensors       the record of a finished run, by its number (finished.py)
    comparison.json, ...    the results, when all runs are finished
    .lock                   who writes here, while somebody does (lock.py)

A run is kept as soon as it ends, and every file appears whole: who is killed loses the runs that
were under way.
"""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from msgspec import Meta

from sn.errors import DataError, TrainError
from sn.memory.files import read_file
from sn.paths import legal_name
from sn.results.about import HINT, LOG, RUN, Count, Seed, check_format, told
from sn.results.arrays import PART, told_as_train_error, write_whole
from sn.results.decoding import converted
from sn.results.finished import read_finished, write_finished
from sn.results.folder import RunFolder
from sn.results.lines import json_line
from sn.results.lock import FolderLock
from sn.results.record import RunRecord

CONTEST, RESULTS = "compare.json", "comparison.json"
FORMAT = 1  # raised when a reader of old folders would go wrong


@dataclass(frozen=True, slots=True)
class Competitor:
    """An entry before its runs: its names, and in words all that decides what comes out of them."""

    label: str
    name: str
    optimizer: str
    identity: dict[str, str]


@dataclass(frozen=True, slots=True)
class Contest:
    """What is compared, as the command line said it, and what that came to.

    `files` are as they were named in `folder`; `passes` and `reach` are None where the programs
    and the results say them; `versions` are those of what computes. `rates` are learning rates that
    each optimizer is trained at, none for its own.
    """

    files: Annotated[tuple[str, ...], Meta(min_length=1)]
    folder: str
    optimizers: tuple[str, ...]
    seeds: Annotated[tuple[Seed, ...], Meta(min_length=1)]
    passes: Count | None
    reach: Annotated[float, Meta(gt=0)] | None
    data: str | None
    settings: dict[str, str]
    entries: tuple[Competitor, ...]
    versions: dict[str, str]
    command: tuple[str, ...] = ()
    format: int = FORMAT
    engine: str = "kernels"
    rates: tuple[float, ...] = ()

    @property
    def n_runs(self) -> int:
        """How many runs there are."""
        return len(self.entries) * len(self.seeds)

    @property
    def hash(self) -> str:
        """The sha256 of what decides which run has which number, and what comes out of it."""
        said = json_line([self.entries, self.seeds, self.passes])
        return hashlib.sha256(said.encode()).hexdigest()


class ContestFolder:
    """The folder of a comparison that is under way; `found` are its finished runs, by number."""

    def __init__(self, path: Path, contest: Contest, found: Mapping[int, RunRecord]) -> None:
        """Take the folder of a comparison that is there.

        Raises: TrainError when another process has it, or it cannot be written to.
        """
        self.path, self.contest, self.found = path, contest, dict(found)
        self._n_kept, self._is_new = len(self.found), False
        self._lock = FolderLock(path, "comparison")

    @property
    def goes_on(self) -> bool:
        """Whether the comparison was begun before."""
        return not self._is_new

    @classmethod
    def create(cls, out: Path | None, contest: Contest) -> ContestFolder:
        """Make a folder, the one named or a fresh one, and note there what is compared.

        Raises: TrainError when it holds results already, or cannot be made or written to.
        """
        path = RunFolder.create(out, "compare").path
        files = cls(path, contest, {})
        try:
            for name in (CONTEST, RESULTS):
                if (path / name).exists():
                    raise TrainError(
                        f"the folder '{path}' already holds a comparison",
                        hint=f"`{resume_command(path)}` goes on with one that was stopped; or "
                        "choose another folder with --out, or remove this one",
                    )
            write_whole(path / CONTEST, json_line(contest).encode() + b"\n")
            files._is_new = True
        except BaseException:
            files.release()
            raise
        return files

    @classmethod
    def reopen(cls, path: Path, contest: Contest) -> tuple[ContestFolder, list[str]]:
        """Take the folder of a comparison that was stopped; return what could not be read, too.

        Raises: TrainError when another process has it, or nothing is missing.
        """
        files = cls(path, contest, {})
        try:
            if (path / RESULTS).exists():
                raise TrainError(
                    f"nothing is missing in '{path}': all {contest.n_runs} runs are finished",
                    hint=f"the results are in {path / 'comparison.md'}",
                )
            with told_as_train_error(path):
                for part in path.glob(f".*{PART}"):
                    part.unlink(missing_ok=True)
            wrong = []
            for number in range(contest.n_runs):
                try:
                    if files.file(number).exists():
                        files.found[number] = read_finished(files.file(number), contest.hash)
                except DataError as error:
                    wrong.append(error.message)
        except BaseException:
            files.release()
            raise
        files._n_kept = len(files.found)
        return files, wrong

    def file(self, number: int) -> Path:
        """Return where a run is kept."""
        return self.path / f"run-{number}.safetensors"

    def keep(self, number: int, record: RunRecord) -> None:
        """Keep a run that is finished. Raises: TrainError when it cannot be written."""
        write_finished(self.file(number), record, self.contest.hash)
        self._n_kept += 1

    def what_stands(self) -> str:
        """Say how many runs are on the disk, and what goes on from there."""
        return (
            f"{self._n_kept} of {self.contest.n_runs} runs are in '{self.path}'; "
            f"`{resume_command(self.path)}` goes on from there"
        )

    @property
    def is_worth_keeping(self) -> bool:
        """Whether a run is kept in it."""
        return self._n_kept > 0

    def release(self) -> None:
        """Let others have the folder; one that is new and without a run is taken back."""
        is_in_vain = self._is_new and not self._n_kept
        if is_in_vain:
            with suppress(OSError):
                (self.path / CONTEST).unlink(missing_ok=True)
        self._lock.release()
        if is_in_vain:
            with suppress(OSError):
                self.path.rmdir()


class Nowhere:
    """Where nothing is kept."""

    found: Mapping[int, RunRecord] = MappingProxyType({})
    goes_on = False

    def keep(self, number: int, record: RunRecord) -> None:
        """Do nothing."""


NOWHERE = Nowhere()


def resume_command(folder: Path) -> str:
    """Return the command that goes on with the comparison in a folder, as a shell takes it."""
    return shlex.join(["sn", "compare", "--resume", str(folder)])


def read_contest(folder: Path) -> Contest:
    """Return what is compared in a folder.

    Raises: DataError when it holds no comparison, or one that this version cannot read.
    """
    path = folder / CONTEST
    if not os.path.lexists(path):
        hint = None
        if any(os.path.lexists(folder / name) for name in (RUN, LOG)):
            hint = f"it holds a run: `{shlex.join(['sn', 'run', '--resume', str(folder)])}`"
        raise DataError(f"'{folder}' holds no comparison: it has no {CONTEST}", hint=hint)
    said = told(path, read_file(path), dict[str, Any])
    check_format(path, said, FORMAT)
    try:
        return converted(said, Contest)
    except ValueError as error:
        raise DataError(f"'{path}' cannot be read: {error}", hint=HINT) from error


def event_folders(
    labels: Sequence[str], seeds: Sequence[int], folder: Path | None
) -> list[Path | None]:
    """Return the folder for the events of each run: one for each entry, and in it for each seed."""
    found: list[Path | None] = []
    names: dict[str, int] = {}
    for label in labels:
        name = legal_name(label, "entry")
        names[name] = names.get(name, 0) + 1
        if names[name] > 1:  # labels that differ in what no name may have
            name = f"{name}-{names[name]}"
        found += [None if folder is None else folder / name / f"seed-{seed}" for seed in seeds]
    return found
