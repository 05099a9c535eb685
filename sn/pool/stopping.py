"""Stopping: ends what a thread does once nobody waits for it.

    with stopped_when(is_over):
        ...

A run on a cluster is done by a thread of a worker. Dask forgets one whose client has left, and lets
the thread go on: a program without an end would keep its worker from all others.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SECONDS = 1.0  # between two looks; chosen here


class Stopped(BaseException):
    """Raised in a thread between two instructions of Python, as KeyboardInterrupt in the first."""


@contextmanager
def stopped_when(is_over: Callable[[], bool]) -> Iterator[None]:
    """Raise Stopped inside the block once `is_over`, which another thread asks.

    Where something in the block goes on in spite of it, it is raised again.
    """
    thread, ended, is_done = threading.get_ident(), threading.Event(), False

    def watch() -> None:
        while not (ended.wait(SECONDS) or is_done):
            if is_over() and not is_done:
                _raise(thread, Stopped)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        is_done = True  # first, as it may be raised in the lines below too
        ended.set()
        watcher.join()
        _raise(thread, None)  # one that has not arrived yet


def _raise(thread: int, kind: type[BaseException] | None) -> None:
    """Have a thread raise, as soon as it runs Python; None takes back what has not arrived."""
    what = None if kind is None else ctypes.py_object(kind)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), what)
