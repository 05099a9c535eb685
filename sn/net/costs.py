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
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from sn.display import brief
from sn.limits import POSITIVE, Limit, option_name
from sn.net import expr
from sn.net.expr import Expr, call, const, evaluate, variables_of
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

    `slope` is dE/dy and `bend` d2E/dy2; `mixed` is u where d2E/dy_i dy_j = -u_i u_j for i != j,
    None where no such u is known (layer_costs.py).
    """

    slope: Expr
    bend: Expr
    mixed: Expr | None


@dataclass(frozen=True, slots=True)
class Cost:
    """A cost per output unit and its derivatives with respect to the output.

    `value` is kept in a stable form in which d log y is 0 for d = 0, whatever y is. `written` is
    the formula of a function in Lisp, as the program has it. `is_mean` says that the sum over
    the outputs is to be told as it is: a mean over them already, or a cost of the whole pattern.
    `share` is what of an output compares with the desired value, from 0 to 1, where that is not
    the output itself, which is linear then.
    """

    name: str
    value: Expr
    written: str = ""
    is_mean: bool = False
    reductions: tuple[Reduction, ...] = ()
    derivatives: Derivatives | None = None
    share: Expr | None = None

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
            mixed = None if given.mixed is None else math.sqrt(weight) * given.mixed
            given = Derivatives(weight * given.slope, weight * given.bend, mixed)
        return replace(self, value=weight * self.plain, derivatives=given)

    def ends(self, outputs: Numbers, desired: Numbers, axis: int = -1) -> dict[str, Numbers]:
        """Return what the formulas read: `y`, `d`, and the reductions over the units of an axis."""
        ends = {"y": outputs, "d": desired}
        for one in self.reductions:
            reduce = np.max if one.how == "max" else np.sum
            ends[one.name] = reduce(evaluate(one.of, ends), axis=axis, keepdims=True)
        return ends

    @property
    def wanted(self) -> Limit:
        """The desired values that it takes: any, parts of one or of all outputs' sum."""
        if self.share is None:
            return Limit()
        return Limit(0) if self.reductions else Limit(0, 1)

    def answers(self, outputs: Numbers) -> Numbers:
        """Return outputs as they compare with desired values: (n, n_outputs)."""
        if self.share is None:
            return outputs
        given = outputs.astype(np.float64)
        found: Numbers = evaluate(self.share, self.ends(given, np.zeros_like(given)))
        return found

    def along(self, ends: dict[str, Numbers], moved: Numbers, axis: int = -1) -> Numbers:
        """Return the second derivative of E along a direction `moved` of the outputs."""
        if self.derivatives is not None and self.derivatives.mixed is None:
            return _along(self, ends, moved, axis)
        bent: Numbers = np.sum(evaluate(self.bend, ends) * moved**2, axis=axis)
        if self.derivatives is None or self.derivatives.mixed is None:
            return bent
        mixed = evaluate(self.derivatives.mixed, ends) * moved
        bent = bent + np.sum(mixed**2, axis=axis) - np.sum(mixed, axis=axis) ** 2
        return bent


def _along(cost: Cost, ends: dict[str, Numbers], moved: Numbers, axis: int) -> Numbers:
    """Return the second derivative along a direction of the outputs, of a cost over the layer.

    Value, first and second derivative of each reduction go along the line together.
    """
    first: dict[str, Numbers] = {}
    second: dict[str, Numbers] = {}

    def line(e: Expr) -> tuple[Numbers, Numbers]:
        """The derivatives of a formula of one output along the line."""
        steps = {"y": moved, **first}
        names = [name for name in steps if name in variables_of(e)]
        once: Any = np.zeros_like(moved)
        twice: Any = np.zeros_like(moved)
        for a in names:
            by_a = derivative(e, a)
            once = once + evaluate(by_a, ends) * steps[a]
            if a in second:
                twice = twice + evaluate(by_a, ends) * second[a]
            for b in names:
                if b in variables_of(by_a):
                    twice = twice + evaluate(derivative(by_a, b), ends) * steps[a] * steps[b]
        return once, twice

    for one in cost.reductions:
        once, twice = line(one.of)
        if one.how == "max":
            values = np.broadcast_to(evaluate(one.of, ends), moved.shape)
            top = np.argmax(values, axis=axis, keepdims=True)
            picked = [np.take_along_axis(part, top, axis) for part in (once, twice)]
        else:
            picked = [part.sum(axis=axis, keepdims=True) for part in (once, twice)]
        first[one.name], second[one.name] = picked
    found: Numbers = line(cost.value)[1].sum(axis=axis)
    return found


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


