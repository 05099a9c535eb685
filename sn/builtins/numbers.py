"""Builtins of arithmetic."""

from __future__ import annotations

from sn.errors import EvalError
from sn.lisp.calls import builtin


def floating(text: str) -> EvalError:
    """Return the error for a result that is not a finite number."""
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
        raise floating("division by zero")
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
        raise floating("division by zero")
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
        raise floating("division by zero")
    remainder = abs(a) % abs(b)
    return -remainder if a < 0 else remainder


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
