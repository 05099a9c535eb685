"""Batch section of subsampling: evaluation of many patterns at once, one pattern a lane."""

from __future__ import annotations

from dataclasses import dataclass

from sn.emit.layers_evaluate import Ends
from sn.emit.subsample.pool import Pool
from sn.emit.vector import Builder, Index, Memories, Vec


@dataclass(frozen=True, slots=True)
class BatchSubsample:
    """A subsampling of `maps` maps from unit `source` on into the units from `first` on.

    `weights`: a coefficient a map, packed as for training.
    """

    pool: Pool
    maps: int
    first: int
    source: int
    weights: int


def subsample(k: Builder, m: Memories, c: BatchSubsample, ends: Ends | None = None) -> None:
    """sum[a, y, x] += w[a] * (sum over taps of in[a, site]); with `ends`, finished at once."""
    pool = c.pool
    (rows, cols), field = pool.grid, pool.field
    for plane in k.loop(c.maps):
        w = k.spread(m.w, plane + c.weights)
        for y in k.loop(rows):
            for x in k.loop(cols):
                position = y * cols + x
                unit = plane * (rows * cols) + position + c.first
                corner = y * (pool.stride[0] * field[1]) + x * pool.stride[1]
                base = plane * (field[0] * field[1]) + corner + c.source
                total = window_sum(k, m, pool, base)
                if ends is None:
                    old = k.load(m.s, unit * k.lanes)
                    k.store(k.fma(w, total, old), m.s, unit * k.lanes)
                else:
                    start = ends.start(k, m, plane, position)
                    ends.finish(k, m, k.fma(w, total, start), unit)


def window_sum(k: Builder, m: Memories, pool: Pool, base: Index) -> Vec:
    """Sum up the window whose first site is `base`, row by row."""
    cols = pool.kernel[1]
    total = k.cell(k.load(m.s, base * k.lanes))
    for v in range(1, cols):
        total.set(total.get() + k.load(m.s, (base + v) * k.lanes))
    if pool.kernel[0] > 1:
        for u in k.loop(pool.kernel[0], start=1):
            for v in range(cols):
                site = u * pool.field[1] + v + base
                total.set(total.get() + k.load(m.s, site * k.lanes))
    return total.get()
