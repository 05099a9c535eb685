"""Arrange: give layers without a shape a grid, read off the rows, before rules look at them.

A net made unit by unit has flat layers, in whatever order its units were created. Windows still
show in the rows: the sites that a unit sees are a product of consecutive maps, rows and columns.
A source layer gets the first grid in which that holds for its users; a layer above it gets its
coordinates from where its windows lie. The result is the same table with units renumbered inside
their layers; `order` leads back.

Read next: recognise.py.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sn.net.layer import Ints, Layer
from sn.net.table import ConnectionTable

SAMPLE = 200  # units looked at before a grid is believed; the rules check every row afterwards


@dataclass(frozen=True, slots=True, eq=False)
class Coordinates:
    """Where each unit of a layer lies: arrays (units,) int32, and the sizes of the grid."""

    sizes: tuple[int, int, int]
    plane: Ints
    row: Ints
    col: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Arrangement:
    """A renumbered table. order: (n_units,) int32, the old number of each new unit."""

    table: ConnectionTable
    order: Ints

    @property
    def is_identity(self) -> bool:
        """Whether nothing moved."""
        return bool(np.array_equal(self.order, np.arange(len(self.order))))

    def inside(self, layer: Layer) -> Ints:
        """Return the old index within the layer of each new one: (units,) int32."""
        return self.order[layer.first : layer.first + layer.size] - np.int32(layer.first)


def arrange(table: ConnectionTable) -> Arrangement:
    """Return `table` with every flat layer that has a grid laid out along it."""
    known: dict[int, Coordinates] = {}
    order = np.arange(table.n_units, dtype=np.int32)
    layers = list(table.layers)
    for index, layer in enumerate(layers):
        if len(layer.shape) > 1:
            known[index] = _declared(layer)
    for dst, src, rows in _parts(table):
        if len(rows) >= layers[dst].size * layers[src].size:
            continue
        if src not in known:
            found = _source_grid(table, src)
            if found is None:
                continue
            known[src] = found
        if dst not in known:
            above = _window_grid(table, rows, dst, src, known[src])
            if above is not None:
                known[dst] = above
    for index, place in known.items():
        layer = layers[index]
        if len(layer.shape) > 1:
            continue
        inside = np.lexsort((place.col, place.row, place.plane)).astype(np.int32)
        order[layer.first : layer.first + layer.size] = layer.first + inside
        layers[index] = dataclasses.replace(layer, shape=_shape(place.sizes))
    new_number = np.empty_like(order)
    new_number[order] = np.arange(table.n_units, dtype=np.int32)
    if np.array_equal(order, new_number) and not np.any(order != np.arange(len(order))):
        return Arrangement(dataclasses.replace(table, layers=tuple(layers)), order)
    dst_column, src_column = new_number[table.dst], new_number[table.src]
    sort = np.argsort(dst_column, kind="stable")
    moved = dataclasses.replace(
        table,
        layers=tuple(layers),
        dst=dst_column[sort],
        src=src_column[sort],
        wid=table.wid[sort],
        group=table.group[sort],
    )
    return Arrangement(moved, order)


def _shape(sizes: tuple[int, int, int]) -> tuple[int, ...]:
    maps, rows, cols = sizes
    if rows == 1:
        return (maps, cols) if maps > 1 else (cols,)
    return (maps, rows, cols) if maps > 1 else (rows, cols)


def _declared(layer: Layer) -> Coordinates:
    shape = layer.shape if len(layer.shape) >= 3 else (1, *layer.shape)
    maps = int(np.prod(shape[:-2]))
    sizes = (maps, shape[-2], shape[-1])
    return _grid(sizes, layer.size, False)


def _grid(sizes: tuple[int, int, int], count: int, maps_last: bool) -> Coordinates:
    """Coordinates of units in row-major order, or with the maps of a site side by side."""
    unit = np.arange(count, dtype=np.int32)
    maps, rows, cols = sizes
    if maps_last:
        site, plane = np.divmod(unit, maps)
    else:
        plane, site = np.divmod(unit, rows * cols)
    row, col = np.divmod(site, cols)
    return Coordinates(sizes, *(a.astype(np.int32) for a in (plane, row, col)))


def _parts(table: ConnectionTable) -> Iterator[tuple[int, int, NDArray[np.int64]]]:
    """Yield (downstream layer, upstream layer, rows), constants left out."""
    src_layer, dst_layer = table.layer_of[table.src], table.layer_of[table.dst]
    for dst in range(len(table.layers)):
        mine = np.flatnonzero(dst_layer == dst)
        for src in np.unique(src_layer[mine]):
            if src >= 0:
                yield dst, int(src), mine[src_layer[mine] == src]


def _source_grid(table: ConnectionTable, src: int) -> Coordinates | None:
    """Find the grid in which every user of a layer sees a product of consecutive sites."""
    layer = table.layers[src]
    windows = _windows(table, src)
    if not windows:
        return None
    for sizes, maps_last in _candidates(layer.size):
        place = _grid(sizes, layer.size, maps_last)
        # a few odd units do not hide the grid of the others
        if sum(_is_product(place, sites) for sites in windows) >= 0.8 * len(windows):
            return place
    return None


def _windows(table: ConnectionTable, src: int) -> list[Ints]:
    """Sites that single units see in a layer, for users that do not see all of it."""
    layer = table.layers[src]
    inside = (table.src >= layer.first) & (table.src < layer.first + layer.size)
    rows = np.flatnonzero(inside)
    units, starts, counts = np.unique(table.dst[rows], return_index=True, return_counts=True)
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


def _is_product(place: Coordinates, sites: Ints) -> bool:
    """Whether the sites are all of some maps, some consecutive rows and consecutive columns."""
    planes = np.unique(place.plane[sites])
    rows, cols = np.unique(place.row[sites]), np.unique(place.col[sites])
    if len(planes) * len(rows) * len(cols) != len(sites):
        return False
    return _start(rows, place.sizes[1]) is not None and _start(cols, place.sizes[2]) is not None


def _start(values: Ints, size: int) -> int | None:
    """Return where a run of consecutive numbers starts, wrapping at `size`; None if it is none."""
    gaps = np.flatnonzero(np.diff(values) != 1)
    if len(gaps) == 0:
        return int(values[0])
    if len(gaps) == 1 and values[0] == 0 and values[-1] == size - 1:
        return int(values[gaps[0] + 1])
    return None


def _longest_run(values: Ints, size: int) -> Ints:
    """Return the consecutive stretch that most numbers are in; all of them when they wrap."""
    breaks = np.flatnonzero(np.diff(values) != 1) + 1
    if len(breaks) == 0:
        return values
    if len(breaks) == 1 and values[0] == 0 and values[-1] == size - 1:
        return values
    return max(np.split(values, breaks), key=len)


def _window_grid(
    table: ConnectionTable, rows: NDArray[np.int64], dst: int, src: int, place: Coordinates
) -> Coordinates | None:
    """Find the grid of a layer from where its windows lie in a layer below."""
    layer, below = table.layers[dst], table.layers[src]
    units, starts = np.unique(table.dst[rows], return_index=True)
    if len(units) != layer.size:
        return None
    bounds = [*starts.tolist(), len(rows)]
    sites = table.src[rows] - np.int32(below.first)
    keys = np.empty((layer.size, 2))
    for unit in range(layer.size):
        seen = sites[bounds[unit] : bounds[unit + 1]]
        for axis, (values, size) in enumerate(
            ((place.row, place.sizes[1]), (place.col, place.sizes[2]))
        ):
            run = _longest_run(np.unique(values[seen]), size)
            start = _start(run, size)
            assert start is not None
            # the middle of a window moves on even where the border cuts it
            keys[unit, axis] = start + (len(run) - 1) / 2
    tops, row = _ranks(keys[:, 0])
    lefts, col = _ranks(keys[:, 1])
    plane = _planes(table, layer, row * len(lefts) + col)
    maps = int(plane.max()) + 1
    if maps * len(tops) * len(lefts) != layer.size:
        return None
    whole = (plane * len(tops) + row) * len(lefts) + col
    if len(np.unique(whole)) != layer.size:
        return None
    sizes = (maps, len(tops), len(lefts))
    return Coordinates(sizes, *(a.astype(np.int32) for a in (plane, row, col)))


def _ranks(keys: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the places that windows take along an axis and the rank of each one's place.

    A place that few take is a window with an odd connection: it moves to the nearest other.
    """
    places, counts = np.unique(keys, return_counts=True)
    common = places[counts >= 0.5 * np.median(counts)]
    return common, np.abs(keys[:, None] - common[None, :]).argmin(axis=1)


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
