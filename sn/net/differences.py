"""Differences: derivatives of a net from its forward pass alone, to hold the others against.

A central difference of step h is wrong by a series in h^2; steps h, h/2 and h/4 cancel its first
two terms (Richardson). A step must not cross a corner, such as that of relu: then a shorter one
is tried, and a direction that always crosses one is given up.

`Squared` computes curvatures a second way: h is how the outputs' curvature answers to a weight
in the squared network, the one whose weights are w^2 and whose slopes are f'^2. One forward pass
through it gives the sum over all units that the backward pass must agree with.

Source: LeCun 1989; SN 2.8, update-ggradient and update-lmggradient (sn-network, 5.3).
Read next: reference.py for the backward passes, ../train/gradient_check.py for the comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sn.net.activations import Activation
from sn.net.costs import Cost
from sn.net.expr import Expr, evaluate
from sn.net.reference import Reference
from sn.net.table import ConnectionTable

Floats = NDArray[np.float64]

# chosen here: where truncation h^6 and round-off 1e-16 / h (1e-16 / h^2) are both far below 1e-6
STEPS = (2.0**-12, 2.0**-16, 2.0**-20)
SECOND_STEPS = (2.0**-5, 2.0**-7, 2.0**-9)
SCALAR_STEPS = (2.0**-6, 2.0**-10)


def first(f: Callable[[float], Floats], h: float) -> Floats:
    """Return f'(0) from six values of f."""
    a, b, c = ((f(x) - f(-x)) / (2 * x) for x in (h, h / 2, h / 4))
    return _limit(a, b, c)


def second(f: Callable[[float], Floats], h: float) -> Floats:
    """Return f''(0) from seven values of f."""
    middle = f(0.0)
    a, b, c = ((f(x) + f(-x) - 2 * middle) / (x * x) for x in (h, h / 2, h / 4))
    return _limit(a, b, c)


def _limit(a: Floats, b: Floats, c: Floats) -> Floats:
    better, best = (4 * b - a) / 3, (4 * c - b) / 3
    return (16 * best - better) / 15


class Differences:
    """The cost of one pattern as a function of the weights."""

    def __init__(
        self, table: ConnectionTable, cost: Cost, weights: Floats, pattern: Floats, desired: Floats
    ) -> None:
        self._twin = Reference(table, cost)
        self._weights, self._pattern, self._desired = weights, pattern, desired
        self._corners = [comparisons(layer.activation.value) for layer in table.layers]
        self._cost_corners = comparisons(cost.value)

    def slope(self, direction: Floats) -> float | None:
        """Return dE/dw along a direction, None where every step crosses a corner."""
        h = self._step(direction, STEPS)
        return None if h is None else float(first(lambda x: self._cost(x * direction), h))

    def bend(self, direction: Floats) -> float | None:
        """Return the second derivative of E along a direction, None likewise."""
        h = self._step(direction, SECOND_STEPS)
        return None if h is None else float(second(lambda x: self._cost(x * direction), h))

    def jacobian(self, direction: Floats) -> Floats | None:
        """Return the derivative of each output along a direction, None likewise."""
        h = self._step(direction, STEPS)
        return None if h is None else first(lambda x: self._outputs(x * direction), h)

    def output_bend(self) -> Floats:
        """Return the second derivative of the cost with respect to each output."""
        y = self._outputs(np.zeros_like(self._weights))
        return second(
            lambda x: _values(self._twin.cost.value, {"y": y + x, "d": self._desired}),
            SCALAR_STEPS[0],
        )

    def _outputs(self, move: Floats) -> Floats:
        last = self._twin.table.layers[-1]
        _, state = self._twin.forward(self._weights + move, self._pattern)
        return state[last.first : last.first + last.size]

    def _cost(self, move: Floats) -> Floats:
        ends = {"y": self._outputs(move), "d": self._desired}
        return np.asarray(np.sum(_values(self._twin.cost.value, ends)))

    def _step(self, direction: Floats, steps: tuple[float, ...]) -> float | None:
        """Return the first step at whose ends every corner is on the side it is on at 0."""
        if not any(self._corners) and not self._cost_corners:
            return steps[0]
        here = self._sides(np.zeros_like(direction))
        for h in steps:
            ends = (self._sides(sign * h * direction) for sign in (1, -1))
            if all(np.array_equal(here, there) for there in ends):
                return h
        return None

    def _sides(self, move: Floats) -> NDArray[np.bool_]:
        table = self._twin.table
        total, state = self._twin.forward(self._weights + move, self._pattern)
        parts = [
            np.broadcast_to(evaluate(corner, {"a": total[layer.units.ravel()]}), layer.size)
            for layer, corners in zip(table.layers[1:], self._corners[1:], strict=True)
            for corner in corners
        ]
        ends = {"y": state[table.layers[-1].units.ravel()], "d": self._desired}
        parts += [np.broadcast_to(evaluate(c, ends), len(ends["d"])) for c in self._cost_corners]
        return np.concatenate(parts)


