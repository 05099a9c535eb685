"""Recovery: what (on-error ...) lets a program see of the place where an error arose.

By the time an error reaches the form that waits for it, the bindings of its place are gone; so they
are noted in the error where it arises, while somebody waits. Read next: `specials/control.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from sn.errors import SnError
from sn.lisp.forms import Pair, Symbol, show
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


# How messages of this SN were worded in SN 2.8; the first that fits a whole message counts.
_WORDINGS = (
    (re.compile(r"(?:floating exception|division by zero).*"), "{who} : Floating exception"),
    (re.compile(r"locked symbol: (.*) cannot be assigned"), "{who} : locked symbol : {0}"),
    (
        re.compile(r"no function is called .*|.* is not a function.*"),
        "eval : not a function call : {form}",
    ),
    (re.compile(r"(\S+) needs (an? \w+).*?, found (?:the \w+ )?(.*)"), "{0} : not {1} : {2}"),
    (re.compile(r"(\S+) needs (.* arguments?), found \d+"), "{0} : needs {1}"),
    (re.compile(r"(subscript out of range).*"), "{who} : {0}"),
)


def historical_text(error: SnError) -> str:
    """Return an error as SN 2.8 worded it: "car : not a list : 3", without its place."""
    form = error.form
    head = form.car if type(form) is Pair else None
    who = show(head) if type(head) is Symbol else "eval"
    message = error.message
    for pattern, wording in _WORDINGS:
        if found := pattern.fullmatch(message):
            return wording.format(*found.groups(), who=who, form=show(form, limit=24))
    said = message.replace(": ", " : ")
    return said if " : " in said else f"{who} : {said}"
