"""Matrix files: SN's own, binary of either byte order or text, and those of IDX.

Programs load and save them (`builtins/matrixfiles.py`), and patterns come from them
(`data/readers/matrices.py`); here is what both know of the format, and nothing of either.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.display import DIGITS, number_text
from sn.errors import DataError, Span
from sn.memory.files import claim

LARGEST = 2**30  # elements of a matrix that a program makes; chosen here
MAX_DIMENSIONS = 8  # Source: Lush 1, the limit of its indexes
PACKED_SCALE = 16.0  # a packed element is a byte of sixteenths

# SN's letters for how elements are kept, as in literals.
DTYPES = {
    letter: np.dtype(name)
    for letter, name in {
        "f": "float32",
        "p": "int8",
        "d": "float64",
        "i": "int32",
        "u": "uint8",
        "s": "int16",
        "b": "int8",
    }.items()
}
# Source: Lush 1, the magic numbers of matrix files, from 0x1E3D4C51 on, in this order.
_MAGICS = dict(enumerate(DTYPES, start=0x1E3D4C51))
TEXT_MAGIC = b".MAT"
_WORD = re.compile(rb"\S+")
_DIMENSION = re.compile(rb"[0-9]{1,10}")
_NUMBER = np.dtype(np.float64)
_LONGEST = 40  # letters of a word in a message; chosen here
# Source: LeCun, the IDX format of MNIST: third byte of the big-endian magic.
_IDX_LETTERS = {8: "u", 9: "b", 11: "s", 12: "i", 13: "f", 14: "d"}


@dataclass(frozen=True, slots=True, eq=False)
class MatrixFile:
    """The matrix in a file: elements as they are kept, and SN's letter for how.

    A text file keeps float64 numbers and has the letter f.
    """

    elements: NDArray[Any]
    letter: str

    @property
    def numbers(self) -> NDArray[Any]:
        """The elements as numbers; those that are packed are sixteenths."""
        return self.elements / PACKED_SCALE if self.letter == "p" else self.elements


def decode_matrix(raw: bytes, name: str) -> MatrixFile:
    """Return the matrix in the bytes of a file: binary of either byte order, text, or IDX.

    Bytes behind the elements are ignored: files of the time have them.
    Raises: DataError when it is none of these, or too short.
    """
    if raw.startswith(TEXT_MAGIC):
        return _decode_text(raw, name)
    for order in "<>":
        letter = _MAGICS.get(_number(raw, 0, order, name))
        if letter is not None:
            return _decode_binary(raw, order, letter, name)
    magic = _number(raw, 0, ">", name)
    if magic & ~0xF03 == 0 and magic >> 8 in _IDX_LETTERS:
        sizes = [_number(raw, 4 + 4 * i, ">", name) for i in range(magic & 3)]
        return _elements(raw, 4 + 4 * len(sizes), sizes, ">", _IDX_LETTERS[magic >> 8], name)
    raise DataError(f"{name} is not a matrix file", hint="save-matrix writes such files")


def is_matrix(raw: bytes) -> bool:
    """Whether the bytes of a file begin as SN's own matrix files do."""
    if raw.startswith(TEXT_MAGIC):
        return True
    return len(raw) >= 4 and any(
        struct.unpack_from(f"{order}i", raw)[0] in _MAGICS for order in "<>"
    )


def encode_matrix(elements: NDArray[Any], letter: str) -> bytes:
    """Return the bytes of a binary matrix file, little-endian."""
    magic = next(magic for magic, known in _MAGICS.items() if known == letter)
    shape = elements.shape
    padded = [*shape, *[1] * (3 - len(shape))]
    header = struct.pack(f"<ii{len(padded)}i", magic, len(shape), *padded)
    dtype = DTYPES[letter].newbyteorder("<")
    return header + np.ascontiguousarray(elements, dtype=dtype).tobytes()


def dimensions_text(shape: Sequence[int]) -> str:
    """Return dimensions as text, such as 16x16."""
    return "x".join(_size_text(size) for size in shape) or "none"


def _size_text(size: int) -> str:
    return str(size) if abs(size) < 10**DIGITS else number_text(size)


def _number(raw: bytes, at: int, order: str, name: str) -> int:
    if len(raw) < at + 4:
        raise DataError(f"{name} is too short for a matrix file: {len(raw)} bytes")
    number: int = struct.unpack_from(f"{order}i", raw, at)[0]
    return number


