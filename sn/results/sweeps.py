"""Sweeps: the folder of a sweep, so that one that was stopped goes on.

    sweep.json          what is swept: file, what varies, seeds, search, what is sought
    journal.log         the trials, as Optuna keeps them, unless --storage names another place
    runs/KEY.json       what one run came to, by the key of what it is made of
    trials.csv          a row a trial; results.json the same for programs, sweep.md for people
    history.svg, ...    pictures
    .lock               who writes here, while somebody does (lock.py)

A run is kept as soon as it ends and every file appears whole: who is killed loses the runs that
were under way.
"""

from __future__ import annotations

import os
import shlex
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta

from sn.errors import DataError, TrainError
from sn.memory.files import read_file
from sn.results.about import HINT, Count, check_format, told
from sn.results.arrays import PART, make_inside, told_as_train_error, write_whole
from sn.results.decoding import converted, decoded
from sn.results.folder import RunFolder
from sn.results.lines import json_line
from sn.results.lock import FolderLock

SWEEP, RESULTS, RUNS, JOURNAL = "sweep.json", "results.json", "runs", "journal.log"
FORMAT = 1  # raised when a reader of old folders would go wrong
DONE, PRUNED, FAILED = "done", "pruned", "failed"


@dataclass(frozen=True, slots=True)
class Sweep:
    """What is swept, as the command line and the program said it.

    `vary` are texts of `--vary`; `program` is the hash of what the runs are made of, `data` what
    stands in for that of the program; `points` is how many a range has on a grid; `seed` is that of
    the search; `target` is SET-FIGURE; `storage` is a URL, None for the journal in the folder, and
    `study` the name there. What is kept of it has no password.
    """

    file: str
    folder: str
    program: str
    vary: Annotated[tuple[str, ...], Meta(min_length=1)]
    trials: Annotated[int, Meta(ge=1)]
    seeds: Annotated[int, Meta(ge=1)]
    target: str
    search: Literal["tpe", "random", "grid", "cmaes"]
    prune: Literal["none", "median", "hyperband"]
    points: Annotated[int, Meta(ge=1)]
    seed: int
    passes: Count | None
    optimizer: str
    data: str | None
    settings: dict[str, str]
    storage: str | None
    study: str
    versions: dict[str, str]
    command: tuple[str, ...] = ()
    format: int = FORMAT

    def without_password(self) -> Sweep:
        """Return it as it may be kept and shown."""
        if self.storage is None:
            return self
        command = [
            word.replace(self.storage, without_password(self.storage)) for word in self.command
        ]
        return replace(self, storage=without_password(self.storage), command=tuple(command))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run came to.

    `passes` have the figures after each pass by name, as `PassRecord.row` but for the time; `end`
    is the pass that was kept; `weights` is the sha256 of the weights at the end, `bits` that of all
    that does not depend on when and where it ran. One that `is_lost` failed where it ran, by a
    worker that died or had no room, and not by what it is made of. Units: seconds of wall time, of
    all of it and of training with scoring.
    """

    key: str
    settings: dict[str, str]
    optimizer: str
    seed: int
    state: str
    passes: list[dict[str, int | float]]
    end: int
    weights: str
    data: str
    bits: str
    seconds: float = 0.0
    train_seconds: float = 0.0
    compile_seconds: float = 0.0
    error: str = ""
    is_lost: bool = False

    def figure(self, name: str, number: int | None = None) -> float | None:
        """Return a figure such as `test_misses` after a pass, at the end where none is named."""
        number = self.end if number is None else number
        for row in self.passes:
            if row.get("pass") == number:
                return row.get(name)
        return None


class SweepFolder:
    """The folder of a sweep that is under way; `found` are its finished runs by their keys."""

    def __init__(self, path: Path, sweep: Sweep, is_new: bool = False) -> None:
        """Take the folder. Raises: TrainError when another process has it."""
        self.path, self.sweep, self.found = path, sweep, dict[str, Outcome]()
        self._is_new = is_new
        self._lock = FolderLock(path, "sweep")

    @classmethod
    def create(cls, out: Path | None, sweep: Sweep) -> SweepFolder:
        """Make a folder, the one named or a fresh one, and note there what is swept.

        Raises: TrainError when it holds results already, or cannot be made or written to.
        """
        path = RunFolder.create(out, "sweep").path
        files = cls(path, sweep, is_new=True)
        try:
            for name in (SWEEP, RESULTS, JOURNAL):
                if os.path.lexists(path / name):
                    files._is_new = False
                    raise TrainError(
                        f"the folder '{path}' already holds a sweep",
                        hint=f"`{resume_command(path)}` goes on with one that was stopped; or "
                        "choose another folder with --out, or remove this one",
                    )
            make_inside(path / RUNS)
            write_whole(path / SWEEP, json_line(sweep.without_password()).encode() + b"\n")
        except BaseException:
            files.release()
            raise
        return files

    @classmethod
    def reopen(cls, path: Path, sweep: Sweep) -> tuple[SweepFolder, list[str]]:
        """Take the folder of a sweep that was stopped; return what could not be read, too.

        Raises: TrainError when another process has it.
        """
        files, wrong = cls(path, sweep), list[str]()
        try:
            make_inside(path / RUNS)
            with told_as_train_error(path):
                for folder in (path, path / RUNS):
                    for part in folder.glob(f".*{PART}"):
                        part.unlink(missing_ok=True)
                names = sorted((path / RUNS).glob("*.json"))
            for name in names:
                try:
                    outcome = _checked(decoded(read_file(name), Outcome), name.stem)
                    files.found[outcome.key] = outcome
                except (ValueError, DataError) as error:
                    wrong.append(f"'{name}' cannot be read: {error}")
        except BaseException:
            files.release()
            raise
        return files, wrong

    def keep(self, outcome: Outcome) -> None:
        """Keep a run that is finished. Raises: TrainError when it cannot be written."""
        content = json_line(asdict(outcome)).encode() + b"\n"
        try:
            write_whole(self.path / RUNS / f"{outcome.key}.json", content)
        except TrainError as error:
            error.hint = "the runs before are kept: make room, and --resume goes on"
            raise
        self.found[outcome.key] = outcome
        self._is_new = False

    def what_stands(self) -> str:
        """Say how many runs are on the disk, and what goes on from there."""
        count = len(self.found)
        return (
            f"{count} run{'' if count == 1 else 's'} of the sweep are in '{self.path}'; "
            f"`{resume_command(self.path)}` goes on from there"
        )

    @property
    def is_worth_keeping(self) -> bool:
        """Whether a run is kept in it."""
        return bool(self.found)

    def release(self) -> None:
        """Let others have the folder; one that is new and without a run is taken back."""
        if self._is_new:
            with suppress(OSError):
                for name in (SWEEP, JOURNAL, f"{JOURNAL}.lock"):
                    (self.path / name).unlink(missing_ok=True)
                (self.path / RUNS).rmdir()
        self._lock.release()
        if self._is_new:
            with suppress(OSError):
                self.path.rmdir()


def _checked(outcome: Outcome, key: str) -> Outcome:
    """Return what is kept of a run; ValueError for what cannot have come of one."""
    if outcome.key != key:
        raise ValueError("it is another run's")
    if outcome.state not in (DONE, PRUNED, FAILED):
        raise ValueError(f"no run ends as '{outcome.state[:80]}'")
    for row in outcome.passes:
        if "pass" not in row:
            raise ValueError("figures are of no pass")
        if any(isinstance(value, int) and abs(value) > 2**53 for value in row.values()):
            raise ValueError("a figure is beyond 53 bits")
    return outcome


def resume_command(folder: Path) -> str:
    """Return the command that goes on with the sweep in a folder, as a shell takes it."""
    return shlex.join(["sn", "sweep", "--resume", str(folder)])


def without_password(place: str) -> str:
    """Return a URL that may be shown, and kept."""
    scheme, mark, rest = place.partition("://")
    if not mark:
        return place
    where, question, options = rest.partition("?")
    user, at, host = where.rpartition("@")
    kept = "&".join(one for one in options.split("&") if not _is_secret(one))
    return f"{scheme}{mark}{user.split(':')[0]}{at}{host}{question if kept else ''}{kept}"


def _is_secret(option: str) -> bool:
    name, _, value = option.partition("=")
    is_named = any(word in name.lower() for word in ("pass", "pwd", "secret", "token", "key"))
    return is_named or "@" in value


def read_sweep(folder: Path) -> Sweep:
    """Return what is swept in a folder.

    Raises: DataError when it holds no sweep, or one that this version cannot read.
    """
    path = folder / SWEEP
    if not os.path.lexists(path):
        raise DataError(f"'{folder}' holds no sweep: it has no {SWEEP}")
    said = told(path, read_file(path), dict[str, Any])
    check_format(path, said, FORMAT)
    try:
        return converted(said, Sweep)
    except ValueError as error:
        raise DataError(f"'{path}' cannot be read: {error}", hint=HINT) from error
