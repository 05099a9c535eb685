"""Subsample: each map sums up windows of its own map below, through one weight a map.

The first windows show kernel and stride; then every row is held against them.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from sn.lower.ir import Part, Subsample, View
from sn.lower.rules.windows import views
from sn.net.layer import Ints
from sn.net.table import ConnectionTable


def match_subsample(table: ConnectionTable, part: Part) -> Subsample | None:
    """Return the part as a subsample node, or None."""
    dst, src = table.layers[part.dst], table.layers[part.src]
    units, taps = dst.size, len(part.rows) // dst.size
    wid = table.wid[part.rows]
    site = table.src[part.rows] - src.first
    # one tap a unit is a window like others
    if taps < 2 or units * taps != len(part.rows) or site.min() < 0 or site.max() >= src.size:
        return None
    maps = int(np.count_nonzero(np.bincount(wid)))
    if units % maps or src.size % maps:
        return None
    unit = table.dst[part.rows] - dst.first
    # rows come ordered by unit: so many each, in the order of their sites
    order = np.lexsort((site, unit))
    unit, site, wid = (column[order].reshape(units, -1) for column in (unit, site, wid))
    if np.any(unit != np.arange(units)[:, None]) or np.any(np.diff(site, axis=1) < 1):
        return None
    wid = wid.reshape(maps, -1)
    if np.any(wid != wid[:, :1]) or len(np.unique(wid[:, 0])) < maps:
        return None
    for seen, below in product(views(dst), views(src)):
        grid, field = _cut(seen, maps), _cut(below, maps)
        if grid is not None and field is not None:
            found = _windows(grid, field, site)
            if found is not None:
                kernel, stride = found
                coefficients = wid[:, 0].copy()
                return Subsample(
                    part.dst,
                    part.src,
                    grid,
                    field,
                    kernel,
                    stride,
                    coefficients,
                    part.label,
                    part.span,
                )
    return None


def _cut(view: View, maps: int) -> View | None:
    """See a layer as so many maps; maps one below the other look like one, but for the weights."""
    if view.maps == maps:
        return view
    if view.maps == 1 and view.rows % maps == 0:
        return View(maps, view.rows // maps, view.cols)
    return None


def _windows(grid: View, field: View, site: Ints) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Return kernel and stride if the sites of the units, (units, taps), are such windows."""
    row, col = np.divmod(site % field.positions, field.cols)
    last = row[0, -1] + 1, col[0, -1] + 1
    kernel = int(last[0]), int(last[1])
    # along an axis with one window the stride is free: windows side by side
    stride = (
        int(row[grid.cols, 0]) if grid.rows > 1 else kernel[0],
        int(col[1, 0]) if grid.cols > 1 else kernel[1],
    )
    if kernel[0] * kernel[1] != site.shape[1] or min(stride) < 1:
        return None
    plane, position = np.divmod(np.arange(len(site)), grid.positions)
    y, x = np.divmod(position, grid.cols)
    u, v = np.divmod(np.arange(site.shape[1]), kernel[1])
    rows, cols = (y * stride[0])[:, None] + u, (x * stride[1])[:, None] + v
    if rows.max() >= field.rows or cols.max() >= field.cols:
        return None
    expected = (plane * field.positions)[:, None] + rows * field.cols + cols
    return (kernel, stride) if np.array_equal(site, expected) else None
