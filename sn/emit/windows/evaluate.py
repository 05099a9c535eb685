"""Batch sections of windows: a pattern a lane, border and all.

Windows are cut to what is inside: what they see of the border is the same for all patterns, so it
is added up once before the first batch, and sums start from there. Rows of taps that are inside
are a loop with bounds that depend on the row; columns are cut while the code is written, for
chunks of positions. In maps that wrap are copied to frames first.

Read next: place_batch.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from sn.emit.layers_evaluate import Ends
from sn.emit.vector import Builder, Index, Memories, Position, Vec
from sn.emit.windows.shared import Kernels, Sums
from sn.emit.windows.tiles import Tile


@dataclass(frozen=True, slots=True)
class Frame:
    """Copies of in maps that wrap, side by side as windows meet them: `count` sites a map.

    `table`: (site of the frame, unit) of each; the in maps have `positions` from unit `first` on,
    their frames `size` from `at` on.
    """

    maps: int
    first: int
    positions: int
    at: int
    size: int
    count: int
    table: int


@dataclass(frozen=True, slots=True)
class Border:
    """What windows see of the border: the same for all patterns.

    `at`: where what it adds to each sum is kept, a number each, maps `pitch` apart, with the biases
    where the section starts from them. `table`: per tap and position the state of the border as
    the bits of a float32, 0 where the tap is inside.
    """

    at: int
    pitch: int
    table: int

    def sum_at(self, k: Builder, plane: Index, position: Index) -> Index:
        """Where the sum of a unit is."""
        return plane * self.pitch + position + self.at * k.lanes


@dataclass(frozen=True, slots=True)
class Chunk:
    """Positions side by side: how many, and for each column of taps those where it is inside."""

    count: int
    inside: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class BatchWindow:
    """A window node: `maps` out maps are `grid` positions each, from unit `first` on.

    Windows lie over in maps, or frames of them, of `field` rows and columns, and start `offset`
    before. `rows`: a table of the first and the end of the rows of taps that are inside at each
    row of positions, -1 where all are. `weight_pitch`: 0 when kernels are shared, else the
    distance between the weights of two taps at one position.
    """

    first: int
    maps: int
    grid: tuple[int, int]
    field: tuple[int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    offset: tuple[int, int]
    rows: int
    frame: Frame | None
    border: Border | None
    kernels: Kernels
    weight_pitch: int
    sums: Sums
    dilation: tuple[int, int] = (1, 1)

    @property
    def corner(self) -> int:
        """How far the first tap of the first window is from the first site."""
        return -self.offset[0] * self.field[1] - self.offset[1]

    def kernel_at(self, pair: Index) -> Index:
        """Where the weights of a pair of maps start."""
        size = self.kernel[0] * self.kernel[1] * self.weight_pitch or self.kernels.pair
        return pair * size + self.kernels.start

    def tap_at(self, start: Index, row: Index, tap: Position, position: Index) -> Index:
        """Where the weight of tap `tap` in row `row` of a kernel is."""
        if self.weight_pitch:
            return (row * self.kernel[1] + tap) * self.weight_pitch + start + position
        return row * self.kernels.row + start + tap * self.kernels.tap

    def tap_rows(self, k: Builder, m: Memories, y: Index) -> Iterator[Index]:
        """Loop over the rows of taps that are inside at a row of positions."""
        if self.rows < 0:
            yield from k.loop(self.kernel[0])
        else:
            first, end = (k.index(m.t, y * 2 + (self.rows + i)) for i in range(2))
            yield from k.loop(end, start=first)

    def chunks(self, k: Builder) -> Iterator[tuple[Index, Chunk]]:
        """Loop over a row of positions, some at a time."""
        cols, size = self.grid[1], self.sums.chunk
        cuts = [(x, self._chunk(x, min(size, cols - x))) for x in range(0, cols, size)]
        for chunk, alike in groupby(cuts, lambda cut: cut[1]):
            starts = [x for x, _ in alike]
            for x in k.loop(starts[-1] + size, size, start=starts[0]):
                yield x, chunk

    def _chunk(self, x: int, count: int) -> Chunk:
        first = x * self.stride[1] - self.offset[1]
        inside = (
            tuple(q for q in range(count) if 0 <= first + q * self.stride[1] + v < self.field[1])
            for v in range(0, self.kernel[1] * self.dilation[1], self.dilation[1])
        )
        return Chunk(count, tuple(inside))


def border(k: Builder, m: Memories, c: BatchWindow, ends: Ends | None = None) -> None:
    """Before the first batch: what the border, and with `ends` the bias, adds to each sum."""
    assert c.border is not None
    for plane in k.loop(c.maps):
        for p in k.loop(c.grid[0] * c.grid[1]):
            first = ends.start(k, m, plane, p) if ends else k.constant(0)
            k.store1(k.lane(first, 0), m.s, c.border.sum_at(k, plane, p))
    for tile in c.sums.tiles:
        for number in k.loop(tile.count):
            entry = number * tile.entry + tile.table
            for source in k.loop(tile.sources):
                for i in range(tile.width):
                    at = c.border.sum_at(k, k.index(m.t, entry + i), Index(k, None, 0))
                    pair = source * (1 + tile.width) + entry + (tile.width + 1 + i)
                    _add_border(k, m, c, c.border, k.index(m.t, pair), at)


def _add_border(k: Builder, m: Memories, c: BatchWindow, b: Border, pair: Index, at: Index) -> None:
    """Add what a pair of maps sees of the border to the sums at `at`."""
    start = c.kernel_at(pair)
    for some, p in k.sweep(b.pitch):
        total = some.cell(some.load(m.s, at + p))
        for row in k.loop(c.kernel[0]):
            for tap in k.loop(c.kernel[1]):
                place = c.tap_at(start, row, tap, p)
                w = some.load(m.w, place) if c.weight_pitch else some.spread(m.w, place)
                seen = (row * c.kernel[1] + tap) * b.pitch + p + b.table
                total.set(some.fma(w, some.load(m.t, seen), total.get()))
        some.store(total.get(), m.s, at + p)


def window(k: Builder, m: Memories, c: BatchWindow, ends: Ends | None = None) -> None:
    """sum[a, y, x] += sum over in maps b and taps of w * in[b, site].

    With `ends` the node is all that feeds its layer, and each sum is finished at once. What the
    border adds is in the sums before they start.
    """
    if c.frame is not None:
        _copy(k, m, c.frame)
    if c.border is not None and ends is None:
        for plane in k.loop(c.maps):
            for p in k.loop(c.grid[0] * c.grid[1]):
                at = (plane * (c.grid[0] * c.grid[1]) + p + c.first) * k.lanes
                of_border = k.spread(m.s, c.border.sum_at(k, plane, p))
                k.store(k.load(m.s, at) + of_border, m.s, at)
    for tile in c.sums.tiles:
        for number in k.loop(tile.count):
            entry = number * tile.entry + tile.table
            for y in k.loop(c.grid[0]):
                for x, chunk in c.chunks(k):
                    _window_tile(k, m, c, ends, tile, entry, y, x, chunk)


def _copy(k: Builder, m: Memories, f: Frame) -> None:
    for plane in k.loop(f.maps):
        for i in k.loop(f.count):
            site = k.index(m.t, i * 2 + f.table)
            unit = k.index(m.t, i * 2 + (f.table + 1))
            state = k.load(m.s, (plane * f.positions + unit + f.first) * k.lanes)
            k.store(state, m.s, (plane * f.size + site + f.at) * k.lanes)


def _window_tile(
    k: Builder,
    m: Memories,
    c: BatchWindow,
    ends: Ends | None,
    tile: Tile,
    entry: Index,
    y: Index,
    x: Index,
    chunk: Chunk,
) -> None:
    positions, position = c.grid[0] * c.grid[1], y * c.grid[1] + x
    planes = [k.index(m.t, entry + i) for i in range(tile.width)]
    outs = [plane * positions + position + c.first for plane in planes]

    def first(plane: Index, out: Index, q: int) -> Vec:
        if ends is None:
            return k.load(m.s, (out + q) * k.lanes)
        if c.border is None:
            return ends.start(k, m, plane, position + q)
        return k.spread(m.s, c.border.sum_at(k, plane, position + q))

    sums = [
        [k.cell(first(plane, out, q)) for q in range(chunk.count)]
        for plane, out in zip(planes, outs, strict=True)
    ]
    pitch = c.dilation[0] * c.field[1]
    corner = y * (c.stride[0] * c.field[1]) + x * c.stride[1] + c.corner
    for number in k.loop(tile.sources):
        source = number * (1 + tile.width) + entry + tile.width
        base = k.index(m.t, source) + corner
        pairs = [c.kernel_at(k.index(m.t, source + (1 + i))) for i in range(tile.width)]
        for row in c.tap_rows(k, m, y):
            held = [[cell.get() for cell in cells] for cells in sums]
            for tap, inside in enumerate(chunk.inside):
                column = tap * c.dilation[1]
                sites = [row * pitch + base + (column + q * c.stride[1]) for q in inside]
                states = [k.load(m.s, site * k.lanes) for site in sites]
                for i in range(tile.width):
                    for q, state in zip(inside, states, strict=True):
                        w = k.spread(m.w, c.tap_at(pairs[i], row, tap, position + q))
                        held[i][q] = k.fma(state, w, held[i][q])
            for cells, values in zip(sums, held, strict=True):
                for cell, value in zip(cells, values, strict=True):
                    cell.set(value)
    for out, cells in zip(outs, sums, strict=True):
        for q, cell in enumerate(cells):
            k.store(cell.get(), m.s, (out + q) * k.lanes)
    if ends is None:
        return
    # a loop, so that the non-linearity is in the code once a map and not once a sum
    for out in outs:
        for turn in k.loop(chunk.count):
            ends.finish(k, m, k.load(m.s, (out + turn) * k.lanes), out + turn)
