"""The experiment form: which data, targets, cost, initial weights and optimizers a net meets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sn.describe.augment import AUGMENT, read_augmentation
from sn.describe.data import DATA, read_data
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
    led,
    limited,
    name,
)
from sn.describe.outputs import (
    COST,
    OUTPUT,
    TARGETS,
    read_cost,
    read_outputs,
    read_targets,
)
from sn.describe.phases import PHASE, read_phases
from sn.describe.several import Several
from sn.describe.world import World
from sn.errors import ArityError, EvalError, Span, UnknownNameError, did_you_mean
from sn.limits import PASSES
from sn.lisp.calls import special
from sn.lisp.forms import Pair, Value
from sn.lisp.machine import Machine
from sn.net.layer import Network
from sn.optim.base import Optimizer
from sn.train.experiment import ORDERS, ExperimentSpec
from sn.train.stopping import Stop

_FORMS = {
    "data": DATA,
    "targets": TARGETS,
    "cost": COST,
    "output": OUTPUT,
    "init": INIT,
    "augment": AUGMENT,
    "optimizer": OPTIMIZER,
    "passes": "(passes N)",
    "phase": PHASE,
    "order": "(order constant|shuffled)",
    "criterion": CRITERION,
    "stop": STOP,
    "keep": KEEP,
    "reference": REFERENCE,
}

# fields that are called otherwise than their option
_FIELDS = {"augment": "augmentation"}
# the options that may stand more than once, and are read apart
_REPEATED = ("optimizer", "phase", "output")


@special("experiment", pattern="net . options", locked=False)
def experiment(it: Machine, form: Pair) -> Value:
    """(experiment NET (data D) (optimizer NAME (RULE ...)) ...)

    Say how a net is trained. The data and one optimizer are needed; the first optimizer is the
    one that runs by default. Of several output layers (output LAYER (targets LOW HIGH) (cost NAME)
    (weight W)) says what is another for one of them; the loss is the sum of their costs, each times
    its weight. (augment (shift N [M]) (rotate D) (scale F) (elastic A [S]) (noise S) (fill X)
    (wrap)) changes patterns at random when training shows them. What an optimizer leaves out is
    taken from SN's variables alpha, decay, gamma and mu where the program has set them. The value
    is the name of the net.
    """
    first, *rest = arguments(form)
    world: World = it.world
    with led(lambda: _nameless(first, world)):
        title = name(first, "the name of a net")
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
    fields: dict[str, Any] = {}
    others = [part for part in rest if head_word(part) not in _REPEATED]
    places: dict[str, Span] = {}
    errors = Several()
    for argument in rest:
        if head_word(argument) == "optimizer":
            with errors:
                found = clause(argument, _FORMS["optimizer"])
                title_of_rule = read_optimizer(it, found, optimizers, net)
                if found.span is not None:
                    places[title_of_rule] = found.span
    for found in clauses(others, _FORMS, f"experiment {title}", errors):
        with errors:
            key = _FIELDS.get(found.word, found.word)
            fields[key] = _READERS[found.word](it, found, net)
    errors.end()
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
    outputs = [part for part in rest if head_word(part) == "output"]
    every, targets = fields.pop("cost", None), fields.pop("targets", None)
    fields |= read_outputs(it, net, outputs, every, targets)
    world.experiments[title] = ExperimentSpec(
        net=title, optimizers=optimizers, span=form.span, places=places, **fields
    )
    return form.cdr.car


def _nameless(first: Argument, world: World) -> str | None:
    """Return the hint for an experiment that starts with an option instead of its net."""
    if head_word(first) not in _FORMS:
        return None
    return f"an experiment is of a net: (experiment {next(reversed(world.networks), 'NET')} ...)"


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


def _passes(it: Machine, found: Clause, net: Network) -> int:
    count(found, 1, 1, _FORMS["passes"])
    return int(limited(it, found.args[0], "the number of passes", PASSES))


def _order(it: Machine, found: Clause, net: Network) -> str:
    count(found, 1, 1, _FORMS["order"])
    return choice(found.args[0], "order", dict.fromkeys(ORDERS))


_READERS: Mapping[str, Callable[[Machine, Clause, Network], Any]] = {
    "data": read_data,
    "targets": lambda it, found, net: read_targets(it, found),
    "cost": lambda it, found, net: read_cost(it, found),
    "init": read_init,
    "augment": read_augmentation,
    "passes": _passes,
    "order": _order,
    "criterion": read_criterion,
    "stop": read_stop,
    "keep": read_keep,
    "reference": read_reference,
}
