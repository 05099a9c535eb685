"""Batches: a step for several patterns, the same bits however a pass is cut and shared out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest

import sn.emit.streams
import sn.kernels
from sn.errors import MemoryLimitError, SnError, TrainError
from sn.kernels import Kernels, compile_net
from sn.lower.recognise import lower
from sn.net.costs import Cost, cost
from sn.net.expr import call, variable
from sn.net.loss import Costs, Loss
from sn.net.reference import Reference
from sn.net.table import ConnectionTable, freeze
from sn.optim.adaptive import Adagrad, Adam, AdamW, RmsProp, adam_rule
from sn.optim.base import ALL, Optimizer, Reduction, Scale
from sn.optim.batched import Parametrisation
from sn.optim.first_order import Batch, Nesterov, Sgd
from sn.optim.normalised import Normalised
from sn.optim.rules import Hyper, RuleSpec
from sn.optim.schedule import Formula, Linear
from sn.session import Session
from sn.train.batches import BatchEngine, NormalisedEngine
from sn.train.draws import Augmentation, Draws
from sn.train.engines import KernelEngine
from sn.train.twin import ReferenceEngine
from tests.sample_nets import ALL_KINDS, FAMILIES, described, family, lms, presentation

pytestmark = pytest.mark.kernels

COUNT = 41  # two blocks of 16 and a part of one
# every kind of node, every way it can be used, and what else differs between nets
FAST = [
    *("full over maps", "conv with a table of maps", "conv that wraps within a border"),
    *("conv with a dilation, a stride and a border", "local with a stride and a border"),
    *("subsample with windows that overlap", "scheme of own weights", "scheme of shared weights"),
    "conv with shared biases",
]


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache of this module's own, empty at first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SN_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def rows(table: ConnectionTable, count: int = COUNT) -> list[np.ndarray[Any, Any]]:
    stream = np.random.default_rng(0)
    patterns = stream.uniform(-1, 1, (count, table.n_inputs))
    targets = stream.uniform(0, 1, (count, table.n_outputs))
    return [end.astype(np.float32) for end in (patterns, targets)]


def check_descents(table: ConnectionTable, error: Loss) -> None:
    """Learn one batch; compare what the weights have moved with the twin's mean descent."""
    plan = lower(table)
    kernels = compile_net(plan, error, RuleSpec(), in_batches=True)
    patterns, targets = rows(table)
    weights = presentation(plan.original, 0).weights.astype(np.float32)
    slots = kernels.slots(weights, [0.5] * len(kernels.source.nodes), Hyper())
    kernels.learn(slots, patterns, targets, np.arange(COUNT, dtype=np.int32))
    twin = Reference(plan.original, error)
    shown = zip(patterns.astype(float), targets.astype(float), strict=True)
    found = [twin.present(weights.astype(float), *ends).d_weight for ends in shown]
    expected = 0.5 * np.mean(found, axis=0)
    size = np.abs(expected).max()
    assert size > 1e-3
    moved = kernels.unpack(slots.weights).astype(float) - weights
    # a weight of 1 is rounded to 6e-8, a sum over positions and patterns to some more
    assert moved == pytest.approx(expected, abs=1e-6 * max(size, 1))
    assert not slots.weights[kernels.source.slots < 0].any()


@pytest.mark.parametrize("name", FAST)
def test_descents_are_those_of_the_twin(name: str) -> None:
    table = freeze(family(name))
    check_descents(table, lms(table))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in FAMILIES if name not in FAST])
def test_descents_of_every_scheme(name: str) -> None:
    table = freeze(family(name))
    check_descents(table, lms(table))


OUTPUTS = """(defnet sample (layer in (9)) (layer h (7) {}) (layer out (5) {})
  (connect in h (full)) (connect h out (full)))"""


Y, D = variable("y"), variable("d")
# with logistic units its derivative is a formula of the total input
ENTROPY = Cost("lisp", -(D * call("log", Y) + (1 - D) * call("log", 1 - Y)))


@pytest.mark.parametrize("name", ["softmax", "logistic", "huber"])
def test_costs_are_those_of_the_twin(name: str) -> None:
    table = freeze(described(OUTPUTS.format("", "(linear)")))
    check_descents(table, cost.get(name)(table.n_outputs))


def test_a_cost_of_the_total_input_is_that_of_the_twin() -> None:
    check_descents(freeze(described(OUTPUTS.format("", "(logistic)"))), ENTROPY)


def test_several_outputs_that_feed_others() -> None:
    net = """(defnet sample (layer in (9)) (layer h (7)) (layer one (3) (logistic) (output))
      (layer two (4) (output))
      (connect in h (full)) (connect h one (full)) (connect one two (full)))"""
    table = freeze(described(net))
    check_descents(table, Costs((ENTROPY, cost.get("mean-square")(4)), (3, 4)))
    check_descents(table, Costs((cost.get("mean-square")(3), cost.get("mean-square")(4)), (3, 4)))


