"""Options: sub-lists such as (kernel 5 5), read with their places and checked once.

Net and experiment forms say what they accept as a table of `Option`; an unknown word, a value
of the wrong kind or a wrong count gets a caret and the accepted form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sn.errors import ArityError, EvalError, Span, UnknownNameError, ValueKindError, did_you_mean
from sn.forms import Pair, Symbol, Value, cells, describe, element_span


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument: its form, not evaluated, and its place."""

    form: Value
    span: Span | None


@dataclass(frozen=True, slots=True)
class Clause:
    """One sub-list: its head word and its arguments."""

    word: str
    args: tuple[Argument, ...]
    span: Span | None
    head_span: Span | None
    form: Pair


def arguments(form: Value) -> list[Argument]:
    """Return the elements of a list after its head, with their places."""
    if type(form) is not Pair:
        return []
    return [Argument(cell.car, element_span(cell)) for cell in cells(form.cdr)]


def clause(argument: Argument, expected: str) -> Clause:
    """Return an argument as a clause.

    Raises: ValueKindError when it is not a list that starts with a symbol.
    """
    form = argument.form
    if type(form) is not Pair or type(form.car) is not Symbol:
        raise ValueKindError(f"expected {expected}, found {describe(form)}", span=argument.span)
    return Clause(
        form.car.name, tuple(arguments(form)), form.span or argument.span, element_span(form), form
    )


def clauses(args: list[Argument], known: Mapping[str, str], what: str) -> Iterator[Clause]:
    """Yield the clauses of a form; `known` maps each accepted word to its call form.

    Raises: UnknownNameError for another word, EvalError for a word that stands twice.
    """
    seen: dict[str, Clause] = {}
    for argument in args:
        found = clause(argument, f"an option of {what}, such as {next(iter(known.values()))}")
        if found.word not in known:
            hint = did_you_mean(found.word, known) or "known: " + ", ".join(known.values())
            raise UnknownNameError(
                f"{what} has no option '{found.word}'", span=found.head_span, hint=hint
            )
        if found.word in seen:
            raise EvalError(f"{what} has option '{found.word}' twice", span=found.span)
        seen[found.word] = found
        yield found


def count(found: Clause, least: int, most: int | None, usage: str) -> None:
    """Demand a number of arguments.

    Raises: ArityError with the call form.
    """
    n = len(found.args)
    if n < least or (most is not None and n > most):
        need = (
            str(least)
            if least == most
            else f"{least} or more"
            if most is None
            else (f"{least} to {most}")
        )
        noun = "argument" if need == "1" else "arguments"
        raise ArityError(
            f"({found.word} ...) needs {need} {noun}, found {n}", span=found.span, hint=usage
        )


def number(it: Any, argument: Argument, what: str) -> float:
    """Return an argument's value, a number.

    Raises: ValueKindError.
    """
    value = it.eval(argument.form)
    if type(value) is not float:
        hint = None
        if type(argument.form) is Symbol:
            hint = f"(setq {argument.form.name} NUMBER) gives it a value"
            if "/" in argument.form.name:
                hint = "SN Lisp has no fractions: write 0.66666666, or (/ 2 3)"
        raise ValueKindError(
            f"{what} must be a number, found {describe(value)}", span=argument.span, hint=hint
        )
    return value


def whole(it: Any, argument: Argument, what: str, least: int = 1) -> int:
    """Return an argument's value, a whole number not below `least`.

    Raises: ValueKindError.
    """
    value = number(it, argument, what)
    if value != int(value) or value < least:
        raise ValueKindError(
            f"{what} must be a whole number of at least {least}, found {value:g}",
            span=argument.span,
        )
    return int(value)


def name(argument: Argument, what: str) -> str:
    """Return an argument that is a name: a symbol as it stands.

    Raises: ValueKindError.
    """
    if type(argument.form) is not Symbol:
        raise ValueKindError(
            f"expected {what}, a symbol, found {describe(argument.form)}", span=argument.span
        )
    return argument.form.name


def choice(argument: Argument, what: str, known: Mapping[str, Any]) -> str:
    """Return an argument that is one of some names.

    Raises: UnknownNameError with the nearest.
    """
    found = name(argument, what)
    if found not in known:
        hint = did_you_mean(found, known) or "known: " + ", ".join(known)
        raise UnknownNameError(f"there is no {what} '{found}'", span=argument.span, hint=hint)
    return found


Reader = Callable[[Any, Clause], Any]
