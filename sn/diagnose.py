"""Diagnose: what an editor shows while somebody types, from a text that is no file yet.

    diagnose("(defnet n (layer in (2)", "n.sn")

The program is evaluated as by `sn check`: it reads below its own folder, and what it writes is kept
in memory. Read next: `sn/diagnostics/`.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from sn import memory
from sn.codes import Code
from sn.diagnostics import Diagnostic, Problem, listed
from sn.errors import SnError, SnInternalError, Span
from sn.session import Session
from sn.watchdog import Watchdog

SECONDS = 5.0  # chosen here: a table of maps by a program takes a few, and nobody types meanwhile


def diagnose(text: str, name: str = "<text>", seconds: float = SECONDS) -> list[Diagnostic]:
    """Return what is wrong or odd in a program, in order; `name` is its file, if it had one.

    Never raises for a bad program, and ends after so many seconds; only the main thread can be
    stopped, so a server calls it there. What the program prints goes nowhere.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    problems: list[Problem] = []
    try:
        with _quiet(), Watchdog(seconds, memory.limit()):
            problems += _checked(plain, Path(name))
    except SnError as error:
        error.keep_texts({name: plain})
        if error.code == Code.STOPPED:
            place = Span(name, 1, 1, 1, 1)
            said = f"{error.message.partition(',')[0]}: what is behind is not looked at"
            error = SnError(said, code=Code.STOPPED, span=place)
        problems.append(error)
    except Exception as error:  # whatever it is, an editor goes on
        problems.append(SnInternalError(f"{type(error).__name__}: {error}"))
    return [one for problem in problems for one in listed(problem)]


def _checked(text: str, file: Path) -> list[Problem]:
    """Evaluate a program and return what is odd about its nets.

    Raises: SnError.
    """
    program = Session().load_text(file, text, file.parent)
    return [notice for name in program.networks for notice in program.compiled(name).warnings]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Let programs print nowhere and ask nobody: an editor may speak over these streams."""
    stdin = sys.stdin
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        sys.stdin = io.StringIO()
        try:
            yield
        finally:
            sys.stdin = stdin
