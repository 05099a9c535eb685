"""A formula that fails while a net is trained is named, with the argument where it does."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace

import numpy as np
import pytest

from sn.data import NamedData
from sn.errors import TrainError
from sn.kernels import compile_net
from sn.lower.recognise import lower
from sn.net.costs import Cost
from sn.net.init import Init, Uniform
from sn.net.reference import Reference
from sn.net.table import ConnectionTable, freeze
from sn.optim.base import Optimizer
from sn.optim.first_order import Batch, Sgd
from sn.optim.second_order import DiagonalNewton
from sn.results.origin import Origin
from sn.results.record import DataUsed
from sn.train.criteria import largest
from sn.train.engines import Engine, KernelEngine
from sn.train.experiment import ExperimentSpec
from sn.train.failing import failing_formula
from sn.train.loop import Job, train
from sn.train.twin import ReferenceEngine
from tests import sample_jobs
from tests.sample_nets import described, lms
from tests.textbook import CROSS, expression

NET = (
    "(defnet sample (layer in (3)) (layer h (4) {0}) (layer out (2) {1})"
    " (connect in h (full)) (connect h out (full)))"
)
LINEAR = "(nlf (lambda (x) x))"


def job(table: ConnectionTable, cost: Cost, rule: Optimizer, *, in_kernels: bool) -> Job:
    """A run on 40 random patterns in two classes, with targets 0 and 1."""
    rng = np.random.default_rng(0)
    inputs = rng.uniform(-1, 1, (40, 3)).astype(np.float32)
    labels = (inputs.sum(axis=1) > 0).astype(np.uint8)
    targets = (labels[:, None] == [0, 1]).astype(np.float32)
    sets = {"train": inputs, "test": inputs[:10]}
    if in_kernels:
        plan = lower(table)
        engine: Engine = KernelEngine(
            lambda rule: compile_net(plan, cost, rule), table, rule, sets, targets, cost
        )
    else:
        engine = ReferenceEngine(Reference(table, cost), table, rule, sets, targets)
    spec = ExperimentSpec(
        "sample", NamedData(("made up",)), cost, {"it": rule}, init=Init(Uniform(1.0))
    )
    return Job(
        spec=spec,
        table=table,
        engine=engine,
        data=DataUsed("made up", "none"),
        targets={"train": targets, "test": targets[:10]},
        criterion=largest(),
        optimizer="it",
        seed=1,
        passes=2,
        compile_seconds=0.0,
        origin=Origin(source="(the program)"),
    )


WIDTHS = [False, pytest.param(True, marks=pytest.mark.kernels)]
RULES = [Sgd(learning_rate=0.01), Batch(learning_rate=0.01), DiagonalNewton(learning_rate=0.01)]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("in_kernels", WIDTHS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_a_non_linearity_without_a_value_is_named(rule: Optimizer, in_kernels: bool) -> None:
    table = freeze(described(NET.format("(nlf (lambda (x) (sqrt x)))", LINEAR)))
    with pytest.raises(TrainError) as found:
        train(job(table, lms(table), rule, in_kernels=in_kernels), None, [])
    match = re.fullmatch(
        r"the non-linearity of layer h, sqrt\(x\), has no finite value at x = (-[\d.e-]+), "
        r"for pattern (\d+) in pass 1",
        found.value.message,
    )
    assert match is not None
    assert -4 < float(match[1]) < 0
    assert found.value.hint is not None
    assert "rate" not in found.value.hint


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("in_kernels", WIDTHS)
def test_a_cost_without_a_slope_is_named(in_kernels: bool) -> None:
    """Cross-entropy of an output that is not between 0 and 1 has a pole at 0."""
    table = freeze(described(NET.format("(tanh)", "(relu)")))
    cost = Cost("c", expression(CROSS, ("y", "d")))
    with pytest.raises(TrainError) as found:
        train(job(table, cost, Sgd(learning_rate=0.01), in_kernels=in_kernels), None, [])
    assert re.match(
        r"the cost at layer out, .*log.*, has no finite slope at x = -[\d.]+ and d = [01], "
        r"for pattern \d+ in pass 1",
        found.value.message,
    )


def test_the_precision_is_that_of_the_engine() -> None:
    """e^(x^2) ends at 9.4 in float32, at 26 in float64."""
    table = freeze(described(NET.format("(nlf (lambda (x) (exp (* x x))))", LINEAR)))
    weights = np.full(table.n_weights, 3.0)
    for kind, fails in ((np.float32, True), (np.float64, False)):
        pattern, desired = np.ones(3, kind), np.zeros(2, kind)
        found = failing_formula(table, lms(table), weights, pattern, desired, False)
        assert (found is not None) == fails
        if found is not None:
            assert found.arguments == {"x": 12.0}
            assert found.is_usual


def test_a_net_whose_formulas_hold_is_not_blamed() -> None:
    table = freeze(described(NET.format("(tanh)", LINEAR)))
    for size in (1.0, 1e30):
        weights = np.full(table.n_weights, size)
        pattern, desired = np.ones(3, np.float32), np.zeros(2, np.float32)
        assert failing_formula(table, lms(table), weights, pattern, desired, True) is None


def test_arguments_out_of_bounds_are_the_rate_s_fault() -> None:
    table = freeze(described(NET.format("(nlf (lambda (x) (* x x)))", LINEAR)))
    pattern, desired = np.ones(3, np.float32), np.zeros(2, np.float32)
    weights = np.full(table.n_weights, 1e25)
    found = failing_formula(table, lms(table), weights, pattern, desired, False)
    assert found is not None
    assert not found.is_usual


def test_a_second_derivative_counts_where_it_is_used() -> None:
    """e^(9 x) at 9.44 is 8e36, its slope 9 times that; 81 times is no float32."""
    table = freeze(described(NET.format("(nlf (lambda (x) (exp (* 9 x))))", LINEAR)))
    weights = np.full(table.n_weights, 2.36)
    pattern, desired = np.ones(3, np.float32), np.zeros(2, np.float32)
    assert failing_formula(table, lms(table), weights, pattern, desired, False) is None
    found = failing_formula(table, lms(table), weights, pattern, desired, True)
    assert found is not None
    assert found.part == "second derivative"


def test_cross_entropy_trains_through_saturation() -> None:
    """The derivatives hold where the logistic function rounds to 0 or 1."""
    logistic = "(nlf (lambda (x) (/ 1 (+ 1 (exp (- x))))))"
    table = freeze(described(NET.format("(tanh)", logistic)))
    cost = Cost("c", expression(CROSS, ("y", "d")))
    run = job(table, cost, Sgd(learning_rate=50.0), in_kernels=False)
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        record = train(run, None, [])
    assert all(np.isfinite(array).all() for array in record.weights.values())


@pytest.mark.parametrize(
    ("kind", "weight"),
    [("reference", 1e200), pytest.param("historical", 1e30, marks=pytest.mark.kernels)],
)
def test_what_grows_beyond_all_numbers_warns_of_nothing(kind: str, weight: float) -> None:
    """The loop tells it, with its layer: NumPy would write on the screen of the user."""
    engine = sample_jobs.job(kind, Sgd(learning_rate=0.1)).engine
    state, order = engine.get_state(), np.arange(5, dtype=np.int32)
    engine.set_state(replace(state, weights=np.full_like(state.weights, weight)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        engine.begin_pass(order)
        engine.present(order)
        engine.end_pass()
        engine.outputs("train")
