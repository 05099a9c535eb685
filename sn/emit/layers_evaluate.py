"""Batch sections: evaluation of many patterns at once, one pattern a lane.

States lie unit by unit, the patterns of a batch side by side; every weight is read once for all
of them. Each pattern's sums run in one fixed order, so results do not depend on how many lanes
the CPU has.

Read next: batch_windows.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from sn.emit.functions import compile_expression
from sn.emit.vector import Builder, Index, Memories, Vec
from sn.net.expr import Expr


@dataclass(frozen=True, slots=True)
class Ends:
    """How the sums of a layer start and what becomes of them, for sections that do all of it.

    `first`: the layer's first unit; `positions` of a map. `bias`: packed biases, `bias_pitch` from
    map to map, or one a map when 0; -1 for none. Learning stores a `slope` too, `to_slope` places
    after the state.
    """

    first: int
    positions: int
    bias: int
    bias_pitch: int
    value: Expr
    slope: Expr | None = None
    to_slope: int = 0

    def start(self, k: Builder, m: Memories, plane: Index, position: Index) -> Vec:
        """The first value of a sum."""
        if self.bias < 0:
            return k.constant(0)
        if not self.bias_pitch:
            return k.spread(m.w, plane + self.bias)
        return k.spread(m.w, plane * self.bias_pitch + position + self.bias)

    def finish(self, k: Builder, m: Memories, total: Vec, unit: Index) -> None:
        """Store the state of a finished sum."""
        memo: dict[Expr, Vec] = {}
        k.store(compile_expression(k, self.value, {"a": total}, memo), m.s, unit * k.lanes)
        if self.slope is not None:
            slope = compile_expression(k, self.slope, {"a": total}, memo)
            k.store(slope, m.s, (unit + self.to_slope) * k.lanes)


def load_patterns(
    k: Builder,
    m: Memories,
    first: int,
    size: int,
    batch: Index,
    start: int = 0,
    width: int | None = None,
) -> None:
    """Copy a batch of patterns to the units of an input layer; have the next brought near.

    The layer shows the numbers from `start` on of patterns of `width`; all of them unless said.
    """
    width = size if width is None else width
    for unit in k.loop(size):
        here = batch * width + (unit + start)
        k.prefetch(m.x, (here + width) * k.lanes)
        k.store(k.load(m.x, here * k.lanes), m.s, (unit + first) * k.lanes)


def store_outputs(
    k: Builder,
    m: Memories,
    first: int,
    size: int,
    batch: Index,
    start: int = 0,
    width: int | None = None,
) -> None:
    """Copy the states of an output layer out, to columns from `start` on of `width`; all unless
    said.
    """
    width = size if width is None else width
    for i in k.loop(size * k.lanes, k.lanes):
        to = batch * (width * k.lanes) + (i + start * k.lanes)
        k.store(k.load(m.s, i + first * k.lanes), m.o, to)


def start(k: Builder, m: Memories, maps: int, ends: Ends) -> None:
    """sum[map, p] = bias, for layers that several nodes add to."""
    for plane in k.loop(maps):
        for p in k.loop(ends.positions):
            unit = plane * ends.positions + p + ends.first
            k.store(ends.start(k, m, plane, p), m.s, unit * k.lanes)


def activate(k: Builder, m: Memories, size: int, ends: Ends) -> None:
    """State = f(sum), for layers that several nodes add to."""
    for i in k.loop(size):
        unit = i + ends.first
        ends.finish(k, m, k.load(m.s, unit * k.lanes), unit)
