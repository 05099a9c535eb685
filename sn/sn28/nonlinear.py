"""Non-linearities: objects that can be called with a number and given to the words of layers.

Source: SN 2.8 (sn-network, 4).
Read next: ../live/functions.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sn.errors import ArityError, EvalError, ValueKindError
from sn.lisp.calls import builtin
from sn.lisp.forms import Pair, Shown, Value, describe, show
from sn.lisp.machine import Callee, Machine
from sn.live import arithmetic
from sn.live.functions import Function, difference, of_kind, scale_of, spline


class Nlf(Shown):
    """A non-linearity as a value: called with a number it gives a number."""

    noun = "non-linearity"

    def __init__(self, function: Function) -> None:
        self.function = function

    def run(self, it: Machine, form: Pair) -> Value:
        """Return the value of a call."""
        return self.apply(it, it.eval_list(form.cdr))

    def apply(self, it: Machine, args: Sequence[Value]) -> Value:
        """Return the function at a number."""
        if len(args) != 1:
            raise ArityError(f"a non-linearity takes 1 argument, found {len(args)}")
        if type(args[0]) is not float:
            raise ValueKindError(f"a non-linearity takes a number, found {describe(args[0])}")
        found = self.function(args[0])
        if found - found != 0:
            raise EvalError(f"floating exception: {show(self)} of {args[0]:g} is not finite")
        return found

    def show(self, numbers: object) -> str:
        """Return the printed name."""
        return f"::NLF:{self.function.name}"


def nlf_of(it: Machine, value: Value, name: str) -> Function:
    """Return what a value computes, a non-linearity or any function of Lisp.

    Raises: ValueKindError for what is no function.
    """
    if isinstance(value, Nlf):
        return value.function
    if value is None:
        raise ValueKindError(
            f"{name} is (), not a non-linearity",
            hint=f"(setq {name} (nlf-f-tanh 1.7159 0.66666666 0 0)) sets one",
        )
    if not (hasattr(value, "apply") or type(value) is Pair):
        raise ValueKindError(f"{name} must be a non-linearity, found {describe(value)}")
    return Function("lisp", None, lisp=_caller(it, value))


def _caller(it: Machine, function: Value) -> Callable[[float], float]:
    def run(x: float) -> float:
        found = it.call(function, [x])
        if type(found) is not float:
            raise ValueKindError(f"a non-linearity must give a number, found {describe(found)}")
        return found

    return run


# --- constructors ---


@builtin("nlf-f-tanh")
def nlf_f_tanh(a: float, b: float, c: float, d: float) -> Nlf:
    """(nlf-f-tanh A B C D)

    Return the non-linearity A tanh(B x) + C x + D, in float32 as everything in SN 2.8.

    ((nlf-f-tanh 1 1 0 0) 0)
    => 0
    """
    return Nlf(of_kind("nlf-f-tanh", arithmetic.TANH, a, b, c, d))


@builtin("nlf-df-tanh")
def nlf_df_tanh(a: float, b: float, c: float, d: float) -> Nlf:
    """(nlf-df-tanh A B C D)

    Return the derivative of (nlf-f-tanh A B C D): A B + C - A B tanh(B x)^2.

    ((nlf-df-tanh 2 3 1 0) 0)
    => 7
    """
    return Nlf(of_kind("nlf-df-tanh", arithmetic.DTANH, a, b, c, d))


@builtin("nlf-f-lin")
def nlf_f_lin(a: float, b: float, c: float, d: float) -> Nlf:
    """(nlf-f-lin A B C D)

    Return the linear function (A B + C) x + D.

    ((nlf-f-lin 2 3 1 0.5) 1)
    => 7.5
    """
    return Nlf(of_kind("nlf-f-lin", arithmetic.LINEAR, a, b, c, d))


@builtin("nlf-f-piecewise")
def nlf_f_piecewise(a: float, b: float, c: float, d: float) -> Nlf:
    """(nlf-f-piecewise A B C D)

    Return the function A clip(B x, -1, 1) + C x + D.

    ((nlf-f-piecewise 2 1 0 0) 5)
    => 2
    """
    return Nlf(of_kind("nlf-f-piecewise", arithmetic.PIECEWISE, a, b, c, d))


@builtin("nlf-f-threshold")
def nlf_f_threshold(a: float, b: float, c: float, d: float) -> Nlf:
    """(nlf-f-threshold A B C D)

    Return the function that is A + C x + D where B x is at least 0, else -A + C x + D.

    ((nlf-f-threshold 1 1 0 0) 0)
    => 1
    """
    return Nlf(of_kind("nlf-f-threshold", arithmetic.THRESHOLD, a, b, c, d))


@builtin("nlf-f-bell")
def nlf_f_bell() -> Nlf:
    """(nlf-f-bell)

    Return the function (1 - x^2)^3 between -1 and 1, 0 elsewhere.

    ((nlf-f-bell) 0.5)
    => 0.421875
    """
    return Nlf(of_kind("nlf-f-bell", arithmetic.BELL))


@builtin("nlf-df-bell")
def nlf_df_bell() -> Nlf:
    """(nlf-df-bell)

    Return the derivative of (nlf-f-bell): -6 x (1 - x^2)^2 between -1 and 1, 0 elsewhere.

    ((nlf-df-bell) 0.5)
    => -1.6875
    """
    return Nlf(of_kind("nlf-df-bell", arithmetic.DBELL))


@builtin("nlf-f-0")
def nlf_f_0() -> Nlf:
    """(nlf-f-0)

    Return the function that is 0 everywhere.

    ((nlf-f-0) 3)
    => 0
    """
    return Nlf(of_kind("nlf-f-0", arithmetic.ZERO))


@builtin("nlf-f-lisp")
def nlf_f_lisp(it: Machine, f: Callee) -> Nlf:
    """(nlf-f-lisp f)

    Return a non-linearity that calls a function of Lisp, for each unit.

    ((nlf-f-lisp (lambda (x) (* x x))) 3)
    => 9
    """
    return Nlf(Function("nlf-f-lisp", None, lisp=_caller(it, f)))


@builtin("nlf-f-spline")
def nlf_f_spline(xs: list[float], ys: list[float]) -> Nlf:
    """(nlf-f-spline xs ys)

    Return the natural cubic spline through points; outside it goes on with the slope between the
    last two points.

    ((nlf-f-spline '(0 1 2) '(0 1 4)) 1)
    => 1
    """
    return Nlf(spline("nlf-f-spline", 0, xs, ys))


@builtin("nlf-df-spline")
def nlf_df_spline(xs: list[float], ys: list[float]) -> Nlf:
    """(nlf-df-spline xs ys)

    Return the derivative of (nlf-f-spline xs ys).

    ((nlf-df-spline '(0 1 2) '(0 1 4)) 1)
    => 2
    """
    return Nlf(spline("nlf-df-spline", 1, xs, ys))


@builtin("nlf-ddf-spline")
def nlf_ddf_spline(xs: list[float], ys: list[float]) -> Nlf:
    """(nlf-ddf-spline xs ys)

    Return the second derivative of (nlf-f-spline xs ys), 0 at the ends and outside.

    ((nlf-ddf-spline '(0 1 2) '(0 1 4)) 1)
    => 3
    """
    return Nlf(spline("nlf-ddf-spline", 2, xs, ys))


@builtin("nlf-df-all")
def nlf_df_all(it: Machine, f: Callee) -> Nlf:
    """(nlf-df-all f)

    Return the derivative of a function as a difference: (f(x+h) - f(x-h)) / 2h, h = 1/256.

    ((nlf-df-all (nlf-f-lin 1 3 0 0)) 1)
    => 3
    """
    return Nlf(difference("nlf-df-all", nlf_of(it, f, "nlf-df-all"), 1))


@builtin("nlf-ddf-all")
def nlf_ddf_all(it: Machine, f: Callee) -> Nlf:
    """(nlf-ddf-all f)

    Return the second derivative of a function as a difference: (f(x-h) - 2 f(x) + f(x+h)) / h^2,
    h = 1/128, in float32: it is noisy.

    ((nlf-ddf-all (nlf-f-lin 1 3 0 0)) 1)
    => 0
    """
    return Nlf(difference("nlf-ddf-all", nlf_of(it, f, "nlf-ddf-all"), 2))


def standard_functions() -> tuple[Nlf, Nlf, Nlf]:
    """Return nlf, dnlf and ddnlf as a session has them first: 1.7159 tanh(0.66666666 x)."""
    slope = 0.66666666
    numbers = (scale_of(slope, 0.0), slope, 0.0, 0.0)
    f = of_kind("nlf-f-tanh", arithmetic.TANH, *numbers)
    df = of_kind("nlf-df-tanh", arithmetic.DTANH, *numbers)
    return Nlf(f), Nlf(df), Nlf(difference("nlf-ddf-all", f, 2))
