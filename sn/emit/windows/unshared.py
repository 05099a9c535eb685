"""Local sections: windows whose weights differ from position to position.

Weights lie tap by tap, one run of positions each, so that a weight, its site and its gradient
meet in the same lane. Back-propagation adds into columns shaped like those of the sites, which
are then added back to the maps they were copied from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from sn.emit.copies import gather, pieces
from sn.emit.layers import zero
from sn.emit.update import Rule
from sn.emit.vector import PARTIAL, Builder, Index, Memories, Vec
from sn.emit.windows.im2col import Geometry, expand
from sn.emit.windows.tiles import Tile


@dataclass(frozen=True, slots=True)
class Local:
    """One local connection. Weights of a pair: one run of `weight_pitch` per tap.

    `maps`: number of in maps; `to_back`, `to_back_curv`: distance from the columns to
    those of the gradients and curvatures; `tiles` have width 1.
    """

    geometry: Geometry
    maps: int
    source: int
    back: int
    pitch: int
    columns: int
    to_back: int
    to_back_curv: int
    weights: int
    weight_pitch: int
    tiles: tuple[Tile, ...]


def forward(k: Builder, m: Memories, c: Local) -> None:
    """sum[a, p] += sum over in maps b and taps of w[a, b, tap, p] * in[b, site]."""
    expand(k, m, c.geometry, c.maps, c.source, c.pitch, c.columns)
    for tile in c.tiles:
        for number in k.loop(tile.count):
            entry = number * tile.entry + tile.table
            out = k.index(m.t, entry)
            for some, start in k.sweep(c.weight_pitch):
                total = some.cell(some.load(m.s, out + start))
                for source in k.loop(tile.sources):
                    site = k.index(m.t, source * 2 + entry + 1) + start
                    weight = _weight(c, k.index(m.t, source * 2 + entry + 2)) + start
                    value = total.get()
                    for tap, distance in enumerate(c.geometry.taps):
                        w = some.load(m.w, weight + tap * c.weight_pitch)
                        value = some.fma(w, some.load(m.s, site + distance), value)
                    total.set(value)
                some.store(total.get(), m.s, out + start)


def backward(
    k: Builder,
    m: Memories,
    c: Local,
    to_grad: int,
    to_curv: int,
    rule: Rule,
    propagate: bool,
) -> None:
    """back[b, site] += w[a, b, tap, p] * grad[a, p] with the old weights, and update w.

    `to_grad`: distance from a sum to its gradient, `to_curv`: on to its curvature.
    """
    width = len(c.geometry.column_lanes)
    targets = [(c.to_back, 0), (c.to_back_curv, to_curv)] if rule.second else [(c.to_back, 0)]
    if propagate:
        for to_back, _ in targets:
            zero(k, m, c.columns + to_back, c.maps * width)
    for tile in c.tiles:
        for number in k.loop(tile.count):
            entry = number * tile.entry + tile.table
            out = k.index(m.t, entry) + to_grad
            for source in k.loop(tile.sources):
                site = k.index(m.t, source * 2 + entry + 1)
                weight = _weight(c, k.index(m.t, source * 2 + entry + 2))
                for part in _parts(k, c.weight_pitch):
                    _part(m, c, out, site, weight, part, to_curv, rule, propagate)
    if propagate:
        for to_back, shift in targets:
            _add_back(k, m, c, to_back, shift)


Part: TypeAlias = list[tuple[Builder, Index]]


def _parts(k: Builder, size: int) -> Iterator[Part]:
    """Loop over 16 positions at a time, whole or in halves, so that gradients add up alike."""
    whole = size // PARTIAL * PARTIAL
    if whole:
        for start in k.loop(whole, PARTIAL):
            yield [(k, start + at) for at in range(0, PARTIAL, k.lanes)]
    if whole < size:
        yield [(k.narrow(), Index(k, None, whole))]


def _part(
    m: Memories,
    c: Local,
    out: Index,
    site: Index,
    weight: Index,
    part: Part,
    to_curv: int,
    rule: Rule,
    propagate: bool,
) -> None:
    rows = []
    for k, start in part:
        curv = k.load(m.s, out + start + to_curv) if rule.second else None
        rows.append(rule.row(k, k.load(m.s, out + start), curv))
    for tap, distance in enumerate(c.geometry.taps):
        for (k, start), row in zip(part, rows, strict=True):
            at = weight + start + tap * c.weight_pitch
            w = k.load(m.w, at)
            here = site + start + distance
            if propagate:
                back = here + c.to_back
                k.store(k.fma(w, row.grad, k.load(m.s, back)), m.s, back)
                if row.curv is not None:
                    back = here + c.to_back_curv
                    k.store(k.fma(w * w, row.curv, k.load(m.s, back)), m.s, back)
            rule.move(k, at, w, row, k.load(m.s, here))


def _add_back(k: Builder, m: Memories, c: Local, to_back: int, shift: int) -> None:
    """Add what was gathered in the columns to the sites it belongs to."""
    width = len(c.geometry.column_lanes)
    rounds = c.geometry.column_sources
    for plane in k.loop(c.maps):
        base = plane * width + (c.columns + to_back)
        for some, at in pieces(k, len(rounds[0])):
            place = plane * c.pitch + (c.back + shift + at)
            total: Vec = some.load(m.s, place)
            for lanes in rounds:
                some_lanes = lanes[at : at + some.lanes]
                if max(some_lanes) >= 0:
                    total = total + gather(some, m.s, base, some_lanes, 0.0)
            some.store(total, m.s, place)


def _weight(c: Local, pair: Index) -> Index:
    return pair * (len(c.geometry.taps) * c.weight_pitch) + c.weights
