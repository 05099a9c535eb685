"""Batch sections: evaluation of many patterns at once, one pattern a lane.

States lie unit by unit, the patterns of a batch side by side; every weight is read once for all
of them. Each pattern's sums run in one fixed order, so results do not depend on how many lanes
the CPU has.
"""

from __future__ import annotations

from dataclasses import dataclass

from sn.emit.functions import compile_expression
from sn.emit.tiles import Tile
from sn.emit.units import FullWeights
from sn.emit.windows import Kernels, Sums
from sn.net.expr import Expr
from sn.simd import Builder, Index, Memories, Vec


@dataclass(frozen=True, slots=True)
class Target:
    """Where the states of a layer go: map by map and row by row, at unit places.

    A layer that only one window node reads goes straight into that node's frame.
    """

    at: int
    maps: int
    rows: int
    cols: int
    map_pitch: int
    row_pitch: int

    def place(self, plane: Index, row: Index, col: Index) -> Index:
        """The place of one unit."""
        return plane * self.map_pitch + row * self.row_pitch + col + self.at


@dataclass(frozen=True, slots=True)
class Ends:
    """How the sums of a layer start and what becomes of them, for sections that do all of it.

    `bias`: packed biases, `bias_pitch` from map to map, or one a map when 0; -1 for none.
    """

    bias: int
    bias_pitch: int
    value: Expr
    target: Target

    def start(self, k: Builder, m: Memories, plane: Index, position: Index) -> Vec:
        """The first value of a sum."""
        if self.bias < 0:
            return k.constant(0)
        if not self.bias_pitch:
            return k.spread(m.w, plane + self.bias)
        return k.spread(m.w, plane * self.bias_pitch + position + self.bias)

    def finish(self, k: Builder, m: Memories, total: Vec, place: Index) -> None:
        """Store the state of a finished sum."""
        state = compile_expression(k, self.value, {"a": total}, {})
        k.store(state, m.s, place * k.lanes)


def load_patterns(k: Builder, m: Memories, target: Target, batch: Index) -> None:
    """Copy a batch of patterns to where the input layer's states go."""
    size = target.maps * target.rows * target.cols
    for plane in k.loop(target.maps):
        for row in k.loop(target.rows):
            for col in k.loop(target.cols):
                unit = (plane * target.rows + row) * target.cols + col
                state = k.load(m.x, (batch * size + unit) * k.lanes)
                k.store(state, m.s, target.place(plane, row, col) * k.lanes)


def store_outputs(k: Builder, m: Memories, first: int, size: int, batch: Index) -> None:
    """Copy the states of the output layer out."""
    for i in k.loop(size * k.lanes, k.lanes):
        k.store(k.load(m.s, i + first * k.lanes), m.o, batch * (size * k.lanes) + i)


def start(k: Builder, m: Memories, first: int, ends: Ends) -> None:
    """sum[map, p] = bias, for layers that several nodes add to."""
    t = ends.target
    for plane in k.loop(t.maps):
        for p in k.loop(t.rows * t.cols):
            unit = plane * (t.rows * t.cols) + p + first
            k.store(ends.start(k, m, plane, p), m.s, unit * k.lanes)


def activate(k: Builder, m: Memories, first: int, ends: Ends) -> None:
    """State = f(sum), for layers that several nodes add to."""
    t = ends.target
    for plane in k.loop(t.maps):
        for row in k.loop(t.rows):
            for col in k.loop(t.cols):
                unit = (plane * t.rows + row) * t.cols + col + first
                ends.finish(k, m, k.load(m.s, unit * k.lanes), t.place(plane, row, col))


@dataclass(frozen=True, slots=True)
class Frame:
    """In maps with their border: `count` copies per map, (site in the frame, unit) from `table`.

    Without copies the layer below is the frame, or its states go straight into it.
    """

    maps: int
    first: int
    positions: int
    at: int
    size: int
    count: int
    table: int


