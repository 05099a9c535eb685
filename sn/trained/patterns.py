"""Patterns: the inputs that a net shall tell something about, read from a file without targets.

What a file is, its first bytes say: an array of NumPy, several in one file, a picture, or else a
table of text. Read next: pictures.py.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from sn.errors import DataError, did_you_mean
from sn.trained.pictures import PICTURES, picture

Floats = NDArray[np.float64]

_NUMPY, _ZIP = b"\x93NUMPY", (b"PK\x03\x04", b"PK\x05\x06")
# what NumPy raises for a damaged file, and for one that says it is larger than the memory
_DAMAGED = (ValueError, EOFError, OSError, KeyError, NotImplementedError, BadZipFile, MemoryError)
# what stands for a missing value in tables; source: R, pandas, and the UCI repository's "?"
_MISSING = {"", "na", "n/a", "nan", "null", "?"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a net takes, and what the user says about the file.

    shape: of the input layer; may_miss: whether missing values can be filled; dark, light: the
    input that a black and a white point of a picture stand for; columns: which columns of a table
    are the inputs, as numbers from 0, ranges and names, "" for all; array: which array of a file
    of several, "" for the one that fits.
    """

    shape: tuple[int, ...]
    may_miss: bool = False
    dark: float = 0.0
    light: float = 1.0
    columns: str = ""
    array: str = ""

    @property
    def size(self) -> int:
        """How many inputs there are."""
        return math.prod(self.shape)


def read_patterns(content: bytes, place: str, wanted: Wanted) -> Floats:
    """Return the patterns in a file's content: (n, n_inputs) float64, NaN for a missing input.

    Raises: DataError with file, line and column of what is wrong.
    """
    if content.startswith(_NUMPY):
        return _fitting(_array(content, place), place, wanted)
    if content.startswith(_ZIP):
        return _of_several(content, place, wanted)
    if content.startswith(PICTURES):
        return picture(content, place, wanted.shape, wanted.dark, wanted.light)
    return _table(content, place, wanted)


# --- arrays ---


def _array(content: bytes, place: str) -> NDArray[Any]:
    try:
        found: NDArray[Any] = np.load(io.BytesIO(content), allow_pickle=False)
    except _DAMAGED as error:
        raise DataError(f"{place}: cannot be read as an array of NumPy: {error}") from error
    return found


