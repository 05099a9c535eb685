"""Ordered: read off the rows where the units of flat layers lie, when they were made in order.

The sites that a unit sees are a product of consecutive maps, rows and columns. A source layer
gets the first grid in which that holds for its users; a layer above it gets its coordinates from
where its windows lie.

Read next: shuffled/README.md, for layers in no order at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sn.lower.ir import Part
from sn.net.layer import Ints, Layer
from sn.net.table import ConnectionTable

SAMPLE = 200  # units looked at before a grid is believed; the rules check every row afterwards
GLANCE, SIGHT = 400, 10_000  # sites of them with which hopeless grids are put aside
ODD = 0.2  # of them, as many may be odd: a few do not hide the grid of the others
ODD_AT_ONCE = 0.6  # of so few that odd ones may crowd

Whole = TypeVar("Whole", bound=np.signedinteger[Any])


@dataclass(frozen=True, slots=True, eq=False)
class Coordinates:
    """Where each unit of a layer lies: arrays (units,) int32, and the sizes of the grid."""

    sizes: tuple[int, int, int]
    plane: Ints
    row: Ints
    col: Ints


def declared(layer: Layer) -> Coordinates:
    """Coordinates of a layer that has a shape."""
    shape = layer.shape if len(layer.shape) >= 3 else (1, *layer.shape)
    maps = int(np.prod(shape[:-2]))
    sizes = (maps, shape[-2], shape[-1])
    return _grid(sizes, np.arange(layer.size, dtype=np.int32), False)


def _grid(sizes: tuple[int, int, int], unit: Ints, maps_last: bool) -> Coordinates:
    """Coordinates of units in row-major order, or with the maps of a site side by side."""
    return Coordinates(sizes, *(a.astype(np.int32) for a in _split(sizes, unit, maps_last)))


def _split(sizes: tuple[int, int, int], unit: Ints, maps_last: bool) -> tuple[Ints, Ints, Ints]:
    """Return the map, the row and the column of units."""
    maps, rows, cols = sizes
    if maps_last:
        site, plane = np.divmod(unit, maps)
    elif maps == 1:
        site, plane = unit, np.zeros_like(unit)
    else:
        plane, site = np.divmod(unit, rows * cols)
    row, col = np.divmod(site, cols)
    return plane, row, col


def source_grid(table: ConnectionTable, src: int, spread: bool = False) -> Coordinates | None:
    """Find the grid in which every user of a layer sees a product of consecutive sites.

    With `spread`, sites may be equally far apart along an axis: dilated windows.
    """
    layer = table.layers[src]
    windows = _windows(table, src)
    if not windows:
        return None
    glances = [_Glance.of(windows, SIGHT, ODD)]
    if len(glances[0].sites) > GLANCE:
        glances.insert(0, _Glance.of(windows, GLANCE, ODD_AT_ONCE))
    for sizes, maps_last in _candidates(layer.size):
        if any(glance.refuses(sizes, maps_last) for glance in glances):
            continue
        odd = 0
        for sites in windows:
            odd += not _is_product(sizes, maps_last, sites, spread)
            if odd > ODD * len(windows):
                break
        else:
            return _grid(sizes, np.arange(layer.size, dtype=np.int32), maps_last)
    return None


def _windows(table: ConnectionTable, src: int) -> list[Ints]:
    """Sites that single units see in a layer, for users that do not see all of it."""
    layer = table.layers[src]
    inside = (table.src >= layer.first) & (table.src < layer.first + layer.size)
    rows = np.flatnonzero(inside)
    starts = np.flatnonzero(np.diff(table.dst[rows], prepend=-1))
    counts = np.diff(starts, append=len(rows))
    part = np.flatnonzero((counts < layer.size) & (counts > 1))
    chosen = part[np.linspace(0, len(part) - 1, min(SAMPLE, len(part))).astype(int)]
    return [
        table.src[rows[starts[i] : starts[i] + counts[i]]] - np.int32(layer.first)
        for i in chosen.tolist()
    ]


def _candidates(size: int) -> Iterator[tuple[tuple[int, int, int], bool]]:
    """Grids to try: a line, squarish planes, then several maps of them."""
    yield (1, 1, size), False
    divisors = [d for d in range(1, size + 1) if size % d == 0]
    for maps in divisors:
        area = size // maps
        sides = [d for d in divisors if area % d == 0 and 1 < d < area]
        for rows in sorted(sides, key=lambda d: abs(d - area / d)):
            yield (maps, rows, area // rows), False
            if maps > 1:
                yield (maps, rows, area // rows), True
        if maps > 1 and area > 1:
            yield (maps, 1, area), False
            yield (maps, 1, area), True


def _is_product(sizes: tuple[int, int, int], maps_last: bool, sites: Ints, spread: bool) -> bool:
    """Whether the sites are all of some maps, some consecutive rows and consecutive columns.

    With `spread`, rows and columns may be equally far apart instead.
    """
    plane, row, col = _split(sizes, sites, maps_last)
    rows, cols = _distinct(row), _distinct(col)
    if len(sites) % (len(rows) * len(cols)):
        return False
    for values, size in ((rows, sizes[1]), (cols, sizes[2])):
        if _start(values, size) is None and not (spread and _is_spread(values, size)):
            return False
    return len(_distinct(plane)) * len(rows) * len(cols) == len(sites)


@dataclass(frozen=True, slots=True, eq=False)
class _Glance:
    """Sites of some windows, one after another, and the window of each: many looked at at once.

    counts: how many sites each window has; odd: which part of the windows may fail.
    """

    sites: Ints
    window: NDArray[np.int64]
    counts: NDArray[np.int64]
    odd: float

    @staticmethod
    def of(windows: list[Ints], sites: int, odd: float) -> _Glance:
        """Take windows of about so many sites in all."""
        few = windows[:: -(-sum(map(len, windows)) // sites)]
        counts = np.array([len(some) for some in few])
        return _Glance(np.concatenate(few), np.repeat(np.arange(len(few)), counts), counts, odd)

    def refuses(self, sizes: tuple[int, int, int], maps_last: bool) -> bool:
        """Whether too many windows see other numbers of maps, rows and columns than a product."""
        plane, row, col = _split(sizes, self.sites, maps_last)
        missing = self.counts
        for values, size in ((row, sizes[1]), (col, sizes[2]), (plane, sizes[0])):
            if size > 1:
                missing = missing // self._distinct(values, size)
        return bool(np.count_nonzero(missing != 1) > self.odd * len(missing))

    def _distinct(self, values: Ints, size: int) -> NDArray[np.int64]:
        """Return how many of `size` different values each window sees."""
        n_windows = len(self.counts)
        if n_windows * size <= 4 * len(values):
            is_seen = np.zeros(n_windows * size, np.bool_)
            is_seen[self.window * size + values] = True
            counts: NDArray[np.int64] = is_seen.reshape(n_windows, size).sum(axis=1)
            return counts
        return np.bincount(_distinct(self.window * size + values) // size)


def _distinct(values: NDArray[Whole]) -> NDArray[Whole]:
    """Return the different values in order, like np.unique, which takes longer for so few."""
    ordered = np.sort(values)
    is_new = np.empty(len(ordered), np.bool_)
    is_new[:1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=is_new[1:])
    return ordered[is_new]


def _start(values: Ints, size: int) -> int | None:
    """Return where a run of consecutive numbers starts, wrapping at `size`; None if it is none."""
    gaps = np.flatnonzero(np.diff(values) != 1)
    if len(gaps) == 0:
        return int(values[0])
    if len(gaps) == 1 and values[0] == 0 and values[-1] == size - 1:
        return int(values[gaps[0] + 1])
    return None


def _is_spread(values: Ints, size: int) -> bool:
    """Whether sites are equally far apart, and not because a window wraps at `size`."""
    gaps = np.diff(values)
    goes_round = values[0] == 0 and values[-1] == size - 1
    return bool(np.all(gaps == gaps[:1])) and not goes_round


def _longest_run(values: Ints, size: int) -> Ints:
    """Return the consecutive stretch that most numbers are in; all of them when they wrap."""
    breaks = np.flatnonzero(np.diff(values) != 1) + 1
    if len(breaks) == 0:
        return values
    if len(breaks) == 1 and values[0] == 0 and values[-1] == size - 1:
        return values
    return max(np.split(values, breaks), key=len)


def window_grid(table: ConnectionTable, part: Part, place: Coordinates) -> Coordinates | None:
    """Find the grid of a layer from where its windows lie in the layer below, at `place`."""
    layer, below = table.layers[part.dst], table.layers[part.src]
    rows = part.rows[np.isnan(table.constant[table.src[part.rows]])]
    starts = np.flatnonzero(np.diff(table.dst[rows], prepend=-1))
    if len(starts) != layer.size:
        return None
    sites = table.src[rows] - np.int32(below.first)
    tops, row = _ranks(_middles(place.row[sites], starts, place.sizes[1]))
    lefts, col = _ranks(_middles(place.col[sites], starts, place.sizes[2]))
    plane = _planes(table, layer, row * len(lefts) + col)
    maps = int(plane.max()) + 1
    if maps * len(tops) * len(lefts) != layer.size:
        return None
    whole = (plane * len(tops) + row) * len(lefts) + col
    if len(np.unique(whole)) != layer.size:
        return None
    sizes = (maps, len(tops), len(lefts))
    return Coordinates(sizes, *(a.astype(np.int32) for a in (plane, row, col)))


def _middles(values: Ints, starts: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    """Return the middle of what each unit sees along an axis; its rows begin at `starts`.

    The middle of a window moves on even where the border cuts it.
    """
    low = np.minimum.reduceat(values, starts)
    high = np.maximum.reduceat(values, starts)
    middle = (low + high) / 2
    counts = np.diff(starts, append=len(values))
    unit = np.repeat(np.arange(len(starts)), counts)
    seen = _distinct(unit * np.int64(size) + values)
    # windows with a hole: they wrap, or some connection is odd
    holed = np.flatnonzero(np.bincount(seen // size) != high - low + 1)
    bounds = np.searchsorted(seen, np.arange(len(starts) + 1) * np.int64(size))
    for index in holed.tolist():
        sites = seen[bounds[index] : bounds[index + 1]] % size
        if _is_spread(sites, size):
            continue
        run = _longest_run(sites, size)
        start = _start(run, size)
        assert start is not None
        middle[index] = start + (len(run) - 1) / 2
    return middle


def _ranks(keys: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the places that windows take along an axis and the rank of each one's place.

    A place that few take is a window with an odd connection: it moves to the nearest other.
    """
    places, counts = np.unique(keys, return_counts=True)
    common = places[counts >= 0.5 * np.median(counts)]
    right = np.clip(np.searchsorted(common, keys), 1, max(1, len(common) - 1))
    if len(common) == 1:
        return common, np.zeros(len(keys), np.int64)
    # of two places equally near the first is taken
    is_right = np.abs(common[right] - keys) < np.abs(common[right - 1] - keys)
    return common, right - 1 + is_right