def _decode_binary(raw: bytes, order: str, letter: str, name: str) -> MatrixFile:
    n = _number(raw, 4, order, name)
    if not 0 <= n <= MAX_DIMENSIONS:
        raise DataError(f"{name} claims {n} dimensions, at most {MAX_DIMENSIONS} are known")
    sizes = [_number(raw, 8 + 4 * i, order, name) for i in range(n)]
    return _elements(raw, 8 + 4 * max(3, n), sizes, order, letter, name)


def _elements(
    raw: bytes, at: int, sizes: list[int], order: str, letter: str, name: str
) -> MatrixFile:
    count = _count(sizes, name)
    dtype = DTYPES[letter].newbyteorder("<" if order == "<" else ">")
    need, here = count * dtype.itemsize, len(raw) - at
    if need > here:
        text = f"{name} is too short: {dimensions_text(sizes)} elements need {need:,} bytes"
        raise DataError(f"{text} behind the header, found {max(here, 0):,}")
    claim(need + count * _NUMBER.itemsize, f"{dimensions_text(sizes)} elements", name)
    elements = np.frombuffer(raw, dtype, count, at).reshape(sizes).astype(DTYPES[letter])
    if elements.dtype.kind == "f":
        elements[np.isnan(elements)] = np.nan  # one that signals would warn at every cast
    return MatrixFile(elements, letter)


def _count(sizes: list[int], name: str) -> int:
    if any(size < 1 for size in sizes):
        raise DataError(f"{name} has the dimensions {dimensions_text(sizes)}, which cannot be")
    return math.prod(sizes)


def _decode_text(raw: bytes, name: str) -> MatrixFile:
    words = _WORD.finditer(raw, len(TEXT_MAGIC))
    try:
        n = _dimension(next(words, None))
        if n > MAX_DIMENSIONS:
            raise ValueError(f"it claims {n} dimensions, at most {MAX_DIMENSIONS} are known")
        sizes = [_dimension(next(words, None)) for _ in range(n)]
    except ValueError as problem:
        raise DataError(f"{name} is not a text matrix file: {problem}") from None
    count = _count(sizes, name)
    most = min(count, len(raw))  # each number has a letter and a blank
    claim(most * _NUMBER.itemsize, f"{dimensions_text(sizes)} elements", name)
    numbers = np.fromiter((_number_of(word, name) for word in islice(words, most)), _NUMBER)
    if len(numbers) != count:
        text = f"{name} is too short: {dimensions_text(sizes)} elements expected"
        raise DataError(f"{text}, found {len(numbers)}")
    return MatrixFile(numbers.reshape(sizes), "f")


def _dimension(word: re.Match[bytes] | None) -> int:
    """Return the number of dimensions, or one of them."""
    if word is None:
        raise ValueError("a dimension is missing")
    if not _DIMENSION.fullmatch(word[0]):
        raise ValueError(f"expected a dimension, found {_shown(word)}")
    return int(word[0])


def _number_of(word: re.Match[bytes], name: str) -> float:
    try:
        if b"_" not in word[0]:  # Python's literals may have it
            return float(word[0])
    except ValueError:
        pass
    place = place_of_byte(word.string, word.start(), name)
    text = f"{name} is not a text matrix file: expected a number, found {_shown(word)}"
    raise DataError(text, span=place)


def _shown(word: re.Match[bytes]) -> str:
    text = word[0][: _LONGEST + 1].decode("latin-1")
    return repr(text if len(text) <= _LONGEST else text[:_LONGEST] + "…")


def element_place(raw: bytes, number: int, name: str) -> Span | None:
    """Return where an element stands, `number` counts them from 0; None in a binary file."""
    if not raw.startswith(TEXT_MAGIC):
        return None
    words = _WORD.finditer(raw, len(TEXT_MAGIC))
    n = _dimension(next(words, None))
    word = next(islice(words, n + number, None))
    span = place_of_byte(raw, word.start(), name)
    end = span.column + word.end() - word.start() - 1
    return Span(name, span.line, span.column, span.line, end)


def place_of_byte(raw: bytes, at: int, name: str) -> Span:
    """Return line and column of a byte in a text of one byte a letter."""
    line, column = raw.count(b"\n", 0, at) + 1, at - raw.rfind(b"\n", 0, at)
    return Span(name, line, column, line, column)
