"""Curvature along a line: how the outputs move when all weights move, for many patterns at once.

One forward pass carries the states x and their derivatives r along a direction v of the
weights, r_j = f'(a_j) sum_i (w_ij r_i + v_ij x_i); the Gauss-Newton curvature of the cost along
v is the sum of E''(y) r^2 over outputs and patterns. In float64, from the connection table.

Source: SN 2.8, update-deltastate and batch-cg2-iteration (sn-network, 5.5 and 6.7).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.net.costs import Cost
from sn.net.expr import evaluate
from sn.net.layer import Ints
from sn.net.output import output_formulas
from sn.net.table import ConnectionTable

Floats = NDArray[np.float64]
ROWS = 256  # units of a block; chosen here: a block of a large layer is a few megabytes
PATTERNS = 256  # patterns side by side; chosen here, for the same reason


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
    """The rows of one table and the cost at its last layer, as blocks of dense matrices."""

    def __init__(self, table: ConnectionTable, cost: Cost) -> None:
        self._table, self._cost = table, cost
        self._joint = output_formulas(table.layers[-1].activation, cost)
        self._layers = [
            (layer, [_block(table, first, last) for first, last in _runs(layer.first, layer.size)])
            for layer in table.computed_layers
        ]

    def along(
        self,
        weights: Floats,
        direction: Floats,
        patterns: NDArray[np.floating[Any]],
        targets: NDArray[np.floating[Any]],
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
            moved, end = self._forward(matrices, patterns[some])
            desired = targets[some].T.astype(float)
            if self._joint is None:
                ends = self._cost.ends(end, desired, axis=0)
                total += float(np.sum(self._cost.along(ends, moved, axis=0)))
                continue
            bend = evaluate(self._joint.gauss_newton, {"a": end, "d": desired})
            total += float(np.sum(bend * moved * moved))
        return float(np.float32(total))

    def _forward(
        self,
        matrices: list[list[tuple[_Block, Floats, Floats]]],
        patterns: NDArray[np.floating[Any]],
    ) -> tuple[Floats, Floats]:
        """Return r and y of the last layer, (n_outputs, n) each; of totals with joint formulas."""
        table = self._table
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
            total = state[units]
            if self._joint is not None and layer is table.layers[-1]:
                break
            moved[units] *= evaluate(layer.activation.slope, {"a": total})
            state[units] = evaluate(layer.activation.value, {"a": total})
        last = table.layers[-1]
        out = slice(last.first, last.first + last.size)
        return moved[out], state[out]


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
