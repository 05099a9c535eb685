"""Costs: what one output unit adds for its output and the desired value.

`value` is an expression of `y` (output) and `d` (desired); the cost of a pattern is the sum
over the output units. To add one, write a function that returns a `Cost` and register it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sn.net import expr
from sn.net.expr import Expr
from sn.registry import Registry


@dataclass(frozen=True, slots=True)
class Cost:
    """A cost per output unit and its derivatives with respect to the output."""

    name: str
    value: Expr

    @property
    def slope(self) -> Expr:
        """The first derivative with respect to the output."""
        return expr.derivative(self.value, "y")

    @property
    def bend(self) -> Expr:
        """The second derivative with respect to the output."""
        return expr.derivative(self.slope, "y")


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
    return Cost("mean-square", (DESIRED - OUTPUT) * (DESIRED - OUTPUT) / n_outputs)
