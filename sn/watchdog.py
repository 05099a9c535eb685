"""Watchdog: stops what takes too long, or takes memory bit by bit, in the way that Ctrl-C does.

    with Watchdog(seconds=60, n_bytes=4_000_000_000):
        ...

What is asked for at once is refused before it is taken (`memory.py`); a loop that grows a list is
not. A thread looks at the clock and at the memory of this process, and interrupts the main thread.
All that ends well after Ctrl-C ends well after this; only the words at the end differ.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import time
from types import TracebackType
from typing import Any

from sn.codes import Code
from sn.errors import SnError
from sn.interrupts import Announced
from sn.memory import size_text

OWN = 150_000_000  # bytes besides: Numba, and what is compiled; measured
PATIENCE = 5.0  # seconds before it interrupts again; chosen here
INTERVAL = 0.1  # seconds between looks; chosen here: a loop of Lisp takes some 10 MB in it


class Watchdog:
    """Limits of time and memory for the block; leaves the main thread alone once it has ended.

    Raises: SnError at the end of a block that it interrupted.
    """

    def __init__(self, seconds: float | None, n_bytes: int | None) -> None:
        self._seconds, self._n_bytes = seconds, n_bytes
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._reason: SnError | None = None
        self._announced: Announced | None = None
        self._before: Any = None

    def __enter__(self) -> Watchdog:
        if threading.current_thread() is threading.main_thread():  # no other can be interrupted
            before = signal.getsignal(signal.SIGINT)
            if before in (signal.SIG_IGN, signal.SIG_DFL):  # neither raises, and one ends all
                self._announced, self._before = Announced(), before
                signal.signal(signal.SIGINT, self._announced)
            threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            with self._lock:
                self._ended.set()
        except KeyboardInterrupt:  # the block ended just then
            if self._reason is None:
                raise
        if self._announced is not None:
            signal.signal(signal.SIGINT, self._before)
        if self._reason is not None and (error is None or isinstance(error, KeyboardInterrupt)):
            raise self._reason from None

    def _watch(self) -> None:
        started, taken = time.monotonic(), memory_used()
        while not self._ended.wait(INTERVAL):
            reason = None
            if self._seconds is not None and time.monotonic() - started > self._seconds:
                reason = SnError(
                    f"stopped after {self._seconds:g} s, the limit of --time-limit",
                    code=Code.STOPPED,
                    hint="--time-limit SECONDS allows more",
                )
            elif self._n_bytes is not None and memory_used() - taken > self._n_bytes + OWN:
                reason = SnError(
                    f"stopped because it took more than {size_text(self._n_bytes)} of memory",
                    code=Code.STOPPED,
                    hint="does a loop grow a list without an end? --memory SIZE, as in "
                    "--memory 4G, allows more",
                )
            with self._lock:
                if reason is not None and not self._ended.is_set():
                    self._reason = reason
                    if self._announced is not None:
                        self._announced.comes = True
                    _interrupt()
            if reason is not None:
                # one that comes in the middle of a destructor is lost; what ends well needs a while
                self._ended.wait(PATIENCE)


def memory_used() -> int:
    """Return the bytes of memory that this process has taken; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        pass
    try:
        import resource  # not on Windows
    except ImportError:
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _interrupt() -> None:
    """Have Ctrl-C come to the main thread."""
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        signal.pthread_kill(main, signal.SIGINT)  # wakes it too where it waits
    else:
        _thread.interrupt_main()