@dataclass(frozen=True, slots=True)
class Squared:
    """Curvatures of one pattern by a forward pass through the squared network.

    Shapes: slope: f' of each unit; gauss_newton, full: what the curvature of each unit adds to
    the answer, (n_units,) float64, all by differences of f and of the cost.
    """

    table: ConnectionTable
    weights: Floats
    state: Floats
    slope: Floats
    gauss_newton: Floats
    full: Floats

    @classmethod
    def at(
        cls, table: ConnectionTable, cost: Cost, weights: Floats, pattern: Floats, desired: Floats
    ) -> Squared:
        """Walk one pattern forward, and -dE/dx backward."""
        total, state = Reference(table, cost).forward(weights, pattern)
        slope, bend, back = (np.zeros(table.n_units) for _ in range(3))
        for layer in table.layers[1:]:
            units = slice(layer.first, layer.first + layer.size)
            slope[units], bend[units] = _derivatives(layer.activation, total[units])
        last = table.layers[-1]
        out = slice(last.first, last.first + last.size)
        y = state[out]
        back[out] = -first(
            lambda x: _values(cost.value, {"y": y + x, "d": desired}), SCALAR_STEPS[0]
        )
        for rows in reversed(list(_rows_by_layer(table))):
            dst, src, wid = table.dst[rows], table.src[rows], table.wid[rows]
            np.add.at(back, src, weights[wid] * (back * slope)[dst])
        gauss_newton = np.zeros(table.n_units)
        gauss_newton[out] = slope[out] ** 2 * second(
            lambda x: _values(cost.value, {"y": y + x, "d": desired}), SCALAR_STEPS[0]
        )
        return cls(table, weights, state, slope, gauss_newton, gauss_newton - back * bend)

    def answers(self, direction: Floats) -> tuple[float, float]:
        """Return how the Gauss-Newton and the full curvature answer to weights v.

        u_j = sum_i (v_ij x_i^2 + w_ij^2 f'(a_i)^2 u_i); the answer is the sum of u over units,
        times what each adds. A backward pass gives the same as the sum of v times curvature.
        """
        table, moved = self.table, np.zeros(self.table.n_units)
        for rows in _rows_by_layer(table):
            dst, src, wid = table.dst[rows], table.src[rows], table.wid[rows]
            through = (self.weights[wid] * self.slope[src]) ** 2 * moved[src]
            np.add.at(moved, dst, direction[wid] * self.state[src] ** 2 + through)
        return float(np.sum(moved * self.gauss_newton)), float(np.sum(moved * self.full))


def comparisons(value: Expr) -> tuple[Expr, ...]:
    """Return the comparisons that choose between the pieces of a formula, each once."""
    found: dict[Expr, None] = {}

    def visit(e: Expr) -> None:
        if e.op in ("min", "max"):
            found[Expr("lt", e.args)] = None
        elif e.op == "abs":
            found[Expr("lt", (e.args[0], Expr("const")))] = None
        elif e.op in ("lt", "le", "eq"):
            found[e] = None
        for arg in e.args:
            visit(arg)

    visit(value)
    return tuple(found)


def _derivatives(activation: Activation, total: Floats) -> tuple[Floats, Floats]:
    """Return f' and f'' at each total by differences that stay on one side of a corner.

    Closer to a corner than the shorter step, the formulas' own derivatives are taken.
    """
    value = activation.value
    slope, bend = (_values(e, {"a": total}).copy() for e in (activation.slope, activation.bend))
    left = np.ones(len(total), bool)
    for h in SCALAR_STEPS:
        fits = left.copy()
        for corner in comparisons(value):
            here, *ends = (_values(corner, {"a": total + x}) for x in (0.0, h, -h))
            fits &= np.all([here == end for end in ends], axis=0)
        some = total[fits]
        slope[fits] = first(lambda x, a=some: _values(value, {"a": a + x}), h)  # type: ignore[misc]
        bend[fits] = second(lambda x, a=some: _values(value, {"a": a + x}), h)  # type: ignore[misc]
        left &= ~fits
    return slope, bend


def _values(e: Expr, variables: dict[str, Floats]) -> Floats:
    shape = np.broadcast_shapes(*(np.shape(v) for v in variables.values()))
    return np.broadcast_to(np.asarray(evaluate(e, variables)), shape)


def _rows_by_layer(table: ConnectionTable) -> Iterator[slice]:
    """Yield the rows into each layer after the first."""
    for layer in table.layers[1:]:
        ends = np.searchsorted(table.dst, (layer.first, layer.first + layer.size))
        yield slice(int(ends[0]), int(ends[1]))
