"""The experiment form: which data, targets, cost, initial weights and optimizers a net meets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sn.describe.data import DATA, read_data
from sn.describe.formula import formula
from sn.describe.init import INIT, read_init
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
from sn.describe.optimizers import OPTIMIZER, read_optimizer
from sn.describe.options import (
    Argument,
    Clause,
    arguments,
    choice,
    clause,
    clauses,
    count,
    head_word,
    limited,
    name,
    told_at,
)
from sn.describe.phases import PHASE, read_phases
from sn.describe.world import World
from sn.errors import ArityError, EvalError, Span, UnknownNameError, did_you_mean
from sn.limits import PASSES, Limit
from sn.lisp.calls import special
from sn.lisp.forms import Pair, Symbol, Value
from sn.lisp.machine import Machine
from sn.net.costs import Cost, cost
from sn.net.layer import Network
from sn.optim.base import Optimizer
from sn.train.experiment import DEFAULT_TARGETS, ORDERS, ExperimentSpec, check_targets
from sn.train.stopping import Stop

_FORMS = {
    "data": DATA,
    "targets": "(targets LOW HIGH)",
    "cost": "(cost NAME)",
    "init": INIT,
    "optimizer": OPTIMIZER,
    "passes": "(passes N)",
    "phase": PHASE,
    "order": "(order constant|shuffled)",
    "criterion": CRITERION,
    "stop": STOP,
    "keep": KEEP,
    "reference": REFERENCE,
}


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
    others = [part for part in rest if head_word(part) not in ("optimizer", "phase")]
    places: dict[str, Span] = {}
    for argument in rest:
        if head_word(argument) == "optimizer":
            found = clause(argument, _FORMS["optimizer"])
            title_of_rule = read_optimizer(it, found, optimizers, net)
            if found.span is not None:
                places[title_of_rule] = found.span
    for found in clauses(others, _FORMS, f"experiment {title}"):
        fields[found.word] = _READERS[found.word](it, found, net)
    phases = [part for part in rest if head_word(part) == "phase"]
    fields["phases"] = read_phases(it, phases, optimizers)
    _check_passes(fields, others, phases)
    fields["stop"] = Stop(**fields.pop("stop", {}), keep_best=fields.pop("keep", False))
    for needed, there in (("data", "data" in fields), ("optimizer", bool(optimizers))):
        if not there:
            raise ArityError(
                f"experiment {title} says nothing about its {needed}",
                span=form.span,
                hint=f"add {_FORMS[needed]}",
            )
    _check_layer_cost(fields, [part for part in others if head_word(part) == "cost"], net)
    world.experiments[title] = ExperimentSpec(
        net=title, optimizers=optimizers, span=form.span, places=places, **fields
    )
    return form.cdr.car


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


def _check_passes(fields: dict[str, Any], others: list[Argument], phases: list[Argument]) -> None:
    """Count the passes of phases; EvalError where the experiment says their number too."""
    if not phases:
        return
    if "passes" in fields:
        places = {head_word(part): part.span for part in (*phases, *others)}
        raise EvalError(
            "the phases say how many passes there are",
            span=places["passes"],
            hint="leave out the passes that stand outside of the phases",
        )
    fields["passes"] = sum(phase.passes for phase in fields["phases"])


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


def _passes(it: Machine, found: Clause, net: Network) -> int:
    count(found, 1, 1, _FORMS["passes"])
    return int(limited(it, found.args[0], "the number of passes", PASSES))


def _order(it: Machine, found: Clause, net: Network) -> str:
    count(found, 1, 1, _FORMS["order"])
    return choice(found.args[0], "order", dict.fromkeys(ORDERS))


_READERS: Mapping[str, Callable[[Machine, Clause, Network], Any]] = {
    "data": read_data,
    "targets": _targets,
    "cost": _cost,
    "init": read_init,
    "passes": _passes,
    "order": _order,
    "criterion": read_criterion,
    "stop": read_stop,
    "keep": read_keep,
    "reference": read_reference,
}
