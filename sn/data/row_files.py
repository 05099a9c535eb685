"""Row files: patterns that stay in their file, of which rows are read when they are asked for.

A file that is mapped kills the process that touches it once somebody cuts it short. So nothing is
mapped: rows are read into buffers (pread), and a file that changes while it is in use is told.
Read next: streamed.py, rows of such a file as a set takes them.
"""

from __future__ import annotations

import contextlib
import math
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from sn.display import brief
from sn.errors import DataError
from sn.memory.files import open_file, unreadable

Array = NDArray[Any]

PIECE = 2**20  # bytes read at once; chosen here: larger ones are read no faster
NEAR = 2**15  # bytes between two rows that are read with them; chosen here: a seek costs as much


@dataclass(slots=True, eq=False)
class RowFile:
    """Rows of numbers that stand one behind another in a file, from byte `offset` on.

    shape: of one row; `count` of them. Reading is safe from several threads.
    """

    path: Path
    dtype: np.dtype[Any]
    offset: int
    count: int
    shape: tuple[int, ...]
    _file: IO[bytes] | None = None
    _was: tuple[int, int] | None = None  # size of the file, and its time in nanoseconds
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __repr__(self) -> str:
        return brief(f"{self.count:,} rows of {self.width} {self.dtype} in {self.path}")

    @property
    def width(self) -> int:
        """How many numbers a row has."""
        return math.prod(self.shape)

    @property
    def row_bytes(self) -> int:
        """How many bytes a row has in the file."""
        return self.width * self.dtype.itemsize

    @property
    def size(self) -> int:
        """How many bytes all rows have in the file."""
        return self.count * self.row_bytes

    @property
    def state(self) -> tuple[int, int]:
        """Size of the file, and when it was changed, in nanoseconds, as it was when first opened.

        Raises: DataError when the file is not there any more, or not as it was.
        """
        file = self._opened()
        found = os.fstat(file.fileno())
        now = found.st_size, found.st_mtime_ns
        if self._was is None:
            self._was = now
        elif now != self._was:
            sizes = f"it had {self._was[0]:,} bytes, and now {now[0]:,}"
            raise self._changed(sizes if now[0] != self._was[0] else "it was written to")
        return self._was

    def read(self, first: int, into: Array) -> None:
        """Fill an array, (n, width) of the type of the file, with rows from `first` on.

        Raises: DataError as `state` does.
        """
        file = self._opened()
        view = into.reshape(-1).view(np.uint8).data
        start, done = self.offset + first * self.row_bytes, 0
        try:
            assert self.state
            while done < len(view):
                got = self._read_at(file, view[done:], start + done)
                if not got:
                    break
                done += got
        except OSError as error:
            raise unreadable(self.path, error) from error
        if done < len(view):
            assert self.state
            raise self._changed("it ends before its rows do")

    def _opened(self) -> IO[bytes]:
        with self._lock:
            if self._file is None:
                self._file = open_file(self.path)
            return self._file

    def _read_at(self, file: IO[bytes], view: memoryview, place: int) -> int:
        """Read bytes from a place of the file; return how many came."""
        if hasattr(os, "preadv"):
            return os.preadv(file.fileno(), [view], place)
        with self._lock:  # Windows has no such call
            file.seek(place)
            return file.readinto(view)  # type: ignore[attr-defined,no-any-return]

    def _changed(self, how: str) -> DataError:
        return DataError(
            f"{self.path} was changed while it was being read: {how}",
            hint="leave the file alone while a run reads it; a run with a folder goes on with "
            "--resume once the file is as it was",
        )

    def pieces(self, rows: NDArray[np.integer[Any]], into: Array) -> Iterator[None]:
        """Fill an array with rows by number, which ascend; wait after each piece that is read.

        Rows that lie near each other are read at once, with what is between them.
        """
        if not len(rows):
            return
        gap = max(1, NEAR // max(self.row_bytes, 1))
        most = max(1, PIECE // max(self.row_bytes, 1))
        breaks = np.flatnonzero(np.diff(rows) > gap) + 1
        for begin, end in zip([0, *breaks.tolist()], [*breaks.tolist(), len(rows)], strict=True):
            at = begin
            while at < end:
                first = int(rows[at])
                to = at + int(np.searchsorted(rows[at:end], first + most))
                span = int(rows[to - 1]) - first + 1
                if span == to - at:
                    self.read(first, into[at:to])
                else:
                    whole = np.empty((span, self.width), self.dtype)
                    self.read(first, whole)
                    np.take(whole, rows[at:to] - first, axis=0, out=into[at:to])
                at = to
                yield

    def blocks(self) -> Iterator[tuple[int, Array]]:
        """Yield all rows in their order, some at a time: the number of the first, and the rows."""
        most = max(1, PIECE // max(self.row_bytes, 1))
        for first in range(0, self.count, most):
            raw = np.empty((min(most, self.count - first), self.width), self.dtype)
            self.read(first, raw)
            yield first, raw

    def whole(self) -> Array:
        """Return all rows; who calls has asked for the memory."""
        raw = np.empty((self.count, self.width), self.dtype)
        for _ in self.pieces(np.arange(self.count), raw):
            pass
        return raw.reshape(self.count, *self.shape)

    def close(self) -> None:
        """Close the file; it is opened again where more of it is asked for."""
        with self._lock:
            if self._file is not None:
                with contextlib.suppress(OSError):
                    self._file.close()
                self._file = None

    def __del__(self) -> None:
        self.close()  # nobody says when the last one who may ask for rows is gone
