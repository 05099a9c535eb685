"""Batches: an engine whose weights move once for several patterns.

Patterns are shown when their batch is whole; until then the engine keeps their numbers. So it does
not matter how the loop cuts a pass, or where a run is stopped and gone on with.

Read next: ../batches.py for what a batch is to the kernels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sn.errors import TrainError
from sn.optim.base import ALL, Reduction
from sn.optim.normalised import Normalised
from sn.train.engines import Floats32, KernelEngine, Order
from sn.train.feed import Feed, rows_for
from sn.train.state import Array, EngineState, checked

if TYPE_CHECKING:
    pass

WAITING, NOBODY = "waiting", -1.0


class Waiting:
    """The numbers of the patterns that wait for their batch to be whole."""

    def __init__(self, batch: int, count: int) -> None:
        self.size, self._count = count if batch == ALL else min(batch, count), count
        self.numbers: Order = np.zeros(0, np.int32)

    def add(self, order: Order) -> list[Order]:
        """Add patterns; return the batches that are whole now."""
        numbers, size = np.concatenate([self.numbers, order]), self.size
        whole = len(numbers) // size * size
        self.numbers = numbers[whole:]
        return [numbers[first : first + size] for first in range(0, whole, size)]

    def rest(self) -> list[Order]:
        """Return the last batch of a pass, of those that are left."""
        left, self.numbers = self.numbers, np.zeros(0, np.int32)
        return [left] if len(left) else []

    def get_counters(self) -> dict[str, Array]:
        """Return who waits: (size of a batch,) float64, -1 where nobody does."""
        kept = np.full(self.size, NOBODY)
        kept[: len(self.numbers)] = self.numbers
        return {WAITING: kept}

    def set_counters(self, counters: Mapping[str, Array]) -> None:
        """Have those wait; TrainError for what are no numbers of patterns."""
        kept = counters[WAITING].astype(np.float64)
        numbers = kept[kept != NOBODY]
        if not np.isin(numbers, np.arange(self._count)).all():
            raise TrainError("the state has patterns waiting that are not among those of the data")
        self.numbers = numbers.astype(np.int32)


class BatchEngine(KernelEngine):
    """Runs compiled kernels of batches; see `KernelEngine`."""

    def _prepare(self) -> None:
        optimizer = self._optimizer
        self._waiting = Waiting(optimizer.phases.batch, len(self._targets))
        self._is_mean = optimizer.reduction is Reduction.MEAN

    def set_weights(self, weights: Floats32) -> None:
        """Pack the weights for the kernels; nobody waits."""
        super().set_weights(weights)
        self._waiting.rest()

    def get_state(self) -> EngineState:
        """Return the weights, all slots of the rule, and who waits."""
        state = super().get_state()
        return replace(state, counters={**state.counters, **self._waiting.get_counters()})

    def _take_counters(self, counters: Mapping[str, Array]) -> None:
        super()._take_counters(counters)
        self._waiting.set_counters(counters)

    def present(self, order: Order) -> None:
        """Show the batches that are whole now, and take their steps."""
        for batch in self._waiting.add(order):
            self._learn(batch)

    def end_pass(self) -> None:
        """Show the patterns that are left."""
        for batch in self._waiting.rest():
            self._learn(batch)

    def _learn(self, batch: Order) -> None:
        now, kernels, slots = self._clock.coming(), self._kernels, self._slots
        if self._clock.runs:
            self._follow(now)
        patterns, targets, order = rows_for(self._patterns, self._targets, batch)
        if self._draws is None:
            kernels.learn(slots, patterns, targets, order, is_mean=self._is_mean)
        else:
            drawn = list(self._draws.take(order, patterns, targets))
            rows = [
                [getattr(some, name) for some in drawn] for name in ("patterns", "targets", "masks")
            ]
            patterns, targets, masks = (np.concatenate(some) for some in rows)
            each = np.arange(len(batch), dtype=np.int32)
            kernels.learn(slots, patterns, targets, each, masks, is_mean=self._is_mean)
        self._clock.count(len(batch))

    def states(self) -> NDArray[np.floating]:
        """Return what units were in the last batch, not finite where they were so for any pattern;
        while patterns wait, the states of the input units for the last of them alone.
        """
        if not len(self._waiting.numbers):
            return self._kernels.batch_unit_states()
        states = np.zeros(self._table.n_units, np.float32)
        last, feed = self._waiting.numbers, self._patterns
        source = feed.reading() if isinstance(feed, Feed) else feed
        pattern, targets, last = rows_for(source, self._targets, last)
        if self._draws is None:
            shown = pattern[last[-1]]
        else:
            shown = list(self._draws.coming(last, pattern, targets))[-1].patterns[-1]
        for index in self._table.seen_inputs:
            layer = self._table.layers[index]
            states[layer.first : layer.first + layer.size] = shown[layer.shown]
        return states


class NormalisedEngine(BatchEngine):
    """Runs kernels that add up descents, and moves lengths and directions of weights in float64."""

    def _prepare(self) -> None:
        super()._prepare()
        self._normalised = Normalised(self._optimizer, self._table)

    def _start(self, weights: Floats32) -> None:
        super()._start(weights)
        self._normalised.start(weights.astype(np.float64))

    def _answering(self) -> Floats32:
        return self._kernels.pack(self._normalised.trained())

    def get_state(self) -> EngineState:
        """Return the weights, what they are made of, and who waits."""
        state, own = super().get_state(), self._normalised
        counters = {**state.counters, **own.get_counters()}
        return EngineState(state.weights, own.get_slots(), counters)

    def set_state(self, state: EngineState) -> None:
        """Take a state; TrainError when it is not one of this engine."""
        state = checked(state, self.get_state())
        self._slots.weights = self._kernels.pack(state.weights)
        self._take_counters(state.counters)
        self._normalised.set_state(state.slots, state.counters)

    def _learn(self, batch: Order) -> None:
        now, kernels, slots = self._clock.coming(), self._kernels, self._slots
        slots["descents"][:] = 0
        super()._learn(batch)
        descent = kernels.unpack(slots["descents"]).astype(np.float64)
        steps = now.steps(self._table) if self._clock.runs else self._rates
        slots.weights = kernels.pack(self._normalised.step(now, steps, descent))
