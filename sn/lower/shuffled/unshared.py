"""Unshared: grids of two flat layers whose windows share no weights.

Every site is seen by a rectangle of positions, and these rectangles move on from site to site.

Read next: rules/windows.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, product
from math import gcd, prod

import numpy as np
from numpy.typing import NDArray

from sn.lower.ir import Part
from sn.lower.ordered import Coordinates
from sn.lower.shuffled.components import Placed, placed_components
from sn.lower.shuffled.neighbours import Incidence, Numbers, incidence, merged, neighbours
from sn.lower.shuffled.residues import GAPS, filled, repeats, room
from sn.lower.shuffled.shared_sites import upright
from sn.net.table import ConnectionTable

ODD = 0.1  # of sites, as many may have no place for their odd connections
CROWD = 4  # kinds with their labels, for each that has them, of products at most
EACH = 8  # ways to make maps of the sites that are tried with one layout above


def unshared_layouts(
    table: ConnectionTable, part: Part, is_strict: bool
) -> Iterator[tuple[Coordinates, Coordinates]]:
    """Yield grids of the layers below and above, the likeliest first.

    `is_strict`: whether every connection has to be one of a window.
    """
    seen = incidence(table, part)
    if seen is not None and not is_strict:
        seen = merged(seen)
    near = None if seen is None else neighbours(seen, 1 if is_strict else 2)
    if seen is None or near is None:
        return
    for found in placed_components(seen, near):
        above = _units(seen, found)
        if above is None:
            continue
        for below in islice(_sites(seen, found), EACH):
            yield upright(below, above)


def _units(seen: Incidence, found: Placed) -> Coordinates | None:
    """Return where the units of cells lie: those of one list at one position in maps of it.

    Windows that the border cuts to the same sites lie next to each other in any order.
    """
    row, col = found.place[seen.cell].T
    lists = found.lists[seen.cell]
    shares = _Shares.of(lists, row, col)
    if shares is None or not shares.fits.all():
        return None
    return filled(_dealt_out(lists, row, col, shares, (0, 0)), shares.sizes((0, 0)))


@dataclass(frozen=True, slots=True, eq=False)
class _Shares:
    """How many maps each kind has, and how many rows and columns those of one label are.

    fits: (n,) those of kinds and labels that are not too many for that.
    """

    maps: Numbers
    tall: Numbers
    wide: Numbers
    fits: NDArray[np.bool_]

    @staticmethod
    def of(kind: Numbers, row: Numbers, col: Numbers) -> _Shares | None:
        """Count those of each kind and label; None where that is no product but for a few."""
        shape = int(kind.max()) + 1, int(row.max()) + 1, int(col.max()) + 1
        if prod(shape) > CROWD * len(kind):
            return None
        counts = np.zeros(shape, np.int64)
        np.add.at(counts, (kind, row, col), 1)
        whole = counts.sum(axis=0)
        tall, wide = (_middle(whole, axis) for axis in (1, 0))
        if not tall.all() or not wide.all():
            return None
        tall, wide = (side // gcd(*side.tolist()) for side in (tall, wide))
        area = np.outer(tall, wide)
        maps = _middle((counts // area).reshape(len(counts), -1), 1)
        odd = counts - maps[:, None, None] * area
        if abs(odd).sum() > ODD * len(kind):
            return None
        return _Shares(maps, tall, wide, odd[kind, row, col] <= 0)

    def times(self, down: int, right: int) -> _Shares:
        """Turn maps into so many times the rows and columns."""
        maps = self.maps // (down * right)
        return replace(self, maps=maps, tall=self.tall * down, wide=self.wide * right)

    def sizes(self, gaps: tuple[int, int]) -> tuple[int, int, int]:
        """Return maps, rows and columns with gaps between labels."""
        rows, cols = (
            int(side.sum()) + gap * (len(side) - 1)
            for side, gap in zip((self.tall, self.wide), gaps, strict=True)
        )
        return int(self.maps.sum()), rows, cols


def _middle(counts: Numbers, axis: int) -> Numbers:
    """Return the median along an axis, the lower of two."""
    middle: Numbers = np.sort(counts, axis).take((counts.shape[axis] - 1) // 2, axis)
    return middle


def _dealt_out(
    kind: Numbers,
    row: Numbers,
    col: Numbers,
    shares: _Shares,
    gaps: tuple[int, int],
) -> Numbers:
    """Return map, row and column of those with these labels, dealt out in order."""
    maps, tall, wide = shares.maps, shares.tall, shares.wide
    inside = _rank((kind * len(tall) + row) * len(wide) + col)
    plane, inside = np.divmod(inside, tall[row] * wide[col])
    within = np.divmod(inside, wide[col])
    place = [(np.cumsum(maps) - maps)[kind] + plane]
    for label, side, gap, more in zip((row, col), (tall, wide), gaps, within, strict=True):
        first = np.cumsum(side) - side + gap * np.arange(len(side))
        place.append(first[label] + more)
    return np.stack(place, axis=1)


def _sites(seen: Incidence, found: Placed) -> Iterator[Coordinates]:
    """Yield where the sites may lie."""
    spans = [_span(seen, found.place[:, a], found.sizes[a], found.rings[a]) for a in (0, 1)]
    known = np.flatnonzero((spans[0] >= 0) & (spans[1] >= 0))
    if len(known) < (1 - ODD) * np.count_nonzero(np.bincount(seen.site)):
        return
    row, col = (np.unique(span[known], return_inverse=True)[1] for span in spans)
    users = _users(seen, found.lists)[known]
    shares = _Shares.of(users, row, col)
    if shares is None:
        return
    fits = shares.fits
    gaps = [range(GAPS if apart else 1) for apart in found.apart]
    tries = product((True, False), product(*gaps), repeats(gcd(*shares.maps.tolist())))
    for is_exact, (down, right), times in tries:
        split = shares.times(*times)
        least = split.sizes((down, right))
        sizes = room(seen.sites, least, is_exact or any(found.rings))
        if sizes is None:
            continue
        place = np.full((seen.sites, 3), -1)
        place[known[fits]] = _dealt_out(users[fits], row[fits], col[fits], split, (down, right))
        below = filled(place, sizes)
        if below is not None:
            yield below


def _span(seen: Incidence, place: Numbers, size: int, is_ring: bool) -> Numbers:
    """Return where along an axis each site is among the others, -1 where that is not clear.

    Rows, or columns, that see a site less than half as often as others do are odd.
    """
    key, often = np.unique(seen.site * size + place[seen.at], return_counts=True)
    most = np.zeros(seen.sites, np.int64)
    np.maximum.at(most, key // size, often)
    key = key[2 * often > most[key // size]]
    site, where = key // size, key % size
    starts = np.flatnonzero(np.diff(site, prepend=-1))
    ends = np.append(starts[1:], len(site)) - 1
    before = np.empty_like(where)
    before[1:] = where[:-1]
    before[starts] = where[ends] - size if is_ring else -2
    begins = np.flatnonzero(where - before != 1)
    # what all see on a ring begins at the first one
    begins = np.sort(np.append(begins, starts[~np.isin(site[starts], site[begins])]))
    is_clear = np.bincount(site[begins], minlength=seen.sites) == 1
    begins = begins[is_clear[site[begins]]]
    span = where[begins] * (2 * size + 1) + np.bincount(site)[site[begins]]
    # spans of hardly any sites are those of odd ones
    _, number, many = np.unique(span, return_inverse=True, return_counts=True)
    is_usual = 10 * many[number] >= np.median(many)
    label = np.full(seen.sites, -1)
    label[site[begins[is_usual]]] = span[is_usual]
    return label


def _users(seen: Incidence, lists: Numbers) -> Numbers:
    """Number the sites by the lists of maps that see them, (sites,), the lowest sites first."""
    count = int(lists.max()) + 1
    key, often = np.unique(seen.site * count + lists[seen.at], return_counts=True)
    most = np.zeros(seen.sites, np.int64)
    np.maximum.at(most, key // count, often)
    key = key[2 * often > most[key // count]]
    code = np.random.default_rng(0).integers(2**62, size=count)
    of_site = np.zeros(seen.sites, np.int64)
    np.add.at(of_site, key // count, code[key % count])
    _, first, number = np.unique(of_site, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[number]


def _rank(key: Numbers) -> Numbers:
    """Return how many before each one have the same key."""
    order = np.argsort(key, kind="stable")
    counts = np.bincount(key)
    rank = np.empty(len(key), np.int64)
    rank[order] = np.arange(len(key)) - (np.cumsum(counts) - counts)[key[order]]
    return rank
