"""Streaming: which files of a user stay on disk, and their rows as sets take them.

A file is streamed where the user says (stream), and else where its patterns would take LARGE bytes
or more in memory, whatever the machine has: so a run is the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.data.blocks import MOST, Streaming
from sn.data.readers.arrays import checked_numbers, targets_of, usual_kind
from sn.data.row_files import Array, RowFile
from sn.data.rows import Reader, Rows, Stored, TargetKind
from sn.data.scaling import Moments, Scaling
from sn.data.streamed import Streamed, ToInputs
from sn.data.survey import Check, Chosen, survey
from sn.errors import DataError
from sn.memory import MORE
from sn.memory.files import claim

LARGE = 2**30  # bytes of patterns as float32; chosen here: a part of what a machine has
_TARGET = 40  # bytes for a class while classes are numbered, as measured
HOW = "(stream) reads npy, idx and raw files a block at a time"


def stored(reader: Reader, base: Path, wanted: Streaming) -> Stored | None:
    """Return the files of a reader as rows that stay there; None where they come into memory.

    Raises: DataError where they shall stay there and cannot, and for files that are not whole.
    """
    if wanted.is_wanted is False:
        return None
    find = getattr(reader, "stored", None)
    found: Stored | str = "a source of this kind is read whole" if find is None else find(base)
    if isinstance(found, str):
        if wanted.is_wanted:
            raise DataError(f"these data cannot be streamed: {found}", hint=HOW)
        return None
    is_large = 4 * found.inputs.count * found.inputs.width >= LARGE
    return found if wanted.is_wanted or is_large else None


def read_whole(reader: Reader, base: Path, may_miss: bool) -> Rows:
    """Return all rows of a reader, in memory.

    Raises: DataError as the reader does; where memory is too small, it says what could be streamed.
    """
    try:
        return reader.read(base, may_miss)
    except DataError as error:
        if error.hint == MORE and hasattr(reader, "stored"):
            error.hint = f"{MORE}; {HOW}"
        raise


def rows_of(found: Stored) -> Rows:
    """Return rows of files, of which classes alone are read.

    Raises: DataError when targets do not fit the patterns, or are not what they should be.
    """
    file, place = found.inputs, str(found.inputs.path)
    if not file.count or not file.width or file.dtype.kind not in "biuf":
        sizes = " x ".join(map(str, (file.count, *file.shape)))
        raise DataError(f"{place}: expected patterns, found inputs of the shape {sizes}")
    if file.count > MOST:
        raise DataError(f"{place}: {file.count:,} patterns, at most {MOST:,} can be streamed")
    none = Scaling(*np.array([[0.0], [1.0], [np.nan]]))
    inputs = Streamed(file, ToInputs(none, place), np.dtype(np.float32), 0, file.count)
    shape = file.shape if len(file.shape) > 1 else None
    classes = tuple(found.classes or ())
    if found.targets is None:
        return Rows(inputs, None, TargetKind.CLASSES, classes, (), shape, place)
    if found.targets.count != file.count:
        raise DataError(
            f"{place}: expected one target for each pattern, found {file.count:,} patterns and "
            f"{found.targets.count:,} targets"
        )
    kind, targets, names = _targets(found, place)
    return Rows(inputs, targets, kind, names, (), shape, place)


def _targets(found: Stored, place: str) -> tuple[TargetKind, Array | Streamed, tuple[str, ...]]:
    """Return the kind of targets, the targets, and their names."""
    file = found.targets
    assert file is not None
    if len(file.shape) > 1:
        sizes = " x ".join(map(str, (file.count, *file.shape)))
        raise DataError(
            f"{place}: expected one target or one row of them for each pattern, found targets of "
            f"the shape {sizes}"
        )
    like = np.empty((1,) * (1 + len(file.shape)), file.dtype)
    kind = usual_kind(like) if found.kind is None else TargetKind(found.kind)
    if kind is TargetKind.CLASSES:
        claim(_TARGET * file.count, f"the classes of {file.count:,} patterns", place)
        return kind, *targets_of(file.whole(), kind, place, found.classes)
    first = np.empty((1, file.width), file.dtype)
    file.read(0, first)
    _, names = targets_of(first, kind, place, found.classes)
    check = _OfTargets(kind, place)
    return kind, Streamed(file, check, np.dtype(check.dtype), 0, file.count, None, "targets"), names


@dataclass(frozen=True, slots=True)
class _OfTargets:
    """What makes labels or values of rows of a file."""

    kind: TargetKind
    place: str

    @property
    def dtype(self) -> Any:
        return np.bool_ if self.kind is TargetKind.LABELS else np.float32

    def __call__(self, rows: Array, first: int = 0) -> Array:
        return targets_of(rows, self.kind, self.place, None, first)[0]


@dataclass(frozen=True, slots=True)
class _OfInputs:
    """What raises for rows of inputs that cannot be."""

    may_miss: bool
    place: str

    def __call__(self, rows: Array, first: int) -> None:
        if rows.dtype.kind == "f":
            checked_numbers(rows, "inputs", self.place, self.may_miss, first)


@dataclass(frozen=True, slots=True)
class Surveyor:
    """Passes over the files of data, each of which is read once.

    is_whole: whether the spread of inputs is wanted, beside their ends
    """

    may_miss: bool
    is_whole: bool
    _hashes: dict[RowFile, str] = field(default_factory=dict)

    def moments(self, rows: Streamed) -> Moments:
        """Return what scales are learnt from, of the rows for training."""
        found = survey(rows.file, rows.chosen, _OfInputs(self.may_miss, rows.place), self.is_whole)
        self._hashes[rows.file] = found.hash
        return found.moments

    def hash(self, rows: Streamed) -> str:
        """Return the sha256 of the file of inputs or targets, checked on the way."""
        check: Check = _OfInputs(self.may_miss, rows.place)
        if isinstance(rows.convert, _OfTargets):
            check = rows.convert
        if rows.file not in self._hashes:
            self._hashes[rows.file] = survey(rows.file, Chosen(0, 0), check, False).hash
        return f"{self._hashes[rows.file]} {rows.chosen.key()}"


def ends_of(moments: Moments, scaling: Scaling) -> tuple[float, float, float]:
    """Return the ends of inputs before they are scaled, and the least one after it."""
    least = scaling(moments.low[None].astype(np.float32))
    return (
        float(np.float32(moments.low.min())),
        float(np.float32(moments.high.max())),
        float(least.min()),
    )


def part_of(rows: Any, key: slice | NDArray[np.int64]) -> Any:
    """Return some rows: of an array a part, of a file the same file with other numbers."""
    if not isinstance(rows, Streamed):
        return rows[key]
    return rows.part(key)
