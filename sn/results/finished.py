"""Finished runs of a comparison: a record to a file, and back to the last bit.

The file has the arrays `passes` and `run`, MessagePack as in checkpoints, their hash, and which
comparison it belongs to. Weights stay behind: a comparison does not need them.

Read next: contests.py for the folder of these files.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from sn.errors import DataError
from sn.results.arrays import content_hash, read_arrays, write_arrays
from sn.results.checkpoints import packed, unpacked
from sn.results.lines import spelled_out
from sn.results.record import DataUsed, NetCounts, Reference, RunRecord
from sn.results.reports import ClassReport, LabelReport, Report, ValueReport

PASSES, RUN = "passes", "run"
_KINDS: dict[str, type[Report]] = {
    kind.__name__: kind for kind in (ClassReport, LabelReport, ValueReport)
}
_ARRAYS = {"confusion": np.int64, "misses": np.int64, "rms": np.float64, "explained": np.float64}


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept of a record beside its passes."""

    net: NetCounts
    data: DataUsed
    optimizer: str
    options: dict[str, Any]
    seed: int
    compile_seconds: float
    train_seconds: float
    evaluate_seconds: float
    us_per_presentation: float
    reference: Reference | None
    warnings: tuple[str, ...]
    kept: int | None
    reports: dict[str, dict[str, Any]]
    sha256: str = ""


# what a record that anyone wrote may raise, such as a count beyond 64 bits
_WRONG = (KeyError, TypeError, ValueError, ArithmeticError)
_OTHERS = tuple(one.name for one in fields(_Kept) if one.name != "reports")


def write_finished(path: Path, record: RunRecord, contest: str) -> None:
    """Keep a record, whole or not at all; `contest` is the hash of what is compared.

    Raises: TrainError when the file cannot be written.
    """
    reports = {which: _report_object(report) for which, report in record.reports.items()}
    kept = _Kept(**{name: getattr(record, name) for name in _OTHERS}, reports=reports)
    said = spelled_out(msgspec.to_builtins(kept))
    content = np.frombuffer(msgspec.msgpack.encode(said), np.uint8)
    arrays = {PASSES: packed(record.passes), RUN: content}
    write_arrays(path, arrays, {"contest": contest, "sha256": content_hash(arrays)})


def read_finished(path: Path, contest: str) -> RunRecord:
    """Return the record that `write_finished` kept, without weights.

    Raises: DataError when the file is missing, damaged or of another comparison.
    """
    arrays, words = read_arrays(path)
    if words.get("sha256") != content_hash(arrays):
        raise DataError(f"'{path}' is damaged: its content is not what was written")
    if words.get("contest") != contest:
        raise DataError(f"'{path}' is of another comparison")
    try:
        kept = msgspec.msgpack.decode(arrays[RUN].tobytes(), type=_Kept)
        passes = unpacked(arrays[PASSES])
        if kept.kept is not None and kept.kept not in {one.number for one in passes}:
            raise ValueError("the pass whose weights were kept is none of its passes")
        return RunRecord(
            **{name: getattr(kept, name) for name in _OTHERS},
            passes=passes,
            weights={},
            reports={which: _report(one) for which, one in kept.reports.items()},
        )
    except (*_WRONG, msgspec.DecodeError, RecursionError, AssertionError) as error:
        raise DataError(f"'{path}' is no record of a run: {error!r}") from error


def _report_object(report: Report) -> dict[str, Any]:
    values = {one.name: getattr(report, one.name) for one in fields(report)}
    lists = {name: value.tolist() for name, value in values.items() if name in _ARRAYS}
    return {"kind": type(report).__name__, **values, **lists}


def _report(said: dict[str, Any]) -> Report:
    kind = _KINDS[said["kind"]]
    values = {one.name: said[one.name] for one in fields(kind)}
    arrays = {name: np.array(values[name], _ARRAYS[name]) for name in values if name in _ARRAYS}
    names = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return kind(**{**values, **names, **arrays})
