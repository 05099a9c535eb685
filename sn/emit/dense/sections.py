"""Dense sections: full connections, forward, and backward with the update in one.

Vectors run along the units of a layer as it lies in memory, pads included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sn.emit.copies import pieces
from sn.emit.layers import Functions, Start, finish
from sn.emit.memory import LayerLayout
from sn.emit.update import Row, Rule
from sn.emit.vector import REGISTERS, Builder, Index, Memories, Vec


@dataclass(frozen=True, slots=True)
class FullWeights:
    """Packed weights of a full connection: a row of `pitch` slots per downstream unit, as both
    layers lie in memory, pads included. `panel`: rows that are updated together.
    """

    at: int
    pitch: int
    panel: int


def full_forward(
    k: Builder,
    m: Memories,
    dst: LayerLayout,
    src: LayerLayout,
    weights: FullWeights,
    start: Start,
    end: Functions | None = None,
) -> None:
    """sum[j] += sum over i of w[j, i] x[i]; as many rows at a time as there are lanes.

    `start`: what the sums start from. With `end` nothing else adds to them, in a layer of one
    map, and they are finished at once.
    """

    def block(wide: Builder, row: Index, keep: int) -> None:
        def add(k: Builder, at: Index, sums: list[Vec]) -> list[Vec]:
            x = k.load(m.s, at + src.state)
            here = row * weights.pitch + at + weights.at
            w = [k.load(m.w, here + number * weights.pitch) for number in range(len(sums))]
            return [k.fma(value, x, total) for value, total in zip(w, sums, strict=True)]

        first = start.value(wide, m, row + dst.state)
        total = first + k.dots(wide.lanes, src.size, add)
        if end is None:
            wide.store(total, m.s, row + dst.state)
        else:
            finish(wide, m, dst, end, row, total, keep)

    if end is None:
        for wide, row in k.sweep(dst.size):
            block(wide, row, wide.lanes)
        return
    whole = dst.positions // k.lanes * k.lanes
    if whole:
        for row in k.loop(whole, k.lanes):
            block(k, row, k.lanes)
    for wide, at in pieces(k, dst.size - whole):
        block(wide, Index(k, None, whole + at), min(wide.lanes, dst.positions - whole - at))


# registers of a column of weights while rows go by: its states and the errors that add up
COLUMN = {False: 2, True: 3}  # with curvatures one more


def full_backward(
    k: Builder,
    m: Memories,
    dst: LayerLayout,
    src: LayerLayout,
    weights: FullWeights,
    rule: Rule,
    propagate: bool,
    slope: int = -1,
) -> None:
    """back[i] += sum over j of w[j, i] grad[j] with the old weights, and update w[j, i].

    Curvatures likewise, with squared weights. In a panel of rows as many columns as fit the
    registers go down together; each weight is read and written once. With `slope`, where the
    slopes of the layer below lie, nothing else adds to its gradients, all rows are one panel, and
    they are finished: back * slope.
    """
    room = (REGISTERS[k.lanes] - 6) // COLUMN[rule.second]
    has_pads = dst.pitch > dst.positions
    for plane in k.loop(dst.maps if has_pads else 1):
        for row, height in k.blocks(dst.positions if has_pads else dst.size, weights.panel):
            for column, size in k.blocks(src.size, room * k.lanes):
                cuts = [(some, column + at) for some, at in pieces(k, size)]
                columns = _Columns(k, m, dst, src, weights, rule, propagate, slope, cuts)
                columns.go_down(plane * dst.pitch + row, height)


class _Columns:
    """Columns of the weights of a full connection, as many vectors side by side as `cuts` has."""

    def __init__(
        self,
        k: Builder,
        m: Memories,
        dst: LayerLayout,
        src: LayerLayout,
        weights: FullWeights,
        rule: Rule,
        propagate: bool,
        slope: int,
        cuts: Sequence[tuple[Builder, Index]],
    ) -> None:
        self.k, self.m, self.dst, self.weights, self.rule = k, m, dst, weights, rule
        self.slope, self.cuts = slope, cuts
        self.states = [some.load(m.s, at + src.state) for some, at in cuts]
        places = [src.grad, src.curv] if rule.second else [src.grad]
        self.backs = {
            place: [some.cell(self._first(some, at + place)) for some, at in cuts]
            for place in (places if propagate else [])
        }

    def _first(self, k: Builder, at: Index) -> Vec:
        return k.load(self.m.s, at) if self.slope < 0 else k.constant(0)

    def go_down(self, first: Index, height: int) -> None:
        """Walk `height` rows from `first` on, and store what they add up to."""
        m = self.m
        # two rows a turn take 0.97 of the time of one
        for row, count in self.k.blocks(height, 2):
            for number in range(count):
                self._row(first + row + number)
        for place, cells in self.backs.items():
            for cell, (some, at) in zip(cells, self.cuts, strict=True):
                total = cell.get()
                if self.slope >= 0:
                    total = total * some.load(m.s, at + self.slope)
                some.store(total, m.s, at + place)

    def _row(self, row: Index) -> None:
        m, rule = self.m, self.rule
        mine: dict[int, Row] = {}
        for some in {some.lanes: some for some, _ in self.cuts}.values():
            curv = some.spread(m.s, row + self.dst.curv) if rule.second else None
            mine[some.lanes] = rule.row(some, some.spread(m.s, row + self.dst.grad), curv)
        here = row * self.weights.pitch + self.weights.at
        for number, ((some, at), x) in enumerate(zip(self.cuts, self.states, strict=True)):
            shared = mine[some.lanes]
            w = some.load(m.w, here + at)
            terms = (w, shared.grad), (w * w if rule.second else w, shared.curv)
            for cells, (a, b) in zip(self.backs.values(), terms, strict=False):
                assert b is not None
                cells[number].set(some.fma(a, b, cells[number].get()))
            rule.move(some, here + at, w, shared, x)
