"""Differences: derivatives of a net from its forward pass alone, to hold the others against.

A central difference of step h is wrong by a series in h^2; steps h, h/2 and h/4 cancel its first
two terms (Richardson). Steps are lengths of the total inputs, not of the weights: where one weight
serves a thousand places, or f is steep, a small step of it is a long way. A step must not cross a
corner, such as that of relu: then a shorter one is tried, and a direction that always crosses one
is given up.
Differences know how rough they are: below `noise` nothing can be told from 0.

`Squared` computes curvatures a second way: h is how the outputs' curvature answers to a weight
in the squared network, the one whose weights are w^2 and whose slopes are f'^2. One forward pass
through it gives the sum over all units that the backward pass must agree with.

Source: LeCun 1989; SN 2.8, update-ggradient and update-lmggradient (sn-network, 5.3).
Read next: reference.py for the backward passes, ../train/gradient_check.py for the comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.net.activations import Activation
from sn.net.costs import Cost
from sn.net.expr import Expr, call, evaluate, variable
from sn.net.loss import Loss, ends_of
from sn.net.reference import Reference
from sn.net.table import ConnectionTable

Floats = NDArray[np.float64]

# chosen here: where truncation h^6 and round-off 1e-16 / h (1e-16 / h^2) are both far below 1e-6
STEPS = (2.0**-12, 2.0**-16, 2.0**-20)
SECOND_STEPS = (2.0**-5, 2.0**-7, 2.0**-9)
SCALAR_STEPS = (2.0**-6, 2.0**-10)
# of a value that sums a few terms; `first` and `second` make 6 / h and 91 / h^2 of it
ROUND_OFF = 8 * 2.0**-52
# relative differences by a step and by half of it, of one unit and of the whole net; chosen here: a
# hundredth and a third of what the check allows
TRUNCATION, SETTLED = 1e-8, 3e-7
FIRST_NOISE, SECOND_NOISE = 6 * ROUND_OFF, 91 * ROUND_OFF
STEEPEST = 32.0  # chosen here: tanh(16 x)
SLOWEST = 2.0**-10  # of the rates at which totals move; slower ones do not get longer steps


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


@dataclass(frozen=True, slots=True)
class Measured:
    """A number and how far round-off may have moved it."""

    value: float
    noise: float


class Differences:
    """The cost of one pattern as a function of the weights."""

    def __init__(
        self, table: ConnectionTable, cost: Loss, weights: Floats, pattern: Floats, desired: Floats
    ) -> None:
        self._twin, self._ends = Reference(table, cost), ends_of(table, cost)
        self._weights, self._pattern, self._desired = weights, pattern, desired
        self._corners = [comparisons(layer.activation.value) for layer in table.layers]
        self._cost_corners = [_corners_of(end.cost) for end in self._ends]
        self._total, state = self._twin.forward(weights, pattern)
        self._steepness = self._steepnesses()
        # what goes into the sum over outputs: a small cost may be a difference of large numbers
        self._size = 0.0
        for end in self._ends:
            ends = end.ends(state, desired)
            reach = np.abs(ends["y"]) + np.abs(ends["d"])
            self._size += float(
                np.sum(np.abs(_values(end.cost.value, ends)))
                + np.sum(np.abs(_values(end.cost.slope, ends)) * reach)
            )
        self._reach = float(np.max(np.abs(state[table.output_units]), initial=0))

    def slope(self, direction: Floats) -> Measured | None:
        """Return dE/dw along a direction, None where every step crosses a corner."""
        found = self._settled(direction, STEPS, first, self._cost, FIRST_NOISE * self._size)
        return (
            None
            if found is None
            else Measured(float(found[1]), FIRST_NOISE * self._size / found[0])
        )

    def bend(self, direction: Floats) -> Measured | None:
        """Return the second derivative of E along a direction, None likewise."""
        noise = SECOND_NOISE * self._size
        found = self._settled(direction, SECOND_STEPS, second, self._cost, noise)
        return None if found is None else Measured(float(found[1]), noise / found[0] ** 2)

    def squares(self, direction: Floats) -> Measured | None:
        """Return the sum over outputs of E''(y) (dy/dw)^2 along a direction, None likewise."""
        found = self._settled(direction, STEPS, first, self._outputs, FIRST_NOISE * self._reach)
        if found is None:
            return None
        h, slopes = found
        bends, rough = self.output_bend(), FIRST_NOISE * self._reach / h
        noise = np.sum(np.abs(bends) * rough * (2 * np.abs(slopes) + rough))
        return Measured(float(np.sum(bends * slopes * slopes)), float(noise))

    def output_bend(self) -> Floats:
        """Return the second derivative of the cost with respect to each output."""
        y = self._outputs(np.zeros_like(self._weights))
        scale, parts = _scale(y), []
        for end in self._ends:
            some = y[end.part], self._desired[end.part], scale[end.part]
            parts.append(second(_by_output(end.cost, *some), SCALAR_STEPS[0]))
        return np.concatenate(parts) / scale**2

    def _outputs(self, move: Floats) -> Floats:
        _, state = self._twin.forward(self._weights + move, self._pattern)
        return state[self._twin.table.output_units]

    def _cost(self, move: Floats) -> Floats:
        y, total = self._outputs(move), np.zeros(())
        for end in self._ends:
            ends = end.cost.ends(y[end.part], self._desired[end.part])
            total = total + np.sum(_values(end.cost.value, ends))
        return total

    def _settled(
        self,
        direction: Floats,
        steps: tuple[float, ...],
        by: Callable[[Callable[[float], Floats], float], Floats],
        of: Callable[[Floats], Floats],
        noise: float,
    ) -> tuple[float, Floats] | None:
        """Return a derivative along a direction, with the first step that half of it agrees with.

        `noise` is what round-off makes of the derivative with a step of 1.
        """
        power = 1 if by is first else 2
        for h in self._fitting(direction, steps):
            found = [by(lambda x: of(x * direction), step) for step in (h, h / 2)]
            if np.all(_alike(found, np.asarray(noise / h**power), SETTLED)):
                return h, found[0]
        return None

    def _fitting(self, direction: Floats, steps: tuple[float, ...]) -> Iterator[float]:
        """Yield the steps at whose ends every corner is on the side it is on at 0."""
        rate = self._rate(direction)
        has_corners = any(self._corners) or any(self._cost_corners)
        here = self._sides(np.zeros_like(direction)) if has_corners else None
        for h in (step / rate for step in steps):
            ends = (self._sides(sign * h * direction) for sign in (1, -1) if has_corners)
            if here is None or all(np.array_equal(here, there) for there in ends):
                yield h

    def _rate(self, direction: Floats) -> float:
        """Return how fast the fastest unit moves along a direction, as a power of two.

        Totals are measured in lengths over which the slope of f changes, where those are short.
        """
        h = 2.0**-20
        total, _ = self._twin.forward(self._weights + h * direction, self._pattern)
        fastest = float(np.max(np.abs(total - self._total) * self._steepness, initial=0)) / h
        return 2.0 ** round(np.log2(fastest)) if SLOWEST < fastest < np.inf else 1.0

    def _steepnesses(self) -> Floats:
        """Return |f''| / |f'| of each unit, from 1 to STEEPEST."""
        found = np.ones(self._twin.table.n_units)
        for layer in self._twin.table.computed_layers:
            units = slice(layer.first, layer.first + layer.size)
            f, at = layer.activation, {"a": self._total[units]}
            slope, bend = np.abs(_values(f.slope, at)), np.abs(_values(f.bend, at))
            # near an extremum of f the quotient says nothing: there the limit holds
            share = bend / np.maximum(slope + bend / STEEPEST, np.finfo(float).tiny)
            found[units] = np.maximum(share, 1)
        return found

    def _sides(self, move: Floats) -> NDArray[np.bool_]:
        table = self._twin.table
        total, state = self._twin.forward(self._weights + move, self._pattern)
        parts = [
            np.broadcast_to(evaluate(corner, {"a": total[layer.units.ravel()]}), layer.size)
            for layer, corners in zip(table.layers, self._corners, strict=True)
            for corner in corners
            if layer.start is None
        ]
        for end, corners in zip(self._ends, self._cost_corners, strict=True):
            ends = end.ends(state, self._desired)
            parts += [np.broadcast_to(evaluate(c, ends), len(ends["d"])) for c in corners]
        return np.concatenate(parts)


