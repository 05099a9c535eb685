"""Fast: drivers of the library on the kernels that the compiler makes of net forms.

In the historical mode a driver runs in SN's order of additions; here the live net becomes a table
and a plan, as a net form does, and its kernels present the patterns: the same computation in
another order. The last presentation of a call is historical, so that all fields of units and all
variables stand as they do there.

A shared weight has one averaged curvature here; what is written back to its connections is an
equal share of it.

Read next: whole_loops.py, which chooses; ../compiled.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from sn.codes import Code
from sn.compiled import Compiled
from sn.describe.world import World
from sn.errors import LowerError, MemoryLimitError, NetError, SnError
from sn.limits import LARGEST
from sn.lisp.machine import Machine
from sn.live import arithmetic
from sn.live.adopt import take_over
from sn.live.functions import Function
from sn.live.net import CONN_CURV, CONN_STEP, DELTA, STEP, VAL, WEIGHT, Floats32, Ints, LiveNet
from sn.live.presenter import Moves, Recipe
from sn.live.walk import Numbers
from sn.lower.demands import demand_kernels
from sn.net import expr
from sn.net.activations import TOTAL, Activation
from sn.net.costs import cost
from sn.net.layer import Network
from sn.optim.base import Optimizer
from sn.optim.first_order import Sgd
from sn.optim.rules import Decay
from sn.optim.second_order import DiagonalNewton, Form
from sn.sn28.hooks import Hooks, Refused
from sn.train.engines import KernelEngine
from sn.train.state import EngineState


class Fast:
    """The kernels of a live net for one recipe, as long as its connections stay.

    Raises: Refused for a net that kernels present in another way.
    """

    def __init__(self, net: LiveNet, recipe: Recipe) -> None:
        self._net, self._recipe = net, recipe
        self.shape = (net.shape, net.n_units)
        if recipe.is_one_sided:
            raise Refused("kernels have no cost of one-sided errors")
        layers = _layers(recipe)
        self._constants = _constants(net, recipe, layers)
        self._states = net.units[VAL, self._constants].copy()
        try:
            network = network_of(net, recipe, "live")
            self._compiled = Compiled(network, cost.get("lms")(len(recipe.outputs)))
            demand_kernels(self._compiled.plan)  # whose table refuses what runs backwards
        except (NetError, LowerError, MemoryLimitError) as error:
            raise Refused(error.message) from error
        self._layers = dict(zip((x.name for x in network.layers[1:]), layers[1:], strict=True))
        conn = net.alive()
        inside = np.zeros(net.n_units, bool)
        inside[np.concatenate(layers)] = True
        self._used = np.unique(net.wid[conn[inside[net.dst[conn]]]])
        self._into = {
            name: conn[np.isin(net.dst[conn], units)] for name, units in self._layers.items()
        }
        self._engine: KernelEngine | None = None
        self._made_for: Optimizer | None = None
        self._measured: dict[tuple[int, int], tuple[Floats32, Floats32]] = {}

    @property
    def is_fresh(self) -> bool:
        """Whether the net is still connected as it was, with the same constants."""
        same = self.shape == (self._net.shape, self._net.n_units)
        return same and np.array_equal(self._states, self._net.units[VAL, self._constants])

    # --- training ---

    def train(self, order: Ints, patterns: Floats32, targets: Floats32, numbers: Numbers) -> None:
        """Present patterns, each of which moves the weights.

        Raises: Refused where no kernel has the learning rates of this net.
        """
        net, used = self._net, self._used
        engine = self.ready(patterns, targets, numbers)
        before = engine.get_state()
        slots = dict(before.slots)
        if "velocity" in slots:
            slots["velocity"] = net.weights[DELTA, used]
        curvature = np.zeros(net.n_weights, np.float32)
        alive = net.alive()
        np.add.at(curvature, net.wid[alive], net.conns[CONN_CURV, alive])
        if "curvature" in slots:
            slots["curvature"] = curvature[used]
        engine.set_state(EngineState(net.weights[WEIGHT, used], slots, before.counters))
        engine.begin_pass(order)
        engine.present(order)
        self._write_back(engine.get_state(), alive)

    def ready(self, patterns: Floats32, targets: Floats32, numbers: Numbers) -> KernelEngine:
        """Return the engine for patterns and numbers, compiled where it is not yet.

        Raises: Refused where no kernel has the learning rates of this net.
        """
        optimizer = self._optimizer(numbers)
        engine = self._engine
        if engine is None or self._made_for != optimizer or not self._same(patterns, targets):
            engine = self._engine = KernelEngine(
                self._compiled.kernels, self._compiled.table, optimizer,
                {"train": patterns}, targets, self._compiled.cost,
            )  # fmt: skip
            self._made_for, self._patterns, self._targets = optimizer, patterns, targets
        return engine

    def _same(self, patterns: Floats32, targets: Floats32) -> bool:
        """Whether the engine looks at these numbers, or at equal ones."""
        return _is_same(self._patterns, patterns) and _is_same(self._targets, targets)

    def _write_back(self, state: EngineState, alive: Ints) -> None:
        net, used = self._net, self._used
        before = net.weights[WEIGHT, used].copy()
        net.weights[WEIGHT, used] = state.weights
        if "velocity" in state.slots:
            net.weights[DELTA, used] = state.slots["velocity"]
        else:
            net.weights[DELTA, used] = net.weights[WEIGHT, used] - before
        if "curvature" in state.slots:
            shares = np.zeros(net.n_weights, np.float32)
            shares[used] = state.slots["curvature"] / np.maximum(net.uses[used], 1)
            net.conns[CONN_CURV, alive] = shares[net.wid[alive]]

    def _optimizer(self, numbers: Numbers) -> Optimizer:
        """Return what trains as the kernel of the live net does.

        Raises: Refused for rates that differ within a layer, or between layers that share weights.
        """
        rates = {name: self._rate(name) for name in self._layers}
        self._check_shares(rates)
        rule = Decay.PLAIN if self._net.variant.has_table else Decay.SCALED
        shared: dict[str, Any] = {
            "learning_rate": 0.0,
            "layers": rates,
            "momentum": _exact(numbers.alpha),
            "decay": _exact(numbers.decay),
            "decay_rule": rule,
        }
        try:
            if not self._recipe.curvature:
                return Sgd(**shared)
            full = self._recipe.curvature[0][2] is not None
            form = Form.FULL if full else Form.GAUSS_NEWTON
            return DiagonalNewton(
                **shared, mu=_exact(numbers.mu), gamma=_exact(numbers.gamma), curvature=form
            )
        except SnError as error:
            raise Refused(f"kernels have no such optimizer: {error.message}") from error

    def _rate(self, name: str) -> float:
        """Return the learning rate of all connections into a layer."""
        net = self._net
        if net.variant.has_steps:
            rates = net.conns[CONN_STEP, self._into[name]]
        else:
            rates = net.units[STEP, self._layers[name]]
        if len(rates) and (rates != rates[0]).any():
            raise Refused("learning rates differ within a layer")
        return float(rates[0]) if len(rates) else 0.0

    def _check_shares(self, rates: Mapping[str, float]) -> None:
        """Demand that the connections that share a weight move it at one rate."""
        rate_of = np.full(self._net.n_weights, np.nan)
        for name, rate in rates.items():
            wid = self._net.wid[self._into[name]]
            if np.any(np.abs(rate_of[wid] - rate) > 0):
                raise Refused("layers that share weights have different learning rates")
            rate_of[wid] = rate

    # --- measuring ---

    def measure(self, first: int, last: int, patterns: Floats32) -> Floats32:
        """Return the outputs for a range of patterns: (n, outputs)."""
        kernels = self._kernels
        some = patterns[first : last + 1]
        kept = self._measured.get((first, last))
        # a copy is kept, as the program may write into its matrix
        if kept is None or not np.array_equal(kept[0], some):
            kept = self._measured[first, last] = (some.copy(), kernels.batches(some))
        weights = np.zeros(kernels.n_weights, np.float32)
        weights[: len(self._used)] = self._net.weights[WEIGHT, self._used]
        found: Floats32 = kernels.evaluate(kernels.pack(weights), kept[1], len(some))
        return found

    @cached_property
    def _kernels(self) -> Any:
        """Kernels that can evaluate."""
        return self._compiled.kernels(Sgd(learning_rate=0.01).rule)


def _constants(net: LiveNet, recipe: Recipe, layers: Sequence[Ints]) -> Ints:
    """Return the units that feed layers without being of one: their states stay.

    Raises: Refused where they do not, or where connections lead to other units than those that
    kernels compute.
    """
    conn = net.alive()
    computed, known = np.zeros((2, net.n_units), bool)
    computed[np.concatenate(layers[1:])] = True
    known[np.concatenate(layers)] = True
    if not computed[net.dst[conn]].all():
        raise Refused("connections lead to units that are in no layer behind the first")
    sources = np.unique(net.src[conn])
    if np.isin(sources, recipe.desired).any():
        raise Refused("connections lead out of the layer of what is desired")
    if net.units[VAL, 0] != 1 and 0 in sources:
        raise Refused("the state of the bias is not 1")
    found: Ints = sources[~known[sources]]
    return found


def _layers(recipe: Recipe) -> list[Ints]:
    """Return the units of all layers, the inputs first."""
    return [recipe.inputs, *(units for units, _ in recipe.forward)]


def network_of(net: LiveNet, recipe: Recipe, name: str) -> Network:
    """Return the live net as net forms would have described it.

    Raises: Refused where they have no such layer.
    """
    layers, network = _layers(recipe), Network(name)
    if not np.array_equal(recipe.outputs, layers[-1]):
        raise Refused("the output layer is another than that of define-net")
    # those of the hidden layers come last first
    slopes = [*(slope for _, slope in reversed(recipe.backward)), recipe.slope]
    network.add_layer(recipe.names[0], (len(layers[0]),))
    for label, (units, f), slope in zip(recipe.names[1:], recipe.forward, slopes, strict=True):
        network.add_layer(label, (len(units),), activation_of(f, slope))
    names = [layer.name for layer in network.layers]
    take_over(net, network, dict(zip(names, (x.tolist() for x in layers), strict=True)))
    return network


def described(it: Machine, program: Path) -> dict[str, Network]:
    """Return the net that a program of SN 2.8 made as one of net forms, by the program's name.

    Raises: NetError where it made none, or none that net forms have.
    """
    world: World = it.world
    live = world.live
    if not live.n_conns:
        raise NetError(
            f"{program} describes no network",
            code=Code.NO_EXPERIMENT,
            hint="(defnet NAME (layer ...) ... (connect ...)) describes one",
        )
    kept = world.described
    if kept is None or kept[0] is not live or kept[1] != live.shape:
        hooks = Hooks(it, "learn")
        try:
            made = network_of(live, hooks.recipe(Moves.STEP, is_curved=False), program.stem)
        except Refused as refused:
            raise NetError(
                f"the net that {program} made is none of net forms: {refused}",
                hint="sn run FILE runs it as it is, and --explain tells how",
            ) from refused
        kept = world.described = (live, live.shape, made)
    return {kept[2].name: kept[2]}


def _is_same(kept: Floats32, now: Floats32) -> bool:
    where, here = (one.__array_interface__["data"][0] for one in (kept, now))
    return kept.shape == now.shape and (where == here or np.array_equal(kept, now))


def _exact(number: float) -> float:
    """Return a number as float32 has it."""
    return float(np.float32(number))


# --- non-linearities ---


def activation_of(f: Function, slope: Function) -> Activation:
    """Return a non-linearity of the live net as one of net forms.

    Raises: Refused where `slope` is not its derivative.
    """
    form = _FORMS.get(f.kind)  # type: ignore[arg-type]
    if form is None or not _is_derivative(f, slope):
        raise Refused(f"kernels do not have {f.name} with {slope.name} for its derivative")
    a, b, c, d = (max(abs(number), 1.0) for number in f.numbers)
    # the constants of the second derivative, 2 A B B, are written out as float32
    if not a * b * b + c + d <= LARGEST / 4:
        raise Refused(f"kernels do not have {f.name} with numbers as large as its own")
    return form(f)


def _is_derivative(f: Function, slope: Function) -> bool:
    if f.kind == arithmetic.TANH:
        same = slope.kind == arithmetic.DTANH and f.numbers[:3] == slope.numbers[:3]
        return same or _differs(f, slope)
    return _differs(f, slope)


def _differs(f: Function, slope: Function) -> bool:
    """Whether a slope is the difference quotient of f."""
    return slope.kind == f.kind + arithmetic.FIRST and slope.numbers == f.numbers  # type: ignore[operator]


def _tanh(f: Function) -> Activation:
    a, b, c, d = map(_exact, f.numbers)
    value = a * expr.call("tanh", b * TOTAL) + c * TOTAL + d
    name = f"{a:.5g} tanh({b:.5g} x)" + (f" + {c:.5g} x" if c else "")
    return Activation(name + (f" + {d:.5g}" if d else ""), value, is_plain=True)


def _linear(f: Function) -> Activation:
    a, b, c, d = map(_exact, f.numbers)
    return Activation(f"{a * b + c:.5g} x + {d:.5g}", (a * b + c) * TOTAL + d)


_FORMS: dict[int, Callable[[Function], Activation]] = {
    arithmetic.TANH: _tanh,
    arithmetic.LINEAR: _linear,
}
