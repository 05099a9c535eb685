"""Formulas in JAX: the expressions of net/expr.py over arrays, with SN's own derivatives.

The trees are walked, as the twin does in NumPy and the emitter in vector code, so a formula is
written once. What `jax.grad` takes of a non-linearity, a cost or a term is the symbolic
derivative that kernels compute too: at corners, and where a product would be 0 times infinity,
all engines say the same.

Read next: nodes.py, function.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
from jax.scipy.special import erfc

from sn.net.activations import Activation
from sn.net.combine import Combine
from sn.net.costs import Cost
from sn.net.expr import Expr, evaluate, neg
from sn.net.output import OutputFormulas

Array: TypeAlias = Any  # of jax, or what it traces


def _logistic(v: Array) -> Array:
    small = jnp.exp(-jnp.abs(v))
    return jnp.where(v < 0, small, 1.0) / (1.0 + small)


def _root_logistic(v: Array) -> Array:
    small = jnp.exp(-0.5 * jnp.abs(v))
    return jnp.where(v < 0, small, 1.0) / jnp.sqrt(1.0 + small * small)


def _softplus(v: Array) -> Array:
    return jnp.maximum(v, 0.0) + jnp.log1p(jnp.exp(-jnp.abs(v)))


def _logcosh(u: Array) -> Array:
    size = jnp.abs(u)
    near = 0.5 * jnp.log1p(jnp.sinh(jnp.minimum(size, 1.0)) ** 2)
    return jnp.where(size < 1, near, size + (jnp.log1p(jnp.exp(-2.0 * size)) - math.log(2.0)))


def _normal_cdf(v: Array) -> Array:
    return 0.5 * erfc(-math.sqrt(0.5) * v)


# NOTE(net): every name of OPERATIONS in net/expr.py; a test holds the two to each other.
OPERATIONS: dict[str, Callable[..., Array]] = {
    "add": jnp.add,
    "sub": jnp.subtract,
    "mul": jnp.multiply,
    "div": jnp.divide,
    "over": jnp.divide,
    "neg": jnp.negative,
    "tanh": jnp.tanh,
    "exp": jnp.exp,
    "log": jnp.log,
    "sqrt": jnp.sqrt,
    "sin": jnp.sin,
    "cos": jnp.cos,
    "abs": jnp.abs,
    "min": jnp.minimum,
    "max": jnp.maximum,
    "lt": jnp.less,
    "le": jnp.less_equal,
    "eq": jnp.equal,
    "if": jnp.where,
    "fma": lambda a, b, c: a * b + c,
    "expm1": jnp.expm1,
    "normal_cdf": _normal_cdf,
    "logistic": _logistic,
    "root_logistic": _root_logistic,
    "softplus": _softplus,
    "logcosh": _logcosh,
}


def computed(
    e: Expr, variables: Mapping[str, Array], memo: dict[Expr, Array] | None = None
) -> Array:
    """Return the value of a formula in float32, of the shape that its variables broadcast to."""
    value = evaluate(e, variables, OPERATIONS, jnp.float32, memo)
    shape = jnp.broadcast_shapes(*(jnp.shape(one) for one in variables.values()))
    return jnp.broadcast_to(value, jnp.broadcast_shapes(shape, jnp.shape(value)))


@cache
def non_linearity(activation: Activation) -> Callable[[Array], Array]:
    """Return the function of total inputs, of any shape, whose derivative is `slope`."""

    @jax.custom_jvp
    def state(total: Array) -> Array:
        return computed(activation.value, {"a": total})

    @state.defjvp
    def _(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
        (total,), (moved,) = primals, tangents
        return state(total), computed(activation.slope, {"a": total}) * moved

    found: Callable[[Array], Array] = state
    return found


@cache
def term(combine: Combine) -> Callable[[Array, Array], Array]:
    """Return what connections add to totals, of their weights and states."""

    @jax.custom_jvp
    def added(weight: Array, seen: Array) -> Array:
        return computed(combine.term, {"w": weight, "x": seen})

    @added.defjvp
    def _(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
        ends = dict(zip(("w", "x"), primals, strict=True))
        by_weight, by_state = computed(combine.d_weight, ends), computed(combine.d_state, ends)
        return added(*primals), by_weight * tangents[0] + by_state * tangents[1]

    found: Callable[[Array, Array], Array] = added
    return found


def cost_ends(cost: Cost, outputs: Array, desired: Array) -> dict[str, Array]:
    """Return what the formulas of a cost read: `y`, `d` and the reductions over the last axis."""
    ends = {"y": outputs, "d": desired}
    for one in cost.reductions:
        reduce = jnp.max if one.how == "max" else jnp.sum
        ends[one.name] = reduce(computed(one.of, ends), axis=-1, keepdims=True)
    return ends


@cache
def cost_of_states(cost: Cost) -> Callable[[Array, Array], Array]:
    """Return the cost of the outputs of one pattern and what is desired: both (n_outputs,)."""

    @jax.custom_jvp
    def value(outputs: Array, desired: Array) -> Array:
        return jnp.sum(computed(cost.value, cost_ends(cost, outputs, desired)))

    @value.defjvp
    def _(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
        slope = computed(cost.slope, cost_ends(cost, *primals))
        return value(*primals), jnp.sum(slope * tangents[0])

    found: Callable[[Array, Array], Array] = value
    return found


@cache
def cost_of_totals(joint: OutputFormulas) -> Callable[[Array, Array], Array]:
    """Return the same of the total inputs of output units, where output.py has formulas of them."""

    @jax.custom_jvp
    def value(total: Array, desired: Array) -> Array:
        return jnp.sum(computed(joint.value, {"a": total, "d": desired}))

    @value.defjvp
    def _(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
        slope = computed(neg(joint.grad), dict(zip(("a", "d"), primals, strict=True)))
        return value(*primals), jnp.sum(slope * tangents[0])

    found: Callable[[Array, Array], Array] = value
    return found
