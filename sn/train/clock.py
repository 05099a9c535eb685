"""The clock of an engine: which pass and presentation is next, and what its optimizer is then.

It counts from the moment the weights were set. Engines keep what it has counted in their state, so
schedules go on with it; without a schedule there is nothing to keep, and nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from sn.optim.base import Optimizer

Order = NDArray[np.int32]
Array = NDArray[np.generic]
NAMES = ("pass", "pass_start", "presentation")


class Clock:
    """Counts passes and presentations for the schedules of one optimizer."""

    def __init__(self, optimizer: Optimizer) -> None:
        self._optimizer = optimizer
        self._held: tuple[tuple[float, ...], Optimizer] | None = None
        self.reset()

    @property
    def runs(self) -> bool:
        """Whether anything changes while time passes."""
        return bool(self._optimizer.schedules)

    def reset(self) -> None:
        """Go back to the time before the first pass."""
        self._passes = self._start = self._presentations = 0

    def begin_pass(self) -> None:
        """Count a pass, which starts after the presentations so far."""
        self._passes, self._start = self._passes + 1, self._presentations

    def get_counters(self) -> dict[str, Array]:
        """Return what has been counted, (1,) float64 each; nothing where nothing changes."""
        if not self.runs:
            return {}
        counted = zip(NAMES, (self._passes, self._start, self._presentations), strict=True)
        return {name: np.array([number], np.float64) for name, number in counted}

    def set_counters(self, counters: Mapping[str, Array]) -> None:
        """Go to where `get_counters` was, whose counters are among these."""
        if self.runs:
            counted = (int(counters[name].item()) for name in NAMES)
            self._passes, self._start, self._presentations = counted

    def of_pass(self) -> Optimizer:
        """Return the optimizer of what is done once in the pass: that of its first presentation."""
        return self._optimizer.at(self._passes, self._start + 1) if self.runs else self._optimizer

    def coming(self) -> Optimizer:
        """Return the optimizer of the next presentation."""
        return (
            self._holding(self._numbers(self._presentations + 1)) if self.runs else self._optimizer
        )

    def count(self, presentations: int) -> None:
        """Count what was presented with it."""
        self._presentations += presentations

    def parts(self, order: Order) -> Iterator[tuple[Optimizer, Order]]:
        """Yield the patterns of an order in parts, with the optimizer that holds for each.

        Each part counts as presented when the next is asked for.
        """
        if not self.runs or self._optimizer.phases.has_step:
            yield self.of_pass(), order
            self._presentations += len(order)
            return
        varies = any(one.varies_in_pass for one in self._optimizer.schedules.values())
        coming, first = self._numbers(self._presentations + 1), 0
        while first < len(order):
            current, last = coming, first + 1 if varies else len(order)
            while last < len(order):
                coming = self._numbers(self._presentations + 1 + last - first)
                if coming != current:
                    break
                last += 1
            yield self._holding(current), order[first:last]
            self._presentations += last - first
            first = last

    def _holding(self, current: tuple[float, ...]) -> Optimizer:
        if self._held is None or self._held[0] != current:  # to make one takes a while
            place = self._passes, self._presentations + 1
            self._held = current, self._optimizer.holding(current, *place)
        return self._held[1]

    def _numbers(self, presentation: int) -> tuple[float, ...]:
        return self._optimizer.numbers(self._passes, presentation)
