"""Engines: compiled kernels and the twin train alike, under every optimizer, and can be resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest

from sn.kernels import Kernels, compile_net
from sn.lower.recognise import lower
from sn.net.reference import Reference
from sn.net.table import ConnectionTable, freeze
from sn.optim.base import Optimizer, Reduction, Scale
from sn.optim.first_order import Batch, Sgd
from sn.optim.rules import RuleSpec
from sn.optim.schedule import Formula, Linear, Schedule
from sn.optim.second_order import BatchNewton, Damping, DiagonalNewton
from sn.results.arrays import write_arrays
from sn.results.checkpoints import Position
from sn.train.checkpoint import RunState, read_run, run_arrays
from sn.train.engines import Engine, KernelEngine
from sn.train.state import EngineState, to_arrays
from sn.train.twin import ReferenceEngine
from tests.sample_nets import described, lms
from tests.sample_optimizers import OPTIMIZERS, PRESENTATION

pytestmark = pytest.mark.kernels

NET = """(defnet sample (layer in (6 6) (border -1)) (layer h (3 3 3) (border 0)) (layer out (4))
  (connect in h (conv (kernel 3 3) (stride 2 2))) (connect h out (full)))"""
COUNT = 24


class Bench:
    """One net, made-up patterns, and engines for any optimizer; kernels are compiled once."""

    def __init__(self) -> None:
        self.table: ConnectionTable = freeze(described(NET))
        rng = np.random.default_rng(0)
        self.sets = {
            name: rng.uniform(-1, 1, (count, 36)).astype(np.float32)
            for name, count in (("train", COUNT), ("test", 11))
        }
        self.targets = rng.uniform(-1, 1, (COUNT, 4)).astype(np.float32)
        self.start = rng.uniform(-0.4, 0.4, self.table.n_weights).astype(np.float32)
        plan, error = lower(self.table), lms(self.table)

        @cache
        def compiled(rule: RuleSpec) -> Kernels:
            return compile_net(plan, error, rule)

        self.compiled = compiled
        self.cost = error

    def kernels(self, rule: Optimizer) -> Engine:
        return self._started(
            KernelEngine(self.compiled, self.table, rule, self.sets, self.targets, self.cost)
        )

    def twin(self, rule: Optimizer) -> Engine:
        reference = Reference(self.table, self.cost)
        return self._started(ReferenceEngine(reference, self.table, rule, self.sets, self.targets))

    def _started(self, engine: Engine) -> Engine:
        engine.set_weights(self.start)
        return engine


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SN_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield Bench()


def one_pass(engine: Engine, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(COUNT).astype(np.int32)
    engine.begin_pass(order)
    for part in (order[:5], order[5:]):
        engine.present(part)
    engine.end_pass()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_kernels_and_twin_train_alike(name: str, bench: Bench) -> None:
    rule, room = OPTIMIZERS[name]
    fast, slow = bench.kernels(rule), bench.twin(rule)
    for seed in (1, 2):
        one_pass(fast, seed)
        one_pass(slow, seed)
    assert np.abs(slow.get_weights() - bench.start).max() > 0.01
    assert fast.get_weights() == pytest.approx(slow.get_weights(), abs=room)
    for which, count in (("train", COUNT), ("test", 11)):
        outputs = fast.outputs(which)
        assert outputs.shape == (count, 4)
        assert outputs == pytest.approx(slow.outputs(which), abs=20 * room)
    units = np.flatnonzero(np.isnan(bench.table.constant))
    assert fast.states()[units] == pytest.approx(slow.states()[units], abs=20 * room)


@pytest.mark.parametrize("engine", ["kernels", "twin"])
@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_the_mean_at_a_rate_is_the_sum_at_the_rate_divided(
    engine: str, momentum: float, bench: Bench
) -> None:
    rate = 0.3
    mean = Batch(learning_rate=rate, momentum=momentum, decay=0.01, reduction=Reduction.MEAN)
    total = Batch(learning_rate=rate / COUNT, momentum=momentum, decay=0.01)
    runs = [getattr(bench, engine)(rule) for rule in (mean, total)]
    for run in runs:
        for seed in (1, 2, 3):
            one_pass(run, seed)
    assert np.abs(runs[0].get_weights() - bench.start).max() > 0.01
    assert runs[0].get_weights() == pytest.approx(runs[1].get_weights(), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("engine", ["kernels", "twin"])
def test_the_mean_of_a_newton_pass_divides_both_sums(engine: str, bench: Bench) -> None:
    mean = BatchNewton(learning_rate=0.1, mu=0.02, reduction=Reduction.MEAN)
    total = BatchNewton(learning_rate=0.1, mu=0.02 * COUNT)
    runs = [getattr(bench, engine)(rule) for rule in (mean, total)]
    for run in runs:
        one_pass(run, 1)
    assert np.abs(runs[0].get_weights() - bench.start).max() > 0.01
    assert runs[0].get_weights() == pytest.approx(runs[1].get_weights(), rel=1e-6, abs=1e-8)


FROZEN: dict[str, dict[str, object]] = {"layers": {"h": 0.0}, "decay": 0.1}
FREEZING: dict[str, Optimizer] = {
    "sgd": Sgd(learning_rate=0.02, **FROZEN),  # type: ignore[arg-type]
    "momentum": Sgd(learning_rate=0.02, momentum=0.5, **FROZEN),  # type: ignore[arg-type]
    "scaled": Sgd(learning_rate=0.02, scale=Scale.FAN_IN, **FROZEN),  # type: ignore[arg-type]
    "newton": DiagonalNewton(learning_rate=0.01, **FROZEN),  # type: ignore[arg-type]
    "clipped": DiagonalNewton(damping=Damping.CLIP, **FROZEN),  # type: ignore[arg-type]
    "sampled": DiagonalNewton(samples=9, **FROZEN),  # type: ignore[arg-type]
    "batch": Batch(learning_rate=0.005, **FROZEN),  # type: ignore[arg-type]
    "batch newton": BatchNewton(**FROZEN),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("engine", ["kernels", "twin"])
@pytest.mark.parametrize("name", FREEZING)
def test_decay_leaves_a_frozen_layer_alone(name: str, engine: str, bench: Bench) -> None:
    run = getattr(bench, engine)(FREEZING[name])
    one_pass(run, 1)
    one_pass(run, 2)
    into = np.zeros(bench.table.n_weights, int)
    into[bench.table.wid] = bench.table.layer_of[bench.table.dst]
    is_frozen = into == 1
    assert is_frozen.any() and not is_frozen.all()
    weights = run.get_weights()
    assert np.array_equal(weights[is_frozen], bench.start[is_frozen])
    # the other layer decays by a tenth a step, or a pass
    moved = np.abs(weights[~is_frozen]).mean() / np.abs(bench.start[~is_frozen]).mean()
    assert moved < 0.95


@pytest.mark.parametrize("engine", ["kernels", "twin"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_state_holds_all_that_later_passes_depend_on(
    name: str, engine: str, bench: Bench
) -> None:
    rule, _ = OPTIMIZERS[name]
    make: Callable[[Optimizer], Engine] = getattr(bench, engine)
    whole = make(rule)
    one_pass(whole, 1)
    state = whole.get_state()
    one_pass(whole, 2)
    resumed = make(rule)
    one_pass(resumed, 3)  # what it remembers of this must go
    resumed.set_state(state)
    one_pass(resumed, 2)
    assert same(whole.get_state(), resumed.get_state())


def same(a: EngineState, b: EngineState) -> bool:
    """The same names, types and bits."""
    ones, others = to_arrays(a), to_arrays(b)
    return ones.keys() == others.keys() and all(
        ones[name].dtype == others[name].dtype and ones[name].tobytes() == others[name].tobytes()
        for name in ones
    )


@pytest.mark.parametrize("engine", ["kernels", "twin"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_checkpoint_is_the_state_bit_for_bit(
    name: str, engine: str, bench: Bench, tmp_path: Path
) -> None:
    make: Callable[[Optimizer], Engine] = getattr(bench, engine)
    whole, resumed = make(OPTIMIZERS[name][0]), make(OPTIMIZERS[name][0])
    one_pass(whole, 1)
    state, path = whole.get_state(), tmp_path / "checkpoint.safetensors"
    write_arrays(path, *run_arrays(RunState(state, Position(0, 7))))
    found = read_run(path, resumed.get_state())
    assert found.position == Position(0, 7)
    read = found.engine
    assert same(read, state)
    resumed.set_state(read)
    assert same(resumed.get_state(), state)
    one_pass(whole, 2)
    one_pass(resumed, 2)
    assert same(resumed.get_state(), whole.get_state())


@pytest.mark.parametrize("engine", ["kernels", "twin"])
def test_a_state_in_the_middle_of_a_pass_is_whole_too(engine: str, bench: Bench) -> None:
    """The loop goes back to the start of a chunk to find where a run diverged."""
    order = np.arange(COUNT, dtype=np.int32)
    for rule in (Batch(learning_rate=0.005), DiagonalNewton(learning_rate=0.01, samples=5)):
        some: Engine = getattr(bench, engine)(rule)
        some.begin_pass(order)
        some.present(order[:10])
        state = some.get_state()
        some.present(order[10:])
        some.end_pass()
        expected = some.get_state()
        some.set_state(state)
        some.present(order[10:])
        some.end_pass()
        assert same(some.get_state(), expected)


def test_a_state_is_a_copy(bench: Bench) -> None:
    for engine in (bench.kernels(Sgd(learning_rate=0.02)), bench.twin(Sgd(learning_rate=0.02))):
        before = engine.get_state().weights.copy()
        state = engine.get_state()
        one_pass(engine, 1)
        assert np.array_equal(state.weights, before)


def test_the_order_of_the_patterns_is_followed(bench: Bench) -> None:
    """One by one or all at once, in the order given."""
    order = np.array([3, 3, 0, 7, 1], np.int32)
    at_once, one_by_one = (bench.kernels(Sgd(learning_rate=0.02)) for _ in range(2))
    at_once.present(order)
    for number in order:
        one_by_one.present(np.array([number], np.int32))
    assert np.array_equal(at_once.get_weights(), one_by_one.get_weights())


def test_no_patterns_change_nothing(bench: Bench) -> None:
    engine = bench.kernels(Sgd(learning_rate=0.02))
    engine.present(np.zeros(0, np.int32))
    assert np.array_equal(engine.get_weights(), bench.start)


# --- schedules ---


@pytest.mark.parametrize("engine", ["kernels", "twin"])
@pytest.mark.parametrize("rate", [Linear(0.03, 0, 3), Formula(0.05 / PRESENTATION)], ids=str)
def test_a_schedule_is_the_rates_one_after_the_other(
    engine: str, rate: Schedule, bench: Bench
) -> None:
    """As an engine of a constant rate whose weights go on to the next, without other memory."""
    changing: Engine = getattr(bench, engine)(
        Sgd(learning_rate=rate.at(1, 1), schedules={"learning_rate": rate})
    )
    order = np.random.default_rng(1).permutation(COUNT).astype(np.int32)
    weights = bench.start
    shown = 0
    for number in (1, 2, 3):
        changing.begin_pass(order)
        changing.present(order)
        changing.end_pass()
        for pattern in order:
            shown += 1
            constant: Engine = getattr(bench, engine)(Sgd(learning_rate=rate.at(number, shown)))
            constant.set_weights(weights)
            constant.present(np.array([pattern], np.int32))
            weights = constant.get_weights()
    room = 0 if engine == "kernels" else 1e-6  # the twin's weights are rounded in between
    assert np.abs(changing.get_weights() - weights).max() <= room


@pytest.mark.parametrize("engine", ["kernels", "twin"])
@pytest.mark.parametrize("name", [name for name, (one, _) in OPTIMIZERS.items() if one.schedules])
def test_schedules_do_not_depend_on_chunks(name: str, engine: str, bench: Bench) -> None:
    rule, _ = OPTIMIZERS[name]
    ends = []
    for size in (1, 7, COUNT):
        some: Engine = getattr(bench, engine)(rule)
        for seed in (1, 2):
            order = np.random.default_rng(seed).permutation(COUNT).astype(np.int32)
            some.begin_pass(order)
            for first in range(0, COUNT, size):
                some.present(order[first : first + size])
            some.end_pass()
        ends.append(some.get_state())
    assert same(ends[0], ends[1]) and same(ends[0], ends[2])


@pytest.mark.parametrize("name", [name for name, (one, _) in OPTIMIZERS.items() if one.schedules])
def test_a_run_goes_on_in_the_middle_of_a_schedule(name: str, bench: Bench) -> None:
    order = np.arange(COUNT, dtype=np.int32)
    for make in (bench.kernels, bench.twin):
        whole = make(OPTIMIZERS[name][0])
        one_pass(whole, 1)
        whole.begin_pass(order)
        whole.present(order[:10])
        other = make(OPTIMIZERS[name][0])
        other.set_state(whole.get_state())
        for some in (whole, other):
            some.present(order[10:])
            some.end_pass()
            one_pass(some, 2)
        assert same(whole.get_state(), other.get_state())


def test_a_constant_rate_leaves_no_count_in_a_state(bench: Bench) -> None:
    assert not bench.kernels(Sgd(learning_rate=0.02)).get_state().counters
    changing = Sgd(learning_rate=0.1, schedules={"learning_rate": Linear(0.1, 0.2, 2)})
    some = bench.kernels(changing)
    one_pass(some, 1)
    found = {name: array.item() for name, array in some.get_state().counters.items()}
    assert found == {"pass": 1, "pass_start": 0, "presentation": COUNT}


def test_arrays_for_reading_only_can_be_trained_on() -> None:
    """A mapped file, or what another library lends: the kernels never write there."""
    table = freeze(described("(defnet n (layer in (3)) (layer out (2)) (connect in out (full)))"))
    rng = np.random.default_rng(0)
    patterns = rng.uniform(-1, 1, (8, 3)).astype(np.float32)
    targets = rng.uniform(-1, 1, (8, 2)).astype(np.float32)

    def weights() -> bytes:
        rule = Sgd(learning_rate=0.1)
        compiled = partial(compile_net, lower(table), lms(table))
        engine = KernelEngine(compiled, table, rule, {"train": patterns}, targets)
        engine.present(np.arange(8, dtype=np.int32))
        return engine.get_weights().tobytes()

    before = weights()
    patterns.setflags(write=False)
    targets.setflags(write=False)
    assert weights() == before