# --- engines ---

NET = """(defnet sample (layer in (6 6) (border -1) (dropout 0.1))
  (layer h (3 3 3) (border 0) {}) (layer out (4) (linear))
  (connect in h (conv (kernel 3 3) (stride 2 2))) (connect h out (full)))"""
PRESENTATION = variable("presentation")
OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": Sgd(learning_rate=0.3, batch=16),
    "sgd, a sum": Sgd(learning_rate=0.02, batch=7, reduction=Reduction.SUM, momentum=0.5),
    "sgd, all": Sgd(learning_rate=0.3, batch=ALL, scale=Scale.FAN_IN, decay=0.01),
    "batch": Batch(learning_rate=0.02, batch=10),
    "nesterov": Nesterov(learning_rate=0.3, batch=1000),
    "adam": Adam(learning_rate=0.01, eps=1e-3, batch=5),
    "adamw, decays": AdamW(learning_rate=0.01, eps=1e-3, batch=20, decays={"out": 0.3, "": 0.0}),
    "adagrad": Adagrad(learning_rate=0.02, eps=1e-2, batch=2),
    "rmsprop": RmsProp(learning_rate=0.01, eps=1e-2, momentum=0.5, batch=41),
    "sgd, by presentation": Sgd(
        learning_rate=0.3,
        batch=4,
        schedules={"learning_rate": Formula(3 / (PRESENTATION + 10))},
    ),
    "sgd, clipped": Sgd(learning_rate=1.0, batch=8, clip_norm=0.05, momentum=0.5),
    "adam, clipped, one by one": Adam(learning_rate=0.01, eps=1e-3, clip_norm=0.2),
    "sgd, lengths and directions": Sgd(
        learning_rate=0.2, batch=8, momentum=0.5, parametrisation=Parametrisation.WEIGHT_NORM
    ),
    "adamw, lengths and directions": AdamW(
        learning_rate=0.01,
        eps=1e-3,
        batch=16,
        decays={"out": 0.1, "": 0.0},
        average=0.5,
        parametrisation=Parametrisation.WEIGHT_NORM,
    ),
    "adam, averaged": Adam(learning_rate=0.01, eps=1e-3, batch=8, average=0.9),
    "adam, by pass": Adam(
        learning_rate=0.02, eps=1e-3, batch=6, schedules={"learning_rate": Linear(0.02, 0, 3)}
    ),
}


def engine(kind: str, rule: Optimizer, dropout: str = "(dropout 0.2)", net: str = NET) -> Any:
    table, error = freeze(described(net.format(dropout))), cost.get("softmax")(4)
    patterns, targets = rows(table)
    targets = np.eye(4, dtype=np.float32)[targets.argmax(1)]
    draws = Draws(table, Augmentation(down=1, across=1, noise=0.05), 7, -1)
    data = ({"train": patterns}, targets)
    made: Any
    if kind == "kernels":
        plan = partial(compile_net, lower(table), error, in_batches=True)
        if not rule.phases.in_batches:
            made = KernelEngine(partial(plan, in_batches=False), table, rule, *data, error, draws)
            made.set_weights(start(table))
            return made
        kernels = NormalisedEngine if rule.phases.is_normalised else BatchEngine
        made = kernels(plan, table, rule, *data, error, draws)
    else:
        made = ReferenceEngine(Reference(table, error), table, rule, *data, draws)
    made.set_weights(start(table))
    return made


def start(table: ConnectionTable) -> np.ndarray[Any, Any]:
    drawn = np.random.default_rng(2).uniform(-0.3, 0.3, table.n_weights)
    return drawn.astype(np.float32)


def one_pass(some: Any, parts: Sequence[int] = (COUNT,)) -> None:
    order = np.random.default_rng(3).permutation(COUNT).astype(np.int32)
    some.begin_pass(order)
    for part in np.split(order, np.cumsum(parts)[:-1]):
        some.present(part)
    some.end_pass()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_engines_take_the_same_steps(name: str) -> None:
    fast, slow = (engine(kind, OPTIMIZERS[name]) for kind in ("kernels", "reference"))
    before = slow.get_weights()
    for some in (fast, slow):
        one_pass(some)
        one_pass(some, (3, 30, 8))
    assert np.abs(slow.get_weights() - before).max() > 0.01
    # dropout takes every path through the net: what moves a weight little moves it by rounding
    assert fast.get_weights() == pytest.approx(slow.get_weights(), rel=1e-3, abs=3e-5)
    assert fast.get_trained() == pytest.approx(slow.get_trained(), rel=1e-3, abs=3e-5)
    assert fast.outputs("train") == pytest.approx(slow.outputs("train"), abs=1e-4)


