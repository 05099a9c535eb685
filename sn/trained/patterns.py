"""Patterns: the inputs that a net shall tell something about, read from a file without targets.

What a file is, its first bytes say: an array of NumPy, several in one file, a picture, or else a
table of text. Read next: pictures.py.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.data.npy_header import Form
from sn.data.numpy_files import Archive, npy_rows, read_npy
from sn.data.readers.columns import InputColumn, add_block
from sn.data.readers.tables import Table, table_of
from sn.data.row_files import RowFile
from sn.data.rows import Encoding
from sn.display import clipped, listed
from sn.errors import DataError, Span, did_you_mean
from sn.memory.files import claim, open_file, read_file, unpack
from sn.trained.pictures import PICTURES, picture

Floats = NDArray[np.float64]

# Patterns of a file that are looked at at once, and their bytes in float64; chosen here: what is
# made of them takes five times as much.
MOST_AT_ONCE, PART = 2**12, 2**23

_NUMPY, _ZIP = b"\x93NUMPY", (b"PK\x03\x04", b"PK\x05\x06")
_NOT_KNOWN = "this net was trained without missing values, so it knows none to put there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a net takes, and what the user says about the file.

    shape: of the input layer; may_miss: whether missing values can be filled; dark, light: the
    input that a black and a white point of a picture stand for; known: the columns of the file
    that the net was trained on, where they had names or held text; columns: which columns of a
    table are the inputs, as numbers from 0, ranges and names, "" for those of these names or else
    for all; array: which array of a file of several, "" for the one that fits;
    resize: whether pictures are brought to the size of the layer.
    """

    shape: tuple[int, ...]
    may_miss: bool = False
    dark: float = 0.0
    light: float = 1.0
    known: tuple[Encoding, ...] = ()
    columns: str = ""
    array: str = ""
    resize: bool = False

    @property
    def size(self) -> int:
        """How many inputs there are."""
        return math.prod(self.shape)

    @property
    def encodings(self) -> tuple[Encoding, ...]:
        """What the columns of a table hold, in the order of the inputs."""
        return self.known or (Encoding(""),) * self.size


def read_patterns(content: bytes, place: str, wanted: Wanted) -> Floats:
    """Return the patterns in a file's content: (n, n_inputs) float64, NaN for a missing input.

    Raises: DataError with the place of what is wrong.
    """
    content = unpack(content, Path(place))
    if content.startswith(_NUMPY):
        return _fitting(read_npy(Path(place), content), place, wanted)
    if content.startswith(_ZIP):
        return _of_several(content, place, wanted)
    if content.startswith(PICTURES):
        ends = (wanted.dark, wanted.light)
        return picture(content, place, wanted.shape, *ends, wanted.resize)
    return _of_table(content, place, wanted)


