"""The twin against central differences: every scheme, every non-linearity, random nets.

A central difference of step h is wrong by a series in h^2; three steps h, h/2, h/4 cancel its
first two terms (Richardson), which leaves about h^6 f(7) and, in float64, round-off of 1e-16 E/h.
With h = 1/64 both are below 1e-11, so that a relative 1e-7 is well within reach.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sn.net import expr
from sn.net.activations import linear
from sn.net.costs import Cost, cost
from sn.net.reference import Reference
from sn.net.table import ConnectionTable, freeze
from tests.sample_nets import (
    CORNER,
    FAMILIES,
    NON_LINEARITIES,
    SMOOTH,
    Floats,
    Presentation,
    corner_margin,
    described,
    family,
    has_corner,
    lms,
    presentation,
    tables,
)

RELATIVE = 1e-7
ABSOLUTE = 2e-11  # round-off of the differences, in units of the cost


def slope(f: Callable[[float], float], h: float) -> float:
    """f'(0) from six values of f."""
    first, second, third = ((f(x) - f(-x)) / (2 * x) for x in (h, h / 2, h / 4))
    better, best = (4 * second - first) / 3, (4 * third - second) / 3
    return (16 * best - better) / 15


def cost_at(twin: Reference, shown: Presentation, weights: Floats) -> float:
    """E of one pattern, from the forward pass alone."""
    last = twin.table.layers[-1]
    _, state = twin.forward(weights, shown.pattern)
    ends = {"y": state[last.units.ravel()], "d": shown.desired}
    return float(np.sum(expr.evaluate(twin.cost.value, ends)))


def check(table: ConnectionTable, error: Cost, shown: Presentation, some: Floats) -> None:
    """Compare dE/dw along each row of `some`, directions in weight space."""
    twin = Reference(table, error)
    found = twin.present(shown.weights, shown.pattern, shown.desired)
    assert found.cost == pytest.approx(cost_at(twin, shown, shown.weights), rel=1e-14)
    # d_weight points down; a small step keeps totals on their side of a corner
    step = 2.0**-10 if has_corner(table) else 2.0**-6
    for direction in some:
        expected = slope(lambda x, d=direction: cost_at(twin, shown, shown.weights + x * d), step)
        room = ABSOLUTE * (1 + found.cost) * 2.0**-6 / step
        assert -found.d_weight @ direction == pytest.approx(expected, rel=RELATIVE, abs=room)


@pytest.mark.parametrize("name", FAMILIES)
def test_gradients_match_central_differences(name: str) -> None:
    table = freeze(family(name))
    shown = presentation(table)
    assert corner_margin(table, shown) > CORNER
    check(table, lms(table), shown, np.eye(table.n_weights)[: min(table.n_weights, 250)])
    if table.n_weights > 250:
        check(table, lms(table), shown, np.eye(table.n_weights)[-50:])


@settings(derandomize=True, deadline=None, max_examples=60)
@given(tables(), st.integers(0, 1000))
def test_gradients_of_random_nets_match_central_differences(
    table: ConnectionTable, seed: int
) -> None:
    shown = presentation(table, seed)
    assume(corner_margin(table, shown) > CORNER)
    rng = np.random.default_rng(seed)
    single = np.eye(table.n_weights)[rng.permutation(table.n_weights)[:25]]
    # two directions over all weights, of length 1 so that one step suits them too
    mixed = rng.standard_normal((2, table.n_weights))
    check(table, lms(table), shown, single)
    check(table, lms(table), shown, mixed / np.linalg.norm(mixed, axis=1, keepdims=True))


def soft_margin(n_outputs: int) -> Cost:
    """A cost as a user may write it: log(1 + exp(-d y))."""
    y, d = expr.variable("y"), expr.variable("d")
    return Cost("lisp", expr.call("log", 1 + expr.call("exp", -(d * y))))


@pytest.mark.parametrize("make", [cost.get("lms"), cost.get("mean-square"), soft_margin])
def test_gradients_of_each_cost_match_central_differences(make: Callable[[int], Cost]) -> None:
    table = freeze(family("full"))
    check(table, make(3), presentation(table, 3), np.eye(table.n_weights))


def test_the_gradient_of_a_bias_is_that_of_its_unit() -> None:
    """Units too: grad = -dE/da, which a bias weight moves one for one."""
    table = freeze(family("conv with a stride and a border"))
    found = Reference(table, lms(table)).present(*vars(presentation(table)).values())
    for row in np.flatnonzero(table.src == 0):
        assert found.d_weight[table.wid[row]] == found.grad[table.dst[row]]


@settings(derandomize=True, deadline=None, max_examples=30)
@given(tables(SMOOTH), st.integers(0, 1000))
def test_curvature_is_that_of_the_output_layer(table: ConnectionTable, seed: int) -> None:
    """At the output units h = E''(y) f'(a)^2, and nowhere is it negative (Gauss-Newton)."""
    shown = presentation(table, seed)
    error = lms(table)
    found = Reference(table, error).present(shown.weights, shown.pattern, shown.desired)
    last = table.layers[-1]
    units = last.units.ravel()
    slope_at = expr.evaluate(last.activation.slope, {"a": found.total[units]})
    assert found.curv[units] == pytest.approx(np.broadcast_to(slope_at**2, units.shape), rel=1e-14)
    assert found.curv.min() >= 0
    assert found.curv_weight.min() >= 0


@pytest.mark.parametrize("name", [*NON_LINEARITIES, "conv with two strides", "local"])
def test_full_curvature_is_exact_below_one_layer(name: str) -> None:
    """With f'' the diagonal estimate leaves out nothing when only the output layer follows."""
    table = freeze(family(name))
    shown = presentation(table)
    twin = Reference(table, lms(table), is_full=True)
    found = twin.present(shown.weights, shown.pattern, shown.desired)
    for row in np.flatnonzero(table.src == 0):
        bias = np.zeros(table.n_weights)
        bias[table.wid[row]] = 1

        def descent(x: float, bias: Floats = bias) -> float:
            moved = twin.present(shown.weights + x * bias, shown.pattern, shown.desired)
            return float(-moved.d_weight @ bias)

        step = 2.0**-10 if has_corner(table) else 2.0**-6
        expected = slope(descent, step)
        assert found.curv[table.dst[row]] == pytest.approx(expected, rel=RELATIVE, abs=1e-9)


def test_curvature_is_exact_where_one_linear_layer_follows() -> None:
    """With linear units and one layer above, the diagonal estimate is the second derivative."""
    net = described(f"(defnet sample {FAMILIES['conv with a table of maps']})")
    net.layers[:] = [replace(layer, activation=linear(0.8)) for layer in net.layers]
    table = freeze(net)
    shown = presentation(table)
    twin = Reference(table, lms(table))
    found = twin.present(shown.weights, shown.pattern, shown.desired)
    middle = table.layers[-2].units.ravel()
    rows = np.flatnonzero((table.src == 0) & np.isin(table.dst, middle))
    assert len(rows) == len(middle)
    base = cost_at(twin, shown, shown.weights)
    for row in rows:
        step = np.zeros(table.n_weights)
        step[table.wid[row]] = 0.5
        ends = [cost_at(twin, shown, shown.weights + sign * step) for sign in (1, -1)]
        second = (ends[0] - 2 * base + ends[1]) / 0.25
        assert found.curv[table.dst[row]] == pytest.approx(second, rel=1e-10)
        assert found.curv_weight[table.wid[row]] == found.curv[table.dst[row]]
