"""Formulas: what a Lisp function means to the compiler is what it means to the interpreter."""

from __future__ import annotations

import numpy as np
import pytest

from sn.builtins.formula import formula
from sn.errors import EvalError, SnError, UnknownNameError, ValueKindError
from sn.net.expr import Expr, derivative, evaluate, show
from sn.session import Session


def compiled(body: str, before: str = "") -> tuple[Session, Expr]:
    """A session in which `f` is a function of x, and its expression of `a`."""
    session = Session()
    session.evaluate(f"{before} (de f (x) {body})")
    it = session.interpreter
    return session, formula(it, it.eval(it.read("f", "<text>")[0]), ("a",))


PLACES = (-1.75, -0.5, 0.25, 1.0, 2.5)

BODIES = {
    "a number": "3",
    "the argument": "x",
    "sums": "(+ x 1 (* 2 x) (- x) (- x 4))",
    "products": "(* x x 0.5)",
    "ratios": "(+ (/ x 4) (/ 1 (+ 5 x)))",
    "steps": "(+ (1+ x) (1- x) (2* x) (2/ x))",
    "functions": "(+ (tanh x) (exp (/ x 3)) (sin x) (cos x) (abs x))",
    "of positive numbers": "(+ (log (+ 4 x)) (sqrt (+ 4 x)))",
    "powers": "(** (+ 4 x) 1.5)",
    "extremes": "(+ (min x 1) (max x 0 (- 1 x)))",
    "if": "(if (< x 0) (* 0.1 x) x)",
    "all comparisons": "(+ (if (<= x 1) 1 2) (if (> x 1) 3 4) (if (>= x 1) 5 6) (if (= x 1) 7 8))",
    "cond": "(cond ((< x -1) -1) ((> x 1) 1) (t x))",
    "let": "(let ((y (* x x)) (z 2)) (+ y z))",
    "let in turn": "(let* ((y (* x x)) (z (+ y 1))) (* y z))",
    "let does not see itself": "(let ((x 2) (y x)) (* x y))",
    "progn": "(progn 1 2 (* 3 x))",
    "several forms": "1 2 (* 3 x)",
}


@pytest.mark.parametrize("name", BODIES)
def test_compiled_and_interpreted_agree(name: str) -> None:
    session, value = compiled(BODIES[name])
    for place in PLACES:
        expected = session.evaluate(f"(f {place})")
        assert evaluate(value, {"a": place}) == pytest.approx(expected, rel=1e-6)


def test_whole_powers_are_products_also_of_negative_numbers() -> None:
    """The interpreter's ** refuses a negative base, as SN's does; a kernel has no ** at all."""
    _, value = compiled("(+ (** x 2) (** x 3) (** x -1))")
    for place in PLACES:
        assert evaluate(value, {"a": place}) == pytest.approx(place**2 + place**3 + 1 / place)


def test_variables_of_the_program_are_constants() -> None:
    session, value = compiled("(* gain x)", "(setq gain 2.5)")
    assert show(value) == "(2.5 * a)"
    session.evaluate("(setq gain 3)")
    assert show(value) == "(2.5 * a)"


def test_functions_of_the_program_are_expanded() -> None:
    before = "(de square (x) (* x x)) (de soft (x) (/ x (+ 1 (square x))))"
    _, value = compiled("(soft (2* x))", before)
    assert evaluate(value, {"a": 1.5}) == pytest.approx(3 / 10)
    slope = derivative(value, "a")
    assert evaluate(slope, {"a": 0.0}) == pytest.approx(2.0)


def test_a_name_of_the_caller_is_not_seen_by_the_called() -> None:
    """Parameters are renamed as in a call: y of `g` is its own."""
    _, value = compiled("(let ((y 100)) (g x))", "(de g (y) (* y 2))")
    assert evaluate(value, {"a": 3.0}) == 6


@pytest.mark.parametrize(
    ("body", "words", "hint"),
    [
        ("(print x)", "a kernel cannot compute print of 1 numbers", "a formula may use"),
        ("(tanh x x)", "a kernel cannot compute tanh of 2 numbers", "a formula may use"),
        ("(f x)", "a formula cannot call itself", None),
        ("(if x 1 2)", "a test in a formula compares two numbers", None),
        ("(if (< x 1) 1)", "if needs a test and two values in a formula", None),
        ("(cond ((< x 0) 1))", "cond needs a last clause (t value)", None),
        ('"text"', "a formula cannot hold", None),
        ("(g x 2)", "g takes 1 numbers, found 2", None),
        ("unknown", "unknown is not a number here", None),
    ],
)
def test_what_a_kernel_cannot_compute_is_refused(body: str, words: str, hint: str | None) -> None:
    with pytest.raises(SnError) as found:
        compiled(body, "(de g (x) x)")
    assert words in found.value.message
    assert isinstance(found.value, EvalError)
    assert found.value.span is not None
    if hint is not None:
        assert found.value.hint is not None
        assert hint in found.value.hint


NET = "(defnet n (layer a (2)) (layer b (2) (nlf {0})) (connect a b (full)))"


def test_a_non_linearity_may_be_a_lambda_or_a_name() -> None:
    for text in ("(lambda (x) (* x x x))", "cube"):
        session = Session()
        session.evaluate("(de cube (x) (* x x x))" + NET.format(text))
        f = session.world.networks["n"].layers[1].activation
        assert evaluate(f.value, {"a": 2.0}) == 8
        assert evaluate(f.bend, {"a": 2.0}) == 12
        assert str(f) == "((x * x) * x)"


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("(lambda (x y) x)", ValueKindError, "expected a function of one number"),
        ("3", ValueKindError, "expected a function of one number, found"),
        ("cubed", UnknownNameError, "no function is called 'cubed'"),
    ],
)
def test_a_non_linearity_takes_one_number(text: str, kind: type[SnError], words: str) -> None:
    with pytest.raises(kind, match=words) as found:
        Session().evaluate(NET.format(text))
    assert found.value.span is not None


def test_a_cost_takes_two_numbers() -> None:
    session = Session()
    session.evaluate(
        NET.format("(lambda (x) x)") + '(experiment n (data "mnist-1989")'
        " (cost (lambda (y d) (* (abs (- y d)) (** (- y d) 2))))"
        " (optimizer s (sgd (learning-rate 1))))"
    )
    error = session.world.experiments["n"].cost
    ends = {"y": 0.5, "d": -1.0}
    assert evaluate(error.value, ends) == pytest.approx(1.5**3)
    assert evaluate(error.slope, ends) == pytest.approx(3 * 1.5**2)
    assert evaluate(error.bend, ends) == pytest.approx(6 * 1.5)


def test_expressions_work_on_arrays() -> None:
    _, value = compiled(BODIES["cond"])
    x = np.linspace(-3, 3, 13)
    assert np.array_equal(evaluate(value, {"a": x}), np.clip(x, -1, 1))
