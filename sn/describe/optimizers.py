"""The optimizer option of an experiment: a rule with its numbers."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from typing import Any

from sn.codes import Code
from sn.describe.leads import layers
from sn.describe.options import (
    Argument,
    Clause,
    choice,
    clause,
    clauses,
    count,
    head_word,
    led,
    limited,
    name,
    told_at,
    unknown,
    whole,
)
from sn.describe.schedules import read_changing, refuse_schedule
from sn.describe.several import Several
from sn.describe.world import STARTING
from sn.errors import ArityError, EvalError
from sn.limits import DECAY, RATE, Limit, limit_of, option_name
from sn.lisp.forms import Pair, Symbol
from sn.lisp.machine import Machine
from sn.net.layer import Network
from sn.optim import (  # noqa: F401 - they register
    adaptive,
    conjugate,
    first_order,
    rprop,
    second_order,
)
from sn.optim.base import ALL, BIASES, LAYER, Optimizer, optimizer
from sn.optim.schedule import Schedule

OPTIMIZER = "(optimizer NAME (sgd (learning-rate R)))"
# SN's own names for what the field calls otherwise
_ALIASES = {"epsilon": "learning-rate", "alpha": "momentum"}
# SN's variables, read where a program sets them and an optimizer leaves the option out
# (sn-network, 5.4)
_VARIABLES = {"momentum": "alpha", "decay": "decay", "gamma": "gamma", "mu": "mu"}
_MAPPINGS = ("layers", "schedules", "decays")  # what is no option of its own


def read_optimizer(
    it: Machine, found: Clause, optimizers: dict[str, Optimizer], net: Network
) -> str:
    """Read (optimizer NAME (RULE ...)) into `optimizers`; return the name."""
    parts = [argument.form for argument in found.args]
    with led(lambda: layers.optimizer(parts, [*optimizer])):
        count(found, 2, 2, OPTIMIZER)
        title = name(found.args[0], "a name for the optimizer")
        inner = clause(found.args[1], OPTIMIZER)
        if inner.word not in optimizer:
            rules = {word: f"({word} ...)" for word in optimizer}
            raise unknown(f"there is no optimizer '{inner.word}'", inner.word, rules, inner)
    if title in optimizers:
        raise EvalError(
            f"there are two optimizers called '{title}'", span=found.args[0].span, code=Code.TWICE
        )
    kind = optimizer.get(inner.word)
    fields = {option_name(f.name): f for f in dataclasses.fields(kind) if f.name not in _MAPPINGS}
    known = {word: f"({word} X)" for word in fields}
    known |= {alias: f"({alias} X)" for alias, word in _ALIASES.items() if word in fields}
    rates = [part for part in inner.args if head_word(part) == "layer"]
    others = [part for part in inner.args if head_word(part) != "layer"]
    values: dict[str, Any] = {"layers": {}, "schedules": {}, "decays": {}}
    seen: set[str] = set()
    errors = Several()
    for part in rates:
        with errors:
            label, rate, decay = _layer_rate(it, part, net, "decay" in fields)
            if label in seen:
                raise EvalError(
                    f"layer {label} has two learning rates", span=part.span, code=Code.TWICE
                )
            seen.add(label)
            if rate is not None:
                _keep(rate, values["layers"], label, values["schedules"], LAYER + label)
            if decay is not None:
                values["decays"][label] = decay
    if "decay" in fields:
        known["bias-decay"] = "(bias-decay D)"
    if any(type(part.form) is not Pair for part in others):
        with led(lambda: layers.rule([part.form for part in others], inner.word)):
            clause(
                others[0], f"an option of {inner.word}, such as {next(iter(known.values()))}", known
            )
    for option in clauses(others, {**known, "layer": "(layer NAME RATE)"}, inner.word, errors):
        with errors:
            count(option, 1, 1, known[option.word])
            if option.word == "bias-decay":
                refuse_schedule(option.args[0], "bias-decay")
                decay = limited(it, option.args[0], "the bias-decay", DECAY)
                values["decays"][BIASES] = decay
                continue
            field = fields[_ALIASES.get(option.word, option.word)]
            if field.name in values:
                raise EvalError(
                    f"{option.word} is another name of an option that is there already",
                    span=option.span,
                    hint="leave one of them out",
                )
            _keep(_value(it, option, field), values, field.name, values["schedules"], field.name)
    errors.end()
    for word, variable in _VARIABLES.items():
        value = it.get_global(variable)
        limit = limit_of(fields[word]) if word in fields else None
        is_set = type(value) is float and value is not STARTING[variable]
        if limit is not None and word not in values and is_set:
            with told_at(inner.span):
                values[word] = limit.take(f"{word}, from the variable {variable},", value)
    for word, field in fields.items():
        if field.default is dataclasses.MISSING and field.name not in values:
            raise ArityError(
                f"({inner.word} ...) needs ({word} X)", span=inner.span, hint=OPTIMIZER
            )
    with told_at(inner.span):
        optimizers[title] = kind(**values)
    return title


def _keep(
    value: Any, values: dict[str, Any], name: str, schedules: dict[str, Schedule], key: str
) -> None:
    """Keep a setting under its name; of one that changes its start, and the schedule by its key."""
    if hasattr(value, "at"):
        schedules[key] = value
        value = value.at(1, 1)
    values[name] = value


def _layer_rate(
    it: Machine, argument: Argument, net: Network, decays: bool
) -> tuple[str, float | Schedule | None, float | None]:
    """Read (layer NAME [RATE] [(decay D)]): what connections into one layer have of their own."""
    usage = "(layer NAME [RATE] [(decay D)])" if decays else "(layer NAME RATE)"
    found = clause(argument, usage)
    count(found, 2, 3 if decays else 2, usage)
    label = choice(
        found.args[0], "layer", {one.name: None for one in net.layers if one.start is None}
    )
    rate, decay = None, None
    rest, last = found.args[1:], found.args[-1]
    if decays and head_word(last) == "decay":
        option = clause(last, "(decay D)")
        count(option, 1, 1, "(decay D)")
        refuse_schedule(option.args[0], "decay of a layer")
        decay = float(limited(it, option.args[0], f"the decay of layer {label}", DECAY))
        rest = rest[:-1]
    elif len(rest) == 2:
        raise EvalError(f"expected (decay D) here, found {usage}", span=last.span, hint=usage)
    if rest:
        cell = found.form.cdr.cdr
        rate = read_changing(it, rest[0], "the learning rate", RATE, cell)
    return label, rate, decay


def _value(it: Machine, option: Clause, field: dataclasses.Field[Any]) -> Any:
    """Read an option as its field wants it: a number or its schedule, or one of some words."""
    argument, what = option.args[0], f"the {option.word}"
    if field.name == "batch":
        return _batch(it, argument)
    if isinstance(field.default, StrEnum):
        kind = type(field.default)
        return kind(choice(argument, option.word, {str(word): None for word in kind if word}))
    limit = limit_of(field) or Limit()
    if limit.is_whole:
        refuse_schedule(argument, option.word)
        return limited(it, argument, what, limit)
    return read_changing(it, argument, what, limit, option.form.cdr)


def _batch(it: Machine, argument: Argument) -> int:
    """Read how many patterns a step follows: a whole number from 1 on, or `all`."""
    if type(argument.form) is Symbol and argument.form.name == "all":
        return ALL
    refuse_schedule(argument, "batch")
    return whole(it, argument, "the batch")
