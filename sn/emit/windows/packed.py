"""Frames: convolution sections with vectors along the taps and in maps that a unit sees.

In maps are copied to frames: those that the same out maps see together, or each alone where
lists of maps differ much. In a frame all its maps lie side by side, site after site, the border
included: a row of a window is one run of elements. Those of dilated windows are laid out so that
sites a dilation apart lie side by side: a window is then an undilated one that starts elsewhere.
Where such runs are short, each column of windows gets a strip of its own, in which a whole window
is one run. The gradient of a weight is then a sum over positions in a register, with no sum over
lanes; that is cheaper wherever maps are small or few.

Read next: packed_update.py for the weights, shared.py for vectors along positions, choose.py for
the choice between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sn.emit.layers import Start
from sn.emit.vector import LANES, PARTIAL, Builder, Index, Memories, Vec
from sn.emit.windows.im2col import Geometry

# vectors of a run whose code is written out; chosen here: no kernel of a paper has more, and one of
# 1,000 rows took seconds to compile
WRITTEN_OUT = 16


@dataclass(frozen=True, slots=True)
class Group:
    """In maps that lie side by side, `picked`, and where their copies are."""

    picked: tuple[int, ...]
    frame: int
    strips: int


@dataclass(frozen=True, slots=True)
class Maps:
    """`count` times `width` out maps that see the same `groups` groups, of `used` in maps each.

    Each entry, from `table` on: for each out map its gradient map and its weights; then where
    the first window of each group starts.
    """

    width: int
    groups: int
    used: int
    count: int
    table: int

    def loop(self, k: Builder, m: Memories) -> Iterator[tuple[list[Index], list[Index], Index]]:
        """Loop over the entries: gradients, weights, place of the first window's start."""
        size = 2 * self.width + self.groups
        for number in k.loop(self.count):
            at = number * size + self.table
            grads = [k.index(m.t, at + 2 * i) for i in range(self.width)]
            weights = [k.index(m.t, at + (2 * i + 1)) for i in range(self.width)]
            yield grads, weights, at + 2 * self.width


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of a window into one group: how many, and the elements of each."""

    count: int
    length: int

    @property
    def pitch(self) -> int:
        """Weights of a run, pads included: whole blocks of partial sums."""
        return -(-self.length // PARTIAL) * PARTIAL

    @property
    def whole(self) -> int:
        """Elements of a run summed 16 at a time: all, unless 8 lanes can take the rest."""
        rest = self.length % PARTIAL
        return self.length - rest if 0 < rest <= LANES else self.pitch

    @property
    def weights(self) -> int:
        """Weights of an out map into a group."""
        return self.count * self.pitch


@dataclass(frozen=True, slots=True)
class Frames:
    """Copies of the in maps and the runs in which windows read them.

    `source`, `pitch`, `maps`: the in maps; `to_state`: distance from a gradient to its sum;
    `rows` of a frame are `row` elements apart, its sites `width`; `strip`: elements of a strip,
    0 for none. `forward`, `updates`: the out maps that share what is loaded; updates sum `tile`,
    (runs, vectors of a run), in registers. `places`: a table of the places of all rows of a frame,
    then of its columns, where windows are dilated; -1 where both lie in their order.
    """

    geometry: Geometry
    source: int
    pitch: int
    maps: int
    to_state: int
    rows: int
    row: int
    width: int
    strip: int
    runs: Runs
    groups: tuple[Group, ...]
    forward: tuple[Maps, ...]
    updates: tuple[Maps, ...]
    tile: tuple[int, int]
    places: int = -1

    @property
    def steps(self) -> tuple[int, int, int]:
        """Distance from a window to the one below and the one beside; from a run to the next."""
        down, beside = self.geometry.stride
        if self.strip:
            return down * self.geometry.kernel[1] * self.width, self.strip, 0
        return down * self.row, beside * self.width, self.row

    def place(self, k: Builder, m: Memories, axis: int, at: Index | int) -> Index:
        """Where a row (axis 0) or a column of a frame lies among all of them."""
        at = Index(k, None, at) if isinstance(at, int) else at
        if self.places < 0:
            return at
        orders = self.geometry.frame_places
        if at.value is None:
            return Index(k, None, orders[axis][at.const])
        return k.index(m.t, at + (self.places + axis * len(orders[0])))

    def down(self, k: Builder, m: Memories, y: Index | int) -> Index:
        """How far the windows of a row of positions are below those of the first."""
        if self.places < 0:
            return Index(k, None, 0) + y * self.steps[0]
        row = self.geometry.kernel[1] * self.width if self.strip else self.row
        return self.place(k, m, 0, y * self.geometry.stride[0]) * row

    def beside(self, k: Builder, m: Memories, x: Index | int) -> Index:
        """How far the windows of a column of positions are beside those of the first."""
        if self.places < 0 or self.strip:
            return Index(k, None, 0) + x * self.steps[1]
        return self.place(k, m, 1, x * self.geometry.stride[1]) * self.width


def forward(k: Builder, m: Memories, f: Frames, weights_at: int, start: Start) -> None:
    """sum[a, y, x] += w[a] . window: partial sums along a run, 8 positions at a time.

    With 16 lanes two out maps share what is loaded of their windows.
    """
    for maps in f.forward:
        for grads, weights, windows in maps.loop(k, m):
            outs = [grad + f.to_state for grad in grads]
            kernels = [weight + weights_at for weight in weights]
            for first, shift, sites in _blocks(k, m, f):
                reach = Reach(windows, maps.groups, shift, sites)
                _positions(k, m, f, [out + first for out in outs], kernels, reach, start)


@dataclass(frozen=True, slots=True)
class Reach:
    """Windows of up to 8 positions: where the starts of the first windows of the groups are
    listed, how many, and how far from there the windows of the positions are.
    """

    windows: Index
    groups: int
    shift: Index
    sites: Sequence[Index | int]


def _blocks(
    k: Builder, m: Memories, f: Frames
) -> Iterator[tuple[Index, Index, Sequence[Index | int]]]:
    """Cut the positions into blocks of 8 or fewer.

    Each: its first position, how far its first window is from that of the map, and how far
    the windows of its positions are from there.
    """
    (rows, cols), (down, beside, _) = f.geometry.grid, f.steps
    zero = Index(k, None, 0)
    if f.places >= 0:
        yield from _blocks_apart(k, m, f)
    elif LANES % cols == 0 and rows * cols % LANES == 0:
        height = LANES // cols
        sites = [y * down + x * beside for y in range(height) for x in range(cols)]
        for y in k.loop(rows, height):
            yield y * cols, y * down, sites
    elif cols % LANES == 0:
        for y in k.loop(rows):
            for x in k.loop(cols, LANES):
                yield y * cols + x, y * down + x * beside, [x * beside for x in range(LANES)]
    else:
        places = [y * down + x * beside for y in range(rows) for x in range(cols)]
        for first in range(0, len(places), LANES):
            yield zero + first, zero, places[first : first + LANES]


def _blocks_apart(
    k: Builder, m: Memories, f: Frames
) -> Iterator[tuple[Index, Index, Sequence[Index | int]]]:
    """The same of dilated windows, which lie at no regular distance."""
    rows, cols = f.geometry.grid
    zero = Index(k, None, 0)
    if LANES % cols == 0 and rows * cols % LANES == 0:
        height = LANES // cols
        for y in k.loop(rows, height):
            downs = [f.down(k, m, y + i) for i in range(height)]
            yield y * cols, zero, [down + f.beside(k, m, x) for down in downs for x in range(cols)]
    elif cols % LANES == 0:
        for y in k.loop(rows):
            for x in range(0, cols, LANES):
                sites = [f.beside(k, m, x + i) for i in range(LANES)]
                yield y * cols + x, f.down(k, m, y), sites
    else:
        places = [f.down(k, m, y) + f.beside(k, m, x) for y in range(rows) for x in range(cols)]
        for first in range(0, len(places), LANES):
            yield zero + first, zero, places[first : first + LANES]


def _positions(
    k: Builder,
    m: Memories,
    f: Frames,
    places: Sequence[Index],
    weights: Sequence[Index],
    reach: Reach,
    start: Start,
) -> None:
    """Add up to 8 sums of each out map."""
    halves = range(0, PARTIAL, k.lanes)
    parts = [_partial(k, m, f, weights, reach, half) for half in halves]
    n, narrow = len(reach.sites), k.narrow()
    starts = [start.value(narrow, m, at) for at in places]
    if len(places) > 1 and n == LANES:
        both = k.sum_up(parts)
        totals = [k.shuffle(both, both, range(at, at + n)) for at in (0, n)]
    else:
        mine = [slice(i * n, (i + 1) * n) for i in range(len(places))]
        totals = [k.sum_up([part[some] for part in parts]) for some in mine]
    for at, first, total in zip(places, starts, totals, strict=True):
        narrow.store(first + total, m.s, at)


def _partial(
    k: Builder, m: Memories, f: Frames, weights: Sequence[Index], reach: Reach, half: int
) -> list[Vec]:
    """Partial sums of windows with some kernels; with 8 lanes one half of them at a time.

    What is left of a run beyond whole blocks, if it fits in 8 lanes, is summed first.
    """
    whole, narrow = f.runs.whole, k.narrow()
    sums = [k.constant(0) for _ in weights for _ in reach.sites]
    if whole < f.runs.length and half == 0:
        first = [narrow.constant(0) for _ in sums]
        first = _along(narrow, m, f, weights, reach, range(whole, f.runs.length, LANES), first)
        # lanes of nothing beside them
        sums = [k.shuffle(v, narrow.constant(0), range(k.lanes)) for v in first]
    if whole:
        sums = _along(k, m, f, weights, reach, range(half, whole, PARTIAL), sums)
    return sums


def _along(
    k: Builder,
    m: Memories,
    f: Frames,
    weights: Sequence[Index],
    reach: Reach,
    places: range,
    sums: Sequence[Vec],
) -> list[Vec]:
    """Add the products at some places of all runs to partial sums.

    The code of up to WRITTEN_OUT places is written out, that of more is a loop.
    """
    cells = [k.cell(value) for value in sums]
    some = len(places) if len(places) <= WRITTEN_OUT else 1
    for group in k.loop(reach.groups):
        window = k.index(m.t, reach.windows + group) + reach.shift
        kernels = [weight + group * f.runs.weights for weight in weights]
        for run in k.loop(f.runs.count):
            for block in k.loop(max(1, len(places) // max(1, some))):
                held = [cell.get() for cell in cells]
                for at in places[:some]:
                    on = block * places.step + at
                    w = [k.load(m.w, kernel + run * f.runs.pitch + on) for kernel in kernels]
                    here = run * f.steps[2] + window + on
                    x = [k.load(m.s, here + site) for site in reach.sites]
                    terms = [(one, two) for one in w for two in x]
                    held = [k.fma(b, a, total) for (a, b), total in zip(terms, held, strict=True)]
                for cell, value in zip(cells, held, strict=True):
                    cell.set(value)
    return [cell.get() for cell in cells]