def _planes(table: ConnectionTable, layer: Layer, position: NDArray[np.int64]) -> Ints:
    """Sort units into maps: those whose weights hang together, else by rank at their position."""
    bounds = np.searchsorted(table.dst, [layer.first, layer.first + layer.size])
    rows = np.arange(bounds[0], bounds[1])
    unit = table.dst[rows] - layer.first
    shared = np.bincount(table.wid, minlength=table.n_weights)[table.wid[rows]] > 1
    unit, wid = unit[shared], table.wid[rows[shared]]
    label = np.arange(table.n_weights)
    while True:
        # weights that meet in a unit belong to one map: spread the lowest number
        lowest = np.full(layer.size, table.n_weights)
        np.minimum.at(lowest, unit, label[wid])
        spread = label.copy()
        np.minimum.at(spread, wid, lowest[unit])
        if np.array_equal(spread, label):
            break
        label = spread
    maps = np.unique(lowest)
    if len(maps) > 1 and len(maps) * len(np.unique(position)) == layer.size:
        first = [int(np.flatnonzero(lowest == one)[0]) for one in maps]
        number = np.argsort(np.argsort(first))
        return number[np.searchsorted(maps, lowest)].astype(np.int32)
    order = np.argsort(position, kind="stable")
    sizes = np.bincount(position)
    start = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    rank = np.empty(layer.size, np.int32)
    rank[order] = np.arange(layer.size) - np.repeat(start, sizes)
    return rank
