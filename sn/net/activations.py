"""Non-linear functions of a unit: one formula each, with both derivatives found symbolically.

To add one, write a function that returns an `Activation` and register it.

Source: SN 2.8, nlf-tanh, nlf-lin; the default is A tanh(2x/3) with f(1) = 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from sn.display import brief
from sn.net import expr
from sn.net.expr import Expr
from sn.net.stable import derivative, stable
from sn.registry import Registry


@dataclass(frozen=True, slots=True)
class Activation:
    """A unit's non-linearity: `value` is an expression of the total input `a`.

    It is kept in a stable form. `is_plain` leaves it and its derivatives as algebra gives them:
    1 - tanh^2 x, the form of SN 2.8, with which its nets are trained bit for bit. `written` is
    the formula of a function in Lisp, as the program has it.
    """

    name: str
    value: Expr
    is_plain: bool = False
    written: str = ""

    def __post_init__(self) -> None:
        if not self.is_plain:
            object.__setattr__(self, "value", stable(self.value))

    def __repr__(self) -> str:
        return brief(f"non-linearity {self.name}")

    @property
    def slope(self) -> Expr:
        """The first derivative with respect to the total input."""
        return expr.derivative(self.value, "a") if self.is_plain else derivative(self.value, "a")

    @property
    def bend(self) -> Expr:
        """The second derivative with respect to the total input."""
        return expr.derivative(self.slope, "a") if self.is_plain else derivative(self.slope, "a")

    def __str__(self) -> str:
        return self.name


activation: Registry[Callable[..., Activation]] = Registry("non-linearity")

TOTAL = expr.variable("a")


@activation("nlf-tanh")
def nlf_tanh(
    mx: float = 0.66666666, dmin: float = 0.0, scale: float | None = None, offset: float = 0.0
) -> Activation:
    """(nlf-tanh mx dmin [scale [offset]]): scale tanh(mx x) + dmin x + offset.

    Without `scale`, scale = 1 / (tanh(mx) + dmin).
    Source: SN 2.8, nlf-tanh; (nlf-tanh 0.66666666 0) is its default.
    """
    if scale is None:
        scale = 1.0 / (math.tanh(mx) + dmin)
    value = scale * expr.call("tanh", mx * TOTAL) + dmin * TOTAL + offset
    name = f"{scale:.5g} tanh({mx:.5g} x)" + (f" + {dmin:.5g} x" if dmin else "")
    return Activation(name + (f" + {offset:.5g}" if offset else ""), value, is_plain=True)


@activation("tanh", "nlf-plain-tanh")
def tanh() -> Activation:
    """(tanh): the plain hyperbolic tangent."""
    return Activation("tanh(x)", expr.call("tanh", TOTAL), is_plain=True)


@activation("linear")
def linear(slope: float = 1.0) -> Activation:
    """(linear [slope]): slope times the total input."""
    return Activation("linear" if slope == 1 else f"{slope:.5g} x", slope * TOTAL)


@activation("relu")
def relu() -> Activation:
    """(relu): the larger of the total input and 0; the slope at 0 is 0."""
    return Activation("relu(x)", expr.call("max", expr.const(0), TOTAL))


@activation("leaky-relu")
def leaky_relu(slope: float = 0.01) -> Activation:
    """(leaky-relu [slope]): the total input, times `slope` where it is not positive.

    Source: Maas, Hannun and Ng 2013, whose slope is 0.01.
    """
    return Activation(f"leaky relu(x, {slope:.5g})", _by_sign(TOTAL, slope * TOTAL))


@activation("elu")
def elu(alpha: float = 1.0) -> Activation:
    """(elu [alpha]): the total input, alpha (e^x - 1) where it is not positive.

    Source: Clevert, Unterthiner and Hochreiter 2016.
    """
    # the side that is not chosen must not overflow either
    below = _by_sign(expr.const(0), TOTAL)
    name = "elu(x)" if alpha == 1 else f"elu(x, {alpha:.5g})"
    return Activation(name, _by_sign(TOTAL, alpha * expr.call("expm1", below)))


@activation("gelu")
def gelu() -> Activation:
    """(gelu): x times the share of a normal distribution below x, exactly.

    Below -13.1, where it is smaller than 1e-37, kernels give 0.
    Source: Hendrycks and Gimpel 2016; their tanh and logistic approximations are other functions.
    """
    return Activation("gelu(x)", TOTAL * expr.call("normal_cdf", TOTAL))


@activation("silu")
def silu() -> Activation:
    """(silu): x / (1 + e^-x).

    Source: Elfwing, Uchibe and Doya 2018; Ramachandran, Zoph and Le 2017 call it swish.
    """
    return Activation("silu(x)", TOTAL * expr.call("logistic", TOTAL))


@activation("logistic")
def logistic() -> Activation:
    """(logistic): 1 / (1 + e^-x), from 0 to 1."""
    return Activation("logistic(x)", expr.call("logistic", TOTAL))


@activation("softplus")
def softplus() -> Activation:
    """(softplus): log(1 + e^x), a smooth relu.

    Source: Dugas et al. 2001.
    """
    return Activation("softplus(x)", expr.call("softplus", TOTAL))


def _by_sign(above: Expr, below: Expr) -> Expr:
    """Choose by the sign of the total input."""
    return expr.choose(expr.call("lt", expr.const(0), TOTAL), above, below)
