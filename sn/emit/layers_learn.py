"""Unit sections of learning in batches: a block of 16 patterns at once, one pattern a lane.

States lie as in evaluation, unit by unit; gradients and slopes repeat their layout at a fixed
distance. A block is 16 patterns wide on every CPU. What a pattern adds to the step of its batch
is its gradient times a number of its own, `v`: its share of the mean, or 0 for the places of a
last block that no pattern has.

Read next: layers_evaluate.py for the way forward, step.py for what becomes of the sums.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sn.emit.functions import compile_expression
from sn.emit.layers import LayerCost, Through
from sn.emit.vector import PARTIAL, Builder, Index, Memories, Memory, Vec
from sn.net.expr import Expr

BLOCK = PARTIAL  # patterns side by side
# sums of a batch that are added up apart, each for every so manieth block: threads share them out,
# and what they are in the end does not depend on who made them
STREAMS = 8


@dataclass(frozen=True, slots=True)
class Units:
    """The units of a layer, from `first` on; how many places on their gradients and slopes are."""

    first: int
    size: int
    to_grad: int
    to_slope: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """Which numbers of a row are those of a layer: from `start` on, in rows of `width`."""

    start: int
    width: int


def _columns(
    k: Builder, m: Memories, memory: Memory, size: int, numbers: Numbers, block: Index
) -> Iterator[tuple[Index, Vec]]:
    """Yield each number of the rows of a block, one pattern a lane, with its place in the layer."""
    rows = [
        k.index(m.n, block * BLOCK + lane) * numbers.width + numbers.start for lane in range(BLOCK)
    ]
    whole = size // BLOCK * BLOCK
    if whole:
        for i in k.loop(whole, BLOCK):
            vectors = [k.load(memory, row + i) for row in rows]
            for number, column in enumerate(k.transpose(vectors)):
                yield i + number, column
    for number in range(whole, size):
        place = Index(k, None, number)
        yield place, k.gather([k.load1(memory, row + place) for row in rows])


def load_patterns(
    k: Builder, m: Memories, first: int, size: int, numbers: Numbers, block: Index
) -> None:
    """Copy the patterns of a block to the units of an input layer."""
    for i, column in _columns(k, m, m.x, size, numbers, block):
        k.store(column, m.s, (i + first) * BLOCK)


def mask(
    k: Builder, m: Memories, units: Units, numbers: Numbers, block: Index, slope: bool = True
) -> None:
    """Multiply the states of a layer, and its slopes, by the masks of a block."""
    for i, kept in _columns(k, m, m.d, units.size, numbers, block):
        for distance in (0, units.to_slope) if slope else (0,):
            at = (i + (units.first + distance)) * BLOCK
            k.store(k.load(m.s, at) * kept, m.s, at)


def zero(k: Builder, m: Memories, units: Units) -> None:
    """grad = 0."""
    for i in k.loop(units.size):
        k.store(k.constant(0), m.s, (i + (units.first + units.to_grad)) * BLOCK)


def hidden_grad(k: Builder, m: Memories, units: Units) -> None:
    """grad = back f'(a)."""
    for i in k.loop(units.size):
        at = i + units.first
        finish(k, m, k.load(m.s, (at + units.to_grad) * BLOCK), at, units)


def finish(k: Builder, m: Memories, back: Vec, unit: Index, units: Units) -> None:
    """Store the gradient of a unit, of all that came back to it."""
    slope = k.load(m.s, (unit + units.to_slope) * BLOCK)
    k.store(back * slope, m.s, (unit + units.to_grad) * BLOCK)


def output_grad(
    k: Builder,
    m: Memories,
    units: Units,
    slope: Expr,
    numbers: Numbers,
    block: Index,
    feeds: bool = False,
) -> None:
    """grad = -dE/dy f'(a) v at an output layer; with `feeds`, what came back is there already."""
    share = k.load(m.v, block * BLOCK)
    for i, wanted in _columns(k, m, m.y, units.size, numbers, block):
        ends = {"y": k.load(m.s, (i + units.first) * BLOCK), "d": wanted}
        _put(k, m, compile_expression(k, -slope, ends, {}) * share, i, units, feeds)


def layer_output_grad(
    k: Builder,
    m: Memories,
    units: Units,
    cost: LayerCost,
    numbers: Numbers,
    block: Index,
    feeds: bool = False,
) -> None:
    """The same of a cost over the layer, such as softmax with cross-entropy.

    Its reductions go over the outputs of each pattern one after the other.
    """
    share = k.load(m.v, block * BLOCK)
    reduced: dict[str, Vec] = {}

    def ends_of(i: Index, wanted: Vec) -> dict[str, Vec]:
        return {"y": k.load(m.s, (i + units.first) * BLOCK), "d": wanted, **reduced}

    for one in cost.reductions:
        is_max = one.how == "max"
        total = k.cell(k.constant(float("-inf") if is_max else 0))
        for i, wanted in _columns(k, m, m.y, units.size, numbers, block):
            value = compile_expression(k, one.of, ends_of(i, wanted), {})
            total.set(k.maximum(total.get(), value) if is_max else total.get() + value)
        reduced[one.name] = total.get()
    for i, wanted in _columns(k, m, m.y, units.size, numbers, block):
        back = compile_expression(k, -cost.slope, ends_of(i, wanted), {})
        _put(k, m, back * share, i, units, feeds)


def joint_output_grad(
    k: Builder,
    m: Memories,
    units: Units,
    grad: Expr,
    numbers: Numbers,
    block: Index,
    through: Through | None = None,
) -> None:
    """grad = -dE/da v as a formula of the total input `a`, which stands where slopes do.

    With `through`, what comes back goes through the non-linearity first, and is added.
    """
    share = k.load(m.v, block * BLOCK)
    for i, wanted in _columns(k, m, m.y, units.size, numbers, block):
        at = i + units.first
        ends = {"a": k.load(m.s, (at + units.to_slope) * BLOCK), "d": wanted}
        memo: dict[Expr, Vec] = {}
        value = compile_expression(k, grad, ends, memo) * share
        place = (at + units.to_grad) * BLOCK
        if through is not None:
            slope = compile_expression(k, through.slope, ends, memo)
            value = k.fma(k.load(m.s, place), slope, value)
        k.store(value, m.s, place)


def _put(k: Builder, m: Memories, back: Vec, i: Index, units: Units, feeds: bool) -> None:
    at = i + units.first
    if feeds:
        back = back + k.load(m.s, (at + units.to_grad) * BLOCK)
    finish(k, m, back, at, units)


@dataclass(frozen=True, slots=True)
class UnitSums:
    """The sums of the gradients of units over patterns: those of `maps` maps, from `at` on, maps
    `pitch` apart; a map has `positions`.
    """

    at: int
    maps: int
    positions: int
    pitch: int


def unit_sums(k: Builder, m: Memories, units: Units, sums: UnitSums) -> None:
    """Add the gradients of a block to the sums of their units."""
    for plane in k.loop(sums.maps):
        for first, count in k.blocks(sums.positions, BLOCK):
            unit = plane * sums.positions + first + (units.first + units.to_grad)
            grads = [k.load(m.s, (unit + i) * BLOCK) for i in range(count)]
            add(k, m, k.totals(grads), plane * sums.pitch + first + sums.at)


def add(k: Builder, m: Memories, values: Vec, at: Index) -> None:
    """Add a vector to sums; lanes that are 0 leave what lies behind as it is."""
    k.store(k.load(m.g, at) + values, m.g, at)
