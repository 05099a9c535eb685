"""Place for windows: where states, weights and tiles of a window node lie, once a way is chosen.

Read next: choose.py for the choice, shared.py, packed.py and unshared.py for the sections.
"""

from __future__ import annotations

import numpy as np

from sn.emit.memory import Layout, Tables, map_pitch, whole_vectors
from sn.emit.vector import LANES, PARTIAL
from sn.emit.windows import shared, unshared
from sn.emit.windows.choose import Chosen, Sizes, backward_tiling, tile_of
from sn.emit.windows.im2col import geometry
from sn.emit.windows.packed import Frames, Group, Maps
from sn.emit.windows.scatter import Scatter, Senders
from sn.emit.windows.tiles import Tile, Tiling, scaled
from sn.lower.ir import Window
from sn.net.layer import Ints


def place_conv(chosen: Chosen, lay: Layout) -> tuple[shared.Conv, Ints]:
    """Place a shared window node; return also where each pair's kernel starts."""
    node, way, g, sizes = chosen.node, chosen.way, chosen.geometry, chosen.sizes
    dst, src = lay.layers[node.dst], lay.layers[node.src]
    dst_pitch = map_pitch(dst, node.grid.maps, node.grid.positions)
    src_pitch = map_pitch(src, node.field.maps, node.field.positions)
    assert dst_pitch is not None and src_pitch is not None
    out_maps = np.arange(node.grid.maps, dtype=np.int32)
    in_maps = np.arange(node.field.maps, dtype=np.int32)
    grads = dst.grad + out_maps * dst_pitch
    frames = None
    if sizes is not None:
        kernels, pair_places = _pack_by_frames(chosen, lay, sizes)
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
        forward = sums_of(chosen.forward_tiling(lay.lanes), sums, sites, pair_places, lay.tables)
    if not way.frames:
        squares = lay.arena.take(node.field.maps * width)
        updates = _pair_updates(node, lay, grads, sites)
    scatter = backward = None
    if sizes is not None and not way.backward_by_columns:
        scatter = _place_scatter(chosen, lay, sizes, grads)
    else:
        backward = _place_collect(chosen, lay, src.grad + in_maps * src_pitch, pair_places)
    spread, classes = lay.scratch, lay.scratch + chosen.spread_size
    conv = shared.Conv(
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
        lay.scratch + chosen.backward_size,
        slots,
        kernels,
        forward,
        backward,
        updates,
        frames,
        scatter,
    )
    return conv, pair_places


def _place_collect(chosen: Chosen, lay: Layout, back: Ints, pair_places: Ints) -> shared.Sums:
    """Place the tiles of back-propagation by columns; `back`: the gradients of each map below."""
    g, flat = chosen.geometry, chosen.geometry.flat
    tiling = backward_tiling(chosen.node, g, lay.lanes)
    classes = np.arange(chosen.node.field.maps, dtype=np.int32) * (
        flat.n_classes * flat.class_pitch
    )
    sums = back if g.is_direct else lay.scratch + chosen.spread_size + classes
    out_maps = np.arange(chosen.node.grid.maps, dtype=np.int32)
    spreads = lay.scratch + out_maps * len(flat.gradient_lanes)
    return sums_of(tiling, sums, spreads, pair_places, lay.tables)


