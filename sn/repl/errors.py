"""Errors as values: what a program at the prompt can ask of the last one, which is `*e`."""

from __future__ import annotations

from typing import ClassVar

from sn.errors import SnError
from sn.lisp.forms import Shown, Symbol, Value, to_list
from sn.lisp.machine import Machine


class LispError(Shown):
    """An error as a value of Lisp: what was wrong, where, and with what values around it."""

    noun = "error"

    def __init__(self, error: SnError) -> None:
        self.error = error
        # innermost first; `evaluate` drops them where nobody asks
        self.values = {symbol: value for symbol, (_, value) in (error.bindings or {}).items()}

    def show(self, numbers: object) -> str:
        """Return the printed name."""
        return f"::ERROR:{self.error.message}"


class Errors:
    """The last error of a session, and the words that tell of it; `last` is () before the first."""

    WORDS: ClassVar = {
        "error-message": "message",
        "error-hint": "hint",
        "error-form": "form",
        "error-place": "place",
        "error-calls": "calls",
        "error-values": "values",
    }

    def __init__(self) -> None:
        self.last: LispError | None = None

    def keep(self, it: Machine, error: SnError) -> None:
        """Make an error the last one."""
        self.last = LispError(error)
        it.define("*e", self.last)

    def message(self, error: LispError | None = None) -> Value:
        """(error-message [error])

        Return what was wrong, as a string; without an error, of the last one, `*e`. () where
        nothing was wrong yet.
        """
        found = error or self.last
        return found and found.error.message

    def hint(self, error: LispError | None = None) -> Value:
        """(error-hint [error])

        Return what the error said that may help, as a string, or ().
        """
        found = error or self.last
        return found and found.error.hint

    def form(self, error: LispError | None = None) -> Value:
        """(error-form [error])

        Return the call that the error arose in, as a list that may be looked at, changed and
        evaluated again; () where there is none.
        """
        found = error or self.last
        return found and found.error.form

    def place(self, error: LispError | None = None) -> Value:
        """(error-place [error])

        Return the place of the error as a list: the file, the line and the column; or ().
        """
        found = error or self.last
        span = found.error.span if found is not None else None
        return span and to_list([span.file, float(span.line), float(span.column)])

    def calls(self, error: LispError | None = None) -> Value:
        """(error-calls [error])

        Return the calls of functions that were going on, as a list of strings, innermost first.
        """
        found = error or self.last
        return found and to_list(found.error.frames)

    def values(self, error: LispError | None = None) -> Value:
        """(error-values [error])

        Return what the variables of functions and of `let` held where the error arose, as a list
        of lists (NAME VALUE).
        """
        found = error or self.last
        pairs: list[tuple[Symbol, Value]] = list(found.values.items()) if found else []
        return to_list(to_list([symbol, value]) for symbol, value in pairs)
