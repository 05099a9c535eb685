"""Optimizers: learning rates per unit and weight, and the one step of a batch pass."""

from __future__ import annotations

import numpy as np
import pytest

from sn.errors import SnError, TrainError
from sn.net.activations import linear
from sn.net.layer import Network
from sn.net.reference import Reference
from sn.net.schemes import Link, bias, full
from sn.net.table import ConnectionTable, freeze
from sn.net.tangent import Tangent
from sn.optim.base import Scale
from sn.optim.conjugate import ConjugateGradient
from sn.optim.first_order import Batch, Sgd
from sn.optim.rules import Memory, Step, advance
from sn.optim.second_order import BatchNewton, Damping, DiagonalNewton
from sn.session import Session
from sn.train.twin import ReferenceEngine
from tests.sample_nets import FAMILIES, described, family, lms, presentation


def no_curvature(direction: np.ndarray) -> float:
    raise AssertionError("nobody should ask")


def fan_in(table: ConnectionTable, unit: int) -> int:
    return int(np.count_nonzero(table.dst == unit))


# --- learning rates ---


@pytest.mark.parametrize("name", FAMILIES)
def test_steps_divide_by_the_fan_in_of_the_unit(name: str) -> None:
    table = freeze(family(name))
    plain = Sgd(learning_rate=0.5).steps(table)
    by_fan_in = Sgd(learning_rate=0.5, scale=Scale.FAN_IN).steps(table)
    by_root = Sgd(learning_rate=0.5, scale=Scale.SQRT_FAN_IN).steps(table)
    assert set(plain) == {0.5}
    for weight in range(table.n_weights):
        unit = int(table.dst[table.wid == weight][-1])
        assert by_fan_in[weight] == 0.5 / fan_in(table, unit)
        assert by_root[weight] == 0.5 / np.sqrt(fan_in(table, unit))


def test_mask_steps_count_the_sharing_of_a_units_last_connection() -> None:
    """SN's mask-epsi gives the bias of a masked unit the step of its kernel."""
    table = freeze(family("conv with shared biases"))
    steps = Sgd(learning_rate=0.1, scale=Scale.MASK).unit_steps(table)
    hidden, out = (layer.units.ravel() for layer in table.layers[1:])
    assert steps[hidden] == pytest.approx(0.1 / np.sqrt(10 * 9))  # 3x3 taps and a bias, 9 places
    assert steps[out] == pytest.approx(0.1 / np.sqrt(28))
    assert steps[table.layers[0].units].max() == 0


def test_a_layer_may_have_a_rate_of_its_own() -> None:
    table = freeze(family("full"))
    steps = Sgd(learning_rate=1, scale=Scale.FAN_IN, layers={"out": 3}).steps(table)
    into_out = np.unique(table.wid[np.isin(table.dst, table.layers[-1].units)])
    assert steps[into_out] == pytest.approx(3 / 10)
    assert np.delete(steps, into_out) == pytest.approx(1 / 6)


def test_a_whole_number_is_a_rate_too() -> None:
    """1 / F, not 1 // F."""
    table = freeze(family("full"))
    assert Sgd(learning_rate=1, scale=Scale.FAN_IN).steps(table).min() == pytest.approx(0.1)


# --- rules ---


def test_what_each_optimizer_asks_of_the_kernels() -> None:
    assert Sgd(learning_rate=1).rule.step is Step.NODE
    assert Sgd(learning_rate=1, scale=Scale.MASK).rule.step is Step.WEIGHT
    assert DiagonalNewton().rule.step is Step.NEWTON
    assert DiagonalNewton(damping=Damping.CLIP).rule.step is Step.CLIP
    assert DiagonalNewton(samples=500).rule.step is Step.WEIGHT
    sample = DiagonalNewton(samples=500, damping=Damping.CLIP).phases.sample
    assert sample is not None
    assert (sample.count, sample.damping) == (500, Step.CLIP)
    assert sample.rule.weight is None
    assert DiagonalNewton().phases.sample is None
    assert not DiagonalNewton().phases.has_step
    for batch in (Batch(learning_rate=1), BatchNewton(), ConjugateGradient()):
        assert batch.phases.has_step
        assert batch.phases.present.weight is None
        assert batch.phases.sample is None


# --- the step of a pass ---


def test_batch_moves_by_the_step_times_the_descent() -> None:
    weights, descent = np.array([1.0, 2.0]), np.array([0.5, -1.0])
    steps, memory = np.array([0.1, 0.2]), Memory.empty(2)
    optimizer = Batch(learning_rate=1, momentum=0.5)
    for expected in ([1.025, 1.9], [1.0625, 1.75]):
        weights = optimizer.finish_pass(steps, weights, memory, descent, descent, no_curvature)
        assert weights == pytest.approx(expected)


