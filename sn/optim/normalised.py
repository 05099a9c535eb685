"""Weight normalisation: the weights into a unit as a length times a direction.

With v and g in the place of the weights w of a group, w = g v / |v|; a step moves v and g by the
rule of the optimizer, along the descents

    d_g = d_w . v / |v|          d_v = g / |v| (d_w - d_g v / |v|)

A group is what a parameter has for one unit, or for one map of windows that share their weights;
biases stay as they are. It starts from v = w and g = |w|.
Source: Salimans and Kingma 2016, equations 2 and 3.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sn.net.layer import Ints
from sn.net.table import ConnectionTable
from sn.optim.base import BIAS_UNIT, Optimizer
from sn.optim.rules import Memory, advance, averaged

Floats = NDArray[np.float64]
Arrays = dict[str, NDArray[np.generic]]
DIRECTIONS, LENGTHS = "directions", "lengths"


class Normalised:
    """Directions and lengths of the weights of one run, and what the rule remembers of both."""

    def __init__(self, optimizer: Optimizer, table: ConnectionTable) -> None:
        self._optimizer, self._table = optimizer, table
        self.group = groups_of(table)
        self._count = len(self.group)
        self._n_groups = int(self.group.max(initial=-1)) + 1
        self._normal = self.group >= 0
        self.start(np.zeros(self._count))

    def start(self, weights: Floats) -> None:
        """Take weights, with an empty memory."""
        self._numbers = np.concatenate([weights, self._sizes(weights)])
        self._memory = Memory.empty(len(self._numbers))

    def _sum(self, each: Floats) -> Floats:
        """Add up what the weights of each group have: (n_groups,)."""
        mine = self.group[self._normal]
        return np.bincount(mine, each[self._normal], self._n_groups).astype(float)

    def _sizes(self, directions: Floats) -> Floats:
        return np.sqrt(self._sum(directions**2))

    def _spread(self, of_groups: Floats) -> Floats:
        """What each weight has of its group, 0 for biases: (n_weights,)."""
        found = np.zeros(self._count)
        found[self._normal] = of_groups[self.group[self._normal]]
        return found

    def _over(self, of_groups: Floats, sizes: Floats) -> Floats:
        """Divide by sizes; 0 for a group whose weights are all 0, which has no direction."""
        return np.divide(of_groups, sizes, out=np.zeros_like(sizes), where=sizes > 0)

    def weights(self) -> Floats:
        """Return the weights that directions and lengths stand for."""
        return self._weights_of(self._numbers)

    def trained(self) -> Floats:
        """Return those of their running average, where there is one."""
        found = averaged(self._memory) if self._optimizer.rule.has_average else None
        return self.weights() if found is None else self._weights_of(found)

    def _weights_of(self, numbers: Floats) -> Floats:
        directions, lengths = numbers[: self._count], numbers[self._count :]
        scale = self._spread(self._over(lengths, self._sizes(directions)))
        return np.where(self._normal, directions * scale, directions)

    def step(self, now: Optimizer, steps: Floats, descent: Floats) -> Floats:
        """Take a step along the descents of the weights; return the weights after it.

        Shapes: steps, descent: (n_weights,) float64; `now`: the optimizer of this step.
        """
        directions, lengths = self._numbers[: self._count], self._numbers[self._count :]
        sizes = self._sizes(directions)
        along = self._over(self._sum(descent * directions), sizes)
        across = descent - self._spread(self._over(along, sizes)) * directions
        turned = np.where(self._normal, self._spread(self._over(lengths, sizes)) * across, descent)
        decays = now.own_decays(self._table)
        self._numbers = advance(
            now.rule,
            now.hyper,
            self._with_means(steps),
            self._numbers,
            self._memory,
            np.concatenate([turned, along]),
            np.zeros_like(self._numbers),
            None if decays is None else self._with_means(decays),
        )
        return self.weights()

    def _with_means(self, each: Floats) -> Floats:
        """Return what weights have, then the mean of each group."""
        counts = self._sum(np.ones(self._count))
        return np.concatenate([each, self._over(self._sum(each), counts)])

    # --- states ---

    def get_slots(self) -> Arrays:
        """Return what there is for each weight: (n_weights,) float64 each."""
        slots = {DIRECTIONS: self._numbers[: self._count].copy()}
        for name in self._optimizer.remembered:
            slots[name] = self._memory[name][: self._count].copy()
        return dict(slots)

    def get_counters(self) -> Arrays:
        """Return what there is for each group, (n_groups,) float64, and counters of the rule."""
        found = {LENGTHS: self._numbers[self._count :].copy()}
        for name in self._optimizer.remembered:
            found[f"{LENGTHS}.{name}"] = self._memory[name][self._count :].copy()
        for counter in self._optimizer.rule.counters:
            kept = self._memory.slots.get(counter.name, np.zeros(1))
            found[counter.name] = kept.copy()
        return dict(found)

    def set_state(
        self, slots: Mapping[str, NDArray[np.generic]], counters: Mapping[str, NDArray[np.generic]]
    ) -> None:
        """Take what `get_slots` and `get_counters` gave."""
        parts = slots[DIRECTIONS], counters[LENGTHS]
        self._numbers = np.concatenate([part.astype(float) for part in parts])
        self._memory = Memory.empty(len(self._numbers))
        for name in self._optimizer.remembered:
            parts = slots[name], counters[f"{LENGTHS}.{name}"]
            self._memory[name] = np.concatenate([part.astype(float) for part in parts])
        for counter in self._optimizer.rule.counters:
            self._memory[counter.name] = counters[counter.name].astype(float)


def groups_of(table: ConnectionTable) -> Ints:
    """Return the group of each weight: (n_weights,) int32, -1 for biases.

    Biases are the weights of connections from the unit that is always 1. A parameter of more than
    one axis has a group for each unit or map, its first axis; of one, for each unit it leads into.
    """
    group = np.full(table.n_weights, -1, np.int32)
    first = np.full(table.n_weights, table.n_units, np.int32)
    np.minimum.at(first, table.wid, table.dst)
    count = 0
    for parameter in table.parameters:
        wid = parameter.wid
        of = first[wid]
        if wid.ndim > 1:
            numbers = np.arange(len(wid), dtype=np.int32).reshape(-1, *(1,) * (wid.ndim - 1))
            of = np.broadcast_to(numbers, wid.shape)
        _, each = np.unique(of, return_inverse=True)
        group[wid] = count + each.reshape(wid.shape)
        count += int(each.max(initial=-1)) + 1
    group[np.unique(table.wid[table.src == BIAS_UNIT])] = -1
    # numbers without gaps, as those of biases leave some
    used = np.unique(group[group >= 0])
    found = np.where(group >= 0, np.searchsorted(used, group), -1)
    return found.astype(np.int32)
