"""Windows, learning: a block of patterns at once, one pattern a lane.

Back-propagation collects: each site of the layer below adds up what comes from the positions whose
windows have it, so a gradient is written once. The sum of a weight's descents is added up over
positions in registers, then over lanes. Both are cut to what is inside of a map: the border is the
same for all patterns, so what it adds to a descent is a sum of gradients of units, which is made
once a batch.

Read next: place_learn.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from sn.emit.layers_learn import BLOCK, Units, UnitSums, finish
from sn.emit.layers_learn import add as add_sums
from sn.emit.vector import LANES, PARTIAL, Builder, Index, Memories, Vec
from sn.emit.windows.evaluate import BatchWindow, Chunk, Frame
from sn.emit.windows.tiles import Tile


@dataclass(frozen=True, slots=True)
class Back:
    """Back-propagation: tiles of in maps, whose sources are the gradients of out maps.

    `rows` of the field meet a window, listed from `table` on: each with the first and the end of
    its pairs, which are listed from `pairs` on: row of taps, row of positions. `chunk` columns of
    the field are added up together, a multiple of the stride. `is_whole`: nothing of the in maps
    is left that no tile writes.
    """

    tiles: tuple[Tile, ...]
    rows: int
    table: int
    pairs: int
    chunk: int
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Strip:
    """`count` tiles of one shape, listed from `table` on.

    Each entry: the gradients of `width` out maps, an in map and, where weights are not shared, the
    pair of the two. Sums start at `at`, `pitch` for each row of taps.
    """

    width: int
    count: int
    table: int
    at: int
    pitch: int


@dataclass(frozen=True, slots=True)
class WindowSums:
    """Sums of descents, which lie as the weights do from `at` on when a batch ends.

    `rows` of taps are inside somewhere, listed from `table` on: each with the first and the end of
    the rows of positions where it is; `taps` of a row are added up together.

    Shared kernels: `slots` weights are each the sum of two places listed from `where` on, one of
    the strips and one of what the border adds. Weights of each position: they lie where they should
    at once; there are `slots` pairs, whose out maps are listed.

    `units`: the sums of gradients of the out maps, where there is a border; `border`: what it adds
    to the taps of each out map, `border_pitch` apart.
    """

    strips: tuple[Strip, ...]
    rows: int
    table: int
    taps: int
    at: int
    slots: int
    where: int
    units: UnitSums | None
    border: int
    border_pitch: int


# --- back-propagation ---


def back(k: Builder, m: Memories, c: BatchWindow, b: Back, units: Units, is_alone: bool) -> None:
    """back[b, site] += sum over out maps a and taps of w[a, b, u, v] * grad[a, y, x].

    Where the node is alone, and `is_whole`, gradients are finished.
    """
    if c.frame is not None:
        for i in k.loop(c.frame.maps * c.frame.size):
            k.store(k.constant(0), m.s, (i + (c.frame.at + units.to_grad)) * BLOCK)
    for tile in b.tiles:
        for number in k.loop(tile.count):
            entry = number * tile.entry + tile.table
            for row in k.loop(b.rows):
                at = row * 3 + b.table
                y, first, end = (k.index(m.t, at + i) for i in range(3))
                for base, chunk in _chunks(k, c, b.chunk):
                    _collect(k, m, c, b, units, is_alone, tile, entry, (y, first, end), base, chunk)
    if c.frame is not None:
        _fold(k, m, c.frame, units)


@dataclass(frozen=True, slots=True)
class Hits:
    """Columns of the field side by side: how many, and what meets in each column of taps: (column
    of the field, column of positions), counted from the first.
    """

    count: int
    taps: tuple[tuple[tuple[int, int], ...], ...]


def _chunks(k: Builder, c: BatchWindow, size: int) -> Iterator[tuple[tuple[Index, Index], Hits]]:
    """Loop over a row of the field, some columns at a time: the first, its column of positions."""
    cols, step = c.field[1], size // c.stride[1]
    cuts = [(x, _hits(c, x, min(size, cols - x))) for x in range(0, cols, size)]
    for hits, alike in groupby(cuts, lambda cut: cut[1]):
        starts = [x // size for x, _ in alike]
        for turn in k.loop(starts[-1] + 1, start=starts[0]):
            yield (turn * size, turn * step), hits


def _hits(c: BatchWindow, first: int, count: int) -> Hits:
    found = []
    for tap in range(c.kernel[1]):
        met = []
        for q in range(count):
            distance = first + q + c.offset[1] - tap * c.dilation[1]
            column, rest = divmod(distance, c.stride[1])
            if not rest and 0 <= column < c.grid[1]:
                met.append((q, column - first // c.stride[1]))
        found.append(tuple(met))
    return Hits(count, tuple(found))


def _collect(
    k: Builder,
    m: Memories,
    c: BatchWindow,
    b: Back,
    units: Units,
    is_alone: bool,
    tile: Tile,
    entry: Index,
    row: tuple[Index, Index, Index],
    base: tuple[Index, Index],
    hits: Hits,
) -> None:
    y, first, end = row
    site = y * c.field[1] + base[0]
    maps = [k.index(m.t, entry + i) + site for i in range(tile.width)]
    is_new = is_alone and b.is_whole
    sums = [
        [
            k.cell(k.constant(0) if is_new else k.load(m.s, (place + (q + units.to_grad)) * BLOCK))
            for q in range(hits.count)
        ]
        for place in maps
    ]
    for number in k.loop(tile.sources):
        source = number * (1 + tile.width) + entry + tile.width
        grads = k.index(m.t, source)
        kernels = [c.kernel_at(k.index(m.t, source + (1 + i))) for i in range(tile.width)]
        for pair in k.loop(end, start=first):
            u, v = (k.index(m.t, pair * 2 + (b.pairs + i)) for i in range(2))
            position = v * c.grid[1] + base[1]
            held = [[cell.get() for cell in cells] for cells in sums]
            for tap, met in enumerate(hits.taps):
                for q, column in met:
                    grad = k.load(m.s, (grads + position + column) * BLOCK)
                    for kernel, line in zip(kernels, held, strict=True):
                        w = k.spread(m.w, c.tap_at(kernel, u, tap, position + column))
                        line[q] = k.fma(grad, w, line[q])
            for cells, values in zip(sums, held, strict=True):
                for cell, value in zip(cells, values, strict=True):
                    cell.set(value)
    for place, cells in zip(maps, sums, strict=True):
        for q, cell in enumerate(cells):
            if is_new and c.frame is None:
                finish(k, m, cell.get(), place + q, units)
            else:
                k.store(cell.get(), m.s, (place + (q + units.to_grad)) * BLOCK)


def _fold(k: Builder, m: Memories, f: Frame, units: Units) -> None:
    """Add the gradients of the sites of frames to those of the units that they are copies of."""
    for plane in k.loop(f.maps):
        for i in k.loop(f.count):
            site, unit = (k.index(m.t, i * 2 + (f.table + n)) for n in range(2))
            at = (plane * f.positions + unit + (f.first + units.to_grad)) * BLOCK
            of_site = k.load(m.s, (plane * f.size + site + (f.at + units.to_grad)) * BLOCK)
            k.store(k.load(m.s, at) + of_site, m.s, at)


# --- sums of descents ---


def sums(k: Builder, m: Memories, c: BatchWindow, s: WindowSums) -> None:
    """d_w[a, b, u, v] += the sum over positions and patterns of grad[a, y, x] * in[b, site]."""
    for strip in s.strips:
        for number in k.loop(strip.count):
            entry = number * (strip.width + 2) + strip.table
            grads = [k.index(m.t, entry + i) for i in range(strip.width)]
            source = k.index(m.t, entry + strip.width) + c.corner
            kernel = k.index(m.t, entry + (strip.width + 1))
            for row in k.loop(s.rows):
                at = row * 3 + s.table
                u, first, end = (k.index(m.t, at + i) for i in range(3))
                base = u * (c.dilation[0] * c.field[1]) + source
                if c.weight_pitch:
                    _own(k, m, c, s, grads[0], base, kernel, u, (first, end))
                else:
                    to = (number * s.rows + row) * strip.pitch + strip.at
                    _shared(k, m, c, s, grads, base, (first, end), to)


def _rows(
    k: Builder, c: BatchWindow, grads: list[Index], base: Index, rows: tuple[Index, Index]
) -> Iterator[tuple[list[Index], Index, Index, Chunk]]:
    """Loop over rows of positions and, in them, some positions at a time: the gradients of the
    first one, the first site of its window, the position.
    """
    for y in k.loop(rows[1], start=rows[0]):
        site = y * (c.stride[0] * c.field[1]) + base
        for x, chunk in c.chunks(k):
            position = y * c.grid[1] + x
            yield [grad + position for grad in grads], site + x * c.stride[1], position, chunk


def _shared(
    k: Builder,
    m: Memories,
    c: BatchWindow,
    s: WindowSums,
    grads: list[Index],
    base: Index,
    rows: tuple[Index, Index],
    to: Index,
) -> None:
    """Sums of a row of taps, for some out maps and one in map."""
    at = 0
    for start in range(0, c.kernel[1], s.taps):
        taps = range(start, min(start + s.taps, c.kernel[1]))
        cells = [[k.cell(k.constant(0)) for _ in taps] for _ in grads]
        for here, site, _, chunk in _rows(k, c, grads, base, rows):
            held = [[cell.get() for cell in line] for line in cells]
            for q in range(chunk.count):
                inside = [tap for tap in taps if q in chunk.inside[tap]]
                if not inside:
                    continue
                g = [k.load(m.s, (grad + q) * BLOCK) for grad in here]
                for tap in inside:
                    x = k.load(m.s, (site + (tap * c.dilation[1] + q * c.stride[1])) * BLOCK)
                    for line, grad in zip(held, g, strict=True):
                        line[tap - start] = k.fma(grad, x, line[tap - start])
            for places, values in zip(cells, held, strict=True):
                for cell, value in zip(places, values, strict=True):
                    cell.set(value)
        found = [cell.get() for line in cells for cell in line]
        for first in range(0, len(found), PARTIAL):
            add_sums(k, m, k.totals(found[first : first + PARTIAL]), to + at)
            at += PARTIAL


def _own(
    k: Builder,
    m: Memories,
    c: BatchWindow,
    s: WindowSums,
    grad: Index,
    base: Index,
    kernel: Index,
    u: Index,
    rows: tuple[Index, Index],
) -> None:
    """Sums of a row of taps where each position has weights of its own, of one pair of maps."""
    start = kernel * (c.kernel[0] * c.kernel[1] * c.weight_pitch) + s.at
    for here, site, position, chunk in _rows(k, c, [grad], base, rows):
        g = [k.load(m.s, (here[0] + q) * BLOCK) for q in range(chunk.count)]
        for tap, inside in enumerate(chunk.inside):
            to = c.tap_at(start, u, tap, position)
            for first in range(0, len(inside), PARTIAL):
                some = inside[first : first + PARTIAL]
                shift = tap * c.dilation[1]
                products = [
                    g[q] * k.load(m.s, (site + (shift + q * c.stride[1])) * BLOCK) for q in some
                ]
                add_sums(k, m, k.totals(products), to + some[0])


def collect(k: Builder, m: Memories, c: BatchWindow, s: WindowSums) -> None:
    """Once a batch: add what the border adds, and put the sums where the weights lie."""
    if s.units is not None:
        _border(k, m, c, s, s.units)
    if c.weight_pitch:
        return
    for some, i in k.sweep(s.slots):
        both = []
        for which in range(2):
            table = i + (s.where + which * s.slots)
            places = [k.index(m.t, table + lane) for lane in range(some.lanes)]
            both.append(k.gather([k.load1(m.g, place) for place in places]))
        some.store(both[0] + both[1], m.g, i + s.at)


def _border(k: Builder, m: Memories, c: BatchWindow, s: WindowSums, units: UnitSums) -> None:
    """Add what windows see of the border times the sums of gradients of units."""
    assert c.border is not None
    seen, pitch, taps = c.border.table, c.border.pitch, c.kernel[0] * c.kernel[1]
    if c.weight_pitch:
        for kernel in k.loop(s.slots):
            grads = k.index(m.t, kernel + s.where) * units.pitch + units.at
            start = kernel * (taps * c.weight_pitch) + s.at
            for tap in k.loop(taps):
                for some, p in k.sweep(pitch):
                    state = some.load(m.t, tap * pitch + p + seen)
                    at = tap * c.weight_pitch + start + p
                    total = some.fma(some.load(m.g, grads + p), state, some.load(m.g, at))
                    some.store(total, m.g, at)
        return

    def meet(grads: Index, first: int, count: int) -> Vec:
        def add(k: Builder, at: Index, found: list[Vec]) -> list[Vec]:
            grad = k.load(m.g, at + grads)
            states = [k.load(m.t, at + (seen + (first + n) * pitch)) for n in range(count)]
            return [k.fma(grad, x, total) for x, total in zip(states, found, strict=True)]

        return k.dots(count, pitch, add)

    for plane in k.loop(c.maps):
        for first in range(0, taps, k.lanes):
            count = min(k.lanes, taps - first)
            some = k if count > LANES else k.narrow()
            total = meet(plane * units.pitch + units.at, first, count)
            some.store(total, m.g, plane * s.border_pitch + (s.border + first))
