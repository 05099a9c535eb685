"""Tensors: what a file of safetensors says, and its numbers, every word of it checked.

Eight bytes say how long the header is, the header is JSON and says where each array lies in what
follows. Files of anyone come here, so the bytes are read, not mapped: a mapped file that another
process cuts off ends the program that looks at it.
Source: https://github.com/huggingface/safetensors, the section Format.
"""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from sn.memory.files import claim, read_exactly
from sn.results.decoding import converted, decoded

MOST_HEADER = 100_000_000  # bytes; Source: the format
METADATA = "__metadata__"
_MOST_DIMENSIONS = 32  # Source: NumPy 1, NPY_MAXDIMS
_DEEPEST = 10  # lists and objects in one another; chosen here: three are enough
_HEADER_IN_MEMORY = 8  # bytes a byte, as measured
_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?",
}  # fmt: skip

Size = Annotated[int, Meta(ge=0, le=2**62)]


@dataclass(frozen=True, slots=True)
class ArrayForm:
    """The shape of an array in a file, and its type of numbers, as safetensors calls it."""

    shape: tuple[int, ...]
    kind: str

    def __str__(self) -> str:
        return f"({' '.join(map(str, self.shape))}) {self.kind}"


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    """What the header says of one array; the offsets count from the end of the header."""

    dtype: str
    shape: Annotated[list[Size], Meta(max_length=_MOST_DIMENSIONS)]
    data_offsets: tuple[Size, Size]


class Tensors:
    """An open file: what it says and which arrays it has, before their numbers are read.

    Raises: ValueError that says what is wrong with it; DataError for what memory does not allow.
    """

    def __init__(self, file: IO[bytes], place: object) -> None:
        self._file, self._place = file, place
        size = os.fstat(file.fileno()).st_size
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(size - 8, MOST_HEADER):
            raise ValueError(f"it has {size:,} bytes, and a header of {length:,} is claimed")
        claim(_HEADER_IN_MEMORY * length, "its header", place)
        said = _unique(bytes(read_exactly(file, length)))
        self.metadata = converted(said.pop(METADATA, {}), dict[str, str])
        self._entries = {name: _entry(name, one) for name, one in said.items()}
        self._start = 8 + length
        self._size = size - self._start
        _check_places(self._entries, self._size)

    def forms(self) -> dict[str, ArrayForm]:
        """Return which arrays there are."""
        return {name: ArrayForm(tuple(e.shape), e.dtype) for name, e in self._entries.items()}

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Read all arrays; they are owned by the caller."""
        claim(self._size, "its arrays", self._place)
        return {name: self._array(name, entry) for name, entry in self._entries.items()}

    def _array(self, name: str, entry: _Entry) -> NDArray[np.generic]:
        first, end = entry.data_offsets
        self._file.seek(self._start + first)
        raw = read_exactly(self._file, end - first)
        if len(raw) != end - first:
            raise ValueError(f"{_shown(name)} ends after {len(raw):,} of {end - first:,} bytes")
        dtype = np.dtype(_TYPES[entry.dtype])
        if dtype.kind == "b" and raw.translate(None, b"\0\1"):
            raise ValueError(f"{_shown(name)} has truth values that are neither 0 nor 1")
        found = np.frombuffer(raw, dtype, (end - first) // dtype.itemsize)
        return found.reshape(entry.shape).astype(dtype.newbyteorder("="), copy=False)


def _unique(raw: bytes) -> dict[str, Any]:
    """Return the entries of a header.

    Raises: ValueError when it is no object of JSON, or a name is there twice.
    """
    found = decoded(raw, dict[str, Any], _DEEPEST)

    def pairs(items: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(items)) < len(items):
            ((twice, _),) = Counter(name for name, _ in items).most_common(1)
            raise ValueError(f"{_shown(twice)} is in its header twice")
        return dict(items)

    json.loads(raw, object_pairs_hook=pairs)  # msgspec takes the last of two
    return found


def _entry(name: str, said: Any) -> _Entry:
    try:
        entry = converted(said, _Entry)
        if entry.dtype not in _TYPES:
            raise ValueError(f"numbers of the type '{entry.dtype[:20]}' are not known")
        first, end = entry.data_offsets
        need = math.prod(entry.shape) * np.dtype(_TYPES[entry.dtype]).itemsize
        if end - first != need:
            raise ValueError(f"the shape needs {need:,} bytes, and {end - first:,} are its own")
        if not need and max(entry.shape) > 2**31:
            raise ValueError("the shape has no numbers, and a size beyond any")
    except ValueError as error:
        raise ValueError(f"{_shown(name)}: {error}") from error
    return entry


def _check_places(entries: dict[str, _Entry], size: int) -> None:
    """Hold arrays to lie one behind the other, from the start to the end."""
    last = 0
    for name, entry in sorted(entries.items(), key=lambda item: item[1].data_offsets):
        first, end = entry.data_offsets
        if first != last:
            raise ValueError(f"{_shown(name)} begins at byte {first:,}, expected byte {last:,}")
        last = end
    if last != size:
        raise ValueError(f"its arrays have {last:,} bytes, and {size:,} follow the header")


def _shown(name: str) -> str:
    return repr(name if len(name) <= 60 else name[:60] + "…")
