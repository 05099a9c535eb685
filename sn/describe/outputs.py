"""Output layers: what an experiment tells each of them, and what it costs to say something else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, get_type_hints

from sn.codes import Code
from sn.describe.formula import formula
from sn.describe.formula_check import check_for_kernels
from sn.describe.layer_formula import layer_formula
from sn.describe.named import declared, known_layer
from sn.describe.options import Argument, Clause, choice, clause, clauses, count, limited, told_at
from sn.describe.several import Several
from sn.errors import EvalError, Label, NetError, Span
from sn.limits import POSITIVE, Limit, option_name
from sn.lisp.forms import Symbol
from sn.lisp.machine import Machine
from sn.net.costs import Cost, cost
from sn.net.layer import Layer, Network, output_layers
from sn.net.loss import Costs, Loss
from sn.train.experiment import DEFAULT_TARGETS, AtOutput, check_targets

COST = "(cost NAME)"
OF_LAYER = "(cost layer FUNCTION)"
TARGETS = "(targets LOW HIGH)"
OUTPUT = "(output LAYER [(targets LOW HIGH)] [(cost NAME)] [(weight W)])"
_OPTIONS = {"targets": TARGETS, "cost": COST, "weight": "(weight W)"}


@dataclass(frozen=True, slots=True)
class CostForm:
    """A cost for any number of output units, and where it was asked for."""

    make: Callable[[int], Cost]
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class _Said:
    """What a form says of one output layer; what it leaves out is that of the experiment."""

    span: Span | None
    cost: CostForm | None = None
    targets: tuple[float, float] | None = None
    weight: float = 1.0


def read_targets(it: Machine, found: Clause) -> tuple[float, float]:
    """Read (targets LOW HIGH).

    Raises: SnError for what are no two numbers, the lower first.
    """
    count(found, 2, 2, TARGETS)
    low, high = (limited(it, argument, "a target", Limit()) for argument in found.args)
    with told_at(found.span):
        return check_targets(low, high)


def read_cost(it: Machine, found: Clause) -> CostForm:
    """Read (cost NAME OPTION ...), (cost FUNCTION) of output and desired value, per unit, or
    (cost layer FUNCTION) of the lists of both.
    """
    count(found, 1, None, COST)
    argument = found.args[0]
    if type(argument.form) is Symbol and argument.form.name == "layer":
        count(found, 2, 2, OF_LAYER)
        function, cell = it.eval(found.args[1].form), found.form.cdr.cdr
        return CostForm(lambda size: layer_formula(it, function, size, cell), found.span)
    if type(argument.form) is Symbol and argument.form.name in cost:
        make = cost.get(argument.form.name)
        options = _cost_options(it, make, found.args[1:], argument.form.name)
        return CostForm(partial(make, **options), found.span)
    count(found, 1, 1, COST)
    function = it.eval(argument.form)
    if type(argument.form) is Symbol and function is None:
        choice(argument, "cost", dict.fromkeys(cost))
    value = formula(it, function, ("y", "d"), found.form.cdr)
    made = Cost("lisp", value, written=str(value))
    check_for_kernels(lambda: (made.value, made.slope, made.bend), found.span)
    return CostForm(lambda n_outputs: made, found.span)


def _cost_options(
    it: Machine, make: Callable[..., Cost], args: Sequence[Argument], title: str
) -> dict[str, float]:
    """Read the options of a cost, which its function takes by keyword, each with its limit."""
    limits = {
        name: next(one for one in hint.__metadata__ if isinstance(one, Limit))
        for name, hint in get_type_hints(make, include_extras=True).items()
        if hasattr(hint, "__metadata__")
    }
    known = {option_name(name): f"({option_name(name)} X)" for name in limits}
    found: dict[str, float] = {}
    errors = Several()
    for option in clauses(list(args), known, f"cost {title}", errors):
        with errors:
            count(option, 1, 1, known[option.word])
            name = option.word.replace("-", "_")
            found[name] = limited(it, option.args[0], f"the {option.word}", limits[name])
    errors.end()
    return found


def read_outputs(
    it: Machine,
    net: Network,
    forms: Sequence[Argument],
    every: CostForm | None,
    targets: tuple[float, float] | None,
) -> dict[str, Any]:
    """Read the (output ...) forms of an experiment; return its cost, targets and outputs.

    `every` and `targets` are what the experiment says of all output layers.
    Raises: SnError for a layer that is no output, and for a cost that does not suit its layer.
    """
    said: dict[str, _Said] = {}
    for form in forms:
        layer, one = _read(it, net, form)
        if layer.name in said:
            first = said[layer.name].span
            raise EvalError(
                f"output {layer.name} is described twice",
                code=Code.TWICE,
                span=one.span,
                labels=[Label(first, "it stands here first")] if first else (),
                hint="put its options into one (output ...)",
            )
        said[layer.name] = one
    default = every or CostForm(cost.get("lms"))
    costs: list[Cost] = []
    outputs: dict[str, AtOutput] = {}
    layers = output_layers(net.layers)
    for layer in layers:
        one = said.get(layer.name, _Said(None))
        asked, told = one.cost or default, one.targets or targets or DEFAULT_TARGETS
        made = asked.make(layer.size)
        _check_suits(made, layer, told, asked.span or one.span)
        costs.append(_weighted(made, one))
        outputs[layer.name] = AtOutput(told, made.name, one.weight)
    answer = layers[-1]
    found: dict[str, Any] = {"targets": outputs[answer.name].targets}
    loss: Loss = costs[0]
    if len(layers) > 1:
        loss = Costs(tuple(costs), tuple(layer.size for layer in layers))
        found["outputs"] = outputs
    return {**found, "cost": loss}


def _read(it: Machine, net: Network, form: Argument) -> tuple[Layer, _Said]:
    """Read one (output ...) form."""
    found = clause(form, OUTPUT)
    count(found, 1, None, OUTPUT)
    layer, layers = known_layer(it, net, found.args[0]), output_layers(net.layers)
    names = [one.name for one in layers]
    if layer.name not in names:
        raise NetError(
            f"layer {layer.name} of net {net.name} is no output",
            span=found.args[0].span,
            labels=declared(layer),
            hint=f"(layer {layer.name} ... (output)) makes it one; now there is: "
            + ", ".join(names),
        )
    fields: dict[str, Any] = {}
    errors = Several()
    for option in clauses(list(found.args[1:]), _OPTIONS, f"output {layer.name}", errors):
        with errors:
            match option.word:
                case "targets":
                    fields["targets"] = read_targets(it, option)
                case "cost":
                    fields["cost"] = read_cost(it, option)
                case _:
                    count(option, 1, 1, _OPTIONS["weight"])
                    if len(layers) == 1:
                        raise EvalError(
                            f"layer {layer.name} is the only output: a weight says how much one "
                            "counts beside others",
                            span=option.span,
                            hint="leave it out, or change the learning rate",
                        )
                    fields["weight"] = limited(it, option.args[0], "the weight", POSITIVE)
    errors.end()
    return layer, _Said(found.span, **fields)


def _weighted(made: Cost, one: _Said) -> Cost:
    """Return a cost times its weight, whose formulas kernels can compute."""
    cost = made.weighted(one.weight)
    if cost is not made:
        check_for_kernels(lambda: (cost.value, cost.slope, cost.bend), one.span)
    return cost


def _check_suits(made: Cost, layer: Layer, targets: tuple[float, float], span: Span | None) -> None:
    """Hold an output layer to what a cost over the layer needs.

    Raises: EvalError for outputs that are not linear, or desired values that it does not take.
    """
    if made.share is None:
        return
    if str(layer.activation) != "linear":
        raise EvalError(
            f"(cost {made.name}) takes the outputs as they are, and those of layer {layer.name} "
            f"have the non-linearity {layer.activation}",
            span=span,
            hint=f"make them linear: (layer {layer.name} ... (linear))",
        )
    low, high = targets
    if not (made.wanted.allows(low) and made.wanted.allows(high)):
        most = "" if made.wanted.most is None else f" and at most {made.wanted.most:g}"
        raise EvalError(
            f"(cost {made.name}) needs desired values of at least {made.wanted.least:g}{most}, "
            f"found the targets {low:g} and {high:g}",
            span=span,
            hint="(targets 0 1) gives the right unit all, the others nothing",
        )
