"""The historical arithmetic on nets of our own; test_goldens.py holds it to the original."""

from __future__ import annotations

import numpy as np
import pytest

from sn.errors import TrainError
from sn.live.formulas import of_activation, tanh_form
from sn.net.activations import Activation, linear, nlf_tanh, relu, tanh
from sn.net.costs import cost
from sn.net.expr import const, evaluate, variable
from sn.net.reference import Reference
from sn.net.table import freeze
from sn.optim.base import Optimizer, Reduction
from sn.optim.conjugate import ConjugateGradient
from sn.optim.first_order import Batch, Sgd
from sn.optim.rules import Decay
from sn.optim.schedule import Formula, Linear, PerPass, Step
from sn.optim.second_order import BatchNewton, Damping, DiagonalNewton, Form
from sn.train.historical import HistoricalEngine
from sn.train.twin import ReferenceEngine
from tests.sample_nets import FAMILIES, NON_LINEARITIES, SCHEMES, family, lms, presentation

pytestmark = pytest.mark.kernels
# the families whose non-linearities SN 2.8 has
HAD = [
    *SCHEMES,
    *(name for name in NON_LINEARITIES if name.split()[0] in ("linear", "nlf-tanh", "tanh")),
]


def test_the_form_of_a_tanh_is_read_off_its_formula() -> None:
    found = tanh_form(nlf_tanh(0.5, 0.1, 2.0, -0.25).value)
    assert found == tuple(np.float32([2, 0.5, 0.1, -0.25]))
    assert tanh_form(tanh().value) == (1, 1, 0, 0)
    assert tanh_form(linear().value) is None
    assert tanh_form(relu().value) is None


def test_the_default_scale_is_one_ulp_below_ours() -> None:
    """SN divides 1 by a tanh that is rounded already."""
    found = tanh_form(nlf_tanh().value)
    assert found is not None
    assert found[0] == np.nextafter(np.float32(1.7159047), np.float32(0))


@pytest.mark.parametrize("f", [nlf_tanh(), nlf_tanh(0.5, 0.1, 2, 0.25), tanh(), linear(0.5)])
def test_functions_are_those_of_the_twin_but_for_rounding(f: Activation) -> None:
    x = np.linspace(-4, 4, 101, dtype=np.float32)
    found = of_activation(f)
    assert found is not None
    twin = functions_in_float64(f, x.astype(float))
    for ours, theirs, room in zip(found, twin, (1e-6, 1e-6, 2e-2), strict=True):
        assert [ours(float(at)) for at in x] == pytest.approx(theirs, abs=room)


def functions_in_float64(f: Activation, x: np.ndarray) -> list[np.ndarray]:
    parts = (evaluate(e, {"a": x}) for e in (f.value, f.slope, f.bend))
    return [np.broadcast_to(part, x.shape) for part in parts]


@pytest.mark.parametrize("form", [Form.GAUSS_NEWTON, Form.FULL])
@pytest.mark.parametrize("name", HAD)
def test_a_presentation_is_that_of_the_twin_but_for_rounding(name: str, form: Form) -> None:
    table = freeze(family(name))
    shown, error = presentation(table), lms(table)
    rule = DiagonalNewton(learning_rate=1.0, curvature=form, gamma=1.0, mu=0.5)
    patterns = {"train": shown.pattern[None].astype(np.float32)}
    desired = shown.desired[None].astype(np.float32)
    engine = HistoricalEngine(table, error, rule, patterns, desired)
    engine.set_weights(shown.weights.astype(np.float32))
    order = np.zeros(1, np.int32)
    engine.begin_pass(order)
    engine.present(order)
    twin = Reference(table, error, form is Form.FULL)
    walked = twin.present(shown.weights, shown.pattern, shown.desired)
    slots = engine.get_state().slots
    step = walked.d_weight / (0.5 + np.abs(walked.curv_weight))
    for found, expected in (
        (engine.states(), walked.state),
        (slots["hess"], walked.curv_weight),
        (slots["delta"], step),
    ):
        room = (2e-5 if form is Form.GAUSS_NEWTON else 2e-2) * max(1, np.abs(expected).max())
        assert found == pytest.approx(expected, abs=room)


@pytest.mark.parametrize("name", sorted(FAMILIES.keys() - set(HAD)))
def test_a_non_linearity_that_sn_did_not_have_is_refused(name: str) -> None:
    table = freeze(family(name))
    with pytest.raises(TrainError, match="has no .*, the non-linearity of layer 'h'"):
        HistoricalEngine(table, lms(table), Sgd(learning_rate=0.1), {}, np.zeros((0, 3)))


def test_a_cost_that_sn_did_not_have_is_refused() -> None:
    table = freeze(family("full"))
    for name in ("huber", "logistic"):
        with pytest.raises(TrainError, match=rf"has no \(cost {name}\)"):
            made = cost.get(name)(3)
            HistoricalEngine(table, made, Sgd(learning_rate=0.1), {}, np.zeros((0, 3)))


