"""Matrices: NumPy arrays as values of the language, indexed by calling them.

A `Matrix` is a view of storage of one of eight types; a submatrix shares the storage. Its call
reads with as many subscripts as it has dimensions and writes with one argument more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sn.display import number_text
from sn.errors import ArityError, EvalError, Span, ValueKindError
from sn.lisp.equality import equal
from sn.lisp.forms import (
    Pair,
    Shown,
    Text,
    Value,
    describe,
    element_span,
    elements,
    number_exact,
    show,
    to_list,
)
from sn.lisp.freeing import free
from sn.lisp.machine import Machine
from sn.lisp.sizes import SMALL, need_list
from sn.matrixfile import DTYPES, MAX_DIMENSIONS, PACKED_SCALE, dimensions_text
from sn.memory import need

Array = npt.NDArray[Any]
ROW_TEXT = 100  # bytes of an element while it is printed; measured
COPIES = 3  # in float64: what a computation takes, makes, and rounds to its storage


@dataclass(frozen=True, slots=True)
class Storage:
    """How elements are kept: SN's letter for literals and the NumPy type; `scale` units make 1."""

    letter: str
    dtype: np.dtype[Any]
    scale: float = 1.0

    @property
    def holds_objects(self) -> bool:
        """Whether elements are values of any kind."""
        return self.dtype == object


def _storage(letter: str, scale: float = 1.0) -> Storage:
    return Storage(letter, DTYPES[letter], scale)


FLOAT = _storage("f")
DOUBLE = _storage("d")
INT = _storage("i")
SHORT = _storage("s")
BYTE = _storage("b")
UBYTE = _storage("u")
PACKED = _storage("p", PACKED_SCALE)  # from -8 up to, not including, 8; saturating
OBJECT = Storage("a", np.dtype(object))
STORAGES = {s.letter: s for s in (FLOAT, DOUBLE, INT, SHORT, BYTE, UBYTE, PACKED, OBJECT)}


_SHOWN = 99  # elements at most that are printed; SN 2.8


