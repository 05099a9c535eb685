"""Place for convolutions: how the sums of a window node are arranged, and where all lies.

Two arrangements there are for the forward pass and for the update: vectors along positions
(columns of the in maps) and vectors along taps and in maps (frames). What either costs is
estimated here, in cycles, and the cheapest combination is placed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sn.emit import windows
from sn.emit.frames import Frames, Group, Maps, Runs
from sn.emit.layout import Layout, Tables, whole_vectors
from sn.emit.place import geometry, map_pitch
from sn.emit.tiles import REGISTERS, Room, Tile, Tiling, scaled, tile
from sn.lower.ir import Node, Window
from sn.net.layer import Ints
from sn.simd import LANES, PARTIAL


def place_conv(node: Window, lay: Layout) -> windows.Conv:
    """Place a shared window node."""
    g = geometry(node)
    dst, src = lay.layers[node.dst], lay.layers[node.src]
    dst_pitch = map_pitch(dst, node.grid.maps, node.grid.positions)
    src_pitch = map_pitch(src, node.field.maps, node.field.positions)
    assert dst_pitch is not None and src_pitch is not None
    out_maps = np.arange(node.grid.maps, dtype=np.int32)
    in_maps = np.arange(node.field.maps, dtype=np.int32)
    grads = dst.grad + out_maps * dst_pitch
    way = _choose(node)
    frames = None
    if way.frames:
        sizes = _Sizes(node, way.frames)
        kernels, pair_places = _pack_by_frames(node, lay, sizes)
        reach = (src.state, src_pitch, dst.state - dst.grad)
        frames = _place_frames(node, lay, sizes, reach, grads)
    else:
        kernels, pair_places = _pack_by_pairs(node, lay)
    slots = lay.weights.size - kernels.start
    width = len(g.column_lanes)
    columns = squares = 0
    forward = updates = None
    if not way.frames:
        columns = lay.arena.take(node.field.maps * width)
    elif way.forward_by_columns:
        columns = lay.scratch
    sites = columns + in_maps * width
    if way.forward_by_columns:
        sums = dst.state + out_maps * dst_pitch
        forward = sums_of(_forward_tiling(node, lay), sums, sites, pair_places, lay.tables)
    if not way.frames:
        squares = lay.arena.take(node.field.maps * width)
        updates = _pair_updates(node, lay, grads, sites)
    flat = g.flat
    class_width = flat.n_classes * flat.class_pitch
    spread, classes = lay.scratch, lay.scratch + _spread_size(node)
    weight_squares = classes + _classes_size(node)
    sums = src.grad + in_maps * src_pitch if g.is_direct else classes + in_maps * class_width
    turned = [(source, out) for out, source in node.pairs]
    taps = [len(listed) for _, listed in flat.classes]
    tiling = tile(turned, taps, *_rooms(flat.class_pitch, lay.lanes))
    spreads = spread + out_maps * len(flat.gradient_lanes)
    backward = sums_of(tiling, sums, spreads, pair_places, lay.tables)
    return windows.Conv(
        g,
        (node.grid.maps, node.field.maps),
        src.state,
        src.grad,
        src_pitch,
        dst.grad,
        dst_pitch,
        columns,
        squares,
        spread,
        classes,
        weight_squares,
        slots,
        kernels,
        forward,
        backward,
        updates,
        frames,
    )


def _forward_tiling(node: Window, lay: Layout) -> Tiling:
    return tile(node.pairs, [node.taps], *_rooms(node.grid.positions, lay.lanes))


def _rooms(positions: int, lanes: int) -> tuple[Room, Room]:
    """What tiles have with 16 lanes, and with those of this CPU."""
    wide, mine = (Room(-(-positions // n), REGISTERS[n]) for n in (PARTIAL, lanes))
    return wide, mine


def is_complete(node: Window, lay: Layout) -> bool:
    """Whether the forward section has all terms of every sum of its layer at hand at once."""
    if not _choose(node).forward_by_columns:
        return len(lists_of(node)) == node.grid.maps
    return _forward_tiling(node, lay).is_complete(node.grid.maps)


def finishes(node: Node) -> bool:
    """Whether back-propagation writes each gradient of the layer below once, in one store."""
    return isinstance(node, Window) and node.shared and not geometry(node).is_direct


def _spread_size(node: Window) -> int:
    size = node.grid.maps * len(geometry(node).flat.gradient_lanes)
    return -(-(size + PARTIAL) // PARTIAL) * PARTIAL


def _classes_size(node: Window) -> int:
    flat = geometry(node).flat
    return node.field.maps * flat.n_classes * flat.class_pitch


def scratch_size(node: Window, second: bool) -> int:
    """Elements that a section of the node needs only while it runs; `second`: with curvatures."""
    way = _choose(node)
    backward = _spread_size(node) + _classes_size(node)
    if second:
        backward += _slots(node) + 2 * PARTIAL
    if way.frames and way.forward_by_columns:
        return max(backward, node.field.maps * len(geometry(node).column_lanes))
    return backward


def _slots(node: Window) -> int:
    """Packed weights of a node, pads between kernels included."""
    way = _choose(node)
    if not way.frames:
        return len(node.pairs) * whole_vectors(node.taps)
    sizes = _Sizes(node, way.frames)
    return sum(len(groups) for groups in sizes.groups.values()) * sizes.runs.weights


def sums_of(tiling: Tiling, out: Ints, source: Ints, pair: Ints, tables: Tables) -> windows.Sums:
    """Put the entries of a tiling into the tables; `out`, `source`, `pair` are places in memory."""
    tiles = [
        Tile(width, sources, len(entries), tables.add(entries))
        for width, sources, entries in scaled(tiling, out, source, pair)
    ]
    is_complete = tiling.is_complete(len(out))
    return windows.Sums(tiling.chunk, tiling.together, is_complete, tuple(tiles))


# --- which way ---


@dataclass(frozen=True, slots=True)
class Way:
    """How the update and the forward pass run.

    `frames`: of lists of maps ("lists") or of single maps ("maps"); "" for columns.
    """

    frames: str
    forward_by_columns: bool


@lru_cache(maxsize=64)  # asked for again by each part of the emitter
def _choose(node: Window) -> Way:
    """Choose by estimated cycles, for 16 lanes and two multiply-adds a cycle.

    The order of sums follows from the choice, so it must not depend on the CPU. Costs beside
    the multiply-adds: 1.5 a vector copied, 45 for up to 16 sums over lanes and 25 for 8.
    """
    positions, taps, pairs = node.grid.positions, node.taps, len(node.pairs)
    vectors = -(-positions // PARTIAL)
    columns = 1.5 * node.field.maps * len(geometry(node).column_lanes) / PARTIAL
    # below 16 sums at once, each waits for its own last multiply-add
    most = max(np.unique([source for _, source in node.pairs], return_counts=True)[1])
    forward = 0.55 * pairs * taps * vectors * max(1, 16 / (most * vectors))
    sums = taps // PARTIAL * 45 + min(45, -(-(taps % PARTIAL) // LANES) * 25)
    dots = pairs * (0.7 * taps * vectors + sums)
    costs: dict[Way, float] = {Way("", True): columns + forward + dots}
    for frames in () if any(node.wrap) else ("lists", "maps"):
        sizes = _Sizes(node, frames)
        copied = sizes.copied / PARTIAL * 1.5
        seen = [group for groups in sizes.groups.values() for group in groups]
        turns = (_tile_of(seen.count(group), sizes, PARTIAL)[1] for group in sizes.distinct)
        depth = len(seen) * sizes.runs.count * -(-sizes.runs.length // PARTIAL)
        update = sum(turns) * positions + 2 * depth
        costs[Way(frames, True)] = columns + forward + copied + update
        if positions <= 64:
            # a load for each product; those that straddle cache lines take twice as long
            each = 0.55 if sizes.width % LANES == 0 else 1.1
            products = each * depth * positions + 2.8 * positions * len(sizes.groups)
            costs[Way(frames, False)] = products + copied + update
    return min(costs, key=lambda way: costs[way])


class _Sizes:
    """The sizes of the frames of a node, before they are placed.

    `groups`: of each out map, the groups of in maps it sees; `distinct`: all groups.
    """

    def __init__(self, node: Window, frames: str) -> None:
        lists = lists_of(node)
        self.groups = {
            out: [found] if frames == "lists" else [(source,) for source in found]
            for out, found in lists.items()
        }
        self.distinct = list(dict.fromkeys(g for groups in self.groups.values() for g in groups))
        self.width = max(len(group) for group in self.distinct)
        (rows, cols), grid = frame_size(node), node.grid
        # rows of a frame start on a cache line, as far as sites fill whole vectors
        pitch = cols * self.width
        self.rows = rows
        self.row = pitch if self.width % LANES else -(-pitch // PARTIAL) * PARTIAL
        row, kernel_rows = node.kernel[1] * self.width, node.kernel[0]
        # short rows fill vectors badly; a strip has the whole window in one run
        in_rows = kernel_rows * -(-row // PARTIAL)
        has_strips = 1.25 * -(-(kernel_rows * row) // PARTIAL) < in_rows
        self.runs = Runs(1, kernel_rows * row) if has_strips else Runs(kernel_rows, row)
        self.strip = -(-(rows * row + PARTIAL) // PARTIAL) * PARTIAL if has_strips else 0
        turned = 3 * whole_vectors(node.field.maps) * node.field.positions
        padded = node.field.positions * whole_vectors(self.width)
        if self.width == 1:
            turned, padded = 0, node.field.rows * whole_vectors(node.field.cols)
        # half a vector takes as long as a whole one
        strips = grid.cols * rows * -(-row // PARTIAL) * PARTIAL if has_strips else 0
        self.copied = len(self.distinct) * (padded + strips) + turned

    def starts(self) -> dict[int, int]:
        """Return where the weights of each out map start."""
        found, at = {}, 0
        for out, groups in self.groups.items():
            found[out] = at
            at += len(groups) * self.runs.weights
        return found


def lists_of(node: Window) -> dict[int, tuple[int, ...]]:
    """The in maps that each out map sees."""
    lists: dict[int, tuple[int, ...]] = {}
    for out, source in node.pairs:
        lists[out] = (*lists.get(out, ()), source)
    return lists


def frame_size(node: Window) -> tuple[int, int]:
    """Rows and columns of all sites that some window meets."""
    rows = (node.grid.rows - 1) * node.stride[0] + node.kernel[0]
    return rows, (node.grid.cols - 1) * node.stride[1] + node.kernel[1]


# --- by frames ---


def _pack_by_frames(node: Window, lay: Layout, sizes: _Sizes) -> tuple[windows.Kernels, Ints]:
    """Pack kernels out map by out map, tap by tap, the in maps of the list side by side."""
    row = sizes.width * node.kernel[1] if sizes.strip else sizes.runs.pitch
    places = _frame_places(node, sizes)
    u, v = np.divmod(np.arange(node.taps), node.kernel[1])
    slots = np.full(_slots(node), -1, np.int32)
    offsets = places[:, None] + (u * row + v * sizes.width)
    slots[offsets] = node.wid.reshape(len(places), node.taps)
    at = lay.weights.add(slots)
    kernels = windows.Kernels(at, 1, row, sizes.width, node.kernel[1])
    return kernels, places


def _frame_places(node: Window, sizes: _Sizes) -> Ints:
    """Place of each pair's first tap, kernels packed by frames: (n_pairs,) int32."""
    starts = sizes.starts()
    places = {
        (out, source): starts[out] + number * sizes.runs.weights + index
        for out, groups in sizes.groups.items()
        for number, group in enumerate(groups)
        for index, source in enumerate(group)
    }
    return np.array([places[out, source] for out, source in node.pairs], np.int32)


