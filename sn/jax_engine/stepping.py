"""Stepping: the update rules of optim/rules.py over JAX arrays, in float32.

`stepped` is `advance` of the twin in other words: the same trees are walked, so a rule is written
once for all engines. Read next: programs.py.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from sn.jax_engine.formulas import OPERATIONS, Array
from sn.net.expr import Expr, evaluate, variable
from sn.optim.rules import HYPER, OWN_DECAY, STEPS, UpdateRule, clip_factor


class Carry(NamedTuple):
    """What a step changes: weights (n_weights,), slots by name likewise, counters () by name."""

    weights: Array
    slots: dict[str, Array]
    counters: dict[str, Array]


class Numbers(NamedTuple):
    """What a step reads: the numbers of `Hyper` in their order, and of each weight its rate, its
    own step (of rules that have one) and its decay; (n_weights,) each.
    """

    hyper: Array
    rates: Array
    steps: Array
    decays: Array


def empty(rule: UpdateRule, weights: Array) -> Carry:
    """Return weights, (..., n_weights), before the first step of a rule."""
    names = [slot.name for slot in rule.slots if slot.name != STEPS]
    each = weights.shape[:-1]
    return Carry(
        weights,
        {name: np.zeros(weights.shape, np.float32) for name in names},
        {counter.name: np.zeros(each, np.float32) for counter in rule.counters},
    )


def stepped(
    rule: UpdateRule, carry: Carry, numbers: Numbers, descent: Array, bend: Array | None
) -> Carry:
    """Return what one update leaves.

    Shapes: descent: (n_weights,), the sum of x_i g_j over the connections of a weight; bend: that
    of x_i^2 h_j, None for a rule that asks for none.
    """
    known: dict[str, Any] = {name: numbers.hyper[place] for place, name in enumerate(HYPER)}
    if rule.is_clipped:
        length = jnp.sqrt(jnp.sum(descent * descent))
        factor = _value(clip_factor(variable("length")), {"length": length, **known})
        descent = descent * factor
    known |= carry.counters
    counted = {
        counter.name: _value(counter.value, known)
        for counter in rule.counters
        if counter.value is not None
    }
    known |= counted
    known |= carry.slots
    known |= {"weight": carry.weights, "descent": descent, "rate": numbers.rates}
    known |= {STEPS: numbers.steps, OWN_DECAY.name: numbers.decays}
    if bend is not None:
        known["bend"] = bend
    memo: dict[Expr, Array] = {}
    weights = carry.weights if rule.weight is None else _value(rule.weight, known, memo)
    moved = {
        slot.name: _value(slot.value, known, memo)
        for slot in rule.slots
        if slot.value is not None and slot.name != STEPS
    }
    return Carry(weights, {**carry.slots, **moved}, {**carry.counters, **counted})


def _value(e: Expr, known: dict[str, Any], memo: dict[Expr, Array] | None = None) -> Array:
    return evaluate(e, known, OPERATIONS, jnp.float32, memo)
