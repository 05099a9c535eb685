"""Place for batches of windows: the packed weights are those of training; states are counted in
units, the patterns of a batch side by side at each place.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sn.emit.memory import BatchLayout, whole_vectors
from sn.emit.vector import LANES, PARTIAL
from sn.emit.windows import shared, unshared
from sn.emit.windows.evaluate import BatchWindow, Border, Frame
from sn.emit.windows.im2col import geometry
from sn.emit.windows.place import sums_of
from sn.emit.windows.tiles import Room, tile
from sn.lower.ir import Plan, Window
from sn.net.layer import Ints


def place_batch_window(
    node: Window,
    plan: Plan,
    lay: BatchLayout,
    conv: shared.Conv | unshared.Local,
    pairs: Ints | None,
    lanes: int,
) -> BatchWindow:
    """Place a window node for batches; `pairs`: where each pair's shared kernel starts."""
    out_maps = np.arange(node.grid.maps, dtype=np.int32)
    in_maps = np.arange(node.field.maps, dtype=np.int32)
    if isinstance(conv, shared.Conv):
        assert pairs is not None
        kernels, weight_pitch, places = conv.kernels, 0, pairs
    else:
        kernels = shared.Kernels(conv.weights, 0, 0, 0, 1)
        weight_pitch, places = conv.weight_pitch, np.arange(len(node.pairs), dtype=np.int32)
    first, pitch = plan.layers[node.src].first, node.field.positions
    field, offset = (node.field.rows, node.field.cols), node.offset
    is_out = _outside(node)
    frame = border = None
    if any(node.wrap) or is_out.all(axis=0).any():
        frame = _place_frame(node, plan, lay)
        first, pitch = frame.at, frame.size
        field, offset = geometry(node).frame, (0, 0)
    elif is_out.any():
        border = _place_border(node, lay, is_out)
    # 16-lane vectors come with 32 registers; tiles for 24 were fastest (1989 net, 1.35 us a
    # pattern; 1.61 with 16 and 1.45 with 32)
    wide, mine = (Room(node.grid.cols, {8: 16, 16: 24}[n]) for n in (PARTIAL, lanes))
    tiling = tile(node.pairs, [node.taps], wide, mine)
    return BatchWindow(
        plan.layers[node.dst].first,
        node.grid.maps,
        (node.grid.rows, node.grid.cols),
        field,
        node.kernel,
        node.stride,
        offset,
        lay.tables.add(np.array(_tap_rows(node))) if border else -1,
        frame,
        border,
        kernels,
        weight_pitch,
        sums_of(tiling, out_maps, first + in_maps * pitch, places, lay.tables),
        node.dilation,
    )


def _outside(node: Window) -> NDArray[np.bool_]:
    """Which taps lie in the border, at each position: (taps, positions)."""
    rows, cols = node.sites()
    out_rows = (rows < 0) | (rows >= node.field.rows)
    out_cols = (cols < 0) | (cols >= node.field.cols)
    is_out = out_rows.T[:, None, :, None] | out_cols.T[None, :, None, :]
    return is_out.reshape(node.taps, node.grid.positions)


def _tap_rows(node: Window) -> list[tuple[int, int]]:
    """The first and the end of the rows of taps inside, at each row of positions."""
    rows, _ = node.sites()
    inside = [np.flatnonzero((row >= 0) & (row < node.field.rows)) for row in rows]
    return [(int(taps[0]), int(taps[-1]) + 1) for taps in inside]


def _place_border(node: Window, lay: BatchLayout, is_out: NDArray[np.bool_]) -> Border:
    """Place the sums of what windows see of the border; list its state where they see it."""
    assert node.border is not None
    pitch = whole_vectors(node.grid.positions)
    seen = np.zeros((node.taps, pitch), np.float32)
    seen[:, : node.grid.positions][is_out] = node.border
    # a place has a number for each pattern of a batch, 8 at least
    at = lay.arena.take(node.grid.maps * pitch // LANES)
    return Border(at, pitch, lay.tables.add(seen.view(np.int32)))


def _place_frame(node: Window, plan: Plan, lay: BatchLayout) -> Frame:
    """Place copies of the in maps, site by site as windows meet them."""
    positions, (rows, cols) = node.field.positions, geometry(node).frame
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
    table = lay.tables.add(np.array(sites))
    first = plan.layers[node.src].first
    return Frame(node.field.maps, first, positions, at, size, len(sites), table)
