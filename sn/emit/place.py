"""Place: a plan node becomes a section's numbers, its tables and its packed weights.

One function per node kind and engine (training, batch). What is placed is what the emitted
module shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from sn.emit import local, rows, windows
from sn.emit.columns import Geometry
from sn.emit.layout import LayerLayout, Layout, Tables, whole_vectors
from sn.emit.tiles import Tile, Tiling, scaled, tile
from sn.emit.units import FullWeights
from sn.lower.ir import Full, Plan, Rows, Window
from sn.net.layer import Ints
from sn.simd import LANES

Placed: TypeAlias = windows.Conv | local.Local | FullWeights | rows.RowList


def geometry(node: Window) -> Geometry:
    """The part of a window node that concerns one map."""
    return Geometry(
        (node.grid.rows, node.grid.cols),
        (node.field.rows, node.field.cols),
        node.kernel,
        node.stride,
        node.offset,
        node.border or 0.0,
        node.wrap,
    )


def map_pitch(layer: LayerLayout, maps: int, positions: int) -> int | None:
    """Distance between `maps` maps as the layer lies in memory; None when it lies otherwise."""
    if layer.positions == positions and layer.maps == maps:
        return layer.pitch
    if layer.pitch == layer.positions and (maps == 1 or positions % LANES == 0):
        return positions
    return None


def place_conv(node: Window, lay: Layout) -> windows.Conv:
    """Place a shared window node."""
    g = geometry(node)
    dst, src = lay.layers[node.dst], lay.layers[node.src]
    dst_pitch = map_pitch(dst, node.grid.maps, node.grid.positions)
    src_pitch = map_pitch(src, node.field.maps, node.field.positions)
    assert dst_pitch is not None and src_pitch is not None
    taps = node.taps
    by_sources = _sources_pay(node)
    pack = _pack_by_sources if by_sources else _pack_by_pairs
    kernels, pair_places = pack(node, lay)
    # with in maps along the lanes, the columns are not needed
    width = 0 if by_sources else len(g.column_lanes)
    columns = lay.arena.take(node.field.maps * width) if width else 0
    squares = lay.arena.take(node.field.maps * width) if width else 0
    spread = lay.arena.take(node.grid.maps * len(g.gradient_lanes))
    class_width = g.n_classes * g.class_pitch
    classes = lay.arena.take(node.field.maps * class_width)
    out_maps = np.arange(node.grid.maps, dtype=np.int32)
    in_maps = np.arange(node.field.maps, dtype=np.int32)
    vectors = whole_vectors(node.grid.positions) // LANES
    forward = windows.Sums(1, ())
    if not by_sources:
        forward = sums_of(
            tile(node.pairs, vectors, taps),
            dst.state + out_maps * dst_pitch,
            columns + in_maps * width,
            pair_places,
            lay.tables,
        )
    turned = [(source, out) for out, source in node.pairs]
    sums_at = src.grad + in_maps * src_pitch if g.is_direct else classes + in_maps * class_width
    backward = sums_of(
        tile(turned, g.class_pitch // LANES, max(1, taps // g.n_classes)),
        sums_at,
        spread + out_maps * len(g.gradient_lanes),
        pair_places,
        lay.tables,
    )
    grad_maps = dst.grad + out_maps * dst_pitch
    updates: windows.Updates | windows.SourceUpdates
    if by_sources:
        updates = _source_updates(node, lay, kernels, grad_maps)
    else:
        updates = _pair_updates(node, lay, kernels, grad_maps, columns + in_maps * width)
    return windows.Conv(
        g,
        (node.grid.maps, node.field.maps),
        src.state,
        src.grad,
        src_pitch,
        dst.state,
        dst.grad,
        dst_pitch,
        columns,
        squares,
        spread,
        classes,
        kernels,
        forward,
        backward,
        updates,
    )


def _pack_by_pairs(node: Window, lay: Layout) -> tuple[windows.Kernels, Ints]:
    """Pack kernels pair by pair, whole vectors of taps and apart the taps left over."""
    taps = node.taps
    main = taps // LANES * LANES
    wid = node.wid.reshape(len(node.pairs), taps)
    at = lay.weights.add(wid[:, :main])
    rest_at = lay.weights.add(wid[:, main:])
    kernels = windows.Kernels(at, main, 1, main, rest_at, taps - main)
    return kernels, np.arange(len(node.pairs), dtype=np.int32)


def _lists(node: Window) -> dict[int, list[int]]:
    """The in maps that each out map sees."""
    lists: dict[int, list[int]] = {}
    for out, source in node.pairs:
        lists.setdefault(out, []).append(source)
    return lists


def _sources_pay(node: Window) -> bool:
    """Whether kernels are updated faster with in maps along the lanes than with positions.

    Estimated cycles, two multiply-adds each: by positions, a weight costs half a cycle a vector
    and about 1.1 for its sum over the lanes; by sources, a vector of weights half a cycle a
    position and 1.5 to apply, plus turning the maps round and gathering lists that are no runs.
    Measured on the 1989 net: h1 -> h2 1.8 us by positions.
    """
    lists = _lists(node)
    vectors = {whole_vectors(len(found)) // LANES for found in lists.values()}
    blocks = -(-node.field.maps // LANES) * -(-node.field.positions // LANES)
    if node.wrap or len(vectors) > 1 or blocks > 64 or node.grid.cols > 16:
        return False
    (wide,) = vectors
    positions = node.grid.positions
    by_positions = len(node.pairs) * node.taps * (0.5 * whole_vectors(positions) / LANES + 1.1)
    scattered = {tuple(found) for found in lists.values() if not _is_run(node, found)}
    rows, cols = frame_size(node)
    by_sources = len(lists) * node.taps * wide * (0.55 * positions + 1.5)
    by_sources += blocks * 20 + len(scattered) * rows * cols * wide * 2.5
    return by_sources < by_positions


def _is_run(node: Window, found: list[int]) -> bool:
    """Whether a list can be read where it lies: in a run, and what follows it in the last vector
    is nothing but pads of the same site.
    """
    if found != list(range(found[0], found[0] + len(found))):
        return False
    if len(found) % LANES == 0:
        return True
    maps = node.field.maps
    return found[-1] == maps - 1 and found[0] + whole_vectors(len(found)) <= whole_vectors(maps)


def frame_size(node: Window) -> tuple[int, int]:
    """Rows and columns of all sites that some window meets."""
    rows = (node.grid.rows - 1) * node.stride[0] + node.kernel[0]
    return rows, (node.grid.cols - 1) * node.stride[1] + node.kernel[1]


def _pack_by_sources(node: Window, lay: Layout) -> tuple[windows.Kernels, Ints]:
    """Pack kernels out map by out map, tap by tap, the in maps of the list side by side."""
    lists, taps = _lists(node), node.taps
    width = whole_vectors(max(len(found) for found in lists.values()))
    slots = np.full(len(lists) * taps * width, -1, np.int32)
    places = source_places(node)
    slots[places[:, None] + np.arange(taps) * width] = node.wid.reshape(len(places), taps)
    return windows.Kernels(lay.weights.add(slots), 1, width, taps, 0, 0), places


def source_places(node: Window) -> Ints:
    """Place of each pair's first tap when kernels are packed by sources: (n_pairs,) int32."""
    lists = _lists(node)
    width = whole_vectors(max(len(found) for found in lists.values()))
    number = {out: index for index, out in enumerate(lists)}
    seen = dict.fromkeys(lists, 0)
    places = np.zeros(len(node.pairs), np.int32)
    for pair, (out, _) in enumerate(node.pairs):
        places[pair] = number[out] * node.taps * width + seen[out]
        seen[out] += 1
    return places


