"""The engine of JAX trains as kernels and twin do, and goes on to the same bits."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from sn.compiled import Compiled
from sn.jax_engine import load_jax
from sn.net.reference import Reference
from sn.net.table import freeze
from sn.optim.adaptive import Adam
from sn.optim.base import Optimizer, Reduction
from sn.optim.batched import Parametrisation
from sn.optim.first_order import Batch, Sgd
from sn.optim.second_order import DiagonalNewton
from sn.train.batches import BatchEngine
from sn.train.draws import Augmentation, Draws
from sn.train.engines import Engine, KernelEngine
from sn.train.state import EngineState, to_arrays
from sn.train.twin import ReferenceEngine
from tests.sample_nets import described, family, lms
from tests.sample_optimizers import OPTIMIZERS

pytest.importorskip("jax", reason="jax is an extra, sn[jax]")
load_jax()

from sn.jax_engine.engine import JaxEngine  # noqa: E402 - after JAX is ready

pytestmark = pytest.mark.kernels

COUNT = 20
SMALL = (
    "(defnet sample (layer in (5)) (layer h (4)) (layer out (3)) (connect in h (full))"
    " (connect h out (full)))"
)
WITH_CHANCE = (
    "(defnet sample (layer in (4 4) (border -1)) (layer h (2 2 2) (dropout 0.25))"
    " (layer g (5) (dropout 0.5)) (layer out (3)) (connect in h (conv (kernel 3 3)))"
    " (connect h g (full)) (connect g out (full)))"
)
# one for each node of a plan, for borders, wraps, tables of maps, slices, and a long formula
TEN = (
    "full with shared biases",
    "conv with a table of maps",
    "conv that wraps within a border",
    "conv with a dilation, a stride and a border",
    "local with a table of maps",
    "local that wraps",
    "subsample after conv",
    "slices of the input",
    "scheme of shared weights",
    "gelu",
)


class Bench:
    """One net with made-up patterns, and engines that start from the same weights."""

    def __init__(self, net: str, is_family: bool = False) -> None:
        network = family(net) if is_family else described(net)
        self.net = Compiled(network, lms(freeze(network)))
        self.table = self.net.table
        rng = np.random.default_rng(0)
        sizes = {"train": COUNT, "test": 7}
        self.sets = {
            name: rng.uniform(-1, 1, (size, self.table.n_inputs)).astype(np.float32)
            for name, size in sizes.items()
        }
        self.targets = rng.uniform(-1, 1, (COUNT, self.table.n_outputs)).astype(np.float32)
        width = 1.5 / np.sqrt(self.table.fan_in_of_weight)
        self.start = (rng.uniform(-1, 1, self.table.n_weights) * width).astype(np.float32)

    def jax(self, rule: Optimizer, draws: Draws | None = None) -> Engine:
        data = (self.sets, self.targets, draws)
        return self._started(JaxEngine(self.net.plan, self.net.cost, rule, *data))

    def kernels(self, rule: Optimizer) -> Engine:
        data = (self.table, rule, self.sets, self.targets, self.net.cost)
        if rule.phases.in_batches:
            return self._started(BatchEngine(lambda r: self.net.kernels(r, in_batches=True), *data))
        return self._started(KernelEngine(self.net.kernels, *data))

    def twin(self, rule: Optimizer, draws: Draws | None = None) -> Engine:
        data = (self.table, rule, self.sets, self.targets, draws)
        return self._started(ReferenceEngine(Reference(self.table, self.net.cost), *data))

    def _started(self, engine: Engine) -> Engine:
        engine.set_weights(self.start)
        return engine


@cache
def bench(net: str, is_family: bool = False) -> Bench:
    return Bench(net, is_family)


def one_pass(engine: Engine, seed: int, cuts: Sequence[int] = (5,)) -> None:
    order = np.random.default_rng(seed).permutation(COUNT).astype(np.int32)
    engine.begin_pass(order)
    for part in np.split(order, cuts):
        engine.present(part)
    engine.end_pass()


def same(a: EngineState, b: EngineState) -> bool:
    ones, others = to_arrays(a), to_arrays(b)
    return ones.keys() == others.keys() and all(
        ones[name].dtype == others[name].dtype and ones[name].tobytes() == others[name].tobytes()
        for name in ones
    )


@pytest.mark.parametrize("name", TEN)
def test_twenty_presentations_leave_the_weights_of_the_kernels(name: str) -> None:
    nets, rule = bench(name, True), Sgd(learning_rate=0.03)
    fast, ours = nets.kernels(rule), nets.jax(rule)
    for engine in (fast, ours):
        one_pass(engine, 1)
    assert np.abs(fast.get_weights() - nets.start).max() > 0.01
    assert ours.get_weights() == pytest.approx(fast.get_weights(), abs=2e-6)
    for which in ("train", "test"):
        assert ours.outputs(which) == pytest.approx(fast.outputs(which), abs=1e-5)


WAYS: dict[str, Optimizer] = {
    "newton": DiagonalNewton(learning_rate=0.01),
    "batches": Sgd(learning_rate=0.1, batch=8, momentum=0.5),
    "summed batches": Sgd(learning_rate=0.01, batch=8, reduction=Reduction.SUM),
    "all at once": Adam(learning_rate=0.01, eps=1e-3, batch=0),
    "clipped, averaged": Sgd(learning_rate=0.1, batch=3, clip_norm=0.1, average=0.9),
}


@pytest.mark.parametrize("name", WAYS)
def test_steps_and_batches_of_the_kernels(name: str) -> None:
    nets, rule = bench("conv with a stride and a border", True), WAYS[name]
    fast, ours = nets.kernels(rule), nets.jax(rule)
    for engine in (fast, ours):
        one_pass(engine, 1)
        one_pass(engine, 2)
    assert np.abs(fast.get_weights() - nets.start).max() > 0.005
    assert ours.get_weights() == pytest.approx(fast.get_weights(), abs=4e-6)
    assert ours.get_trained() == pytest.approx(fast.get_trained(), abs=4e-6)


# a rule, a step of a pass, a sample, rates that change within a pass; all others are slow tests
SOME = (
    "sgd, momentum and decay",
    "newton, full",
    "batch newton",
    "conjugate gradient",
    "adamw, decays",
    "rprop",
    "sgd, by presentation",
    "newton, sampled and changing",
)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in SOME else pytest.mark.slow) for n in OPTIMIZERS]
)
def test_optimizers_do_what_they_do_for_the_twin(name: str) -> None:
    rule, room = OPTIMIZERS[name]
    nets = bench(SMALL)
    twin, ours = nets.twin(rule), nets.jax(rule)
    for engine in (twin, ours):
        one_pass(engine, 1)
        one_pass(engine, 2)
    assert np.abs(twin.get_weights() - nets.start).max() > 0.005
    assert ours.get_weights() == pytest.approx(twin.get_weights(), abs=2 * room)


def test_lengths_and_directions() -> None:
    rule = Sgd(learning_rate=0.1, batch=4, parametrisation=Parametrisation.WEIGHT_NORM)
    nets = bench(SMALL)
    twin, ours = nets.twin(rule), nets.jax(rule)
    for engine in (twin, ours):
        one_pass(engine, 1)
    assert ours.get_weights() == pytest.approx(twin.get_weights(), abs=2e-6)


@pytest.mark.parametrize(
    "rule",
    [
        Sgd(learning_rate=0.05),
        Sgd(learning_rate=0.05, batch=8),
        DiagonalNewton(learning_rate=0.01, samples=9),
    ],
    ids=["per example", "batches", "newton, sampled"],
)
def test_chance_is_that_of_the_twin(rule: Optimizer) -> None:
    nets, change = bench(WITH_CHANCE), Augmentation(down=1, across=1, noise=0.1)
    engines = [make(rule, Draws(nets.table, change, 7, -1.0)) for make in (nets.twin, nets.jax)]
    for engine in engines:
        one_pass(engine, 1)
        one_pass(engine, 2)
    twin, ours = (engine.get_weights() for engine in engines)
    assert np.abs(twin - nets.start).max() > 0.01
    assert ours == pytest.approx(twin, abs=5e-6)


STATES: dict[str, Optimizer] = {
    "adam": Adam(learning_rate=0.01),
    "newton, sampled": DiagonalNewton(learning_rate=0.01, samples=9),
    "batches": Sgd(learning_rate=0.1, batch=8, momentum=0.5, average=0.9),
    "a step a pass": Batch(learning_rate=0.01, momentum=0.5),
    "weight-norm": Sgd(learning_rate=0.1, batch=4, parametrisation=Parametrisation.WEIGHT_NORM),
}


@pytest.mark.parametrize("name", STATES)
def test_a_state_holds_all_and_cuts_change_no_bit(name: str) -> None:
    nets, rule = bench(SMALL), STATES[name]
    whole, resumed = nets.jax(rule), nets.jax(rule)
    one_pass(whole, 1)
    order = np.arange(COUNT, dtype=np.int32)
    whole.begin_pass(order)
    whole.present(order[:13])
    state = whole.get_state()
    whole.present(order[13:])
    whole.end_pass()
    one_pass(resumed, 3)  # what it remembers of this must go
    resumed.set_state(state)
    assert same(resumed.get_state(), state)
    for number in order[13:]:
        resumed.present(np.array([number], np.int32))
    resumed.end_pass()
    assert same(whole.get_state(), resumed.get_state())


def test_states_are_those_of_the_last_presentation() -> None:
    """Divergence is traced by them."""
    nets, rule = bench(SMALL), Sgd(learning_rate=0.05)
    twin, ours = nets.twin(rule), nets.jax(rule)
    for engine in (twin, ours):
        one_pass(engine, 1)
    assert ours.states() == pytest.approx(twin.states(), abs=1e-6)
    waiting = nets.jax(Sgd(learning_rate=0.05, batch=8))
    order = np.arange(COUNT, dtype=np.int32)
    waiting.begin_pass(order)
    waiting.present(order[:9])
    shown = nets.table.shown(waiting.states())
    assert np.array_equal(shown, nets.sets["train"][8])
