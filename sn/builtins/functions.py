"""Builtins of one number: roots, logarithms, angles, rounding."""

from __future__ import annotations

import math
from collections.abc import Callable

from sn.builtins.numbers import floating
from sn.lisp.calls import builtin


def _checked(compute: Callable[[], float], what: str) -> float:
    try:
        return compute()
    except OverflowError:
        raise floating(f"the result of {what} is too large") from None


@builtin("**")
def power(base: float, exponent: float) -> float:
    """(** base exponent)

    Return a power; the base is not negative.

    (** 2 10)
    => 1024
    """
    if base < 0:
        raise floating(f"the base of a power is not negative, found {base:g}")
    if base == 0 and exponent < 0:
        raise floating("division by zero")
    return _checked(lambda: base**exponent, "a power")


@builtin("int")
def floor(x: float) -> float:
    """(int x)

    Return the largest whole number that is not above x.

    (int -4.5)
    => -5
    """
    return float(math.floor(x))


@builtin("sqrt")
def sqrt(x: float) -> float:
    """(sqrt x)

    Return the square root of a number that is not negative.

    (sqrt 16)
    => 4
    """
    if x < 0:
        raise floating(f"sqrt needs a number that is not negative, found {x:g}")
    return math.sqrt(x)


@builtin("exp")
def exp(x: float) -> float:
    """(exp x)

    Return e to the power x.

    (exp 0)
    => 1
    """
    return _checked(lambda: math.exp(x), "exp")


@builtin("log")
def log(x: float) -> float:
    """(log x)

    Return the natural logarithm of a positive number.

    (log 1)
    => 0
    """
    if x <= 0:
        raise floating(f"log needs a positive number, found {x:g}")
    return math.log(x)


@builtin("log10")
def log10(x: float) -> float:
    """(log10 x)

    Return the decimal logarithm of a positive number.

    (log10 1000)
    => 3
    """
    if x <= 0:
        raise floating(f"log10 needs a positive number, found {x:g}")
    return math.log10(x)


@builtin("sin")
def sin(x: float) -> float:
    """(sin x)

    Return the sine of an angle in radians.

    (sin 0)
    => 0
    """
    return math.sin(x)


@builtin("cos")
def cos(x: float) -> float:
    """(cos x)

    Return the cosine of an angle in radians.

    (cos 0)
    => 1
    """
    return math.cos(x)


@builtin("tan")
def tan(x: float) -> float:
    """(tan x)

    Return the tangent of an angle in radians.

    (tan 0)
    => 0
    """
    return math.tan(x)


@builtin("atan")
def atan(x: float) -> float:
    """(atan x)

    Return the angle, in radians, whose tangent is x.

    (atan 1)
    => 0.785398
    """
    return math.atan(x)


@builtin("asin")
def asin(x: float) -> float:
    """(asin x)

    Return the angle, in radians, whose sine is x.

    (asin 1)
    => 1.5708
    """
    if not -1 <= x <= 1:
        raise floating(f"asin needs a number from -1 to 1, found {x:g}")
    return math.asin(x)


@builtin("acos")
def acos(x: float) -> float:
    """(acos x)

    Return the angle, in radians, whose cosine is x.

    (acos 1)
    => 0
    """
    if not -1 <= x <= 1:
        raise floating(f"acos needs a number from -1 to 1, found {x:g}")
    return math.acos(x)


@builtin("sinh")
def sinh(x: float) -> float:
    """(sinh x)

    Return the hyperbolic sine.

    (sinh 0)
    => 0
    """
    return _checked(lambda: math.sinh(x), "sinh")


@builtin("cosh")
def cosh(x: float) -> float:
    """(cosh x)

    Return the hyperbolic cosine.

    (cosh 0)
    => 1
    """
    return _checked(lambda: math.cosh(x), "cosh")


@builtin("tanh")
def tanh(x: float) -> float:
    """(tanh x)

    Return the hyperbolic tangent.

    (tanh 0)
    => 0
    """
    return math.tanh(x)


@builtin("qtanh")
def qtanh(x: float) -> float:
    """(qtanh x)

    Return the hyperbolic tangent, which SN had a quick approximation of by this name.

    (qtanh 0)
    => 0
    """
    return math.tanh(x)


@builtin("exp-1")
def exp_minus_one(x: float) -> float:
    """(exp-1 x)

    Return e to the power x, less 1, exact for a small x too.

    (exp-1 0)
    => 0
    """
    return _checked(lambda: math.expm1(x), "exp-1")


@builtin("log1+")
def log_one_plus(x: float) -> float:
    """(log1+ x)

    Return the natural logarithm of 1 + x, exact for a small x too.

    (log1+ 0)
    => 0
    """
    if x <= -1:
        raise floating(f"log1+ needs a number above -1, found {x:g}")
    return math.log1p(x)


@builtin("0-x-1")
def ramp(x: float) -> float:
    """(0-x-1 x)

    Return x, but 0 below 0 and 1 above 1.

    (mapcar 0-x-1 '(-2 0.25 3))
    => (0 0.25 1)
    """
    return min(max(x, 0.0), 1.0)


@builtin("0-1-0")
def box(x: float) -> float:
    """(0-1-0 x)

    Return 1 from 0 to 1, both included, and 0 elsewhere.

    (mapcar 0-1-0 '(-2 0.25 3))
    => (0 1 0)
    """
    return 1.0 if 0 <= x <= 1 else 0.0
