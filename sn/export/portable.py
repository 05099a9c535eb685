"""Portable: the forward pass of a plan as a program for other languages.

States lie in one array, unit by unit in grid positions, constants included; weights in one
array too, node by node, each node's in the order in which its loops go through them. What a node
computes is told in ../lower/ir.py; what runs in which order follows from here.

Read next: loops.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.display import brief, many
from sn.lower.ir import Bias, Full, Node, Plan, Rows, Subsample, Window
from sn.net.expr import Expr
from sn.net.layer import Ints, Layer


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """A node, and where the first of its weights lies."""

    node: Node
    offset: int

    @property
    def count(self) -> int:
        """How many weights it has stored: one for each in `node.wid`."""
        return int(self.node.wid.size)


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """A layer to compute: sums by its nodes, then its formula of the total "a"."""

    layer: Layer
    nodes: tuple[Stored, ...]
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A layer, and which of its units, as the net numbers them, lies at each place of its grid.

    order: (units,) int32; None where a unit lies at the place of its number.
    """

    layer: Layer
    order: Ints | None

    def is_pattern(self, size: int) -> bool:
        """Whether an input layer shows a pattern of so many numbers as it is."""
        return self.order is None and self.layer.size == size


class Program:
    """What to compute for one pattern: load the inputs, compute layer after layer, give outputs."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        table = plan.table
        nodes, offset = [], 0
        for node in plan.nodes:
            nodes.append(Stored(node, offset))
            offset += int(node.wid.size)
        self.nodes: tuple[Stored, ...] = tuple(nodes)
        self.layers: tuple[Computed, ...] = tuple(
            Computed(
                table.layers[index],
                tuple(one for one in nodes if one.node.dst == index),
                table.layers[index].activation.value,
            )
            for index in table.computed
        )

    @cached_property
    def slots(self) -> Ints:
        """The weight that lies at each place: (stored weights,) int32; one may lie at several."""
        parts = [np.ravel(one.node.wid) for one in self.nodes]
        return np.concatenate([*parts, np.zeros(0, np.int32)]).astype(np.int32)

    def stored(self, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return weights, (n_weights,) in weight order, as the program reads them."""
        return np.ascontiguousarray(weights[self.slots])

    @property
    def n_units(self) -> int:
        """How many states there are, the bias and other constants included."""
        return self.plan.table.n_units

    @cached_property
    def constants(self) -> list[tuple[int, float]]:
        """The units whose states never change, with these, that a window or a row sees."""
        constant = self.plan.table.constant
        seen = {unit for one in self.nodes for unit in self._constants_of(one.node)}
        return [(unit, float(constant[unit])) for unit in sorted(seen)]

    def _constants_of(self, node: Node) -> Iterator[int]:
        if isinstance(node, Window) and node.border is not None:
            yield self.constant(node.border)
        if isinstance(node, Rows):
            seen = np.unique(node.src_unit)
            yield from seen[~np.isnan(self.plan.table.constant[seen])].tolist()

    def constant(self, value: float) -> int:
        """Return a unit whose state is always `value`."""
        return int(np.flatnonzero(self.plan.table.constant == value)[0])

    @cached_property
    def inputs(self) -> tuple[Placed, ...]:
        """The layers that show the pattern, or a part of it."""
        return tuple(self._placed(index) for index in self.plan.table.inputs)

    @cached_property
    def outputs(self) -> tuple[Placed, ...]:
        """The layers whose states are the answer, one behind the other."""
        return tuple(self._placed(index) for index in self.plan.table.outputs)

    def _placed(self, index: int) -> Placed:
        return Placed(self.plan.table.layers[index], self.plan.order_inside(index))

    def __repr__(self) -> str:
        units = many(self.plan.table.counted_units, "unit")
        return brief(
            f"program of {self.plan.original.name}: {units}, {many(len(self.nodes), 'node')}"
        )


def integers(node: Node) -> dict[str, NDArray[Any]]:
    """Return the tables of whole numbers that the loops of a node read, by what they hold."""
    match node:
        case Window():
            return {"pairs": np.array(node.pairs, np.int64)}
        case Rows():
            return {"rows": np.stack([node.dst_unit, node.src_unit], axis=1)}
        case Bias() | Full() | Subsample():
            return {}
