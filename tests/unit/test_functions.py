"""Functions of one number as vector code, held to NumPy's float64 in units of the last place."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from sn.emit.functions import compile_expression
from sn.emit.vector import LANES, Builder, Index, Memories
from sn.net import expr
from tests.sections import compiled

pytestmark = pytest.mark.kernels

Floats32 = NDArray[np.float32]
OPS = ("tanh", "exp", "log", "sin", "cos", "sqrt", "abs", "expm1", "normal_cdf")


@pytest.fixture(scope="module")
def compute() -> Callable[[str, Floats32], Floats32]:
    """Compute one of OPS of an array with a kernel that computes them all."""

    def every(k: Builder, m: Memories, e: Index) -> None:
        x = {"a": k.load(m.x, e * LANES)}
        for number, op in enumerate(OPS):
            value = compile_expression(k, expr.call(op, expr.variable("a")), x, {})
            k.store(value, m.o, e * (LANES * len(OPS)) + number * LANES)

    run = compiled(every, "x o", LANES)

    def call(op: str, x: Floats32) -> Floats32:
        count = -(-len(x) // LANES)
        padded = np.ones(count * LANES, np.float32)
        padded[: len(x)] = x
        out = np.empty((count, len(OPS), LANES), np.float32)
        run(padded, out, indices=range(count))
        return out[:, OPS.index(op)].reshape(-1)[: len(x)]

    return call


normal_cdf = np.vectorize(lambda v: 0.5 * math.erfc(-v / math.sqrt(2)), otypes=[float])


def exact(op: str, x: Floats32) -> NDArray[np.float64]:
    function = normal_cdf if op == "normal_cdf" else getattr(np, op)
    with np.errstate(all="ignore"):
        value: NDArray[np.float64] = function(x.astype(np.float64))
    return value


def ulps(found: Floats32, expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance in units of the last place of the exact result."""
    unit = np.spacing(np.abs(expected).astype(np.float32)).astype(np.float64)
    return np.abs(found.astype(np.float64) - expected) / unit


@pytest.mark.parametrize(
    ("op", "low", "high", "worst"),
    [
        ("tanh", -1e-3, 1e-3, 5),
        ("tanh", -1, 1, 5),
        ("tanh", -12, 12, 5),
        ("exp", -1, 1, 1),
        ("exp", -87.3, 88.72, 1),
        ("log", 0.9, 1.1, 1),
        ("log", 1e-6, 10, 1),
        ("log", 1.2e-38, 3.4e38, 1),
        ("sin", -8, 8, 2),
        ("sin", -1000, 1000, 5),
        ("cos", -8, 8, 2),
        ("cos", -1000, 1000, 5),
        ("sqrt", 0, 100, 0.5),
        ("expm1", -1, 1, 2),
        ("expm1", -87.3, 88.72, 2),
        ("normal_cdf", -1, 1, 8),
        ("normal_cdf", -13, 13, 8),
    ],
)
def test_a_dense_range_is_right_to_a_few_last_places(
    op: str, low: float, high: float, worst: float, compute: Callable[[str, Floats32], Floats32]
) -> None:
    x = np.linspace(low, high, 2**19).astype(np.float32)
    assert ulps(compute(op, x), exact(op, x)).max() <= worst


@pytest.mark.parametrize(
    ("op", "low", "worst"),
    [("tanh", 1e-30, 5), ("log", 1.2e-38, 1), ("sqrt", 1.2e-38, 0.5), ("abs", 1.2e-38, 0)],
)
def test_every_magnitude_is_right(
    op: str, low: float, worst: float, compute: Callable[[str, Floats32], Floats32]
) -> None:
    """Random bit patterns: as many numbers in every power of two."""
    bits = np.random.default_rng(0).integers(0, 2**32, 2**19, dtype=np.uint32)
    x = bits.view(np.float32)
    x = x[np.isfinite(x) & (np.abs(x) > low)]
    x = np.abs(x) if op in ("log", "sqrt") else x
    assert ulps(compute(op, x), exact(op, x)).max() <= worst


def test_sine_and_cosine_stay_close_for_thousands_of_turns(
    compute: Callable[[str, Floats32], Floats32],
) -> None:
    x = np.linspace(-8000, 8000, 2**19).astype(np.float32)
    for op in ("sin", "cos"):
        assert np.abs(compute(op, x) - exact(op, x)).max() < 1e-7


INFINITY, NAN = float("inf"), float("nan")


@pytest.mark.parametrize(
    ("op", "x", "expected"),
    [
        ("tanh", 0.0, 0.0),
        ("tanh", -0.0, -0.0),
        ("tanh", NAN, NAN),
        ("exp", 0.0, 1.0),
        ("exp", INFINITY, INFINITY),
        ("exp", -INFINITY, 0.0),
        ("exp", 88.73, INFINITY),
        ("exp", -87.4, 0.0),
        ("exp", NAN, NAN),
        ("log", 1.0, 0.0),
        ("log", 0.0, -INFINITY),
        ("log", -0.0, -INFINITY),
        ("log", -1.0, NAN),
        ("log", -INFINITY, NAN),
        ("log", INFINITY, INFINITY),
        ("log", NAN, NAN),
        ("sin", 0.0, 0.0),
        ("cos", 0.0, 1.0),
        ("sin", INFINITY, NAN),
        ("cos", -INFINITY, NAN),
        ("sin", NAN, NAN),
        ("expm1", 0.0, 0.0),
        ("expm1", INFINITY, INFINITY),
        ("expm1", -INFINITY, -1.0),
        ("expm1", NAN, NAN),
        ("normal_cdf", 0.0, 0.5),
        ("normal_cdf", INFINITY, 1.0),
        ("normal_cdf", -INFINITY, 0.0),
        ("normal_cdf", -1e20, 0.0),
        ("normal_cdf", 1e20, 1.0),
        ("normal_cdf", NAN, NAN),
        ("sqrt", 4.0, 2.0),
        ("sqrt", -1.0, NAN),
        ("sqrt", INFINITY, INFINITY),
        ("abs", -INFINITY, INFINITY),
        ("abs", -0.0, 0.0),
        ("abs", NAN, NAN),
    ],
)
def test_special_values(
    op: str, x: float, expected: float, compute: Callable[[str, Floats32], Floats32]
) -> None:
    found = compute(op, np.array([x], np.float32))
    assert np.array_equal(found, np.array([expected], np.float32), equal_nan=True)
    if expected == 0:
        assert np.signbit(found[0]) == np.signbit(np.float32(expected))


@pytest.mark.parametrize("x", [9.0, 100.0, 3e38, INFINITY])
def test_tanh_levels_off_at_one(x: float, compute: Callable[[str, Floats32], Floats32]) -> None:
    up, down = compute("tanh", np.array([x, -x], np.float32))
    assert up == -down
    assert 1 - 3e-7 < up <= 1


def test_tanh_and_exp_never_fall(compute: Callable[[str, Floats32], Floats32]) -> None:
    """A wiggle of a few last places is rounding; a step down of more is a wrong branch."""
    x = np.linspace(-90, 90, 2**18).astype(np.float32)
    for op, room in (("tanh", 6e-7), ("exp", 0.0)):
        found = compute(op, x).astype(np.float64)
        with np.errstate(invalid="ignore"):
            falls = np.diff(found) < -room
        assert not falls[np.isfinite(found[1:])].any()
