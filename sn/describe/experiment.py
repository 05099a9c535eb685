"""The experiment form: which data, targets, cost, initial weights and optimizers a net meets."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from typing import Any

from sn.data import NamedData, dataset
from sn.describe.formula import formula
from sn.describe.judging import (
    CRITERION,
    KEEP,
    REFERENCE,
    STOP,
    read_criterion,
    read_keep,
    read_reference,
    read_stop,
)
from sn.describe.options import (
    Argument,
    Clause,
    arguments,
    choice,
    clause,
    clauses,
    count,
    limited,
    name,
    told_at,
    unknown,
    wrong,
)
from sn.describe.world import World
from sn.errors import ArityError, EvalError, Span, UnknownNameError, did_you_mean
from sn.limits import NOT_NEGATIVE, PASSES, RATE, Limit, limit_of, option_name
from sn.lisp.calls import special
from sn.lisp.forms import Pair, Symbol, Value
from sn.lisp.machine import Machine
from sn.net.costs import Cost, cost
from sn.net.init import Init, fan_in_law
from sn.net.layer import Network
from sn.optim import adaptive, conjugate, first_order, second_order  # noqa: F401 - they register
from sn.optim.base import Optimizer, optimizer
from sn.results.record import Reference
from sn.train.criteria import Criterion
from sn.train.experiment import DEFAULT_TARGETS, ORDERS, ExperimentSpec, check_targets
from sn.train.stopping import Stop

_FORMS = {
    "data": '(data "NAME") or (data (first-available "NAME" ...))',
    "targets": "(targets LOW HIGH)",
    "cost": "(cost NAME)",
    "init": "(init (uniform X LAW))",
    "optimizer": "(optimizer NAME (sgd (learning-rate R)))",
    "passes": "(passes N)",
    "order": "(order constant|shuffled)",
    "criterion": CRITERION,
    "stop": STOP,
    "keep": KEEP,
    "reference": REFERENCE,
}
# SN's own names for what the field calls otherwise
_ALIASES = {"epsilon": "learning-rate", "alpha": "momentum"}
# SN's variables, read where an optimizer leaves the option out (sn-network, 5.4)
_VARIABLES = {"momentum": "alpha", "decay": "decay", "gamma": "gamma", "mu": "mu"}


@special("experiment", pattern="net . options")
def experiment(it: Machine, form: Pair) -> Value:
    """(experiment NET (data D) (optimizer NAME (RULE ...)) ...)

    Say how a net is trained. The data and one optimizer are needed; the first optimizer is the
    one that runs by default. What an optimizer leaves out is taken from SN's variables alpha,
    decay, gamma and mu where the program has set them. The value is the name of the net.
    """
    first, *rest = arguments(form)
    title = name(first, "the name of a net")
    world: World = it.world
    net = world.networks.get(title)
    if net is None:
        known = list(world.networks)
        hint = did_you_mean(title, known) or (
            "described so far: " + ", ".join(known)
            if known
            else f"(defnet {title} ...) describes one; it stands before the experiment"
        )
        raise UnknownNameError(f"no net is called '{title}'", span=first.span, hint=hint)
    optimizers: dict[str, Optimizer] = {}
    fields: dict[str, Any] = {"cost": cost.get("lms")(net.layers[-1].size)}
    others = [argument for argument in rest if not _is_optimizer(argument)]
    places: dict[str, Span] = {}
    for argument in rest:
        if _is_optimizer(argument):
            found = clause(argument, _FORMS["optimizer"])
            title_of_rule = _optimizer(it, found, optimizers, net)
            if found.span is not None:
                places[title_of_rule] = found.span
    for found in clauses(others, _FORMS, f"experiment {title}"):
        fields[found.word] = _READERS[found.word](it, found, net)
    fields["stop"] = Stop(**fields.pop("stop", {}), keep_best=fields.pop("keep", False))
    for needed, there in (("data", "data" in fields), ("optimizer", bool(optimizers))):
        if not there:
            raise ArityError(
                f"experiment {title} says nothing about its {needed}",
                span=form.span,
                hint=f"add {_FORMS[needed]}",
            )
    _check_layer_cost(fields, [part for part in others if _head(part) == "cost"], net)
    world.experiments[title] = ExperimentSpec(
        net=title, optimizers=optimizers, span=form.span, places=places, **fields
    )
    return form.cdr.car


def _is_optimizer(argument: Argument) -> bool:
    return _head(argument) == "optimizer"


def _data(it: Machine, found: Clause, net: Network) -> NamedData:
    count(found, 1, 1, _FORMS["data"])
    argument = found.args[0]
    parts: tuple[Argument, ...] = (argument,)
    if type(argument.form) is Pair:
        inner = clause(argument, _FORMS["data"])
        if inner.word != "first-available":
            raise UnknownNameError(
                f"data cannot come from '{inner.word}'", span=inner.head_span, hint=_FORMS["data"]
            )
        count(inner, 1, None, _FORMS["data"])
        parts = inner.args
    names = []
    for part in parts:
        value = it.eval(part.form)
        if type(value) is not str:
            word = part.form.name if type(part.form) is Symbol else ""
            hint = f'write "{word}", with quotes' if word in dataset else _FORMS["data"]
            raise wrong(it, part, value, "the name of a data set is a string", hint)
        if value not in dataset:
            error = f"no data set is called '{value}'"
            if "." in value or "/" in value:
                hint = "SN reads the data sets that `sn data list` names, from where it finds them"
                raise UnknownNameError(error, span=part.span, hint=hint)
            raise unknown(error, value, {word: f'"{word}"' for word in dataset}, part)
        names.append(value)
    return NamedData(tuple(names))


def _targets(it: Machine, found: Clause, net: Network) -> tuple[float, float]:
    count(found, 2, 2, _FORMS["targets"])
    low, high = (limited(it, argument, "a target", Limit()) for argument in found.args)
    with told_at(found.span):
        return check_targets(low, high)


def _cost(it: Machine, found: Clause, net: Network) -> Cost:
    """(cost NAME) or (cost FUNCTION) of output and desired value, per output unit."""
    count(found, 1, 1, _FORMS["cost"])
    argument = found.args[0]
    if type(argument.form) is Symbol and argument.form.name in cost:
        return cost.get(argument.form.name)(net.layers[-1].size)
    function = it.eval(argument.form)
    if type(argument.form) is Symbol and function is None:
        choice(argument, "cost", dict.fromkeys(cost))
    value = formula(it, function, ("y", "d"), found.form.cdr)
    return Cost("lisp", value, written=str(value))


def _check_layer_cost(fields: dict[str, Any], places: list[Argument], net: Network) -> None:
    """Hold a net to what a cost over its output layer needs.

    Raises: EvalError for outputs that are not linear, or desired values below 0.
    """
    error: Cost = fields["cost"]
    if not error.reductions:
        return
    span, last = places[0].span, net.layers[-1]
    if str(last.activation) != "linear":
        raise EvalError(
            f"(cost {error.name}) takes the outputs as they are, and those of layer {last.name} "
            f"have the non-linearity {last.activation}",
            span=span,
            hint=f"make them linear: (layer {last.name} ... (linear))",
        )
    low, high = fields.get("targets", DEFAULT_TARGETS)
    if low < 0:
        raise EvalError(
            f"(cost {error.name}) needs desired values of at least 0, found the targets "
            f"{low:g} and {high:g}",
            span=span,
            hint="(targets 0 1) gives the right unit all, the others nothing",
        )


def _init(it: Machine, found: Clause, net: Network) -> Init:
    count(found, 1, 1, _FORMS["init"])
    inner = clause(found.args[0], _FORMS["init"])
    if inner.word != "uniform":
        raise UnknownNameError(
            f"there is no init '{inner.word}'", span=inner.head_span, hint=_FORMS["init"]
        )
    laws = dict.fromkeys(fan_in_law)
    count(inner, 1, 2, f"(uniform X [LAW]), LAW one of {', '.join(laws)}")
    law = choice(inner.args[1], "init law", laws) if len(inner.args) == 2 else "constant"
    return Init(limited(it, inner.args[0], "the width", NOT_NEGATIVE), law)


def _optimizer(it: Machine, found: Clause, optimizers: dict[str, Optimizer], net: Network) -> str:
    """Read (optimizer NAME (RULE ...)) into `optimizers`; return the name."""
    count(found, 2, 2, _FORMS["optimizer"])
    title = name(found.args[0], "a name for the optimizer")
    if title in optimizers:
        raise EvalError(f"there are two optimizers called '{title}'", span=found.args[0].span)
    inner = clause(found.args[1], _FORMS["optimizer"])
    if inner.word not in optimizer:
        rules = {word: f"({word} ...)" for word in optimizer}
        raise unknown(f"there is no optimizer '{inner.word}'", inner.word, rules, inner)
    kind = optimizer.get(inner.word)
    fields = {option_name(f.name): f for f in dataclasses.fields(kind) if f.name != "layers"}
    known = {word: f"({word} X)" for word in fields}
    known |= {alias: f"({alias} X)" for alias, word in _ALIASES.items() if word in fields}
    rates = [part for part in inner.args if _head(part) == "layer"]
    others = [part for part in inner.args if _head(part) != "layer"]
    values: dict[str, Any] = {"layers": dict(_layer_rate(it, part, net) for part in rates)}
    for option in clauses(others, {**known, "layer": "(layer NAME RATE)"}, inner.word):
        count(option, 1, 1, known[option.word])
        field = fields[_ALIASES.get(option.word, option.word)]
        if field.name in values:
            raise EvalError(
                f"{option.word} is another name of an option that is there already",
                span=option.span,
                hint="leave one of them out",
            )
        values[field.name] = _value(it, option, field)
    for word, variable in _VARIABLES.items():
        value = it.get_global(variable)
        limit = limit_of(fields[word]) if word in fields else None
        if limit is not None and word not in values and type(value) is float:
            with told_at(inner.span):
                values[word] = limit.take(f"{word}, from the variable {variable},", value)
    for word, field in fields.items():
        if field.default is dataclasses.MISSING and field.name not in values:
            raise ArityError(
                f"({inner.word} ...) needs ({word} X)", span=inner.span, hint=_FORMS["optimizer"]
            )
    with told_at(inner.span):
        optimizers[title] = kind(**values)
    return title


def _head(argument: Argument) -> str:
    form = argument.form
    return form.car.name if type(form) is Pair and type(form.car) is Symbol else ""


def _layer_rate(it: Machine, argument: Argument, net: Network) -> tuple[str, float]:
    """Read (layer NAME RATE): the learning rate of the connections into one layer."""
    found = clause(argument, "(layer NAME RATE)")
    count(found, 2, 2, "(layer NAME RATE)")
    label = choice(found.args[0], "layer", {layer.name: None for layer in net.layers[1:]})
    return label, limited(it, found.args[1], "the learning rate", RATE)


def _value(it: Machine, option: Clause, field: dataclasses.Field[Any]) -> Any:
    """Read an option as its field wants it: a number, a whole number or one of some words."""
    argument, what = option.args[0], f"the {option.word}"
    if isinstance(field.default, StrEnum):
        kind = type(field.default)
        return kind(choice(argument, option.word, {str(word): None for word in kind if word}))
    return limited(it, argument, what, limit_of(field) or Limit())


def _passes(it: Machine, found: Clause, net: Network) -> int:
    count(found, 1, 1, _FORMS["passes"])
    return int(limited(it, found.args[0], "the number of passes", PASSES))


def _order(it: Machine, found: Clause, net: Network) -> str:
    count(found, 1, 1, _FORMS["order"])
    return choice(found.args[0], "order", dict.fromkeys(ORDERS))


def _criterion(it: Machine, found: Clause, net: Network) -> Criterion:
    return read_criterion(it, found)


def _stop(it: Machine, found: Clause, net: Network) -> dict[str, Any]:
    return read_stop(it, found)


def _keep(it: Machine, found: Clause, net: Network) -> bool:
    return read_keep(it, found)


def _reference(it: Machine, found: Clause, net: Network) -> Reference:
    return read_reference(it, found)


_READERS = {
    "data": _data,
    "targets": _targets,
    "cost": _cost,
    "init": _init,
    "passes": _passes,
    "order": _order,
    "criterion": _criterion,
    "stop": _stop,
    "keep": _keep,
    "reference": _reference,
}
