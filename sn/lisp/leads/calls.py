"""Calls: what was meant by a list whose first element is no function."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from sn.errors import SnError, Span, UnknownNameError, ValueKindError, did_you_mean
from sn.lisp.forms import Pair, Symbol, Value, describe
from sn.lisp.leads import infix
from sn.lisp.leads.names import functions
from sn.lisp.leads.words import words
from sn.lisp.leads.writing import call, items, label, name_of, opening
from sn.lisp.library import call_forms
from sn.lisp.machine import Machine

QUOTED = "a list that is no call stands behind a quote"
_CLOSE = 0.8  # how alike a known name must be to speak against other readings; chosen here
_GLUED = re.compile(r"[^\s()\[\]\"';`,|]+$")


def no_function(it: Machine, head: Value, value: Value, form: Value) -> SnError:
    """Return the error for the call `form` of what is no function; `value` is that of its head."""
    text = it.source(form.span.file) if type(form) is Pair and form.span is not None else None
    if type(head) is not Symbol:
        found = describe(head if value is None else value)
        return ValueKindError(f"{found} is not a function", hint=not_a_function(form, text))
    name = label(head)
    if head.value is None:
        hint = unknown_function(head.name, form, functions(it), text)
        return UnknownNameError(f"no function is called '{name}'", hint=hint)
    return ValueKindError(
        f"{name} is not a function: its value is {describe(head.value)}",
        hint=not_a_function(form, text)
        or f"write {label(head)} without parentheses to get its value",
    )


def unknown_function(name: str, form: Value, known: Iterable[str], text: str | None) -> str:
    """Return the hint for a call of a name that has no value.

    `known` are the functions that there are, `text` is what `form` was read from.
    """
    names = list(known)
    args = items(form.cdr, 200) if type(form) is Pair else None
    if args is None:
        return did_you_mean(name, names) or f"(de {label(Symbol(name))} (...) ...) defines one"
    if name in words and (hint := words.get(name)(args)):
        return hint
    if hint := _glued(form, text):
        return hint
    near = did_you_mean(name, names)
    if (hint := infix.lead(form, False)) and not _is_close(name, names):
        return hint
    if not args and (whole := infix.tight(name)):
        return f"the function comes first, and blanks between: write {whole}"
    return near or f"(de {label(Symbol(name))} (...) ...) defines one"


def not_a_function(form: Value, text: str | None) -> str | None:
    """Return the hint for a call whose first element has a value that is no function."""
    if type(form) is not Pair:
        return None
    if hint := _glued(form, text) or infix.lead(form, True):
        return hint
    if type(form.car) is Symbol:
        if ours := call_forms().get(form.car.name):
            name = label(form.car)
            return f"SN's {ours} is gone since {name} got a value: give that another name"
        if form.cdr is None:
            return f"write {label(form.car)} without parentheses to get its value"
        return "the first element of a list is the function that it calls"
    return quoted(form)


def quoted(form: Pair) -> str:
    """Return the hint that a list of data stands behind a quote."""
    return f"{QUOTED}: '{opening(form)}"


def depth(form: Value) -> int:
    """Return how many lists begin with one another, up to 9."""
    count = 0
    while type(form) is Pair and count < 9:
        form, count = form.car, count + 1
    return count


def _is_close(name: str, names: list[str]) -> bool:

    return bool(difflib.get_close_matches(name, names, n=1, cutoff=_CLOSE))


def _glued(form: Pair, text: str | None) -> str | None:
    """Return the hint for `sqrt(2)`: a word right before the parenthesis is the function."""
    if form.span is None or text is None:
        return None
    before = before_on_line(text, form.span)
    match = _GLUED.search(before)
    if match is None:
        return None
    args = items(form, 200) or []
    name = Symbol(match[0])
    if name_of(name) in infix.OPERATORS:
        return None
    return f"the parenthesis stands before the function: {call(name.name, args)}"


def before_on_line(text: str, span: Span) -> str:
    """Return what stands before a place on its line."""
    lines = text.split("\n")
    return lines[span.line - 1][: span.column - 1] if span.line <= len(lines) else ""
