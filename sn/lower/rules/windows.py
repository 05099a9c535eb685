"""Windows: convolutions and local connections, in one or two dimensions.

Kernel, stride, border and sharing are read off the rows: along each axis, the lowest and the
highest upstream site that the units of one row (or column) see. A border row has no site; it
takes the place that its weight has elsewhere, or, with unshared weights, any free place: all
border units have one state, so every choice computes the same.
"""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
from numpy.typing import NDArray

from sn.lower.ir import Part, View, Window
from sn.net.layer import Ints, Layer
from sn.net.table import ConnectionTable


def match_windows(table: ConnectionTable, part: Part) -> tuple[Window | None, str]:
    """Return the part as a window node, or None and the reason."""
    dst, src = table.layers[part.dst], table.layers[part.src]
    reasons = []
    for grid, field in product(views(dst), views(src)):
        if grid.positions == 1 or (grid.rows == 1) != (field.rows == 1):
            continue
        for wrap in (False, True):
            node, why = _match(table, part, grid, field, wrap)
            if node is not None:
                return node, ""
            reasons.append(why)
    return None, reasons[0] if reasons else "no map of units to move a window over"


def views(layer: Layer) -> list[View]:
    """The ways to see a layer as maps of rows and columns, most structured first."""
    shape = layer.shape
    match len(shape):
        case 1:
            return [View(1, 1, shape[0]), View(shape[0], 1, 1)]
        case 2:
            return [View(1, *shape), View(shape[0], 1, shape[1])]
    return [View(int(np.prod(shape[:-2])), shape[-2], shape[-1])]


