"""Workers: processes that run what another process asks of them, and are gone when it is.

    process = spawn_context().Process(target=...)   # the target calls `serve` first
    with untold():
        process.start()

A worker is silent, for what a program prints was printed where it was read first, and takes no more
memory at once than it is told.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sn import memory


@contextmanager
def untold() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach before `serve` lets it: no trace of theirs."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows, where no signal is sent to them
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def serve(n_bytes: int) -> None:
    """Make a process a good worker: silent, and gone when the process that started it is.

    It may take as much memory at once as that. What a program prints was printed there already,
    and so is that Ctrl-C came.
    """
    memory.set_limit(n_bytes)
    memory.collect_less_often()
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - until the process ends
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    # a parent that is killed cannot say so: without this its workers wait for work for ever
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
