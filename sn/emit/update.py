"""The update rule: how one vector of weights moves, as vector code.

A section hands over the descent direction d of a weight (the sum of x_i g_j over its
connections) and, for rules of second order, its curvature h (the sum of x_i^2 h_j). What becomes
of them are the expressions of an `UpdateRule`, those that the twin evaluates. What a rule keeps
is one block `q`: value of slot s for weight i at s * pitch + i.

Read next: ../optim/rules.py for the rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sn.emit.functions import verbs
from sn.emit.vector import Builder, Memories, Memory, Position, Vec
from sn.emit.writer import formula, literal
from sn.net.expr import Expr, evaluate, variable
from sn.optim.rules import (
    DESCENT,
    HYPER,
    INPUTS,
    OWN_DECAY,
    RATE,
    WEIGHT,
    Slot,
    UpdateRule,
)

# `h` holds the numbers of `Hyper`, then the counters of a rule; in the end what clips descents
N_HYPER = 32
FACTOR = N_HYPER - 1


def slot_pitch(n_weights: int) -> int:
    """Return how far apart slots are: each starts on a cache line."""
    return -(-n_weights // 16) * 16


@dataclass(frozen=True, slots=True)
class Row:
    """What the weights of one row have in common: gradient times step, gradient, curvature."""

    scaled: Vec
    grad: Vec
    curv: Vec | None


@dataclass(frozen=True, slots=True)
class PlacedRule:
    """An update rule with slots that are `pitch` numbers apart."""

    rule: UpdateRule
    pitch: int


class Rule:
    """The update rule of one node, as sections use it. `second`: curvatures are handed over."""

    def __init__(self, k: Builder, m: Memories, node: int, placed: PlacedRule) -> None:
        self.m, self._rule, self._pitch = m, placed.rule, placed.pitch
        self.second = placed.rule.second
        self._factor = _row_factor(placed.rule)
        # computed once, where the rule is made, for both widths of vectors
        self._shared = {some.lanes: _shared(some, m, node, self._rule) for some in (k.narrow(), k)}

    def row(self, k: Builder, grad: Vec, curv: Vec | None) -> Row:
        """Prepare the gradient (and curvature) that a row of weights shares."""
        scaled = grad if self._factor is None else grad * self._shared[k.lanes][self._factor]
        return Row(scaled, grad, curv)

    def move(self, k: Builder, at: Position, w: Vec, row: Row, x: Vec) -> None:
        """Move the weights w at `at` for descent = gradient * x."""
        if self._factor is not None:
            k.store(k.fma(row.scaled, x, w), self.m.w, at)
            return
        curv = row.curv * (x * x) if row.curv is not None else None
        self._advance(k, at, w, row.grad * x, curv)

    def apply(self, k: Builder, at: Position, descent: Vec, curv: Vec | None) -> None:
        """Move the weights at `at` along a finished descent direction."""
        self._advance(k, at, k.load(self.m.w, at), descent, curv)

    def _advance(self, k: Builder, at: Position, w: Vec, descent: Vec, curv: Vec | None) -> None:
        m, ops, memo = self.m, verbs(k), dict(self._shared[k.lanes])
        places = {slot.name: at + n * self._pitch for n, slot in enumerate(self._rule.slots)}
        known = {name: k.load(m.q, place) for name, place in places.items()}
        known |= {"weight": w, "descent": descent}
        if curv is not None:
            known["bend"] = curv

        def value(e: Expr) -> Vec:
            found: Vec = evaluate(e, known, ops, k.constant, memo)
            return found

        kept = [
            (slot.name, value(slot.value)) for slot in self._rule.slots if slot.value is not None
        ]
        moved = None if self._rule.weight is None else value(self._rule.weight)
        for name, number in kept:
            k.store(number, m.q, places[name])
        if moved is not None:
            k.store(moved, m.w, at)


def count(k: Builder, m: Memories, placed: PlacedRule) -> None:
    """Advance the counters of a rule, once per presentation."""
    k = k.narrow()
    rule, ops, memo = placed.rule, verbs(k), dict[Expr, Vec]()
    known = {name: k.spread(m.h, place) for name, place in _places(rule).items()}
    values: list[Vec] = [
        evaluate(counter.value, known, ops, k.constant, memo)
        for counter in rule.counters
        if counter.value is not None
    ]
    for counter, value in zip(rule.counters, values, strict=True):
        k.store1(k.lane(value, 0), m.h, _places(rule)[counter.name])


def _places(rule: UpdateRule) -> dict[str, int]:
    """Where `h` holds the numbers and the counters of a rule."""
    return {name: n for n, name in enumerate((*HYPER, *(c.name for c in rule.counters)))}


def _row_factor(rule: UpdateRule) -> Expr | None:
    """What a rule multiplies the gradient of a row by, when it adds that times x and no more.

    r (g x) is computed as (r g) x then: one product for a row instead of one per weight.
    """
    e = rule.weight
    if rule.slots or e is None or e.op != "fma" or e.args[1:] != (DESCENT, WEIGHT):
        return None
    return e.args[0] if e.args[0] == RATE else None


def _shared(k: Builder, m: Memories, node: int, rule: UpdateRule) -> dict[Expr, Vec]:
    """The values that do not depend on a weight, in every lane: of all largest expressions."""
    numbers, own = _places(rule), rule.has_decays
    ops, memo = verbs(k), dict[Expr, Vec]()

    def is_shared(e: Expr) -> bool:
        if e.op != "var":
            return all(map(is_shared, e.args))
        return e in (RATE, OWN_DECAY) or e.name in numbers

    def place(name: Expr) -> tuple[Memory, int]:
        """Where a number is; a node's decay is right after its rate."""
        if name in (RATE, OWN_DECAY):
            return m.r, (2 * node + (name == OWN_DECAY) if own else node)
        return m.h, numbers[name.name]

    def compute(e: Expr) -> None:
        if e.op != "const" and is_shared(e):
            for name in _variables(e):
                if name not in memo:
                    memo[name] = k.spread(*place(name))
            evaluate(e, {}, ops, k.constant, memo)
            return
        for arg in e.args:
            compute(arg)

    for e in _formulas(rule):
        compute(e)
    return memo


