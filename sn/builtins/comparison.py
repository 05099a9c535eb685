"""Builtins that compare values: equality, identity, order."""

from __future__ import annotations

from collections.abc import Callable

from sn.builtins.dates import same_kind
from sn.errors import ValueKindError
from sn.lisp.calls import builtin
from sn.lisp.equality import equal
from sn.lisp.forms import Value, describe


def _compared(name: str, a: Value, b: Value) -> tuple[Value, Value]:
    """Return what Python compares for two values that are no numbers both."""
    if same_kind(name, a, b):
        return a.moment, b.moment
    _same_order(name, a, b)
    return a, b


def _same_order(name: str, a: Value, b: Value) -> None:
    if type(a) is not type(b) or type(a) not in (float, str):
        text = f"{name} compares two numbers or two strings, found {describe(a)} and {describe(b)}"
        raise ValueKindError(text)


def _extreme(name: str, values: list[Value], better: Callable[[Value, Value], bool]) -> Value:
    best = values[0]
    for value in values[1:]:
        _same_order(name, best, value)
        if better(value, best):
            best = value
    return best


@builtin("max")
def maximum(first: float | str, *others: float | str) -> Value:
    """(max values...)

    Return the largest of some numbers, or of some strings.

    (max 3 7 5)
    => 7
    """
    return _extreme("max", [first, *others], lambda a, b: a > b)


@builtin("min")
def minimum(first: float | str, *others: float | str) -> Value:
    """(min values...)

    Return the smallest of some numbers, or of some strings.

    (min 3 7 5)
    => 3
    """
    return _extreme("min", [first, *others], lambda a, b: a < b)


@builtin("=")
def is_equal(a: Value, b: Value) -> bool:
    """(= a b)

    Tell whether two values are equal: the same number, string or symbol, or lists or matrices
    with equal elements.

    (= '(1 "a") '(1 "a"))
    => t
    """
    return equal(a, b)


@builtin("<>")
def is_not_equal(a: Value, b: Value) -> bool:
    """(<> a b)

    Tell whether two values are not equal.

    (<> 1 "1")
    => t
    """
    return not equal(a, b)


@builtin("==")
def is_same(a: Value, b: Value) -> bool:
    """(== a b)

    Tell whether two values are one and the same object; two equal numbers are not.

    (== 'a 'a)
    => t
    (== "ab" "ab")
    => ()
    """
    return a is b


@builtin("<")
def is_less(a: Value, b: Value) -> bool:
    """(< a b)

    Tell whether a number, a string or a date is less than another.

    (< 1 2)
    => t
    """
    if type(a) is not float or type(b) is not float:
        a, b = _compared("<", a, b)
    return bool(a < b)


@builtin(">")
def is_greater(a: Value, b: Value) -> bool:
    """(> a b)

    Tell whether a number, a string or a date is greater than another.

    (> "b" "a")
    => t
    """
    if type(a) is not float or type(b) is not float:
        a, b = _compared(">", a, b)
    return bool(a > b)


@builtin("<=")
def is_at_most(a: Value, b: Value) -> bool:
    """(<= a b)

    Tell whether a number, a string or a date is less than or equal to another.

    (<= 2 2)
    => t
    """
    if type(a) is not float or type(b) is not float:
        a, b = _compared("<=", a, b)
    return bool(a <= b)


@builtin(">=")
def is_at_least(a: Value, b: Value) -> bool:
    """(>= a b)

    Tell whether a number, a string or a date is greater than or equal to another.

    (>= 1 2)
    => ()
    """
    if type(a) is not float or type(b) is not float:
        a, b = _compared(">=", a, b)
    return bool(a >= b)
