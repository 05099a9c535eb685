"""Recovery: what (on-error ...) lets a program see of the place where an error arose.

By the time an error reaches the form that waits for it, the bindings of its place are gone; so they
are noted in the error where it arises, while somebody waits. Read next: `specials/control.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from sn.errors import SnError
from sn.lisp.machine import Machine

Failed = TypeVar("Failed", bound=SnError)


def noted(it: Machine, error: Failed) -> Failed:
    """Return `error`, with what is bound now where an (on-error ...) waits for it."""
    if it.recoveries and error.bindings is None:
        error.bindings = {
            symbol: (len(symbol.saved), symbol.value) for symbol in it.symbols if symbol.saved
        }
    return error


@contextmanager
def bound_again(error: BaseException) -> Iterator[None]:
    """Bind, for the duration of a `with` block, what was bound where `error` arose."""
    bindings = (error.bindings or {}) if isinstance(error, SnError) else {}
    lost = {symbol: value for symbol, (n, value) in bindings.items() if n > len(symbol.saved)}
    for symbol, value in lost.items():
        symbol.saved.append(symbol.value)
        symbol.value = value
    try:
        yield
    finally:
        for symbol in lost:
            symbol.value = symbol.saved.pop()
