"""Options of an experiment on how a net is judged: criterion, stop, keep, reference."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.describe.options import (
    Clause,
    choice,
    clause,
    clauses,
    count,
    head_word,
    limited,
    number,
    unknown,
    whole,
    wrong,
)
from sn.describe.several import Several
from sn.limits import NOT_NEGATIVE, POSITIVE, Limit
from sn.lisp.forms import Pair, Symbol, Value, to_list
from sn.lisp.machine import Machine
from sn.net.layer import Network
from sn.results.record import Reference
from sn.train import criteria
from sn.train.criteria import Criterion
from sn.train.stopping import PATIENCE

CRITERION = "(criterion max|sign|quadrant|(sign LOW HIGH)|(tolerance T)|(mean-square M)|FUNCTION)"
STOP = "(stop (error E) (patience PASSES))"
KEEP = "(keep best|last)"
REFERENCE = '(reference "TITLE" (train-error E) (train-misses N) ...)'
_PLAIN: dict[str, Callable[[], Criterion]] = {
    "max": criteria.largest,
    "sign": criteria.sign,
    "quadrant": criteria.quadrant,
}
_WITH_NUMBERS: dict[str, tuple[Callable[..., Criterion], int, Limit, str]] = {
    "sign": (criteria.sign, 2, Limit(), "(sign LOW HIGH)"),
    "tolerance": (criteria.tolerance, 1, NOT_NEGATIVE, "(tolerance T)"),
    "mean-square": (criteria.mean_square, 1, POSITIVE, "(mean-square M)"),
}


def read_criterion(it: Machine, found: Clause, net: Network) -> Criterion:
    """(criterion KIND): when a pattern counts as right."""
    count(found, 1, 1, CRITERION)
    argument = found.args[0]
    form = argument.form
    if type(form) is Symbol and form.name in _PLAIN:
        return _PLAIN[form.name]()
    if type(form) is Pair and type(form.car) is Symbol and form.car.name in _WITH_NUMBERS:
        inner = clause(argument, CRITERION)
        make, size, limit, call = _WITH_NUMBERS[inner.word]
        count(inner, size, size, call)
        return make(*(limited(it, part, f"a bound of {inner.word}", limit) for part in inner.args))
    function = it.eval(form)
    if type(form) is Symbol and function is None:
        known = {word: call for word, (_, _, _, call) in _WITH_NUMBERS.items()}
        known |= {word: word for word in _PLAIN}
        raise unknown(f"there is no criterion '{form.name}'", form.name, known, argument)
    if not hasattr(function, "apply"):
        raise wrong(it, argument, function, "a criterion is a word or a function", CRITERION)
    return Criterion("lisp", _judged_by(it, function))


def _judged_by(it: Machine, function: Value) -> Any:
    """Return the criterion that asks a Lisp function of outputs and desired values, two lists."""

    def right(outputs: NDArray[Any], targets: NDArray[Any]) -> NDArray[np.bool_]:
        answers = (
            it.call(function, [to_list(y.tolist()), to_list(d.tolist())])
            for y, d in zip(outputs.astype(float), targets.astype(float), strict=True)
        )
        return np.fromiter((answer is not None for answer in answers), bool, len(outputs))

    return right


def read_stop(it: Machine, found: Clause, net: Network) -> dict[str, Any]:
    """(stop (error E) (patience PASSES)): when a run ends before its last pass."""
    count(found, 1, None, STOP)
    known = {"error": "(error E)", "patience": "(patience PASSES)"}
    values: dict[str, Any] = {}
    errors = Several()
    for option in clauses(list(found.args), known, "stop", errors):
        with errors:
            count(option, 1, 1, known[option.word])
            limit = NOT_NEGATIVE if option.word == "error" else PATIENCE
            values[option.word] = limited(it, option.args[0], f"the {option.word}", limit)
    errors.end()
    return values


def read_keep(it: Machine, found: Clause, net: Network) -> bool:
    """(keep best|last): which weights a run ends with."""
    count(found, 1, 1, KEEP)
    return choice(found.args[0], "pass to keep", {"best": None, "last": None}) == "best"


def read_reference(it: Machine, found: Clause, net: Network) -> Reference:
    """(reference TITLE (FIGURE X) ...): published figures, printed beside those of a run."""
    count(found, 1, None, REFERENCE)
    words = {field.name.replace("_", "-"): field for field in dataclasses.fields(Reference)}
    del words["title"]
    form = found.args[0].form
    title = form if head_word(found.args[0]) in words else it.eval(form)
    if type(title) is not str:
        expected = "a reference starts with its title, a string"
        raise wrong(it, found.args[0], title, expected, REFERENCE)
    known = {word: f"({word} {'NAME' if word == 'data' else 'X'})" for word in words}
    values: dict[str, Any] = {}
    errors = Several()
    for option in clauses(list(found.args[1:]), known, "reference", errors):
        with errors:
            count(option, 1, 1, known[option.word])
            name, argument = words[option.word].name, option.args[0]
            if option.word == "data":
                values[name] = it.eval(argument.form)
                if type(values[name]) is not str:
                    raise wrong(
                        it,
                        argument,
                        values[name],
                        "the data of a reference is a name",
                        '(data "NAME")',
                    )
            elif option.word.endswith(("error", "rejected")):
                values[name] = number(it, argument, option.word)
            else:
                values[name] = whole(it, argument, option.word, 0)
    errors.end()
    return Reference(title, **values)
