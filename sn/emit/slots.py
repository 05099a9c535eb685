"""Slots: the numbers that a kernel trains, and what an update rule keeps beside them."""

from __future__ import annotations

from dataclasses import dataclass

from sn.emit.memory import Floats32
from sn.optim.rules import HYPER


@dataclass(slots=True)
class Slots:
    """The weights while they are trained and what an update rule keeps beside them.

    Shapes: weights: (n_slots,) in kernel order; memory: (slots of the rule, slot_pitch(n_slots)),
    in the order of `names`; steps: (n_nodes,), or (2 n_nodes,) where nodes have decays, each right
    after the step of its node; hyper: (16,), the numbers of the rule, then its
    `counters`; all float32.
    """

    weights: Floats32
    memory: Floats32
    steps: Floats32
    hyper: Floats32
    names: tuple[str, ...] = ()
    counters: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Floats32:
        """Return a slot, (n_slots,) in kernel order, or a counter, (1,): a view."""
        if name in self.counters:
            at = len(HYPER) + self.counters.index(name)
            return self.hyper[at : at + 1]
        kept: Floats32 = self.memory[self.names.index(name), : len(self.weights)]
        return kept
