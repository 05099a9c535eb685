"""Loss: what training makes small, the sum of the costs at the output layers of a net.

One cost is that of each output layer; `Costs` has one for each of several. `ends_of` says where
they stand in a table: which units, and which of the desired values of a pattern.

Read next: output.py for cost and non-linearity as one formula, reference.py for what is done here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from sn.net.costs import Cost, Numbers, cost
from sn.net.expr import evaluate
from sn.net.layer import Layer, output_layers
from sn.net.output import OutputFormulas, output_formulas
from sn.net.table import ConnectionTable


@dataclass(frozen=True, slots=True)
class Costs:
    """The costs of several output layers, in their order, and how many units each has."""

    parts: tuple[Cost, ...]
    sizes: tuple[int, ...]

    @property
    def name(self) -> str:
        """Their names."""
        return " + ".join(one.name for one in self.parts)


Loss: TypeAlias = Cost | Costs


def default_loss(layers: Iterable[Layer]) -> Loss:
    """Return SN's cost, half the sum of squared differences, at each output layer."""
    outputs = output_layers(layers)
    costs = tuple(cost.get("lms")(layer.size) for layer in outputs)
    return costs[0] if len(costs) == 1 else Costs(costs, tuple(layer.size for layer in outputs))


def split(loss: Loss, n_outputs: int) -> Iterator[tuple[slice, Cost]]:
    """Yield each cost with the columns of outputs and desired values that it is of."""
    if isinstance(loss, Cost):
        yield slice(0, n_outputs), loss
        return
    bounds = np.cumsum([0, *loss.sizes]).tolist()
    for (first, last), one in zip(pairwise(bounds), loss.parts, strict=True):
        yield slice(first, last), one


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """An output layer: `part` are its columns of the desired values, `cost` is what it adds.

    `joint`: the formulas of the total input, where output.py has such; `feeds`: whether its units
    feed others too, whose gradients then add to those of the cost.
    """

    index: int
    layer: Layer
    part: slice
    cost: Cost
    joint: OutputFormulas | None
    feeds: bool

    @property
    def units(self) -> slice:
        """The units of the layer."""
        return slice(self.layer.first, self.layer.first + self.layer.size)

    def ends(self, state: Numbers, desired: Numbers) -> dict[str, Numbers]:
        """Return what the formulas of the cost read, of one pattern.

        Shapes: state: (n_units,); desired: (n_outputs,).
        """
        return self.cost.ends(state[self.units], desired[self.part])

    def value(self, total: Numbers, state: Numbers, desired: Numbers) -> float:
        """Return what the layer adds to the loss of one pattern; shapes as in `ends`."""
        if self.joint is None:
            return float(np.sum(evaluate(self.cost.value, self.ends(state, desired))))
        ends = {"a": total[self.units], "d": desired[self.part]}
        return float(np.sum(evaluate(self.joint.value, ends)))


def ends_of(table: ConnectionTable, loss: Loss) -> tuple[End, ...]:
    """Return the output layers of a table, each with its cost."""
    feeding = set(np.unique(table.layer_of[table.src]).tolist())
    costs = loss.parts if isinstance(loss, Costs) else (loss,) * len(table.outputs)
    bounds = np.cumsum([0, *(layer.size for layer in table.output_layers)]).tolist()
    return tuple(
        End(
            index,
            table.layers[index],
            slice(first, last),
            one,
            output_formulas(table.layers[index].activation, one),
            index in feeding,
        )
        for index, one, (first, last) in zip(table.outputs, costs, pairwise(bounds), strict=True)
    )
