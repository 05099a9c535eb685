"""Sparse evaluation: plain rows for many patterns at once, one pattern a lane."""

from __future__ import annotations

from dataclasses import dataclass

from sn.emit.vector import Builder, Memories


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
