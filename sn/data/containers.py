"""File formats: from the bytes of a file to arrays, for text, gzip, npz and idx.

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

from sn.data.numpy_files import MOST_BYTES, Archive
from sn.errors import DataError

_GZIP_MAGIC = b"\x1f\x8b"
_PART = 2**20  # bytes; chosen here
_IDX_UNSIGNED_BYTE = 8
_IDX_TYPES = {_IDX_UNSIGNED_BYTE: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def read_file(path: Path) -> bytes:
    """Return the bytes of a file as they are.

    Raises: DataError when it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error


def unpack(raw: bytes, path: Path) -> bytes:
    """Return `raw` decompressed when it starts like gzip, else as it is; `path` is for messages.

    Raises: DataError when the gzip data is damaged, or more than a limit.
    """
    if not raw.startswith(_GZIP_MAGIC):
        return raw
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as stream:
            found = _read_at_most(stream, MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _no_whole_gzip(path, error) from error
    if len(found) > MOST_BYTES:
        raise DataError(f"{path} holds more than {MOST_BYTES:,} bytes, packed into {len(raw):,}")
    return found


def _read_at_most(stream: IO[bytes] | gzip.GzipFile, count: int) -> bytes:
    """Return up to so many bytes; memory is taken only as they come."""
    parts = []
    while count > 0 and (part := stream.read(min(count, _PART))):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _no_whole_gzip(path: Path, error: Exception) -> DataError:
    text = f"{path} is not a whole gzip file: {error}"
    return DataError(text, hint="copy or download it again")


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
        with path.open("rb") as file:
            is_packed = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
            file.seek(0)
            if not is_packed:
                return _idx_array(file, path, shape)
            with gzip.GzipFile(fileobj=file) as stream:
                return _idx_array(stream, path, shape)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise _no_whole_gzip(path, error) from error
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error


def _idx_array(
    stream: IO[bytes] | gzip.GzipFile, path: Path, shape: tuple[int, ...] | None
) -> NDArray[Any]:
    """Return the array in a stream; see `read_idx`."""
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
    count = math.prod(sizes)
    need = count * dtype.itemsize
    if need > MOST_BYTES:
        text = f"its header says {_by(sizes)} values in {need:,} bytes; at most {MOST_BYTES:,}"
        raise DataError(f"{path}: {text} are read")
    data = _read_at_most(stream, need + 1)
    if len(data) != need:
        found = -(-len(data) // dtype.itemsize)
        raise DataError(
            f"{path}: expected {count} values after the header, found {found}",
            hint="copy or download it again",
        )
    return np.frombuffer(data, dtype).reshape(sizes)


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


def _by(sizes: tuple[int, ...]) -> str:
    return " x ".join(str(size) for size in sizes)
