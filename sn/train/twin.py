"""The engine of the twin, which walks the connections in float64."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sn.net.reference import Reference, States
from sn.net.table import ConnectionTable
from sn.optim.base import Optimizer
from sn.optim.normalised import Normalised
from sn.optim.rules import Curvature, Memory, advance, averaged, damped
from sn.train.clock import Clock
from sn.train.draws import Draws
from sn.train.engines import Floats, Floats32, Order, Sets, drawn
from sn.train.feed import Feed, rows_for
from sn.train.state import Array, EngineState, checked
from sn.train.targets import Desired

GATHERED = "gathered"  # how many patterns of a batch were added up


class ReferenceEngine:
    """Walks the connection table in float64: slow, and what the kernels are held to."""

    def __init__(
        self,
        reference: Reference,
        table: ConnectionTable,
        optimizer: Optimizer,
        patterns: Sets,
        targets: Floats32 | Desired,
        draws: Draws | None = None,
    ) -> None:
        if optimizer.phases.curvature is Curvature.FULL:
            reference = Reference(table, reference.cost, is_full=True)
        self._reference, self._table, self._optimizer = reference, table, optimizer
        self._clock, self._draws = Clock(optimizer), draws
        self._patterns, self._targets = patterns, targets
        self._rates = optimizer.steps(table)
        batch = optimizer.phases.batch
        self._batch, self._gathered = batch or len(targets), 0
        is_normalised = optimizer.phases.is_normalised
        self._normalised = Normalised(optimizer, table) if is_normalised else None
        self.set_weights(np.zeros(table.n_weights, np.float32))
        self._states = np.zeros(table.n_units)

    def get_weights(self) -> Floats32:
        """Return the weights, rounded to float32; those that are too large become infinite."""
        with np.errstate(over="ignore", invalid="ignore"):  # the loop tells it, with the layer
            return self._weights.astype(np.float32)

    def get_trained(self) -> Floats32:
        """Return the weights, or their running average, rounded to float32."""
        with np.errstate(over="ignore", invalid="ignore"):
            return self._answering().astype(np.float32)

    def _answering(self) -> Floats:
        if self._normalised is not None:
            return self._normalised.trained()
        found = averaged(self._memory) if self._optimizer.rule.has_average else None
        return self._weights if found is None else found

    def set_weights(self, weights: Floats32) -> None:
        """Take the weights in float64."""
        self._weights: Floats = weights.astype(np.float64)
        if self._normalised is not None:
            self._normalised.start(self._weights)
        count = len(self._weights)
        self._memory = Memory.empty(count)
        self._descent, self._curvature = np.zeros(count), np.zeros(count)
        self._steps, self._gathered = self._rates, 0
        self._clock.reset()

    def get_state(self) -> EngineState:
        """Return the weights, what is gathered and the memory, in float64."""
        slots: dict[str, Array] = {
            "steps": self._steps,
            "descents": self._descent,
            "curvatures": self._curvature,
        }
        if self._normalised is not None:
            slots |= self._normalised.get_slots()
            counters = self._normalised.get_counters()
        else:
            slots |= {name: self._memory[name] for name in self._optimizer.remembered}
            memory, rule = self._memory.slots, self._optimizer.rule
            counters = {c.name: memory.get(c.name, np.zeros(1)).copy() for c in rule.counters}
        kept = {name: array.copy() for name, array in slots.items()}
        time = self._clock.get_counters() | drawn(self._draws)
        if self._batch != 1:
            time[GATHERED] = np.array([self._gathered], np.float64)
        return EngineState(self._weights.copy(), kept, counters | time)

    def set_state(self, state: EngineState) -> None:
        """Go back to a state; TrainError when it is not one of this engine."""
        state = checked(state, self.get_state())
        kept = {name: array.astype(float) for name, array in state.slots.items()}
        self._weights = state.weights.astype(float)
        self._steps = kept.pop("steps")
        self._descent, self._curvature = kept.pop("descents"), kept.pop("curvatures")
        self._clock.set_counters(state.counters)
        if self._draws is not None:
            self._draws.set_counters(state.counters)
        if self._batch != 1:
            self._gathered = int(state.counters[GATHERED].item())
        if self._normalised is not None:
            self._normalised.set_state(state.slots, state.counters)
            return
        named = {counter.name for counter in self._optimizer.rule.counters}
        counters = {name: state.counters[name].astype(float) for name in named}
        self._memory = Memory(len(self._weights), kept | counters)

    @np.errstate(all="ignore")  # what is no number is told by the loop, with its layer
    def begin_pass(self, order: Order) -> None:
        """Clear what is gathered; estimate the curvature on the first samples and freeze it."""
        sample = self._optimizer.phases.sample
        self._clock.begin_pass()
        self._descent[:] = 0
        self._curvature[:] = 0
        if sample is not None:
            some = order[: sample.count]
            for found in self._walk(some, is_sample=True):
                self._curvature += found.curv_weight
            mean = self._curvature / len(some)
            now = self._clock.of_pass()
            self._steps = damped(sample.damping, now.steps(self._table), now.hyper, mean)

    def _walk(self, order: Order, is_sample: bool = False) -> Iterator[States]:
        """Walk patterns of the training set; what is shown for a sample is shown again."""
        patterns, targets, order = rows_for(self._patterns["train"], self._targets, order)
        if self._draws is None:
            for number in order:
                yield self._present(patterns[number], targets[number])
            return
        take = self._draws.coming if is_sample else self._draws.take
        for some in take(order, patterns, targets):
            for pattern, desired, masks in zip(
                some.patterns, some.targets, some.masks, strict=True
            ):
                kept = np.ones(self._table.n_units)
                kept[self._draws.units] = masks
                yield self._present(pattern, desired, kept)

    def _present(self, pattern: Floats32, desired: Floats32, kept: Floats | None = None) -> States:
        """Walk one pattern."""
        ends = pattern.astype(np.float64), desired.astype(np.float64)
        found = self._reference.present(self._weights, *ends, kept)
        self._states = found.state
        return found

    @np.errstate(all="ignore")  # what is no number is told by the loop, with its layer
    def present(self, order: Order) -> None:
        """Present the patterns one by one."""
        if self._batch != 1:
            self._gather(order)
            return
        for now, part in self._clock.parts(order):
            if self._clock.runs and now.phases.sample is None:
                self._steps = now.steps(self._table)
            for found in self._walk(part):
                self._learn(now, found)

    def _gather(self, order: Order) -> None:
        """Add up what patterns say, and move the weights after each whole batch."""
        for found in self._walk(order):
            self._descent += found.d_weight
            self._gathered += 1
            if self._gathered == self._batch:
                self._end_batch()

    def _end_batch(self) -> None:
        """Move the weights along the mean of the batch so far, or its sum."""
        now, count = self._clock.coming(), self._gathered
        if self._clock.runs:
            self._steps = now.steps(self._table)
        self._advance(now, self._optimizer.reduced(self._descent, count), self._curvature)
        self._descent[:] = 0
        self._gathered = 0
        self._clock.count(count)

    def _learn(self, now: Optimizer, found: States) -> None:
        """Move the weights after a pattern, or add up what the step of the pass needs."""
        if now.phases.has_step:
            self._descent += found.d_weight
            self._curvature += found.curv_weight
            return
        self._advance(now, found.d_weight, found.curv_weight)

    def _advance(self, now: Optimizer, descent: Floats, curvature: Floats) -> None:
        if self._normalised is not None:
            self._weights = self._normalised.step(now, self._steps, descent)
            return
        decays = now.own_decays(self._table)
        numbers = now.rule, now.hyper, self._steps
        self._weights = advance(*numbers, self._weights, self._memory, descent, curvature, decays)

    @np.errstate(all="ignore")  # what is no number is told by the loop, with its layer
    def end_pass(self) -> None:
        """Take the one step of the pass, where there is one, or that of the last batch."""
        if self._gathered:
            self._end_batch()
        if not self._optimizer.phases.has_step:
            return
        weights, count = self._weights, len(self._patterns["train"])
        now = self._clock.of_pass()
        self._weights = now.finish_pass(
            now.steps(self._table),
            weights,
            self._memory,
            self._optimizer.reduced(self._descent, count),
            self._optimizer.reduced(self._curvature, count),
            lambda direction: self._along(weights, direction),
            now.own_decays(self._table),
        )

    def _along(self, weights: Floats, direction: Floats) -> float:
        """Walk the whole training set along a direction."""
        patterns = self._patterns["train"]
        rows = patterns.inputs if isinstance(patterns, Feed) else patterns
        pairs = zip(rows, self._targets, strict=True)
        return sum(
            self._reference.along(weights, direction, pattern.astype(float), desired.astype(float))
            for pattern, desired in pairs
        )

    def outputs(self, which: str) -> Floats32:
        """Compute the outputs pattern by pattern."""
        found = self._patterns[which]
        return self.answer(np.asarray(found.inputs) if isinstance(found, Feed) else found)

    @np.errstate(all="ignore")  # what is no number is told by the loop, with its layer
    def answer(self, patterns: Floats32) -> Floats32:
        """Compute the outputs for some patterns, one by one."""
        rows = [
            self._reference.forward(self._answering(), pattern.astype(np.float64))[1]
            for pattern in patterns
        ]
        return np.array(rows)[:, self._table.output_units].astype(np.float32)

    def states(self) -> NDArray[np.floating]:
        """Return the states of the last presentation."""
        return self._states
