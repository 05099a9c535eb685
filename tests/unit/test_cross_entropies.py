"""Cross-entropies with options, and the Huber cost: against the formulas of their papers."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from sn.errors import SnError
from sn.kernels import compile_net
from sn.lower.recognise import lower
from sn.net.costs import Cost, cost
from sn.net.expr import evaluate
from sn.net.table import freeze
from sn.session import Session
from sn.train.cautions import error_of_constants
from sn.train.gradient_check import check_gradients, random_examples
from sn.train.scoring import answers
from tests.sample_nets import described

Y, D = np.array([0.3, -1.0, 2.0, 0.0]), np.array([0.0, 0.0, 1.0, 0.0])
NET = """
(defnet n (layer in (6)) (layer h (7)) (layer out (3) (linear))
  (connect in h (full)) (connect h out (full)))
(experiment n (data "mnist-1989") (targets {targets}) (cost {cost})
  (optimizer sgd (sgd (learning-rate 0.1))))
"""


def total(some: Cost, y: np.ndarray, d: np.ndarray) -> float:
    return float(np.sum(evaluate(some.value, some.ends(y, d))))


def experiment(form: str, targets: str = "0 1") -> Cost:
    session = Session()
    session.evaluate(NET.format(cost=form, targets=targets))
    found = session.world.experiments["n"].cost
    assert isinstance(found, Cost)
    return found


def test_smoothing_is_the_cross_entropy_of_smoothed_shares() -> None:
    """Szegedy et al. 2016: d' = (1 - A) d + A / n."""
    some, plain = cost.get("softmax")(4, label_smoothing=0.1), cost.get("softmax")(4)
    smoothed = 0.9 * D + 0.1 / 4
    assert total(some, Y, D) == pytest.approx(total(plain, Y, smoothed), rel=1e-14)
    log_p = Y - np.log(np.sum(np.exp(Y)))
    assert total(some, Y, D) == pytest.approx(-np.sum(smoothed * log_p), rel=1e-14)
    slope = evaluate(some.slope, some.ends(Y, D))
    assert slope == pytest.approx(np.exp(log_p) - smoothed, rel=1e-14)
    assert some.name == "softmax label-smoothing 0.1"
    assert cost.get("softmax")(4, label_smoothing=0.0) == plain


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_logistic_is_the_cross_entropy_of_each_output(smoothing: float) -> None:
    some = cost.get("logistic")(4, label_smoothing=smoothing)
    p, d = 1 / (1 + np.exp(-Y)), (1 - smoothing) * D + smoothing / 2
    value = -np.sum(d * np.log(p) + (1 - d) * np.log(1 - p))
    assert total(some, Y, D) == pytest.approx(value, rel=1e-13)
    ends = some.ends(Y, D)
    assert evaluate(some.slope, ends) == pytest.approx(p - d, rel=1e-13)
    assert evaluate(some.bend, ends) == pytest.approx(p * (1 - p), rel=1e-13)
    assert answers(Y[None], some) == pytest.approx(p[None])


def test_logistic_keeps_its_digits_where_exponentials_overflow() -> None:
    some = cost.get("logistic")(2)
    y, d = np.array([1e4, -1e4]), np.array([1.0, 0.0])
    assert total(some, y, d) == 0
    assert total(some, y, 1 - d) == 2e4
    assert evaluate(some.slope, some.ends(y, 1 - d)) == pytest.approx([1, -1])


def test_huber_is_a_parabola_with_straight_sides() -> None:
    """Huber 1964, with the corner at delta."""
    some = cost.get("huber")(1, delta=0.5)
    for r, value, slope, bend in (
        (0.4, 0.08, 0.4, 1),
        (0.5, 0.125, 0.5, 1),
        (2.0, 0.875, 0.5, 0),
        (-2.0, 0.875, -0.5, 0),
    ):
        ends = {"y": np.array([1 + r]), "d": np.array([1.0])}
        found = [float(np.sum(evaluate(e, ends))) for e in (some.value, some.slope, some.bend)]
        assert found == pytest.approx([value, slope, bend])


def test_the_best_constant_answers_the_odds() -> None:
    targets = np.array([[1, 0], [1, 0], [1, 1], [0, 0]], np.float32)
    p = targets.mean(axis=0)
    entropy = -np.sum(p * np.log(p) + (1 - p) * np.log(1 - p))
    assert error_of_constants(targets, cost.get("logistic")(2)) == pytest.approx(entropy / 2)


@pytest.mark.kernels
@pytest.mark.parametrize(
    "form",
    ["softmax (label-smoothing 0.2)", "logistic", "logistic (label-smoothing 0.1)", "huber"],
)
def test_kernels_twin_and_differences_agree(form: str) -> None:
    error = experiment(form)
    table = freeze(described(NET.partition("(experiment")[0]))
    compiled = partial(compile_net, lower(table), error)
    assert check_gradients(table, error, compiled, random_examples(table, 0)).passes


@pytest.mark.parametrize(
    ("form", "targets", "message"),
    [
        (
            "softmax (label-smoothing 1)",
            "0 1",
            "the label-smoothing must be a number of at least 0",
        ),
        ("huber (delta 0)", "0 1", "the delta must be a number above 0"),
        ("lms (delta 1)", "0 1", "cost lms has no option"),
        ("softmax (smoothing 0.1)", "0 1", "'smoothing'"),
        ("logistic", "-1 1", "needs desired values of at least 0 and at most 1"),
        ("logistic", "0 2", "needs desired values of at least 0 and at most 1"),
        ("softmax", "-1 1", "needs desired values of at least 0, found"),
    ],
)
def test_what_a_cost_does_not_take_is_told(form: str, targets: str, message: str) -> None:
    with pytest.raises(SnError) as told:
        experiment(form, targets)
    assert message in told.value.message
    assert told.value.span is not None
