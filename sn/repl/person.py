"""Person: whom a dialogue is with, and what the words of the prompt ask of the dialogue.

Protocols, so that neither has to know who stands on the other side.
"""

from __future__ import annotations

from typing import Protocol

from sn.errors import SnError
from sn.interp import Interpreter
from sn.lisp.forms import Value
from sn.results.check_report import CheckReport
from sn.session import Program


class Person(Protocol):
    """How things are told."""

    def tell(self, error: SnError) -> None:
        """Tell an error, with its place."""

    def fault(self, error: Exception) -> None:
        """Tell what went wrong in SN itself, or in the system."""

    def say(self, text: str) -> None:
        """Say a sentence that is no value."""

    @property
    def width(self) -> int | None:
        """How many columns a text may take, None for any."""
        ...

    def show_parts(self, report: CheckReport) -> None:
        """Show what a net is made of."""


class Talk(Protocol):
    """A dialogue, as its words see it."""

    it: Interpreter
    person: Person

    @property
    def program(self) -> Program:
        """What was loaded and typed so far."""
        ...

    def keep(self, form: Value) -> None:
        """Let a form that was read before stand once more in the program."""
