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

from sn.net.expr import evaluate
from sn.net.loss import Loss, ends_of
from sn.net.output import OutputFormulas
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
    """The rows of one table and the costs at its output layers, ready to be walked.

    `is_full` keeps the term with f'' in the curvatures (SN's learn-newton); without it they are
    those of Gauss and Newton, never negative (learn-lm). In float32 the same walk tells how much
    plain arithmetic of that kind loses.
    """

    def __init__(
        self,
        table: ConnectionTable,
        cost: Loss,
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
        self._ends = ends_of(table, cost)
        by_index = {end.index: end for end in self._ends}
        self._layers = []
        for index in table.computed:
            layer = table.layers[index]
            rows = slice(*bounds[2 * index : 2 * index + 2])
            units = slice(layer.first, layer.first + layer.size)
            columns = table.dst[rows], table.src[rows]
            self._layers.append((layer, by_index.get(index), units, rows, *columns))
        self._has_others = len(table.other_rows) > 0
        self._start = np.where(np.isnan(table.constant), 0.0, table.constant).astype(dtype)

    def forward(
        self, weights: Numbers, pattern: Numbers, kept: Numbers | None = None
    ) -> tuple[Floats, Floats]:
        """Return total inputs and states: a_j = sum_i w_ij x_i, x_j = f(a_j).

        `kept`, (n_units,), multiplies the states: 0 for a unit that is left out.
        """
        table = self.table
        state = self._start.copy()
        total = np.zeros(table.n_units, self._dtype)
        table.show(state, pattern)
        if kept is not None:
            state *= kept
        for layer, _, units, rows, dst, _ in self._layers:
            np.add.at(total, dst, table.combined("term", weights, state, rows))
            state[units] = evaluate(layer.activation.value, {"a": total[units]})
            if kept is not None:
                state[units] *= kept[units]
        return total, state

    def present(
        self, weights: Numbers, pattern: Numbers, desired: Numbers, kept: Numbers | None = None
    ) -> States:
        """Walk one pattern forward and backward, without an update.

        grad g = -dE/da; curv h estimates d2E/da2 from the diagonal alone: with q the curvature
        of the state and b = -dE/dx, h = q f'^2, or q f'^2 - b f'' when full; d_weight is the sum of
        x_i g_j over the connections of a weight, curv_weight the sum of x_i^2 h_j. Where another
        formula t(w, x) makes the totals, its derivatives stand for w and x, and the full
        curvatures have the terms -t'' g_j too. `kept` is as in `forward`.
        """
        table = self.table
        total, state = self.forward(weights, pattern, kept)
        grad, curv, back, back_curv = (np.zeros(table.n_units, self._dtype) for _ in range(4))
        for end in self._ends:
            if end.joint is None:
                ends = end.ends(state, desired)
                back[end.units] = -evaluate(end.cost.slope, ends)
                back_curv[end.units] = evaluate(end.cost.bend, ends)
        for layer, end, units, rows, dst, src in reversed(self._layers):
            slope = evaluate(layer.activation.slope, {"a": total[units]})
            if kept is not None:
                slope = slope * kept[units]
            grad[units] = back[units] * slope
            curv[units] = back_curv[units] * slope * slope
            if self.is_full:
                bend = evaluate(layer.activation.bend, {"a": total[units]})
                bend = bend if kept is None else bend * kept[units]
                curv[units] -= back[units] * bend
            if end is not None and end.joint is not None:
                g, h = self._at_output(end.joint, total[units], desired[end.part])
                # what comes back is 0 where the units feed none, but not 0 times an infinite slope
                grad[units] = grad[units] + g if end.feeds else g
                curv[units] = curv[units] + h if end.feeds else h
            by_state = table.combined("d_state", weights, state, rows)
            np.add.at(back, src, by_state * grad[dst])
            np.add.at(back_curv, src, by_state**2 * curv[dst])
            if self.is_full and self._has_others:
                bends = table.combined("dd_state", weights, state, rows)
                np.add.at(back_curv, src, -bends * grad[dst])
        d_weight, curv_weight = (np.zeros(table.n_weights, self._dtype) for _ in range(2))
        by_weight = table.combined("d_weight", weights, state)
        np.add.at(d_weight, table.wid, by_weight * grad[table.dst])
        np.add.at(curv_weight, table.wid, by_weight**2 * curv[table.dst])
        if self.is_full and self._has_others:
            bends = table.combined("dd_weight", weights, state)
            np.add.at(curv_weight, table.wid, -bends * grad[table.dst])
        cost = sum(end.value(total, state, desired) for end in self._ends)
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
        sum of E''(y) r^2 over the outputs; derivatives of another combine stand for w and x.
        Source: SN 2.8, update-deltastate, batch-cg2-iteration.
        """
        table = self.table
        total, state = self.forward(weights, pattern)
        moved, found = np.zeros(table.n_units), 0.0
        for layer, end, units, rows, dst, src in self._layers:
            by_state = table.combined("d_state", weights, state, rows)
            by_weight = table.combined("d_weight", weights, state, rows)
            np.add.at(moved, dst, by_state * moved[src] + direction[table.wid[rows]] * by_weight)
            if end is not None and end.joint is not None:
                ends = {"a": total[units], "d": desired[end.part]}
                bend = evaluate(end.joint.gauss_newton, ends)
                found += float(np.sum(bend * moved[units] ** 2))
            moved[units] *= evaluate(layer.activation.slope, {"a": total[units]})
            if end is not None and end.joint is None:
                found += float(end.cost.along(end.ends(state, desired), moved[units]))
        return found
