"""Convolution sections: vectors along the positions of a map, kernels shared by them.

The upstream maps are first copied into columns (columns.py): then the sites that one tap meets
at consecutive positions lie consecutively, whatever the stride, border or wrap, and every pass
is multiply-adds over whole vectors.

Forward and back-propagation are one section, `correlate`: backward, each residue class of
upstream sites is a stride-1 correlation of the zero-bordered gradients. The gradient of a
shared weight is summed over the positions in registers and applied at once.

Read next: tiles.py for the register tiles, module.py for the order of the calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sn.emit.columns import Geometry
from sn.emit.tiles import Tile
from sn.emit.update import Rule
from sn.simd import LANES, Builder, Index, Memories, Memory, Vec


@dataclass(frozen=True, slots=True)
class Kernels:
    """Packed kernels. Tap t of pair p lies at `at` + p * `pair` + t * `tap`, for the first `main`
    taps; the few left over, `rest` a pair, are collected from all pairs at `rest_at`, so that
    they fill vectors too.
    """

    main_at: int
    pair: int
    tap: int
    main: int
    rest_at: int
    rest: int

    def at(self, pair: Index, tap: int) -> Index:
        """Offset in `w` of one tap of a pair."""
        if tap < self.main:
            return pair * self.pair + (self.main_at + tap * self.tap)
        return pair * self.rest + (self.rest_at + tap - self.main)


@dataclass(frozen=True, slots=True)
class Sums:
    """Register tiles of a correlation: `chunk` vectors of positions each."""

    chunk: int
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Updates:
    """Kernels to update. `pairs` entries from `table` on: (gradient map, columns of the in map);
    `rest_groups` from `rest_table` on: 8 times (gradient map, site).
    """

    pairs: int
    table: int
    rest_groups: int
    rest_table: int


@dataclass(frozen=True, slots=True)
class Group:
    """Out maps that see one list of in maps; vectors run along the list.

    `maps` entries from `table` on: (gradient map, its weights). `site`: where the list's states
    at the first site lie, `pitch` elements a site; `picked`: the in maps to gather them from,
    none when they lie in a run.
    """

    maps: int
    table: int
    site: int
    pitch: int
    picked: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SourceUpdates:
    """Kernels to update with in maps along the lanes: the choice for small maps.

    `frame`: the in maps turned round, `pitch` elements per site of a grid of (rows, cols) that
    has the border; `width`: elements of a list, whole vectors.
    """

    frame: int
    pitch: int
    sites: tuple[int, int]
    width: int
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Conv:
    """One convolution: geometry, places in memory, tiles.

    `maps` are (out, in); `source`, `back`: states and gradients of the in maps, `pitch` apart;
    `state`, `grads`: sums and gradients of the out maps, `grad_pitch` apart; `columns`, their
    `squares`, `spread`, `classes`: scratch.
    """

    geometry: Geometry
    maps: tuple[int, int]
    source: int
    back: int
    pitch: int
    state: int
    grads: int
    grad_pitch: int
    columns: int
    squares: int
    spread: int
    classes: int
    kernels: Kernels
    forward: Sums
    backward: Sums
    updates: Updates | SourceUpdates


def gather(k: Builder, s: Memory, base: Index, lanes: Sequence[int], fill: float) -> Vec:
    """Build one vector from elements `lanes` after `base`; -1 gives `fill`."""
    if lanes[0] >= 0 and all(lanes[i] == lanes[0] + i for i in range(LANES)):
        return k.load(s, base + lanes[0])
    result = k.constants([fill] * LANES)
    missing = [lane for lane, offset in enumerate(lanes) if offset >= 0]
    while missing:
        start = min(lanes[lane] for lane in missing)
        here = {lane for lane in missing if lanes[lane] - start < LANES}
        part = k.load(s, base + start)
        pick = [LANES + lanes[lane] - start if lane in here else lane for lane in range(LANES)]
        result = k.shuffle(result, part, pick)
        missing = [lane for lane in missing if lane not in here]
    return result


def expand(
    k: Builder, m: Memories, g: Geometry, maps: int, source: int, pitch: int, columns: int
) -> None:
    """Copy every in map into its columns, border included."""
    lanes = g.column_lanes
    for plane in k.loop(maps):
        base = plane * pitch + source
        for i in range(0, len(lanes), LANES):
            vector = gather(k, m.s, base, lanes[i : i + LANES], g.border)
            k.store(vector, m.s, plane * len(lanes) + (columns + i))


def forward(k: Builder, m: Memories, c: Conv) -> None:
    """sum[a, y, x] += sum over in maps b and taps of w[a, b, u, v] * in[b, site]."""
    if isinstance(c.updates, SourceUpdates):
        _forward_by_sources(k, m, c, c.updates)
        return
    expand(k, m, c.geometry, c.maps[1], c.source, c.pitch, c.columns)
    taps = list(zip(c.geometry.taps, range(len(c.geometry.taps)), strict=True))
    positions = c.geometry.grid[0] * c.geometry.grid[1]
    for tile in c.forward.tiles:
        correlate(k, m, c.kernels, tile, taps, -(-positions // LANES), c.forward.chunk, 0, False)


def backward(k: Builder, m: Memories, c: Conv, to_curv: int = 0) -> None:
    """back[b, site] += sum over out maps a and taps of w[a, b, u, v] * grad[a, y, x].

    With `to_curv`, the distance from gradients to curvatures, the same for these, with the
    weights squared.
    """
    g = c.geometry
    lanes = g.gradient_lanes
    for plane in k.loop(c.maps[0]):
        base = plane * c.grad_pitch + (c.grads + to_curv)
        for i in range(0, len(lanes), LANES):
            vector = gather(k, m.s, base, lanes[i : i + LANES], 0.0)
            k.store(vector, m.s, plane * len(lanes) + (c.spread + i))
    if not g.is_direct:
        nothing = k.constant(0)
        for at in k.loop(c.maps[1] * g.n_classes * g.class_pitch, LANES):
            k.store(nothing, m.s, at + c.classes)
    for start, class_taps in g.classes:
        for tile in c.backward.tiles:
            vectors = g.class_pitch // LANES
            out = start + (to_curv if g.is_direct else 0)
            correlate(
                k, m, c.kernels, tile, class_taps, vectors, c.backward.chunk, out, to_curv > 0
            )
    if not g.is_direct:
        sites = g.class_lanes
        for plane in k.loop(c.maps[1]):
            base = plane * (g.n_classes * g.class_pitch) + c.classes
            for i in range(0, len(sites), LANES):
                back = plane * c.pitch + (c.back + to_curv + i)
                vector = gather(k, m.s, base, sites[i : i + LANES], 0.0)
                k.store(k.load(m.s, back) + vector, m.s, back)


def correlate(
    k: Builder,
    m: Memories,
    kernels: Kernels,
    tile: Tile,
    taps: Sequence[tuple[int, int]],
    vectors: int,
    chunk: int,
    start: int,
    square: bool,
) -> None:
    """out[a, p] += sum over in maps and taps of w[pair, tap] * in[b, p + distance].

    `taps`: (distance, tap of the kernel); `start`: offset of the first position in an out map;
    `square` the weights first.
    """
    for number in k.loop(tile.count):
        entry = number * tile.entry + tile.table
        outs = [k.index(m.t, entry + i) + start for i in range(tile.width)]
        whole = vectors // chunk
        if whole:
            for part in k.loop(whole):
                first = part * (chunk * LANES)
                _tile(k, m, kernels, tile, taps, entry, outs, first, chunk, square)
        if vectors % chunk:
            first = Index(k, None, whole * chunk * LANES)
            _tile(k, m, kernels, tile, taps, entry, outs, first, vectors % chunk, square)


def _tile(
    k: Builder,
    m: Memories,
    kernels: Kernels,
    tile: Tile,
    taps: Sequence[tuple[int, int]],
    entry: Index,
    outs: Sequence[Index],
    start: Index,
    chunk: int,
    square: bool,
) -> None:
    sums = [[k.cell(k.load(m.s, out + start + q * LANES)) for q in range(chunk)] for out in outs]
    for number in k.loop(tile.sources):
        source = number * (1 + tile.width) + entry + tile.width
        base = k.index(m.t, source) + start
        pairs = [k.index(m.t, source + (1 + i)) for i in range(tile.width)]
        held = [[cell.get() for cell in row] for row in sums]
        for distance, tap in taps:
            x = [k.load(m.s, base + (distance + q * LANES)) for q in range(chunk)]
            for i in range(tile.width):
                w = k.spread(m.w, kernels.at(pairs[i], tap))
                w = w * w if square else w
                held[i] = [k.fma(x[q], w, held[i][q]) for q in range(chunk)]
        for row, values in zip(sums, held, strict=True):
            for cell, value in zip(row, values, strict=True):
                cell.set(value)
    for out, row in zip(outs, sums, strict=True):
        for q, cell in enumerate(row):
            k.store(cell.get(), m.s, out + start + q * LANES)


def update(k: Builder, m: Memories, c: Conv, rule: Rule, to_curv: int) -> None:
    """d_w[a, b, u, v] = sum over positions of grad[a, y, x] * in[b, site], applied at once.

    The curvature of a weight is the same sum of curvatures and squared sites.
    """
    g = c.geometry
    if isinstance(c.updates, SourceUpdates):
        _update_by_sources(k, m, c, c.updates, rule, to_curv)
        return
    updates = c.updates
    vectors = -(-g.grid[0] * g.grid[1] // LANES)
    if rule.second:
        for i in k.loop(c.maps[1] * len(g.column_lanes), LANES):
            x = k.load(m.s, i + c.columns)
            k.store(x * x, m.s, i + c.squares)

    def move(at: Index, grads: Sequence[Index], sites: Sequence[Index]) -> None:
        descent, curv = _dots(k, m, grads, sites, vectors), None
        if rule.second:
            curvs = [grad + to_curv for grad in grads]
            squares = [site + (c.squares - c.columns) for site in sites]
            curv = _dots(k, m, curvs, squares, vectors)
        rule.apply(k, at, descent, curv)

    if c.kernels.main:
        for pair in k.loop(updates.pairs):
            grad = k.index(m.t, pair * 2 + updates.table)
            site = k.index(m.t, pair * 2 + (updates.table + 1))
            for first in range(0, c.kernels.main, LANES):
                sites = [site + distance for distance in g.taps[first : first + LANES]]
                move(pair * c.kernels.main + (c.kernels.main_at + first), [grad], sites)
    if updates.rest_groups:
        for group in k.loop(updates.rest_groups):
            at = group * (2 * LANES) + updates.rest_table
            grads = [k.index(m.t, at + 2 * i) for i in range(LANES)]
            sites = [k.index(m.t, at + (2 * i + 1)) for i in range(LANES)]
            move(group * LANES + c.kernels.rest_at, grads, sites)


def _update_by_sources(
    k: Builder, m: Memories, c: Conv, updates: SourceUpdates, rule: Rule, to_curv: int
) -> None:
    """Sum the same gradients with one vector per tap and list of in maps: no sums over lanes."""
    for group in updates.groups:
        taps_across = c.geometry.kernel[1]
        width = max(1, (15 - taps_across) // taps_across)
        whole = group.maps // width
        if whole:
            for number in k.loop(whole):
                _group_tile(k, m, c, updates, group, number * width, width, rule, to_curv)
        if group.maps % width:
            first = Index(k, None, whole * width)
            rest = group.maps % width
            _group_tile(k, m, c, updates, group, first, rest, rule, to_curv)


def _forward_by_sources(k: Builder, m: Memories, c: Conv, updates: SourceUpdates) -> None:
    """Sum over in maps along the lanes, 8 positions of an out map at a time."""
    g, (_, cols) = c.geometry, updates.sites
    positions = g.grid[0] * g.grid[1]
    taps = range(g.kernel[1])
    _turn_round(k, m, c, updates)
    for group in updates.groups:
        for number in k.loop(group.maps):
            out = k.index(m.t, number * 2 + group.table) + (c.state - c.grads)
            weights = k.index(m.t, number * 2 + (group.table + 1))
            for first in range(0, positions, LANES):
                places = [divmod(p, g.grid[1]) for p in range(first, first + LANES)]
                places = [place if place[0] < g.grid[0] else (0, 0) for place in places]
                zero = k.constant(0)
                sums = [k.cell(zero) for _ in places]
                for u in k.loop(g.kernel[0]):
                    for q in k.loop(updates.width, LANES):
                        row = u * (cols * group.pitch) + q + group.site
                        weight = weights + u * (len(taps) * updates.width) + q
                        held = [cell.get() for cell in sums]
                        for v in taps:
                            w = k.load(m.w, weight + v * updates.width)
                            for i, (y, x) in enumerate(places):
                                site = y * g.stride[0] * cols + x * g.stride[1] + v
                                held[i] = k.fma(k.load(m.s, row + site * group.pitch), w, held[i])
                        for cell, value in zip(sums, held, strict=True):
                            cell.set(value)
                at = out + first
                total = k.totals([cell.get() for cell in sums])
                k.store(k.load(m.s, at) + total, m.s, at)


def _turn_round(k: Builder, m: Memories, c: Conv, updates: SourceUpdates) -> None:
    """Copy the in maps to the frame: all maps of a site side by side."""
    (rows, cols), g = updates.sites, c.geometry
    zero = k.constant(0)
    for first in range(0, c.maps[1], LANES):
        for start in range(0, g.field[0] * g.field[1], LANES):
            some = [
                k.load(m.s, c.source + plane * c.pitch + start) if plane < c.maps[1] else zero
                for plane in range(first, first + LANES)
            ]
            for position, vector in enumerate(k.transpose(some), start):
                row, col = divmod(position, g.field[1])
                row, col = row + g.offset[0], col + g.offset[1]
                if position < g.field[0] * g.field[1] and 0 <= row < rows and 0 <= col < cols:
                    at = updates.frame + (row * cols + col) * updates.pitch + first
                    k.store(vector, m.s, at)
    for group in updates.groups:
        if not group.picked:
            continue
        for site in k.loop(rows * cols):
            base = site * updates.pitch + updates.frame
            for q in range(0, updates.width, LANES):
                lanes = [*group.picked[q : q + LANES], *[-1] * LANES][:LANES]
                picked = gather(k, m.s, base, lanes, 0.0)
                k.store(picked, m.s, site * group.pitch + (group.site + q))


def _group_tile(
    k: Builder,
    m: Memories,
    c: Conv,
    updates: SourceUpdates,
    group: Group,
    first: Index,
    width: int,
    rule: Rule,
    to_curv: int,
) -> None:
    g, cols = c.geometry, updates.sites[1]
    entry = [first * 2 + (group.table + 2 * i) for i in range(width)]
    grads, weights = [k.index(m.t, at) for at in entry], [k.index(m.t, at + 1) for at in entry]
    taps = range(g.kernel[1])

    def sums(u: Index, q: Index, shift: int, square: bool) -> list[list[Vec]]:
        """One vector per map and tap of row u: the sum over positions."""
        cells = [[k.cell(k.constant(0)) for _ in taps] for _ in range(width)]
        for y in k.loop(g.grid[0]):
            row = (y * g.stride[0] + u) * (cols * group.pitch) + q + group.site
            held = [[cell.get() for cell in some] for some in cells]
            for x in range(g.grid[1]):
                sites = [row + (x * g.stride[1] + v) * group.pitch for v in taps]
                states = [k.load(m.s, site) for site in sites]
                if square:
                    states = [state * state for state in states]
                for i in range(width):
                    grad = k.spread(m.s, grads[i] + y * g.grid[1] + (x + shift))
                    held[i] = [k.fma(s, grad, t) for s, t in zip(states, held[i], strict=True)]
            for some, values in zip(cells, held, strict=True):
                for cell, value in zip(some, values, strict=True):
                    cell.set(value)
        return [[cell.get() for cell in some] for some in cells]

    for u in k.loop(g.kernel[0]):
        for q in k.loop(updates.width, LANES):
            descents = sums(u, q, 0, False)
            curvs = sums(u, q, to_curv, True) if rule.second else None
            for i in range(width):
                for v in taps:
                    at = weights[i] + (u * len(taps) + v) * updates.width + q
                    rule.apply(k, at, descents[i][v], curvs[i][v] if curvs else None)


def _dots(
    k: Builder, m: Memories, grads: Sequence[Index], sites: Sequence[Index], vectors: int
) -> Vec:
    """Return 8 scalar products of gradients (8, or one for all) and sites, one a lane."""

    def products(start: Index) -> tuple[list[Vec], list[Vec]]:
        g = [k.load(m.s, grad + start) for grad in grads]
        return g * (LANES // len(g)), [k.load(m.s, site + start) for site in sites]

    g, x = products(Index(k, None, 0))
    sums = [a * b for a, b in zip(g, x, strict=True)]
    if vectors <= 4:
        for part in range(1, vectors):
            g, x = products(Index(k, None, part * LANES))
            sums = [k.fma(a, b, c) for a, b, c in zip(g, x, sums, strict=True)]
        return k.totals(sums)
    cells = [k.cell(value) for value in sums]
    for turn in k.loop(vectors, start=1):
        g, x = products(turn * LANES)
        for cell, a, b in zip(cells, g, x, strict=True):
            cell.set(k.fma(a, b, cell.get()))
    return k.totals([cell.get() for cell in cells])