def pattern_parts(path: Path, wanted: Wanted) -> Iterator[tuple[int, Floats]]:
    """Yield the patterns of a file, each part with the number of its first one.

    An array of NumPy is read a part at a time, everything else at once.
    Raises: DataError with the place of what is wrong; parts before it have been yielded.
    """
    place = str(path)
    with open_file(path) as file:
        is_array = file.read(len(_NUMPY)) == _NUMPY
    rows = npy_rows(path) if is_array else ""
    is_many = isinstance(rows, RowFile) and rows.shape in (wanted.shape, (wanted.size,))
    if isinstance(rows, RowFile) and is_many and rows.count:
        most = max(1, min(MOST_AT_ONCE, PART // (8 * wanted.size)))
        for first in range(0, rows.count, most):
            raw = np.empty((min(most, rows.count - first), rows.width), rows.dtype)
            rows.read(first, raw)
            yield first, _fitting(raw, place, wanted, first)
        rows.close()
    else:
        yield 0, read_patterns(read_file(path), place, wanted)


# --- arrays ---


def _of_several(content: bytes, place: str, wanted: Wanted) -> Floats:
    """Return the array that is asked for, or the only one that fits."""
    with Archive(Path(place), content) as archive:
        names = archive.names
        if wanted.array and wanted.array not in names:
            hint = did_you_mean(wanted.array, names) or f"it has: {listed(names)}"
            raise DataError(f"{place}: there is no array '{wanted.array}'", hint=hint)
        if wanted.array or len(names) == 1:
            return _fitting(archive.read(wanted.array or names[0]), place, wanted)
        forms = {name: archive.form(name) for name in names}
        fitting = [name for name, form in forms.items() if _fits(form, wanted)]
        if len(fitting) == 1:
            return _fitting(archive.read(fitting[0]), place, wanted)
        told = listed(f"{name} {form.shape}" for name, form in forms.items())
        count = "no array" if not fitting else f"{len(fitting)} arrays"
        raise DataError(
            f"{place}: {count} of {told or 'none'} can be patterns of {wanted.size} numbers",
            hint="--array NAME says which one is meant" if fitting else None,
        )


def _fits(array: NDArray[Any] | Form, wanted: Wanted) -> bool:
    shapes, shape = (wanted.shape, (wanted.size,)), tuple(array.shape)
    is_number = array.dtype.kind in "biuf"
    return is_number and (shape in shapes or (len(shape) > 1 and shape[1:] in shapes))


def _fitting(array: NDArray[Any], place: str, wanted: Wanted, first: int = 0) -> Floats:
    if not _fits(array, wanted):
        raise DataError(
            f"{place}: expected numbers of shape (n, {wanted.size}), found {array.dtype} "
            f"{array.shape}",
            hint=f"the net takes patterns of {' x '.join(map(str, wanted.shape))} numbers",
        )
    claim(8 * array.size, f"{array.size:,} numbers", place)
    with np.errstate(invalid="ignore"):  # what is no number is told below
        numbers = array.astype(np.float64).reshape(-1, wanted.size)
    bad = np.argwhere(~np.isfinite(numbers) & ~(np.isnan(numbers) & wanted.may_miss))
    if len(bad):
        row, column = bad[0].tolist()
        raise DataError(
            f"{place}: input {column} of pattern {first + row} is {numbers[row, column]:g}, "
            "expected a finite number"
        )
    return numbers


# --- tables of text ---


def _of_table(content: bytes, place: str, wanted: Wanted) -> Floats:
    table = table_of(content, place, expected=tuple(one.name for one in wanted.known))
    columns = [
        InputColumn(table, index, wanted.may_miss, known=encoding, what_to_do=_NOT_KNOWN)
        for index, encoding in zip(_chosen(table, wanted), wanted.encodings, strict=True)
    ]
    for lines, rows in table.blocks():
        add_block(columns, rows, lines)
    return np.column_stack([column.inputs() for column in columns]).astype(np.float64)


def _chosen(table: Table, wanted: Wanted) -> list[int]:
    """Return the numbers of the columns that are inputs.

    Raises: DataError when they are not there, or more or fewer than the net takes.
    """
    trained = [encoding.name for encoding in wanted.known]
    count = len(wanted.encodings)
    if wanted.columns:
        found = _listed(table, wanted.columns)
    elif trained and all(table.names.count(name) == 1 for name in trained):
        return [table.names.index(name) for name in trained]
    else:
        found = list(range(table.width))
    if len(found) == count:
        return found
    what = f"{table.width} column{'' if table.width == 1 else 's'}"
    taken = f", of which {len(found)} are taken" if wanted.columns else ""
    hint = None
    if not wanted.columns and any(trained):
        hint = f"it was trained on {listed(name or 'one without a name' for name in trained)}"
    elif not wanted.columns and table.width > count:
        hint = f"--columns 0-{count - 1} takes the first ones"
    line = table.first_line
    raise DataError(
        f"found {what}{taken}, the net takes {count} as inputs",
        span=Span(table.file, line, 1, line, 1),
        hint=hint,
    )


def _listed(table: Table, columns: str) -> list[int]:
    """Return the numbers of the columns that a user lists."""
    found: list[int] = []
    for part in columns.split(","):
        word = part.strip()
        span = re.fullmatch(r"(\d+)(?:-(\d+))?", word, re.ASCII)
        if word in table.names:
            found.append(table.names.index(word))
        elif span is not None:
            first, last = int(span[1]), int(span[2] or span[1])
            if last >= table.width:
                raise DataError(
                    f"{table.file}: there is no column {last}, columns are 0 to {table.width - 1}"
                )
            found += range(first, last + 1)
        else:
            raise DataError(
                f"{table.file}: there is no column '{clipped(word)}'",
                hint=_known(word, table.names),
            )
    return found


def _known(word: str, names: Sequence[str]) -> str:
    shown = [name for name in names if name]
    if not shown:
        return "it has no line of names"
    return did_you_mean(word, shown) or f"it has: {listed(shown)}"
