"""Place: a plan node becomes a section's numbers, its tables and its packed weights.

One function per node kind and engine (training, batch). What is placed is what the emitted
module shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sn.emit import local, rows
from sn.emit.columns import Geometry
from sn.emit.layout import LayerLayout, Layout, whole_vectors
from sn.emit.tiles import Tile
from sn.emit.units import FullWeights
from sn.lower.ir import Full, Plan, Rows, Window
from sn.net.layer import Ints
from sn.simd import LANES, PARTIAL


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


# Weights of a full node that fit in L1, and rows that are updated together where they do not: so
# many runs of memory are read at a time (256-512-512-10 from L3: 0.96 of the time with 4 rows,
# 1.05 with 32, 1.09 with all)
IN_L1 = 8192
PANEL = 8


def place_full(node: Full, lay: Layout) -> FullWeights:
    """Place a full node: a row of slots per downstream unit, as both layers lie.

    Long rows start on a cache line: loads that straddle two take half as long again.
    """
    src, dst = lay.layers[node.src], lay.layers[node.dst]
    pitch = src.size if src.size < PARTIAL else -(-src.size // PARTIAL) * PARTIAL
    slots = np.full((dst.size, pitch), -1, np.int32)
    slots[dst.offsets()[:, None], src.offsets()] = node.wid
    return FullWeights(lay.weights.add(slots), pitch, dst.size if is_one_panel(node) else PANEL)


def is_one_panel(node: Full) -> bool:
    """Whether all rows of a full node are updated together, column by column."""
    return node.wid.size <= IN_L1


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
