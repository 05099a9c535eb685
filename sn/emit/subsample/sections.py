"""Subsample sections: forward, back-propagation and update of one presentation.

Windows are summed up before the coefficient comes in: one multiply-add a unit. The sums are kept,
as the descent of a coefficient is the scalar product of the gradients of its map and them.
"""

from __future__ import annotations

from dataclasses import dataclass

from sn.emit.copies import gather, pieces
from sn.emit.subsample.pool import Pool
from sn.emit.update import Rule
from sn.emit.vector import LANES, Builder, Index, Memories, Vec


@dataclass(frozen=True, slots=True)
class Subsample:
    """One subsampling of `maps` maps: geometry and places in memory.

    `source`, `back`: states and gradients of the maps below, `pitch` apart; `sums`, `grads`: total
    inputs and gradients of the maps above, `grad_pitch` apart. `windows`, `squares`: scratch for
    what each window adds up to, maps `pool.width` apart. `weights`: a coefficient a map.
    """

    pool: Pool
    maps: int
    source: int
    back: int
    pitch: int
    sums: int
    grads: int
    grad_pitch: int
    windows: int
    squares: int
    weights: int


def forward(k: Builder, m: Memories, c: Subsample) -> None:
    """sum[a, y, x] += w[a] * (sum over taps of in[a, site]); the inner sums are kept."""
    for plane in k.loop(c.maps):
        base = plane * c.pitch + c.source
        w = k.load1(m.w, plane + c.weights)
        for some, at in pieces(k, c.pool.width):
            total = _first(some, m, c, base, at)
            for lanes in c.pool.taps[1:]:
                total = total + gather(some, m.s, base, lanes[at : at + some.lanes], 0.0)
            some.store(total, m.s, plane * c.pool.width + (c.windows + at))
            out = plane * c.grad_pitch + (c.sums + at)
            some.store(some.fma(some.splat(w), total, some.load(m.s, out)), m.s, out)


def _first(k: Builder, m: Memories, c: Subsample, base: Index, at: int) -> Vec:
    return gather(k, m.s, base, c.pool.taps[0][at : at + k.lanes], 0.0)


def backward(k: Builder, m: Memories, c: Subsample, to_curv: int = 0, slope: int = -1) -> None:
    """back[a, site] += w[a] * (sum over the windows that have the site of grad[a, y, x]).

    With `to_curv`, the distance from gradients to curvatures, the same for these, with the
    weights squared. With `slope`, where the slopes of the maps below lie, nothing else adds to
    their gradients, and they are finished: back * slope.
    """
    rounds = c.pool.windows
    for plane in k.loop(c.maps):
        base = plane * c.grad_pitch + (c.grads + to_curv)
        w = k.load1(m.w, plane + c.weights)
        factor = w * w if to_curv else w
        for some, at in pieces(k, len(rounds[0])):
            total = gather(some, m.s, base, rounds[0][at : at + some.lanes], 0.0)
            for lanes in rounds[1:]:
                if max(lanes[at : at + some.lanes]) >= 0:
                    total = total + gather(some, m.s, base, lanes[at : at + some.lanes], 0.0)
            here = plane * c.pitch + at
            back = here + (c.back + to_curv)
            if slope < 0:
                total = some.fma(some.splat(factor), total, some.load(m.s, back))
            else:
                total = some.splat(factor) * total * some.load(m.s, here + slope)
            some.store(total, m.s, back)


def update(k: Builder, m: Memories, c: Subsample, rule: Rule, to_curv: int) -> None:
    """d_w[a] = sum over positions of grad[a, y, x] * (sum over taps of in[a, site]).

    The curvature of a coefficient is the sum of curvatures and squared sites, row by row.
    """
    if rule.second:
        _square(k, m, c)
    for first, count in k.blocks(c.maps, k.lanes):
        descent, curv = _products(k, m, c, first, count, c.grads, c.windows), None
        if rule.second:
            curv = _products(k, m, c, first, count, c.grads + to_curv, c.squares)
        some = k if count > LANES else k.narrow()
        rule.apply(some, first + c.weights, descent, curv)


def _square(k: Builder, m: Memories, c: Subsample) -> None:
    """Sum up the squares of what each window sees."""
    for plane in k.loop(c.maps):
        base = plane * c.pitch + c.source
        for some, at in pieces(k, c.pool.width):
            x = _first(some, m, c, base, at)
            total = x * x
            for lanes in c.pool.taps[1:]:
                x = gather(some, m.s, base, lanes[at : at + some.lanes], 0.0)
                total = some.fma(x, x, total)
            some.store(total, m.s, plane * c.pool.width + (c.squares + at))


def _products(
    k: Builder, m: Memories, c: Subsample, first: Index, count: int, above: int, below: int
) -> Vec:
    """Scalar products over the positions of `count` maps, one a lane."""

    def add(k: Builder, at: Index, sums: list[Vec]) -> list[Vec]:
        found = []
        for number, total in enumerate(sums):
            plane = first + number
            a = k.load(m.s, plane * c.grad_pitch + at + above)
            found.append(k.fma(a, k.load(m.s, plane * c.pool.width + at + below), total))
        return found

    return k.dots(count, c.pool.width, add)
