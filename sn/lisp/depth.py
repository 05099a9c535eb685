"""Depth: how deep evaluation may go, so that no program runs out of C stack.

Since version 3.11 functions of Python that call one another take their frames from the heap, and
none of the C stack. The evaluator is made of such calls, so it only has to raise Python's
recursion limit. It raises it bit by bit, for Python 3.11 holds C code to the same limit: what
recurses in C (a comparison, a hash, a destructor) finds it a few thousand calls ahead, wherever
evaluation is. What takes C stack at every level, as a macro-character inside a form being read,
counts its levels itself: `most_reentries`. Read next: `sn/interp.py`.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

# Calls of functions of the program inside one another; chosen here: recursion over a list of a
# few thousand elements works.
MAX_DEPTH = 5_000
# Calls of functions of the program after which the limit is raised again.
STEP = 100

# Bytes of C stack of one call through C; measured on Python 3.11, 3.12 and 3.13 for x86-64: 370 to
# 1,140, the most for re.sub, which nothing nests.
_C_CALL = 1_000
_LEAST_AHEAD, _MOST_AHEAD = 3_000, 8_000  # frames: STEP calls of 30 frames each fit into the least

# Bytes of C stack that the reader takes from one macro-character to one inside its value.
# Measured by tests/unit/test_depth.py, with half as much again.
_REENTRY = 8_000
_MOST_REENTRIES = 100  # chosen here: brackets of one's own are rarely nested deeper

_UNKNOWN_STACK = 2**19  # bytes; the smallest of common systems, that of threads on macOS


class Frames:
    """How many frames of Python the evaluation of one interpreter may have."""

    def __init__(self) -> None:
        self._used = 0  # when it was last asked for
        self._at: FrameType | None = None
        self._since = 0  # frames from one such place to the next, which are often equally many

    @contextmanager
    def begun(self) -> Iterator[None]:
        """Let an evaluation begin here, whatever called it."""
        self._used, self._at = frames_in_use(), None
        with _limit.raised(self, self._used + frames_ahead()):
            yield

    @contextmanager
    def further(self) -> Iterator[None]:
        """Let it go as far ahead again from here."""
        outer = self._used, self._at
        here = sys._getframe(2)  # behind this one and that of the context manager
        if self._at is None:
            self._used = frames_in_use()
        else:
            self._since = _frames_between(here, self._at, self._since)
            self._used += self._since
        self._at = here
        try:
            with _limit.raised(self, self._used + frames_ahead()):
                yield
        finally:
            self._used, self._at = outer


class _Limit:
    """Python's recursion limit, which all threads share: as high as it must be for one of them."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._own = 0  # what it was
        self._wanted: dict[object, int] = {}

    @contextmanager
    def raised(self, user: object, limit: int) -> Iterator[None]:
        """Allow `limit` frames for the duration of a block."""
        with self._lock:
            outer = self._wanted.get(user)
            if not self._wanted:
                self._own = sys.getrecursionlimit()
            self._wanted[user] = limit
            self._set()
        try:
            yield
        finally:
            with self._lock:
                if outer is None:
                    self._wanted.pop(user, None)
                else:
                    self._wanted[user] = outer
                self._set()

    def _set(self) -> None:
        # Python refuses a limit that it is above already: then the next block ends that
        with suppress(RecursionError):
            sys.setrecursionlimit(max(self._own, *self._wanted.values(), 1))


_limit = _Limit()


def frames_in_use() -> int:
    """Return the number of frames of Python on this thread, up to 64 too many."""
    low, high = 0, 64
    while _has_frames(high):
        low, high = high, 2 * high
    while high - low > 64:
        middle = (low + high) // 2
        low, high = (middle, high) if _has_frames(middle) else (low, middle)
    return high


def _has_frames(n: int) -> bool:
    try:
        sys._getframe(n)
    except ValueError:
        return False
    return True


def _frames_between(here: FrameType, outer: FrameType, guess: int) -> int:
    """Return how far `outer` is from `here`, which it called; `guess` makes it quick."""
    # `here` is three frames back; sys._getframe walks in C, and makes no objects on its way
    with suppress(ValueError):
        if guess and sys._getframe(3 + guess) is outer:
            return guess
    n, frame = 0, here
    while frame is not outer and frame.f_back is not None:
        n, frame = n + 1, frame.f_back
    return n


def frames_ahead() -> int:
    """Return the frames that may be had ahead of those in use, by the C stack of the thread."""
    return max(_LEAST_AHEAD, min(_MOST_AHEAD, stack_size() // _C_CALL))


def most_reentries() -> int:
    """Return how often evaluation may begin anew inside C code, in half the C stack."""
    return max(1, min(_MOST_REENTRIES, stack_size() // 2 // _REENTRY))


class _Thread(threading.local):
    """What is known of the current thread."""

    stack_size = 0


_thread = _Thread()


def stack_size() -> int:
    """Return the bytes of C stack that the current thread was given; a guess if none can say."""
    if not _thread.stack_size:
        found = 0
        with suppress(OSError, AttributeError, ValueError):
            found = _asked_stack_size()
        _thread.stack_size = found or threading.stack_size() or _UNKNOWN_STACK
    return _thread.stack_size


def _asked_stack_size() -> int:
    """Ask the system's threads; 0 where they cannot be asked."""
    if sys.platform == "win32":
        low, high = ctypes.c_void_p(), ctypes.c_void_p()
        kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - there on Windows only
        kernel.GetCurrentThreadStackLimits(ctypes.byref(low), ctypes.byref(high))
        return (high.value or 0) - (low.value or 0)
    threads = ctypes.CDLL(None)
    threads.pthread_self.restype = ctypes.c_void_p
    thread = ctypes.c_void_p(threads.pthread_self())
    if sys.platform == "darwin":
        threads.pthread_get_stacksize_np.restype = ctypes.c_size_t
        return int(threads.pthread_get_stacksize_np(thread))
    attributes = ctypes.create_string_buffer(256)  # pthread_attr_t takes 56 bytes, or 36
    if threads.pthread_getattr_np(thread, attributes):
        return 0
    start, size = ctypes.c_void_p(), ctypes.c_size_t()
    threads.pthread_attr_getstack(attributes, ctypes.byref(start), ctypes.byref(size))
    threads.pthread_attr_destroy(attributes)
    return size.value
