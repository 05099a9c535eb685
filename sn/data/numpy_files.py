"""NumPy files: one array in NumPy's own format, alone or as a member of an npz archive.

Sizes are read, and held to what there is and to what memory allows, before memory is taken for
them. Objects are refused: they would be pickles, which run code when they are read. Read next:
npy_header.py.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from sn.data.npy_header import Form, read_form
from sn.data.row_files import RowFile
from sn.display import clipped, listed
from sn.errors import DataError
from sn.memory.files import claim, open_file, read_exactly

Array = NDArray[Any]

_ZIP_MAGIC = b"PK"
# Of an archive; chosen here: the names of 50,000 arrays, which take ten times as much in memory.
_MOST_DIRECTORY = 2**22
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # those of numpy.savez
_OTHER_METHODS = {9: "deflate64", 12: "bzip2", 14: "lzma", 93: "zstandard", 95: "xz"}
_LAST_LETTER = 0x10FFFF  # Source: Unicode
_ENCRYPTED = 1  # of the flags of a member


class _Held:
    """A file whose directory, which zipfile reads at once, is held to a size."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, count: int = -1) -> bytes:
        """Return the next bytes, or all that are left."""
        found = self._file.read(
            min(count if count >= 0 else _MOST_DIRECTORY + 1, _MOST_DIRECTORY + 1)
        )
        if len(found) > _MOST_DIRECTORY:
            raise ValueError(f"its directory has more than {_MOST_DIRECTORY:,} bytes")
        return found

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Archive:
    """An npz file, open for reading; arrays are read when they are asked for.

    `content` stands in for what is at `path`, which then is for messages.
    Raises: DataError when it is no npz file.
    """

    def __init__(self, path: Path, content: bytes | None = None) -> None:
        self.path = path
        self._file = open_file(path) if content is None else io.BytesIO(content)
        try:
            if self._file.read(len(_ZIP_MAGIC)) != _ZIP_MAGIC:
                raise ValueError("it does not start like one")
            held: Any = _Held(self._file)
            self._zip = zipfile.ZipFile(held)
        except Exception as error:  # a damaged archive may raise nearly any class
            self._file.close()
            raise _unreadable(path, "an npz file", error) from error
        members = self._zip.infolist()
        self._counts = Counter(_name(one) for one in members)
        self._members = {_name(one): one for one in members}

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()
        self._file.close()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the arrays, in the order of the archive."""
        return tuple(self._members)

    def form(self, name: str) -> Form:
        """Return shape and type of an array, whose numbers are not read.

        Raises: DataError when there is none of the name, or its header is not one.
        """
        with self._opened(name) as (stream, _, place):
            return read_form(stream, place)

    def read(self, name: str) -> Array:
        """Return an array.

        Raises: DataError when there is none of the name, or it is damaged or too large.
        """
        with self._opened(name) as (stream, size, place):
            return read_array(stream, size, place)

    @contextmanager
    def _opened(self, name: str) -> Iterator[tuple[IO[bytes], int, str]]:
        """Open a member; what goes wrong with it inside the block is told."""
        if name not in self._members:
            found = listed(self.names) or "nothing"
            raise DataError(f"{self.path}: expected the array {clipped(name)}, found {found}")
        member, place = self._members[name], f"{self.path}, array {clipped(name)}"
        if self._counts[name] > 1:
            raise DataError(
                f"{place}: there are {self._counts[name]} of this name",
                hint="make the file again, with each name once",
            )
        if member.flag_bits & _ENCRYPTED:
            raise DataError(f"{place} is encrypted", hint="unpack it with its password first")
        if member.compress_type not in _METHODS:
            method = _OTHER_METHODS.get(member.compress_type, f"method {member.compress_type}")
            raise DataError(
                f"{place} is packed as arrays of npz files are not: {method}",
                hint="numpy.savez and numpy.savez_compressed write what can be read",
            )
        try:
            with self._zip.open(member) as stream:
                yield stream, member.file_size, place
        except DataError:
            raise
        except Exception as error:  # see above
            raise _unreadable(self.path, "an npz file", error) from error


def read_npy(path: Path, content: bytes | None = None) -> Array:
    """Return the array of an npy file; `content` stands in for what is at `path`.

    Raises: DataError when it cannot be read, or is too large.
    """
    try:
        with open_file(path) if content is None else io.BytesIO(content) as stream:
            size = stream.seek(0, io.SEEK_END)
            stream.seek(0)
            return read_array(stream, size, str(path))
    except OSError as error:
        raise _unreadable(path, "an npy file", error) from error


def npy_rows(path: Path) -> RowFile | str:
    """Return the rows of an npy file, which are not read; or why they cannot stay there.

    Raises: DataError when it cannot be read, or its header claims anything but what there is.
    """
    try:
        with open_file(path) as stream:
            size = stream.seek(0, io.SEEK_END)
            stream.seek(0)
            form = read_form(stream, str(path))
            _check_size(form, size - stream.tell(), str(path))
            offset = stream.tell()
    except OSError as error:
        raise _unreadable(path, "an npy file", error) from error
    if form.is_fortran and len(form.shape) > 1:
        return "its columns stand one behind another; numpy.ascontiguousarray puts rows there"
    if form.dtype.kind not in "biuf" or not form.shape:
        return "it holds no rows of numbers"
    return RowFile(path, form.dtype, offset, form.shape[0], form.shape[1:])


def read_array(stream: IO[bytes], size: int, place: str) -> Array:
    """Return the array in a stream of `size` bytes; `place` is for messages.

    Raises: DataError when it holds objects or records, or claims anything but what there is.
    """
    form = read_form(stream, place)
    need = _check_size(form, size - stream.tell(), place)
    claim(need, f"an array of {_by(form.shape)} values", place)
    raw = read_exactly(stream, need)
    # of a member the sum is checked at its end, which is behind the last byte
    if len(raw) != need or stream.read(1):
        raise DataError(f"{place} does not have the {need:,} bytes that the archive says")
    if form.dtype.kind == "U":
        _check_letters(raw, form, place)
    order: Any = "F" if form.is_fortran else "C"
    try:
        return np.frombuffer(raw, form.dtype, need // form.dtype.itemsize).reshape(
            form.shape, order=order
        )
    except ValueError as error:  # none of a size beyond any, (0, 10^30)
        raise DataError(f"{place}: its header says {_by(form.shape)} values") from error


def _check_size(form: Form, here: int, place: str) -> int:
    """Hold what a header claims to the bytes that follow it; return how many there are."""
    need = math.prod(form.shape) * form.dtype.itemsize
    if need != here:
        raise DataError(
            f"{place}: its header says {_by(form.shape)} values in {need:,} bytes, and "
            f"{max(0, here):,} follow",
            hint="copy or make it again",
        )
    return need


def _check_letters(raw: bytearray, form: Form, place: str) -> None:
    """Hold strings to letters that there are: NumPy takes any number for one."""
    codes = np.frombuffer(raw, np.dtype(np.uint32).newbyteorder(form.dtype.byteorder))
    if ((codes > _LAST_LETTER) | ((codes >= 0xD800) & (codes < 0xE000))).any():
        raise DataError(f"{place} has strings of letters that are none", hint="make it again")


def _name(member: zipfile.ZipInfo) -> str:
    return member.filename.removesuffix(".npy")


def _unreadable(path: Path, what: str, error: Exception) -> DataError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else error
    text = str(reason) or type(error).__name__
    return DataError(f"cannot read {path} as {what}: {text[:200]}", hint="copy or make it again")


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "1"
