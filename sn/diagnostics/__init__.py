"""Diagnostics: what is wrong or odd in a program, as one list of values that anything can show.

    for one in listed(error):
        print(github.annotation(one))

Errors, the errors found besides, and warnings become a `Diagnostic` each, in order. What shows one:
`terminal.py` in words with carets, `lines.py` as JSON, `github.py` as an annotation; editors take
the list itself (`sn/diagnose.py`). Read next: `sn/codes/` for the kinds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from sn.codes import Code
from sn.errors import Label, Notice, SnError, SnInternalError, Span

Problem: TypeAlias = SnError | SnInternalError | Notice


class Severity(StrEnum):
    """How bad it is: an error stops, a warning does not, a note only tells."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that is wrong or odd: what, where, and what to do about it.

    `labels` are further places, each with a few words; `frames` the Lisp calls around the place,
    the innermost first. `problem` is what it was made of.
    """

    code: Code
    severity: Severity
    message: str
    span: Span | None = None
    hint: str | None = None
    labels: tuple[Label, ...] = ()
    frames: tuple[str, ...] = ()
    problem: Problem | None = field(default=None, repr=False, compare=False)


def listed(problem: Problem) -> list[Diagnostic]:
    """Return a problem, and those that were found besides, as diagnostics; none twice."""
    problems = problem.all if isinstance(problem, SnError) else (problem,)
    return list(dict.fromkeys(map(_diagnostic, problems)))


def _diagnostic(problem: Problem) -> Diagnostic:
    if isinstance(problem, Notice):
        code, text = problem.code, problem.message
        return Diagnostic(code, Severity.WARNING, text, problem.span, problem.hint, problem=problem)
    if isinstance(problem, SnInternalError):
        hint = "this is a fault in SN, not in your program"
        return Diagnostic(problem.code, Severity.ERROR, problem.message, hint=hint, problem=problem)
    return Diagnostic(
        problem.code,
        Severity.ERROR,
        problem.message,
        problem.span,
        problem.hint,
        problem.labels,
        tuple(problem.frames),
        problem,
    )
