"""Options: sub-lists such as (kernel 5 5), read with their places and checked once.

Net and experiment forms say what they accept as a table from each word to its call form; an
unknown word, a value of the wrong kind or a wrong count gets a caret and the accepted form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sn.codes import Code
from sn.describe.leads import layers
from sn.describe.leads.words import elsewhere, given
from sn.describe.several import Several
from sn.errors import (
    ArityError,
    EvalError,
    Label,
    SnError,
    Span,
    UnknownNameError,
    ValueKindError,
    did_you_mean,
)
from sn.limits import Limit
from sn.lisp.forms import Pair, Symbol, Value, cells, describe, element_span, show
from sn.lisp.leads.names import found, is_unset, unset
from sn.lisp.machine import Machine

_MANY = 200  # characters of call forms that a hint lists; of more it lists the words alone


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


def head_word(argument: Argument) -> str:
    """Return the word that an argument starts with, if it is a list that starts with one."""
    form = argument.form
    return form.car.name if type(form) is Pair and type(form.car) is Symbol else ""


def clause(argument: Argument, expected: str, known: Mapping[str, str] | None = None) -> Clause:
    """Return an argument as a clause; `known` maps words to the call forms that hints show.

    Raises: ValueKindError when it is not a list that starts with a symbol.
    """
    form = argument.form
    if type(form) is Pair and type(form.car) is Symbol and form.car.name != "scope":
        place = form.span or argument.span
        return Clause(form.car.name, tuple(arguments(form)), place, element_span(form), form)
    found, hint = describe(form), None
    word = form
    if type(form) is Pair and type(form.car) is Symbol:
        # the reader makes (scope x) of :x
        found = show(form)
        hint = "an option is a list; a colon means the global value of a name"
        word = form.cdr.car if type(form.cdr) is Pair else None
    if known is not None:
        hint = layers.option(word, known) or hint
        if hint is None and type(form) is Symbol:
            hint = did_you_mean(form.name, known) or "an option is a list; leave the word out"
    raise ValueKindError(f"expected {expected}, found {found}", span=argument.span, hint=hint)


def clauses(
    args: list[Argument], known: Mapping[str, str], what: str, errors: Several
) -> Iterator[Clause]:
    """Yield the clauses of a form; `known` maps each accepted word to its call form.

    `errors` keeps an UnknownNameError for each other word, an EvalError for each that stands twice,
    and a ValueKindError for the first of several that are no lists: `:size 10` is one slip.
    """
    seen: dict[str, Clause] = {}
    was_list = True
    for argument in args:
        found, is_list = None, type(argument.form) is Pair and head_word(argument) != "scope"
        goes_on, was_list = not (is_list or was_list), is_list
        if goes_on:
            continue
        with errors:
            found = _next_clause(argument, known, what, seen)
        if found is not None:
            seen[found.word] = found
            yield found


def _next_clause(
    argument: Argument, known: Mapping[str, str], what: str, seen: Mapping[str, Clause]
) -> Clause:
    example = next(iter(known.values()), "()")
    found = clause(argument, f"an option of {what}, such as {example}", known)
    if found.word not in known:
        raise unknown(f"{what} has no option '{found.word}'", found.word, known, found)
    if found.word in seen:
        first = seen[found.word].span
        raise EvalError(
            f"{what} has the option '{found.word}' twice",
            code=Code.TWICE,
            span=found.span,
            labels=[Label(first, "it stands here first")] if first else (),
            hint="leave one of them out",
        )
    return found


def unknown(
    text: str, word: str, known: Mapping[str, str], place: Clause | Argument
) -> UnknownNameError:
    """Return the error for a word that is not in `known`, a table of call forms.

    The hint names what SN calls the thing, the nearest word, or all of them.
    """
    form = place.form
    args = given(form)
    hint = elsewhere(word, known, args)
    if hint is None and word == "quote" and args:
        hint = layers.option(args[0], known)
    hint = hint or did_you_mean(word, known)
    if hint is None:
        forms = ", ".join(known.values())
        hint = "known: " + (forms if len(forms) <= _MANY else ", ".join(known))
        hint = hint if known else "leave it out: there are no options here"
    span = place.head_span if isinstance(place, Clause) else place.span
    return UnknownNameError(text, span=span, hint=hint)


def count(found: Clause, least: int, most: int | None, usage: str) -> None:
    """Demand a number of arguments.

    Raises: ArityError with the call form, at the first argument too many or at the clause.
    """
    n = len(found.args)
    if n >= least and (most is None or n <= most):
        return
    if most is None:
        need = f"at least {least}"
    elif least == most:
        need = str(least) if least else "no"
    else:
        need = f"{least} or {most}" if most == least + 1 else f"{least} to {most}"
    noun = "argument" if need.rsplit(" ", 1)[-1] == "1" else "arguments"
    span = found.args[most].span if most is not None and n > most else found.span
    raise ArityError(
        f"{found.word} needs {need} {noun}, found {n}", span=span, hint=f"the call form is {usage}"
    )


def wrong(
    it: Machine, argument: Argument, value: Value, expected: str, hint: str | None = None
) -> ValueKindError:
    """Return the error for an argument whose value is not what was expected.

    The usual reasons get a hint of their own: a name without a value, a fraction, a quote.
    """
    form = argument.form
    if is_unset(form):
        hint = unset(it, form, argument.span, hint=hint)
    elif type(value) is Symbol and value.value is not None and type(form) is Pair:
        hint = f"without the quote, {show(value)} stands for its value"
    text = f"{expected}, found {found(form, value)}"
    return ValueKindError(text, span=argument.span, hint=hint)


def number(it: Machine, argument: Argument, what: str) -> float:
    """Return an argument's value, a number.

    Raises: ValueKindError.
    """
    # counted, because many are evaluated inside generators, for which C code waits
    value = it.reenter(lambda: it.eval(argument.form))
    return number_in(it, argument, value, what)


def number_in(it: Machine, argument: Argument, value: Value, what: str) -> float:
    """Return the value of an argument, which must be a number.

    Raises: ValueKindError.
    """
    if type(value) is not float:
        hint = None
        if type(argument.form) is Symbol:
            hint = f"(setq {show(argument.form)} NUMBER) gives it a value"
        raise wrong(it, argument, value, f"{what} must be a number", hint)
    return value


def limited(it: Machine, argument: Argument, what: str, limit: Limit) -> Any:
    """Return an argument's value, an int or float within a limit.

    Raises: ValueKindError.
    """
    value = number(it, argument, what)
    with told_at(argument.span):
        return limit.given(what, value)


@contextmanager
def told_at(span: Span | None) -> Iterator[None]:
    """Give an error that comes without a place this one."""
    try:
        yield
    except SnError as error:
        for one in error.all:
            one.span = one.span or span
        raise


@contextmanager
def of_kind(code: Code) -> Iterator[None]:
    """Give errors of the evaluator that are made meanwhile this kind: what they are about."""
    try:
        yield
    except SnError as error:
        for one in error.all:
            if one.code in (Code.EVALUATION, Code.KIND, Code.COUNT, Code.NET):
                one.code = code
        raise


@contextmanager
def led(lead: Callable[[], str | None]) -> Iterator[None]:
    """Ask a lead for the hint of an error that is made meanwhile; it may know nothing."""
    try:
        yield
    except SnError as error:
        meant = lead()
        if meant is not None:
            error.hint, error.others = meant, ()  # it explains the form, and so all that is wrong
        raise


def whole(it: Machine, argument: Argument, what: str, least: int = 1) -> int:
    """Return an argument's value, a whole number not below `least`.

    Raises: ValueKindError.
    """
    return int(limited(it, argument, what, Limit(least, is_whole=True)))


def name(argument: Argument, what: str) -> str:
    """Return an argument that is a name: a symbol as it stands.

    Raises: ValueKindError.
    """
    form = argument.form
    if type(form) is not Symbol:
        hint = None
        if type(form) is str:
            hint = f"write {form} without the quotes"
        elif type(form) is Pair and type(form.car) is Symbol and form.car.name == "quote":
            hint = "write the name without a quote"
        elif type(form) is Pair and type(form.car) is Symbol and form.cdr is None:
            hint = f"write {show(form.car)} without the parentheses"
        raise ValueKindError(
            f"expected {what}, a symbol, found {describe(form)}", span=argument.span, hint=hint
        )
    return form.name


def choice(argument: Argument, what: str, known: Mapping[str, Any]) -> str:
    """Return an argument that is one of some names.

    Raises: UnknownNameError with the nearest.
    """
    found = name(argument, what)
    if found not in known:
        raise unknown(
            f"there is no {what} '{found}'", found, {word: word for word in known}, argument
        )
    return found