def _place_scatter(chosen: Chosen, lay: Layout, sizes: Sizes, grads: Ints) -> Scatter:
    """Place frames of gradients, and list which out maps send to each."""
    node, starts, size = chosen.node, sizes.starts(), sizes.gradients
    groups = sizes.distinct
    if sizes.width == 1:
        groups = [(source,) for source in range(node.field.maps)]
    sending: dict[tuple[int, ...], list[int]] = {}
    for out, seen in sizes.groups.items():
        for number, group in enumerate(seen):
            weights = starts[out] + number * sizes.runs.weights
            sending.setdefault(group, []).extend([int(grads[out]), weights])
    shapes: dict[int, list[list[int]]] = {}
    for number, group in enumerate(groups):
        entry = sending.get(group, [])
        if entry:
            frame = lay.scratch + number * size
            shapes.setdefault(len(entry) // 2, []).append([frame, *entry])
    senders = tuple(
        Senders(outs, len(entries), lay.tables.add(np.array(entries, np.int64)))
        for outs, entries in shapes.items()
    )
    # of a site that no window meets, what lies past the rows of a frame is read: nothing
    nothing = sizes.rows * sizes.row
    sites = np.array(chosen.geometry.frame_sites(sizes.row, sizes.width))
    table = lay.tables.add(np.where(sites < 0, nothing, sites))
    return Scatter(lay.scratch, size, tuple(groups), senders, table)


def sums_of(tiling: Tiling, out: Ints, source: Ints, pair: Ints, tables: Tables) -> shared.Sums:
    """Put the entries of a tiling into the tables; `out`, `source`, `pair` are places in memory."""
    tiles = [
        Tile(width, sources, len(entries), tables.add(entries))
        for width, sources, entries in scaled(tiling, out, source, pair)
    ]
    is_complete = tiling.is_complete(len(out))
    return shared.Sums(tiling.chunk, tiling.together, is_complete, tuple(tiles))


def _pack_by_frames(chosen: Chosen, lay: Layout, sizes: Sizes) -> tuple[shared.Kernels, Ints]:
    """Pack kernels out map by out map, tap by tap, the in maps of the list side by side."""
    node = chosen.node
    row = sizes.width * node.kernel[1] if sizes.strip else sizes.runs.pitch
    places = _frame_places(node, sizes)
    u, v = np.divmod(np.arange(node.taps), node.kernel[1])
    slots = np.full(chosen.slots, -1, np.int32)
    offsets = places[:, None] + (u * row + v * sizes.width)
    slots[offsets] = node.wid.reshape(len(places), node.taps)
    at = lay.weights.add(slots)
    kernels = shared.Kernels(at, 1, row, sizes.width, node.kernel[1])
    return kernels, places


def _frame_places(node: Window, sizes: Sizes) -> Ints:
    """Place of each pair's first tap, kernels packed by frames: (n_pairs,) int32."""
    starts = sizes.starts()
    places = {
        (out, source): starts[out] + number * sizes.runs.weights + index
        for out, groups in sizes.groups.items()
        for number, group in enumerate(groups)
        for index, source in enumerate(group)
    }
    return np.array([places[out, source] for out, source in node.pairs], np.int32)


def _place_frames(
    node: Window, lay: Layout, sizes: Sizes, reach: tuple[int, int, int], grads: Ints
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
    (width, runs, depth), _ = tile_of(most, sizes, lay.lanes)
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
        lay.tables.add(np.concatenate(g.frame_places)) if node.is_dilated else -1,
    )


def _pack_by_pairs(node: Window, lay: Layout) -> tuple[shared.Kernels, Ints]:
    """Pack kernels pair by pair, tap by tap, padded to whole vectors."""
    pitch = whole_vectors(node.taps)
    slots = np.full((len(node.pairs), pitch), -1, np.int32)
    slots[:, : node.taps] = node.wid.reshape(len(node.pairs), node.taps)
    cols = node.kernel[1]
    kernels = shared.Kernels(lay.weights.add(slots), pitch, cols, 1, cols)
    return kernels, np.arange(len(node.pairs), dtype=np.int32)


def _pair_updates(node: Window, lay: Layout, grads: Ints, sites: Ints) -> shared.Updates:
    """List pairs of gradient map and columns."""
    pairs = np.array(node.pairs, np.int32)
    entries = np.stack([grads[pairs[:, 0]], sites[pairs[:, 1]]], axis=1)
    return shared.Updates(len(pairs), lay.tables.add(entries))


def place_local(node: Window, lay: Layout) -> unshared.Local:
    """Place a window node whose weights differ by position."""
    g = geometry(node)
    dst, src = lay.layers[node.dst], lay.layers[node.src]
    dst_pitch = map_pitch(dst, node.grid.maps, node.grid.positions)
    src_pitch = map_pitch(src, node.field.maps, node.field.positions)
    assert dst_pitch is not None and src_pitch is not None
    positions = node.grid.positions
    pitch = whole_vectors(positions)
    slots = np.full((len(node.pairs) * node.taps, pitch), -1, np.int32)
    slots[:, :positions] = node.wid.reshape(-1, positions)
    weights = lay.weights.add(slots)
    width = len(g.column_lanes)
    columns = lay.arena.take(node.field.maps * width)
    to_back = lay.arena.take(node.field.maps * width) - columns
    to_back_curv = lay.arena.take(node.field.maps * width) - columns
    by_count: dict[int, list[list[int]]] = {}
    for out in sorted({pair[0] for pair in node.pairs}):
        entry = [dst.state + out * dst_pitch]
        for number, pair in enumerate(node.pairs):
            if pair[0] == out:
                entry += [columns + pair[1] * width, number]
        by_count.setdefault(len(entry) // 2, []).append(entry)
    tiles = [
        Tile(1, sources, len(entries), lay.tables.add(np.array(entries)))
        for sources, entries in by_count.items()
    ]
    return unshared.Local(
        g,
        node.field.maps,
        src.state,
        src.grad,
        src_pitch,
        columns,
        to_back,
        to_back_curv,
        weights,
        pitch,
        tuple(tiles),
    )
