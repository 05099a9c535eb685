"""Streamed: one set of patterns that stays in its file, with what of an array is asked of it.

    inputs[first:last], inputs[numbers], len(inputs), inputs.shape

Rows come as a set in memory has them, converted and scaled by the same arithmetic, so that they
have the same bits. Read next: streaming.py for how such sets are made, ../train/feed.py for how
they are read ahead of who trains on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.data.row_files import Array, RowFile
from sn.data.scaling import Scaling
from sn.data.survey import Chosen
from sn.display import brief
from sn.errors import DataError
from sn.memory.files import claim

Numbers = NDArray[np.integer[Any]]
Convert = Callable[[Array], Array]  # rows of the file as a set has them

FEW = 128  # rows that are in float64 at once; chosen here: those of 256 numbers stay in a cache
AT_ONCE = 2**22  # bytes of rows as float32 that are made at once; chosen here: they stay in a cache


@dataclass(frozen=True, slots=True, eq=False)
class Streamed:
    """Rows of a file, of which `numbers` are those of the set, None for `count` from `first` on.

    convert: from rows of the file, (n, width), to what the set has; dtype: of that
    """

    file: RowFile
    convert: Convert
    dtype: np.dtype[Any]
    first: int
    count: int
    numbers: NDArray[np.int32] | None = None
    what: str = "inputs"

    def __repr__(self) -> str:
        return brief(
            f"{self.count:,} rows of {self.width} {self.dtype}, streamed from {self.place}"
        )

    def __len__(self) -> int:
        return self.count

    @property
    def place(self) -> str:
        """The file, for messages."""
        return str(self.file.path)

    @property
    def width(self) -> int:
        """How many numbers a row has."""
        return self.file.width

    @property
    def shape(self) -> tuple[int, int]:
        """(n, width), as of an array."""
        return self.count, self.width

    @property
    def ndim(self) -> int:
        """How many axes it has, as of an array."""
        return 2

    @property
    def size(self) -> int:
        """How many numbers it has, as of an array."""
        return self.count * self.width

    @property
    def chosen(self) -> Chosen:
        """Which rows of the file it has."""
        return Chosen(self.first, self.count, self.numbers)

    def part(self, key: slice | Numbers) -> Streamed:
        """Return some of the rows, none of which is read: a run of them, or those of numbers."""
        if isinstance(key, slice):
            first, last, _ = key.indices(self.count)
            numbers = None if self.numbers is None else self.numbers[key]
            return replace(self, first=self.first + first, count=last - first, numbers=numbers)
        numbers = self.rows_of_file(key).astype(np.int32)
        return replace(self, first=0, count=len(numbers), numbers=numbers)

    def scaled(self, scaling: Scaling) -> Streamed:
        """Return the rows as inputs that are scaled."""
        return replace(self, convert=ToInputs(scaling, self.place))

    @property
    def at_once(self) -> int:
        """How many rows are converted at once."""
        return max(1, min(1024, AT_ONCE // (4 * max(self.width, 1))))

    def rows_of_file(self, numbers: Numbers) -> Numbers:
        """Return where rows of the set are in the file."""
        if self.numbers is None:
            return numbers.astype(np.int64) + self.first
        found: Numbers = self.numbers[numbers]
        return found

    def __getitem__(self, key: int | slice | Numbers) -> Array:
        """Return one row, or some, read now; as of an array, -1 is the last one.

        Raises: DataError when the file is not what it was, or the rows take too much memory.
        """
        if isinstance(key, slice):
            return self._rows(np.arange(self.count)[key] if key.step else _range(key, self.count))
        found = np.asarray(key)
        if found.dtype == bool:
            found = np.flatnonzero(found)
        if found.size and not -self.count <= found.min() <= found.max() < self.count:
            raise IndexError(f"there is no row {found}, of {self.count:,} rows")
        found = np.where(found < 0, found + self.count, found)
        if found.ndim == 0:
            one: Array = self._rows(found.reshape(1))[0]
            return one
        return self._rows(found)

    def _rows(self, numbers: Numbers) -> Array:
        claim(
            len(numbers) * self.width * (self.dtype.itemsize + self.file.dtype.itemsize),
            f"{len(numbers):,} rows of {self.what} at once",
            self.place,
        )
        out = np.empty((len(numbers), self.width), self.dtype)
        order = np.argsort(numbers, kind="stable")
        raw = np.empty((len(numbers), self.width), self.file.dtype)
        for _ in self.file.pieces(self.rows_of_file(numbers[order]), raw):
            pass
        for begin in range(0, len(numbers), self.at_once):
            some = slice(begin, begin + self.at_once)
            out[order[some]] = self.convert(raw[some])
        return out

    def blocks(self) -> Iterator[Array]:
        """Yield all rows in their order, some at a time."""
        for first in range(0, self.count, self.at_once):
            yield self[first : first + self.at_once]

    def __iter__(self) -> Iterator[Array]:
        for rows in self.blocks():
            yield from rows

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """Return all rows in memory, for whoever cannot do with some of them.

        Raises: DataError when memory does not allow it.
        """
        if copy is False:
            raise ValueError("rows of a file cannot be an array without being read")
        found = self[:]
        return found if dtype is None else found.astype(dtype, copy=False)


def _range(key: slice, count: int) -> Numbers:
    first, last, _ = key.indices(count)
    return np.arange(first, max(first, last))


@dataclass(frozen=True, slots=True, eq=False)
class ToInputs:
    """What makes inputs of rows of a file: scaled float32, as in memory; `place` is for messages.

    Numbers of up to 16 bits are whole in float32, so the way over it is left out.
    Raises: DataError for a number that is not finite once it is scaled.
    """

    scaling: Scaling
    place: str

    def __call__(self, raw: Array) -> Array:
        """Return rows, (n, width) of the type of the file, as inputs."""
        if raw.dtype.kind not in "biu":
            return self._checked(raw)
        if self.scaling.is_identity:
            return raw.astype(np.float32)
        return self._scaled(raw) if raw.dtype.itemsize <= 2 else self._checked(raw)

    def _scaled(self, raw: Array) -> Array:
        found = np.empty(raw.shape, np.float32)
        values = np.empty((min(FEW, len(raw)), raw.shape[1]))
        for first in range(0, len(raw), FEW):
            some = raw[first : first + FEW]
            here = values[: len(some)]
            here[...] = some
            here -= self.scaling.shift
            here *= self.scaling.factor
            found[first : first + FEW] = here
        return found

    def _checked(self, raw: Array) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):
            found = self.scaling(raw.astype(np.float32))
        if not np.isfinite(found).all():
            row, column = (int(one) for one in np.argwhere(~np.isfinite(found))[0])
            raise DataError(
                f"{self.place}: an input of column {column} is {float(raw[row, column]):g}, which "
                "is no finite number once it is scaled",
                hint="the training set has nothing near it: (scale none) leaves inputs as they are",
            )
        return found
