"""Formula check: a formula is held against the Lisp function that it was made from.

Both are computed in float64 at some twenty points: near 0 and far from it, of either sign, and
on both sides of each number in the formula, where it may change. Where the function itself
fails, as (log -1) does, there is nothing to compare.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from sn.codes import Code
from sn.describe.options import of_kind, told_at
from sn.errors import EvalError, SnError, Span, ValueKindError
from sn.lisp.forms import describe, show
from sn.lisp.lambdas import De
from sn.lisp.machine import Machine
from sn.net.expr import Expr, constants_of, evaluate
from sn.net.stable import stable

POINTS = (0.0, 0.25, 0.5, 1.0, 1.75, 3.0, 5.0, 8.0, 20.0, 75.0, 300.0, 1e4)
OUTPUTS = (0.0, 0.03, 0.5, 0.8, 1.0, 1.6, 4.0, 60.0, 1e3)
DESIRED = (0.0, 1.0, -1.0, 0.75)
CORNERS = 8  # numbers of the formula whose neighbourhood is looked at
DEEPEST = 300  # chosen here: Python allows a thousand calls in one another
SMALLEST, LARGEST = float(np.finfo(np.float32).tiny), float(np.finfo(np.float32).max)
CLOSE, NOISE = 1e-7, 1e-11  # relative to the value; and to the largest number on the way to it


def compare(it: Machine, function: De, names: Sequence[str], raw: Expr, span: Span | None) -> None:
    """Compare an expression, and its stable form, with the function.

    Raises: EvalError at `span` where they differ, or where the function fails at every point;
    ValueKindError where its value is no number.
    """
    failed: tuple[str, SnError] | None = None
    count = 0
    for place in _places(names, raw):
        pairs = zip(function.names or (), place.values(), strict=True)
        words = ", ".join(f"{show(name)} = {value:.9g}" for name, value in pairs)
        try:
            expected = it.call(function, list(place.values()))
        except SnError as error:
            failed = words, error
            continue
        if type(expected) is not float:
            raise ValueKindError(
                f"a formula needs a number as its value; at {words} the function gives "
                f"{describe(expected)}",
                span=span,
            )
        count += 1
        for e in (raw, stable(raw)):
            found = _value(e, place)
            if not _is_near(e, raw, place, found, expected) and not _at_a_corner(
                it, function, e, place
            ):
                raise EvalError(
                    f"the formula differs from the function: at {words} the function gives "
                    f"{expected:.9g}, the formula {found:.9g}",
                    span=span,
                    hint=f"the formula is {raw}",
                )
    if not count and failed is not None:
        words, fault = failed
        raise EvalError(
            f"the function fails at every point tried; at {words}: {fault.message}",
            span=fault.span or span,
        )


@of_kind(Code.FORMULA)
def check_for_kernels(formulas: Callable[[], Sequence[Expr]], span: Span | None) -> None:
    """Hold a formula and its derivatives, which are found here, to what kernels can compute.

    Raises: EvalError at `span` for constants beyond float32, and for too many operations or too
    many within one another.
    """
    with told_at(span):
        for e in formulas():
            if e.depth > DEEPEST:
                raise EvalError(
                    f"more than {DEEPEST} operations of this formula, or of a derivative of it, "
                    "stand in one another",
                    hint="make it simpler",
                )
            for value in constants_of(e):
                if abs(value) > LARGEST or 0 < abs(value) < SMALLEST:
                    raise EvalError(
                        f"a kernel cannot compute with {value:g}, which the formula or a "
                        "derivative of it comes to",
                        hint="kernels have 32 bits for a number: from 1.2e-38 up to 3.4e+38",
                    )


def _places(names: Sequence[str], raw: Expr) -> Iterator[Mapping[str, float]]:
    corners = [
        value
        for number in dict.fromkeys(_numbers(raw))
        for value in (number, number - _step(number), number + _step(number))
    ][: 3 * CORNERS]
    if len(names) == 1:
        both = [sign * point for point in POINTS for sign in (1, -1)]
        for value in dict.fromkeys([*both, *corners]):
            yield {names[0]: value}
        return
    both = [sign * point for point in OUTPUTS for sign in (1, -1)]
    for y, d in itertools.product(dict.fromkeys([*both, *corners]), DESIRED):
        yield {names[0]: y, names[1]: d}


def _numbers(e: Expr) -> Iterator[float]:
    """The constants of a formula, those of comparisons first."""
    if e.op in ("lt", "le", "eq", "min", "max"):
        yield from (arg.value for arg in e.args if arg.op == "const")
    for arg in e.args:
        yield from _numbers(arg)
    if e.op == "const" and abs(e.value) < 1e6:
        yield e.value


def _step(number: float) -> float:
    return 1e-3 * max(1.0, abs(number))


def _value(e: Expr, place: Mapping[str, float]) -> float:
    with np.errstate(all="ignore"):
        return float(evaluate(e, {name: np.float64(value) for name, value in place.items()}))


def _is_near(e: Expr, raw: Expr, place: Mapping[str, float], found: float, expected: float) -> bool:
    """Whether two values differ by rounding at most: theirs, or that of a number on the way."""
    room = CLOSE * abs(expected)
    if abs(found - expected) <= room:
        return True
    memo: dict[Expr, Any] = {}
    with np.errstate(all="ignore"):
        variables = {name: np.float64(value) for name, value in place.items()}
        evaluate(raw, variables, memo=memo)
    sizes = [abs(float(value)) for value in memo.values()]
    largest = max((size for size in sizes if np.isfinite(size)), default=0.0)
    return abs(found - expected) <= room + NOISE * largest


def _at_a_corner(it: Machine, function: De, e: Expr, place: Mapping[str, float]) -> bool:
    """Whether both agree just beside a point: at a jump one rounding decides for either side."""
    for shift in (1e-9, -1e-9):
        moved = {name: value + shift * max(1.0, abs(value)) for name, value in place.items()}
        try:
            expected = it.call(function, list(moved.values()))
        except SnError:
            return False
        if type(expected) is not float or not _is_near(e, e, moved, _value(e, moved), expected):
            return False
    return True
