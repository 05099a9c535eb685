"""Run folders: from records to the files of one run.

    run.json                what was run, on what, with which versions, and how it ended
    log.jsonl               one line per pass
    checkpoint.safetensors  the whole state at the end of the last pass (sn/train/state.py)
    weights.safetensors     the weights at the end of the run, by name
    NAME.sn.safetensors     the trained net, which explains itself (sn/trained/)
    source.sn               the program of the net

Every file appears whole (arrays.py), so a run that is killed leaves a folder that can be read.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from sn.errors import DataError, TrainError
from sn.results.arrays import told_as_train_error, write_arrays, write_whole
from sn.results.lines import json_line, pass_object, result_object
from sn.results.record import DataUsed, NetCounts, PassRecord, RunRecord
from sn.version import __version__

RUN, LOG, SOURCE = "run.json", "log.jsonl", "source.sn"
CHECKPOINT, WEIGHTS = "checkpoint.safetensors", "weights.safetensors"

# Raised when a reader of old folders would go wrong.
FORMAT = 1


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
    """The folder of one run: written by one training loop, read by everybody."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._about: dict[str, Any] = {}

    @classmethod
    def create(cls, out: Path | None, name: str) -> RunFolder:
        """Make the folder `out`, or a fresh one for the net `name` below `runs/`.

        Raises: TrainError when `out` holds a run already or cannot be made.
        """
        if out is None:
            return cls(_fresh_folder(Path("runs"), name))
        with told_as_train_error(out):
            out.mkdir(parents=True, exist_ok=True)
            has_run = any((out / file).exists() for file in (RUN, LOG, CHECKPOINT, WEIGHTS))
        if has_run:
            raise TrainError(
                f"the folder '{out}' already holds a run",
                hint="choose another folder with --out, or remove this one",
            )
        return cls(out)

    def start(self, header: RunHeader, source: str) -> None:
        """Write run.json and source.sn: from here on the folder holds a run."""
        self._about = {
            "format": FORMAT,
            "outcome": Outcome.RUNNING,
            **asdict(header),
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "versions": versions(),
            "machine": _machine(),
        }
        write_whole(self.path / SOURCE, source.encode())
        self._write_about()

    def add_pass(self, record: PassRecord) -> None:
        """Append one line to the log; a line that does not fit is taken back."""
        path = self.path / LOG
        with told_as_train_error(path), path.open("ab") as log:
            size = log.tell()
            try:
                log.write(json_line(pass_object(record)).encode() + b"\n")
                log.flush()
            except OSError:
                os.ftruncate(log.fileno(), size)
                raise

    def write_checkpoint(
        self, arrays: Mapping[str, NDArray[np.generic]], metadata: Mapping[str, str]
    ) -> None:
        """Replace the checkpoint by the state given."""
        write_arrays(self.path / CHECKPOINT, arrays, metadata)

    def finish(self, record: RunRecord) -> None:
        """Write the weights and, in run.json, the result."""
        metadata = {"net": record.net.name, "optimizer": record.optimizer, "sn": __version__}
        write_arrays(self.path / WEIGHTS, record.weights, metadata)
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
        self._write_about()

    def stop(self, outcome: Outcome, reason: str = "") -> None:
        """Note in run.json that the run ended early, and why."""
        self._about["outcome"] = outcome
        if reason:
            self._about["reason"] = reason
        self._write_about()

    def _write_about(self) -> None:
        text = msgspec.json.format(msgspec.json.encode(self._about), indent=2)
        write_whole(self.path / RUN, text + b"\n")


def read_about(folder: Path) -> dict[str, Any]:
    """Return the content of a run folder's run.json.

    Raises: DataError when the folder holds no run, or one that this version cannot read.
    """
    path = folder / RUN
    try:
        about: dict[str, Any] = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except FileNotFoundError:
        raise DataError(f"'{folder}' is not a run folder: it has no {RUN}") from None
    except (OSError, msgspec.DecodeError) as error:
        raise DataError(f"'{path}' cannot be read: {error}") from error
    if about.get("format") != FORMAT:
        raise DataError(
            f"'{path}' has format {about.get('format')}, SN {__version__} reads format {FORMAT}",
            hint="read it with the version of SN that wrote it",
        )
    return about


def read_log(folder: Path) -> tuple[dict[str, Any], ...]:
    """Return the objects of a run folder's log, one per finished pass.

    Raises: DataError when a line of the log is not JSON.
    """
    path = folder / LOG
    if not path.exists():
        return ()
    try:
        return tuple(msgspec.json.Decoder(dict[str, Any]).decode_lines(path.read_bytes()))
    except (OSError, msgspec.DecodeError) as error:
        raise DataError(f"'{path}' cannot be read: {error}") from error


def _fresh_folder(base: Path, name: str) -> Path:
    stem = f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
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


def versions() -> dict[str, str]:
    """Return the versions of SN and of what its numbers depend on."""
    found = {"sn": __version__, "python": platform.python_version(), "numpy": np.__version__}
    try:
        found["numba"] = importlib.metadata.version("numba")
    except importlib.metadata.PackageNotFoundError:
        found["numba"] = "absent"
    return found


def _machine() -> dict[str, Any]:
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor()