@pytest.mark.parametrize(
    ("name", "rule", "words"),
    [
        ("conv", Sgd(learning_rate=0.1, decay=0.1, decay_rule=Decay.SCALED), "that are shared"),
        ("full", Batch(learning_rate=0.1, decay=0.1, decay_rule=Decay.SCALED), "whole passes"),
    ],
)
def test_scaled_decay_is_of_kernels_with_a_weight_in_each_connection(
    name: str, rule: Optimizer, words: str
) -> None:
    table = freeze(family(name))
    with pytest.raises(TrainError, match=rf"decay-rule scaled\) for .*{words}"):
        HistoricalEngine(table, lms(table), rule, {}, np.zeros((0, table.n_outputs)))


@pytest.mark.parametrize(
    "optimizer",
    [
        ConjugateGradient(),
        DiagonalNewton(samples=10),
        DiagonalNewton(damping=Damping.CLIP),
        Batch(learning_rate=0.1, reduction=Reduction.MEAN),
    ],
)
def test_what_sn_did_not_have_is_refused(optimizer: Optimizer) -> None:
    table = freeze(family("full"))
    with pytest.raises(TrainError, match="historical arithmetic has no"):
        HistoricalEngine(table, lms(table), optimizer, {}, np.zeros((0, 3), np.float32))


@pytest.mark.parametrize("optimizer", [Sgd(learning_rate=0.1, momentum=0.5), DiagonalNewton()])
def test_it_goes_on_from_a_state(optimizer: Optimizer) -> None:
    table = freeze(family("conv"))
    rng = np.random.default_rng(0)
    patterns = rng.uniform(-1, 1, (6, 49)).astype(np.float32)
    targets = rng.uniform(-1, 1, (6, 4)).astype(np.float32)
    engines = [
        HistoricalEngine(table, lms(table), optimizer, {"train": patterns}, targets)
        for _ in range(2)
    ]
    order = np.arange(6, dtype=np.int32)
    engines[0].set_weights(presentation(table).weights.astype(np.float32))
    engines[0].present(order[:3])
    engines[1].set_state(engines[0].get_state())
    for engine in engines:
        engine.present(order[3:])
    assert np.array_equal(engines[0].get_weights(), engines[1].get_weights())
    twin = ReferenceEngine(
        Reference(table, lms(table)), table, optimizer, {"train": patterns}, targets
    )
    twin.set_weights(presentation(table).weights.astype(np.float32))
    twin.present(order)
    assert engines[0].get_weights() == pytest.approx(twin.get_weights(), abs=1e-5)
    assert engines[0].outputs("train") == pytest.approx(twin.outputs("train"), abs=1e-5)


@pytest.mark.parametrize(
    "optimizer",
    [
        Sgd(
            learning_rate=0.1,
            layers={"out": 0.2},
            schedules={
                "learning_rate": Formula(const(0.1) / variable("presentation")),
                "momentum": PerPass((0.0, 0.5)),
                "decay": Linear(0, 0.1, 2),
            },
        ),
        DiagonalNewton(
            learning_rate=0.01, schedules={"mu": Step(0.5, 0.5, 1), "gamma": Linear(0.5, 0.05, 3)}
        ),
        Batch(learning_rate=0.1, schedules={"learning_rate": Step(0.1, 0.5, 1)}),
        BatchNewton(
            learning_rate=0.1,
            schedules={"learning_rate": Formula(const(0.6) / (5 + variable("presentation")))},
        ),
    ],
)
def test_it_follows_schedules_as_the_twin_does(optimizer: Optimizer) -> None:
    table = freeze(family("full"))
    rng = np.random.default_rng(0)
    first, last = table.layers[0], table.layers[-1]
    patterns = {"train": rng.uniform(-1, 1, (6, first.size)).astype(np.float32)}
    targets = rng.uniform(-1, 1, (6, last.size)).astype(np.float32)
    engines = (
        HistoricalEngine(table, lms(table), optimizer, patterns, targets),
        ReferenceEngine(Reference(table, lms(table)), table, optimizer, patterns, targets),
    )
    order = np.arange(6, dtype=np.int32)
    start = presentation(table).weights.astype(np.float32)
    for engine in engines:
        engine.set_weights(start)
        for _ in range(3):
            engine.begin_pass(order)
            for part in (order[:2], order[2:]):
                engine.present(part)
            engine.end_pass()
    assert np.abs(engines[0].get_weights() - start).max() > 0.01
    assert engines[0].get_weights() == pytest.approx(engines[1].get_weights(), abs=1e-5)


def test_the_step_of_a_pass_follows_its_schedule_after_a_stop() -> None:
    """All patterns of the second pass were shown, and only its step is left."""
    rule = Batch(learning_rate=0.1, schedules={"momentum": PerPass((0.0, 0.9))})
    table = freeze(family("full"))
    rng = np.random.default_rng(0)
    first, last = table.layers[0], table.layers[-1]
    patterns = {"train": rng.uniform(-1, 1, (6, first.size)).astype(np.float32)}
    targets = rng.uniform(-1, 1, (6, last.size)).astype(np.float32)
    whole, other = (HistoricalEngine(table, lms(table), rule, patterns, targets) for _ in range(2))
    whole.set_weights(presentation(table).weights.astype(np.float32))
    order = np.arange(6, dtype=np.int32)
    for _ in range(2):
        whole.end_pass()
        whole.begin_pass(order)
        whole.present(order)
    other.set_state(whole.get_state())
    before = whole.get_weights()
    whole.end_pass()
    other.end_pass()
    assert not np.array_equal(whole.get_weights(), before)
    assert np.array_equal(whole.get_weights(), other.get_weights())
