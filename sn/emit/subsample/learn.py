"""Subsampling, learning: a block of patterns, one pattern a lane."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from sn.emit.layers_learn import BLOCK, Units
from sn.emit.subsample.evaluate import BatchSubsample, window_sum
from sn.emit.vector import Builder, Index, Memories


def back(k: Builder, m: Memories, c: BatchSubsample, units: Units) -> None:
    """back[a, site] += w[a] grad[a, y, x] for each window that has the site."""
    for plane in k.loop(c.maps):
        w = k.spread(m.w, plane + c.weights)
        for position, corner in _windows(k, c):
            grad = _grad(k, c, plane, position, units.to_grad)
            spread = k.load(m.s, grad * BLOCK) * w
            base = _base(c, plane, corner) + units.to_grad
            for u, v in product(range(c.pool.kernel[0]), range(c.pool.kernel[1])):
                at = (base + (u * c.pool.field[1] + v)) * BLOCK
                k.store(k.load(m.s, at) + spread, m.s, at)


def sums(k: Builder, m: Memories, c: BatchSubsample, at: int, to_grad: int) -> None:
    """d_w[a] += the sum over positions and patterns of grad[a, y, x] times its window."""
    for plane in k.loop(c.maps):
        total = k.cell(k.constant(0))
        for position, corner in _windows(k, c):
            grad = k.load(m.s, _grad(k, c, plane, position, to_grad) * BLOCK)
            total.set(k.fma(grad, window_sum(k, m, c.pool, _base(c, plane, corner)), total.get()))
        one = k.lane(k.totals([total.get()]), 0)
        k.store1(k.load1(m.g, plane + at) + one, m.g, plane + at)


def _windows(k: Builder, c: BatchSubsample) -> Iterator[tuple[Index, Index]]:
    (rows, cols), pool = c.pool.grid, c.pool
    for y in k.loop(rows):
        for x in k.loop(cols):
            yield y * cols + x, y * (pool.stride[0] * pool.field[1]) + x * pool.stride[1]


def _grad(k: Builder, c: BatchSubsample, plane: Index, position: Index, to_grad: int) -> Index:
    return plane * (c.pool.grid[0] * c.pool.grid[1]) + position + (c.first + to_grad)


def _base(c: BatchSubsample, plane: Index, corner: Index) -> Index:
    return plane * (c.pool.field[0] * c.pool.field[1]) + corner + c.source
