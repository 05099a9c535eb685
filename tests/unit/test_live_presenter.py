"""Presentations of a live net in one piece, held to those by single operations with ==.

Both are compiled; the last tests run them as they stand, as plain Python, on tiny nets.
"""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest

from sn.live import lanes, loops, presenter, sweeps, walk
from sn.live.arithmetic import tanh32
from sn.live.lanes import ANY, LANES, MODES, RUN, SAME
from sn.live.net import ACC, DELTA, HESS, N_CONN_FIELDS, STEP, LiveNet
from sn.live.presenter import Moves, Presenter
from sn.live.variants import VARIANTS, Variant
from sn.live.walk import Numbers
from tests.live_nets import FUNCTIONS, Sample, sample, walked

pytestmark = pytest.mark.kernels
SIZES = (9, 23, 18, 5)
TINY = (3, 4, 2)
NUMBERS = {
    "plain": Numbers(gamma=0.05, mu=0.05),
    "momentum": Numbers(alpha=0.9, gamma=0.3, mu=0.2),
    "decay": Numbers(decay=0.01, gamma=0.05, mu=0.05),
    "both": Numbers(alpha=0.7, decay=0.003, gamma=0.05, mu=0.1, threshold=0.1),
}
CURVED = [
    (name, curved, rates)
    for name, variant in VARIANTS.items()
    for curved in ("", *(("lm", "newton") if variant.has_curvature else ()))
    for rates in ("unit", *(("connection",) if variant.has_steps else ()))
]


def fields(net: LiveNet) -> dict[str, np.ndarray]:
    """Return what is known of the units, weights and connections of a net."""
    n = net.n_conns
    own = [k for k in range(7) if k != STEP or not net.variant.has_steps]  # else rates are scratch
    kept = {f"unit field {k}": net.units[k, : net.n_units] for k in own}
    kept |= {f"weight field {k}": net.weights[k, : net.n_weights] for k in range(4)}
    return kept | {f"connection field {k}": net.conns[k, :n] for k in range(N_CONN_FIELDS)}


def compare(
    made: Sample, numbers: Numbers, moves: Moves, count: int = 12, **recipe: object
) -> None:
    """Present patterns both ways, in two calls, and demand the same bits of all that is known."""
    rng = np.random.default_rng(5)
    one, other = made.net, deepcopy(made.net)
    asked = made.recipe(moves, **recipe)  # type: ignore[arg-type]
    patterns = rng.uniform(-1, 1, (6, len(asked.inputs))).astype(np.float32)
    targets = rng.uniform(-1, 1, (6, len(asked.outputs))).astype(np.float32)
    order = rng.integers(0, 6, count).astype(np.int32)
    shown = Presenter(one, asked)
    parts = [shown.present(part, patterns, targets, numbers) for part in (order[:5], order[5:])]
    errors, outputs = (np.concatenate(both) for both in zip(*parts, strict=True))
    wanted = walked(other, asked, order, patterns, targets, numbers)
    assert np.array_equal(errors, wanted[0])
    assert np.array_equal(outputs, wanted[1])
    if moves is Moves.STEP and not made.net.variant.has_table:
        one.weights[[ACC, HESS]] = 0  # scratch there, where weights gather nothing
    for field, numbers_of in fields(one).items():
        assert np.isfinite(numbers_of).all(), field
        assert np.array_equal(numbers_of, fields(other)[field]), field
    assert len(np.unique(outputs)) > 1


@pytest.mark.parametrize("numbers", NUMBERS)
@pytest.mark.parametrize(("variant", "curved", "rates"), CURVED)
def test_steps(variant: str, curved: str, rates: str, numbers: str) -> None:
    for seed in range(3):
        made = sample(seed, VARIANTS[variant], SIZES, rates)
        compare(made, NUMBERS[numbers], Moves.STEP, curved=curved)


@pytest.mark.parametrize("functions", FUNCTIONS)
@pytest.mark.parametrize("curved", ["", "lm", "newton"])
def test_non_linearities(functions: str, curved: str) -> None:
    made = sample(7, VARIANTS["sn28itenew"], SIZES)
    compare(made, NUMBERS["both"], Moves.STEP, curved=curved, functions=functions)


@pytest.mark.parametrize("curved", ["", "lm"])
@pytest.mark.parametrize("name", ["sn28ite", "sn28itenew"])
@pytest.mark.parametrize("rates", ["unit", "connection"])
def test_gathering(name: str, curved: str, rates: str) -> None:
    variant = VARIANTS[name]
    if curved and not variant.has_curvature:
        curved = ""
    compare(sample(3, variant, SIZES, rates), NUMBERS["both"], Moves.GATHER, curved=curved)


@pytest.mark.parametrize("name", VARIANTS)
def test_measuring_and_one_sided_errors(name: str) -> None:
    made = sample(4, VARIANTS[name], SIZES)
    compare(made, NUMBERS["both"], Moves.NOT, is_one_sided=True)
    compare(made, NUMBERS["both"], Moves.STEP, is_one_sided=True)


@pytest.mark.parametrize("functions", FUNCTIONS)
def test_what_states_change_by_along_a_direction(functions: str) -> None:
    made = sample(8, VARIANTS["sn28itenew"], SIZES)
    made.net.weights[DELTA, : made.net.n_weights] = np.random.default_rng(8).normal(
        size=made.net.n_weights
    )
    compare(made, NUMBERS["plain"], Moves.ALONG, functions=functions)