class Matrix(Shown):
    """A matrix or array: `data` is a NumPy array, shared with the matrices it is a part of."""

    noun = "matrix"
    __slots__ = ("data", "storage")

    def __init__(self, data: Array, storage: Storage) -> None:
        self.data = data
        self.storage = storage

    def __del__(self) -> None:
        # NumPy frees what an array holds by recursion in C, which Python 3.13 stops too late
        if getattr(self, "storage", None) is OBJECT:
            kept = [self.data]
            del self.data
            free(kept)

    # --- the language's view ---

    def run(self, it: Machine, form: Pair) -> Value:
        """Return the value of a call: an element, a list of elements, or the matrix written to."""
        return self._call(it.eval_list(form.cdr), form)

    def apply(self, it: Machine, args: Sequence[Value]) -> Value:
        """Do as `run` does for evaluated arguments."""
        return self._call(list(args), None)

    def _call(self, args: list[Value], form: Pair | None) -> Value:
        n = self.data.ndim
        if len(args) not in (n, n + 1):
            text = f"this matrix takes {n} subscripts, and a value to write, found {len(args)}"
            raise ArityError(text, hint=f"its dimensions are {dimensions_text(self.data.shape)}")
        key = tuple(self._subscript(args[i], i, form) for i in range(n))
        if len(args) == n:
            if all(type(k) is int for k in key):
                return self.element(key)
            part = self.data[key]
            need_list(part.size)
            return _nested(part, self.value_of)
        if all(type(k) is int for k in key):
            self.store(key, args[n])
        else:
            self._write(self.data[key], args[n])
        return self

    def show(self, numbers: Callable[[float], str]) -> str:
        """Return the print form of numbers: the elements if there are few, a line per row (SN);
        else the dimensions.
        """
        if self.data.size > _SHOWN:
            return f"::MAT:{dimensions_text(self.data.shape)}"
        if numbers is number_exact:
            return self._literal(self.data, numbers, self._letter)
        return self._rows(self.data, "\n")

    def parts(self, numbers: Callable[[float], str]) -> list[Value] | None:
        """Return the values of a small array of any values with the text between; else None."""
        if not self.storage.holds_objects or self.data.size > _SHOWN:
            return None
        values: list[Value] = []
        self._add_parts(self.data, values, "" if numbers is number_exact else "\n")
        return values

    def rows_text(self) -> str:
        """Return all elements, a line per row."""
        need(
            ROW_TEXT * self.data.size, f"the text of a matrix of {dimensions_text(self.data.shape)}"
        )
        return self._rows(self.data, "\n")

    def compare(self, other: Matrix) -> bool | list[tuple[Value, Value]]:
        """Tell whether dimensions and elements are equal, or which values must be."""
        if self.data.shape != other.data.shape:
            return False
        if self.storage.holds_objects or other.storage.holds_objects:
            return list(zip(self.values(), other.values(), strict=True))
        return bool(np.array_equal(self.numbers(), other.numbers()))

    def equals(self, other: Matrix) -> bool:
        """Tell whether dimensions and elements are equal."""
        return equal(self, other)

    # --- elements ---

    def value_of(self, item: Any) -> Value:
        """Return the value that a stored item stands for."""
        if self.storage.holds_objects:
            return item
        return float(item) / self.storage.scale

    def element(self, key: tuple[Any, ...]) -> Value:
        """Return the value at `key`, a subscript per dimension."""
        return self.value_of(self.data[key])

    def store(self, key: tuple[Any, ...], value: Value) -> None:
        """Put a value at `key`."""
        # an object array would take a tuple or list apart; item assignment by a full key does not
        self.data[key] = value if self.storage.holds_objects else self._item(value)

    def values(self) -> list[Value]:
        """Return all elements in row-major order."""
        need_list(self.data.size)
        return [self.value_of(item) for item in self.data.ravel().tolist()]

    def numbers(self) -> npt.NDArray[np.float64]:
        """Return the elements as float64 numbers, in a new array.

        Raises: ValueKindError for an array of objects, MemoryLimitError where this copy and those
        of a computation would take too much.
        """
        if self.storage.holds_objects:
            raise ValueKindError("expected a matrix of numbers, found an array of any values")
        need_numbers(self.data.shape)
        return self.data.astype(np.float64) / self.storage.scale

    def set_numbers(self, numbers: Array) -> None:
        """Write numbers, in the matrix's own shape, into its storage."""
        self.data[...] = stored(numbers, self.storage)

    def _item(self, value: Value) -> Any:
        if type(value) is not float:
            raise ValueKindError(f"a matrix of numbers takes numbers, found {describe(value)}")
        return stored(np.float64(value), self.storage)

    def _subscript(self, value: Value, i: int, form: Pair | None) -> int | slice:
        size = self.data.shape[i]
        if type(value) is float and 0 <= value < size:
            return int(value)
        if value is None:
            return slice(None)
        place = _argument_span(form, i)
        if type(value) is Pair:
            ends = elements(value)
            if len(ends) == 2 and all(type(end) is float for end in ends):
                low, high = ends
                if low > high:
                    return slice(0, 0)  # SN: no elements
                if 0 <= low <= high < size:
                    return slice(int(low), int(high) + 1)
                text = f"subscript out of range: {show(value)} in dimension {i + 1} of {size}"
                raise EvalError(text, span=place)
        if type(value) is not float:
            text = f"a subscript is a number, () or (low high), found {describe(value)}"
            raise ValueKindError(text, span=place)
        text = f"subscript out of range: {show(value)} in dimension {i + 1}"
        raise EvalError(text, span=place, hint=f"it goes from 0 to {size - 1}")

    def _write(self, part: Array, value: Value) -> None:
        """Write a list, element by element or in sequence, or one value everywhere.

        What is left of a list when all is written is ignored (SN).
        """
        if type(value) is not Pair:
            part[...] = value if self.storage.holds_objects else self._item(value)
            return
        values = elements(value)
        if len(values) > part.shape[0]:
            if len(values) < part.size:
                text = f"{part.size} elements are to be written, the list has {len(values)}"
                raise EvalError(text)
            for key, item in zip(np.ndindex(part.shape), values, strict=False):
                part[key] = item if self.storage.holds_objects else self._item(item)
            return
        if len(values) < part.shape[0]:
            text = f"{part.shape[0]} elements are to be written, the list has {len(values)}"
            raise EvalError(text)
        for i, item in enumerate(values):
            if part.ndim > 1:
                self._write(part[i], item)
            else:
                part[i] = item if self.storage.holds_objects else self._item(item)

    @property
    def _letter(self) -> str:
        return "" if self.storage is DOUBLE else self.storage.letter

    def _literal(self, part: Array, numbers: Callable[[float], str], letter: str) -> str:
        if part.ndim == 0:
            return f"[{letter}@ {numbers(self.value_of(part.item()))}]"
        prefix = letter + (" " if letter and part.ndim == 1 else "")
        if part.ndim == 1:
            return f"[{prefix}{' '.join(numbers(self.value_of(i)) for i in part.tolist())}]"
        return f"[{prefix}{''.join(self._literal(row, numbers, '') for row in part)}]"

    def _add_parts(self, part: Array, parts: list[Value], between: str) -> None:
        letter = self._letter
        if part.ndim == 0:
            parts += (Text(f"[{letter}@ "), part.item(), Text("]"))
            return
        parts.append(Text(f"[{letter} " if part.ndim == 1 else f"[{letter}"))
        for i, item in enumerate(part):
            if part.ndim > 1:
                parts += (Text(between),) if i else ()
                self._add_parts(item, parts, between)
            else:
                parts += (Text(" "), item) if i else (item,)
        parts.append(Text("]"))

    def _rows(self, part: Array, between: str) -> str:
        if part.ndim == 0:
            return f"[@{self._cell(part.item())}]"
        if part.ndim == 1:
            return f"[{''.join(self._cell(item) for item in part.tolist())}]"
        return f"[{between.join(self._rows(row, between) for row in part)}]"

    def _cell(self, item: Any) -> str:
        if self.storage.holds_objects:
            return f"{show(item)} "
        return f"{self.value_of(item):5.2f} "


