"""Run folders: from records to the files of one run.

    run.json                    what was run, on what, with which versions, and how it ended
    log.jsonl                   one line per pass
    checkpoint-PASS.safetensors the whole state of the run, the last few (checkpoints.py)
    weights.safetensors         the weights at the end of the run, by name
    NAME.sn.safetensors         the trained net, which explains itself (sn/trained/)
    source.sn                   the program of the net
    start.safetensors           the weights that it started from, unless it drew them
    loaded/                     the files that the program read
    .lock                       who writes here, while somebody does (lock.py)

Every file appears whole (arrays.py), so a run that is killed leaves a folder that can be read,
and gone on with.
"""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from sn.errors import TrainError
from sn.paths import legal_name, possible
from sn.results.about import FORMAT, LOG, RUN, read_about
from sn.results.arrays import (
    PART,
    content_hash,
    make_inside,
    told_as_train_error,
    write_all,
    write_arrays,
    write_whole,
)
from sn.results.checkpoints import Position, checkpoints, position_of
from sn.results.lines import json_line, pass_object, result_object
from sn.results.lock import FolderLock
from sn.results.origin import (
    LOADED,
    SOURCE,
    Origin,
    copy_name,
    machine,
    origin_object,
    versions,
    write_start,
)
from sn.results.record import DataUsed, NetCounts, PassRecord, RunRecord
from sn.version import __version__

WEIGHTS = "weights.safetensors"
CHECKPOINTS_KEPT = 2
# what the program itself writes; a folder of its own, so that it cannot touch the rest
FILES = "files"
_APPENDED = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)


class Outcome(StrEnum):
    """How a run ended, or that it has not; a run that was killed stays at RUNNING."""

    RUNNING = "running"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RunHeader:
    """What is known when a run starts; `passes` is how many are planned."""

    net: NetCounts
    data: DataUsed
    optimizer: str
    options: dict[str, Any]
    seed: int
    passes: int


