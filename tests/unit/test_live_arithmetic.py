"""The arithmetic of the live net: tanh as SN has it, and live nets made of tables."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sn.errors import NetError
from sn.live import arithmetic, presenter
from sn.live.arithmetic import tanh32
from sn.live.compiling import machine_code
from sn.live.functions import of_kind
from sn.live.lists import lists_of
from sn.live.net import SUM, VAL, LiveNet
from sn.live.variants import ALL

SPECIAL = [0.0, -0.0, 1e-45, 1e-38, -3e-5, 0.17328, 0.34657359, 9.0, 21.9, 22.1, 400.0, 3e38]


def many(count: int) -> np.ndarray:
    """Return numbers of all sizes at which a tanh is neither 0 nor 1."""
    rng = np.random.default_rng(11)
    parts = [rng.normal(0, size, count // 4) for size in (0.02, 0.3, 1.5, 6.0)]
    return np.concatenate([SPECIAL, *parts]).astype(np.float32)


def rounded(xs: np.ndarray) -> np.ndarray:
    return np.array([math.tanh(x) for x in xs.tolist()], np.float32)


def test_tanh_is_that_of_the_c_library_rounded() -> None:
    xs = many(4000)
    assert [tanh32(x) for x in xs] == rounded(xs).tolist()


def test_tanh_beyond_all_numbers() -> None:
    assert tanh32(np.float32(np.inf)) == 1 and tanh32(np.float32(-np.inf)) == -1
    assert np.isnan(tanh32(np.float32(np.nan)))
    assert math.copysign(1, tanh32(np.float32(-0.0))) == -1
    assert tanh32(np.float32(1e-45)) == np.float32(1e-45)


@pytest.mark.kernels
def test_compiled_tanh_has_no_other_bit() -> None:
    xs = many(200_000)
    compiled = machine_code(arithmetic).tanh32
    assert (np.array([compiled(x) for x in xs]) != rounded(xs)).sum() == 0


@pytest.mark.kernels
def test_tanh_in_lanes_has_no_other_bit() -> None:
    """Sixteen at a time, and what is left over."""
    xs = many(400_000)
    n = len(xs) - 3
    u = np.zeros((8, n), np.float32)
    u[SUM] = xs[:n]
    row = np.array(of_kind("tanh", arithmetic.TANH, 1.0, 1.0).row(), np.float32)
    sums, none = np.zeros(16, np.float32), np.zeros(0, np.float32)
    presenter._compiled().lane_values(np.arange(n, dtype=np.int32), row, none, sums, u)
    assert (u[VAL] != rounded(xs[:n])).sum() == 0
    slopes = np.zeros(n, np.float32)
    row[0] = arithmetic.DTANH
    presenter._compiled().lane_derivatives(np.arange(n, dtype=np.int32), row, none, sums, u, slopes)
    t = rounded(xs[:n])
    assert (slopes != np.float32(1) - t * t).sum() == 0


def test_a_net_of_rows_may_have_a_pair_twice() -> None:
    src = np.array([0, 3, 3, 1, 2], np.int32)
    dst = np.array([4, 4, 4, 5, 5], np.int32)
    wid = np.array([0, 1, 2, 1, 1], np.int32)
    net = LiveNet.of_rows(6, 3, (src, dst, wid), ALL)
    assert (net.n_units, net.n_conns, net.n_weights) == (6, 5, 3)
    assert net.uses[:3].tolist() == [1, 3, 1]
    assert net.connection(3, 4) == 2  # the last
    assert net.upstream(4) == [0, 3, 3] and net.downstream(3) == [4, 4]
    into = lists_of(net).into
    assert into.other[into.start[4] : into.start[5]].tolist() == [3, 3, 0]
    assert into.wid[into.start[4] : into.start[5]].tolist() == [2, 1, 0]
    # it grows on as any other
    assert list(net.add_units(1)) == [6]
    assert net.wid[net.connect(6, 5)] == 3
    with pytest.raises(NetError, match="already connected"):
        net.connect(3, 4)
