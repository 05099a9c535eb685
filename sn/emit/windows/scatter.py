"""Scatter: back-propagation through frames, vectors along the taps and in maps that a unit sees.

By columns (shared.py) every site of the layer below collects what all taps might send it. Where
windows are dilated most of that is nothing: a site has many taps to read and few units that it
feeds. Here each unit sends its gradient through its kernel into a frame of gradients, laid out
like the frames of packed.py, so that a row of its window is one run; then the frames are turned
back into maps.

Read next: packed.py for frames, choose.py for the choice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sn.emit.copies import gather, pieces
from sn.emit.layers import zero
from sn.emit.memory import whole_vectors
from sn.emit.vector import LANES, REGISTERS, Builder, Index, Memories, Memory, Vec
from sn.emit.windows.packed import Frames

BLOCK = 4  # units side by side that share what is loaded of their kernels, on every CPU


@dataclass(frozen=True, slots=True)
class Below:
    """The layer below: its `maps`, `pitch` apart, and its gradients from `back` on.

    `slope`: where its slopes lie, if nothing else adds to the gradients, else -1.
    """

    maps: int
    pitch: int
    back: int
    slope: int


@dataclass(frozen=True, slots=True)
class Senders:
    """`count` groups, each seen by `outs` out maps.

    Each entry, from `table` on: where the group's frame of gradients is; then for each out map
    its gradients and its weights.
    """

    outs: int
    count: int
    table: int


@dataclass(frozen=True, slots=True)
class Scatter:
    """Frames of gradients, each `size` elements, from `start` on: one for each of `groups`.

    `sites`: a table, for each site of a map below, of its place in a frame.
    """

    start: int
    size: int
    groups: tuple[tuple[int, ...], ...]
    senders: tuple[Senders, ...]
    sites: int


def backward(
    k: Builder,
    m: Memories,
    c: Scatter,
    frames: Frames,
    weights: tuple[Memory, int],
    to_curv: int,
    below: Below,
) -> None:
    """back[b, site] += sum over out maps a and taps of w[a, b, u, v] * grad[a, y, x].

    `weights`: the memory that packed kernels lie in, and where; `to_curv`: distance from the
    gradients of the out maps to what is sent.
    """
    f = replace(frames, strip=0)
    row = f.geometry.kernel[1] * f.width
    pitch = row if frames.strip else f.runs.pitch
    zero(k, m, c.start, len(c.groups) * c.size)
    rows, cols = f.geometry.grid
    for senders in c.senders:
        for number in k.loop(senders.count):
            entry = number * (1 + 2 * senders.outs) + senders.table
            frame = k.index(m.t, entry)
            for y in k.loop(rows):
                down = f.down(k, m, y) + frame
                for x, count in k.blocks(cols, block_of(cols)):
                    sites = [down + f.beside(k, m, x + i) for i in range(count)]
                    unit = y * cols + x + to_curv
                    for u in k.loop(f.geometry.kernel[0]):
                        into = [site + u * f.row for site in sites]
                        _send(k, m, senders.outs, entry, weights, u * pitch, row, unit, into)
    if f.width == 1:
        _spread_out(k, m, c, f, below)
    else:
        _turn_back(k, m, c, f, below)


def block_of(cols: int) -> int:
    """How many units of a row send together: up to 4, so that all blocks are about as long."""
    return -(-cols // -(-cols // BLOCK))


def _send(
    k: Builder,
    m: Memories,
    outs: int,
    entry: Index,
    weights: tuple[Memory, int],
    shift: Index,
    row: int,
    unit: Index,
    into: Sequence[Index],
) -> None:
    """Send the gradients of some units through one row of their kernels.

    The last vectors go first: of two units that send to one site the left one then does so first,
    however wide vectors are and however many are in registers.
    """
    memory, start = weights
    for cuts in _chunks(k, row, len(into)):
        cells = [[some.cell(some.constant(0)) for some, _ in cuts] for _ in into]
        for number in k.loop(outs):
            grad = k.index(m.t, number * 2 + entry + 1) + unit
            kernel = k.index(m.t, number * 2 + entry + 2) + shift + start
            w = [some.load(memory, kernel + at) for some, at in cuts]
            for i, held in enumerate(cells):
                value = k.spread(m.s, grad + i)
                low = k.shuffle(value, value, range(LANES))
                for cell, (some, _), one in zip(held, cuts, w, strict=True):
                    cell.set(some.fma(one, value if some.lanes == k.lanes else low, cell.get()))
        for site, held in zip(into, cells, strict=True):
            for cell, (some, at) in zip(held, cuts, strict=True):
                sent = _cut(some, cell.get(), row - at)
                some.store(some.load(m.s, site + at) + sent, m.s, site + at)


def _chunks(k: Builder, row: int, units: int) -> Iterator[Sequence[tuple[Builder, int]]]:
    """Cut a row of a kernel into as many vectors as fit the registers, the last ones first."""
    vectors = list(pieces(k, whole_vectors(row)))
    most = (REGISTERS[k.lanes] - 1) // (units + 1)
    chunks = -(-len(vectors) // most)
    size = -(-len(vectors) // chunks)
    for first in reversed(range(0, len(vectors), size)):
        yield vectors[first : first + size]


def _cut(k: Builder, vector: Vec, count: int) -> Vec:
    """Put 0 where a vector reaches past the row: there the next row's weights may lie."""
    if count >= k.lanes:
        return vector
    lanes = [lane if lane < count else k.lanes for lane in range(k.lanes)]
    return k.shuffle(vector, k.constant(0), lanes)


def _turn_back(k: Builder, m: Memories, c: Scatter, f: Frames, below: Below) -> None:
    """Add the frames up map by map, 8 sites of 8 maps at a time."""
    narrow = k.narrow()
    field = f.geometry.field
    for at in k.loop(whole_vectors(field[0] * field[1]), LANES):
        sites = [k.index(m.t, at + (c.sites + i)) + c.start for i in range(LANES)]
        totals: dict[int, Vec] = {}
        for number, picked in enumerate(c.groups):
            for first in range(0, len(picked), LANES):
                rows = [narrow.load(m.s, site + (number * c.size + first)) for site in sites]
                turned = narrow.transpose(rows)
                for plane, total in zip(picked[first : first + LANES], turned, strict=False):
                    totals[plane] = totals[plane] + total if plane in totals else total
        for plane in range(below.maps):
            total = totals.get(plane, narrow.constant(0))
            _give(narrow, m, below, at + plane * below.pitch, total)


def _spread_out(k: Builder, m: Memories, c: Scatter, f: Frames, below: Below) -> None:
    """The same where each frame is one map, in the order of the maps."""
    lanes = f.geometry.frame_sites(f.row)
    for plane in k.loop(below.maps):
        base = plane * c.size + c.start
        for some, i in pieces(k, len(lanes)):
            total = gather(some, m.s, base, lanes[i : i + some.lanes], 0.0)
            _give(some, m, below, plane * below.pitch + i, total)


def _give(k: Builder, m: Memories, below: Below, at: Index, total: Vec) -> None:
    """Add to some gradients of the layer below, or finish them."""
    back = at + below.back
    if below.slope < 0:
        k.store(k.load(m.s, back) + total, m.s, back)
    else:
        k.store(total * k.load(m.s, at + below.slope), m.s, back)