def _of_several(content: bytes, place: str, wanted: Wanted) -> Floats:
    """Return the array that is asked for, or the only one that fits."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            names = list(file.keys())
            if wanted.array and wanted.array not in names:
                hint = did_you_mean(wanted.array, names) or f"it has: {', '.join(names)}"
                raise DataError(f"{place}: there is no array '{wanted.array}'", hint=hint)
            arrays = {n: file[n] for n in names if not wanted.array or n == wanted.array}
    except _DAMAGED as error:
        raise DataError(f"{place}: cannot be read as arrays of NumPy: {error}") from error
    fitting = [name for name, array in arrays.items() if _fits(array, wanted)]
    if wanted.array or (len(arrays) == 1 and not fitting):
        (only,) = arrays.values()
        return _fitting(only, place, wanted)
    if len(fitting) != 1:
        told = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        count = "no array" if not fitting else f"{len(fitting)} arrays"
        raise DataError(
            f"{place}: {count} of {told or 'none'} can be patterns of {wanted.size} numbers",
            hint="--array NAME says which one is meant" if fitting else None,
        )
    return _fitting(arrays[fitting[0]], place, wanted)


def _fits(array: NDArray[Any], wanted: Wanted) -> bool:
    shapes = (wanted.shape, (wanted.size,))
    is_number = array.dtype.kind in "biuf"
    return is_number and (array.shape in shapes or (array.ndim > 1 and array.shape[1:] in shapes))


def _fitting(array: NDArray[Any], place: str, wanted: Wanted) -> Floats:
    if not _fits(array, wanted):
        raise DataError(
            f"{place}: expected numbers of shape (n, {wanted.size}), found {array.dtype} "
            f"{array.shape}",
            hint=f"the net takes patterns of {' x '.join(map(str, wanted.shape))} numbers",
        )
    numbers = array.astype(np.float64).reshape(-1, wanted.size)
    bad = np.argwhere(~np.isfinite(numbers) & ~(np.isnan(numbers) & wanted.may_miss))
    if len(bad):
        row, column = bad[0].tolist()
        raise DataError(
            f"{place}: input {column} of pattern {row} is {numbers[row, column]:g}, expected a "
            "finite number"
        )
    return numbers


# --- tables of text ---


def _table(content: bytes, place: str, wanted: Wanted) -> Floats:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{place}: byte {error.start} belongs to no text",
            hint="a file to predict is a table of text, an array of NumPy or a picture",
        ) from error
    rows = _rows(text, place)
    first = list(islice(rows, 2))
    if not first:
        raise DataError(f"{place}: the file is empty")
    names: list[str] = []
    if not any(_is_number(cell) for cell in first[0][1]) and len(first) > 1:
        names = [cell.strip() for cell in first.pop(0)[1]]
    width = len(first[0][1])
    chosen = _chosen(wanted, names, width, place)
    if len(chosen) != wanted.size:
        line, what = first[0][0], f"{width} column{'' if width == 1 else 's'}"
        taken = f", of which {len(chosen)} are taken" if wanted.columns else ""
        raise DataError(
            f"{place}:{line}: found {what}{taken}, the net takes {wanted.size} inputs",
            hint=f"--columns 0-{wanted.size - 1} takes the first ones"
            if width > wanted.size and not wanted.columns
            else None,
        )
    found = []
    for line, cells in (*first, *rows):
        if len(cells) != width:
            raise DataError(
                f"{place}:{line}: found {len(cells)} column{'' if len(cells) == 1 else 's'}, the "
                f"first row has {width}"
            )
        found.append([_number(cells[c], f"{place}:{line}:{c + 1}", wanted) for c in chosen])
    return np.array(found, np.float64)


def _rows(text: str, place: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a table that are not blank, each with the number of its line."""
    start = next((line for line in text.splitlines() if line.strip()), "")
    separator = next((mark for mark in "\t;," if mark in start), None)
    if separator is None:
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                yield number, line.split()
        return
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise DataError(f"{place}:{reader.line_num}: {error}") from error


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _number(cell: str, place: str, wanted: Wanted) -> float:
    if cell.strip().lower() in _MISSING:
        if wanted.may_miss:
            return math.nan
        raise DataError(
            f"{place}: a value is missing",
            hint="the net was trained without missing values, so it knows none to put there",
        )
    try:
        found = float(cell)
    except ValueError:
        found = math.inf
    if not math.isfinite(found) or "_" in cell:
        raise DataError(f"{place}: expected a number, found '{cell.strip()[:40]}'")
    return found


def _chosen(wanted: Wanted, names: Sequence[str], width: int, place: str) -> list[int]:
    """Return the numbers of the columns that are inputs."""
    if not wanted.columns:
        return list(range(width))
    found: list[int] = []
    for part in wanted.columns.split(","):
        word = part.strip()
        span = re.fullmatch(r"(\d+)(?:-(\d+))?", word, re.ASCII)
        if word in names:
            found.append(names.index(word))
        elif span is not None:
            first, last = int(span[1]), int(span[2] or span[1])
            if last >= width:
                raise DataError(f"{place}: there is no column {last}, columns are 0 to {width - 1}")
            found += range(first, last + 1)
        else:
            hint = did_you_mean(word, names) or (
                f"it has: {', '.join(names[:20])}" if names else "it has no line of names"
            )
            raise DataError(f"{place}: there is no column '{word}'", hint=hint)
    return found
