"""Place for batches: a plan node becomes the numbers of a batch section.

The packed weights are those of training; states are counted in units, the patterns of a batch
side by side at each place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sn.emit import batch, local, rows, windows
from sn.emit.layout import Arena, Layout, Tables
from sn.emit.place import row_blocks
from sn.emit.place_conv import frame_size, pair_places, sums_of
from sn.emit.tiles import Room, tile
from sn.emit.units import FullWeights
from sn.lower.ir import Full, Plan, Rows, Window
from sn.net.layer import Ints
from sn.simd import PARTIAL


@dataclass(frozen=True, slots=True)
class BatchLayout:
    """Memory of the batch kernel, counted in units: unit u of the net is place u."""

    arena: Arena
    tables: Tables


def place_frame(node: Window, plan: Plan, lay: BatchLayout, direct: bool) -> batch.Frame:
    """Place the in maps of a window node with their border.

    `direct`: the states of the layer below go straight into the frame, nothing is copied.
    """
    first, positions = plan.layers[node.src].first, node.field.positions
    rows, cols = frame_size(node)
    if node.border is None and not any(node.wrap) and not direct:
        corner = -node.offset[0] * node.field.cols - node.offset[1]
        return batch.Frame(node.field.maps, first, positions, first + corner, positions, 0, 0)
    size = rows * cols
    fill = np.full(node.field.maps * size, node.border or 0.0, np.float32)
    at = lay.arena.take(node.field.maps * size, fill)
    sites = []
    for y in range(rows):
        for x in range(cols):
            row, col = y - node.offset[0], x - node.offset[1]
            row = row % node.field.rows if node.wrap[0] else row
            col = col % node.field.cols if node.wrap[1] else col
            if 0 <= row < node.field.rows and 0 <= col < node.field.cols:
                sites.append((y * cols + x, row * node.field.cols + col))
    count = 0 if direct else len(sites)
    table = lay.tables.add(np.array(sites)) if count else 0
    return batch.Frame(node.field.maps, first, positions, at, size, count, table)


def fits_frame(node: Window) -> bool:
    """Whether every unit below has one site in the frame of a node that has a border."""
    rows, cols = frame_size(node)
    top, left = node.offset
    return (
        node.border is not None
        and not any(node.wrap)
        and min(top, left) >= 0
        and top + node.field.rows <= rows
        and left + node.field.cols <= cols
    )


def frame_target(node: Window, frame: batch.Frame) -> batch.Target:
    """Where the states of the layer below go when they go straight into the frame."""
    _, cols = frame_size(node)
    at = frame.at + node.offset[0] * cols + node.offset[1]
    field = node.field
    return batch.Target(at, field.maps, field.rows, field.cols, frame.size, cols)


def place_batch_window(
    node: Window,
    plan: Plan,
    lay: BatchLayout,
    conv: windows.Conv | local.Local,
    frame: batch.Frame,
    lanes: int,
) -> batch.BatchWindow:
    """Place a window node for batches; the packed weights are those of training."""
    framed = frame.at >= plan.table.n_units
    cols = frame_size(node)[1] if framed else node.field.cols
    out_maps = np.arange(node.grid.maps, dtype=np.int32)
    in_maps = np.arange(node.field.maps, dtype=np.int32)
    # 16-lane vectors come with 32 registers; tiles for 24 were fastest (1989 net, 1.35 us a
    # pattern; 1.61 with 16 and 1.45 with 32)
    wide, mine = (Room(node.grid.cols, {8: 16, 16: 24}[n]) for n in (PARTIAL, lanes))
    if isinstance(conv, windows.Conv):
        kernels, weight_pitch, places = conv.kernels, 0, pair_places(node, conv)
    else:
        kernels = windows.Kernels(conv.weights, 0, 0, 0, 1)
        weight_pitch, places = conv.weight_pitch, np.arange(len(node.pairs), dtype=np.int32)
    sums = sums_of(
        tile(node.pairs, [node.taps], wide, mine),
        out_maps,
        frame.at + in_maps * frame.size,
        places,
        lay.tables,
    )
    return batch.BatchWindow(
        frame,
        plan.layers[node.dst].first,
        (node.grid.rows, node.grid.cols),
        node.kernel,
        node.stride,
        cols,
        kernels,
        weight_pitch,
        sums,
    )


def place_batch_full(node: Full, plan: Plan, lay: Layout, weights: FullWeights) -> batch.BatchFull:
    """Place a full node for batches."""
    src, dst = lay.layers[node.src], lay.layers[node.dst]
    return batch.BatchFull(
        plan.layers[node.dst].first,
        (dst.maps, dst.positions, dst.pitch),
        plan.layers[node.src].first,
        (src.maps, src.positions, src.pitch),
        weights,
    )


def place_batch_rows(
    node: Rows,
    lay: BatchLayout,
    placed: rows.RowList,
    which: Ints | None,
) -> batch.BatchRows:
    """Place plain rows for batches: the slots of training, the units of the net."""
    heads, order, count = row_blocks(node)
    source = np.zeros(count, np.int32)
    source[order] = node.src_unit
    counts = np.bincount(node.dst_unit, minlength=int(node.dst_unit.max()) + 1)
    head = np.array([[unit, first, counts[unit]] for unit, first, _ in heads], np.int32)
    return batch.BatchRows(
        len(heads),
        lay.tables.add(head),
        lay.tables.add(source),
        lay.tables.add(which) if which is not None else 0,
        placed.weights,
        placed.is_shared,
    )