def test_patterns_may_be_moved_where_no_unit_is_left_out() -> None:
    net = NET.replace("(dropout 0.1)", "")
    fast, slow = (engine(kind, OPTIMIZERS["sgd"], "", net) for kind in ("kernels", "reference"))
    for some in (fast, slow):
        one_pass(some)
    assert fast.get_weights() == pytest.approx(slow.get_weights(), rel=1e-3, abs=3e-5)


@pytest.mark.parametrize("kind", ["kernels", "reference"])
def test_a_step_is_that_of_the_mean(kind: str) -> None:
    """A batch of patterns that are all the same moves as one of them does."""
    moved = []
    for batch in (1, 8):
        some = engine(kind, Sgd(learning_rate=0.1, batch=8), "")
        some._draws = None
        before = some.get_weights()
        some.present(np.full(batch, 3, np.int32))
        some.end_pass()
        moved.append(some.get_weights() - before)
    assert moved[0] == pytest.approx(moved[1], abs=1e-7)
    assert np.abs(moved[0]).max() > 1e-3


@pytest.mark.parametrize("kind", ["kernels", "reference"])
def test_a_step_is_no_longer_than_it_may_be(kind: str) -> None:
    steps = []
    for clip in (0.0, 1e3, 0.01):
        some = engine(kind, Sgd(learning_rate=1.0, batch=ALL, clip_norm=clip))
        before = some.get_weights()
        one_pass(some)
        steps.append((some.get_weights() - before).astype(float))
    free, loose, short = steps
    assert loose == pytest.approx(free, abs=1e-6)
    assert np.linalg.norm(free) > 0.1
    assert np.linalg.norm(short) == pytest.approx(0.01, rel=1e-3)
    assert short == pytest.approx(free * (0.01 / np.linalg.norm(free)), abs=1e-6)


@pytest.mark.parametrize("kind", ["kernels", "reference"])
def test_what_answers_is_the_average(kind: str) -> None:
    """With B = 0.5 the average of three values is (1 2 4) / 7 of them, oldest first."""
    some = engine(kind, Sgd(learning_rate=0.5, batch=14, average=0.5), "")
    some._draws = None
    assert some.get_trained().tobytes() == some.get_weights().tobytes()
    order, seen = np.arange(COUNT, dtype=np.int32), []
    some.begin_pass(order)
    for part in (order[:14], order[14:28], order[28:]):
        some.present(part)
        if len(part) < 14:
            some.end_pass()
        seen.append(some.get_weights().astype(float))
    expected = (seen[0] + 2 * seen[1] + 4 * seen[2]) / 7
    assert np.abs(seen[2] - expected).max() > 1e-3
    assert some.get_trained() == pytest.approx(expected, abs=1e-6)
    other = engine(kind, Sgd(learning_rate=0.5), "")
    other.set_weights(some.get_trained())
    assert some.outputs("train") == pytest.approx(other.outputs("train"), abs=1e-6)
    some.set_weights(some.get_trained())
    assert some.get_trained().tobytes() == some.get_weights().tobytes()


def test_a_step_along_lengths_and_directions_is_that_of_the_article() -> None:
    """Against differences: the descent of the cost by v and g, with w = g v / |v|."""
    rule = Sgd(learning_rate=1.0, batch=ALL, parametrisation=Parametrisation.WEIGHT_NORM)
    table = freeze(described(NET.format("")))
    stream, made = np.random.default_rng(5), Normalised(rule, table)
    weights, slope = stream.normal(size=(2, table.n_weights))
    made.start(weights)
    group, n_groups = made.group, int(made.group.max()) + 1
    biases = np.unique(table.wid[table.src == 0])
    assert set(np.flatnonzero(group < 0)) == set(biases)
    # a kernel of nine taps for each of three maps, and nine maps' units into each output
    assert sorted(np.bincount(group[group >= 0])) == [9, 9, 9, 27, 27, 27, 27]

    def cost(directions: np.ndarray[Any, Any], lengths: np.ndarray[Any, Any]) -> float:
        w = directions.copy()
        for number in range(n_groups):
            mine = group == number
            w[mine] *= lengths[number] / np.linalg.norm(directions[mine])
        return float(slope @ w)

    lengths = np.array([np.linalg.norm(weights[group == n]) for n in range(n_groups)])
    by_v, by_g = np.zeros_like(weights), np.zeros_like(lengths)
    for found, numbers in ((by_v, weights), (by_g, lengths)):
        for index in range(len(numbers)):
            numbers[index] += 1e-6
            up = cost(weights, lengths)
            numbers[index] -= 2e-6
            found[index] = (up - cost(weights, lengths)) / 2e-6
            numbers[index] += 1e-6
    made.step(rule, np.ones(table.n_weights), -slope)
    moved, longer = made.get_slots()["directions"], made.get_counters()["lengths"]
    assert moved.astype(float) == pytest.approx(weights - by_v, abs=1e-7)
    assert longer.astype(float) == pytest.approx(lengths - by_g, abs=1e-7)


