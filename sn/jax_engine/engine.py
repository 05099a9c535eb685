"""The engine of one net on JAX; what the training loop asks of it is in train/engines.py.

Patterns are shown when their batch is whole, as by kernels of batches; what is summed up over a
pass waits likewise until a program is full. Read next: nets.py, many.py.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sn.jax_engine.function import Floats32, NetFunction
from sn.jax_engine.nets import Kept, Nets
from sn.jax_engine.shown import drawn_rows
from sn.lower.ir import Plan
from sn.net.loss import Loss
from sn.optim.base import Optimizer
from sn.optim.rules import CURVATURES, DESCENTS, STEPS, Memory
from sn.train.batches import Waiting
from sn.train.draws import Draws
from sn.train.engines import Order, drawn
from sn.train.state import Array, EngineState, checked


class JaxEngine:
    """Presents patterns by programs of JAX, in float32.

    `patterns` are float32 (n, n_inputs), `targets` (n, n_outputs) those of "train"; `draws`: what
    chance does to presentations.
    """

    was_cached = False

    def __init__(
        self,
        plan: Plan,
        cost: Loss,
        optimizer: Optimizer,
        patterns: Mapping[str, Floats32],
        targets: Floats32,
        draws: Draws | None = None,
    ) -> None:
        self._optimizer, self._draws, self._targets = optimizer, draws, targets
        self._table, self._patterns = plan.original, patterns["train"]
        given = None if draws is None else [draws]
        function = NetFunction(plan, cost)
        self._nets = Nets(function, cost, [optimizer], patterns, targets, given)
        self._waiting = Waiting(self._nets.batch, len(targets))
        self.compile_seconds = self._nets.compile_seconds

    @property
    def _waits(self) -> bool:
        return self._nets.batch != 1

    def get_weights(self) -> Floats32:
        """Return the weights in weight order."""
        return self._nets.get_weights()[0]

    def get_trained(self) -> Floats32:
        """Return the weights that answer."""
        return self._nets.get_trained()[0]

    def set_weights(self, weights: Floats32) -> None:
        """Start from these weights with an empty memory; nobody waits."""
        self._nets.set_weights(weights[None].astype(np.float32))
        self._waiting.rest()

    def get_state(self) -> EngineState:
        """Return the weights, all that the rule keeps, and who waits."""
        nets, phases = self._nets, self._nets.phases
        kept = nets.kept
        slots: dict[str, Array] = {name: slot[0] for name, slot in kept.slots.items()}
        counters: dict[str, Array] = dict(kept.counters)
        if phases.present.has_steps:
            slots[STEPS] = nets.steps[0].copy()
        if phases.has_step:
            slots[DESCENTS.name] = nets.gathered[0, 0].copy()
            slots[CURVATURES.name] = nets.gathered[1, 0].copy()
            slots |= {name: nets.memories[0][name].copy() for name in self._optimizer.remembered}
        if nets.normalised:
            slots, own = nets.normalised[0].get_slots(), nets.normalised[0].get_counters()
            counters = dict(own)
        counters |= nets.clocks[0].get_counters() | drawn(self._draws)
        if self._waits:
            counters |= self._waiting.get_counters()
        return EngineState(kept.weights[0], slots, counters)

    def set_state(self, state: EngineState) -> None:
        """Go back to a state; TrainError when it is not one of this engine."""
        state, nets = checked(state, self.get_state()), self._nets
        before = nets.kept
        slots = {name: state.slots.get(name, slot[0])[None] for name, slot in before.slots.items()}
        counters = {name: state.counters.get(name, one) for name, one in before.counters.items()}
        nets.take(Kept(state.weights[None].astype(np.float32), slots, counters))
        if STEPS in state.slots:
            nets.take_steps(state.slots[STEPS][None].astype(np.float64))
        if nets.phases.has_step:
            sums = [state.slots[slot.name][None] for slot in (DESCENTS, CURVATURES)]
            nets.gathered = np.stack(sums).astype(np.float32)
            kept = {n: state.slots[n].astype(float) for n in self._optimizer.remembered}
            nets.memories = [Memory(len(state.weights), {**kept})]
        if nets.normalised:
            nets.normalised[0].set_state(state.slots, state.counters)
        nets.clocks[0].set_counters(state.counters)
        if self._draws is not None:
            self._draws.set_counters(state.counters)
        if self._waits:
            self._waiting.set_counters(state.counters)

    def begin_pass(self, order: Order) -> None:
        """Prepare a pass that will show the patterns in this order."""
        self._nets.begin_pass(order[None])

    def present(self, order: Order) -> None:
        """Show the batches that are whole now, and take their steps."""
        batches = self._waiting.add(order) if self._waits else np.split(order, len(order))
        self._nets.learn([batch[None] for batch in batches])

    def end_pass(self) -> None:
        """Show the patterns that are left, and take the step of the pass where there is one."""
        self._nets.learn([batch[None] for batch in self._waiting.rest()])
        self._nets.end_pass()

    def outputs(self, which: str) -> Floats32:
        """Return the outputs for all patterns of a set: (n, n_outputs)."""
        return self._nets.outputs(which)[0]

    def answer(self, patterns: Floats32) -> Floats32:
        """Return the outputs for patterns, (n, n_inputs): (n, n_outputs)."""
        return self._nets.answer(patterns)[0]

    def states(self) -> NDArray[np.floating]:
        """Return what units were in the last batch; while patterns wait, the states of the input
        units for the last of them alone.
        """
        waiting = self._waiting.numbers
        if not len(waiting):
            return self._nets.states()[0]
        shown = self._patterns[waiting[-1]]
        if self._draws is not None:
            ends = self._draws, waiting, self._patterns, self._targets
            shown = drawn_rows(*ends, is_taken=False)[0][-1]
        states = np.zeros(self._table.n_units, np.float32)
        for index in self._table.seen_inputs:
            layer = self._table.layers[index]
            states[layer.first : layer.first + layer.size] = shown[layer.shown]
        return states
