"""File formats: from the bytes of a file to arrays, for text, gzip, npz and idx.

Each reader checks what it is given and says what it expected; none runs anything from a file.
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.data.numpy_files import Archive
from sn.errors import DataError

_GZIP_MAGIC = b"\x1f\x8b"
_IDX_UNSIGNED_BYTE = 8


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

    Raises: DataError when the gzip data is damaged.
    """
    if not raw.startswith(_GZIP_MAGIC):
        return raw
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{path} is not a whole gzip file: {error}", hint="copy or download it again"
        ) from error


def read_npz(path: Path, names: tuple[str, ...]) -> tuple[NDArray[Any], ...]:
    """Return the arrays called `names` from an npz file; pickled objects are refused.

    Raises: DataError when the file is damaged or lacks one of them.
    """
    with Archive(path) as archive:
        return tuple(archive.read(name) for name in names)


def read_idx(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return the unsigned bytes of an idx file whose array must have `shape`.

    Source: the format note of the MNIST page (LeCun, Cortes, Burges): two zero bytes, the type,
    the number of sizes, the sizes as big-endian int32, then the values.

    Raises: DataError when the header or the length differs.
    """
    data = unpack(read_file(path), path)
    if len(data) < 4 or data[:3] != bytes((0, 0, _IDX_UNSIGNED_BYTE)):
        raise DataError(f"{path}: expected an idx file of unsigned bytes, found other bytes")
    start = 4 + 4 * data[3]
    sizes = tuple(int.from_bytes(data[at : at + 4], "big") for at in range(4, start, 4))
    if sizes != shape:
        raise DataError(f"{path}: expected {_by(shape)} values, its header says {_by(sizes)}")
    if len(data) - start != math.prod(shape):
        raise DataError(
            f"{path}: expected {math.prod(shape)} values after the header, "
            f"found {len(data) - start}",
            hint="copy or download it again",
        )
    return np.frombuffer(data, dtype=np.uint8, offset=start).reshape(shape)


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