GOING_ON = [
    *("adam", "sgd, by presentation", "sgd, all", "adam, averaged"),
    "adamw, lengths and directions",
]


@pytest.mark.parametrize("name", GOING_ON)
def test_a_run_that_goes_on_has_the_same_bits(name: str, tmp_path: Any) -> None:
    rule = OPTIMIZERS[name]
    whole, first = engine("kernels", rule), engine("kernels", rule)
    for _ in range(2):
        one_pass(whole)
    one_pass(first, (1, 1, 20, 19))
    order = np.random.default_rng(3).permutation(COUNT).astype(np.int32)
    first.begin_pass(order)
    first.present(order[:18])
    later = engine("kernels", rule)
    later.set_state(first.get_state())
    later.present(order[18:])
    later.end_pass()
    assert later.get_weights().tobytes() == whole.get_weights().tobytes()


def test_who_waits_must_be_a_pattern() -> None:
    some = engine("kernels", OPTIMIZERS["adam"])
    state = some.get_state()
    for number in (41.0, -2.0, 0.5, np.nan):
        state.counters["waiting"][0] = number
        with pytest.raises(TrainError, match="patterns waiting that are not among those"):
            some.set_state(state)


def learned(kernels: Kernels, table: ConnectionTable) -> bytes:
    patterns, targets = rows(table, 300)
    weights = presentation(kernels.plan.original, 0).weights
    slots = kernels.slots(weights, [0.05] * len(kernels.source.nodes), Hyper(beta1=0.5, eps=1e-3))
    for some in np.array_split(np.arange(300, dtype=np.int32), 2):
        kernels.learn(slots, patterns, targets, some)
    return kernels.unpack(slots.weights).tobytes()


def test_threads_and_lanes_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    table = freeze(described(ALL_KINDS))
    plan, found = lower(table), set()
    monkeypatch.setattr(sn.emit.streams, "MANY_BLOCKS", 2)
    for lanes in (8, 16):
        monkeypatch.setattr(sn.kernels, "lanes_of_cpu", lambda lanes=lanes: lanes)
        kernels = compile_net(plan, lms(table), adam_rule(), in_batches=True)
        for cores in (1, 2, 3, 8, 50):
            monkeypatch.setattr(sn.emit.streams, "cores", lambda cores=cores: cores)
            found.add(learned(kernels, table))
    assert len(found) == 1


# --- programs ---

PROGRAM = (
    NET.format("")
    + """(experiment sample (data "mnist-1989") (targets 0 1) (cost softmax)
  (optimizer o {}))"""
)


def spoken(form: str) -> Optimizer:
    session = Session()
    session.evaluate(PROGRAM.format(form))
    return session.world.experiments["sample"].optimizers["o"]


def test_a_program_says_how_many() -> None:
    assert spoken("(sgd (learning-rate 0.1) (batch 32))").phases.batch == 32
    assert spoken("(adamw (batch all))").phases.batch == ALL
    assert spoken("(adam)").phases.batch == 1
    found = spoken("(rmsprop (batch 8) (reduction sum))")
    assert found.reduction is Reduction.SUM and found.steps_along_sum


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("(adam (batch 0))", "the batch must be a whole number of at least 1, found 0"),
        ("(adam (batch 2.5))", "the batch must be a whole number of at least 1, found 2.5"),
        ("(adam (batch (linear 8 32 4)))", "batch cannot change while a run lasts"),
        ("(diagonal-newton (learning-rate 0.1) (batch 8))", "diagonal-newton has no option"),
    ],
)
def test_what_is_no_batch_is_told(form: str, message: str) -> None:
    with pytest.raises(SnError, match=message):
        spoken(form)


def test_sums_are_counted_before_they_are_made(lowered: Callable[[int], None]) -> None:
    table = freeze(described(OUTPUTS.format("", "")))
    kernels = compile_net(lower(table), lms(table), RuleSpec(), in_batches=True)
    slots = kernels.slots(np.zeros(table.n_weights), [0.1] * len(kernels.source.nodes), Hyper())
    lowered(1000)
    with pytest.raises(MemoryLimitError, match="sums for batches of net sample"):
        kernels.learn(slots, *rows(table), np.arange(COUNT, dtype=np.int32))