@dataclass(frozen=True, slots=True)
class BatchWindow:
    """A window node: out maps are `grid` positions from unit `first` on.

    `cols`: columns of the frame; `weight_pitch`: 0 when kernels are shared, else the distance
    between the weights of two taps at one position.
    """

    frame: Frame
    first: int
    grid: tuple[int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    cols: int
    kernels: Kernels
    weight_pitch: int
    sums: Sums


def window(k: Builder, m: Memories, c: BatchWindow, ends: Ends | None = None) -> None:
    """sum[a, y, x] += sum over in maps b and taps of w * in[b, site].

    With `ends` the node is all that feeds its layer, and each sum is finished at once.
    """
    f = c.frame
    if f.count:
        for plane in k.loop(f.maps):
            for i in k.loop(f.count):
                site = k.index(m.t, i * 2 + f.table)
                unit = k.index(m.t, i * 2 + (f.table + 1))
                state = k.load(m.s, (plane * f.positions + unit + f.first) * k.lanes)
                k.store(state, m.s, (plane * f.size + site + f.at) * k.lanes)
    rows, cols = c.grid
    chunk = c.sums.chunk
    for tile in c.sums.tiles:
        for number in k.loop(tile.count):
            entry = number * tile.entry + tile.table
            for y in k.loop(rows):
                if cols // chunk:
                    for x in k.loop(cols // chunk * chunk, chunk):
                        _window_tile(k, m, c, ends, tile, entry, y, x, chunk)
                if cols % chunk:
                    x = Index(k, None, cols // chunk * chunk)
                    _window_tile(k, m, c, ends, tile, entry, y, x, cols % chunk)


def _window_tile(
    k: Builder,
    m: Memories,
    c: BatchWindow,
    ends: Ends | None,
    tile: Tile,
    entry: Index,
    y: Index,
    x: Index,
    chunk: int,
) -> None:
    rows, cols = c.grid
    planes = [k.index(m.t, entry + i) for i in range(tile.width)]
    outs = [(plane * rows + y) * cols + x + c.first for plane in planes]
    if ends is None:
        firsts = [[k.load(m.s, (out + q) * k.lanes) for q in range(chunk)] for out in outs]
    else:
        position = y * cols + x
        firsts = [[ends.start(k, m, plane, position + q) for q in range(chunk)] for plane in planes]
    sums = [[k.cell(value) for value in row] for row in firsts]
    corner = (y * (c.stride[0] * c.cols) + x * c.stride[1]) * k.lanes
    for number in k.loop(tile.sources):
        source = number * (1 + tile.width) + entry + tile.width
        base = k.index(m.t, source) * k.lanes + corner
        pairs = [k.index(m.t, source + (1 + i)) for i in range(tile.width)]
        held = [[cell.get() for cell in row] for row in sums]
        for u in range(c.kernel[0]):
            for v in range(c.kernel[1]):
                tap = u * c.kernel[1] + v
                sites = [u * c.cols + v + q * c.stride[1] for q in range(chunk)]
                states = [k.load(m.s, base + site * k.lanes) for site in sites]
                for i in range(tile.width):
                    for q in range(chunk):
                        if c.weight_pitch:
                            run = pairs[i] * (c.kernel[0] * c.kernel[1]) + tap
                            position = y * c.grid[1] + x + (c.kernels.start + q)
                            at = run * c.weight_pitch + position
                        else:
                            at = c.kernels.at(pairs[i], tap)
                        w = k.spread(m.w, at)
                        held[i][q] = k.fma(states[q], w, held[i][q])
        for row, values in zip(sums, held, strict=True):
            for cell, value in zip(row, values, strict=True):
                cell.set(value)
    for out, row in zip(outs, sums, strict=True):
        for q, cell in enumerate(row):
            k.store(cell.get(), m.s, (out + q) * k.lanes)
    if ends is None:
        return
    # a loop, so that the non-linearity is in the code once a map and not once a sum
    for plane, out in zip(planes, outs, strict=True):
        for turn in k.loop(chunk):
            total = k.load(m.s, (out + turn) * k.lanes)
            ends.finish(k, m, total, ends.target.place(plane, y, x + turn))


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
                ends.finish(k, m, cell.get(), unit + (ends.target.at + number))

    whole = positions // ROWS * ROWS
    for plane in k.loop(planes):
        if whole:
            for first in k.loop(whole, ROWS):
                some(plane, first, ROWS)
        if positions > whole:
            some(plane, Index(k, None, whole), positions - whole)


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
