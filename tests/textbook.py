"""Textbook forms of non-linearities in Lisp, and their exact values, slopes and bends.

The exact ones are float64 closed forms that neither overflow nor subtract equal numbers; decimals
of 200 digits hold them to the definitions in test_stable.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sn.describe.formula import formula
from sn.net.expr import Expr
from sn.session import Session

Floats = NDArray[np.float64]
Function = Callable[[Floats], Floats]

ERFC = np.vectorize(math.erfc, otypes=[float])

# cross-entropy of targets 0 and 1, and of -1 and 1, as people write them
CROSS = "(- (+ (* d (log y)) (* (- 1 d) (log (- 1 y)))))"
SIGNED = "(- (+ (* (/ (+ 1 d) 2) (log (/ (+ 1 y) 2))) (* (/ (- 1 d) 2) (log (/ (- 1 y) 2)))))"
C, K = 0.7978845608, 0.044715  # of the tanh form of gelu, as papers print them


def expression(text: str, names: tuple[str, ...] = ("x",)) -> Expr:
    """The expression of a Lisp formula, of `a`, or of `y` and `d`."""
    session = Session()
    session.evaluate(f"(de f ({' '.join(names)}) {text})")
    it = session.interpreter
    return formula(it, it.eval(it.read("f")[0]), ("a",) if len(names) == 1 else ("y", "d"))


def s(x: Floats) -> Floats:
    """1 / (1 + e^-x)."""
    small = np.exp(-np.abs(x))
    return np.where(x < 0, small, 1) / (1 + small)


def softplus(x: Floats) -> Floats:
    """log(1 + e^x)."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def sech2(x: Floats) -> Floats:
    """1 - tanh^2 x."""
    small = np.exp(-2 * np.abs(x))
    return 4 * small / (1 + small) ** 2


def logcosh(x: Floats) -> Floats:
    """log((e^x + e^-x) / 2)."""
    size = np.abs(x)
    near = np.log1p(2 * np.sinh(np.minimum(size, 2) / 2) ** 2)
    return np.where(size < 2, near, size + np.log1p(np.exp(-2 * size)) - np.log(2))


def bell(x: Floats) -> Floats:
    """The slope of s."""
    small = np.exp(-np.abs(x))
    return small / (1 + small) ** 2


@dataclass(frozen=True)
class Form:
    """One non-linearity: how people write it, and what it is."""

    texts: tuple[str, ...]
    value: Function
    slope: Function
    bend: Function


def _swish(inner: Function, d: Function, dd: Function) -> tuple[Function, Function, Function]:
    """x s(v(x)) and its derivatives, of v, v' and v''."""
    return (
        lambda x: x * s(inner(x)),
        lambda x: s(inner(x)) + bell(inner(x)) * x * d(x),
        lambda x: bell(inner(x)) * (2 * d(x) + x * (dd(x) - np.tanh(inner(x) / 2) * d(x) ** 2)),
    )


def _tanh_gelu() -> tuple[Function, Function, Function]:
    return _swish(
        lambda x: 2 * C * (x + K * x**3),
        lambda x: 2 * C * (1 + 3 * K * x**2),
        lambda x: 2 * C * 6 * K * x,
    )


LOGISTIC = Form(
    (
        "(/ 1 (+ 1 (exp (- x))))",
        "(/ (+ 1 (exp (- x))))",
        "(/ (exp x) (+ 1 (exp x)))",
        "(/ (exp x) (1+ (exp x)))",
        "(** (+ 1 (exp (- x))) -1)",
        "(- 1 (/ 1 (+ 1 (exp x))))",
        "(* 0.5 (+ 1 (tanh (/ x 2))))",
        "(2/ (1+ (tanh (2/ x))))",
        "(let ((e (exp x))) (/ e (+ e 1)))",
        "(if (< x 0) (/ (exp x) (+ 1 (exp x))) (/ 1 (+ 1 (exp (- x)))))",
        "(exp (- (log (+ 1 (exp (- x))))))",
    ),
    s,
    bell,
    lambda x: -bell(x) * np.tanh(x / 2),
)
FORMS: dict[str, Form] = {
    "logistic": LOGISTIC,
    "softplus": Form(
        (
            "(log (+ 1 (exp x)))",
            "(log (1+ (exp x)))",
            "(- (log (/ 1 (+ 1 (exp x)))))",
            "(+ (max x 0) (log (+ 1 (exp (- (abs x))))))",
            "(- (log (- 1 (/ 1 (+ 1 (exp (- x)))))))",
            "(+ x (log (+ 1 (exp (- x)))))",
        ),
        softplus,
        s,
        bell,
    ),
    "log-cosh": Form(
        (
            "(log (/ (+ (exp x) (exp (- x))) 2))",
            "(log (* 0.5 (+ (exp x) (exp (- x)))))",
            "(log (cosh x))",
            "(- (log (+ (exp x) (exp (- x)))) (log 2))",
            "(- (+ (abs x) (log (+ 1 (exp (* -2 (abs x)))))) (log 2))",
            "(- (+ x (log (+ 1 (exp (* -2 x))))) (log 2))",
        ),
        logcosh,
        np.tanh,
        sech2,
    ),
    "log of a logistic": Form(
        ("(log (/ 1 (+ 1 (exp (- x)))))", "(- (log (+ 1 (exp (- x)))))"),
        lambda x: -softplus(-x),
        lambda x: s(-x),
        lambda x: -bell(x),
    ),
    "silu": Form(
        ("(/ x (+ 1 (exp (- x))))", "(* x (/ 1 (+ 1 (exp (- x)))))"),
        *_swish(lambda x: x, np.ones_like, np.zeros_like),
    ),
    "gelu": Form(
        (
            f"(* 0.5 x (+ 1 (tanh (* {C} (+ x (* {K} x x x))))))",
            f"(* (2/ x) (1+ (tanh (* {C} (+ x (* {K} (** x 3)))))))",
        ),
        *_tanh_gelu(),
    ),
    "gelu by a logistic": Form(
        ("(/ x (+ 1 (exp (* -1.702 x))))",),
        *_swish(lambda x: 1.702 * x, lambda x: np.full_like(x, 1.702), np.zeros_like),
    ),
    "softsign": Form(
        (
            "(/ x (+ 1 (abs x)))",
            "(if (< x 0) (/ x (- 1 x)) (/ x (+ 1 x)))",
            "(/ x (+ 1 (max x (- x))))",
        ),
        lambda x: x / (1 + np.abs(x)),
        lambda x: (1 + np.abs(x)) ** -2.0,
        lambda x: np.where(x < 0, 2, -2) * (1 + np.abs(x)) ** -3.0,
    ),
    "tanh": Form(
        (
            "(tanh x)",
            "(/ (- (exp x) (exp (- x))) (+ (exp x) (exp (- x))))",
            "(- (/ 2 (+ 1 (exp (* -2 x)))) 1)",
        ),
        np.tanh,
        sech2,
        lambda x: -2 * np.tanh(x) * sech2(x),
    ),
    "logistic loss": Form(
        ("(log (+ 1 (exp (- (* 1 x)))))",), lambda x: softplus(-x), lambda x: -s(-x), bell
    ),
}


