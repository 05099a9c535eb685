"""Expressions: values, folding, derivatives."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sn.net import expr
from sn.net.expr import Expr, call, const, derivative, evaluate, power, show, substitute, variable

X, Y = variable("x"), variable("y")


def at(e: Expr, x: float, y: float = 0.0) -> float:
    return float(evaluate(e, {"x": x, "y": y}))


def test_operators_build_and_evaluate() -> None:
    e = (2 + X) * (X - 3) / (1 + Y) - -X
    assert at(e, 5.0, 1.0) == (7 * 2) / 2 + 5
    assert at(1 - X, 0.25) == 0.75
    assert at(3 / X, 4.0) == 0.75


def test_whole_arrays_are_evaluated_at_once() -> None:
    x = np.linspace(-2, 2, 9)
    assert np.array_equal(evaluate(call("tanh", X) + X, {"x": x}), np.tanh(x) + x)


def test_a_shared_part_is_computed_once() -> None:
    seen: list[float] = []

    def tanh(a: float) -> float:
        seen.append(a)
        return math.tanh(a)

    t = call("tanh", X)
    ops = {"tanh": tanh, "mul": lambda a, b: a * b, "sub": lambda a, b: a - b}
    memo: dict[Expr, float] = {}
    evaluate(t, {"x": 1.0}, ops, float, memo)
    evaluate(derivative(t, "x"), {"x": 1.0}, ops, float, memo)
    assert seen == [1.0]


@pytest.mark.parametrize(
    ("e", "folded"),
    [
        (X + 0, X),
        (0 + X, X),
        (X - 0, X),
        (0 - X, -X),
        (X * 1, X),
        (1 * X, X),
        (X * 0, const(0)),
        (0 / X, const(0)),
        (expr.neg(-X), X),
        (const(2) + const(3), const(5)),
        (X * 3, 3 * X),
        (2 * (3 * X), 6 * X),
        (X / 4, 0.25 * X),
        (call("tanh", const(0)), const(0)),
        (call("if", const(1), X, -X), X),
        (call("if", const(0), X, -X), -X),
    ],
    ids=str,
)
def test_constants_fold(e: Expr, folded: Expr) -> None:
    assert e == folded


def test_what_has_no_finite_value_is_kept_for_run_time() -> None:
    assert call("log", const(0)).op == "log"
    assert (const(1) / const(0)).op == "div"


@pytest.mark.parametrize("n", [-3, -1, 0, 1, 2, 3, 7, 8, 64])
def test_whole_powers_are_products(n: int) -> None:
    e = power(X, n)
    assert at(e, 1.1) == pytest.approx(1.1**n, rel=1e-14)
    assert "exp" not in show(e)


# op, one expression with it, places away from its corners
DIFFERENTIABLE: list[tuple[str, Expr, tuple[float, ...]]] = [
    ("add", X + 2 * X, (-1.3, 0.4)),
    ("sub", 3 - X, (-1.3, 0.4)),
    ("mul", X * (X + 1), (-1.3, 0.4)),
    ("div", (X + 1) / (X + 3), (-1.3, 0.4)),
    ("neg", -(X * X), (-1.3, 0.4)),
    ("over", call("over", X * X, 2 + X), (-1.3, 0.4)),
    ("tanh", call("tanh", 2 * X), (-1.3, 0.0, 0.4)),
    ("exp", call("exp", X * X), (-1.3, 0.4)),
    ("expm1", call("expm1", 2 * X), (-1.3, 0.0, 0.4)),
    ("normal_cdf", call("normal_cdf", 2 * X), (-1.3, 0.0, 0.4)),
    ("log", call("log", 3 + X), (-1.3, 0.4)),
    ("sqrt", call("sqrt", 3 + X), (-1.3, 0.4)),
    ("sin", call("sin", 2 * X), (-1.3, 0.4)),
    ("cos", call("cos", 2 * X), (-1.3, 0.4)),
    ("abs", call("abs", X * X * X), (-1.3, 0.4)),
    ("min", call("min", X * X, 1 + X), (-1.3, 0.4, 3.0)),
    ("max", call("max", X * X, 1 + X), (-1.3, 0.4, 3.0)),
    ("if", call("if", call("lt", X, const(0)), X * X, X), (-1.3, 0.4)),
    ("le", call("if", call("le", X, const(0)), X * X, 3 * X), (-1.3, 0.4)),
    ("eq", call("if", call("eq", X, const(7)), X, X * X), (-1.3, 0.4)),
    ("logistic", call("logistic", 2 * X), (-1.3, 0.0, 0.4)),
    ("root_logistic", call("root_logistic", 2 * X), (-1.3, 0.0, 0.4)),
    ("softplus", call("softplus", 2 * X), (-1.3, 0.0, 0.4)),
    ("logcosh", call("logcosh", 2 * X), (-1.3, 0.0, 0.4, 0.49)),
    ("fma", call("fma", X * X, call("sin", X), X), (-1.3, 0.4)),
]


def test_every_operation_has_its_derivative_tested() -> None:
    assert {"lt", *(op for op, _, _ in DIFFERENTIABLE)} == set(expr.OPERATIONS)


@pytest.mark.parametrize(("op", "e", "places"), DIFFERENTIABLE, ids=lambda value: str(value)[:12])
def test_both_derivatives_match_differences(op: str, e: Expr, places: tuple[float, ...]) -> None:
    first = derivative(e, "x")
    for x in places:
        for f, df in ((e, first), (first, derivative(first, "x"))):
            assert at(df, x) == pytest.approx(slope(lambda x, f=f: at(f, x), x), rel=1e-9, abs=1e-9)


def slope(f: Callable[[float], float], x: float) -> float:
    """f'(x) by central differences of three steps (Richardson)."""
    d = [(f(x + h) - f(x - h)) / (2 * h) for h in (0.02, 0.01, 0.005)]
    e = [(4 * d[1] - d[0]) / 3, (4 * d[2] - d[1]) / 3]
    return (16 * e[1] - e[0]) / 15