# --- making and converting ---


def new_matrix(shape: Sequence[int], storage: Storage) -> Matrix:
    """Return a matrix of zeros, or an array of ().

    Raises: EvalError for a dimension below 1, MemoryLimitError for too many elements.
    """
    if len(shape) > MAX_DIMENSIONS:
        raise EvalError(f"a matrix has at most {MAX_DIMENSIONS} dimensions, found {len(shape)}")
    for size in shape:
        if size < 1:
            text = f"a dimension of a matrix is at least 1, found {number_text(size)}"
            raise EvalError(text)
    need(storage.dtype.itemsize * math.prod(shape), f"a matrix of {dimensions_text(shape)}")
    if storage.holds_objects:
        return Matrix(np.full(tuple(shape), None, dtype=object), storage)
    return Matrix(np.zeros(tuple(shape), dtype=storage.dtype), storage)


def need_numbers(shape: Sequence[int]) -> None:
    """Ask for what a computation takes whose result has these dimensions.

    Raises: MemoryLimitError above the limit.
    """
    size = math.prod(shape)
    if size > SMALL:
        need(COPIES * 8 * size, f"a computation with a matrix of {dimensions_text(shape)}")


def from_numbers(numbers: Array, storage: Storage = FLOAT) -> Matrix:
    """Return a new matrix that holds `numbers`."""
    return Matrix(np.ascontiguousarray(stored(np.asarray(numbers), storage)), storage)