def _formulas(rule: UpdateRule) -> Iterator[Expr]:
    if rule.weight is not None:
        yield rule.weight
    yield from (slot.value for slot in rule.slots if slot.value is not None)


def _variables(e: Expr) -> Iterator[Expr]:
    if e.op == "var":
        yield e
    for arg in e.args:
        yield from _variables(arg)


def written(placed: PlacedRule) -> Iterator[str]:
    """Yield the lines of a module that define RULE: its variables, next values, and the rule."""
    rule = placed.rule
    slots = (*rule.slots, *rule.counters)
    used = {e.name for f in _formulas(rule) for e in _variables(f)}
    used |= {e.name for c in rule.counters if c.value is not None for e in _variables(c.value)}
    known = {variable(name): name for name in (*INPUTS, *(s.name for s in slots)) if name in used}
    for name in known.values():
        yield f"{name} = expr.variable({literal(name)})"
    for slot in slots:
        if slot.value is not None:
            yield f"next_{slot.name} = {formula(slot.value, known)}"
            # counters advance first: what weights see is their next value already
            if slot in rule.slots:
                known[slot.value] = f"next_{slot.name}"
    weight = "None"
    if rule.weight is not None:
        yield f"next_weight = {formula(rule.weight, known)}"
        weight = "next_weight"
    curvature = f"Curvature({literal(str(rule.curvature))})"
    kept, counted = ("".join(map(_slot, some)) for some in (rule.slots, rule.counters))
    yield f"SLOTS, COUNTERS = ({kept}), ({counted})"
    yield f"NEXT = UpdateRule({weight}, SLOTS, COUNTERS, {curvature})"
    yield f"RULE = update.PlacedRule(NEXT, pitch={placed.pitch})"


def _slot(slot: Slot) -> str:
    value = "" if slot.value is None else f", next_{slot.name}"
    return f"Slot({literal(slot.name)}{value}),"
