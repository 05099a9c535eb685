"""Dense evaluation: full connections for many patterns at once, one pattern a lane."""

from __future__ import annotations

from dataclasses import dataclass

from sn.emit.dense.sections import FullWeights
from sn.emit.layers_evaluate import Ends
from sn.emit.vector import Builder, Index, Memories


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
