"""Formulas: what a Lisp function means to the compiler is what it means to the interpreter."""

from __future__ import annotations

import numpy as np
import pytest

from sn.describe.formula import formula
from sn.describe.formula_check import compare
from sn.errors import EvalError, SnError, UnknownNameError, ValueKindError
from sn.net.expr import Expr, call, const, derivative, evaluate, show, variable
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
    "an assignment": "(setq x (+ x 1)) (* 2 x)",
    "an assignment in one case": "(when (> x 1) (setq x 1)) x",
    "an assignment in a branch of two": "(if (< x 0) (setq x (- x)) (setq x (* 2 x)) (incr x)) x",
    "assignments at once": "(let ((a 1) (b x)) (setq a b b a) (- a (* 3 b)))",
    "an assignment as an argument": "(+ x (setq x 5) x)",
    "an assignment in a clause": "(let ((s 1)) (cond ((< x 0) (setq s -1)) (t 1)) (* s x))",
    "an assignment in a test": "(if (< (incr x) 1) x (- x))",
    "counting": "(incr x) (incr x 2) (prog1 x (incr x))",
    "a let that ends": "(let ((x 7)) (setq x 8)) x",
    "a let in turn that ends": "(let* ((z x) (x (+ z 1)) (z 9)) (setq z 3)) x",
    "two tests": "(if (and (> x -1) (< x 1)) x 0)",
    "one of two tests": "(if (or (< x -1) (> x 1)) 0 x)",
    "no test": "(if (not (< x 0)) x 0)",
    "unequal": "(if (<> x 1) x 9)",
    "always": "(cond (t x))",
    "a branch of several forms": "(if (< x 0) 1 2 (setq x 3) x)",
    "a test of two numbers": "(if (< 1 2) x (- x))",
    "signs": "(* (sgn x) (log (cosh x)))",
    "more functions": "(+ (tan x) (log10 (+ 4 x)))",
    "one number": "(+ (+ x) (* x) (max x) (+) (*))",
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


def test_clip_is_clip() -> None:
    """The second form of the body is not all of it."""
    session = Session()
    session.evaluate("(de clip (x) (when (> x 1) (setq x 1)) x)")
    it = session.interpreter
    value = formula(it, it.eval(it.read("clip")[0]), ("a",))
    x = np.array([-3.0, 0.5, 1.0, 1.5, 5.0])
    assert np.array_equal(evaluate(value, {"a": x}), np.minimum(x, 1))
    assert np.array_equal(evaluate(derivative(value, "a"), {"a": x}), [1, 1, 1, 0, 0])