def _match(
    table: ConnectionTable, part: Part, grid: View, field: View, wrap: bool
) -> tuple[Window | None, str]:
    dst = table.dst[part.rows] - table.layers[part.dst].first
    src = table.src[part.rows] - table.layers[part.src].first
    wid = table.wid[part.rows]
    inner = np.isnan(table.constant[table.src[part.rows]])
    border: float | None = None
    if not inner.all():
        values = np.unique(table.constant[table.src[part.rows[~inner]]])
        if len(values) > 1 or wrap:
            return None, "border units of several states" if len(values) > 1 else "wrap and border"
        border = float(values[0])
    plane, y, x = _split(dst, grid)
    source, row, col = _split(src[inner], field)
    axes = []
    for site, position, count, size in (
        (row, y[inner], grid.rows, field.rows),
        (col, x[inner], grid.cols, field.cols),
    ):
        found = (
            _wrapped(site, position, count, size) if wrap else _axis(site, position, count, size)
        )
        if found is None:
            return None, "the windows do not move by a constant stride"
        axes.append(found)
    (step_y, top, n_u), (step_x, left, n_v) = axes
    keys = plane[inner].astype(np.int64) * field.maps + source
    pairs = _unique_in_order(keys)
    expected = len(pairs) * grid.positions * n_u * n_v
    if expected != len(part.rows):
        return (
            None,
            f"windows of {n_u}x{n_v} need {expected} connections, {len(part.rows)} are here",
        )
    u, v = row - (y[inner] * step_y - top), col - (x[inner] * step_x - left)
    if wrap:
        u, v = u % field.rows, v % field.cols
    if u.min() < 0 or v.min() < 0 or u.max() >= n_u or v.max() >= n_v:
        return None, f"connections outside windows of {n_u}x{n_v}"
    place = np.full(int(keys.max()) + 1, -1)
    place[pairs] = np.arange(len(pairs))
    weights = np.full((len(pairs), n_u, n_v, grid.rows, grid.cols), -1, np.int32)
    weights[place[keys], u, v, y[inner], x[inner]] = wid[inner]
    if np.count_nonzero(weights >= 0) != np.count_nonzero(inner):
        return None, "two connections at one tap of a window"
    if not inner.all() and not _place_border(
        weights, plane[~inner], y[~inner], x[~inner], wid[~inner], pairs // field.maps
    ):
        return None, "border connections do not complete the windows"
    if weights.min() < 0:
        return None, "some windows lack connections"
    shared = bool(np.all(weights == weights[..., :1, :1]))
    if shared:
        weights = weights[..., 0, 0]
    if len(np.unique(weights)) != weights.size:
        return None, "weights are shared by other taps than those of one kernel"
    listed = tuple((int(key) // field.maps, int(key) % field.maps) for key in pairs)
    node = Window(
        part.dst,
        part.src,
        grid,
        field,
        listed,
        (n_u, n_v),
        (step_y, step_x),
        (top, left),
        border,
        wrap,
        shared,
        np.ascontiguousarray(weights),
        part.label,
        part.span,
    )
    return node, ""


def _split(unit: Ints, view: View) -> tuple[Ints, Ints, Ints]:
    plane, position = np.divmod(unit, view.positions)
    row, col = np.divmod(position, view.cols)
    return plane, row, col


def _unique_in_order(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Distinct pairs of maps, by downstream map, upstream maps in order of creation."""
    distinct, first = np.unique(keys, return_index=True)
    return distinct[np.lexsort((first, np.zeros(len(distinct))))] if len(distinct) else distinct


def _axis(site: Ints, position: Ints, count: int, size: int) -> tuple[int, int, int] | None:
    """Return (stride, offset, kernel) along one axis of windows that may reach outside."""
    low = np.full(count, size)
    high = np.full(count, -1)
    np.minimum.at(low, position, site)
    np.maximum.at(high, position, site)
    if np.any(high < 0):
        return None
    if count == 1:
        return 1, -int(low[0]), int(high[0] - low[0] + 1)
    steps: Counter[int] = Counter()
    for edge, clipped in ((low, 0), (high, size - 1)):
        free = (edge[:-1] != clipped) & (edge[1:] != clipped)
        steps.update((edge[1:] - edge[:-1])[free].tolist())
    if not steps:
        both = [int(high[i + 1] - high[i]) for i in range(count - 1) if high[i] < size - 1]
        both += [int(low[i + 1] - low[i]) for i in range(count - 1) if low[i + 1] > 0]
        if not both:
            return None
        steps.update([max(both)])
    step = steps.most_common(1)[0][0]
    if step < 1:
        return None
    starts = {int(low[i]) - i * step for i in range(count) if low[i] > 0}
    ends = {int(high[i]) - i * step for i in range(count) if high[i] < size - 1}
    # a window that is not cut shows where all start and end; else take the widest that fits
    start = max(starts) if starts else min(int(low[i]) - i * step for i in range(count))
    end = min(ends) if ends else max(int(high[i]) - i * step for i in range(count))
    return (step, -start, end - start + 1) if end >= start else None


def _wrapped(site: Ints, position: Ints, count: int, size: int) -> tuple[int, int, int] | None:
    """Return (stride, 0, kernel) along one axis of windows that wrap around."""
    first = np.unique(site[position == 0])
    kernel = len(first)
    if kernel == 0 or not np.array_equal(first, np.arange(kernel)):
        return None
    if count == 1:
        return 1, 0, kernel
    if size % count:
        return None
    return size // count, 0, kernel


def _place_border(
    weights: Ints, plane: Ints, y: Ints, x: Ints, wid: Ints, pair_plane: NDArray[np.int64]
) -> bool:
    """Fill border rows into the free taps of `weights`; False when they do not fit."""
    taps: dict[int, tuple[int, int, int]] = {}
    for pair, u, v in np.ndindex(*weights.shape[:3]):
        known = weights[pair, u, v]
        known = known[known >= 0]
        if len(known) and np.all(known == known[0]):
            taps.setdefault(int(known[0]), (pair, u, v))
    rest = []
    for index, weight in enumerate(wid.tolist()):
        tap = taps.get(weight)
        if tap is not None and weights[(*tap, y[index], x[index])] < 0:
            if pair_plane[tap[0]] != plane[index]:
                return False
            weights[(*tap, y[index], x[index])] = weight
        else:
            rest.append(index)
    free: dict[tuple[int, int, int], list[tuple[int, int, int]]] = {}
    if rest:
        for pair, u, v, row, col in np.argwhere(weights < 0).tolist():
            free.setdefault((int(pair_plane[pair]), row, col), []).append((pair, u, v))
    for index in rest:
        spots = free.get((int(plane[index]), int(y[index]), int(x[index])))
        if not spots:
            return False
        pair, u, v = spots.pop(0)
        weights[pair, u, v, y[index], x[index]] = wid[index]
    return True