# Options of a cost are what its function takes by keyword, each with its limit.
cost: Registry[Callable[..., Cost]] = Registry("cost")

Share = Annotated[float, Limit(0, 1, is_open_above=True)]

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


@cost("huber")
def huber(n_outputs: int, *, delta: Annotated[float, POSITIVE] = 1.0) -> Cost:
    """(cost huber [(delta X)]): `lms` for differences up to X, straight lines beyond.

    With r = y - d, half of r^2 where |r| <= X, else X |r| - X^2 / 2; X is 1. The curvature is 1 on
    the parabola and 0 on the lines.
    Source: Huber 1964.
    """
    size = call("abs", OUTPUT - DESIRED)
    near = 0.5 * (OUTPUT - DESIRED) * (OUTPUT - DESIRED)
    value = call("if", call("le", size, const(delta)), near, delta * size - 0.5 * delta * delta)
    return Cost(_named("huber", delta=(delta, 1.0)), value)


@cost("logistic")
def logistic(n_outputs: int, *, label_smoothing: Share = 0.0) -> Cost:
    """(cost logistic [(label-smoothing A)]): cross-entropy of each output's logistic function.

    With p = 1 / (1 + exp(-y)), E = - sum d_j log p_j + (1 - d_j) log(1 - p_j), for labels that do
    not exclude each other; dE/dy = p - d, and the curvature p (1 - p) is exact. Outputs are linear;
    desired values are from 0 to 1: (targets 0 1). Smoothing makes d (1 - A) d + A / 2.
    """
    wanted = _smoothed(label_smoothing, const(0.5))
    value = call("softplus", OUTPUT) - wanted * OUTPUT
    name = _named("logistic", label_smoothing=(label_smoothing, 0.0))
    return Cost(name, value, share=call("logistic", OUTPUT))


@cost("softmax")
def softmax(n_outputs: int, *, label_smoothing: Share = 0.0) -> Cost:
    """(cost softmax [(label-smoothing A)]): cross-entropy of desired shares and those of outputs.

    With p_j = exp y_j / sum exp y and S = sum d, E = - sum d_j log p_j; dE/dy_j = S p_j - d_j.
    The curvature of an output is the diagonal S p_j (1 - p_j) of the Hessian, which is that of
    Gauss-Newton; the terms - S p_i p_j between outputs are neglected in the curvatures of
    weights, as the diagonal method neglects all such terms, and kept along the line of
    conjugate-gradient. Outputs are linear; desired values are not negative: (targets 0 1). The
    error that is told is the cross-entropy per pattern, in nats. Smoothing makes d of n outputs
    (1 - A) d + A S / n.
    Source: Bridle 1990; the maximum is subtracted, so that no exponential overflows. Smoothing:
    Szegedy et al. 2016.
    """
    top, total, sum_ = map(expr.variable, ("top", "total", "wanted"))
    power = call("exp", OUTPUT - top)
    share = power / total
    wanted = _smoothed(label_smoothing, sum_ / n_outputs)
    return Cost(
        _named("softmax", label_smoothing=(label_smoothing, 0.0)),
        wanted * (call("log", total) - (OUTPUT - top)),
        is_mean=True,
        reductions=(
            Reduction("top", "max", OUTPUT),
            Reduction("total", "sum", power),
            Reduction("wanted", "sum", DESIRED),
        ),
        derivatives=Derivatives(
            sum_ * share - wanted,
            sum_ * share * (1 - share),
            share * call("sqrt", sum_),
        ),
        share=share,
    )


def _smoothed(smoothing: float, even: Expr) -> Expr:
    """The desired value, moved a part of the way to what all outputs would share evenly."""
    return DESIRED if smoothing == 0 else (1 - smoothing) * DESIRED + smoothing * even


def _named(name: str, **options: tuple[float, float]) -> str:
    """Return the name of a cost with those of its options that are not as usual."""
    said = [f"{option_name(k)} {x:g}" for k, (x, usual) in options.items() if x != usual]
    return " ".join([name, *said])