def stored(numbers: Any, storage: Storage) -> Any:
    """Return numbers as `storage` keeps them: truncated and wrapped, or saturated, or rounded.

    Raises: EvalError for a finite number that float32 cannot hold.
    """
    kind = storage.dtype.kind
    if kind == "f":
        with np.errstate(over="ignore"):
            kept = np.asarray(numbers).astype(storage.dtype)
        if np.any(np.isinf(kept) & np.isfinite(numbers)):
            raise EvalError("floating exception: a number is too large for a float matrix")
        return kept
    scaled = np.asarray(numbers, dtype=np.float64) * storage.scale
    if not np.all(np.isfinite(scaled)):
        raise EvalError("floating exception: a matrix of whole numbers takes finite numbers only")
    if storage is PACKED:
        return np.clip(np.floor(scaled + 0.5), -128, 127).astype(np.int8)
    # as a C cast through a 32-bit int: truncated toward zero, then the low bits
    whole = np.trunc(np.clip(scaled, -(2.0**62), 2.0**62)).astype(np.int64)
    return whole.astype(storage.dtype)


def literal(opener: str, values: list[Value], spans: list[Span], span: Span) -> Matrix:
    """Return the matrix that stands between "[" or "#[" and its end in a program.

    Raises: EvalError at the element that does not fit.
    """
    if opener == "#[":
        return _object_vector(values)
    storage, is_scalar, first = _prefix(values)
    items, places = values[first:], spans[first:]
    if is_scalar:
        if len(items) != 1:
            raise EvalError("[@ ...] needs exactly one element", span=span)
    elif not items:
        raise EvalError("a matrix needs at least one element", span=span)
    inner = [item for item in items if isinstance(item, Matrix)]
    if inner and len(inner) == len(items):
        return _stacked(inner, places, storage, span)
    if storage is OBJECT:
        made = _object_vector(items)
    else:
        for item, place in zip(items, places, strict=True):
            if type(item) is not float:
                hint = "[a ...] makes an array of any values; rows are written [[1 2][3 4]]"
                text = f"a matrix holds numbers, found {describe(item)}"
                raise EvalError(text, span=place, hint=hint)
        made = from_numbers(np.array(items), storage or DOUBLE)
    if is_scalar:
        made.data = made.data.reshape(())
    return made


def _prefix(values: list[Value]) -> tuple[Storage | None, bool, int]:
    """Return the storage and form that a literal's first symbol asks for, and how many it takes."""
    name = getattr(values[0], "name", "") if values else ""
    letter = name.replace("@", "", 1)
    if not name or (letter and letter not in STORAGES):
        return None, False, 0
    return STORAGES.get(letter), "@" in name, 1


def _object_vector(values: list[Value]) -> Matrix:
    made = new_matrix([max(1, len(values))], OBJECT)
    for i, value in enumerate(values):
        made.data[i] = value
    return made


def _stacked(rows: list[Matrix], places: list[Span], storage: Storage | None, span: Span) -> Matrix:
    shape = rows[0].data.shape
    for row, place in zip(rows, places, strict=True):
        if row.data.shape != shape:
            found, expected = dimensions_text(row.data.shape), dimensions_text(shape)
            text = f"the rows of a matrix are alike: expected {expected}, found {found}"
            raise EvalError(text, span=place)
    if len(shape) + 1 > MAX_DIMENSIONS:
        raise EvalError(f"a matrix has at most {MAX_DIMENSIONS} dimensions", span=span)
    kept = storage or rows[0].storage
    whole = new_matrix([len(rows), *shape], kept)
    for i, row in enumerate(rows):
        if kept.holds_objects:
            for key, value in zip(np.ndindex(shape), row.values(), strict=True):
                whole.data[(i, *key)] = value
        else:
            whole.data[i] = stored(row.numbers(), kept)
    return whole


def _nested(part: Array, value_of: Callable[[Any], Value]) -> Value:
    """Return the elements as nested lists."""
    if part.ndim == 1:
        return to_list(value_of(item) for item in part.tolist())
    return to_list(_nested(row, value_of) for row in part)


def _argument_span(form: Pair | None, i: int) -> Span | None:
    cell = form.cdr if form is not None else None
    while type(cell) is Pair and i:
        cell, i = cell.cdr, i - 1
    return element_span(cell)
