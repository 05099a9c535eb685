"""Cells: the one session that the cells of a notebook share, and the program they are together."""

from __future__ import annotations

import sys
from pathlib import Path

from sn.experiment import Experiment
from sn.lisp.forms import Value
from sn.lisp.gate import Allow
from sn.session import Program, Session

PROGRAM = Path("notebook.sn")  # what runs call the program; there is no such file


class Cells:
    """A session, and the cells that were evaluated in it.

    What a program prints goes to what stdout is when it is printed: a notebook may redirect it.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.session.interpreter.stdout.file = _Stdout()  # type: ignore[assignment]  # it writes
        self._texts: list[str] = []

    def evaluate(self, text: str, name: str) -> Value:
        """Evaluate a cell and return the value of its last form; errors call the cell `name`.

        Raises: SnError with the place of what is wrong. What was evaluated before that stays.
        """
        try:
            value = self.session.evaluate(text, name)
        finally:
            self.session.interpreter.stdout.flush()
        self._texts.append(text)
        return value

    @property
    def program(self) -> Program:
        """All cells together, as a program whose experiments can be trained."""
        return Program(self.session, PROGRAM, "\n".join(self._texts))

    @property
    def experiment(self) -> Experiment:
        """The experiment that was described last.

        Raises: SnError when no cell describes one.
        """
        return self.program.experiment()


class _Stdout:
    """Writes to what stdout is now."""

    def write(self, text: str) -> int:
        return sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()

    def isatty(self) -> bool:
        return False


class _Open:
    """The cells that are open in this process."""

    cells: Cells | None = None


def cells() -> Cells:
    """Return the cells of this notebook; the first call opens their session."""
    if _Open.cells is None:
        begin()
    assert _Open.cells is not None
    return _Open.cells


def session() -> Session:
    """Return the session that the cells share."""
    return cells().session


def begin(seed: int = 0, data: str | None = None, allow: Allow | None = None) -> Session:
    """Begin a new session for the cells that come, and return it; options are those of `Session`.

    Cells read files below the current folder and write none, unless `allow` opens folders.
    """
    _Open.cells = Cells(Session(seed=seed, data=data, allow=allow))
    return _Open.cells.session
