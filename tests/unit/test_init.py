"""Initial weights: laws of the fan-in, one stream per seed."""

from __future__ import annotations

import numpy as np
import pytest

from sn.net.init import Init, fan_in_law
from sn.net.table import ConnectionTable, freeze
from tests.sample_nets import family

POWER = {"constant": 0.0, "fan-in": -1.0, "sqrt-fan-in": -0.5}


@pytest.fixture(scope="module")
def table() -> ConnectionTable:
    return freeze(family("conv with a table of maps"))


def test_every_law_is_tested() -> None:
    assert set(fan_in_law) == set(POWER)


@pytest.mark.parametrize("law", POWER)
def test_weights_fill_the_width_of_their_law(law: str, table: ConnectionTable) -> None:
    """U(-x F^p, x F^p), F being the fan-in of the unit that a weight feeds, bias included."""
    width = 2.4 * table.fan_in_of_weight.astype(float) ** POWER[law]
    drawn = np.stack([Init(2.4, law).draw(table, seed) for seed in range(200)]) / width
    assert drawn.dtype == np.float64
    assert np.abs(drawn).max() <= 1
    assert np.abs(drawn).max(axis=0).min() > 0.9
    assert np.abs(drawn.mean(axis=0)).max() < 0.2
    # the variance of U(-1, 1) is 1/3
    assert drawn.var() == pytest.approx(1 / 3, rel=0.02)


def test_a_seed_gives_one_set_of_weights(table: ConnectionTable) -> None:
    first, again, other = (Init().draw(table, seed) for seed in (1, 1, 2))
    assert first.dtype == np.float32
    assert first.shape == (table.n_weights,)
    assert np.array_equal(first, again)
    assert not np.any(first == other)


def test_the_first_weights_of_seed_0_stay_what_they_are(table: ConnectionTable) -> None:
    """A run that was published with its seed can be repeated with later versions."""
    drawn = Init(1.0, "constant").draw(table, 0)
    assert drawn[:3].tolist() == [-0.5003957152366638, -0.975074827671051, -0.37947699427604675]


def test_fan_in_counts_the_bias_and_every_border_unit() -> None:
    table = freeze(family("conv with a stride and a border"))
    hidden, out = table.layers[1], table.layers[2]
    assert set(table.fan_in[hidden.units.ravel()]) == {26}
    assert set(table.fan_in[out.units.ravel()]) == {49}
