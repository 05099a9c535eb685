"""Locks: a run folder is written by one run at a time.

The kernel holds the lock of an open file and gives it back when the process ends, however it
ends; so a run that was killed is in nobody's way. Where the system or the file system has no such
locks, runs are not kept apart.
"""

from __future__ import annotations

import errno
import os
import platform
import stat
from contextlib import suppress
from pathlib import Path

from sn.errors import TrainError
from sn.results.arrays import told_as_train_error, write_all

try:
    import fcntl
except ImportError:  # Windows has no such module
    fcntl = None  # type: ignore[assignment]

LOCK = ".lock"
# What flock says where locks do not exist.
_NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL)
# A folder of a stranger may hold a link, or a pipe, where the lock shall be.
_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class FolderLock:
    """The right to write in a run folder; it ends with `release`, or with the process."""

    def __init__(self, folder: Path, holds: str = "run") -> None:
        """Take the lock of a folder that holds a run, or something else.

        Raises: TrainError when another run has it, or the folder cannot be written to.
        """
        self._path, self._holds = folder / LOCK, holds
        self._handle: int | None = None
        if fcntl is None:
            return
        with told_as_train_error(folder):
            while self._handle is None:
                self._handle = self._take(folder)

    def _take(self, folder: Path) -> int | None:
        """Return the locked file; None when it was removed meanwhile by the run that had it."""
        try:
            handle = os.open(self._path, _FLAGS, 0o666)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise self._no_lock() from error
            raise
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise self._no_lock()
            self._flock(handle, folder)
            if not _is_at(handle, self._path):
                os.close(handle)
                return None
            if os.fstat(handle).st_nlink > 1:  # another name of a file that is elsewhere
                raise self._no_lock()
            os.ftruncate(handle, 0)
            write_all(handle, f"{os.getpid()} {platform.node()}\n".encode())
        except BaseException:
            with suppress(OSError):
                os.close(handle)
            raise
        return handle

    def _no_lock(self) -> TrainError:
        """Return the error for what stands in the place of a lock and must not be written to."""
        return TrainError(
            f"'{self._path}' is a link, or something else than the lock of a {self._holds}",
            hint="SN leaves nothing of the kind in a folder: remove it if you know whose it is",
        )

    def _flock(self, handle: int, folder: Path) -> None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            told = os.pread(handle, 200, 0).decode(errors="replace").strip()
            owner, _, host = told.partition(" ")
            where = f" on {host}" if host and host != platform.node() else ""
            raise TrainError(
                f"the {self._holds} in '{folder}' is going on: process {owner or 'unknown'}{where} "
                "writes there",
                hint="wait until it ends, or choose another folder with --out",
            ) from None
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise

    def release(self) -> None:
        """Give the lock back and remove its file."""
        if self._handle is None:
            return
        # removed first: whoever waits with the old file open finds that it is no longer there
        with suppress(OSError):
            if _is_at(self._handle, self._path):
                os.unlink(self._path)
        os.close(self._handle)
        self._handle = None


def _is_at(handle: int, path: Path) -> bool:
    """Whether an open file is the one that has a name now."""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False
