"""Non-linearities: values from SN's manual, and the original program's own tables."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sn.net.activations import Activation, activation, linear, nlf_tanh, relu, tanh
from sn.net.expr import evaluate

X = np.linspace(-4, 4, 161)


def values(f: Activation) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """f, f' and f'' over X."""
    found = (evaluate(e, {"a": X}) for e in (f.value, f.slope, f.bend))
    value, slope, bend = (np.broadcast_to(part, X.shape) for part in found)
    return value, slope, bend


def test_the_default_is_one_at_one() -> None:
    f = nlf_tanh()
    assert evaluate(f.value, {"a": 1.0}) == pytest.approx(1, rel=1e-15)
    assert evaluate(f.value, {"a": 100.0}) == pytest.approx(1.7159, abs=1e-4)
    assert str(f) == "1.7159 tanh(0.66667 x)"


@pytest.mark.parametrize("dmin", [0.0, 0.05])
def test_tanh_with_a_linear_term_is_one_at_one_times_its_scale(dmin: float) -> None:
    """SN scales the tanh alone: A = 1 / (tanh(mx) + dmin)."""
    f = nlf_tanh(0.66666666, dmin)
    scale = 1 / (math.tanh(0.66666666) + dmin)
    assert evaluate(f.value, {"a": 1.0}) == pytest.approx(scale * math.tanh(0.66666666) + dmin)


def test_scale_and_offset_may_be_given() -> None:
    value, _, _ = values(nlf_tanh(0.5, 0.1, 2.0, -0.25))
    assert value == pytest.approx(2 * np.tanh(0.5 * X) + 0.1 * X - 0.25)
    assert str(nlf_tanh(0.5, 0.1, 2.0, -0.25)) == "2 tanh(0.5 x) + 0.1 x + -0.25"


@pytest.mark.parametrize("f", [nlf_tanh(), nlf_tanh(0.5, 0.1, 2.0, 1.0), tanh(), linear(0.7)])
def test_both_derivatives_are_exact(f: Activation) -> None:
    value, slope, bend = values(f)
    h = X[1] - X[0]
    # central differences over the grid: second order, hence a grid of 0.05 and a loose bound
    assert (value[2:] - value[:-2]) / (2 * h) == pytest.approx(slope[1:-1], abs=2e-3)
    assert (slope[2:] - slope[:-2]) / (2 * h) == pytest.approx(bend[1:-1], abs=4e-3)


def test_plain_tanh() -> None:
    value, slope, bend = values(tanh())
    t = np.tanh(X)
    assert value == pytest.approx(t, abs=1e-15)
    assert slope == pytest.approx(1 - t * t, abs=1e-15)
    assert bend == pytest.approx(-2 * t * (1 - t * t), abs=1e-15)


def test_linear() -> None:
    value, slope, bend = values(linear(0.5))
    assert np.array_equal(value, 0.5 * X)
    assert set(slope) == {0.5}
    assert set(bend) == {0.0}
    assert str(linear()) == "linear"
    assert str(linear(0.5)) == "0.5 x"


def test_relu_is_flat_at_its_corner() -> None:
    value, slope, bend = values(relu())
    assert np.array_equal(value, np.maximum(X, 0))
    assert np.array_equal(slope, (X > 0).astype(float))
    assert not bend.any()
    assert evaluate(relu().slope, {"a": 0.0}) == 0


def test_every_non_linearity_has_two_derivatives() -> None:
    for entry in activation.describe():
        assert all(np.isfinite(part).all() for part in values(entry.value()))
        assert entry.doc.startswith("(")
