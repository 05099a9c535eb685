"""Interrupts: Ctrl-C kept back while it must not arrive.

Python raises KeyboardInterrupt between any two instructions. In a callback of LLVM, in a handler
of `except Exception` around it, or between taking a lock and using it, that is lost, becomes
another error, or leaves the lock taken. Inside the blocks below it is remembered instead.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
_LOOK = 0.05  # seconds between two looks at Ctrl-C; chosen here


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


def apart(work: Callable[[], T]) -> T:
    """Return what one long call of a library gives, and hear Ctrl-C meanwhile.

    Python hears it between two instructions, and such a call is one. It runs in a thread of its
    own, which after Ctrl-C goes on unheard until the call or the process ends: for work that
    changes nothing which anybody sees, and that gives the interpreter free.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    found: list[T] = []
    wrong: list[BaseException] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as error:
            wrong.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_LOOK)
    if wrong:
        raise wrong[0]
    return found[0]


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
