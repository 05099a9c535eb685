"""Initial weights: laws of the fan-in, one stream per seed."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from sn.net.gaussian import gaussian
from sn.net.init import Constant, Gaussian, Given, Init, LayerInit, Uniform, fan_in_law
from sn.net.layer import Network
from sn.net.schemes import Link, bias, full
from sn.net.table import ConnectionTable, freeze
from tests.sample_nets import family

# of NormalDist().inv_cdf within 1e-6, and then to the last bit
FIRST_GAUSSIANS = ["-0x1.59a85a0000000p-1", "-0x1.1f0c380000000p+1", "-0x1.fafdec0000000p-2"]
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
    drawn = np.stack([Init(Uniform(2.4, law)).draw(table, seed) for seed in range(200)]) / width
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
    drawn = Init(Uniform(1.0)).draw(table, 0)
    assert drawn[:3].tolist() == [-0.5003957152366638, -0.975074827671051, -0.37947699427604675]


def test_fan_in_counts_the_bias_and_every_border_unit() -> None:
    table = freeze(family("conv with a stride and a border"))
    hidden, out = table.layers[1], table.layers[2]
    assert set(table.fan_in[hidden.units.ravel()]) == {26}
    assert set(table.fan_in[out.units.ravel()]) == {49}


# --- laws per layer and for biases ---


@pytest.fixture(scope="module")
def small() -> ConnectionTable:
    """Two inputs, three hidden units, one output: weights 0-5 and 9-11, biases 6-8 and 12."""
    net = Network("small")
    a, b, c = (net.add_layer(name, (size,)) for name, size in (("a", 2), ("b", 3), ("c", 1)))
    for src, dst in ((a, b), (b, c)):
        full(net, Link(src, dst))
        bias(net, dst, shared=False)
    return freeze(net)


def test_biases_and_layers_have_laws_of_their_own(small: ConnectionTable) -> None:
    init = Init(Constant(1), Constant(2), {"c": LayerInit(biases=Constant(3))})
    assert init.draw(small, 0).tolist() == [1] * 6 + [2] * 3 + [1] * 3 + [3]


def test_what_a_layer_says_of_weights_holds_for_its_biases(small: ConnectionTable) -> None:
    layers = {"b": LayerInit(Constant(5))}
    assert Init(Constant(1), None, layers).draw(small, 0).tolist() == [5] * 9 + [1] * 4
    init = Init(Constant(1), Constant(2), layers)
    assert init.draw(small, 0).tolist() == [5] * 6 + [2] * 3 + [1] * 3 + [2]


def test_a_law_for_one_layer_leaves_the_other_weights_alone(small: ConnectionTable) -> None:
    plain, changed = Init(), Init(layers={"b": LayerInit(Gaussian(1.0))})
    before, after = plain.draw(small, 3), changed.draw(small, 3)
    assert before[9:].tolist() == after[9:].tolist()
    assert not np.any(before[:9] == after[:9])


def test_gaussian_weights_have_their_deviation(table: ConnectionTable) -> None:
    drawn = np.stack([Init(Gaussian(0.5, "sqrt-fan-in")).draw(table, seed) for seed in range(200)])
    scaled = drawn / (0.5 / np.sqrt(table.fan_in_of_weight))
    # four deviations of the mean, and of the deviation, of so many
    assert scaled.mean() == pytest.approx(0, abs=4 / np.sqrt(scaled.size))
    assert scaled.std() == pytest.approx(1, abs=4 / np.sqrt(2 * scaled.size))
    for beyond, share in ((1, 0.3173), (2, 0.0455), (3, 0.0027)):
        deviation = np.sqrt(share * (1 - share) / scaled.size)
        assert np.mean(np.abs(scaled) > beyond) == pytest.approx(share, abs=4 * deviation)


def test_the_first_gaussian_weights_of_seed_0_stay_what_they_are(table: ConnectionTable) -> None:
    """Bit for bit: nothing in them may depend on a version of NumPy or a CPU."""
    stream = np.random.Generator(np.random.Philox(key=np.array([0, 0x1989], np.uint64)))
    wanted = [NormalDist().inv_cdf((1 + u) / 2) for u in stream.uniform(-1.0, 1.0, 3)]
    drawn = Init(Gaussian(1.0)).draw(table, 0)[:3]
    assert drawn.tolist() == pytest.approx(wanted, rel=1e-6)
    assert [float(w).hex() for w in drawn] == FIRST_GAUSSIANS


def test_gaussians_are_the_quantiles_of_draws() -> None:
    draws = np.random.default_rng(1).uniform(-1, 1, 20_000)
    ends = [2.0**-53 - 1, 1 - 2.0**-53, 0.85, -0.85, 0.850001, 1e-4, -1 + 1e-11]
    draws = np.concatenate([draws, ends])
    normal = NormalDist()
    # of the smaller side: 1 - p has lost what p had
    wanted = [np.sign(u) * -normal.inv_cdf((1 - abs(u)) / 2) for u in draws]
    assert gaussian(draws) == pytest.approx(wanted, rel=4e-7)
    assert gaussian(np.array([0.0, -1.0])).tolist() == [0.0, pytest.approx(-8.2924, rel=1e-4)]


def test_laws_are_told_as_a_program_writes_them() -> None:
    assert str(Init()) == "(uniform 2.4 fan-in)"
    layers = {"h": LayerInit(Gaussian(0.1)), "out": LayerInit(biases=Constant(-1))}
    init = Init(Uniform(1, "sqrt-fan-in"), Constant(0), layers)
    assert str(init) == (
        "(uniform 1 sqrt-fan-in) (biases (constant 0)) (layer h (gaussian 0.1 constant)) "
        "(layer out (biases (constant -1)))"
    )
    ones, twos = (str(Given(np.full(3, number))) for number in (1.0, 2.0))
    assert ones != twos
