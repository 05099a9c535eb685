"""Costs: what the output layer adds for its outputs and the desired values.

`value` is an expression of `y` (output) and `d` (desired) of one unit; the cost of a pattern is
the sum over the output units. A cost over the layer reads sums or maxima over all units besides,
its `reductions`, and then says its derivatives itself. To add a cost, write a function that
returns a `Cost` and register it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.display import brief
from sn.net import expr
from sn.net.expr import Expr, call, const, evaluate
from sn.net.stable import derivative, stable
from sn.registry import Registry

Numbers = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Reduction:
    """A number of the whole output layer: the "sum" or the "max" of a formula over its units.

    The formula may name the reductions before it.
    """

    name: str
    how: str
    of: Expr


@dataclass(frozen=True, slots=True)
class Derivatives:
    """What a cost over the layer starts the backward passes with, as formulas of one unit.

    `slope` is dE/dy and `bend` d2E/dy2; `mixed` is u where d2E/dy_i dy_j = -u_i u_j for i != j.
    """

    slope: Expr
    bend: Expr
    mixed: Expr


@dataclass(frozen=True, slots=True)
class Cost:
    """A cost per output unit and its derivatives with respect to the output.

    `value` is kept in a stable form in which d log y is 0 for d = 0, whatever y is. `written` is
    the formula of a function in Lisp, as the program has it. `is_mean` says that the sum over
    the outputs is to be told as it is: a mean over them already, or a cost of the whole pattern.
    """

    name: str
    value: Expr
    written: str = ""
    is_mean: bool = False
    reductions: tuple[Reduction, ...] = ()
    derivatives: Derivatives | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", _guarded(stable(self.value)))

    def __repr__(self) -> str:
        return brief(f"cost {self.name}")

    @property
    def plain(self) -> Expr:
        """The value as algebra takes it: without the choice that makes 0 log 0 a 0."""
        return stable(_unguarded(self.value))

    @property
    def slope(self) -> Expr:
        """The first derivative with respect to the output."""
        if self.derivatives is not None:
            return self.derivatives.slope
        return derivative(self.value, "y")

    @property
    def bend(self) -> Expr:
        """The second derivative with respect to the output."""
        if self.derivatives is not None:
            return self.derivatives.bend
        return derivative(self.slope, "y")

    def weighted(self, weight: float) -> Cost:
        """Return the cost times a positive number."""
        if weight == 1:
            return self
        given = self.derivatives
        if given is not None:
            mixed = math.sqrt(weight) * given.mixed
            given = Derivatives(weight * given.slope, weight * given.bend, mixed)
        return replace(self, value=weight * self.plain, derivatives=given)

    def ends(self, outputs: Numbers, desired: Numbers, axis: int = -1) -> dict[str, Numbers]:
        """Return what the formulas read: `y`, `d`, and the reductions over the units of an axis."""
        ends = {"y": outputs, "d": desired}
        for one in self.reductions:
            reduce = np.max if one.how == "max" else np.sum
            ends[one.name] = reduce(evaluate(one.of, ends), axis=axis, keepdims=True)
        return ends

    def along(self, ends: dict[str, Numbers], moved: Numbers, axis: int = -1) -> Numbers:
        """Return the second derivative of E along a direction `moved` of the outputs."""
        bent: Numbers = np.sum(evaluate(self.bend, ends) * moved**2, axis=axis)
        if self.derivatives is None:
            return bent
        mixed = evaluate(self.derivatives.mixed, ends) * moved
        bent = bent + np.sum(mixed**2, axis=axis) - np.sum(mixed, axis=axis) ** 2
        return bent


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


@cost("softmax")
def softmax(n_outputs: int) -> Cost:
    """(cost softmax): cross-entropy of the desired shares and the softmax of the outputs.

    With p_j = exp y_j / sum exp y and S = sum d, E = - sum d_j log p_j; dE/dy_j = S p_j - d_j.
    The curvature of an output is the diagonal S p_j (1 - p_j) of the Hessian, which is that of
    Gauss-Newton; the terms - S p_i p_j between outputs are neglected in the curvatures of
    weights, as the diagonal method neglects all such terms, and kept along the line of
    conjugate-gradient. Outputs are linear; desired values are not negative: (targets 0 1). The
    error that is told is the cross-entropy per pattern, in nats.
    Source: Bridle 1990; the maximum is subtracted, so that no exponential overflows.
    """
    top, total, wanted = map(expr.variable, ("top", "total", "wanted"))
    power = call("exp", OUTPUT - top)
    share = power / total
    return Cost(
        "softmax",
        DESIRED * (call("log", total) - (OUTPUT - top)),
        is_mean=True,
        reductions=(
            Reduction("top", "max", OUTPUT),
            Reduction("total", "sum", power),
            Reduction("wanted", "sum", DESIRED),
        ),
        derivatives=Derivatives(
            wanted * share - DESIRED,
            wanted * share * (1 - share),
            share * call("sqrt", wanted),
        ),
    )
