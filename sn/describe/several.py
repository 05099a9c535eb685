"""Several: errors of one form that do not depend on each other are told together.

    errors = Several()
    for option in clauses(args, known, what, errors):
        with errors:
            ...
    errors.end()

Who edits a form sees all of its slips at once, in the order of the source. What a limit stops is
told at once: to go on would run into it again.
"""

from __future__ import annotations

from types import TracebackType

from sn.codes import Code
from sn.errors import SnError, raise_all

MOST = 1000  # chosen here: a table of maps may have millions of numbers
_STOPS = frozenset((Code.MEMORY, Code.DEPTH, Code.STOPPED))


class Several:
    """Errors that were found so far; each `with` keeps the one that its block raises."""

    def __init__(self) -> None:
        self.errors: list[SnError] = []

    def __enter__(self) -> Several:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if not isinstance(error, SnError) or error.code in _STOPS:
            return False
        self.add(error)
        return True

    def add(self, error: SnError) -> None:
        """Keep an error; raise all when there are so many that nobody wants to know more."""
        self.errors.append(error)
        if len(self.errors) >= MOST:
            self.end()

    def end(self) -> None:
        """Raise what was found, if anything: the first in the source, with the others beside it."""
        self.errors.sort(key=_place)
        raise_all(self.errors)


def _place(error: SnError) -> tuple[int, int, int]:
    """Return what to sort an error by; one without a place comes last."""
    span = error.span
    return (1, 0, 0) if span is None else (0, span.line, span.column)