def expressions() -> st.SearchStrategy[Expr]:
    """Smooth expressions of x, tame in -1..1."""
    leaves = st.sampled_from((X, const(0.5), const(-1.25), const(2.0), const(0.0), const(1.0)))

    def grown(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        one = st.builds(call, st.sampled_from(("tanh", "sin", "cos", "neg")), inner)
        two = st.builds(call, st.sampled_from(("add", "sub", "mul")), inner, inner)
        ratio = st.builds(lambda a, b: a / (2 + b * b), inner, inner)
        return one | two | ratio

    return st.recursive(leaves, grown, max_leaves=8)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(expressions(), st.floats(-1, 1))
def test_the_derivative_of_any_expression_matches_differences(e: Expr, x: float) -> None:
    expected = slope(lambda x: at(e, x), x)
    assert at(derivative(e, "x"), x) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(expressions(), st.floats(-1, 1))
def test_substitution_is_evaluation_of_the_inner_first(e: Expr, x: float) -> None:
    inner = call("tanh", 2 * Y)
    direct = at(e, math.tanh(2 * x))
    assert at(substitute(e, "x", inner), 0.0, x) == pytest.approx(direct, rel=1e-12, abs=1e-12)


def test_derivatives_of_other_variables_vanish() -> None:
    assert derivative(X * X, "y") == const(0)


@pytest.mark.parametrize(
    ("e", "text"),
    [
        (X + 1, "(x + 1)"),
        (-X, "-x"),
        (call("tanh", 0.5 * X), "tanh((0.5 * x))"),
        (call("if", call("le", X, Y), X, Y), "if((x <= y), x, y)"),
        (call("max", const(0), X), "max(0, x)"),
    ],
)
def test_expressions_are_shown_as_people_write_them(e: Expr, text: str) -> None:
    assert show(e) == str(e) == text