def test_rates_of_units_in_a_kernel_of_curvatures() -> None:
    """What the historical engine makes of a table, which no kernel of SN has."""
    for has_table in (True, False):
        variant = Variant("table", has_table, has_curvature=True, has_steps=False)
        made = sample(6, variant, SIZES)
        shown = made.recipe(Moves.STEP, curved="lm")
        twin = deepcopy(made.net)
        twin.variant = Variant("steps", has_table, has_curvature=True, has_steps=True)
        conns = slice(0, twin.n_conns)
        twin.conns[0, conns] = twin.units[4, twin.dst[conns]]
        rng = np.random.default_rng(0)
        patterns = rng.uniform(-1, 1, (4, SIZES[0])).astype(np.float32)
        targets = rng.uniform(-1, 1, (4, SIZES[-1])).astype(np.float32)
        order = np.arange(4, dtype=np.int32)
        for net in (made.net, twin):
            Presenter(net, shown).present(order, patterns, targets, NUMBERS["decay"])
        assert np.array_equal(made.net.weights[0], twin.weights[0])


# --- as they stand ---


def plain_sums(  # type: ignore[no-untyped-def]
    term, segments, first, n, stream, at, a, b, e, s, place, factor, out, to, fresh
) -> None:
    """What lanes.py says that its sums are, in Python; `term` is what a turn adds."""
    sums = np.zeros(LANES, np.float32) if fresh else out[to : to + LANES].copy()

    def read(mode: int, numbers: np.ndarray) -> np.ndarray:
        nonlocal at
        found = stream[at : at + (LANES if mode == ANY else 1)]
        at += len(found)
        if mode == RUN:
            found = np.arange(found[0], found[0] + LANES)
        assert mode in (ANY, SAME, RUN)
        return np.broadcast_to(numbers[found], (LANES,))

    for mode, turns in segments[first : first + n].tolist():
        for _ in range(turns):
            left, right = read(mode // MODES, a), read(mode % MODES, b)
            here = slice(place, place + LANES)
            sums = sums + term(left, right, e[here], s[here], factor, s, here)
            place += LANES
    out[to : to + LANES] = sums


def averaged(left, right, e, s, factor, sigma, here):  # type: ignore[no-untyped-def]
    sigma[here] = factor * s + right * left
    return sigma[here]


TERMS = {
    "gather_sums": lambda a, b, *_: a * b,
    "gather_stepped": lambda a, b, e, *_: a * (b * e),
    "gather_damped": lambda a, b, e, s, mu, *_: a * (b * (e / (mu + np.abs(s)))),
    "gather_averaged": averaged,
}


def plain_tanh(numbers: np.ndarray) -> None:
    numbers[:] = [tanh32(x) for x in numbers]


@pytest.fixture
def as_they_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the loops run as plain Python."""
    for name, term in TERMS.items():

        def run(*args: object, term: object = term) -> None:
            plain_sums(term, *args)

        assert hasattr(lanes, name)
        monkeypatch.setattr(sweeps, name, run)
    monkeypatch.setattr(sweeps, "tanh_lanes", plain_tanh)
    monkeypatch.setattr(presenter, "_compiled", lambda: sweeps)
    monkeypatch.setattr(walk, "_compiled", lambda: loops)


@pytest.mark.usefixtures("as_they_stand")
@pytest.mark.parametrize(("variant", "curved", "rates"), CURVED)
def test_plain_python_gives_the_same(variant: str, curved: str, rates: str) -> None:
    made = sample(1, VARIANTS[variant], TINY, rates)
    compare(made, NUMBERS["both"], Moves.STEP, 7, curved=curved)


@pytest.mark.usefixtures("as_they_stand")
@pytest.mark.parametrize("functions", FUNCTIONS)
def test_plain_non_linearities_give_the_same(functions: str) -> None:
    made = sample(2, VARIANTS["sn28itenew"], TINY)
    compare(made, NUMBERS["plain"], Moves.STEP, 7, curved="newton", functions=functions)


@pytest.mark.usefixtures("as_they_stand")
def test_plain_gathering_gives_the_same() -> None:
    made = sample(3, VARIANTS["sn28itenew"], TINY)
    compare(made, NUMBERS["plain"], Moves.GATHER, 7, curved="lm", is_one_sided=True)


@pytest.mark.usefixtures("as_they_stand")
def test_plain_tangents_give_the_same() -> None:
    made = sample(8, VARIANTS["sn28itenew"], TINY)
    made.net.weights[DELTA, : made.net.n_weights] = 0.1
    compare(made, NUMBERS["plain"], Moves.ALONG, 7)


@pytest.mark.parametrize("variant", ["sn28", "sn28itenew"])
def test_machine_code_gives_what_plain_python_does(
    variant: str, request: pytest.FixtureRequest
) -> None:
    made = sample(1, VARIANTS[variant], TINY)
    twin, asked = deepcopy(made.net), made.recipe(Moves.STEP)
    rng = np.random.default_rng(0)
    patterns = rng.uniform(-1, 1, (4, TINY[0])).astype(np.float32)
    targets = rng.uniform(-1, 1, (4, TINY[-1])).astype(np.float32)
    order = np.arange(4, dtype=np.int32)
    Presenter(made.net, asked).present(order, patterns, targets, NUMBERS["both"])
    request.getfixturevalue("as_they_stand")
    Presenter(twin, asked).present(order, patterns, targets, NUMBERS["both"])
    for field, numbers in fields(made.net).items():
        assert np.array_equal(numbers, fields(twin)[field]), field
