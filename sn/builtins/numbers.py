"""Builtins on numbers: arithmetic, comparison, functions of one number."""

from __future__ import annotations

import math
from collections.abc import Callable

from sn.calls import builtin
from sn.errors import EvalError, ValueKindError
from sn.forms import Value, describe, equal
from sn.interp import Interpreter


def _floating(text: str) -> EvalError:
    return EvalError(f"floating exception: {text}")


@builtin("+")
def add(*numbers: float) -> float:
    """(+ numbers...)

    Add numbers; (+) is 0.

    (+ 1 2 3)
    => 6
    """
    # not sum(): since Python 3.12 it rounds differently
    total = 0.0
    for number in numbers:
        total += number
    return total


@builtin("*")
def multiply(*numbers: float) -> float:
    """(* numbers...)

    Multiply numbers; (*) is 1.

    (* 2 3 4)
    => 24
    """
    product = 1.0
    for number in numbers:
        product *= number
    return product


@builtin("-")
def subtract(a: float, b: float | None = None) -> float:
    """(- a [b])

    Return a minus b, or minus a.

    (- 5 3)
    => 2
    (- 5)
    => -5
    """
    return -a if b is None else a - b


@builtin("/")
def divide(a: float, b: float | None = None) -> float:
    """(/ a [b])

    Return a divided by b, or 1 divided by a.

    (/ 3 2)
    => 1.5
    (/ 4)
    => 0.25
    """
    if b is None:
        a, b = 1.0, a
    if b == 0:
        raise _floating("division by zero")
    return a / b


@builtin("1+")
def increment(x: float) -> float:
    """(1+ x)

    Return x plus 1.

    (1+ 4)
    => 5
    """
    return x + 1


@builtin("1-")
def decrement(x: float) -> float:
    """(1- x)

    Return x minus 1.

    (1- 4)
    => 3
    """
    return x - 1


@builtin("2*")
def double(x: float) -> float:
    """(2* x)

    Return 2 times x.

    (2* 4)
    => 8
    """
    return 2 * x


@builtin("2/")
def halve(x: float) -> float:
    """(2/ x)

    Return half of x.

    (2/ 5)
    => 2.5
    """
    return x / 2


@builtin("div")
def div(a: int, b: int) -> int:
    """(div a b)

    Return the quotient of two whole numbers, truncated toward zero.

    (div -7 2)
    => -3
    """
    if b == 0:
        raise _floating("division by zero")
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


@builtin("mod")
def mod(a: int, b: int) -> int:
    """(mod a b)

    Return the remainder of `div`; its sign is that of a.

    (mod -7 2)
    => -1
    """
    if b == 0:
        raise _floating("division by zero")
    remainder = abs(a) % abs(b)
    return -remainder if a < 0 else remainder


@builtin("**")
def power(base: float, exponent: float) -> float:
    """(** base exponent)

    Return a power; the base is not negative.

    (** 2 10)
    => 1024
    """
    if base < 0:
        raise _floating(f"the base of a power is not negative, found {base:g}")
    if base == 0 and exponent < 0:
        raise _floating("division by zero")
    return _checked(lambda: base**exponent, "a power")


@builtin("int")
def floor(x: float) -> float:
    """(int x)

    Return the largest whole number that is not above x.

    (int -4.5)
    => -5
    """
    return float(math.floor(x))


@builtin("sgn")
def sgn(x: float) -> float:
    """(sgn x)

    Return -1 for a negative number, else 1.

    (sgn 0)
    => 1
    """
    return -1.0 if x < 0 else 1.0


@builtin("abs")
def absolute(x: float) -> float:
    """(abs x)

    Return x without its sign.

    (abs -3)
    => 3
    """
    return abs(x)


def _checked(compute: Callable[[], float], what: str) -> float:
    try:
        return compute()
    except OverflowError:
        raise _floating(f"the result of {what} is too large") from None


@builtin("sqrt")
def sqrt(x: float) -> float:
    """(sqrt x)

    Return the square root of a number that is not negative.

    (sqrt 16)
    => 4
    """
    if x < 0:
        raise _floating(f"sqrt needs a number that is not negative, found {x:g}")
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
        raise _floating(f"log needs a positive number, found {x:g}")
    return math.log(x)


