"""Interrupts: Ctrl-C kept back while it must not arrive.

Python raises KeyboardInterrupt between any two instructions. In a callback of LLVM, in a handler
of `except Exception` around it, or between taking a lock and using it, that is lost, becomes
another error, or leaves the lock taken. Inside the blocks below it is remembered instead.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Interrupt:
    """Whether Ctrl-C came."""

    came: bool = False

    def note(self, *_: object) -> None:
        """Remember it: a signal handler, so it takes no lock."""
        self.came = True

    def check(self) -> None:
        """Raise KeyboardInterrupt if it came: for places where that does no harm."""
        if self.came:
            raise KeyboardInterrupt


@contextmanager
def interrupts_kept() -> Iterator[Interrupt]:
    """Remember Ctrl-C inside the block; what becomes of it is the caller's to decide.

    Outside the main thread, which alone may set handlers, and where Ctrl-C raises nothing
    anyway, the block runs as it is.
    """
    interrupt = Interrupt()
    before = signal.getsignal(signal.SIGINT)
    is_raised = before is signal.default_int_handler
    if not is_raised or threading.current_thread() is not threading.main_thread():
        yield interrupt
        return
    signal.signal(signal.SIGINT, interrupt.note)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def interrupts_delayed() -> Iterator[Interrupt]:
    """Raise a Ctrl-C of the block at its end, in place of whatever it made of it."""
    with interrupts_kept() as interrupt:
        try:
            yield interrupt
        except BaseException:
            if interrupt.came:
                raise KeyboardInterrupt from None
            raise
    interrupt.check()
