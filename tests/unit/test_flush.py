"""While it trains, a kernel takes numbers below the least normal one as 0; nothing else does."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sn.emit.functions import over
from sn.emit.vector import LANES, Builder, Index, Memories
from tests.sections import compiled

pytestmark = pytest.mark.kernels

Floats32 = NDArray[np.float32]


def product(arrays: str, a: float, b: float) -> Floats32:
    """Multiply two numbers in a pass on arrays, the first two of which hold them."""

    def both(k: Builder, m: Memories, e: Index) -> None:
        x, y, out = (getattr(m, name) for name in arrays.split())
        k.store(k.load(x, e * LANES) * k.load(y, e * LANES), out, e * LANES)

    out = np.ones(3 * LANES, np.float32)
    numbers = (np.full(3 * LANES, number, np.float32) for number in (a, b))
    compiled(both, arrays, LANES)(*numbers, out, indices=range(3))
    return out


def test_small_numbers_are_0_while_training_only() -> None:
    assert not product("q y o", 1e-30, 1e-10).any()
    assert not product("q y o", 1e-40, 1e30).any()
    assert product("x y o", 1e-30, 1e-10) == pytest.approx(1e-40, rel=1e-4)
    # the mode of the process is as before
    small = np.float32(1e-30) * np.float32(1e-10)
    assert small == pytest.approx(1e-40, rel=1e-4)


def test_over_is_a_quotient() -> None:
    def quotient(k: Builder, m: Memories, e: Index) -> None:
        at = e * LANES
        k.store(over(k, k.load(m.x, at), k.load(m.y, at)), m.o, at)

    run = compiled(quotient, "x y o", LANES)
    rng = np.random.default_rng(0)
    a = rng.uniform(-2, 2, 2**18).astype(np.float32)
    b = (10 ** rng.uniform(-30, 30, 2**18)).astype(np.float32)
    out = np.empty_like(a)
    run(a, b, out, indices=range(len(a) // LANES))
    exact = a.astype(float) / b
    unit = np.spacing(np.abs(exact).astype(np.float32)).astype(float)
    assert (np.abs(out - exact) / unit).max() <= 2
    special = np.array([np.inf, np.nan] * 4, np.float32)
    run(np.ones(8, np.float32), special, out)
    assert not np.isfinite(out[:8]).any()
