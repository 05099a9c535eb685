"""The twin on a net small enough to compute by hand; its gradients are tested as laws."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sn.net import schemes
from sn.net.activations import linear, tanh
from sn.net.costs import cost
from sn.net.layer import Network
from sn.net.reference import Reference
from sn.net.schemes import Link
from sn.net.table import freeze
from tests.sample_nets import family, lms, presentation


def chain() -> Network:
    """One input, one tanh unit with a bias, one linear output of slope 2 without."""
    net = Network("chain")
    a = net.add_layer("a", (1,))
    b = net.add_layer("b", (1,), tanh())
    c = net.add_layer("c", (1,), linear(2.0))
    schemes.bias(net, b, shared=False)
    schemes.full(net, Link(a, b))
    schemes.full(net, Link(b, c))
    return net


BIAS, INNER, OUTER = 0.25, -0.5, 1.5
X, D = 0.75, 0.5


def test_a_chain_by_hand() -> None:
    twin = Reference(freeze(chain()), cost.get("lms")(1))
    found = twin.present(np.array([BIAS, INNER, OUTER]), np.array([X]), np.array([D]))
    total = BIAS + INNER * X
    t = math.tanh(total)
    y = 2 * OUTER * t
    assert found.total.tolist() == pytest.approx([0, 0, total, OUTER * t])
    assert found.state.tolist() == pytest.approx([1, X, t, y])
    assert found.cost == pytest.approx(0.5 * (D - y) ** 2)
    # g = -dE/da at the output, then back through one weight and one slope
    g_out = (D - y) * 2
    g_hidden = OUTER * g_out * (1 - t * t)
    assert found.grad.tolist() == pytest.approx([0, 0, g_hidden, g_out])
    assert found.d_weight.tolist() == pytest.approx([g_hidden, X * g_hidden, t * g_out])
    # Gauss-Newton: h = sum of w^2 h above, times the slope squared
    h_out = 4.0
    h_hidden = OUTER**2 * h_out * (1 - t * t) ** 2
    assert found.curv.tolist() == pytest.approx([0, 0, h_hidden, h_out])
    assert found.curv_weight.tolist() == pytest.approx([h_hidden, X**2 * h_hidden, t**2 * h_out])


def test_a_shared_weight_sums_its_connections() -> None:
    """A shared weight moves like the sum of what the same weights unshared would do."""
    table = freeze(family("conv with shared biases"))
    shown = presentation(table)
    found = Reference(table, lms(table)).present(shown.weights, shown.pattern, shown.desired)
    assert np.bincount(table.wid).max() > 1
    by_row = found.state[table.src] * found.grad[table.dst]
    expected = [by_row[table.wid == weight].sum() for weight in range(table.n_weights)]
    assert found.d_weight == pytest.approx(np.array(expected), rel=1e-12, abs=1e-15)


def test_constants_keep_their_state() -> None:
    table = freeze(family("conv with an offset"))
    shown = presentation(table)
    _, state = Reference(table, lms(table)).forward(shown.weights, shown.pattern)
    constant = ~np.isnan(table.constant)
    assert constant.sum() > 2
    assert np.array_equal(state[constant], table.constant[constant])
    assert np.array_equal(state[table.layers[0].units.ravel()], shown.pattern)


def test_presenting_changes_nothing() -> None:
    table = freeze(family("full"))
    shown = presentation(table)
    twin = Reference(table, lms(table))
    first = twin.present(shown.weights, shown.pattern, shown.desired)
    again = twin.present(shown.weights, shown.pattern, shown.desired)
    assert np.array_equal(first.d_weight, again.d_weight)
    assert first.cost == again.cost
