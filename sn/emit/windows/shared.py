"""Convolution sections: vectors along the positions of a map, kernels shared by them.

The upstream maps are first copied into columns (columns.py): then the sites that one tap meets
at consecutive positions lie consecutively, whatever the stride, border or wrap, and every pass
is multiply-adds over whole vectors.

Forward and back-propagation are one section, `correlate`: backward, each residue class of
upstream sites is a stride-1 correlation of the zero-bordered gradients. The gradient of a
shared weight is summed over the positions in registers and applied at once. Where maps are
small or few, frames.py does the forward pass or the update faster.

Read next: tiles.py for the register tiles, module.py for the order of the calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from sn.emit.copies import gather, pieces
from sn.emit.layers import MEMORY, Start, zero
from sn.emit.memory import whole_vectors
from sn.emit.update import Rule
from sn.emit.vector import LANES, Builder, Index, Memories, Memory, Vec
from sn.emit.windows import framing, packed, packed_update, scatter
from sn.emit.windows.im2col import Geometry, expand
from sn.emit.windows.packed import Frames
from sn.emit.windows.scatter import Below, Scatter
from sn.emit.windows.tiles import Tile


@dataclass(frozen=True, slots=True)
class Kernels:
    """Packed kernels: tap (u, v) of pair p lies at `start` + p * `pair` + u * `row` + v * `tap`."""

    start: int
    pair: int
    row: int
    tap: int
    cols: int

    def at(self, pair: Index, tap: int) -> Index:
        """Offset in `w` of one tap of a pair."""
        return pair * self.pair + (self.start + self.shift(tap))

    def shift(self, tap: int) -> int:
        """Distance of a tap from the first of its kernel."""
        u, v = divmod(tap, self.cols)
        return u * self.row + v * self.tap


@dataclass(frozen=True, slots=True)
class Sums:
    """Register tiles of a correlation: `chunk` vectors of positions each, of all classes of sites
    at once where `together`. `is_complete`: each sum is in one tile, which has all its terms.
    """

    chunk: int
    together: bool
    is_complete: bool
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Updates:
    """Kernels to update: `pairs` entries from `table` on, (gradient map, columns of in map)."""

    pairs: int
    table: int


@dataclass(frozen=True, slots=True)
class Conv:
    """One convolution: geometry, places in memory, tiles.

    `slots`: packed weights, pads included; `weight_squares`: scratch for their squares.

    `maps` are (out, in); `source`, `back`: states and gradients of the in maps, `pitch` apart;
    `grads`: gradients of the out maps, `grad_pitch` apart; `columns`, their `squares`, `spread`,
    `classes`: scratch. `forward` is by columns, or by `frames` where it is None; so are
    `updates`; `backward` is by columns, or by `scatter` where it is None.
    """

    geometry: Geometry
    maps: tuple[int, int]
    source: int
    back: int
    pitch: int
    grads: int
    grad_pitch: int
    columns: int
    squares: int
    spread: int
    classes: int
    weight_squares: int
    slots: int
    kernels: Kernels
    forward: Sums | None
    backward: Sums | None
    updates: Updates | None
    frames: Frames | None
    scatter: Scatter | None = None


def forward(k: Builder, m: Memories, c: Conv, start: Start = MEMORY) -> None:
    """sum[a, y, x] += sum over in maps b and taps of w[a, b, u, v] * in[b, site].

    `start`: what the sums of the layer start from.
    """
    g = c.geometry
    if c.frames is not None:
        framing.copy(k, m, c.frames)
    if c.forward is not None or c.updates is not None:
        expand(k, m, g, c.maps[1], c.source, c.pitch, c.columns)
    if c.forward is not None:
        # column of taps by column: each is the one before, so much further on
        cols = g.kernel[1]
        taps = [(g.taps[tap], tap) for tap in range(0, len(g.taps), cols)]
        columns = Repeat(cols, g.taps[1] - g.taps[0] if cols > 1 else 0, c.kernels.tap)
        size = whole_vectors(g.grid[0] * g.grid[1])
        correlate(k, m, m.w, c.kernels, c.forward, [(0, taps)], size, start, columns)
    elif c.frames is not None:
        packed.forward(k, m, c.frames, c.kernels.start, start)


def backward(k: Builder, m: Memories, c: Conv, to_curv: int = 0, slope: int = -1) -> None:
    """back[b, site] += sum over out maps a and taps of w[a, b, u, v] * grad[a, y, x].

    With `to_curv`, the distance from gradients to curvatures, the same for these, with the
    weights squared. With `slope`, where the slopes of the in maps lie, nothing else adds to
    their gradients, and they are finished: back * slope.
    """
    if c.scatter is None:
        _collect(k, m, c, to_curv, slope)
        return
    assert c.frames is not None
    below = Below(c.maps[1], c.pitch, c.back + to_curv, slope)
    memory, kernels = _kernels(k, m, c, to_curv)
    scatter.backward(k, m, c.scatter, c.frames, (memory, kernels.start), to_curv, below)


def _kernels(k: Builder, m: Memories, c: Conv, to_curv: int) -> tuple[Memory, Kernels]:
    """The memory and the places of the kernels; for curvatures of their squares, made now."""
    if not to_curv:
        return m.w, c.kernels
    # squared once, not once for each tile of positions
    for some, at in k.sweep(c.slots):
        w = some.load(m.w, at + c.kernels.start)
        some.store(w * w, m.s, at + c.weight_squares)
    return m.s, replace(c.kernels, start=c.weight_squares)


def _collect(k: Builder, m: Memories, c: Conv, to_curv: int, slope: int) -> None:
    """Propagate by columns: each site of the layer below collects from all taps that meet it."""
    assert c.backward is not None
    g, flat = c.geometry, c.geometry.flat
    lanes = flat.gradient_lanes
    for plane in k.loop(c.maps[0]):
        base = plane * c.grad_pitch + (c.grads + to_curv)
        for some, i in pieces(k, len(lanes)):
            vector = gather(some, m.s, base, lanes[i : i + some.lanes], 0.0)
            some.store(vector, m.s, plane * len(lanes) + (c.spread + i))
    size = flat.n_classes * flat.class_pitch
    is_new = c.backward.is_complete and not g.is_direct
    if not (is_new or g.is_direct):
        zero(k, m, c.classes, c.maps[1] * size)
    shift = to_curv if g.is_direct else 0
    classes = [(start + shift, taps) for start, taps in flat.classes]
    start, (weights, kernels) = Start(is_new), _kernels(k, m, c, to_curv)
    correlate(k, m, weights, kernels, c.backward, classes, flat.class_pitch, start)
    if g.is_direct:
        return
    rounds = g.class_rounds
    for plane in k.loop(c.maps[1]):
        base = plane * size + c.classes
        for some, i in pieces(k, len(rounds[0])):
            at = plane * c.pitch + i
            back = at + (c.back + to_curv)
            total = gather(some, m.s, base, rounds[0][i : i + some.lanes], 0.0)
            for sites in rounds[1:]:
                total = total + gather(some, m.s, base, sites[i : i + some.lanes], 0.0)
            if slope < 0:
                some.store(some.load(m.s, back) + total, m.s, back)
            else:
                some.store(total * some.load(m.s, at + slope), m.s, back)


@dataclass(frozen=True, slots=True)
class Repeat:
    """The taps of a correlation, again and again: how often, and how much further on sites and
    weights are each time.
    """

    times: int = 1
    site: int = 0
    weight: int = 0


ONCE = Repeat()
Class: TypeAlias = tuple[int, Sequence[tuple[int, int]]]


def correlate(
    k: Builder,
    m: Memories,
    weights: Memory,
    kernels: Kernels,
    sums: Sums,
    classes: Sequence[Class],
    size: int,
    start: Start,
    repeat: Repeat = ONCE,
) -> None:
    """out[a, p] += sum over in maps and taps of w[pair, tap] * in[b, p + distance].

    `classes`: (offset of the first position in an out map, its (distance, tap) list); `size`:
    positions of a class, a multiple of 8; `kernels` lie in `weights`.
    """
    groups = [classes] if sums.together else [[one] for one in classes]
    for group in groups:
        for tile in sums.tiles:
            for number in k.loop(tile.count):
                entry = number * tile.entry + tile.table
                for first, some in k.blocks(size, sums.chunk * k.lanes):
                    cuts = list(pieces(k, some))
                    _tile(k, m, weights, kernels, tile, group, entry, first, cuts, start, repeat)


def _tile(
    k: Builder,
    m: Memories,
    weights: Memory,
    kernels: Kernels,
    tile: Tile,
    classes: Sequence[Class],
    entry: Index,
    first: Index,
    cuts: Sequence[tuple[Builder, int]],
    start: Start,
    repeat: Repeat,
) -> None:
    """Add up `width` out maps times the vectors `cuts`, of every class, in registers."""
    maps = [k.index(m.t, entry + i) + first for i in range(tile.width)]
    outs = [out + first_of_class for first_of_class, _ in classes for out in maps]
    sums = [[some.cell(start.value(some, m, out + at)) for some, at in cuts] for out in outs]
    # sites that several classes meet are loaded once
    steps = sorted(
        (distance, number, tap)
        for number, (_, taps) in enumerate(classes)
        for distance, tap in taps
    )
    for number in k.loop(tile.sources):
        source = number * (1 + tile.width) + entry + tile.width
        base = k.index(m.t, source) + first
        pairs = [k.index(m.t, source + (1 + i)) for i in range(tile.width)]
        for turn in k.loop(repeat.times):
            held = [[cell.get() for cell in row] for row in sums]
            starts = [kernels.at(pair, 0) + turn * repeat.weight for pair in pairs]
            site = base + turn * repeat.site
            loaded = -1
            x: list[Vec] = []
            for distance, of_class, tap in steps:
                if distance != loaded:
                    x = [some.load(m.s, site + (distance + at)) for some, at in cuts]
                    loaded = distance
                for i in range(tile.width):
                    w = k.spread(weights, starts[i] + kernels.shift(tap))
                    low = k.shuffle(w, w, range(LANES))
                    row = held[of_class * tile.width + i]
                    for q, (some, _) in enumerate(cuts):
                        row[q] = some.fma(x[q], w if some.lanes == k.lanes else low, row[q])
            for cells, values in zip(sums, held, strict=True):
                for cell, value in zip(cells, values, strict=True):
                    cell.set(value)
    for out, cells in zip(outs, sums, strict=True):
        for cell, (some, at) in zip(cells, cuts, strict=True):
            some.store(cell.get(), m.s, out + at)


def update(k: Builder, m: Memories, c: Conv, rule: Rule, to_curv: int) -> None:
    """d_w[a, b, u, v] = sum over positions of grad[a, y, x] * in[b, site], applied at once.

    The curvature of a weight is the same sum of curvatures and squared sites.
    """
    updates = c.updates
    if updates is None:
        assert c.frames is not None
        packed_update.update(k, m, c.frames, c.kernels.start, rule, to_curv)
        return
    g = c.geometry
    size = whole_vectors(g.grid[0] * g.grid[1])
    if rule.second:
        for some, i in k.sweep(c.maps[1] * len(g.column_lanes)):
            x = some.load(m.s, i + c.columns)
            some.store(x * x, m.s, i + c.squares)

    def move(some: Builder, at: Index, grads: Sequence[Index], sites: Sequence[Index]) -> None:
        descent, curv = _dots(k, m, grads, sites, size), None
        if rule.second:
            curvs = [grad + to_curv for grad in grads]
            squares = [site + (c.squares - c.columns) for site in sites]
            curv = _dots(k, m, curvs, squares, size)
        rule.apply(some, at, descent, curv)

    for pair in k.loop(updates.pairs):
        grad = k.index(m.t, pair * 2 + updates.table)
        site = k.index(m.t, pair * 2 + (updates.table + 1))
        for first in range(0, len(g.taps), k.lanes):
            sites = [site + distance for distance in g.taps[first : first + k.lanes]]
            some = k if len(sites) > LANES else k.narrow()
            move(some, c.kernels.at(pair, 0) + first, [grad], sites)


def _dots(
    k: Builder, m: Memories, grads: Sequence[Index], sites: Sequence[Index], size: int
) -> Vec:
    """Return scalar products of gradients (one a site, or one for all) and sites, one a lane."""

    def add(k: Builder, at: Index, sums: list[Vec]) -> list[Vec]:
        g = [k.load(m.s, grad + at) for grad in grads]
        g = g * (len(sites) // len(g))
        x = [k.load(m.s, site + at) for site in sites]
        return [k.fma(a, b, total) for a, b, total in zip(g, x, sums, strict=True)]

    return k.dots(len(sites), size, add)