def _pair_updates(
    node: Window, lay: Layout, kernels: windows.Kernels, grads: Ints, sites: Ints
) -> windows.Updates:
    """List pairs of gradient map and columns, and the taps left over in groups of 8."""
    g = geometry(node)
    pairs = np.array(node.pairs, np.int32)
    entries = np.stack([grads[pairs[:, 0]], sites[pairs[:, 1]]], axis=1)
    rest = [
        (int(grad), int(site) + g.taps[tap])
        for grad, site in entries
        for tap in range(kernels.main, node.taps)
    ]
    groups = -(-len(rest) // LANES)
    rest += [(lay.zero + lay.to_grad, int(sites[0]))] * (groups * LANES - len(rest))
    table = lay.tables.add(entries)
    rest_table = lay.tables.add(np.array(rest, np.int64)) if rest else 0
    return windows.Updates(len(pairs), table, groups, rest_table)


def _source_updates(
    node: Window, lay: Layout, kernels: windows.Kernels, grads: Ints
) -> windows.SourceUpdates:
    """List groups of out maps with one list of in maps."""
    lists, (rows, cols) = _lists(node), frame_size(node)
    pitch = whole_vectors(node.field.maps)
    # the border of real maps alone: a pad that is not 0 would move the pads of the weights
    fill = np.zeros((rows * cols, pitch), np.float32)
    fill[:, : node.field.maps] = node.border or 0.0
    frame = lay.arena.take(fill.size, fill)
    width = kernels.tap
    by_list: dict[tuple[int, ...], list[int]] = {}
    for out, found in lists.items():
        by_list.setdefault(tuple(found), []).append(out)
    number = {out: index for index, out in enumerate(lists)}
    groups = []
    for listed, outs in by_list.items():
        entries = [
            [int(grads[out]), kernels.main_at + number[out] * node.taps * width] for out in outs
        ]
        table = lay.tables.add(np.array(entries, np.int64))
        if _is_run(node, list(listed)):
            groups.append(windows.Group(len(outs), table, frame + listed[0], pitch, ()))
        else:
            packed = lay.arena.take(rows * cols * width)
            groups.append(windows.Group(len(outs), table, packed, width, listed))
    return windows.SourceUpdates(frame, pitch, (rows, cols), width, tuple(groups))


def sums_of(tiling: Tiling, out: Ints, source: Ints, pair: Ints, tables: Tables) -> windows.Sums:
    """Put the entries of a tiling into the tables; `out`, `source`, `pair` are places in memory."""
    tiles = [
        Tile(width, sources, len(entries), tables.add(entries))
        for width, sources, entries in scaled(tiling, out, source, pair)
    ]
    return windows.Sums(tiling.chunk, tuple(tiles))


def place_local(node: Window, lay: Layout) -> local.Local:
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
    return local.Local(
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


def place_full(node: Full, lay: Layout) -> FullWeights:
    """Place a full node: a row of slots per downstream unit, as the upstream layer lies."""
    src = lay.layers[node.src]
    slots = np.full((node.wid.shape[0], src.size), -1, np.int32)
    slots[:, src.offsets()] = node.wid
    return FullWeights(lay.weights.add(slots), src.size)


@dataclass(frozen=True, slots=True)
class SharedRows:
    """The weights that rows nodes share: packed once, with scratch for their gradients."""

    weights: int
    descents: int
    curvs: int
    size: int
    slot: dict[int, int]


def place_shared_rows(plan: Plan, lay: Layout) -> SharedRows | None:
    """Pack the weights of all shared rows nodes once."""
    nodes = [node for node in plan.nodes if isinstance(node, Rows) and node.is_shared]
    if not nodes:
        return None
    wid = np.unique(np.concatenate([node.wid for node in nodes]))
    size = whole_vectors(len(wid) + 1)  # one slot at least is a pad: rows that fill up point there
    slots = np.full(size, -1, np.int32)
    slots[: len(wid)] = wid
    at = lay.weights.add(slots)
    slot = {int(weight): index for index, weight in enumerate(wid)}
    return SharedRows(at, lay.arena.take(size), lay.arena.take(size), size, slot)


def place_rows(node: Rows, lay: Layout, shared: SharedRows | None) -> rows.RowList:
    """Place plain rows, each unit's padded to whole vectors."""
    heads, order, count = row_blocks(node)
    source = np.full(count, lay.zero, np.int32)
    source[order] = lay.unit[node.src_unit]
    head = np.array([[lay.unit[unit], first, n] for unit, first, n in heads], np.int32)
    table, sources = lay.tables.add(head), lay.tables.add(source)
    if not node.is_shared:
        slots = np.full(count, -1, np.int32)
        slots[order] = node.wid
        weights = lay.weights.add(slots)
        return rows.RowList(len(heads), table, sources, 0, weights, 0, 0, False)
    assert shared is not None
    which = np.full(count, shared.size - 1, np.int32)
    which[order] = [shared.slot[int(weight)] for weight in node.wid]
    return rows.RowList(
        len(heads),
        table,
        sources,
        lay.tables.add(which),
        shared.weights,
        shared.descents,
        shared.curvs,
        True,
    )


def row_blocks(node: Rows) -> tuple[list[tuple[int, int, int]], Ints, int]:
    """Return (unit, first slot, slots) per unit, the slot of each row, and the slots in all."""
    units, starts, counts = np.unique(node.dst_unit, return_index=True, return_counts=True)
    padded = -(-counts // LANES) * LANES
    first = np.concatenate([[0], np.cumsum(padded)[:-1]])
    order = np.repeat(first - starts, counts) + np.arange(len(node.dst_unit))
    heads = [(int(u), int(f), int(n)) for u, f, n in zip(units, first, padded, strict=True)]
    return heads, order.astype(np.int32), int(padded.sum())
