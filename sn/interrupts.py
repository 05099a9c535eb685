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
    """Whether Ctrl-C came, and came again; `is_open` while it may be raised where it comes."""

    came: bool = False
    came_twice: bool = False
    is_open: bool = False

    def note(self, *_: object) -> None:
        """Remember it: a signal handler, so it takes no lock."""
        self.came = True

    def note_once(self, *_: object) -> None:
        """Remember it; where it may be raised, or came before, raise it: a signal handler too."""
        self.came_twice, self.came = self.came, True
        if self.is_open or self.came_twice:
            raise KeyboardInterrupt

    @contextmanager
    def let_through(self) -> Iterator[None]:
        """Raise it inside the block where it comes: for long work that may be dropped."""
        self.check()
        self.is_open = True
        try:
            yield
        finally:
            self.is_open = False

    def check(self) -> None:
        """Raise KeyboardInterrupt if it came: for places where that does no harm."""
        if self.came:
            raise KeyboardInterrupt


class Announced:
    """A handler of Ctrl-C for a process that ignores it, as those in the background of a shell do:
    it raises only once somebody in the process said that it comes.
    """

    def __init__(self) -> None:
        self.comes = False

    def __call__(self, *_: object) -> None:
        """Raise KeyboardInterrupt if it was announced: a signal handler."""
        if self.comes:
            raise KeyboardInterrupt


@contextmanager
def interrupts_kept(is_patient: bool = True) -> Iterator[Interrupt]:
    """Remember Ctrl-C inside the block; what becomes of it is the caller's to decide.

    Unless the block `is_patient`, a second one is raised at once.
    Outside the main thread, which alone may set handlers, and where Ctrl-C raises nothing
    anyway, the block runs as it is.
    """
    interrupt = Interrupt()
    before = signal.getsignal(signal.SIGINT)
    is_raised = before is signal.default_int_handler or isinstance(before, Announced)
    if not is_raised or threading.current_thread() is not threading.main_thread():
        yield interrupt
        return
    note = interrupt.note if is_patient else interrupt.note_once

    def handle(*_: object) -> None:
        if not isinstance(before, Announced) or before.comes:
            note()

    signal.signal(signal.SIGINT, handle)
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
