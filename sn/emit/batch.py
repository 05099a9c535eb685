"""Batch sections: evaluation of many patterns at once, one pattern a lane.

States lie unit by unit, the patterns of a batch side by side; every weight is read once for all
of them. Each pattern's sums run in one fixed order, so results do not depend on how many lanes
the CPU has.

Read next: batch_windows.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from sn.emit.functions import compile_expression
from sn.emit.units import FullWeights
from sn.net.expr import Expr
from sn.simd import Builder, Index, Memories, Vec


@dataclass(frozen=True, slots=True)
class Ends:
    """How the sums of a layer start and what becomes of them, for sections that do all of it.

    `first`: the layer's first unit; `positions` of a map. `bias`: packed biases, `bias_pitch` from
    map to map, or one a map when 0; -1 for none.
    """

    first: int
    positions: int
    bias: int
    bias_pitch: int
    value: Expr

    def start(self, k: Builder, m: Memories, plane: Index, position: Index) -> Vec:
        """The first value of a sum."""
        if self.bias < 0:
            return k.constant(0)
        if not self.bias_pitch:
            return k.spread(m.w, plane + self.bias)
        return k.spread(m.w, plane * self.bias_pitch + position + self.bias)

    def finish(self, k: Builder, m: Memories, total: Vec, unit: Index) -> None:
        """Store the state of a finished sum."""
        state = compile_expression(k, self.value, {"a": total}, {})
        k.store(state, m.s, unit * k.lanes)


def load_patterns(k: Builder, m: Memories, first: int, size: int, batch: Index) -> None:
    """Copy a batch of patterns to the units of the input layer; have the next brought near."""
    for unit in k.loop(size):
        here = batch * size + unit
        k.prefetch(m.x, (here + size) * k.lanes)
        k.store(k.load(m.x, here * k.lanes), m.s, (unit + first) * k.lanes)


def store_outputs(k: Builder, m: Memories, first: int, size: int, batch: Index) -> None:
    """Copy the states of the output layer out."""
    for i in k.loop(size * k.lanes, k.lanes):
        k.store(k.load(m.s, i + first * k.lanes), m.o, batch * (size * k.lanes) + i)


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


@dataclass(frozen=True, slots=True)
class BatchFull:
    """A full connection into the units from `dst` on, of those from `src` on.

    `rows`, `columns`: (maps, positions, pitch) of either layer, as the weights lie.
    """

    dst: int
    rows: tuple[int, int, int]
    src: int
    columns: tuple[int, int, int]
    weights: FullWeights


ROWS = 8


def full(k: Builder, m: Memories, c: BatchFull, ends: Ends | None = None) -> None:
    """sum[j] += sum over i of w[j, i] x[i]; with `ends`, each sum is finished at once."""
    (planes, positions, pitch), (maps, length, run) = c.rows, c.columns

    def some(plane: Index, first: Index, count: int) -> None:
        unit, row = plane * positions + first, plane * pitch + first
        at = [(unit + (c.dst + i)) * k.lanes for i in range(count)]
        if ends is None:
            sums = [k.cell(k.load(m.s, place)) for place in at]
        else:
            sums = [k.cell(ends.start(k, m, Index(k, None, 0), unit + i)) for i in range(count)]
        for source in k.loop(maps):
            for i in k.loop(length):
                x = k.load(m.s, (source * length + i + c.src) * k.lanes)
                for number, cell in enumerate(sums):
                    column = source * run + i + (c.weights.at + number * c.weights.pitch)
                    w = k.spread(m.w, row * c.weights.pitch + column)
                    cell.set(k.fma(x, w, cell.get()))
        for number, (place, cell) in enumerate(zip(at, sums, strict=True)):
            if ends is None:
                k.store(cell.get(), m.s, place)
            else:
                ends.finish(k, m, cell.get(), unit + (ends.first + number))

    whole = positions // ROWS * ROWS
    for plane in k.loop(planes):
        if whole:
            for first in k.loop(whole, ROWS):
                some(plane, first, ROWS)
        if positions > whole:
            some(plane, Index(k, None, whole), positions - whole)


@dataclass(frozen=True, slots=True)
class BatchRows:
    """Plain rows: per unit (unit, first row, rows); per row (upstream unit) and, when shared,
    which weight.
    """

    units: int
    table: int
    sources: int
    which: int
    weights: int
    is_shared: bool


def rows(k: Builder, m: Memories, c: BatchRows) -> None:
    """sum[j] += sum of w x over the rows of j."""
    for number in k.loop(c.units):
        head = number * 3 + c.table
        place = k.index(m.t, head) * k.lanes
        first, count = k.index(m.t, head + 1), k.index(m.t, head + 2)
        total = k.cell(k.load(m.s, place))
        for row in k.loop(count):
            x = k.load(m.s, k.index(m.t, first + row + c.sources) * k.lanes)
            which = k.index(m.t, first + row + c.which) if c.is_shared else first + row
            total.set(k.fma(x, k.spread(m.w, which + c.weights), total.get()))
        k.store(total.get(), m.s, place)
