"""Phases: a run whose optimizer changes after so many passes.

A `PhasedEngine` is an engine per phase behind one face. The weights go on from phase to phase;
what an optimizer keeps beside them starts afresh, and so do schedules. Its state has that of every
phase, so it has one form from the first pass to the last, and where it stands follows from the
number of passes begun.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sn.limits import Limit, check_fields, setting
from sn.optim.rules import CURVATURE
from sn.train.engines import Engine, Floats32, Order
from sn.train.state import Array, EngineState, checked

PHASES = "phases"  # what a run through all phases is called, where others have their optimizer
BEGUN = "begun"  # the counter of the passes begun
AT_LEAST_ONE = Limit(1, is_whole=True)


@dataclass(frozen=True, slots=True)
class Phase:
    """So many passes with one of an experiment's optimizers, by its name.

    Raises: SettingError for no passes.
    """

    passes: int = setting(AT_LEAST_ONE)
    optimizer: str = ""

    def __post_init__(self) -> None:
        check_fields(self)


def phase_of(passes: Sequence[int], number: int) -> int:
    """Return the index of the phase that pass `number`, from 1, is in; the last one has no end."""
    ends = np.cumsum(passes)
    return min(int(np.searchsorted(ends, number)), len(passes) - 1)


class PhasedEngine:
    """Engines one after the other, each for so many passes."""

    def __init__(self, parts: Sequence[tuple[int, Engine]]) -> None:
        self._passes = [passes for passes, _ in parts]
        self._engines = [engine for _, engine in parts]
        self._begun = 0

    @property
    def _now(self) -> Engine:
        """The engine of the pass that was begun last."""
        return self._engines[phase_of(self._passes, self._begun)]

    def get_weights(self) -> Floats32:
        """Return the weights in weight order."""
        return self._now.get_weights()

    def get_trained(self) -> Floats32:
        """Return the weights that answer."""
        return self._now.get_trained()

    def set_weights(self, weights: Floats32) -> None:
        """Start the first phase from these weights."""
        self._begun = 0
        for engine in self._engines:
            engine.set_weights(weights)

    def get_state(self) -> EngineState:
        """Return the weights, and the slots and counters of each phase as `phase1.velocity`."""
        slots: dict[str, Array] = {}
        counters: dict[str, Array] = {BEGUN: np.array([self._begun], np.float64)}
        for name, engine in zip(self._prefixes, self._engines, strict=True):
            state = engine.get_state()
            slots |= {name + slot: array for slot, array in state.slots.items()}
            counters |= {name + counter: array for counter, array in state.counters.items()}
        return EngineState(self._now.get_state().weights, slots, counters)

    def set_state(self, state: EngineState) -> None:
        """Go back to a state, or on from it; TrainError when it is not one of this engine."""
        state = checked(state, self.get_state())
        self._begun = int(state.counters[BEGUN].item())
        for name, engine in zip(self._prefixes, self._engines, strict=True):
            like = engine.get_state()
            slots = {slot: state.slots[name + slot] for slot in like.slots}
            counters = {counter: state.counters[name + counter] for counter in like.counters}
            engine.set_state(EngineState(state.weights, slots, counters))

    @property
    def _prefixes(self) -> list[str]:
        return [_prefix(index) for index in range(len(self._engines))]

    def begin_pass(self, order: Order) -> None:
        """Prepare a pass; where it is the first of a phase, its engine takes the weights."""
        before = self._now
        self._begun += 1
        if self._now is not before:
            self._now.set_weights(before.get_weights())
        self._now.begin_pass(order)

    def present(self, order: Order) -> None:
        """Show these patterns of the training set, one by one."""
        self._now.present(order)

    def end_pass(self) -> None:
        """Finish the pass."""
        self._now.end_pass()

    def outputs(self, which: str) -> Floats32:
        """Return the outputs for all patterns of a set: (n, n_outputs)."""
        return self._now.outputs(which)

    def answer(self, patterns: Floats32) -> Floats32:
        """Return the outputs for some patterns."""
        return self._now.answer(patterns)

    def states(self) -> NDArray[np.floating]:
        """Return the states of all units after the last presentation, (n_units,)."""
        return self._now.states()


def _prefix(index: int) -> str:
    return f"phase{index + 1}."


def curvatures(state: EngineState, passes: Sequence[int]) -> Array | None:
    """Return the running curvatures in a state, (n_weights,); None where there are none.

    `passes` are those of the phases, empty where there are none.
    """
    if not passes:
        return state.slots.get(CURVATURE.name)
    begun = int(state.counters[BEGUN].item())
    return state.slots.get(_prefix(phase_of(passes, begun)) + CURVATURE.name)