class RunFolder:
    """The folder of one run: written by one training loop, read by everybody.

    `keep` is how many checkpoints stay.
    """

    def __init__(self, path: Path, keep: int = CHECKPOINTS_KEPT) -> None:
        self.path, self._keep = path, keep
        self._about: dict[str, Any] = {}
        self._lock: FolderLock | None = None

    @classmethod
    def create(cls, out: Path | None, name: str, keep: int = CHECKPOINTS_KEPT) -> RunFolder:
        """Make the folder `out`, or a fresh one for the net `name` below `runs/`.

        Raises: TrainError when `out` holds a run already or cannot be made.
        """
        if out is None:
            return cls(_fresh_folder(Path("runs"), name), keep)
        out = possible(out)
        with told_as_train_error(out):
            out.mkdir(parents=True, exist_ok=True)
        folder = cls(out, keep)
        folder._refuse_run()
        return folder

    def _refuse_run(self) -> None:
        with told_as_train_error(self.path):
            # a link is no run, and none may be written through it
            has_run = any(os.path.lexists(self.path / file) for file in (RUN, LOG, WEIGHTS))
            has_run = has_run or bool(checkpoints(self.path))
        if has_run:
            raise TrainError(
                f"the folder '{self.path}' already holds a run",
                hint=f"`{resume_command(self.path)}` goes on with it; or choose another folder "
                "with --out, or remove this one",
            )

    def start(self, header: RunHeader, origin: Origin, more: Mapping[str, Any] = {}) -> None:
        """Take the folder and write run.json and the program: from here on it holds a run.

        `more` goes into run.json too.
        Raises: TrainError when another run has the folder.
        """
        self._lock = FolderLock(self.path)
        try:
            self._refuse_run()  # it may have come between
            self._about = {
                "format": FORMAT,
                "outcome": Outcome.RUNNING,
                **asdict(header),
                **origin_object(origin),
                **more,
                "started": _now(),
                "versions": versions(),
                "machine": machine(),
            }
            with self.told(self.path):
                self._write_program(origin)
                self._write_about()
        except BaseException:
            self.close()
            raise

    def _write_program(self, origin: Origin) -> None:
        """Write the program and the files that it read."""
        if origin.read:
            make_inside(self.path / LOADED)
        for number, read in enumerate(origin.read, 1):
            write_whole(self.path / copy_name(number), read.content)
        write_whole(self.path / SOURCE, origin.source.encode())
        if origin.start is not None:
            write_start(self.path, origin.start)

    def reopen(self) -> dict[str, Any]:
        """Take a folder that holds a run, to go on with it; return the content of run.json.

        What a killed run left half written is removed.
        Raises: DataError when there is no run, TrainError when it is going on.
        """
        read_about(self.path)
        self._lock = FolderLock(self.path)
        self._about = read_about(self.path)
        with told_as_train_error(self.path):
            for file in self.path.glob(f".*{PART}"):
                file.unlink(missing_ok=True)
        return self._about

    def go_on(
        self,
        passes: Sequence[PassRecord],
        position: Position,
        planned: int,
        command: Sequence[str] = (),
    ) -> None:
        """Note that the run goes on from a checkpoint, and cut off what came after it.

        The log becomes that of `passes`; `planned` is how many passes there shall be, `command`
        the words of the command line.
        """
        about = self._about
        about["outcome"], about["passes"] = Outcome.RUNNING, planned
        about.pop("result", None)
        about.pop("reason", None)
        came: dict[str, Any] = {"at": _now(), "pass": position.passes, "shown": position.shown}
        came |= {"command": list(command), "versions": versions()}
        about.setdefault("resumed", []).append(came)
        with self.told(self.path):
            for file in checkpoints(self.path):
                if (position_of(file) or position) > position:
                    file.unlink()
            lines = [json_line(pass_object(record)) + "\n" for record in passes]
            write_whole(self.path / LOG, "".join(lines).encode())
            self._write_about()

    def add_pass(self, record: PassRecord) -> None:
        """Append one line to the log; a line that does not fit is taken back."""
        path = self.path / LOG
        with self.told(path):
            log = os.open(path, _APPENDED, 0o666)
            try:
                size = os.fstat(log).st_size
                try:
                    write_all(log, json_line(pass_object(record)).encode() + b"\n")
                except OSError:
                    with suppress(OSError):
                        os.ftruncate(log, size)
                    raise
            finally:
                os.close(log)

    def write_checkpoint(
        self,
        position: Position,
        arrays: Mapping[str, NDArray[np.generic]],
        metadata: Mapping[str, str],
    ) -> None:
        """Write the state given, and remove the oldest checkpoints where there are too many."""
        path = self.path / position.file
        with self.told(path):
            write_arrays(path, arrays, metadata)
            for file in checkpoints(self.path)[self._keep :]:
                file.unlink()

    def finish(self, record: RunRecord) -> None:
        """Write the weights and, in run.json, the result."""
        metadata = {"net": record.net.name, "optimizer": record.optimizer, "sn": __version__}
        result = result_object(record)
        self._about["outcome"] = Outcome.FINISHED
        self._about["result"] = {
            key: result[key]
            for key in (
                "cost",
                "train",
                "test",
                "compile_seconds",
                "train_seconds",
                "us_per_presentation",
                "warnings",
            )
        }
        self._about["result"]["evaluate_seconds"] = record.evaluate_seconds
        if record.reference is not None:
            said = asdict(record.reference)
            self._about["reference"] = {name: one for name, one in said.items() if one is not None}
        self._about["result"]["weights_sha256"] = content_hash(record.weights)
        with self.told(self.path):
            write_arrays(self.path / WEIGHTS, record.weights, metadata)
            self._write_about()

    def stop(self, outcome: Outcome, reason: str = "") -> None:
        """Note in run.json that the run ended early, and why; where that can still be written."""
        self._about["outcome"] = outcome
        if reason:
            self._about["reason"] = reason
        with suppress(TrainError):  # why the run ended is told anyway, and matters more
            self._write_about()

    def close(self) -> None:
        """Let others have the folder."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def what_stands(self) -> str:
        """Say which state of the run is on the disk, and what goes on from there."""
        try:
            found = checkpoints(self.path)
        except OSError:
            return f"the folder '{self.path}' is gone, and the states of the run with it"
        if not found:
            return f"no state of the run is in '{self.path}'"
        position = position_of(found[0])
        return (
            f"the state {position} is in '{found[0]}'; `{resume_command(self.path)}` goes on "
            "from there"
        )

    @contextmanager
    def told(self, path: Path) -> Iterator[None]:
        """Say of what cannot be written what is on the disk all the same."""
        try:
            with told_as_train_error(path):
                yield
        except TrainError as error:
            hint = f"{self.what_stands()}; make room or mend the disk first"
            raise TrainError(error.message, hint=hint) from error

    def _write_about(self) -> None:
        text = msgspec.json.format(json_line(self._about).encode(), indent=2)
        write_whole(self.path / RUN, text + b"\n")


def resume_command(folder: Path) -> str:
    """Return the command that goes on with the run in a folder, as a shell takes it."""
    return shlex.join(["sn", "run", "--resume", str(folder)])


def report_command(folder: Path) -> str:
    """Return the command that makes a page of the run in a folder, as a shell takes it."""
    return shlex.join(["sn", "report", "--open", str(folder)])


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _fresh_folder(base: Path, name: str) -> Path:
    stem = f"{legal_name(name, 'run')}-{time.strftime('%Y%m%d-%H%M%S')}"
    with told_as_train_error(base):
        base.mkdir(parents=True, exist_ok=True)
        number = 1
        while True:
            path = base / (stem if number == 1 else f"{stem}-{number}")
            try:
                # mkdir is the claim: two runs that start in the same second get two folders
                path.mkdir()
            except FileExistsError:
                number += 1
            else:
                return path