def test_batch_newton_divides_by_the_curvature_of_the_pass() -> None:
    optimizer = BatchNewton(learning_rate=1, mu=0.5)
    found = optimizer.finish_pass(
        np.ones(2),
        np.zeros(2),
        Memory.empty(2),
        np.array([1.0, 1.0]),
        np.array([1.5, -3.5]),
        no_curvature,
    )
    assert found == pytest.approx([1 / 2, 1 / 4])


# --- conjugate gradient ---


def bowl(size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A quadratic cost w.A.w / 2 - b.w."""
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((size, size))
    return root @ root.T + 0.1 * np.eye(size), rng.standard_normal(size)


def test_conjugate_gradient_finds_the_bottom_of_a_bowl_in_as_many_steps_as_dimensions() -> None:
    a, b = bowl(6, 1)
    optimizer, memory, weights = ConjugateGradient(), Memory.empty(6), np.zeros(6)
    for _ in range(6):
        weights = optimizer.finish_pass(
            np.ones(6), weights, memory, b - a @ weights, np.zeros(6), lambda d: float(d @ a @ d)
        )
    assert weights == pytest.approx(np.linalg.solve(a, b), rel=1e-8)


def test_its_directions_are_conjugate() -> None:
    a, b = bowl(5, 2)
    optimizer, memory, weights = ConjugateGradient(), Memory.empty(5), np.zeros(5)
    directions = []
    for _ in range(4):
        weights = optimizer.finish_pass(
            np.ones(5), weights, memory, b - a @ weights, np.zeros(5), lambda d: float(d @ a @ d)
        )
        directions.append(memory["velocity"])
    for first, second in zip(directions, directions[1:], strict=False):
        assert abs(first @ a @ second) < 1e-9 * (first @ a @ first)


def test_mu_shortens_its_steps() -> None:
    descent = np.array([1.0, 2.0])
    moved = [
        ConjugateGradient(mu=mu).finish_pass(
            np.ones(2), np.zeros(2), Memory.empty(2), descent, np.zeros(2), lambda d: 3.0
        )
        for mu in (0, 2)
    ]
    assert moved[0] == pytest.approx(descent * 5 / 3)
    assert moved[1] == pytest.approx(descent * 5 / 5)


def test_it_stands_still_where_nothing_changes() -> None:
    memory = Memory.empty(2)
    found = ConjugateGradient().finish_pass(
        np.ones(2), np.ones(2), memory, np.zeros(2), np.zeros(2), lambda d: 0.0
    )
    assert found.tolist() == [1, 1]
    assert not memory["velocity"].any()


@pytest.mark.parametrize("options", [{"scale": Scale.FAN_IN}, {"layers": {"out": 1.0}}])
def test_it_refuses_rates_of_its_own(options: dict[str, object]) -> None:
    with pytest.raises(TrainError, match="finds the length of its steps") as caught:
        ConjugateGradient(**options)  # type: ignore[arg-type]
    assert "leave out" in (caught.value.hint or "")


# --- curvature along a line ---


@pytest.mark.parametrize("name", FAMILIES)
def test_the_tangent_pass_is_that_of_the_twin(name: str) -> None:
    table = freeze(family(name))
    error = lms(table)
    shown = [presentation(table, seed) for seed in range(3)]
    rng = np.random.default_rng(0)
    direction = rng.standard_normal(table.n_weights)
    weights = shown[0].weights
    twin = Reference(table, error)
    expected = sum(twin.along(weights, direction, s.pattern, s.desired) for s in shown)
    found = Tangent(table, error).along(
        weights,
        direction,
        np.array([s.pattern for s in shown]),
        np.array([s.desired for s in shown]),
    )
    # it is rounded to float32
    assert found == pytest.approx(expected, rel=1e-7)


def test_the_tangent_pass_splits_large_layers_and_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    table = freeze(family("conv with a table of maps"))
    shown = [presentation(table, seed) for seed in range(5)]
    arrays = [np.array([getattr(s, field) for s in shown]) for field in ("pattern", "desired")]
    direction = np.linspace(-1, 1, table.n_weights)
    whole = Tangent(table, lms(table)).along(shown[0].weights, direction, *arrays)
    monkeypatch.setattr("sn.net.tangent.ROWS", 5)
    monkeypatch.setattr("sn.net.tangent.PATTERNS", 2)
    parts = Tangent(table, lms(table)).along(shown[0].weights, direction, *arrays)
    assert parts == pytest.approx(whole, rel=1e-7)


def regression() -> ConnectionTable:
    """Three inputs and a bias into one linear unit: a bowl."""
    net = Network("regression")
    inputs, out = net.add_layer("in", (3,)), net.add_layer("out", (1,), linear())
    bias(net, out, shared=False)
    full(net, Link(inputs, out))
    return freeze(net)


def passes(engine: ReferenceEngine, count: int) -> None:
    for _ in range(count):
        order = np.arange(20, dtype=np.int32)
        engine.begin_pass(order)
        engine.present(order)
        engine.end_pass()


def test_conjugate_gradient_solves_a_regression_in_four_passes() -> None:
    table = regression()
    rng = np.random.default_rng(5)
    patterns = rng.standard_normal((20, 3)).astype(np.float32)
    truth = np.array([0.5, -1.0, 2.0, 0.25], np.float32)
    targets = (patterns @ truth[1:] + truth[0])[:, None].astype(np.float32)
    twin = Reference(table, lms(table))
    engine = ReferenceEngine(twin, table, ConjugateGradient(), {"train": patterns}, targets)
    passes(engine, 4)
    assert engine.get_weights() == pytest.approx(truth, abs=1e-5)


def test_conjugate_gradient_goes_on_from_a_checkpoint() -> None:
    table = freeze(family("conv"))
    rng = np.random.default_rng(6)
    patterns = rng.uniform(-1, 1, (20, 49)).astype(np.float32)
    targets = rng.uniform(-1, 1, (20, 4)).astype(np.float32)

    def fresh() -> ReferenceEngine:
        twin = Reference(table, lms(table))
        return ReferenceEngine(twin, table, ConjugateGradient(), {"train": patterns}, targets)

    start = presentation(table).weights.astype(np.float32)
    whole, halved, resumed = fresh(), fresh(), fresh()
    whole.set_weights(start)
    halved.set_weights(start)
    passes(whole, 5)
    passes(halved, 3)
    resumed.set_state(halved.get_state())
    passes(resumed, 2)
    assert np.array_equal(whole.get_weights(), resumed.get_weights())


def test_decays_of_layers_and_biases_are_those_of_their_weights() -> None:
    net = described(
        "(defnet n (layer in (2)) (layer h (2)) (layer out (1) (bias none))"
        " (connect in h (full)) (connect h out (full)))"
    )
    table = freeze(net)
    assert Sgd(learning_rate=1, decay=0.1).own_decays(table) is None
    rule = Sgd(learning_rate=1, decay=0.1, decays={"out": 0.3, "": 0.0})
    found = rule.own_decays(table)
    assert found is not None
    is_bias = np.zeros(table.n_weights, bool)
    is_bias[table.wid[table.src == 0]] = True
    into_out = np.zeros(table.n_weights, bool)
    into_out[table.wid[table.dst >= table.layers[-1].first]] = True
    assert found[is_bias].tolist() == [0, 0]
    assert found[into_out & ~is_bias].tolist() == [0.3, 0.3]
    assert found[~into_out & ~is_bias].tolist() == [0.1] * 4
    memory, zero = Memory.empty(table.n_weights), np.zeros(table.n_weights)
    weights = np.ones(table.n_weights)
    moved = advance(rule.rule, rule.hyper, zero + 1, weights, memory, zero, zero, found)
    assert moved == pytest.approx(1 - found)


DECAYS = """(defnet n (layer in (2)) (layer h (3)) (layer out (10)) (connect in h (full))
  (connect h out (full)))
(experiment n (data "mnist-1989") (optimizer a {}))"""


def test_a_program_says_the_decay_of_a_layer_and_of_biases() -> None:
    session = Session()
    session.evaluate(
        DECAYS.format("(adamw (layer h 0.01 (decay 0.2)) (layer out (decay 0)) (bias-decay 0))")
    )
    found = session.world.experiments["n"].optimizers["a"]
    assert found.layers == {"h": 0.01}
    assert found.decays == {"h": 0.2, "out": 0.0, "": 0.0}


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("(adamw (layer h 0.01 (decay 2)))", "the decay of layer h must be a number from 0 to 1"),
        ("(adamw (layer h 0.01 0.2))", "expected \\(decay D\\) here"),
        ("(adamw (bias-decay -1))", "the bias-decay must be a number from 0 to 1"),
        ("(adam (layer h 0.01 (decay 0.1)))", "layer"),
        ("(adam (bias-decay 0))", "no option 'bias-decay'"),
    ],
)
def test_a_decay_where_there_is_none_is_told(rule: str, message: str) -> None:
    with pytest.raises(SnError, match=message):
        Session().evaluate(DECAYS.format(rule))