def cdf(x: Floats) -> Floats:
    """The share of a normal distribution below x."""
    below: Floats = 0.5 * ERFC(-x / math.sqrt(2))
    return below


def density(x: Floats) -> Floats:
    """The slope of cdf."""
    return np.exp(-0.5 * np.minimum(x * x, 1e4)) / math.sqrt(2 * math.pi)


def _by_sign(above: Function, below: Function) -> Function:
    return lambda x: np.where(x > 0, above(x), below(np.minimum(x, 0)))


# the non-linearities that SN has by name, and their value, slope and bend
NAMED: dict[str, tuple[Function, Function, Function]] = {
    "relu": (lambda x: np.maximum(x, 0), lambda x: np.where(x > 0, 1.0, 0), np.zeros_like),
    "leaky-relu": (
        _by_sign(lambda x: x, lambda x: 0.01 * x),
        _by_sign(np.ones_like, lambda x: np.full_like(x, 0.01)),
        np.zeros_like,
    ),
    "elu": (
        _by_sign(lambda x: x, np.expm1),
        _by_sign(np.ones_like, np.exp),
        _by_sign(np.zeros_like, np.exp),
    ),
    "gelu": (
        lambda x: x * cdf(x),
        lambda x: cdf(x) + x * density(x),
        lambda x: (2 - x * x) * density(x),
    ),
    "silu": (FORMS["silu"].value, FORMS["silu"].slope, FORMS["silu"].bend),
    "logistic": (LOGISTIC.value, LOGISTIC.slope, LOGISTIC.bend),
    "softplus": (softplus, s, bell),
}


def grid() -> NDArray[np.float32]:
    """-1e4..1e4, denser where formulas change and where float32 ends, as float32."""
    parts = [
        np.linspace(-1e4, 1e4, 4001),
        np.linspace(-200, 200, 40001),
        np.linspace(-12, 12, 24001),
        np.linspace(-92, -86, 6001),
    ]
    small = np.geomspace(1e-15, 1, 2001)
    return np.concatenate([*parts, small, -small, [0.0]]).astype(np.float32)


def near_a_root(x: Floats, exact: Floats) -> NDArray[np.bool_]:
    """Where a function is within 0.1 of a change of sign other than at 0.

    Its relative error is unbounded there: rounding its terms moves the root.
    """
    order = np.argsort(x)
    at, sign = x[order], np.sign(exact[order])
    changes = at[1:][(sign[1:] * sign[:-1] < 0) & (np.abs(at[1:]) > 0.05)]
    found = np.zeros(len(x), bool)
    for root in changes:
        found |= np.abs(x - root) < 0.1
    return found


def worst(x: Floats, found: Floats, exact: Floats) -> float:
    """The largest relative error where `exact` is a normal float32, of 0.02 at a root."""
    size = np.where(near_a_root(x, exact), np.maximum(np.abs(exact), 0.02), np.abs(exact))
    counts = (np.abs(exact) >= 2.0**-126) & (np.abs(exact) < 3.4e38)
    with np.errstate(all="ignore"):
        error = np.where(
            counts, np.abs(found - exact) / size, np.where(np.isfinite(found), 0, np.inf)
        )
        error = np.where(np.isfinite(found), error, np.inf)
    return float(error.max())