def pair_places(node: Window, conv: windows.Conv) -> Ints:
    """Where each pair's kernel starts, as `Kernels.at` wants it: (n_pairs,) int32."""
    if conv.frames is None:
        return np.arange(len(node.pairs), dtype=np.int32)
    return _frame_places(node, _Sizes(node, _choose(node).frames))


def _place_frames(
    node: Window, lay: Layout, sizes: _Sizes, reach: tuple[int, int, int], grads: Ints
) -> Frames:
    """Place the frames of each list; `reach`: states of the in maps, their pitch, `to_state`."""
    g = geometry(node)
    copies: dict[tuple[int, ...], Group] = {}
    for picked in sizes.distinct:
        size = sizes.rows * sizes.row + PARTIAL
        frame = lay.arena.take(size, np.full(size, g.border, np.float32))
        size = g.grid[1] * sizes.strip + PARTIAL if sizes.strip else 0
        strips = lay.arena.take(size, np.full(size, g.border, np.float32)) if size else 0
        copies[picked] = Group(picked, frame, strips)
    starts = sizes.starts()

    def maps_of(seen: dict[tuple[tuple[int, ...], ...], list[list[int]]], width: int) -> list[Maps]:
        """List out maps by the groups they see, as many at a time as fit."""
        shapes: dict[tuple[int, int, int], list[list[int]]] = {}
        for groups, outs in seen.items():
            windows = [copies[g].strips if sizes.strip else copies[g].frame for g in groups]
            for first in range(0, len(outs), width):
                some = outs[first : first + width]
                shape = len(some), len(groups), len(groups[0])
                entry = [at for pair in some for at in pair]
                shapes.setdefault(shape, []).append([*entry, *windows])
        return [
            Maps(*shape, len(entries), lay.tables.add(np.array(entries, np.int64)))
            for shape, entries in shapes.items()
        ]

    together: dict[tuple[tuple[int, ...], ...], list[list[int]]] = {}
    apart: dict[tuple[tuple[int, ...], ...], list[list[int]]] = {}
    for out, groups in sizes.groups.items():
        together.setdefault(tuple(groups), []).append([int(grads[out]), starts[out]])
        for number, group in enumerate(groups):
            weights = starts[out] + number * sizes.runs.weights
            apart.setdefault((group,), []).append([int(grads[out]), weights])
    source, pitch, to_state = reach
    most = max(len(outs) for outs in apart.values())
    (width, runs, depth), _ = _tile_of(most, sizes, lay.lanes)
    return Frames(
        g,
        source,
        pitch,
        node.field.maps,
        to_state,
        sizes.rows,
        sizes.row,
        sizes.width,
        sizes.strip,
        sizes.runs,
        tuple(copies.values()),
        tuple(maps_of(together, lay.lanes // LANES)),
        tuple(maps_of(apart, width)),
        (runs, depth),
    )


def _tile_of(maps: int, sizes: _Sizes, lanes: int) -> tuple[tuple[int, int, int], float]:
    """Out maps, runs and vectors of a run that are summed together, and the cycles of a position.

    Of all shapes that fit the registers, the cheapest for `maps` out maps with one list.
    """
    vectors = -(-whole_vectors(sizes.runs.length) // lanes)

    def turns(width: int, depth: int) -> float:
        """Cycles of one tile: two multiply-adds, or loads, or the latency of a sum."""
        return max(width * depth / 2, (width + depth) / 2, 6) + 0.1 * (width + depth)

    def cost(shape: tuple[int, int, int]) -> float:
        width, runs, depth = shape
        total = 0.0
        for some, times in ((width, maps // width), (maps % width, 1)):
            for count, again in ((runs, sizes.runs.count // runs), (sizes.runs.count % runs, 1)):
                if some and count:
                    each = turns(some, count * depth)
                    total += times * again * -(-vectors // depth) * each
        return total

    shapes = [
        (width, runs, depth)
        for width in range(1, min(maps, 16) + 1)
        for depth in range(1, min(vectors, 16) + 1)
        for runs in (range(1, sizes.runs.count + 1) if depth == vectors else (1,))
        if width * runs * depth + runs * depth + 1 <= REGISTERS[lanes]
    ]
    best = min(shapes, key=cost)
    return best, cost(best)


# --- by columns ---


def _pack_by_pairs(node: Window, lay: Layout) -> tuple[windows.Kernels, Ints]:
    """Pack kernels pair by pair, tap by tap, padded to whole vectors."""
    pitch = whole_vectors(node.taps)
    slots = np.full((len(node.pairs), pitch), -1, np.int32)
    slots[:, : node.taps] = node.wid.reshape(len(node.pairs), node.taps)
    cols = node.kernel[1]
    kernels = windows.Kernels(lay.weights.add(slots), pitch, cols, 1, cols)
    return kernels, np.arange(len(node.pairs), dtype=np.int32)


def _pair_updates(node: Window, lay: Layout, grads: Ints, sites: Ints) -> windows.Updates:
    """List pairs of gradient map and columns."""
    pairs = np.array(node.pairs, np.int32)
    entries = np.stack([grads[pairs[:, 0]], sites[pairs[:, 1]]], axis=1)
    return windows.Updates(len(pairs), lay.tables.add(entries))