def _corners_of(cost: Cost) -> list[Expr]:
    """The comparisons in a cost, and which output is the largest where that matters."""
    found = list(comparisons(cost.value))
    for one in cost.reductions if cost.derivatives and cost.derivatives.mixed is None else ():
        found += comparisons(one.of)
        if one.how == "max":
            found.append(call("le", variable(one.name), one.of))
    return found


@dataclass(frozen=True, slots=True)
class Squared:
    """Curvatures of one pattern by a forward pass through the squared network.

    Shapes: slope: f' of each unit; gauss_newton, full: what the curvature of each unit adds to
    the answer, (n_units,) float64, all by differences of f and of the cost; rough: how far
    round-off may have moved both.
    """

    table: ConnectionTable
    weights: Floats
    state: Floats
    slope: Floats
    gauss_newton: Floats
    full: Floats
    rough: Floats

    @classmethod
    def at(
        cls, table: ConnectionTable, cost: Loss, weights: Floats, pattern: Floats, desired: Floats
    ) -> Squared:
        """Walk one pattern forward, and -dE/dx backward.

        Raises: NetError when a connection does not combine by weighted sum.
        """
        table.demand_weighted_sums("the squared network")
        total, state = Reference(table, cost).forward(weights, pattern)
        slope, bend, back, noise, rough = (np.zeros(table.n_units) for _ in range(5))
        for layer in table.computed_layers:
            units = slice(layer.first, layer.first + layer.size)
            found = _derivatives(layer.activation, total[units])
            slope[units], bend[units], noise[units] = found
        h, gauss_newton = SCALAR_STEPS[0], np.zeros(table.n_units)
        for end in ends_of(table, cost):
            y, some = state[end.units], end.units
            scale = _scale(y)
            by_output = _by_output(end.cost, y, desired[end.part], scale)
            back[some] = -first(by_output, h) / scale
            gauss_newton[some] = slope[some] ** 2 * second(by_output, h) / scale**2
            rough[some] = (
                SECOND_NOISE / (h * scale) ** 2 * np.abs(by_output(0.0)) * slope[some] ** 2
            )
        for rows in reversed(list(_rows_by_layer(table))):
            dst, src, wid = table.dst[rows], table.src[rows], table.wid[rows]
            np.add.at(back, src, weights[wid] * (back * slope)[dst])
        rough += np.abs(back) * noise + FIRST_NOISE / h**2 * np.abs(gauss_newton)
        full = gauss_newton - back * bend
        return cls(table, weights, state, slope, gauss_newton, full, rough)

    def answers(self, direction: Floats) -> tuple[Measured, Measured]:
        """Return how the Gauss-Newton and the full curvature answer to weights v.

        u_j = sum_i (v_ij x_i^2 + w_ij^2 f'(a_i)^2 u_i); the answer is the sum of u over units,
        times what each adds. A backward pass gives the same as the sum of v times curvature.
        """
        table, moved = self.table, np.zeros(self.table.n_units)
        for rows in _rows_by_layer(table):
            dst, src, wid = table.dst[rows], table.src[rows], table.wid[rows]
            through = (self.weights[wid] * self.slope[src]) ** 2 * moved[src]
            np.add.at(moved, dst, direction[wid] * self.state[src] ** 2 + through)
        noise = float(np.sum(np.abs(moved) * self.rough))
        return (
            Measured(float(np.sum(moved * self.gauss_newton)), noise),
            Measured(float(np.sum(moved * self.full)), noise),
        )


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


