"""Windows: convolutions and local connections, in one or two dimensions.

Kernel, stride, border and sharing are read off the rows: along each axis, the lowest and the
highest upstream site that the units of one row (or column) see. A border row has no site; it
takes the place that its weight has elsewhere, or, with unshared weights, any free place: all
border units have one state, so every choice computes the same.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from sn.lower.ir import Part, View, Window
from sn.net.layer import Ints, Layer
from sn.net.table import ConnectionTable


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A window node and which rows of the part it holds: (n_rows,) bool."""

    node: Window
    held: NDArray[np.bool_]


def match_windows(table: ConnectionTable, part: Part) -> tuple[Found | None, str]:
    """Return the window node that holds most of the part, or None and the reason.

    Pairs of maps whose windows are complete make the node; the rest stays as rows.
    """
    dst, src = table.layers[part.dst], table.layers[part.src]
    best: Found | None = None
    reasons = []
    for grid, field in product(views(dst), views(src)):
        if grid.positions == 1 or (grid.rows == 1) != (field.rows == 1):
            continue
        for wrap in (False, True):
            found, why = _match(table, part, grid, field, wrap)
            if found is None:
                reasons.append(why)
            elif found.held.all():
                return found, ""
            elif best is None or found.held.sum() > best.held.sum():
                best = found
    if best is not None and 2 * best.held.sum() >= len(best.held):
        return best, ""
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
) -> tuple[Found | None, str]:
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
    keys = plane[inner].astype(np.int64) * field.maps + source
    pairs, number = _unique_in_order(keys)
    # what most pairs of maps do shows the geometry; the others are held against it
    counts = np.bincount(number)
    typical = (counts == np.bincount(counts).argmax())[number]
    axes = []
    for site, position, count, size in (
        (row, y[inner], grid.rows, field.rows),
        (col, x[inner], grid.cols, field.cols),
    ):
        axis = _wrapped if wrap else _axis
        found = axis(site[typical], position[typical], count, size)
        if found is None:
            return None, "the windows do not move by a constant stride"
        axes.append(found)
    (step_y, top, n_u), (step_x, left, n_v) = axes
    expected = int(typical.sum()) and len(np.unique(number[typical])) * grid.positions * n_u * n_v
    if not wrap and border is None and expected != typical.sum():
        return None, f"windows of {n_u}x{n_v} need {expected} connections, {typical.sum()} are here"
    u, v = row - (y[inner] * step_y - top), col - (x[inner] * step_x - left)
    if wrap:
        u, v = u % field.rows, v % field.cols
    inside = (u >= 0) & (v >= 0) & (u < n_u) & (v < n_v)
    weights = np.full((len(pairs), n_u, n_v, grid.rows, grid.cols), -1, np.int32)
    if weights.size > 4 * len(part.rows):
        return None, f"windows of {n_u}x{n_v} would be mostly empty"
    places = (number[inside], u[inside], v[inside], y[inner][inside], x[inner][inside])
    weights[places] = wid[inner][inside]
    pair_of_row = np.full(len(part.rows), -1)
    pair_of_row[np.flatnonzero(inner)[inside]] = number[inside]
    if not inner.all():
        pair_of_row[~inner] = _place_border(
            weights, plane[~inner], y[~inner], x[~inner], wid[~inner], pairs // field.maps
        )
    kept, shared = _regular(weights)
    if not kept.any():
        if weights.reshape(len(weights), -1).min(axis=1).max() < 0:
            return None, f"every window of {n_u}x{n_v} lacks connections"
        return None, "weights are shared by other taps than those of one kernel"
    held = (pair_of_row >= 0) & kept[pair_of_row]
    weights = weights[kept][..., 0, 0] if shared else weights[kept]
    listed = tuple((int(key) // field.maps, int(key) % field.maps) for key in pairs[kept])
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
    return Found(node, held), ""


def _regular(weights: Ints) -> tuple[NDArray[np.bool_], bool]:
    """Return which pairs are complete and share weights as most do, and whether they share.

    weights: (n_pairs, kernel, grid) weight numbers, -1 where a connection is missing.
    """
    flat = weights.reshape(len(weights), -1)
    complete = flat.min(axis=1) >= 0
    alike = np.all(weights == weights[..., :1, :1], axis=(1, 2, 3, 4)) & complete
    taps = weights.shape[1] * weights.shape[2]
    shared = 2 * alike.sum() >= complete.sum()
    kept = alike if shared else complete & ~alike
    used = weights[..., 0, 0].reshape(len(weights), taps) if shared else flat
    counts = np.bincount(used[kept].ravel()) if kept.any() else np.zeros(1, np.int64)
    # a weight that serves two taps ties its kernels together
    single = np.array(
        [bool(np.all(counts[row] == 1)) if k else False for row, k in zip(used, kept, strict=True)]
    )
    return kept & single, bool(shared)


def _split(unit: Ints, view: View) -> tuple[Ints, Ints, Ints]:
    plane, position = np.divmod(unit, view.positions)
    row, col = np.divmod(position, view.cols)
    return plane, row, col


def _unique_in_order(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct pairs of maps as they first appear, and the pair of each row."""
    distinct, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return distinct[order], rank[inverse]


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
) -> NDArray[np.int64]:
    """Fill border rows into the free taps of `weights`; return each one's pair, -1 for none.

    A shared weight tells the tap; others take the free taps of their unit in turn.
    """
    n_u, n_v = weights.shape[1:3]
    taps = weights.reshape(len(weights) * n_u * n_v, -1)
    highest = taps.max(axis=1)
    same = np.all((taps == highest[:, None]) | (taps < 0), axis=1) & (highest >= 0)
    tap_of_weight = np.full(int(max(wid.max(), highest.max())) + 1, -1)
    tap_of_weight[highest[same][::-1]] = np.flatnonzero(same)[::-1]
    tap = tap_of_weight[wid]
    pair = np.where(tap >= 0, tap // (n_u * n_v), 0)
    position = y.astype(np.int64) * weights.shape[4] + x
    fits = (tap >= 0) & (pair_plane[pair] == plane) & (taps[tap, position] < 0)
    taps[tap[fits], position[fits]] = wid[fits]
    result = np.where(fits, pair, -1)
    rest = np.flatnonzero(~fits)
    if len(rest):
        free: dict[tuple[int, int], list[int]] = {}
        for number, place in np.argwhere(taps < 0).tolist():
            free.setdefault((int(pair_plane[number // (n_u * n_v)]), place), []).append(number)
        for index in rest.tolist():
            spots = free.get((int(plane[index]), int(position[index])))
            if spots:
                number = spots.pop(0)
                taps[number, position[index]] = wid[index]
                result[index] = number // (n_u * n_v)
    return result
