"""Schedules: settings of an optimizer that change from pass to pass or with each presentation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sn.describe.formula import formula
from sn.describe.options import (
    Argument,
    Clause,
    clause,
    count,
    head_word,
    limited,
    number_in,
    told_at,
    unknown,
    whole,
)
from sn.errors import EvalError, SnError, ValueKindError
from sn.limits import Limit
from sn.lisp.forms import Pair, Value, describe, elements, show
from sn.lisp.lambdas import De
from sn.lisp.machine import Machine
from sn.optim.schedule import (
    VARIABLES,
    Called,
    Cosine,
    Formula,
    Linear,
    PerPass,
    Schedule,
    Step,
)

_FORMS = {
    "step": "(step R FACTOR EVERY)",
    "linear": "(linear A B PASSES)",
    "cosine": "(cosine A B PASSES)",
    "list": "(list R1 R2 ...)",
}


def read_changing(
    it: Machine, argument: Argument, what: str, limit: Limit, cell: Pair | None
) -> float | Schedule:
    """Return a setting that may change: a number, a list of them, a form above or a function.

    `cell` is the one whose element the argument is. The first word of a form counts before a
    function of that name.
    Raises: ValueKindError, SettingError or EvalError, at the number that is wrong.
    """
    word = head_word(argument)
    if word in _FORMS:
        return _READERS[word](it, clause(argument, _FORMS[word]), what, limit)
    if word and argument.form.car.value is None:
        found = clause(argument, "a number or a schedule")
        raise unknown(f"no schedule or function is called '{word}'", word, _FORMS, found)
    value = it.eval(argument.form)
    if hasattr(value, "run"):
        return _function(it, argument, value, what, limit, cell)
    if type(value) is Pair:
        return _list(argument, value, what, limit)
    number = number_in(it, argument, value, what)
    with told_at(argument.span):
        return float(limit.given(what, number))


def refuse_schedule(argument: Argument, word: str) -> None:
    """Raise EvalError for a schedule where a setting cannot change."""
    if head_word(argument) in _FORMS:
        raise EvalError(f"{word} cannot change while a run lasts", span=argument.span)


def _step(it: Machine, found: Clause, what: str, limit: Limit) -> Schedule:
    count(found, 3, 3, _FORMS["step"])
    start, factor, every = found.args
    return Step(
        float(limited(it, start, what, limit)),
        float(limited(it, factor, "the factor of a step", Limit(0))),
        whole(it, every, "the passes of a step"),
    )


def _ramp(kind: Callable[[float, float, int], Schedule]) -> Callable[..., Schedule]:
    def read(it: Machine, found: Clause, what: str, limit: Limit) -> Schedule:
        count(found, 3, 3, _FORMS[found.word])
        start, end = (float(limited(it, argument, what, limit)) for argument in found.args[:2])
        return kind(start, end, whole(it, found.args[2], f"the passes of {found.word}", 2))

    return read


def _per_pass(it: Machine, found: Clause, what: str, limit: Limit) -> Schedule:
    count(found, 1, None, _FORMS["list"])
    return PerPass(tuple(float(limited(it, one, what, limit)) for one in found.args))


_READERS: dict[str, Callable[..., Schedule]] = {
    "step": _step,
    "linear": _ramp(Linear),
    "cosine": _ramp(Cosine),
    "list": _per_pass,
}


def _list(argument: Argument, value: Value, what: str, limit: Limit) -> Schedule:
    """Return the schedule of a list that the program has made."""
    numbers = []
    for one in elements(value):
        if type(one) is not float:
            raise ValueKindError(
                f"{what} must be a number in each pass, found {describe(one)} in a list",
                span=argument.span,
            )
        with told_at(argument.span):
            numbers.append(float(limit.take(what, one)))
    return PerPass(tuple(numbers))


def _function(
    it: Machine, argument: Argument, function: Any, what: str, limit: Limit, cell: Pair | None
) -> Schedule:
    """Return a function of pass and presentation as a formula, or as it is where it is none."""
    called = _called(it, argument, function, what)
    found: Schedule = called
    try:
        found = Formula(formula(it, function, VARIABLES, cell), argument.span)
    except SnError as error:
        try:
            called.at(1, 1)
        except SnError:
            raise error from None
    with told_at(argument.span):
        limit.take(what, found.at(1, 1))
    return found


def _called(it: Machine, argument: Argument, function: Any, what: str) -> Called:
    """Return a function that is called by the interpreter.

    Raises: ValueKindError when it is not one of two numbers.
    """
    if type(function) is not De or function.names is None or len(function.names) != len(VARIABLES):
        raise ValueKindError(
            f"{what} may be a function of two numbers, pass and presentation, found "
            f"{describe(function)}",
            span=argument.span,
            hint="such as (lambda (pass presentation) (/ 0.1 pass))",
        )

    def call(number: float, presentation: float) -> float:
        with told_at(argument.span):
            value = it.call(function, [number, presentation])
        if type(value) is not float:
            raise ValueKindError(
                f"{what} must be a number, found {describe(value)} in pass {number:g} at "
                f"presentation {presentation:g}",
                span=argument.span,
            )
        return value

    names = " ".join(map(show, function.names))
    body = " ".join(show(form) for form in elements(function.body))
    return Called(call, f"(lambda ({names}) {body})", argument.span)
