"""Matrices: SN's own matrix files, packed ones too, and text files of numbers alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.data.readers.arrays import FilePair, rows_of, usual_kind_of_numbers
from sn.data.readers.columns import InputColumn, add_block
from sn.data.readers.tables import read_table
from sn.data.rows import Rows, reader
from sn.errors import DataError
from sn.matrixfile import TEXT_MAGIC, decode_matrix, element_place
from sn.memory.files import open_file, read_file
from sn.paths import is_there

_SUFFIX = ".mat"  # Source: SN, which adds it where a name has none


@reader("matrix")
@dataclass(frozen=True, slots=True)
class Matrices(FilePair):
    """Two matrix files, of patterns and targets; or one, of patterns alone.

    They are those that `save-matrix` and `save-ascii-matrix` write, and those of SN 2.8 and Lush.
    One whole number for each pattern is a class. kind, classes: as in arrays.py
    """

    def files(self, base: Path) -> Iterator[Path]:
        """Yield what is read: each with the name it has, then with the suffix."""
        for file in FilePair.files(self, base):
            yield file
            yield _with_suffix(file)

    def read(self, base: Path, may_miss: bool = False) -> Rows:
        """Return all rows; the files are relative to `base`.

        Raises: DataError for a file that is no matrix file, or not whole.
        """
        path = _with_suffix(base / self.inputs)
        targets = None
        if self.targets is not None:
            targets = _matrix(_with_suffix(base / self.targets))
        inputs = _matrix(path, may_miss)
        return _rows(inputs, targets, path, self.kind, self.classes, may_miss)


@reader("text-matrix")
@dataclass(frozen=True, slots=True)
class TextMatrices(FilePair):
    """Two text files of numbers, a line for each pattern; or one, of patterns alone.

    Numbers are divided by blanks, as `export-text-matrix` writes them; files that start with
    .MAT are read too. One whole number for each pattern is a class. kind, classes: as in arrays.py
    """

    def read(self, base: Path, may_miss: bool = False) -> Rows:
        """Return all rows; the files are relative to `base`.

        Raises: DataError with line and column of what is no number.
        """
        path = base / self.inputs
        targets = None
        if self.targets is not None:
            targets = _numbers(base / self.targets)
            targets = targets[:, 0] if targets.ndim == 2 and targets.shape[1] == 1 else targets
        inputs = _numbers(path, may_miss)
        return _rows(inputs, targets, path, self.kind, self.classes, may_miss)


def _rows(
    inputs: NDArray[Any],
    targets: NDArray[Any] | None,
    path: Path,
    kind: str | None,
    classes: tuple[str, ...] | None,
    may_miss: bool,
) -> Rows:
    if targets is not None and kind is None:
        kind = usual_kind_of_numbers(targets)
    return rows_of(inputs, targets, str(path), kind, classes, may_miss)


def _with_suffix(path: Path) -> Path:
    return path if path.suffix or is_there(path) else path.with_name(path.name + _SUFFIX)


def _matrix(path: Path, may_miss: bool = False) -> NDArray[Any]:
    """Return the numbers of a matrix file.

    Raises: DataError at the line of a text that has no finite number, unless it `may_miss`.
    """
    raw = read_file(path)
    numbers = decode_matrix(raw, str(path)).numbers
    if numbers.dtype.kind == "f":
        flat = numbers.ravel()
        wrong = np.flatnonzero(np.isinf(flat) | (np.isnan(flat) & (not may_miss)))
        span = element_place(raw, int(wrong[0]), str(path)) if len(wrong) else None
        if span is not None:
            raise DataError(f"expected a finite number, found {flat[wrong[0]]:g}", span=span)
    return numbers


def _numbers(path: Path, may_miss: bool = False) -> NDArray[Any]:
    """Return the numbers of a text file, a row for each line."""
    with open_file(path) as file:
        start = file.read(len(TEXT_MAGIC))
    if start == TEXT_MAGIC:
        return _matrix(path, may_miss)
    table = read_table(path, " ", False, may_have_header=False)
    columns = [
        InputColumn(table, index, may_miss, must_be_number=True) for index in range(table.width)
    ]
    for lines, rows in table.blocks():
        add_block(columns, rows, lines)
    return np.column_stack([column.inputs() for column in columns])
