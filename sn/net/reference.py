"""The slow twin: what the rows of a table mean, in float64, plainly.

Every kernel is tested against these functions, and `--reference` trains with them. They walk
the rows layer by layer and know nothing of schemes, shapes or vectors.

Signs and formulas are those of SN 2.8 (sn-network, 5): grad is minus dE/da.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.net.costs import Cost
from sn.net.expr import evaluate
from sn.net.output import OutputFormulas, output_formulas
from sn.net.table import ConnectionTable

Floats = NDArray[np.float64]
Numbers = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class States:
    """One presentation. Shapes: every array (n_units,) float64; weight arrays (n_weights,)."""

    total: Floats
    state: Floats
    grad: Floats
    curv: Floats
    d_weight: Floats
    curv_weight: Floats
    cost: float


class Reference:
    """The rows of one table and the cost at its last layer, ready to be walked.

    `is_full` keeps the term with f'' in the curvatures (SN's learn-newton); without it they are
    those of Gauss and Newton, never negative (learn-lm). In float32 the same walk tells how much
    plain arithmetic of that kind loses.
    """

    def __init__(
        self,
        table: ConnectionTable,
        cost: Cost,
        is_full: bool = False,
        dtype: type[np.floating[Any]] = np.float64,
    ) -> None:
        self.table = table
        self.cost = cost
        self.is_full = is_full
        self._dtype = dtype
        bounds = np.searchsorted(
            table.dst,
            [edge for layer in table.layers for edge in (layer.first, layer.first + layer.size)],
        )
        # rows of each computed layer: they are ordered by downstream unit, so one slice each
        self._layers = []
        for index in table.computed:
            layer = table.layers[index]
            rows = slice(*bounds[2 * index : 2 * index + 2])
            units = slice(layer.first, layer.first + layer.size)
            columns = table.dst[rows], table.src[rows], table.wid[rows]
            self._layers.append((layer, units, *columns))
        self._start = np.where(np.isnan(table.constant), 0.0, table.constant).astype(dtype)
        self._joint = output_formulas(table.layers[-1].activation, cost)

    def forward(self, weights: Numbers, pattern: Numbers) -> tuple[Floats, Floats]:
        """Return total inputs and states: a_j = sum_i w_ij x_i, x_j = f(a_j)."""
        table = self.table
        state = self._start.copy()
        total = np.zeros(table.n_units, self._dtype)
        table.show(state, pattern)
        for layer, units, dst, src, wid in self._layers:
            np.add.at(total, dst, weights[wid] * state[src])
            state[units] = evaluate(layer.activation.value, {"a": total[units]})
        return total, state

    def present(self, weights: Numbers, pattern: Numbers, desired: Numbers) -> States:
        """Walk one pattern forward and backward, without an update.

        grad g = -dE/da; curv h estimates d2E/da2 from the diagonal alone: with q the curvature
        of the state and b = -dE/dx, h = q f'^2, or q f'^2 - b f'' when full; d_weight is the sum of
        x_i g_j over the connections of a weight, curv_weight the sum of x_i^2 h_j.
        """
        table = self.table
        total, state = self.forward(weights, pattern)
        grad, curv, back, back_curv = (np.zeros(table.n_units, self._dtype) for _ in range(4))
        last = table.layers[-1]
        out = slice(last.first, last.first + last.size)
        ends = self.cost.ends(state[out], desired)
        if self._joint is None:
            back[out] = -evaluate(self.cost.slope, ends)
            back_curv[out] = evaluate(self.cost.bend, ends)
        for layer, units, dst, src, wid in reversed(self._layers):
            slope = evaluate(layer.activation.slope, {"a": total[units]})
            grad[units] = back[units] * slope
            curv[units] = back_curv[units] * slope * slope
            if self.is_full:
                bend = evaluate(layer.activation.bend, {"a": total[units]})
                curv[units] -= back[units] * bend
            if layer is last and self._joint is not None:
                grad[units], curv[units] = self._at_output(self._joint, total[units], desired)
            np.add.at(back, src, weights[wid] * grad[dst])
            np.add.at(back_curv, src, weights[wid] ** 2 * curv[dst])
        d_weight, curv_weight = (np.zeros(table.n_weights, self._dtype) for _ in range(2))
        np.add.at(d_weight, table.wid, state[table.src] * grad[table.dst])
        np.add.at(curv_weight, table.wid, state[table.src] ** 2 * curv[table.dst])
        if self._joint is None:
            cost = float(np.sum(evaluate(self.cost.value, ends)))
        else:
            ends = {"a": total[out], "d": desired}
            cost = float(np.sum(evaluate(self._joint.value, ends)))
        return States(total, state, grad, curv, d_weight, curv_weight, cost)

    def _at_output(
        self, joint: OutputFormulas, total: Floats, desired: Numbers
    ) -> tuple[Floats, Floats]:
        """Return -dE/da and the curvature of output units from their total inputs."""
        ends = {"a": total, "d": desired}
        curv = joint.full if self.is_full else joint.gauss_newton
        return evaluate(joint.grad, ends), evaluate(curv, ends)

    def along(self, weights: Floats, direction: Floats, pattern: Floats, desired: Floats) -> float:
        """Return the Gauss-Newton curvature of one pattern's cost along a direction of weights.

        With r the derivative of the states, r_j = f'(a_j) sum_i (w_ij r_i + v_ij x_i), it is the
        sum of E''(y) r^2 over the outputs.
        Source: SN 2.8, update-deltastate, batch-cg2-iteration.
        """
        table = self.table
        total, state = self.forward(weights, pattern)
        moved = np.zeros(table.n_units)
        for layer, units, dst, src, wid in self._layers:
            np.add.at(moved, dst, weights[wid] * moved[src] + direction[wid] * state[src])
            if self._joint is None or layer is not table.layers[-1]:
                moved[units] *= evaluate(layer.activation.slope, {"a": total[units]})
        last = table.layers[-1]
        out = slice(last.first, last.first + last.size)
        if self._joint is not None:
            bend = evaluate(self._joint.gauss_newton, {"a": total[out], "d": desired})
            return float(np.sum(bend * moved[out] ** 2))
        return float(self.cost.along(self.cost.ends(state[out], desired), moved[out]))
