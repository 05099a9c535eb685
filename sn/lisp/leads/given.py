"""Given: what a program binds or assigns, for words that may have a value after all.

Each is worked out once, for all the words that are asked about: a text has many lines, and any of
them may hold a word that only looks foreign.
"""

from __future__ import annotations

import functools
import re

from sn.lisp.forms import Pair, Value, fold
from sn.lisp.leads.names import bound_by
from sn.lisp.leads.writing import name_of

_MOST = 300_000  # cells looked at; a form that a macro-character made may have no end
_ASSIGNED = re.compile(r"\(\s*(?:setq|set|de|df|dm|dmd)\s+'?([^\s(]+)[\s(]", re.IGNORECASE)
_LOADS = re.compile(r"\(\s*(?:lib)?load\s", re.IGNORECASE)


def bound(form: Pair) -> set[str] | None:
    """Return the names that a form binds anywhere inside, None where it is too large to tell."""
    found: set[str] = set()
    todo: list[Value] = [form]
    for _ in range(_MOST):
        if not todo:
            return found
        one = todo.pop()
        if type(one) is Pair:
            found |= bound_by(name_of(one.car), one)
            todo += (one.cdr, one.car)
    return None


@functools.lru_cache(maxsize=2)
def lines(text: str) -> list[str]:
    """Return the lines of a text."""
    return text.split("\n")


@functools.lru_cache(maxsize=2)
def assigned(text: str) -> frozenset[str]:
    """Return the names that a text gives a value somewhere."""
    return frozenset(fold(name) for name in _ASSIGNED.findall(text))


@functools.lru_cache(maxsize=2)
def last_load(text: str) -> int:
    """Return the last line of a text that loads another, 0 where none does."""
    found = (n for n, line in enumerate(lines(text), 1) if _LOADS.search(line))
    return max(found, default=0)
