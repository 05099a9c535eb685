"""Matrix files: SN's own, binary of either byte order or text, and those of IDX.

Programs load and save them (`builtins/matrixfiles.py`), and patterns come from them
(`data/readers/matrices.py`); here is what both know of the format, and nothing of either.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.errors import DataError

LARGEST = 2**30  # elements; chosen here: what a machine of today holds
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
_TEXT_MAGIC = b".MAT"
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
    if raw.startswith(_TEXT_MAGIC):
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
    return "x".join(map(str, shape)) or "none"


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
    elements = np.frombuffer(raw, dtype, count, at).reshape(sizes).astype(DTYPES[letter])
    return MatrixFile(elements, letter)


def _count(sizes: list[int], name: str) -> int:
    if any(size < 1 for size in sizes) or math.prod(sizes) > LARGEST:
        raise DataError(f"{name} has the dimensions {dimensions_text(sizes)}, which cannot be")
    return math.prod(sizes)


def _decode_text(raw: bytes, name: str) -> MatrixFile:
    words = raw[len(_TEXT_MAGIC) :].decode("latin-1").split()
    try:
        n = int(words[0])
        sizes = [int(word) for word in words[1 : n + 1]]
        if len(sizes) != n:
            raise ValueError("a dimension is missing")
        count = _count(sizes, name)
        numbers = np.array([float(word) for word in words[n + 1 : n + 1 + count]])
    except (ValueError, IndexError) as problem:
        raise DataError(f"{name} is not a text matrix file: {problem}") from None
    if n > MAX_DIMENSIONS or len(numbers) != count:
        text = f"{name} is too short: {dimensions_text(sizes)} elements expected"
        raise DataError(f"{text}, found {len(numbers)}")
    return MatrixFile(numbers.reshape(sizes), "f")
