"""Costs: what one output unit adds for its output and the desired value.

`value` is an expression of `y` (output) and `d` (desired); the cost of a pattern is the sum
over the output units. To add one, write a function that returns a `Cost` and register it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sn.net import expr
from sn.net.expr import Expr, call, const
from sn.net.stable import derivative, stable
from sn.registry import Registry


@dataclass(frozen=True, slots=True)
class Cost:
    """A cost per output unit and its derivatives with respect to the output.

    `value` is kept in a stable form in which d log y is 0 for d = 0, whatever y is. `written` is
    the formula of a function in Lisp, as the program has it. `is_mean` says that the sum over
    the outputs is a mean over them already.
    """

    name: str
    value: Expr
    written: str = ""
    is_mean: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", _guarded(stable(self.value)))

    @property
    def plain(self) -> Expr:
        """The value as algebra takes it: without the choice that makes 0 log 0 a 0."""
        return stable(_unguarded(self.value))

    @property
    def slope(self) -> Expr:
        """The first derivative with respect to the output."""
        return derivative(self.value, "y")

    @property
    def bend(self) -> Expr:
        """The second derivative with respect to the output."""
        return derivative(self.slope, "y")


def _guarded(e: Expr) -> Expr:
    """Choose 0 where a factor of the desired value is 0 and the other holds a logarithm."""
    if not e.args or _is_guard(e):
        return e
    e = call(e.op, *map(_guarded, e.args))
    if e.op == "mul":
        for factor, other in (e.args, e.args[::-1]):
            if _names(factor) == {"d"} and "y" in _names(other) and _has_logarithm(other):
                return call("if", call("eq", factor, const(0)), const(0), e)
    return e


def _is_guard(e: Expr) -> bool:
    return e.op == "if" and e.args[0].op == "eq" and e.args[1] == const(0) and e.args[2].op == "mul"


def _unguarded(e: Expr) -> Expr:
    if _is_guard(e):
        return e.args[2]
    return call(e.op, *map(_unguarded, e.args)) if e.args else e


def _names(e: Expr) -> set[str]:
    return {e.name} if e.op == "var" else set().union(*map(_names, e.args))


def _has_logarithm(e: Expr) -> bool:
    return e.op == "log" or any(map(_has_logarithm, e.args))


cost: Registry[Callable[[int], Cost]] = Registry("cost")

OUTPUT, DESIRED = expr.variable("y"), expr.variable("d")


@cost("lms")
def lms(n_outputs: int) -> Cost:
    """(cost lms): half the sum of squared differences.

    Source: SN 2.8, init-grad-lms: E = 1/2 sum (d - y)^2.
    """
    return Cost("lms", 0.5 * (DESIRED - OUTPUT) * (DESIRED - OUTPUT))


@cost("mean-square")
def mean_square(n_outputs: int) -> Cost:
    """(cost mean-square): the mean of the squared differences over the outputs.

    Source: the 2022 reproduction's cost; its step 0.03 is 0.006 of `lms` with ten outputs.
    """
    return Cost("mean-square", (DESIRED - OUTPUT) * (DESIRED - OUTPUT) / n_outputs, is_mean=True)
