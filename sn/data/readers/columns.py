"""Columns: what the fields of one column of a table mean, gathered block by block.

A column of inputs is numbers or text; text gets one unit for each value. A column of targets is
a class, yes or no, or a number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.data.readers.classes import class_names, class_order, strange_class
from sn.data.readers.tables import Table, is_number, shown
from sn.data.rows import Encoding
from sn.display import NAME, clipped, listed
from sn.errors import DataError, did_you_mean

Floats = NDArray[np.float32]

MISSING = frozenset(("", "?", "na", "n/a", "nan"))
MOST_VALUES = 1000  # of a column of text; chosen here: more are names of rows, not kinds of things
_LARGEST = float(np.finfo(np.float32).max)
_YES = frozenset(("1", "yes", "true", "y", "t", "+1", "1.0"))
_NO = frozenset(("0", "no", "false", "n", "f", "-1", "0.0", "-1.0"))


def is_missing(text: str) -> bool:
    """Whether a field says that its value is not known."""
    return text.strip().lower() in MISSING


def plain_numbers(fields: Sequence[str]) -> Floats | None:
    """Return fields as numbers, or None when one of them is anything but a finite number."""
    try:
        numbers = np.array(list(map(float, fields)))
    except ValueError:
        return None
    with np.errstate(over="ignore"):
        found = numbers.astype(np.float32)
    joined = "".join(fields)  # Python's literals may have underscores and any digits there are
    return found if np.isfinite(found).all() and "_" not in joined and joined.isascii() else None


def add_block(columns: Sequence[Any], rows: Sequence[Sequence[str]], lines: Sequence[int]) -> None:
    """Let all columns take the rows of one block; those of numbers together, if they can.

    Together is three times as fast for tables of many columns.
    """
    plain: list[InputColumn] = []
    others: list[Any] = []
    for column in columns:
        is_plain = isinstance(column, InputColumn) and not column.is_text
        (plain if is_plain else others).append(column)
    fields = [row[column.index] for row in rows for column in plain]
    found = plain_numbers(fields) if fields else None
    if found is None:
        others = [*plain, *others]
    else:
        for column, numbers in zip(plain, found.reshape(len(rows), -1).T, strict=True):
            column.add_numbers(numbers, lines)
    for column in others:
        column.add([row[column.index] for row in rows], lines)


@dataclass(slots=True, eq=False)
class InputColumn:
    """A column of inputs, or of real targets.

    may_miss: whether a missing value is a NaN, not an error; is_listed: whether the user says
    that it is text; known: what another file has in this column, to which this one is held;
    what_to_do: the hint for a missing value
    """

    table: Table
    index: int
    may_miss: bool = False
    is_listed: bool = False
    known: Encoding | None = None
    must_be_number: bool = False
    what_to_do: str = "(missing mean) fills it with the mean of its column, or leave the row out"
    _numbers: list[Floats] = field(default_factory=list)
    _codes: list[NDArray[np.int32]] = field(default_factory=list)
    _values: dict[str, int] = field(default_factory=dict)
    _first_text: tuple[int, str] | None = None
    _number_line: int = 0

    def __post_init__(self) -> None:
        if self.known is not None:
            self.is_listed = bool(self.known.values)
            self.must_be_number = not self.known.values
            self._values = {value: code for code, value in enumerate(self.known.values)}

    @property
    def is_text(self) -> bool:
        """Whether its values are text, as far as has been read."""
        return self.is_listed or self._first_text is not None

    def add(self, fields: Sequence[str], lines: Sequence[int]) -> None:
        """Take the fields of one block, which start in these lines.

        Raises: DataError at a value that is missing, or of another kind than the others.
        """
        found = None if self.is_text else plain_numbers(fields)
        if found is None:
            self._one_by_one(fields, lines)
        else:
            self.add_numbers(found, lines)

    def add_numbers(self, numbers: Floats, lines: Sequence[int]) -> None:
        """Take the numbers of one block."""
        self._numbers.append(numbers)
        self._number_line = self._number_line or lines[0]

    def _one_by_one(self, fields: Sequence[str], lines: Sequence[int]) -> None:
        """Take fields of which not all are plain numbers."""
        numbers = np.full(len(fields), np.nan, np.float32)
        codes = np.full(len(fields), -1, np.int32)
        for row, (text, line) in enumerate(zip(fields, lines, strict=True)):
            value = text.strip()
            if self._says_missing(value):
                self._missing(line, value)
            elif self.is_listed:
                codes[row] = self._code(line, value)
            elif is_number(value):
                self._number_line = self._number_line or line
                numbers[row] = self._number(line, value)
            else:
                self._first_text = self._first_text or (line, value)
                codes[row] = self._code(line, value)
            if self._first_text is not None and (self._number_line or self.must_be_number):
                raise self._mixed()
        self._numbers.append(numbers)
        self._codes.append(codes)

    def _says_missing(self, value: str) -> bool:
        """Whether a value is not known; where the user lists a column, ? and NA are values."""
        if not value or self.is_listed and self.known is None:
            return not value
        return is_missing(value) and value not in self._values

    def _missing(self, line: int, value: str) -> None:
        if not self.may_miss:
            found = f"found {shown(value)}" if value else "it is empty"
            hint = self.what_to_do
            if value and self._first_text is not None:
                hint += f"; (categories {self._call}) takes {value} for one of its names"
            raise self.table.wrong(line, self.index, f"expected a value, {found}", hint)

    def _number(self, line: int, value: str) -> float:
        number = float(value)
        if not math.isfinite(number):
            raise self.table.wrong(
                line, self.index, f"expected a finite number, found {clipped(value)}"
            )
        if abs(number) > _LARGEST:
            text = f"expected a number up to 3.4e38, found {shown(value)}"
            raise self.table.wrong(line, self.index, text, "numbers are kept in 32 bits")
        return number

    def _code(self, line: int, value: str) -> int:
        code = self._values.get(value)
        if code is not None:
            return code
        if self.known is not None and self.known.values:
            text = "expected one of the values of this column in the training rows, found "
            hint = did_you_mean(value, self._values) or f"it has {listed(self.known.values)}"
            raise self.table.wrong(line, self.index, text + shown(value), hint)
        if len(self._values) == MOST_VALUES:
            text = f"this column of text has more than {MOST_VALUES} different values"
            hint = "name the columns that are inputs, and leave this one out: (inputs C ...)"
            raise self.table.wrong(line, self.index, text, hint)
        self._values[value] = len(self._values)
        return len(self._values) - 1

    @property
    def _call(self) -> str:
        """The column as a program says it."""
        name = self.table.names[self.index]
        return f'"{name}"' if name.isidentifier() and len(name) <= NAME else str(self.index)

    def _mixed(self) -> DataError:
        """Return the error for text where numbers belong."""
        assert self._first_text is not None
        line, value = self._first_text
        hint = None
        if value.count(",") == 1 and is_number(value.replace(",", ".")):
            hint = f"numbers are written with a point: {clipped(value.replace(',', '.'))}"
        elif not self.table.may_be_header(line):
            hint = "write a number"
            if self._number_line and self.known is None:
                hint += f", as in line {self._number_line}; or (categories {self._call}) makes one "
                hint += "input of each value of the column"
        return self.table.wrong(line, self.index, f"expected a number, found {shown(value)}", hint)

    @property
    def encoding(self) -> Encoding:
        """How the column becomes inputs, once all blocks are in."""
        name = self.table.names[self.index]
        if self.known is not None:
            return Encoding(name, self.known.values)
        return Encoding(name, class_order(self._values) if self.is_text else ())

    def inputs(self) -> Floats:
        """Return the inputs: (n,) of numbers, or (n, values) of 0 and 1; NaN where missing."""
        if not self.is_text:
            return np.concatenate(self._numbers)
        codes = np.concatenate(self._codes)
        unit_of = {value: unit for unit, value in enumerate(self.encoding.values)}
        units = np.array([unit_of[value] for value in self._values], np.int32)
        found = np.zeros((len(codes), len(unit_of)), np.float32)
        is_there = codes >= 0
        found[is_there, units[codes[is_there]]] = 1
        found[~is_there] = np.nan
        return found


@dataclass(slots=True)
class ClassColumn:
    """A column of class names; `known` are those that it may have."""

    table: Table
    index: int
    known: Sequence[str] | None = None
    _codes: list[int] = field(default_factory=list)
    _values: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, fields: Sequence[str], lines: Sequence[int]) -> None:
        """Take the fields of one block.

        Raises: DataError where a class is missing.
        """
        values = self._values
        for text, line in zip(fields, lines, strict=True):
            found = values.get(text)
            if found is None:
                if not text.strip():
                    raise self.table.wrong(line, self.index, "expected a class, it is empty")
                found = values[text] = (len(values), line)
            self._codes.append(found[0])

    def classes(self) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        """Return the class number of each row, and the names of the classes.

        Raises: DataError where a class is not a known one.
        """
        names = class_names(self._values)
        order = class_order(set(names)) if self.known is None else tuple(self.known)
        number_of = {name: number for number, name in enumerate(order)}
        for name, (_, line) in zip(names, self._values.values(), strict=True):
            if name not in number_of:
                raise self.table.wrong(line, self.index, *strange_class(name, order))
        numbers = np.array([number_of[name] for name in names], np.int32)
        return numbers[np.array(self._codes, np.int64)], order


@dataclass(slots=True)
class FlagColumn:
    """A column of one label: whether a row has it."""

    table: Table
    index: int
    _flags: list[bool] = field(default_factory=list)

    def add(self, fields: Sequence[str], lines: Sequence[int]) -> None:
        """Take the fields of one block.

        Raises: DataError at what is neither yes nor no.
        """
        for text, line in zip(fields, lines, strict=True):
            word = text.strip().lower()
            if word not in _YES and word not in _NO:
                found = f"expected 1 or 0, or yes or no, found {shown(text)}"
                raise self.table.wrong(line, self.index, found)
            self._flags.append(word in _YES)

    def flags(self) -> NDArray[np.bool_]:
        """Return whether each row has the label: (n,) bool."""
        return np.array(self._flags, bool)
