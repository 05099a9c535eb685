"""Rows: patterns with what is desired of each, as a reader finds them in a file.

A reader is a frozen dataclass under `@reader(WORD)`: its fields are what the form `(WORD ...)`
may say, its `read` turns the file into `Rows`. Read next: own.py for how rows become sets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sn.data.row_files import RowFile
from sn.data.streamed import Streamed
from sn.display import brief, many
from sn.registry import Registry


class TargetKind(StrEnum):
    """What a target is: one class of several, several labels at once, or real numbers."""

    CLASSES = "classes"
    LABELS = "labels"
    VALUES = "values"


@dataclass(frozen=True, slots=True)
class Encoding:
    """How one column of a file becomes inputs: a number as it is, or one unit for each value.

    name: of the column, "" where it has none; values: () for numbers, else the values that the
    column may have, in the order of their units, of which the right one is 1 and the others are 0
    """

    name: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Patterns of one file; the arrays are shared, so treat them as read-only.

    What is streamed stays in its file, and has the shapes and types of arrays.
    inputs: (n, n_inputs) float32, C order; NaN where a value is missing
    targets: classes: (n,) of class numbers; labels: (n, k) bool; values: (n, k) float32; None in
    a file that has inputs only
    classes: the names of the classes, of the labels, or of the values, which may have none
    names: of the input columns, where the file has them; shape: (rows, cols) of one pattern
    place: the file, for messages
    encodings: of the columns that inputs come from, if they come from columns
    """

    inputs: NDArray[np.float32] | Streamed
    targets: NDArray[Any] | Streamed | None
    kind: TargetKind
    classes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    shape: tuple[int, ...] | None = None
    place: str = ""
    encodings: tuple[Encoding, ...] = ()

    def __repr__(self) -> str:
        count, width = self.inputs.shape
        where = f" of {self.place}" if self.place else ""
        return brief(f"{many(count, 'row')}{where}: {many(width, 'input')}, {self.kind}")


@dataclass(frozen=True, slots=True)
class Stored:
    """Two files of rows, of patterns and of targets, that are not read yet.

    kind, classes: what the user says of the targets, None for nothing
    """

    inputs: RowFile
    targets: RowFile | None
    kind: str | None
    classes: tuple[str, ...] | None


class Reader(Protocol):
    """Something that patterns come from: a frozen dataclass whose fields are its options."""

    def files(self, base: Path) -> Iterator[Path]:
        """Yield the files and folders that `read` reads, each before what is found in it.

        Only asked of readers that a program may name: it reads no other files than these.
        """
        ...

    def read(self, base: Path, may_miss: bool = False) -> Rows:
        """Return all rows; relative paths start at `base`.

        Raises: DataError with file, line and column of what is wrong; missing values are wrong
        unless they `may_miss`.
        """
        ...


reader: Registry[type[Any]] = Registry("data format")


def held_to(other: Reader, rows: Rows) -> Reader:
    """Return a reader held to the classes and encodings of other rows, if it can be.

    It then knows the place in its file of what does not fit.
    """
    hold = getattr(other, "held_to", None)
    held: Reader = other if hold is None else hold(rows)
    return held
