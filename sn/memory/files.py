"""Files: what is in the files of anyone, read no further than memory allows.

    with open_file(path) as file: ...
    content = read_file(path)
    claim(8 * n, "an array of 3 x 4 values", place)

A path may name a pipe that nobody writes to, or a device without an end: only regular files are
opened. What a file says about sizes is asked for before it is taken.
"""

from __future__ import annotations

import gzip
import io
import os
import stat
import zlib
from pathlib import Path
from typing import IO

from sn.errors import DataError, MemoryLimitError
from sn.memory import MORE, limit, need, size_text

GZIP_MAGIC = b"\x1f\x8b"
_PART = 2**20  # bytes read at once; chosen here
_HELD = 2**26  # bytes kept before it is known how many come; chosen here
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (lambda mode: stat.S_ISCHR(mode) or stat.S_ISBLK(mode), "a device"),
)


def open_file(path: Path) -> IO[bytes]:
    """Open a regular file, or one that a link leads to, for reading.

    Raises: DataError for what is no file, or cannot be read.
    """
    try:
        _refuse_others(path, os.stat(path).st_mode)  # opening some devices does something
        handle = os.open(path, _FLAGS)  # O_NONBLOCK: a pipe is opened without waiting for a writer
        try:
            _refuse_others(path, os.fstat(handle).st_mode)  # it may be another one by now
            return os.fdopen(handle, "rb")
        except BaseException:
            os.close(handle)
            raise
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL in it
        raise unreadable(path, error) from error


def read_file(path: Path) -> bytes:
    """Return what is in a regular file.

    Raises: DataError as `open_file` does, and for more than memory allows.
    """
    with open_file(path) as file:
        try:
            size = os.fstat(file.fileno()).st_size
            claim(size, "its content", path)
            return read_whole(file, path)
        except OSError as error:
            raise unreadable(path, error) from error


def read_whole(stream: IO[bytes] | gzip.GzipFile, place: object) -> bytes:
    """Return the rest of a stream; memory is taken as it comes, and no more than is allowed.

    Raises: DataError when more comes.
    """
    found, most = io.BytesIO(), limit()
    while part := stream.read(_PART):
        if found.tell() + len(part) > most:
            raise DataError(
                f"{place}: its content would take more than the {size_text(most)} that are allowed",
                hint=MORE,
            )
        found.write(part)
    return found.getvalue()


def read_exactly(stream: IO[bytes] | gzip.GzipFile, count: int) -> bytearray:
    """Return `count` bytes of a stream, or as many as come; who calls has asked for them."""
    found = bytearray()
    while len(found) < count and (part := stream.read(min(count - len(found), _PART))):
        found += part
    return found


def unpack(raw: bytes, place: object) -> bytes:
    """Return `raw` decompressed when it starts like gzip, else as it is; `place` is for messages.

    A few bytes may unpack to any number: beyond some they are counted before they are kept.
    Raises: DataError when the gzip data is damaged, or more than memory allows.
    """
    if not raw.startswith(GZIP_MAGIC):
        return raw
    most = limit()
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as stream:
            start = read_exactly(stream, min(_HELD, most + 1))
            size = len(start)
            if size < min(_HELD, most + 1):
                return bytes(start)
            del start
            while size <= most and (part := stream.read(_PART)):
                size += len(part)
        if size > most:
            raise DataError(
                f"{place}: what it unpacks to would take more than the {size_text(most)} that are "
                f"allowed; it has {size_text(len(raw))}",
                hint=MORE,
            )
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as stream:
            return read_whole(stream, place)
    except (OSError, EOFError, zlib.error) as error:
        raise no_whole_gzip(place, error) from error


def claim(n_bytes: float, what: str, place: object) -> None:
    """Say that `n_bytes` are about to be taken for `what`, which a file at `place` asks for.

    Raises: DataError that names the file, when memory does not allow them.
    """
    try:
        need(n_bytes, what)
    except MemoryLimitError as error:
        raise DataError(f"{place}: {error.message}", hint=error.hint) from error


def unreadable(path: Path, error: Exception) -> DataError:
    """Return the error for a file that the system does not give."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return DataError(f"cannot read {path}: {reason}")


def no_whole_gzip(place: object, error: Exception) -> DataError:
    """Return the error for data that starts like gzip."""
    text = f"{place} is not a whole gzip file: {error}"
    return DataError(text, hint="copy or download it again")


def _refuse_others(path: Path, mode: int) -> None:
    """Refuse what has a name and is no regular file; `mode` is of its status."""
    if stat.S_ISREG(mode):
        return
    found = next((words for is_kind, words in _KINDS if is_kind(mode)), "something else")
    hint = "copy what comes out of it to a file" if found in ("a pipe", "a device") else None
    raise DataError(f"cannot read {path}: it is {found}, expected a file", hint=hint)
