"""File formats: from the bytes of a file to arrays, for npz and idx.

Each reader checks what it is given and says what it expected; none runs anything from a file.
"""

from __future__ import annotations

import gzip
import io
import math
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from sn.data.numpy_files import Archive
from sn.data.row_files import RowFile
from sn.errors import DataError
from sn.memory.files import (
    GZIP_MAGIC,
    claim,
    no_whole_gzip,
    open_file,
    read_exactly,
    unreadable,
)

_MOST_DIMENSIONS = 32  # Source: NumPy 1, NPY_MAXDIMS
_SHOWN = 200  # letters of sizes in a message; chosen here
_IDX_UNSIGNED_BYTE = 8
_IDX_TYPES = {_IDX_UNSIGNED_BYTE: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def read_npz(path: Path, names: tuple[str, ...]) -> tuple[NDArray[Any], ...]:
    """Return the arrays called `names` from an npz file; pickled objects are refused.

    Raises: DataError when the file is damaged or lacks one of them.
    """
    with Archive(path) as archive:
        return tuple(archive.read(name) for name in names)


def read_idx(path: Path, shape: tuple[int, ...] | None = None) -> NDArray[Any]:
    """Return the array of an idx file, packed with gzip or not.

    With a `shape` it must have that, and be of unsigned bytes. No more is unpacked than the header
    says, and a limit allows.
    Source: the format note of the MNIST page (LeCun, Cortes, Burges): two zero bytes, the type,
    the number of sizes, the sizes as big-endian int32, then the values.

    Raises: DataError when the header or the length differs.
    """
    try:
        with open_file(path) as file:
            is_packed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
            file.seek(0)
            if not is_packed:
                return _idx_array(file, path, shape)
            with gzip.GzipFile(fileobj=file) as stream:
                return _idx_array(stream, path, shape)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise no_whole_gzip(path, error) from error
    except OSError as error:
        raise unreadable(path, error) from error


def idx_rows(path: Path) -> RowFile | str:
    """Return the rows of an idx file, which are not read; or why they cannot stay there.

    Raises: DataError when the header or the length differs.
    """
    try:
        with open_file(path) as file:
            if file.read(len(GZIP_MAGIC)) == GZIP_MAGIC:
                return "it is packed with gzip; gunzip unpacks it"
            file.seek(0)
            dtype, sizes = _idx_form(file, path, None)
            offset, size = file.tell(), file.seek(0, io.SEEK_END)
    except OSError as error:
        raise unreadable(path, error) from error
    _check_count(sizes, dtype, size - offset, path)
    return RowFile(path, dtype, offset, sizes[0], sizes[1:])


def _idx_form(
    stream: IO[bytes] | gzip.GzipFile, path: Path, shape: tuple[int, ...] | None
) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Return type and sizes of the array in a stream, which stands at its first number then."""
    head = stream.read(4)
    kinds = {_IDX_UNSIGNED_BYTE: _IDX_TYPES[_IDX_UNSIGNED_BYTE]} if shape else _IDX_TYPES
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in kinds:
        what = "an idx file of unsigned bytes" if shape else "an idx file"
        raise DataError(f"{path}: expected {what}, found other bytes")
    dtype, raw = np.dtype(kinds[head[2]]), stream.read(4 * head[3])
    if len(raw) < 4 * head[3] or not raw:
        raise DataError(f"{path}: its header is cut off", hint="copy or download it again")
    sizes = tuple(int.from_bytes(raw[at : at + 4], "big") for at in range(0, len(raw), 4))
    if shape is not None and sizes != shape:
        raise DataError(f"{path}: expected {_by(shape)} values, its header says {_by(sizes)}")
    if len(sizes) > _MOST_DIMENSIONS or (not math.prod(sizes) and max(sizes) >= 2**24):
        raise DataError(f"{path}: its header says {_by(sizes)[:_SHOWN]} values, which cannot be")
    return dtype, sizes


def _check_count(sizes: tuple[int, ...], dtype: np.dtype[Any], here: int, path: Path) -> None:
    """Hold what a header claims to the bytes that follow it."""
    count = math.prod(sizes)
    if here != count * dtype.itemsize:
        raise DataError(
            f"{path}: expected {count} values after the header, found {-(-here // dtype.itemsize)}",
            hint="copy or download it again",
        )


def _idx_array(
    stream: IO[bytes] | gzip.GzipFile, path: Path, shape: tuple[int, ...] | None
) -> NDArray[Any]:
    """Return the array in a stream; see `read_idx`."""
    dtype, sizes = _idx_form(stream, path, shape)
    need = math.prod(sizes) * dtype.itemsize
    claim(need, f"what its header says, {_by(sizes)} values,", path)
    data = read_exactly(stream, need + 1)
    _check_count(sizes, dtype, len(data), path)
    return np.frombuffer(data, dtype, math.prod(sizes)).reshape(sizes)


def checked_labels(values: NDArray[Any], path: Path, n: int, classes: int) -> NDArray[np.uint8]:
    """Return `values` as labels, one whole number in 0 .. classes - 1 for each of `n` patterns.

    Raises: DataError when they are not that.
    """
    if values.shape != (n,):
        raise DataError(f"{path}: expected {n} labels, found {_by(values.shape)}")
    if values.dtype.kind not in "iuf":
        raise DataError(f"{path}: expected numbers as labels, found {values.dtype}")
    labels = np.arange(classes, dtype=np.uint8)
    wrong = np.flatnonzero(~np.isin(values, labels))
    if len(wrong):
        raise DataError(
            f"{path}: expected labels 0 to {classes - 1}, "
            f"found {values[wrong[0]]} for digit {wrong[0] + 1}"
        )
    return values.astype(np.uint8)


def array_text(array: NDArray[Any]) -> str:
    """Return shape and type of an array for a message."""
    return f"{array.dtype} of the shape {_by(array.shape) or '()'}"


def _by(sizes: tuple[int, ...]) -> str:
    return " x ".join(str(size) for size in sizes)
