"""Stable forms: textbook formulas are right from -1e4 to 1e4, as the twin computes them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext

import numpy as np
import pytest

from sn.net.activations import Activation, linear, tanh
from sn.net.costs import Cost, cost
from sn.net.expr import Expr, call, const, evaluate, show, variable
from sn.net.output import output_formulas
from sn.net.stable import derivative, stable
from tests.textbook import CROSS, FORMS, SIGNED, C, K, expression, grid, worst

A, Y, D = variable("a"), variable("y"), variable("d")


TEXTS = [(name, text) for name, form in FORMS.items() for text in form.texts]


@pytest.mark.parametrize(("name", "text"), TEXTS)
def test_a_textbook_form_is_right_everywhere(name: str, text: str) -> None:
    form, x = FORMS[name], grid().astype(float)
    f = Activation(name, expression(text))
    for e, exact in ((f.value, form.value), (f.slope, form.slope), (f.bend, form.bend)):
        # where a test chooses, the other side may divide by 0
        with np.errstate(all="ignore" if "(if" in text else "raise", under="ignore"):
            found = np.broadcast_to(evaluate(e, {"a": x}), x.shape)
        assert worst(x, found, exact(x)) < 1e-9


DEFINITIONS: dict[str, Callable[[Decimal], Decimal]] = {
    "logistic": lambda x: 1 / (1 + (-x).exp()),
    "softplus": lambda x: (1 + x.exp()).ln(),
    "log-cosh": lambda x: ((x.exp() + (-x).exp()) / 2).ln(),
    "log of a logistic": lambda x: -(1 + (-x).exp()).ln(),
    "silu": lambda x: x / (1 + (-x).exp()),
    "gelu": lambda x: x / (1 + (-2 * Decimal(C) * (x + Decimal(K) * x**3)).exp()),
    "gelu by a logistic": lambda x: x / (1 + (-Decimal(1.702) * x).exp()),
    "softsign": lambda x: x / (1 + abs(x)),
    "tanh": lambda x: 1 - 2 / (1 + (2 * x).exp()),
    "logistic loss": lambda x: (1 + (-x).exp()).ln(),
}


@pytest.mark.parametrize("name", FORMS)
def test_the_exact_values_are_those_of_the_definitions(name: str) -> None:
    """In 300 digits, differentiated by differences of 1e-60."""
    form, f = FORMS[name], DEFINITIONS[name]
    with localcontext() as context:
        context.prec = 300
        for x in (-90.5, -8.25, -1.5, -0.75, -1e-3, 2e-6, 0.25, 1.125, 3.0, 11.0, 70.0):
            h, at = Decimal("1e-60"), Decimal(x)
            low, middle, high = f(at - h), f(at), f(at + h)
            exact = middle, (high - low) / (2 * h), (high + low - 2 * middle) / (h * h)
            for function, number in zip((form.value, form.slope, form.bend), exact, strict=True):
                found = function(np.array([x]))[0]
                assert found == pytest.approx(float(number), rel=1e-10, abs=0)


def test_a_formula_without_an_identity_stays_as_it_is_written() -> None:
    for e in (A * A * A, (A + 1) / (A + 3), call("sin", A) - call("exp", A), 2 * A + A * 0.5):
        assert stable(e) == e


def test_the_built_in_tanh_keeps_the_derivatives_of_sn() -> None:
    assert show(tanh().slope) == "(1 - (tanh(a) * tanh(a)))"
    lms = cost.get("lms")(10)
    assert output_formulas(tanh(), lms) is None
    assert output_formulas(linear(), lms) is None


@pytest.mark.parametrize(
    ("e", "shown"),
    [
        (1 - 1 / (1 + call("exp", A)), "logistic(a)"),
        (1 / (2 + 2 * call("exp", -A)), "(0.5 * logistic(a))"),
        (1 / (2 + call("exp", A * 3)), "(0.5 * logistic((-(3 * a) + 0.693147181)))"),
        (call("exp", A) * call("logistic", -A), "logistic(a)"),
        (call("log", call("exp", A) * 2), "(a + 0.693147181)"),
        (call("if", call("lt", A, const(0)), A, A), "a"),
        (call("max", A, -A), "abs(a)"),
    ],
)
def test_identities(e: Expr, shown: str) -> None:
    found = stable(e)
    for x in (-3.0, -0.2, 0.0, 0.7, 5.0):
        assert evaluate(found, {"a": x}) == pytest.approx(float(evaluate(e, {"a": x})), rel=1e-12)
    assert show(found) == shown


# --- cost and output unit as one ---

ENDS = np.array([-1e4, -745.5, -90.0, -20.0, -1.5, 0.0, 0.7, 3.0, 17.0, 38.0, 104.0, 1e4])


def logistic(x: np.ndarray) -> np.ndarray:
    return FORMS["logistic"].value(x)


@pytest.mark.parametrize("text", FORMS["logistic"].texts)
@pytest.mark.parametrize("d", [0.0, 1.0, 0.3])
def test_logistic_output_with_cross_entropy_is_y_minus_d(text: str, d: float) -> None:
    joint = output_formulas(
        Activation("f", expression(text)), Cost("c", expression(CROSS, ("y", "d")))
    )
    assert joint is not None
    ends = {"a": ENDS, "d": np.full_like(ENDS, d)}
    s, back = logistic(ENDS), logistic(-ENDS)
    with np.errstate(all="raise", under="ignore"):
        grad, full = evaluate(joint.grad, ends), evaluate(joint.full, ends)
        gauss_newton, value = evaluate(joint.gauss_newton, ends), evaluate(joint.value, ends)
    assert grad == pytest.approx(d - s, rel=1e-12, abs=1e-15)
    assert full == pytest.approx(s * back, rel=1e-12, abs=0)
    assert gauss_newton == pytest.approx(d * back**2 + (1 - d) * s**2, rel=1e-12, abs=0)
    assert value == pytest.approx(
        d * FORMS["softplus"].value(-ENDS) + (1 - d) * FORMS["softplus"].value(ENDS), rel=1e-12
    )
    if d in (0, 1):  # also where y rounds to d
        assert grad == pytest.approx(back if d else -s, rel=1e-12, abs=0)


@pytest.mark.parametrize("f", [tanh(), Activation("t", call("tanh", A))], ids=["built in", "own"])
@pytest.mark.parametrize("d", [-1.0, 1.0])
def test_tanh_output_with_the_signed_cross_entropy_is_y_minus_d(f: Activation, d: float) -> None:
    joint = output_formulas(f, Cost("c", expression(SIGNED, ("y", "d"))))
    assert joint is not None
    ends = {"a": ENDS, "d": np.full_like(ENDS, d)}
    with np.errstate(all="raise", under="ignore"):
        grad, full = evaluate(joint.grad, ends), evaluate(joint.full, ends)
    # d - tanh a = d (1 - tanh |a|) or d (1 + tanh |a|)
    assert grad == pytest.approx(2 * d * logistic(-2 * d * ENDS), rel=1e-12, abs=0)
    assert full == pytest.approx(4 * logistic(2 * ENDS) * logistic(-2 * ENDS), rel=1e-12, abs=0)


@pytest.mark.parametrize("text", ["(log (+ 1 (exp (- (* d y)))))", "(log (1+ (exp (* -1 d y))))"])
def test_the_logistic_loss_is_right_for_every_output(text: str) -> None:
    loss = Cost("c", expression(text, ("y", "d")))
    for d in (-1.0, 1.0):
        ends = {"y": ENDS, "d": np.full_like(ENDS, d)}
        with np.errstate(all="raise", under="ignore"):
            found = [evaluate(e, ends) for e in (loss.value, loss.slope, loss.bend)]
        s = logistic(-d * ENDS)
        exact = FORMS["softplus"].value(-d * ENDS), -d * s, s * logistic(d * ENDS)
        for part, number in zip(found, exact, strict=True):
            assert part == pytest.approx(number, rel=1e-12, abs=0)


def test_cross_entropy_of_a_total_is_right_for_every_total() -> None:
    """log(1 + e^y) - d y, the cross-entropy of a linear output."""
    loss = Cost("c", expression("(- (log (+ 1 (exp y))) (* d y))", ("y", "d")))
    for d in (0.0, 1.0):
        ends = {"y": ENDS, "d": np.full_like(ENDS, d)}
        side = -1 if d else 1
        s = logistic(side * ENDS)
        with np.errstate(all="raise", under="ignore"):
            assert evaluate(loss.value, ends) == pytest.approx(
                FORMS["softplus"].value(side * ENDS), rel=1e-12, abs=0
            )
            assert evaluate(loss.slope, ends) == pytest.approx(side * s, rel=1e-12, abs=0)


def test_zero_times_the_logarithm_of_zero_is_zero() -> None:
    error = Cost("c", expression(CROSS, ("y", "d")))
    for y, slope in ((0.0, 1.0), (1.0, -1.0)):
        ends = {"y": np.float64(y), "d": np.float64(y)}
        with np.errstate(all="ignore"):
            assert evaluate(error.value, ends) == 0
            assert evaluate(error.slope, ends) == slope


def test_derivatives_of_a_derivative_stay_stable() -> None:
    third = derivative(derivative(derivative(call("log", 1 + call("exp", A)), "a"), "a"), "a")
    x = np.array([-80.0, -1e-4, 0.5, 60.0])
    assert evaluate(third, {"a": x}) == pytest.approx(FORMS["logistic"].bend(x), rel=1e-12, abs=0)
