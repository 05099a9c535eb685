"""Curvature along a line: how the outputs move when all weights move, for many patterns at once.

One forward pass carries the states x and their derivatives r along a direction v of the
weights, r_j = f'(a_j) sum_i (w_ij r_i + v_ij x_i); the Gauss-Newton curvature of the cost along
v is the sum of E''(y) r^2 over outputs and patterns. In float64, from the connection table.

Source: SN 2.8, update-deltastate and batch-cg2-iteration (sn-network, 5.5 and 6.7).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sn.net.expr import evaluate
from sn.net.layer import Ints
from sn.net.loss import Loss, ends_of
from sn.net.table import ConnectionTable

Floats = NDArray[np.float64]
ROWS = 256  # units of a block; chosen here: a block of a large layer is a few megabytes
PATTERNS = 256  # patterns side by side; chosen here, for the same reason


class Rows(Protocol):
    """Some rows of many, whether they are in memory or not."""

    def __len__(self) -> int: ...

    def __getitem__(self, key: slice, /) -> NDArray[Any]:
        """Return a run of rows."""
        ...


@dataclass(frozen=True, slots=True)
class _Block:
    """Some units of a layer, the units they see, and where each weight stands in their matrix."""

    units: slice
    sources: Ints
    row: Ints
    column: Ints
    wid: Ints

    def matrix(self, weights: Floats) -> Floats:
        """Return the weights as a matrix, 0 where there is no connection."""
        dense = np.zeros((self.units.stop - self.units.start, len(self.sources)))
        dense[self.row, self.column] = weights[self.wid]
        return dense


class Tangent:
    """The rows of one table and the costs at its output layers, as blocks of dense matrices.

    Raises: NetError when a connection does not combine by weighted sum.
    """

    def __init__(self, table: ConnectionTable, cost: Loss) -> None:
        table.demand_weighted_sums("the curvature along a line")
        self._table = table
        self._ends = {end.layer.name: end for end in ends_of(table, cost)}
        self._layers = [
            (layer, [_block(table, first, last) for first, last in _runs(layer.first, layer.size)])
            for layer in table.computed_layers
        ]

    def along(
        self,
        weights: Floats,
        direction: Floats,
        patterns: Rows,
        targets: Rows,
    ) -> float:
        """Return the curvature along `direction`, summed over the patterns.

        It is rounded to float32: the last digits of a matrix product differ between machines.
        Shapes: patterns: (n, n_inputs); targets: (n, n_outputs).
        """
        matrices = [
            [(block, block.matrix(weights), block.matrix(direction)) for block in blocks]
            for _, blocks in self._layers
        ]
        total = 0.0
        for first in range(0, len(patterns), PATTERNS):
            some = slice(first, first + PATTERNS)
            total += self._curvature(matrices, patterns[some], targets[some].T.astype(float))
        return float(np.float32(total))

    def _curvature(
        self,
        matrices: list[list[tuple[_Block, Floats, Floats]]],
        patterns: NDArray[np.floating[Any]],
        targets: Floats,
    ) -> float:
        """Carry some patterns and r forward; return the curvature. targets: (n_outputs, n)."""
        table, found = self._table, 0.0
        constant = np.where(np.isnan(table.constant), 0.0, table.constant)
        state = np.repeat(constant[:, None], len(patterns), axis=1)
        moved = np.zeros_like(state)
        table.show(state, patterns.T)
        for (layer, _), blocks in zip(self._layers, matrices, strict=True):
            units = slice(layer.first, layer.first + layer.size)
            for block, weights, direction in blocks:
                seen = state[block.sources]
                moved[block.units] = weights @ moved[block.sources] + direction @ seen
                state[block.units] = weights @ seen
            total, end = state[units].copy(), self._ends.get(layer.name)
            if end is not None and end.joint is not None:
                bend = evaluate(end.joint.gauss_newton, {"a": total, "d": targets[end.part]})
                found += float(np.sum(bend * moved[units] * moved[units]))
                if not end.feeds:
                    continue
            moved[units] *= evaluate(layer.activation.slope, {"a": total})
            state[units] = evaluate(layer.activation.value, {"a": total})
            if end is not None and end.joint is None:
                ends = end.cost.ends(state[units], targets[end.part], axis=0)
                found += float(np.sum(end.cost.along(ends, moved[units], axis=0)))
        return found


def _runs(first: int, size: int) -> list[tuple[int, int]]:
    """Split units from `first` on into runs of at most ROWS: their bounds."""
    return [(at, min(at + ROWS, first + size)) for at in range(first, first + size, ROWS)]


def _block(table: ConnectionTable, first: int, last: int) -> _Block:
    rows = slice(*np.searchsorted(table.dst, [first, last]))
    sources, column = np.unique(table.src[rows], return_inverse=True)
    return _Block(
        slice(first, last),
        sources,
        table.dst[rows] - np.int32(first),
        column.astype(np.int32),
        table.wid[rows],
    )
