"""NumPy files: one array in NumPy's own format, alone or as a member of an npz archive.

Sizes are read, and held to what there is and to a limit, before memory is taken for them. Objects
are refused: they would be pickles, which run code when they are read.
"""

from __future__ import annotations

import io
import math
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from sn.errors import DataError

Array = NDArray[Any]

# Chosen here: 2 GiB, far beyond the sets that SN is made for. A packed member of a few MB can
# claim that much and more.
MOST_BYTES = 2**31
_ZIP_MAGIC = b"PK"
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


class Archive:
    """An npz file, open for reading; arrays are read when they are asked for.

    `content` stands in for what is at `path`, which then is for messages.
    Raises: DataError when it is no npz file.
    """

    def __init__(self, path: Path, content: bytes | None = None) -> None:
        self.path = path
        try:
            if content is None:
                with path.open("rb") as file:
                    start = file.read(len(_ZIP_MAGIC))
            else:
                start = content[: len(_ZIP_MAGIC)]
            if start != _ZIP_MAGIC:
                raise ValueError("it does not start like one")
            self._zip = zipfile.ZipFile(path if content is None else io.BytesIO(content))
        except Exception as error:  # a damaged archive may raise nearly any class
            raise _unreadable(path, "an npz file", error) from error

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the arrays, in the order of the archive."""
        return tuple(dict.fromkeys(name.removesuffix(".npy") for name in self._zip.namelist()))

    def read(self, name: str) -> Array:
        """Return an array.

        Raises: DataError when there is none of the name, or it is damaged or too large.
        """
        if name not in self.names:
            found = ", ".join(map(str, self.names)) or "nothing"
            raise DataError(f"{self.path}: expected the array {name}, found {found}")
        member = f"{name}.npy" if f"{name}.npy" in self._zip.namelist() else name
        try:
            info = self._zip.getinfo(member)
            with self._zip.open(info) as stream:
                return read_array(stream, info.file_size, f"{self.path}, array {name}")
        except DataError:
            raise
        except Exception as error:  # see above
            raise _unreadable(self.path, "an npz file", error) from error


def read_npy(path: Path, content: bytes | None = None) -> Array:
    """Return the array of an npy file; `content` stands in for what is at `path`.

    Raises: DataError when it cannot be read, or is too large.
    """
    try:
        if content is not None:
            return read_array(io.BytesIO(content), len(content), str(path))
        with path.open("rb") as stream:
            return read_array(stream, path.stat().st_size, str(path))
    except DataError:
        raise
    except Exception as error:  # a damaged header may raise nearly any class
        raise _unreadable(path, "an npy file", error) from error


def read_array(stream: IO[bytes], size: int, place: str) -> Array:
    """Return the array in a stream of `size` bytes; `place` is for messages.

    Raises: DataError when it holds objects or records, or claims more than there is.
    """
    version = np.lib.format.read_magic(stream)
    if version not in _HEADERS:
        raise DataError(f"{place}: expected an array of numbers or strings, found a record array")
    shape, is_fortran, dtype = _HEADERS[version](stream)
    if dtype.hasobject:
        raise DataError(
            f"{place} holds Python objects, which are pickles: reading them would run code",
            hint="save numbers or strings alone: numpy.save(FILE, array, allow_pickle=False)",
        )
    if dtype.kind not in "biufcSU" or not dtype.itemsize or any(length < 0 for length in shape):
        raise DataError(f"{place}: expected an array of numbers or strings, found {dtype}")
    need, here = math.prod(shape) * dtype.itemsize, size - stream.tell()
    if need > here:
        raise DataError(
            f"{place}: its header says {_by(shape)} values in {need:,} bytes, and "
            f"{max(0, here):,} follow",
            hint="copy or make it again",
        )
    if need > MOST_BYTES:
        raise DataError(
            f"{place}: its header says {_by(shape)} values in {need:,} bytes; at most "
            f"{MOST_BYTES:,} are read",
            hint="take fewer patterns, or smaller numbers, such as float32 or uint8",
        )
    raw = stream.read(need)
    if len(raw) != need:
        raise DataError(f"{place} ends after {len(raw):,} of {need:,} bytes")
    order: Any = "F" if is_fortran else "C"
    return np.frombuffer(raw, dtype).reshape(shape, order=order)


def _unreadable(path: Path, what: str, error: Exception) -> DataError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else error
    return DataError(f"cannot read {path} as {what}: {reason}", hint="copy or make it again")


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "1"
