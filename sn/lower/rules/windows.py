"""Windows: convolutions and local connections, in one or two dimensions.

Kernel, stride, border and sharing are read off the rows: along each axis, the lowest and the
highest upstream site that the units of one row (or column) see; then every row is held against
that.

Read next: axes.py, border.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sn.lower.ir import Part, View, Window
from sn.lower.rules.axes import Axis, Reach, cut, gap, guess, most, reach, wrapped
from sn.lower.rules.border import BORDER, BorderRows, place_border
from sn.net.layer import Ints, Layer
from sn.net.table import ConnectionTable

TRIES = 64  # geometries held against the weights when the border cuts every window

Geometry: TypeAlias = tuple[Axis, Axis, tuple[bool, bool]]  # rows, columns, which of them wrap
PLAIN = (False, False)


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
    reasons: list[_Reason] = []
    ways = list(product(views(dst), views(src)))
    if len(dst.shape) < 3:
        # lines over lines come before lines over pictures
        ways.sort(key=lambda way: (way[0].rows == 1) != (way[1].rows == 1))
    for grid, field in ways:
        if grid.positions == 1 or (field.rows == 1 and grid.rows > 1):
            continue
        sites = _Sites.of(table, part, grid, field)
        if isinstance(sites, _Reason):
            reasons.append(sites)
            continue
        for geometry in sites.geometries(reasons):
            found = _match(table, part, sites, geometry)
            if isinstance(found, _Reason):
                # that windows have no gaps either is no news
                if geometry[0].dilation == geometry[1].dilation == 1:
                    reasons.append(found)
            elif found.held.all():
                return found, ""
            elif best is None or found.held.sum() > best.held.sum():
                best = found
    if best is not None and 2 * best.held.sum() >= len(best.held):
        return best, ""
    if best is not None:
        held = f"{best.held.sum()} of {len(best.held)} connections"
        return None, f"windows would hold {held} only, less than half"
    # the geometry that came farthest says most
    why = max(reasons, key=lambda reason: reason.rank, default=None)
    return None, why.text if why else "no map of units to move a window over"


def views(layer: Layer) -> list[View]:
    """The ways to see a layer as maps of rows and columns, most structured first."""
    shape = layer.shape
    match len(shape):
        case 1:
            return [View(1, 1, shape[0]), View(shape[0], 1, 1)]
        case 2:
            return [View(1, *shape), View(shape[0], 1, shape[1])]
    return [View(int(np.prod(shape[:-2])), shape[-2], shape[-1])]


@dataclass(frozen=True, slots=True)
class _Reason:
    """Why a geometry does not fit; `rank` is how far it came."""

    rank: int
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class _Sites:
    """The rows of a part between two layers seen as maps.

    plane, y, x: downstream place of each row; inner: the rows that no border unit feeds, and
    for these `number`, the pair of maps as an index into `pairs`, and the site's row and column.
    `typical`: of the inner rows those whose pair of maps has as many as most pairs.
    """

    grid: View
    field: View
    plane: Ints
    y: Ints
    x: Ints
    wid: Ints
    inner: NDArray[np.int64]
    number: NDArray[np.int64]
    pairs: NDArray[np.int64]
    row: Ints
    col: Ints
    typical: NDArray[np.bool_]
    border: float | None

    @staticmethod
    def of(table: ConnectionTable, part: Part, grid: View, field: View) -> _Sites | _Reason:
        """Split the rows of a part."""
        src = table.src[part.rows]
        inner = np.flatnonzero(np.isnan(table.constant)[src])
        border: float | None = None
        if len(inner) < len(src):
            fed = np.zeros(len(src), np.bool_)
            fed[inner] = True
            values = table.constant[src[~fed]]
            if values.min() < values.max():
                return _Reason(0, "border units of several states")
            border, src = float(values[0]), src[inner]
        plane, y, x = _split(table.dst[part.rows] - table.layers[part.dst].first, grid)
        source, row, col = _split(src - table.layers[part.src].first, field)
        keys = _only(plane, inner).astype(np.int64) * field.maps + source
        pairs, number = _unique_in_order(keys, grid.maps * field.maps)
        # what most pairs of maps do shows the geometry; the others are held against it
        counts = np.bincount(number)
        typical = (counts == np.bincount(counts).argmax())[number]
        wid = table.wid[part.rows]
        return _Sites(
            grid, field, plane, y, x, wid, inner, number, pairs, row, col, typical, border
        )

    def axes(self) -> Iterator[tuple[Ints, Ints, int, int]]:
        """Per axis: site and position of the typical rows, numbers of positions and of sites."""
        for site, place, count, size in (
            (self.row, self.y, self.grid.rows, self.field.rows),
            (self.col, self.x, self.grid.cols, self.field.cols),
        ):
            yield _where(site, self.typical), self.placed(place), count, size

    def placed(self, place: Ints) -> Ints:
        """A column of all rows cut down to the typical inner ones."""
        return _where(_only(place, self.inner), self.typical)

    def geometries(self, reasons: list[_Reason]) -> Iterator[Geometry]:
        """Yield what the windows may be, the likeliest first."""
        yield from self._apart((1, 1), reasons)
        number = _where(self.number, self.typical)
        unit = (number * self.grid.rows + self.placed(self.y)) * self.grid.cols
        unit = unit + self.placed(self.x)
        gaps = tuple(gap(site, unit, size) for site, _, _, size in self.axes())
        if max(gaps) > 1:
            yield from self._apart((gaps[0], gaps[1]), [])

    def _apart(self, apart: tuple[int, int], reasons: list[_Reason]) -> Iterator[Geometry]:
        """Yield what the windows may be whose taps are so far apart."""
        axes = list(self.axes())
        seen = [reach(*axis) for axis in axes]
        moves: list[int | None] = [None, None]
        if max(apart) > 1:
            moves = [self.step(site, place, None) for site, place, _, _ in axes]
        rows, cols = (guess(*axis) for axis in zip(seen, apart, moves, strict=True))
        if rows is not None and cols is not None:
            yield rows, cols, PLAIN
        else:
            reasons.append(_Reason(1, "the windows do not move by a constant stride"))
        if self.border is None:
            around = [self.around(*axis, gaps) for axis, gaps in zip(axes, apart, strict=True)]
            if around[0] is not None and around[1] is not None:
                yield _closed(around[0], around[1], seen)
            return
        taps = self.taps()
        steps = [self.step(site, place, None) for site, place, _, _ in axes]
        fitting = (
            (y, x, PLAIN)
            for n_u in range(1, taps + 1)
            if taps % n_u == 0
            for y in cut(seen[0], n_u, steps[0], apart[0])
            for x in cut(seen[1], taps // n_u, steps[1], apart[1])
            if (y, x) != (rows, cols)
        )
        yield from islice(fitting, TRIES)
        yield from self.cylinders(seen, (rows, cols), apart)

    def around(self, site: Ints, position: Ints, count: int, size: int, apart: int) -> Axis | None:
        """Windows that go round an axis, one of `axes`."""
        return wrapped(site, position, count, size, self.step(site, position, size), apart)

    def cylinders(
        self,
        seen: Sequence[Reach],
        guessed: tuple[Axis | None, Axis | None],
        apart: tuple[int, int],
    ) -> Iterator[Geometry]:
        """Yield windows that go round along one axis and meet the border along the other."""
        taps, axes = self.taps(), list(self.axes())
        for ring, line in ((0, 1), (1, 0)):
            closed = self.around(*axes[ring], apart[ring])
            if closed is None or taps % closed.taps:
                continue
            if not (closed.leaves(seen[ring]) and closed.is_seen(seen[ring])):
                continue
            site, place, _, _ = axes[line]
            step = self.step(site, place, None)
            fitting = cut(seen[line], taps // closed.taps, step, apart[line])
            for other in (guessed[line], *islice(fitting, TRIES)):
                if other is not None and other.taps * closed.taps == taps:
                    yield (other, closed, (False, True)) if ring else (closed, other, (True, False))

    def taps(self) -> int:
        """Connections of most units into one map, border rows included."""
        unit = (self.plane * self.grid.rows + self.y) * self.grid.cols + self.x
        plane = np.arange(self.grid.maps * self.grid.positions) // self.grid.positions
        sources = np.bincount(self.pairs // self.field.maps, minlength=self.grid.maps)[plane]
        rows = np.bincount(unit, minlength=len(plane))
        return most((rows // np.maximum(sources, 1))[sources > 0]) or 0

    def step(self, site: Ints, position: Ints, size: int | None) -> int | None:
        """The stride along one axis by which most weights move from unit to unit, if any does.

        `size`: sites of an axis that wraps.
        """
        wid = _where(self.wid[self.inner], self.typical)
        if np.bincount(wid).max() == 1:
            return None
        order = np.lexsort((position, wid))
        wid, apart, moved = np.diff(wid[order]), np.diff(position[order]), np.diff(site[order])
        if size is not None:
            next_to = (wid == 0) & (apart == 1)
            return most(moved[next_to] % size)
        same = (wid == 0) & (apart > 0) & (moved > 0)
        return most(moved[same] // apart[same])


def _match(
    table: ConnectionTable, part: Part, sites: _Sites, geometry: Geometry
) -> Found | _Reason:
    grid, field, inner, number = sites.grid, sites.field, sites.inner, sites.number
    (step_y, top, n_u, _), (step_x, left, n_v, _), wrap = geometry
    apart = geometry[0].dilation, geometry[1].dilation
    size = f"{n_u}x{n_v}"
    typical = np.count_nonzero(sites.typical)
    expected = np.count_nonzero(np.bincount(number[sites.typical])) * grid.positions * n_u * n_v
    if expected > 4 * len(part.rows):
        return _Reason(1, "what units see makes no windows")
    outside = _outside(sites, geometry)
    is_cut = sites.border is None and bool(outside.any())
    if not any(wrap) and sites.border is None and expected > typical and not is_cut:
        return _Reason(2, f"windows of {size} need {expected} connections, {typical} are here")
    y, x = _only(sites.y, inner), _only(sites.x, inner)
    u, v = sites.row - (y * step_y - top), sites.col - (x * step_x - left)
    u = u % field.rows if wrap[0] else u
    v = v % field.cols if wrap[1] else v
    between = (u % apart[0] > 0) | (v % apart[1] > 0)
    u, v = u // apart[0], v // apart[1]
    inside = (u >= 0) & (v >= 0) & (u < n_u) & (v < n_v) & ~between
    if len(sites.pairs) * n_u * n_v * grid.positions > 4 * len(part.rows):
        return _Reason(2, f"windows of {size} would be mostly empty")
    weights = np.full((len(sites.pairs), n_u, n_v, grid.rows, grid.cols), -1, np.int32)
    if sites.border is not None:
        weights[:] = np.where(outside, BORDER, -1)
    places = tuple(_where(column, inside) for column in (number, u, v, y, x))
    weights[places] = _where(_only(sites.wid, inner), inside)
    pair_of_row = np.full(len(part.rows), -1)
    pair_of_row[inner[inside]] = places[0]
    if len(inner) < len(part.rows):
        is_border = np.ones(len(part.rows), np.bool_)
        is_border[inner] = False
        rows = np.flatnonzero(is_border)
        position = sites.y[rows].astype(np.int64) * grid.cols + sites.x[rows]
        border = BorderRows(sites.plane[rows], position, sites.wid[rows])
        pair_of_row[rows] = place_border(weights, sites.pairs // field.maps, border)
    kept, shared = _regular(weights)
    if not kept.any():
        if weights.reshape(len(weights), -1).min(axis=1).max() < 0:
            if is_cut and inside.all() and weights[:, ~outside].min() >= 0:
                text = f"windows of {size} reach over the edge, and no border units feed them there"
                return _Reason(5, text)
            return _Reason(3, f"every window of {size} lacks connections")
        return _Reason(4, "weights are shared by other taps than those of one kernel")
    weights = weights[kept][..., 0, 0] if shared else weights[kept]
    pairs = sites.pairs[kept]
    node = Window(
        part.dst,
        part.src,
        grid,
        field,
        tuple((int(key) // field.maps, int(key) % field.maps) for key in pairs),
        (n_u, n_v),
        (step_y, step_x),
        (top, left),
        sites.border,
        wrap,
        shared,
        np.ascontiguousarray(weights),
        part.label,
        part.span,
        apart,
    )
    return Found(node, (pair_of_row >= 0) & kept[pair_of_row])


def _closed(rows: Axis, cols: Axis, seen: Sequence[Reach]) -> Geometry:
    """Return windows on a torus; along an axis that none leaves, they do not wrap."""
    wrap = rows.leaves(seen[0]), cols.leaves(seen[1])
    rows, cols = (
        axis if wraps else axis.from_within(there)
        for axis, wraps, there in zip((rows, cols), wrap, seen, strict=True)
    )
    return rows, cols, wrap


def _outside(sites: _Sites, geometry: Geometry) -> NDArray[np.bool_]:
    """Which taps at which positions lie in the border: (kernel, grid)."""
    cut_off = []
    for axis, wraps, count, size in (
        (geometry[0], geometry[2][0], sites.grid.rows, sites.field.rows),
        (geometry[1], geometry[2][1], sites.grid.cols, sites.field.cols),
    ):
        taps = np.arange(axis.taps)[:, None] * axis.dilation
        site = taps + np.arange(count) * axis.stride - axis.offset
        cut_off.append(((site < 0) | (site >= size)) & (not wraps))
    return cut_off[0][:, None, :, None] | cut_off[1][None, :, None, :]


def _regular(weights: Ints) -> tuple[NDArray[np.bool_], bool]:
    """Return which pairs are complete and share weights as most do, and whether they share.

    weights: (n_pairs, kernel, grid) weight numbers, negative where one is missing.
    """
    flat = weights.reshape(len(weights), -1)
    complete = flat.min(axis=1) >= 0
    alike = np.all(weights == weights[..., :1, :1], axis=(1, 2, 3, 4)) & complete
    taps = weights.shape[1] * weights.shape[2]
    shared = 2 * alike.sum() >= complete.sum()
    kept = alike if shared else complete & ~alike
    used = weights[..., 0, 0].reshape(len(weights), taps) if shared else flat
    if kept.any():
        # a weight that serves two taps ties its kernels together
        counts = np.bincount(used[kept].ravel(), minlength=int(used.max()) + 1)
        kept = kept & np.all(counts[used] == 1, axis=1)
    return kept, bool(shared)


def _split(unit: Ints, view: View) -> tuple[Ints, Ints, Ints]:
    plane, position = np.divmod(unit, view.positions)
    row, col = np.divmod(position, view.cols)
    return plane, row, col


def _where(column: NDArray[Any], mask: NDArray[np.bool_]) -> NDArray[Any]:
    return column if mask.all() else column[mask]


def _only(column: Ints, index: NDArray[np.int64]) -> Ints:
    return column if len(index) == len(column) else column[index]


def _unique_in_order(
    keys: NDArray[np.int64], limit: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct pairs of maps as they first appear, and the pair of each row.

    keys: (n_rows,), all below `limit`.
    """
    if limit <= len(keys):
        first = np.full(limit, len(keys))
        first[keys[::-1]] = np.arange(len(keys))[::-1]
        distinct = np.flatnonzero(first < len(keys))
        order = np.argsort(first[distinct], kind="stable")
        rank = np.empty(limit, np.int64)
        rank[distinct[order]] = np.arange(len(order))
        return distinct[order], rank[keys]
    distinct, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return distinct[order], rank[inverse]
