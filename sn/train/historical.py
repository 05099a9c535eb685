"""The historical engine: an optimizer in the arithmetic of the original program, bit for bit.

The rows of a table become the live net of the Lisp words, and its compiled walk presents the
patterns: in float32, every product and sum rounded by itself, in the order in which SN 2.8 walks
its lists. SN keeps a running curvature for every connection, even where connections share a
weight, and a learning rate for every unit.

Weights that decay by the rule `scaled` are those of its kernels with a weight in each connection,
all others those of its kernels with shared weights.

Source: SN 2.8 (sn-network, 5; sn-network-rounding).
Read next: ../live/presenter.py.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sn.errors import TrainError
from sn.live import loops
from sn.live.formulas import of_activation
from sn.live.functions import Function
from sn.live.lists import lists_of
from sn.live.net import ACC, CONN_CURV, DELTA, HESS, STEP, VAL, WEIGHT, Ints, LiveNet
from sn.live.presenter import Moves, Presenter, Recipe
from sn.live.variants import Variant
from sn.live.walk import Numbers, Op, Walk
from sn.net.costs import lms
from sn.net.layer import Layer
from sn.net.loss import Costs, Loss, ends_of
from sn.net.table import ConnectionTable
from sn.optim.base import Optimizer, Reduction
from sn.optim.conjugate import ConjugateGradient
from sn.optim.rules import Curvature, Decay, RuleSpec, Step
from sn.train.clock import Clock
from sn.train.engines import Floats32, Order
from sn.train.state import EngineState, checked

_OF_WEIGHTS = {"delta": DELTA, "acc": ACC, "hess": HESS}
_INSTEAD = "train with the kernels or with the float64 twin"


class HistoricalEngine:
    """Presents patterns as SN 2.8 did; patterns and targets as in the other engines.

    Raises: TrainError for an optimizer, a cost or a non-linearity that SN 2.8 does not have in this
    form, NetError when a connection does not combine by weighted sum.
    """

    def __init__(
        self,
        table: ConnectionTable,
        cost: Loss,
        optimizer: Optimizer,
        patterns: Mapping[str, Floats32],
        targets: Floats32,
    ) -> None:
        _refuse(optimizer, cost, table)
        table.demand_weighted_sums("the historical engine")
        self._optimizer, self._table, self._clock = optimizer, table, Clock(optimizer)
        self._has_step = optimizer.phases.has_step
        self._net = live_net(table, optimizer)
        self._in_walk = lists_of(self._net).into.conn
        self._walk = Walk(self._net)
        self._recipes = recipes = Recipes(table)
        moves = Moves.GATHER if self._has_step else Moves.STEP
        self._learning = Presenter(self._net, recipes.of(moves, optimizer.phases.curvature))
        self._measuring = Presenter(self._net, recipes.of(Moves.NOT))
        self._patterns = {which: recipes.shown(rows) for which, rows in patterns.items()}
        self._targets = np.ascontiguousarray(targets, np.float32)
        self._states = np.zeros(table.n_units, np.float32)
        self._follow(optimizer)

    def _follow(self, now: Optimizer) -> None:
        """Take the numbers of a moment."""
        table, hyper, rule = self._table, now.hyper, self._optimizer.rule
        assert isinstance(rule, RuleSpec)
        self._net.units[STEP, : table.n_units] = now.unit_steps(table)
        self._numbers = Numbers(
            alpha=hyper.momentum if rule.momentum else 0.0,
            decay=hyper.decay if rule.decay is not Decay.NONE else 0.0,
            gamma=hyper.gamma,
            mu=hyper.mu,
        )

    def get_weights(self) -> Floats32:
        """Return a copy of the weights."""
        return self._of_weights(WEIGHT)

    def _of_weights(self, field: int) -> Floats32:
        return self._net.weights[field, : self._table.n_weights].copy()

    def get_trained(self) -> Floats32:
        """Return the weights, which answer themselves."""
        return self.get_weights()

    def set_weights(self, weights: Floats32) -> None:
        """Start from these weights with an empty memory."""
        self._net.weights[:] = 0
        self._net.weights[WEIGHT, : self._table.n_weights] = weights
        self._net.conns[CONN_CURV] = 0
        self._clock.reset()

    def get_state(self) -> EngineState:
        """Return copies of SN's fields: delta, acc and hess per weight, sigma per connection.

        Connections are in the order of SN's walk: units upwards, the last row of each first.
        """
        kept = {name: self._of_weights(field) for name, field in _OF_WEIGHTS.items()}
        kept["sigma"] = self._net.conns[CONN_CURV, self._in_walk]
        return EngineState(self.get_weights(), kept, self._clock.get_counters())

    def set_state(self, state: EngineState) -> None:
        """Go back to a state; TrainError when it is not one of this engine."""
        state = checked(state, self.get_state())
        net, n = self._net, self._table.n_weights
        net.weights[WEIGHT, :n] = state.weights
        for name, field in _OF_WEIGHTS.items():
            net.weights[field, :n] = state.slots[name]
        net.conns[CONN_CURV, self._in_walk] = state.slots["sigma"]
        self._clock.set_counters(state.counters)

    def begin_pass(self, order: Order) -> None:
        """Clear what is gathered."""
        self._clock.begin_pass()
        self._net.weights[[ACC, HESS]] = 0

    def present(self, order: Order) -> None:
        """Present the patterns one by one."""
        for now, part in self._clock.parts(order):
            if self._clock.runs:
                self._follow(now)
            shown = np.ascontiguousarray(part, np.int32)
            self._learning.present(shown, self._patterns["train"], self._targets, self._numbers)
        if len(order):
            self._states = self._net.units[VAL, : self._table.n_units].copy()

    def end_pass(self) -> None:
        """In batch mode, take the one step of the pass."""
        if not self._has_step:
            return
        self._follow(self._clock.of_pass())
        scaled = [Op(loops.SCALE)] if self._optimizer.phases.curvature is not Curvature.NONE else []
        self._walk.run([*scaled, Op(loops.CHANGE), Op(loops.MOVE)], self._numbers)

    def outputs(self, which: str) -> Floats32:
        """Compute the outputs pattern by pattern."""
        return self._answered(self._patterns[which])

    def answer(self, patterns: Floats32) -> Floats32:
        """Compute the outputs for some patterns, one by one."""
        return self._answered(self._recipes.shown(patterns))

    def _answered(self, rows: Floats32) -> Floats32:
        order, none = np.arange(len(rows), dtype=np.int32), np.zeros(1, np.float32)
        targets = np.broadcast_to(none, (len(rows), self._table.n_outputs)).copy()
        return self._measuring.present(order, rows, targets, self._numbers)[1]

    def states(self) -> NDArray[np.floating]:
        """Return the states of the last presentation."""
        return self._states


def live_net(table: ConnectionTable, optimizer: Optimizer) -> LiveNet:
    """Return the live net of a table, with a unit for each desired output behind the others.

    Connections count as made unit by unit, as all of SN's connecting functions make them.
    """
    rule = optimizer.rule
    assert isinstance(rule, RuleSpec)
    second = optimizer.phases.curvature is not Curvature.NONE
    variant = Variant("table", rule.decay is not Decay.SCALED, second, has_steps=False)
    order = np.argsort(table.dst, kind="stable")
    rows = (table.src[order], table.dst[order], table.wid[order])
    net = LiveNet.of_rows(table.n_units + table.n_outputs, table.n_weights, rows, variant)
    is_constant = ~np.isnan(table.constant)
    net.units[VAL, : table.n_units][is_constant] = table.constant[is_constant]
    return net


class Recipes:
    """What a presentation of a table does.

    Raises: TrainError for a non-linearity that SN 2.8 does not have.
    """

    def __init__(self, table: ConnectionTable) -> None:
        self._table = table
        self._layers = [_units(table.layers[index]) for index in table.computed]
        self._functions = [_functions(table.layers[index]) for index in table.computed]
        layers = table.input_layers
        self._inputs = np.concatenate([_units(layer) for layer in layers])
        self._columns = np.concatenate([np.arange(table.n_inputs)[layer.shown] for layer in layers])

    def shown(self, patterns: Floats32) -> Floats32:
        """Return patterns as the input units read them: (n, input units) float32."""
        if np.array_equal(self._columns, np.arange(self._table.n_inputs)):
            return np.ascontiguousarray(patterns, np.float32)
        return np.ascontiguousarray(patterns[:, self._columns], np.float32)

    def of(self, moves: Moves, curvature: Curvature = Curvature.NONE) -> Recipe:
        """Return a recipe, with second derivatives or without."""
        table, full = self._table, curvature is Curvature.FULL
        outputs = table.output_units
        (end,) = table.outputs
        told = table.computed.index(end)
        pairs = list(zip(self._layers, self._functions, strict=True))
        backward = [(units, df) for n, (units, (_, df, _)) in enumerate(pairs) if n != told]
        curved = [(units, df, ddf if full else None) for units, (_, df, ddf) in reversed(pairs)]
        return Recipe(
            self._inputs,
            outputs,
            np.arange(table.n_units, table.n_units + len(outputs), dtype=np.int32),
            [(units, f) for units, (f, _, _) in pairs],
            self._functions[told][1],
            moves,
            backward[::-1],
            curved if curvature is not Curvature.NONE else (),
        )


def _units(layer: Layer) -> Ints:
    return np.arange(layer.first, layer.first + layer.size, dtype=np.int32)


def _functions(layer: Layer) -> tuple[Function, Function, Function]:
    found = of_activation(layer.activation)
    if found is None:
        raise TrainError(
            f"the historical arithmetic has no {layer.activation}, the non-linearity of layer "
            f"'{layer.name}'",
            hint=f"it has (nlf-tanh ...), (tanh) and (linear ...); {_INSTEAD}",
        )
    return found


def _refuse(optimizer: Optimizer, cost: Loss, table: ConnectionTable) -> None:
    """Raise TrainError for what the original program cannot do."""
    rule, asked = optimizer.rule, None
    is_shared = len(table.wid) > len(np.unique(table.wid))
    if isinstance(optimizer, ConjugateGradient):
        asked = "conjugate-gradient in float32"
    elif optimizer.phases.sample is not None:
        asked = "(samples N)"
    elif not isinstance(rule, RuleSpec):
        asked = "such rule"
    elif rule.is_clipped or rule.has_average:
        asked = "(clip-norm C) and no (average B)"
    elif optimizer.phases.batch != 1:
        asked = f"(batch {optimizer.phases.batch or 'all'})"
    elif optimizer.phases.has_step and optimizer.reduction is Reduction.MEAN:
        asked = "(reduction mean)"
    elif rule.step is Step.CLIP:
        asked = "(damping clip)"
    elif rule.decay is Decay.SCALED and (is_shared or optimizer.phases.has_step):
        where = "weights that are shared" if is_shared else "steps of whole passes"
        asked = f"(decay-rule scaled) for {where}"
    if optimizer.decays:
        asked = "decays of single layers or biases"
    if isinstance(cost, Costs):
        asked = "nets with several output layers"
    elif cost.plain != lms(table.n_outputs).plain:
        asked = f"(cost {cost.name})"
    elif any(end.feeds for end in ends_of(table, cost)):
        asked = "output layers that feed others"
    if asked is not None:
        raise TrainError(f"the historical arithmetic has no {asked}", hint=_INSTEAD)
