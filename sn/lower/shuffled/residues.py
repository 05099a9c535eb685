"""Residue classes: sites whose taps are linked become maps, or residues of the stride in one map.

With stride 1 the classes are the maps; with stride s there are s x s to a map, one for each
residue of row and column. Classes whose taps, edges and users agree could be exchanged, so that
any order of them gives windows; the fewest residues that explain their differences are taken,
unless more make one picture of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import islice, product
from math import gcd, isqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sn.lower.ordered import Coordinates

GAPS = 4  # widths, from 0 on, of what windows may leave unseen between them
TRIES = 64  # ways to make maps of classes that are looked at in full
WIDEST = 8  # times that a stride may be what the differences of classes ask for
Places = NDArray[np.int64]  # (n, 2): row and column
Edge = tuple[int, int, int]  # along one axis: taps of a class, first and last site, negated


@dataclass(frozen=True, slots=True, eq=False)
class ResidueClasses:
    """Sites in classes: their places in strides, and what is known of each class.

    place: (sites, 2); number: (sites,) the class, -1 where nobody sees the site; taps: per class,
    rows and columns of taps; users: per class, the maps that see it; turns: per axis, the length
    of a round or 0.
    """

    place: Places
    number: NDArray[np.int64]
    taps: list[tuple[int, int]]
    users: list[set[int]]
    turns: tuple[int, int]

    def edges(self) -> list[tuple[Edge, Edge]]:
        """What tells each class from others along the axes; they sort from the first residue on."""
        known = self.number >= 0
        low = np.full((len(self.taps), 2), np.iinfo(np.int64).max)
        high = np.full((len(self.taps), 2), np.iinfo(np.int64).min)
        np.minimum.at(low, self.number[known], self.place[known])
        np.maximum.at(high, self.number[known], self.place[known])
        for axis, turn in enumerate(self.turns):
            if turn:
                low[:, axis], high[:, axis] = 0, 0
        ends = np.stack([-np.array(self.taps), -low, -high], axis=2).tolist()
        return [((*rows,), (*cols,)) for rows, cols in ends]


def maps_of(sites: ResidueClasses) -> Coordinates | None:
    """Make maps of the classes: residues of one map beside each other, the maps in a row."""
    edges = sites.edges()
    rows, cols = (_residues([edge[axis] for edge in edges]) for axis in (0, 1))
    alike = Counter(frozenset(users) for users in sites.users)
    kinds = repeats(gcd(*alike.values()) // (len(rows) * len(cols)) or 1)
    # windows that do not meet along an axis may leave sites between them that nobody sees
    gaps = [range(1 if any(edge[axis][0] < -1 for edge in edges) else GAPS) for axis in (0, 1)]
    tries = product((True, False), product(gaps[0], gaps[1]), kinds)
    roomy = (
        found
        for found in (_Division.of(sites, rows, cols, *settings) for settings in tries)
        if found
    )
    for division in islice(roomy, TRIES):
        found = _dealt_out(sites, edges, division)
        if found is not None:
            return found
    return None


class _Division(NamedTuple):
    """Residues of rows and columns, the strides, and the maps that hold all sites."""

    rows: list[Edge]
    cols: list[Edge]
    step: tuple[int, int]
    sizes: tuple[int, int, int]

    @staticmethod
    def of(
        sites: ResidueClasses,
        rows: list[Edge],
        cols: list[Edge],
        is_exact: bool,
        gaps: tuple[int, int],
        times: tuple[int, int],
    ) -> _Division | None:
        """Repeat residues and leave gaps; None where that fits no maps."""
        many = [
            [edge for edge in edges for _ in range(n)]
            for edges, n in zip((rows, cols), times, strict=True)
        ]
        step = len(many[0]) + gaps[0], len(many[1]) + gaps[1]
        sides = [
            turn * stride if turn else _side(edges, stride)
            for edges, turn, stride in zip(many, sites.turns, step, strict=True)
        ]
        maps = len(sites.taps) // (len(many[0]) * len(many[1]))
        least = maps, sides[0], sides[1]
        sizes = room(len(sites.place), least, is_exact or any(sites.turns))
        return None if sizes is None else _Division(many[0], many[1], step, sizes)


def _side(edges: list[Edge], step: int) -> int:
    """Return how many rows or columns the classes with these residues take."""
    first = min(residue - low * step for residue, (_, low, _) in enumerate(edges))
    return max(residue - high * step for residue, (_, _, high) in enumerate(edges)) - first + 1


def repeats(maps: int) -> list[tuple[int, int]]:
    """Return how many times as many residues the axes may get, the likeliest first.

    A stride that divides the kernel leaves classes that could be maps as well. A square number
    of them makes one picture; else they are maps, if these have room, and rather few than many.
    """
    side = isqrt(maps)
    square = [(side, side)] if side > 1 and side**2 == maps else []
    sides = range(1, min(maps, WIDEST) + 1)
    others = [(a, b) for a, b in product(sides, sides) if a * b > 1 and maps % (a * b) == 0]
    return [*square, (1, 1), *sorted(others, key=lambda way: (-way[0] * way[1], way))]


def _residues(edges: list[Edge]) -> list[Edge]:
    """Return the classes that a map has along one axis: as few as make their shares whole."""
    counts = Counter(edges)
    shared = gcd(*counts.values())
    return [edge for edge in sorted(counts) for _ in range(counts[edge] // shared)]


def _dealt_out(
    sites: ResidueClasses, edges: list[tuple[Edge, Edge]], division: _Division
) -> Coordinates | None:
    """Deal out classes of one kind and the same users to the maps, lowest units first."""
    kinds: dict[tuple[tuple[int, ...], Edge, Edge], list[int]] = defaultdict(list)
    _, first = np.unique(sites.number[sites.number >= 0], return_index=True)
    for number in np.argsort(first).tolist():
        kinds[tuple(sorted(sites.users[number])), *edges[number]].append(number)
    residue = np.zeros((len(edges), 3), np.int64)
    maps = 0
    for users in sorted({users for users, _, _ in kinds}):
        while any(kinds[users, *edge] for edge in set(edges)):
            for (y, row), (x, col) in product(enumerate(division.rows), enumerate(division.cols)):
                if not kinds[users, row, col]:
                    return None
                residue[kinds[users, row, col].pop(0)] = maps, y, x
            maps += 1
    place = residue[sites.number]
    place[:, 1:] += sites.place * division.step
    place[sites.number < 0] = -1
    return filled(place, division.sizes)


def filled(place: NDArray[np.int64], sizes: tuple[int, int, int]) -> Coordinates | None:
    """Return the coordinates of all sites; those that nobody sees, at -1, fill what is left."""
    seen = np.flatnonzero(place[:, 0] >= 0)
    place[seen, 1:] -= place[seen, 1:].min(axis=0)
    size = len(place)
    cell = np.full(sizes, -1)
    cell[tuple(place[seen].T)] = seen
    if np.count_nonzero(cell >= 0) != len(seen):
        return None
    cell[cell < 0] = np.setdiff1d(np.arange(size), seen)
    return of_cells(cell)


def room(size: int, least: tuple[int, int, int], is_exact: bool) -> tuple[int, int, int] | None:
    """Return maps of at least so many rows and columns that hold `size` sites.

    `is_exact`: whether maps may be more, but no wider.
    """
    maps, rows, cols = least
    if size % (rows * cols) == 0 and size >= maps * rows * cols:
        return size // (rows * cols), rows, cols
    if is_exact or size % maps:
        return None
    area = size // maps
    fits = [(n, area // n) for n in range(rows, area // cols + 1) if area % n == 0]
    if not fits:
        return None
    return (maps, *min(fits, key=lambda sides: sides[0] - rows + sides[1] - cols))


def of_cells(cell: NDArray[np.int64]) -> Coordinates:
    """Return the coordinates of the units in a grid of unit numbers: (maps, rows, cols)."""
    place = np.empty((3, cell.size), np.int32)
    place[:, cell.ravel()] = np.indices(cell.shape).reshape(3, -1)
    maps, rows, cols = cell.shape
    return Coordinates((maps, rows, cols), place[0], place[1], place[2])