def _derivatives(activation: Activation, total: Floats) -> tuple[Floats, Floats, Floats]:
    """Return f' and f'' at each total, by differences, and how far round-off may have moved f''.

    They stay on one side of a corner, and far enough from a pole that half a step gives the same.
    Closer than the shorter step, the formulas' own derivatives are taken.
    """
    value = activation.value
    slope, bend = (_values(e, {"a": total}).copy() for e in (activation.slope, activation.bend))
    noise, left = np.zeros(len(total)), np.ones(len(total), bool)
    for h in SCALAR_STEPS:
        fits = left.copy()
        for corner in comparisons(value):
            here, *ends = (_values(corner, {"a": total + x}) for x in (0.0, h, -h))
            fits &= np.all([here == end for end in ends], axis=0)

        def moved(x: float) -> Floats:
            return _values(value, {"a": total + x})

        size = np.abs(moved(0.0))
        slopes, bends = ([by(moved, step) for step in (h, h / 2)] for by in (first, second))
        rough = SECOND_NOISE / h**2 * (size + np.abs(bends[0]))
        fits &= _alike(slopes, FIRST_NOISE / h * size) & _alike(bends, rough)
        slope[fits], bend[fits], noise[fits] = slopes[0][fits], bends[0][fits], rough[fits]
        left &= ~fits
    return slope, bend, noise


def _alike(found: Sequence[Floats], noise: Floats, share: float = TRUNCATION) -> NDArray[np.bool_]:
    """Whether differences by a step and by half of it agree, up to round-off of the shorter one."""
    whole, half = found
    return np.asarray(np.abs(whole - half) <= share * np.abs(half) + 8 * noise)


def _scale(y: Floats) -> Floats:
    """How long a step of each output is, a power of two: a large number has no digits for less."""
    return np.asarray(2.0 ** np.ceil(np.log2(np.maximum(np.abs(y), 1))))


def _by_output(
    cost: Cost, y: Floats, desired: Floats, scale: Floats | None = None
) -> Callable[[float], Floats]:
    """Return the cost as a function of how far one output moves, for each output.

    `scale`: what a distance is multiplied by for each, 1 unless said.
    """
    steps = np.ones_like(y) if scale is None else scale

    def one_by_one(x: float) -> Floats:
        ends = cost.ends(y + x * np.diag(steps), np.broadcast_to(desired, (len(y), len(y))))
        return np.asarray(np.sum(_values(cost.value, ends), axis=-1))

    def at_once(x: float) -> Floats:
        return _values(cost.value, {"y": y + x * steps, "d": desired})

    return one_by_one if cost.reductions else at_once


def _values(e: Expr, variables: Mapping[str, NDArray[np.floating[Any]]]) -> Floats:
    shape = np.broadcast_shapes(*(np.shape(v) for v in variables.values()))
    return np.broadcast_to(np.asarray(evaluate(e, variables)), shape)


def _rows_by_layer(table: ConnectionTable) -> Iterator[slice]:
    """Yield the rows into each layer after the first."""
    for layer in table.computed_layers:
        ends = np.searchsorted(table.dst, (layer.first, layer.first + layer.size))
        yield slice(int(ends[0]), int(ends[1]))
