"""Stepping: the update rules of optim/rules.py over JAX arrays, in float32.

`stepped` is `advance` of the twin in other words: the same trees are walked, so a rule is written
once for all engines. Read next: programs.py.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp

from sn.jax_engine.formulas import OPERATIONS, Array
from sn.jax_engine.weights import Pieces
from sn.net.expr import Expr, evaluate, variable
from sn.optim.rules import HYPER, OWN_DECAY, STEPS, UpdateRule, clip_factor


class Carry(NamedTuple):
    """What a step changes: weights in pieces, slots by name likewise, counters () by name."""

    weights: Pieces
    slots: dict[str, Pieces]
    counters: dict[str, Array]


class Numbers(NamedTuple):
    """What a step reads: the numbers of `Hyper` in their order, and of each weight its rate, its
    own step (of rules that have one) and its decay, in pieces.
    """

    hyper: Array
    rates: Pieces
    steps: Pieces
    decays: Pieces


def stepped(
    rule: UpdateRule, carry: Carry, numbers: Numbers, descent: Pieces, bend: Pieces | None
) -> Carry:
    """Return what one update leaves.

    `descent` has the sum of x_i g_j over the connections of each weight; `bend` that of x_i^2 h_j,
    None for a rule that asks for none.
    """
    known: dict[str, Any] = {name: numbers.hyper[place] for place, name in enumerate(HYPER)}
    if rule.is_clipped:
        length = jnp.sqrt(sum(jnp.sum(piece * piece) for piece in descent))
        factor = _value(clip_factor(variable("length")), {"length": length, **known})
        descent = tuple(piece * factor for piece in descent)
    known |= carry.counters
    counted = {
        counter.name: _value(counter.value, known)
        for counter in rule.counters
        if counter.value is not None
    }
    known |= counted
    weights: list[Array] = []
    slots: dict[str, list[Array]] = {name: [] for name in carry.slots}
    for place in range(len(carry.weights)):
        each = {name: slot[place] for name, slot in carry.slots.items()}
        each |= {"weight": carry.weights[place], "descent": descent[place]}
        each |= {"rate": numbers.rates[place], STEPS: numbers.steps[place]}
        each |= {OWN_DECAY.name: numbers.decays[place]}
        if bend is not None:
            each["bend"] = bend[place]
        moved = _moved(rule, {**known, **each})
        weights.append(moved.pop("weight"))
        for name, slot in slots.items():
            slot.append(moved[name])
    kept = {name: tuple(slot) for name, slot in slots.items()}
    return Carry(tuple(weights), kept, {**carry.counters, **counted})


def _moved(rule: UpdateRule, known: dict[str, Any]) -> dict[str, Array]:
    """Return the next weights and slots of a piece, by name."""
    memo: dict[Expr, Array] = {}
    found = {"weight": known["weight"] if rule.weight is None else _value(rule.weight, known, memo)}
    for slot in rule.slots:
        if slot.name != STEPS:
            found[slot.name] = (
                known[slot.name] if slot.value is None else _value(slot.value, known, memo)
            )
    return found


def _value(e: Expr, known: dict[str, Any], memo: dict[Expr, Array] | None = None) -> Array:
    return evaluate(e, known, OPERATIONS, jnp.float32, memo)