@builtin("log10")
def log10(x: float) -> float:
    """(log10 x)

    Return the decimal logarithm of a positive number.

    (log10 1000)
    => 3
    """
    if x <= 0:
        raise _floating(f"log10 needs a positive number, found {x:g}")
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
        raise _floating(f"asin needs a number from -1 to 1, found {x:g}")
    return math.asin(x)


@builtin("acos")
def acos(x: float) -> float:
    """(acos x)

    Return the angle, in radians, whose cosine is x.

    (acos 1)
    => 0
    """
    if not -1 <= x <= 1:
        raise _floating(f"acos needs a number from -1 to 1, found {x:g}")
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


@builtin("max")
def maximum(first: float | str, *others: float | str) -> Value:
    """(max values...)

    Return the largest of some numbers, or of some strings.

    (max 3 7 5)
    => 7
    """
    return _extreme("max", [first, *others], lambda a, b: a > b)


@builtin("min")
def minimum(first: float | str, *others: float | str) -> Value:
    """(min values...)

    Return the smallest of some numbers, or of some strings.

    (min 3 7 5)
    => 3
    """
    return _extreme("min", [first, *others], lambda a, b: a < b)


def _extreme(name: str, values: list[Value], better: Callable[[Value, Value], bool]) -> Value:
    best = values[0]
    for value in values[1:]:
        _same_order(name, best, value)
        if better(value, best):
            best = value
    return best


# --- comparison ---


def _same_order(name: str, a: Value, b: Value) -> None:
    if type(a) is not type(b) or type(a) not in (float, str):
        text = f"{name} compares two numbers or two strings, found {describe(a)} and {describe(b)}"
        raise ValueKindError(text)


@builtin("=")
def is_equal(a: Value, b: Value) -> bool:
    """(= a b)

    Tell whether two values are equal: the same number, string or symbol, or lists or matrices
    with equal elements.

    (= '(1 "a") '(1 "a"))
    => t
    """
    return equal(a, b)


@builtin("<>")
def is_not_equal(a: Value, b: Value) -> bool:
    """(<> a b)

    Tell whether two values are not equal.

    (<> 1 "1")
    => t
    """
    return not equal(a, b)


@builtin("==")
def is_same(a: Value, b: Value) -> bool:
    """(== a b)

    Tell whether two values are one and the same object; two equal numbers are not.

    (== 'a 'a)
    => t
    (== "ab" "ab")
    => ()
    """
    return a is b


@builtin("<")
def is_less(a: Value, b: Value) -> bool:
    """(< a b)

    Tell whether a number, or a string, is less than another.

    (< 1 2)
    => t
    """
    if type(a) is not float or type(b) is not float:
        _same_order("<", a, b)
    return bool(a < b)


@builtin(">")
def is_greater(a: Value, b: Value) -> bool:
    """(> a b)

    Tell whether a number, or a string, is greater than another.

    (> "b" "a")
    => t
    """
    if type(a) is not float or type(b) is not float:
        _same_order(">", a, b)
    return bool(a > b)


@builtin("<=")
def is_at_most(a: Value, b: Value) -> bool:
    """(<= a b)

    Tell whether a number, or a string, is less than or equal to another.

    (<= 2 2)
    => t
    """
    if type(a) is not float or type(b) is not float:
        _same_order("<=", a, b)
    return bool(a <= b)


@builtin(">=")
def is_at_least(a: Value, b: Value) -> bool:
    """(>= a b)

    Tell whether a number, or a string, is greater than or equal to another.

    (>= 1 2)
    => ()
    """
    if type(a) is not float or type(b) is not float:
        _same_order(">=", a, b)
    return bool(a >= b)


@builtin("0=")
def is_zero(x: Value) -> Value:
    """(0= x)

    Return 0, which is true, if x is 0, else ().

    (0= 0)
    => 0
    """
    return x if type(x) is float and x == 0 else None


@builtin("0<>")
def is_not_zero(it: Interpreter, x: Value) -> Value:
    """(0<> x)

    Return x if it is anything but 0, else (); t for ().

    (0<> 3)
    => 3
    """
    if x is None:
        return it.t
    return None if type(x) is float and x == 0 else x


@builtin("numberp")
def is_number(x: Value) -> Value:
    """(numberp x)

    Return x if it is a number, else ().

    (numberp 3)
    => 3
    """
    return x if type(x) is float else None
