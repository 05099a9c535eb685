"""Engines: what presents patterns, and the engine of compiled kernels.

They hold the weights while a run lasts, and know what an optimizer wants done around a pass:
sample the curvature before it, or take one step after it.

Read next: twin.py, the slow float64 twin; batches.py, kernels that move weights once a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from sn.errors import SnInternalError
from sn.net.loss import Loss
from sn.net.table import ConnectionTable
from sn.net.tangent import Tangent
from sn.optim.base import Optimizer
from sn.optim.rules import (
    AVERAGED,
    AVERAGED_TOTAL,
    HYPER,
    STEPS,
    Memory,
    UpdateRule,
    averaged,
    damped,
)
from sn.train.clock import Clock
from sn.train.draws import Draws
from sn.train.feed import Feed, rows_for
from sn.train.state import EngineState, checked
from sn.train.targets import Desired

if TYPE_CHECKING:
    from sn.emit.slots import Slots
    from sn.kernels import Kernels

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Order = NDArray[np.int32]
Sets = Mapping[str, Floats32 | Feed]


class Engine(Protocol):
    """What the loop needs; a state is everything a later pass depends on."""

    def get_weights(self) -> Floats32:
        """Return the weights in weight order, (n_weights,) float32."""
        ...

    def get_trained(self) -> Floats32:
        """Return the weights that answer: those, or their running average, (n_weights,) float32."""
        ...

    def set_weights(self, weights: Floats32) -> None:
        """Start from these weights with an empty memory."""
        ...

    def get_state(self) -> EngineState:
        """Return copies of the weights and of what the optimizer remembers."""
        ...

    def set_state(self, state: EngineState) -> None:
        """Go back to a state, or on from it; TrainError when it is not one of this engine."""
        ...

    def begin_pass(self, order: Order) -> None:
        """Prepare a pass that will show the patterns in this order."""
        ...

    def present(self, order: Order) -> None:
        """Show these patterns of the training set, one by one."""
        ...

    def end_pass(self) -> None:
        """Finish the pass."""
        ...

    def outputs(self, which: str) -> Floats32:
        """Return the outputs for all patterns of "train" or "test": (n, n_outputs)."""
        ...

    def answer(self, patterns: Floats32) -> Floats32:
        """Return the outputs for patterns, (n, n_inputs): (n, n_outputs)."""
        ...

    def states(self) -> NDArray[np.floating]:
        """Return the states of all units after the last presentation, (n_units,)."""
        ...


def drawn(draws: Draws | None) -> dict[str, NDArray[np.generic]]:
    """Return the counters of what chance has done."""
    return {} if draws is None else draws.get_counters()


def _kept(rows: Floats32 | Feed) -> Floats32 | Feed:
    """Return patterns as kernels take them."""
    if isinstance(rows, Feed):
        return rows
    # a file that is mapped, or the array of a user, may be for reading only
    return np.require(rows, np.float32, ["C", "W"])


class KernelEngine:
    """Runs compiled kernels; patterns are float32 (n, n_inputs), targets (n, n_outputs).

    `compiled(rule)` gives the kernels of the net for a rule; `cost` is the one they compute, for
    optimizers that ask for the curvature along a line. `draws`: what chance does to presentations.
    """

    def __init__(
        self,
        compiled: Callable[[UpdateRule], Kernels],
        table: ConnectionTable,
        optimizer: Optimizer,
        patterns: Sets,
        targets: Floats32 | Desired,
        cost: Loss | None = None,
        draws: Draws | None = None,
    ) -> None:
        self._optimizer, self._table, self._cost, self._draws = optimizer, table, cost, draws
        self._phases, self._clock = optimizer.phases, Clock(optimizer)
        sample = self._phases.sample
        self._sampling = compiled(sample.rule) if sample is not None else None
        self._kernels = compiled(self._phases.present)
        every = [kernels for kernels in (self._sampling, self._kernels) if kernels is not None]
        self.compile_seconds = sum(kernels.compile_seconds for kernels in every)
        self.was_cached = all(kernels.was_cached for kernels in every)
        self._patterns, self._targets = _kept(patterns["train"]), targets
        if not isinstance(targets, Desired):
            self._targets = np.require(targets, np.float32, ["C", "W"])
        self._batches = {
            name: self._kernels.batches(rows)
            for name, rows in patterns.items()
            if not isinstance(rows, Feed)
        }
        self._counts = {name: len(rows) for name, rows in patterns.items()}
        self._rates = optimizer.steps(table)
        self._prepare()
        self._start(np.zeros(table.n_weights, np.float32))
        self._memory = Memory.empty(table.n_weights)

    def _prepare(self) -> None:
        """Make what engines of other kinds need before they take weights."""

    def _start(self, weights: Floats32) -> None:
        """Take weights, with empty slots."""
        optimizer = self._optimizer
        self._slots = self._kernels.slots(
            weights, self._node_rates(optimizer, self._kernels), optimizer.hyper
        )
        if self._kernels.source.rule.has_steps:
            self._slots[STEPS][:] = self._kernels.pack(self._rates)
        self._clock.reset()

    def _node_rates(self, optimizer: Optimizer, kernels: Kernels) -> Floats32:
        """Return the learning rate of each node, its decay right after it where nodes have one."""
        source = kernels.source
        rates = [optimizer.layer_rate(layer) for layer in source.node_layers]
        if not source.rule.has_decays:
            return np.array(rates, np.float32)
        own = [optimizer.decay_of(place.layer, place.is_bias) for place in source.places]
        return np.stack([rates, own], 1).astype(np.float32).reshape(-1)

    def _follow(self, now: Optimizer) -> None:
        """Take the numbers of a moment; steps of a sample stay as they are for the pass."""
        self._slots.steps[:] = self._node_rates(now, self._kernels)
        # not astuple, which copies deep and took a fifth of a presentation's time
        hyper = now.hyper
        self._slots.hyper[: len(HYPER)] = [getattr(hyper, name) for name in HYPER]
        if self._kernels.source.rule.has_steps and self._sampling is None:
            self._slots[STEPS][:] = self._kernels.pack(now.steps(self._table))

    def get_weights(self) -> Floats32:
        """Return the weights in weight order."""
        return self._kernels.unpack(self._slots.weights)

    def get_trained(self) -> Floats32:
        """Return the weights in weight order, or their running average."""
        return self._kernels.unpack(self._answering())

    def _answering(self) -> Floats32:
        """The packed weights that answer."""
        if not self._optimizer.rule.has_average:
            return self._slots.weights
        if self._phases.has_step:
            found = averaged(self._memory)
            return self._slots.weights if found is None else self._kernels.pack(found)
        total, kept = float(self._slots[AVERAGED_TOTAL.name][0]), self._slots[AVERAGED.name]
        # in float32, as trained weights are; before the first step there is no average
        return kept / np.float32(total) if total else self._slots.weights

    def set_weights(self, weights: Floats32) -> None:
        """Pack the weights for the kernels."""
        self._start(weights)
        self._memory = Memory.empty(len(weights))

    def get_state(self) -> EngineState:
        """Return the weights and all slots of the rule, in weight order.

        Where one step ends a pass the slots are the sums so far, and what the optimizer
        remembers from pass to pass is float64 beside them, as that step is taken in float64.
        """
        slots = self._slots
        kept: dict[str, NDArray[np.generic]] = {}
        kept |= {name: self._kernels.unpack(slots[name]) for name in slots.names}
        kept |= {name: self._memory[name].copy() for name in self._remembered()}
        counters = {name: slots[name].copy() for name in slots.counters}
        time = self._clock.get_counters() | drawn(self._draws)
        return EngineState(self.get_weights(), kept, counters | time)

    def set_state(self, state: EngineState) -> None:
        """Pack all arrays of a state; TrainError when it is not one of this engine."""
        state, slots = checked(state, self.get_state()), self._slots
        slots.weights = self._kernels.pack(state.weights)
        for name in slots.names:
            slots[name][:] = self._kernels.pack(state.slots[name])
        for name in slots.counters:
            slots[name][:] = state.counters[name]
        self._take_counters(state.counters)
        self._memory = Memory.empty(self._kernels.n_weights)
        self._memory.slots = {n: state.slots[n].astype(float) for n in self._remembered()}

    def _take_counters(self, counters: Mapping[str, NDArray[np.generic]]) -> None:
        """Go to where these counters were taken."""
        self._clock.set_counters(counters)
        if self._draws is not None:
            self._draws.set_counters(counters)

    def _remembered(self) -> tuple[str, ...]:
        """The slots of the step of a pass; those of the kernels' rule are in their memory."""
        return self._optimizer.remembered if self._phases.has_step else ()

    def begin_pass(self, order: Order) -> None:
        """Clear what is gathered; estimate the curvature on the first samples and freeze it."""
        sample, kernels = self._phases.sample, self._sampling
        self._clock.begin_pass()
        if self._phases.has_step:
            self._slots.memory[:] = 0
        if sample is not None and kernels is not None:
            now = self._clock.of_pass()
            sums = kernels.slots(self.get_weights(), self._node_rates(now, kernels), now.hyper)
            some = order[: sample.count]
            self._show(kernels, sums, some, is_sample=True)
            mean = kernels.unpack(sums["curvatures"]).astype(np.float64) / len(some)
            rates = now.steps(self._table) if self._clock.runs else self._rates
            steps = damped(sample.damping, rates, now.hyper, mean)
            self._slots[STEPS][:] = self._kernels.pack(steps)

    def present(self, order: Order) -> None:
        """Run the training kernel, in parts where numbers change in between."""
        for now, part in self._clock.parts(order):
            if self._clock.runs:
                self._follow(now)
            self._show(self._kernels, self._slots, part)

    def _show(self, kernels: Kernels, slots: Slots, order: Order, is_sample: bool = False) -> None:
        """Run a training kernel; what is shown for a sample is shown again."""
        patterns, targets, order = rows_for(self._patterns, self._targets, order)
        if self._draws is None:
            kernels.train(slots, patterns, targets, order)
            return
        take = self._draws.coming if is_sample else self._draws.take
        for some in take(order, patterns, targets):
            each = np.arange(len(some.patterns), dtype=np.int32)
            kernels.train(slots, some.patterns, some.targets, each, some.masks)

    def end_pass(self) -> None:
        """Take the one step of the pass, where there is one."""
        if not self._phases.has_step:
            return
        now = self._clock.of_pass()
        weights = self.get_weights().astype(np.float64)
        second = self._kernels.source.rule.second
        weights = now.finish_pass(
            now.steps(self._table) if self._clock.runs else self._rates,
            weights,
            self._memory,
            self._reduced(self._slots["descents"]),
            self._reduced(self._slots["curvatures"]) if second else np.zeros_like(weights),
            lambda direction: self._along(weights, direction),
            now.own_decays(self._table),
        )
        self._slots.weights = self._kernels.pack(weights)

    def _reduced(self, packed: Floats32) -> Floats:
        """Return what the step of a pass follows of a sum that the kernels gathered."""
        total = self._kernels.unpack(packed).astype(np.float64)
        return self._optimizer.reduced(total, len(self._patterns))

    def _along(self, weights: Floats, direction: Floats) -> float:
        if self._cost is None:
            raise SnInternalError("an engine whose optimizer asks for curvatures needs the cost")
        tangent = Tangent(self._table, self._cost)
        rows = self._patterns.inputs if isinstance(self._patterns, Feed) else self._patterns
        return tangent.along(weights, direction, rows, self._targets)

    def outputs(self, which: str) -> Floats32:
        """Run the batch kernel."""
        packed, count = self._answering(), self._counts[which]
        return self._kernels.evaluate(packed, self._batches[which], count)

    def answer(self, patterns: Floats32) -> Floats32:
        """Run the batch kernel on some patterns; another core reads those that come."""
        kernels, packed = self._kernels, self._answering()
        return kernels.evaluate(packed, kernels.batches(patterns), len(patterns), in_two=False)

    def states(self) -> NDArray[np.floating]:
        """Return the states the kernel left."""
        return self._kernels.unit_states()
