"""Grid graphs: a graph of neighbours laid out as a Cartesian product of rows, columns and lists.

The factors of rows and columns are paths or cycles; that of the lists of maps is any graph. In a
Cartesian product, the vertices that differ from v along one axis only are just those that every
neighbour of v along the other axes is one step farther from. Distances are those of breadth-first
search.

Read next: components.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

Adjacency = list[list[int]]
BLOCKS = 5  # ways from a corner that are dealt out to rows, columns and lists
LISTS = 2  # the axis that is no line
MOST_LISTS = 1000  # more are rows at random


@dataclass(frozen=True, slots=True, eq=False)
class GridGraph:
    """place: (cells, 3) row, column and list; sizes: how many of each; rings: which are closed."""

    place: NDArray[np.int64]
    sizes: tuple[int, int, int]
    rings: tuple[bool, bool]


def connected_components(near: Adjacency) -> list[NDArray[np.int64]]:
    """Return the cells of each connected component of a graph."""
    number = np.full(len(near), -1)
    found = []
    for start in range(len(near)):
        if number[start] < 0:
            members = np.array(_reachable(near, start))
            number[members] = start
            found.append(np.sort(members))
    return found


def grid_graphs(near: Adjacency) -> list[GridGraph]:
    """Return a connected graph as products of lines, those with the longest lines first.

    A line alone is a column: its cells lie in rows.
    """
    if len(near) == 1:
        return [GridGraph(np.zeros((1, 3), np.int64), (1, 1, 1), (False, False))]
    corner = min(range(len(near)), key=lambda one: len(near[one]))
    blocks = _blocks_of_corner(near, corner)
    if len(blocks) > BLOCKS:
        return []
    start = _distances(near, corner)
    farther = [
        np.logical_and.reduce([_distances(near, one) == start + 1 for one in block])
        for block in blocks
    ]
    found = (
        _as_product(near, corner, farther, axes)
        for axes in product((0, 1, LISTS), repeat=len(blocks))
        if 1 not in axes or 0 in axes[: axes.index(1)]  # the other half is the same turned
    )
    return sorted(
        (graph for graph in found if graph is not None),
        key=lambda graph: -graph.sizes[0] * graph.sizes[1],
    )


def _blocks_of_corner(near: Adjacency, corner: int) -> list[list[int]]:
    """Sort the neighbours of a corner: those that lie along different axes close one square."""
    beside = near[corner]
    block = list(range(len(beside)))
    for one, other in combinations(range(len(beside)), 2):
        common = set(near[beside[one]]).intersection(near[beside[other]])
        if len(common) != 2 or beside[other] in near[beside[one]]:
            old, new = block[other], block[one]
            block = [new if number == old else number for number in block]
    return [
        [one for one, number in zip(beside, block, strict=True) if number == kept]
        for kept in dict.fromkeys(block)
    ]


def _as_product(
    near: Adjacency, corner: int, farther: list[NDArray[np.bool_]], axes: tuple[int, ...]
) -> GridGraph | None:
    """Lay out a graph whose corner has its blocks of neighbours along these axes."""
    on_line = []
    for axis in (0, 1, LISTS):
        across = [is_far for is_far, other in zip(farther, axes, strict=True) if other != axis]
        on_line.append(np.logical_and.reduce([np.ones(len(near), np.bool_), *across]))
    rows, cols, lists = (int(np.count_nonzero(line)) for line in on_line)
    if rows * cols * lists != len(near) or lists > MOST_LISTS:
        return None
    down, right = (_ordered(near, corner, line) for line in on_line[:LISTS])
    if down is None or right is None:
        return None
    lines = down, right, np.flatnonzero(on_line[LISTS]).tolist()
    place = np.stack([_nearest_on_line(near, line) for line in lines], axis=1)
    if len(np.unique((place[:, 0] * cols + place[:, 1]) * lists + place[:, 2])) != len(near):
        return None
    rings = [len(line) > 2 and line[-1] in near[line[0]] for line in (down, right)]
    return GridGraph(place, (rows, cols, lists), (rings[0], rings[1]))


def _reachable(near: Adjacency, start: int) -> list[int]:
    """Return what can be reached, in the order of a breadth-first search."""
    waiting, met = [start], {start}
    for one in waiting:
        for other in near[one]:
            if other not in met:
                met.add(other)
                waiting.append(other)
    return waiting


def _distances(near: Adjacency, start: int) -> NDArray[np.int64]:
    """Return the distance of each cell from the start, by breadth-first search."""
    steps = [0] * len(near)
    met = {start}
    waiting = [start]
    for one in waiting:
        for other in near[one]:
            if other not in met:
                met.add(other)
                steps[other] = steps[one] + 1
                waiting.append(other)
    return np.array(steps)


def _ordered(near: Adjacency, start: int, on_line: NDArray[np.bool_]) -> list[int] | None:
    """Walk along a line from one of its ends, or once round it."""
    members = set(np.flatnonzero(on_line).tolist())
    if all(len(members.intersection(near[one])) == len(members) - 1 for one in members):
        # windows that leave one site of a round out are a round in any order
        return [start, *sorted(members - {start})]
    if any(len(members.intersection(near[one])) > 2 for one in members):
        return None
    line, left = [start], members - {start}
    while left:
        onward = [other for other in near[line[-1]] if other in left]
        if not onward:
            return None
        left.remove(onward[0])
        line.append(onward[0])
    return line


def _nearest_on_line(near: Adjacency, line: list[int]) -> NDArray[np.int64]:
    """Return for each cell the number on the line of the closest one on it."""
    number = [-1] * len(near)
    for index, one in enumerate(line):
        number[one] = index
    waiting = list(line)
    for one in waiting:
        for other in near[one]:
            if number[other] < 0:
                number[other] = number[one]
                waiting.append(other)
    return np.array(number)
