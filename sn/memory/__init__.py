"""Memory: how much may be taken at once, asked before it is taken.

    need(8 * n, f"a list of {n:,} numbers")

Whoever allocates something whose size a program or a file says, states the bytes first. The limit
is the user's (`--memory`), else half of what was free when it was first asked for: a machine that
swaps helps nobody. Read next: files.py, for what is in the files of anyone.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import gc
import math
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sn.errors import MemoryLimitError, SettingError, Span

SHARE = 0.5  # of what is free; chosen here
UNKNOWN = 2**31  # bytes taken to be free where the system does not say; chosen here
MORE = "--memory SIZE, as in --memory 4G, allows more"
# New objects before the collector looks at them, and looks before it looks at older ones. Python's
# 700 and 10 have it go through all that lives 14 times while a program makes 4 million cells, a
# microsecond each where the cells of many lists take turns: 17 s of 19.
YOUNG, OLDER = 20_000, 20
_UNITS = {"": 1, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
_SIZE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?)i?B?\s*", re.IGNORECASE)


@dataclass(slots=True)
class _Choice:
    """The limit of this process, None where the user chose none."""

    n_bytes: int | None = None


_choice = _Choice()


def need(n_bytes: float, what: str, span: Span | None = None) -> None:
    """Say that `n_bytes` are about to be taken for `what`, words such as "a list of 10 numbers".

    Raises: MemoryLimitError when that is more than the limit, at `span`.
    """
    if n_bytes > limit():
        raise MemoryLimitError(
            f"{what} would take {size_text(n_bytes)}, at most {size_text(limit())} are allowed",
            span=span,
            hint=MORE,
        )


def limit() -> int:
    """Return the bytes that may be taken at once."""
    return _choice.n_bytes if _choice.n_bytes is not None else _default()


def set_limit(n_bytes: int | None) -> None:
    """Set the bytes that may be taken at once; None is the default again."""
    _choice.n_bytes = n_bytes


@contextlib.contextmanager
def limited(n_bytes: int | None) -> Iterator[None]:
    """Set the bytes that may be taken at once for the block; None leaves them as they are."""
    before = _choice.n_bytes
    if n_bytes is not None:
        _choice.n_bytes = n_bytes
    try:
        yield
    finally:
        _choice.n_bytes = before


def collect_less_often() -> None:
    """Have Python look for garbage as often as suits a process that runs Lisp."""
    gc.set_threshold(YOUNG, OLDER, OLDER)


def parse_size(text: str) -> int:
    """Return the bytes of a size such as "500M" or "4G"; units are powers of 1000.

    Raises: SettingError for what is no such size, or none at all.
    """
    found = _SIZE.fullmatch(text)
    size = float(found[1]) * _UNITS[found[2].upper()] if found else 0.0
    if not 1 <= size < math.inf:
        raise SettingError(
            f"a size of memory is a number of bytes, found '{text}'", hint="write 500M, or 4G"
        )
    return int(size)


def size_text(n_bytes: float) -> str:
    """Return a number of bytes for people: "1.5 GB"."""
    n_bytes = min(n_bytes, 1e300)  # whole numbers of any length come here
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= size:
            return f"{n_bytes / size:.3g} {unit}"
    return f"{n_bytes:,.0f} bytes"


@functools.cache
def _default() -> int:
    free = [found for found in (_free(), _left_in_group()) if found is not None]
    return int(SHARE * min(free, default=UNKNOWN))


def _free() -> float | None:
    """Bytes that the machine could give now; None when it does not say."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return float(line.split()[1]) * 1024
    if sys.platform == "win32":
        return _free_of_windows()
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE") / 2
    return None


def _left_in_group() -> float | None:
    """Bytes left to the control group of this process, as containers have one; None without."""
    root = Path("/sys/fs/cgroup")
    for most, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        with contextlib.suppress(OSError, ValueError):
            total = float((root / most).read_text(encoding="ascii"))  # "max" is no number
            return max(0.0, total - float((root / used).read_text(encoding="ascii")))
    return None


def _free_of_windows() -> float | None:
    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "free", "a", "b", "c", "d", "e")),
        )

    status = Status(length=ctypes.sizeof(Status))
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - there on Windows only
    return float(status.free) if kernel.GlobalMemoryStatusEx(ctypes.byref(status)) else None
