"""Parsed copies: arrays that are slow to decode, kept in the user's cache.

A copy only saves time. One that cannot be written is left out, one that cannot be read is made
again, and its reader still checks the content hash, so a wrong copy never reaches a network.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from sn.data.numpy_files import read_npy
from sn.data.places import cache_folder
from sn.errors import DataError


def recall(key: str) -> NDArray[Any] | None:
    """Return the array kept under `key`, or None when there is none that can be read."""
    try:
        return read_npy(_path(key))
    except DataError:
        return None


def keep(key: str, array: NDArray[Any]) -> None:
    """Write `array` under `key`; a cache that cannot be written is no error."""

    def write(file: BinaryIO) -> None:
        np.save(file, array, allow_pickle=False)

    path = _path(key)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, write)


def write_whole(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Let `write` fill a file beside `path`, then move it there: never a half-written one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _path(key: str) -> Path:
    return cache_folder() / "parsed" / f"{key}.npy"
