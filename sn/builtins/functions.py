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