# the program before `f`, and the body of `f`
PROGRAMS = {
    "a function sees the names of its caller": (
        "(setq g 2) (de times (y) (* g y))",
        "(let ((g 5)) (times x))",
    ),
    "a function assigns a name of its caller": ("(de bump () (setq x (+ x 1)))", "(bump) (* 2 x)"),
    "a parameter is the function's own": ("(de twice (x) (setq x (* 2 x)) x)", "(- (twice x) x)"),
    "an optional parameter": (
        "(de scaled (x &optional (k 3)) (* k x))",
        "(- (scaled x) (scaled 2 x))",
    ),
    "a rest that is not used": ("(de first-of (x &rest more) x)", "(first-of x 1 2)"),
    "a builtin under another name": ("(setq plus +)", "(plus x 1)"),
    "a builtin with another meaning": ("(unlock-symbol abs) (de abs (x) (* 2 x))", "(abs x)"),
    "another meaning with an optional parameter": (
        "(unlock-symbol abs) (de abs (x &optional y) (* 3 x))",
        "(abs x)",
    ),
    "a name hides a function as a value only": ("", "(let ((tanh x)) (tanh tanh))"),
    "the program's own value of a name": ("(setq x 7)", "(+ :x x)"),
    "a name bound while the formula is made": ("(setq k 2)", "(* k x)"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_names_mean_what_they_mean_to_the_interpreter(name: str) -> None:
    before, body = PROGRAMS[name]
    session, value = compiled(body, before)
    for place in PLACES:
        expected = session.evaluate(f"(f {place})")
        assert evaluate(value, {"a": place}) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("body", "words", "at"),
    [
        ("(setq g 3) x", "a formula cannot assign to g, a variable of the program", "g"),
        ("(incr g) x", "a formula cannot assign to g, a variable of the program", "g"),
        ("(setq :x 3) x", "a formula cannot assign to :x", ":x"),
        ("(print x) x", "a kernel cannot compute print of 1 numbers", "(print x)"),
        (
            "(while (> x 1) (incr x -1)) x",
            "a kernel cannot compute the special form while",
            "(while",
        ),
        ("(for (i 1 3) (incr x)) x", "a kernel cannot compute the special form for", "(for"),
        ("(twice x)", "a kernel cannot compute the macro twice", "(twice x)"),
        ("(int x)", "a kernel cannot compute int of 1 numbers", "(int x)"),
        ("(mod x 3)", "a kernel cannot compute mod of 2 numbers", "(mod x 3)"),
        ("(rand)", "a kernel cannot compute rand of 0 numbers", "(rand)"),
        ("(when (< x 0) 1)", "when has no number as its value where the test fails", "(when"),
        ("(+ 1 (if (< x 0) 1))", "if needs a test and two values", "(if"),
        ("(cond ((< x 0)) (t 1))", "a formula needs a number here, found ()", "(cond"),
        ("(> x 1)", "a formula needs a number here, found t or ()", "(> x 1)"),
        ("()", "a formula needs a number here, found ()", "()"),
        ("(let ((y)) x)", "let binds names to numbers", "(y)"),
        ("(log (- -1 (* x x)))", "the function fails at every point tried; at x = ", "(log"),
        (f"{'(sq ' * 20}x{')' * 20}", "this formula is too large for a kernel", "(* x x)"),
        ("(no-such x)", "no function is called 'no-such'", "(no-such x)"),
    ],
)
def test_what_differs_from_the_interpreter_is_refused_at_its_place(
    body: str, words: str, at: str
) -> None:
    before = "(setq g 2) (de sq (x) (* x x)) (dm twice (h x) (list '+ x x)) "
    with pytest.raises(SnError) as found:
        compiled(body, before)
    assert words in found.value.message
    span = found.value.span
    assert span is not None
    text = f"{before} (de f (x) {body})"
    assert text[span.column - 1 :].startswith(at)


def test_a_formula_that_differs_is_an_error_with_both_values() -> None:
    """Where the walk would go wrong, the comparison says so."""
    session, value = compiled("(if (> x 5) 1 0)")
    it = session.interpreter
    function = it.eval(it.read("f")[0])
    compare(it, function, ("a",), value, None)
    compare(it, function, ("a",), call("max", const(0), value), None)
    for wrong in (
        value + 1e-4,
        value * variable("a"),
        call("if", call("lt", variable("a"), const(5.5)), const(0), const(1)),
    ):
        with pytest.raises(
            EvalError, match="the formula differs from the function: at x = "
        ) as found:
            compare(it, function, ("a",), wrong, None)
        assert found.value.hint is not None
        assert show(wrong) in found.value.hint


def test_corners_that_rounding_decides_are_no_difference() -> None:
    """x / 3 and a third of x differ in the last place, which decides at the corner alone."""
    _, value = compiled("(if (> (/ x 3) (/ 0.3 3)) 1 0)")
    assert evaluate(value, {"a": 0.5}) == 1


def test_points_where_the_function_fails_are_left_out() -> None:
    _, value = compiled("(+ (log x) (exp (* 100 x)))")
    assert evaluate(value, {"a": 1.0}) == pytest.approx(np.exp(100.0))


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
