"""The sweep form: what `sn sweep` varies where its command line says nothing."""

from __future__ import annotations

from sn.describe.axes import Axis, Choices, Range, is_whole
from sn.describe.options import (
    Argument,
    Clause,
    arguments,
    clause,
    count,
    number_in,
    told_at,
    wrong,
)
from sn.describe.several import Several
from sn.describe.world import World
from sn.errors import EvalError, ValueKindError
from sn.lisp.calls import special
from sn.lisp.forms import Pair, Symbol, Value, describe, fold, show
from sn.lisp.machine import Machine

SWEEP = {
    "NAME": "(NAME LOW HIGH [log] [real])",
    "one-of": "(NAME (one-of VALUE ...))",
}
_WORDS = ("log", "real")
_FORMS = " or ".join(("(NAME LOW HIGH)", "(NAME LOW HIGH log)", "(NAME VALUE VALUE ...)"))


@special("sweep", pattern=". axes", locked=False)
def sweep(it: Machine, form: Pair) -> Value:
    """(sweep (NAME LOW HIGH [log] [real]) (NAME VALUE VALUE ...) ...)

    Say what `sn sweep` varies: any variable that the program sets by setq, optimizer, or passes.
    Two numbers are the ends of a range, of whole numbers where both are whole and nothing says
    real; log spreads them evenly by their ratios. Other values are choices, not evaluated;
    (NAME (one-of 1 2)) are two numbers to choose from. Nothing else heeds the form; the value
    is ().
    """
    found: dict[str, Axis] = {}
    errors = Several()
    for argument in arguments(form):
        with errors:
            axis, place = _axis(it, argument)
            if axis.name in found:
                raise EvalError(
                    f"sweep has '{axis.name}' twice",
                    span=place.span,
                    hint="leave one of them out",
                )
            found[axis.name] = axis
    errors.end()
    world: World = it.world
    world.sweep = tuple(found.values())
    return None


def _axis(it: Machine, argument: Argument) -> tuple[Axis, Clause]:
    """Return what one list says is varied, and its place."""
    made = clause(argument, f"what is varied, {_FORMS}")
    count(made, 1, None, _FORMS)
    name, first = fold(made.word), made.args[0].form
    if type(first) is Pair and type(first.car) is Symbol and first.car.name == "one-of":
        count(made, 1, 1, SWEEP["one-of"])
        inner = clause(made.args[0], SWEEP["one-of"])
        count(inner, 1, None, "(one-of VALUE ...)")
        return Axis(name, _choices(it, inner.args)), made
    if type(first) is float and len(made.args) >= 2 and type(made.args[1].form) is float:
        words = [one.form.name for one in made.args[2:] if type(one.form) is Symbol]
        if len(words) == len(made.args) - 2:
            return Axis(name, _range(it, made)), made
    return Axis(name, _choices(it, made.args)), made


def _range(it: Machine, made: Clause) -> Range:
    low, high = (number_in(it, one, one.form, "an end of a range") for one in made.args[:2])
    words = []
    for one in made.args[2:]:
        word = show(one.form)
        if word not in _WORDS or word in words:
            raise wrong(it, one, one.form, "behind a range stand log and real, each at most once")
        words.append(word)
    found = Range(low, high, "log" in words, is_whole(low, high) and "real" not in words)
    with told_at(made.span):
        found.check()
    return found


def _choices(it: Machine, args: tuple[Argument, ...]) -> Choices:
    texts = tuple(show(one.form, it.numbers) for one in args)
    for one, text in zip(args, texts, strict=True):
        if texts.count(text) > 1:
            raise ValueKindError(
                f"each choice stands once, found {describe(one.form)} twice",
                span=one.span,
                hint="leave one of them out",
            )
    return Choices(texts)
