"""Output units: cost and non-linearity differentiated as one formula of the total input.

E'(y) f'(a) is 0 * infinity where the logistic function rounds to 0 or 1 and the cost has a
logarithm of it. As one expression of `a` and `d`, simplified, it is y - d. Costs whose
derivatives are polynomials of the output need none of this and keep their two factors.

Read next: stable.py for the simplification.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from sn.net.activations import Activation
from sn.net.costs import Cost
from sn.net.expr import Expr, mul, neg, substitute
from sn.net.stable import derivative, stable


@dataclass(frozen=True, slots=True)
class OutputFormulas:
    """What an output unit adds, in terms of its total input `a` and the desired value `d`.

    `value` is E(f(a)), `grad` is -dE/da, `gauss_newton` is E''(y) f'(a)^2, and `full` is d2E/da2.
    """

    value: Expr
    grad: Expr
    gauss_newton: Expr
    full: Expr


@lru_cache(maxsize=64)
def output_formulas(activation: Activation, cost: Cost) -> OutputFormulas | None:
    """Return the joint formulas; None where E' and E'' have no poles, so that products are
    safe, and for a cost over the layer, whose formulas are safe already.
    """
    if cost.reductions or not any(_has_pole(e) for e in (cost.slope, cost.bend)):
        return None
    slope = derivative(cost.plain, "y")
    outer, bend = (substitute(e, "y", activation.value) for e in (slope, derivative(slope, "y")))
    joint = stable(mul(outer, activation.slope))
    return OutputFormulas(
        stable(substitute(cost.plain, "y", activation.value)),
        neg(joint),
        stable(mul(bend, mul(activation.slope, activation.slope))),
        derivative(joint, "a"),
    )


def _has_pole(e: Expr) -> bool:
    """Whether a formula divides by something that depends on the output, or takes its logarithm."""
    below = {"div": e.args[1:], "log": e.args}.get(e.op, ())
    return any(map(_depends_on_output, below)) or any(map(_has_pole, e.args))


def _depends_on_output(e: Expr) -> bool:
    return e.name == "y" or any(map(_depends_on_output, e.args))
