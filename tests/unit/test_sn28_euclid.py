"""Euclidean units against finite differences, and where SN 2.8's code is not its manual."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from sn.errors import SnError
from sn.live import net as rows
from sn.session import Session

Floats = NDArray[np.float64]
F = np.float32
# x1 x2 -> h3 h4 h5 (linear) -> y6 y7 (tanh); targets 8 9
NET = """(alloc-net 20 30) (setq x (newneurons 2)) (setq h (newneurons 3)) (setq y (newneurons 2))
(setq d (newneurons 2)) (connect x h) (connect h y)
(setq line (nlf-f-lin 0 0 1 0)) (setq one (nlf-f-lin 0 0 0 1))
(setq bend (nlf-f-tanh 1 0.5 0 0)) (setq slope (nlf-df-tanh 1 0.5 0 0))
(setq curve (nlf-f-lisp (lambda (a) (let ((t (tanh (/ a 2)))) (* -0.5 t (- 1 (* t t)))))))
"""
PASS = """(update-nn-state line h) (update-nn-state bend y) (init-grad-lms slope y d)
(update-nn-gradient one h) """
INPUTS, TARGETS = np.array([0.3, -0.7]), np.array([0.25, -0.5])


def start(kernel: str = "sn28itenew") -> tuple[Session, Floats]:
    """Return a session with a net and its weights: those into h, then those into y."""
    session = Session()
    session.evaluate(f"(sn28-kernel '{kernel})" + NET)
    weights = np.random.default_rng(5).normal(size=12).astype(F).astype(float)
    net = session.world.live
    net.weights[rows.WEIGHT, :12] = weights
    net.units[rows.VAL, 1:3], net.units[rows.VAL, 8:10] = INPUTS, TARGETS
    return session, weights


def outputs(weights: Floats, hidden: Floats | None = None, inputs: Floats = INPUTS) -> Floats:
    """The twin in float64: states of the outputs, from those of the hidden units if given."""
    first, second = weights[:6].reshape(2, 3), weights[6:].reshape(3, 2)
    if hidden is None:
        hidden = ((first - inputs[:, None]) ** 2).sum(axis=0)
    return np.tanh(((second - hidden[:, None]) ** 2).sum(axis=0) / 2)


def cost(weights: Floats, hidden: Floats | None = None, inputs: Floats = INPUTS) -> float:
    return float(((outputs(weights, hidden, inputs) - TARGETS) ** 2).sum() / 2)


def first_differences(f: Callable[[Floats], float], at: Floats, h: float = 1e-6) -> Floats:
    steps = np.eye(len(at)) * h
    return np.array([(f(at + s) - f(at - s)) / (2 * h) for s in steps])


def second_differences(f: Callable[[Floats], float], at: Floats, h: float = 1e-4) -> Floats:
    steps = np.eye(len(at)) * h
    return np.array([(f(at + s) - 2 * f(at) + f(at - s)) / h**2 for s in steps])


def states(session: Session, row: int, first: int, last: int) -> Floats:
    return session.world.live.units[row, first : last + 1].astype(float)


def test_total_inputs_are_squared_distances() -> None:
    session, weights = start()
    session.evaluate("(setq theta 9) (update-nn-state line h) (update-nn-state bend y)")
    assert states(session, rows.VAL, 6, 7) == pytest.approx(outputs(weights), rel=1e-5)


def test_sums_are_made_one_by_one_from_the_last_connection() -> None:
    session, weights = start()
    session.evaluate("(update-nn-sum h)")
    total = F(0)
    for x, w in ((INPUTS[1], weights[3]), (INPUTS[0], weights[0])):
        far = F(F(w) - F(x))
        total = F(total + F(far * far))
    assert session.evaluate("(nsum 3)") == float(total)


def test_noise_comes_behind_the_sum() -> None:
    session, _ = start()
    session.evaluate("(update-nn-sum h)")
    before = states(session, rows.SUM, 3, 5).astype(F)
    draws = session.evaluate("(progn (seed 4) (list (gauss) (gauss) (gauss)))")
    gauss = [draws.car, draws.cdr.car, draws.cdr.cdr.car]
    session.evaluate("(seed 4) (update-nn-sum 0.5 h)")
    expected = [a + F(0.5) * F(g) for a, g in zip(before, gauss, strict=True)]
    assert states(session, rows.SUM, 3, 5).tolist() == expected


def test_gradients_are_minus_the_derivatives() -> None:
    session, weights = start()
    assert session.evaluate(PASS.replace("(update-nn-gradient one h)", "")) == pytest.approx(
        cost(weights), rel=1e-5
    )
    session.evaluate(PASS + "(epsilon 1) (update-nn-acc)")
    hidden = states(session, rows.VAL, 3, 5)
    by_hidden = first_differences(lambda x: cost(weights, x), hidden)
    assert states(session, rows.BACK, 3, 5) == pytest.approx(-by_hidden, rel=1e-4)
    # what is gathered is half of minus the derivative
    by_weight = first_differences(cost, weights)
    acc = session.evaluate("(acc-to-matrix)").data
    assert acc == pytest.approx(-by_weight / 2, rel=2e-4, abs=1e-5)


def test_what_comes_back_takes_the_total_input_for_the_state() -> None:
    session, weights = start()
    session.evaluate("(ngrad 6 1) (nval 3 100) (nsum 3 0.5) (update-nn-back-sum '(3))")
    assert session.evaluate("(nbacksum 3)") == pytest.approx(2 * (0.5 - weights[6]), rel=1e-6)


def test_curvatures_are_the_second_derivatives() -> None:
    session, weights = start()
    session.evaluate(PASS + "(update-nn-ggradient slope curve 1 y)")
    hidden = states(session, rows.VAL, 3, 5)
    session.evaluate("(update-nn-ggradient one (nlf-f-0) 1 h)")
    by_hidden = second_differences(lambda x: cost(weights, x), hidden)
    assert states(session, rows.BACK_CURV, 3, 5) == pytest.approx(by_hidden, rel=2e-3, abs=1e-4)
    # of the weights into the outputs; what is averaged is half of the derivative
    by_weight = second_differences(cost, weights)
    sigma = session.world.live.conns[rows.CONN_CURV, :12]
    assert sigma == pytest.approx(by_weight / 2, rel=2e-3, abs=1e-4)


def test_gauss_newton_leaves_out_the_bend() -> None:
    session, _ = start()
    session.evaluate(PASS + "(update-nn-lmggradient slope 1 y)")
    slope = states(session, rows.GRAD, 6, 7) / states(session, rows.BACK, 6, 7)
    assert states(session, rows.CURV, 6, 7) == pytest.approx(slope**2, rel=1e-5)
    sigma = session.evaluate("(ssigma 3 6)")
    session.evaluate("(update-nn-lmggradient slope 0.25 y)")
    assert session.evaluate("(ssigma 3 6)") == pytest.approx(sigma, rel=1e-6)


def test_tangents_are_derivatives_along_delta() -> None:
    session, weights = start()
    along = np.random.default_rng(6).normal(size=12)
    session.world.live.weights[rows.DELTA, :12] = along
    session.evaluate(PASS + "(set-nfield x n-grad 0) (update-nn-deltastate one h)")
    session.evaluate("(update-nn-deltastate slope y)")
    h = 1e-6
    expected = (outputs(weights + h * along) - outputs(weights - h * along)) / (2 * h)
    assert states(session, rows.GRAD, 6, 7) == pytest.approx(expected, rel=2e-4)


@pytest.mark.parametrize("kernel", ["sn28", "sn28ite", "sn28new", "sn28itenew"])
def test_steps_go_against_the_derivative(kernel: str) -> None:
    session, weights = start(kernel)
    session.evaluate(PASS + "(epsilon 0.01)")
    by_weight = first_differences(cost, weights)
    session.evaluate("(update-nn-weight 0 0)")
    moved = session.evaluate("(weight-to-matrix)").data - weights
    assert moved == pytest.approx(-0.01 * by_weight / 2, rel=1e-2, abs=2e-7)


@pytest.mark.parametrize(
    ("kernel", "decay"), [("sn28", 0.1 * 0.5), ("sn28new", 0.1 * 0.5), ("sn28ite", 0.1)]
)
def test_momentum_and_decay_count_as_in_update_weight(kernel: str, decay: float) -> None:
    session = Session()
    session.evaluate(f"(sn28-kernel '{kernel}) (newneurons 2) (connect 1 2 5) (nval 1 2)")
    session.evaluate("(ngrad 2 -1) (nepsilon 2 0.5) (sdelta 1 2 2) (update-nn-weight 0.25 0.1)")
    delta = 0.25 * 2 + 0.75 * 0.5 * -1 * (5 - 2)
    assert session.evaluate("(sdelta 1 2)") == pytest.approx(delta)
    assert session.evaluate("(sval 1 2)") == pytest.approx((1 - decay) * 5 + delta)


@pytest.mark.parametrize("kernel", ["sn28new", "sn28itenew"])
def test_newton_divides_by_the_curvature(kernel: str) -> None:
    session = Session()
    session.evaluate(f"(sn28-kernel '{kernel}) (newneurons 2) (connect 1 2 5) (nval 1 2)")
    session.evaluate("(ngrad 2 -1) (nepsilon 2 0.5) (ssigma 1 2 -2)")
    session.evaluate("(update-nn-w-newton 0 0 0.5)")
    assert session.evaluate("(sval 1 2)") == pytest.approx(5 - 0.5 * 3 / 2.5)


@pytest.mark.parametrize("kernel", ["sn28", "sn28itenew"])
def test_every_second_layer_is_left_out(kernel: str) -> None:
    session = Session()
    session.evaluate(f"(sn28-kernel '{kernel}) (newneurons 4) (connect 1 '(2 3 4) 5)")
    session.evaluate("(set-nfield '(2 3 4) n-grad -1)")
    session.evaluate("(mapcar (lambda (i) (nepsilon i 0.5)) '(2 3 4))")
    session.evaluate("(update-nn-weight 0 0 '(2) '(3) '(4))")
    assert session.evaluate("(weight-to-matrix)").data.tolist() == [2.5, 5, 2.5]


def test_a_shared_weight_gathers_from_all_its_connections() -> None:
    session = Session()
    session.evaluate("(newneurons 4) (connect 1 3 5) (dup-connection 1 3 2 4) (nval 2 1)")
    session.evaluate("(mapcar (lambda (i) (ngrad i 1) (nepsilon i 1)) '(3 4)) (update-nn-acc)")
    assert session.evaluate("(sacc 1 3)") == 5 + 4


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("(progn (sn28-kernel 'sn28) (update-nn-acc))", "needs a kernel with shared weights"),
        ("(progn (sn28-kernel 'sn28ite) (update-nn-w-newton))", "with second derivatives"),
        ("(update-nn-state 3 '(99))", "there is no unit 99"),
        ("(update-nn-gradient 'x h)", "expected units, found the symbol x"),
        ("(update-nn-sum 'x)", "expected units, found the symbol x"),
        ("(update-nn-lmggradient one 'x h)", "expected units, found the symbol x"),
    ],
)
def test_what_cannot_be_done_is_refused(form: str, message: str) -> None:
    session, _ = start()
    with pytest.raises(SnError) as caught:
        session.evaluate(form)
    assert message in caught.value.message
    assert caught.value.span is not None
