"""Unshared: grids of two flat layers whose windows overlap but share no weights.

Every site is seen by a rectangle of positions, and these rectangles move on from site to site.

Read next: rules/windows.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd

import numpy as np
from numpy.typing import NDArray

from sn.lower.classes import filled, ways
from sn.lower.grids import Coordinates
from sn.lower.ir import Part
from sn.lower.meshes import meshes
from sn.lower.overlaps import Incidence, Numbers, incidence, neighbours
from sn.lower.sites import upright
from sn.net.table import ConnectionTable


def layouts(table: ConnectionTable, part: Part) -> Iterator[tuple[Coordinates, Coordinates]]:
    """Yield grids of the layers below and above, the likeliest first."""
    seen = incidence(table, part)
    near = None if seen is None else neighbours(seen)
    if seen is None or near is None:
        return
    for found in meshes(near):
        above = next(_dealt_out(found.place[seen.position], False, [(1, 1)]), None)
        rows, cols = (
            _spans(seen, found.place[:, a], found.sizes[a], found.rings[a]) for a in (0, 1)
        )
        if above is None or rows is None or cols is None:
            continue
        for below in _dealt_out(np.stack([rows, cols], axis=1), any(found.rings), None):
            yield upright(below, above)


def _spans(seen: Incidence, place: Numbers, size: int, is_ring: bool) -> Numbers | None:
    """Return where along an axis each site is among the others, -1 where nobody sees it."""
    key = np.unique(seen.site * size + place[seen.at])
    site, where = key // size, key % size
    starts = np.flatnonzero(np.diff(site, prepend=-1))
    length = np.diff(starts, append=len(site))
    ends = np.append(starts[1:], len(site)) - 1
    before = np.empty_like(where)
    before[1:] = where[:-1]
    before[starts] = where[ends] - size if is_ring else -2
    begins = np.flatnonzero(where - before != 1)
    if len(begins) != len(starts) or np.any(site[begins] != site[starts]):
        return None
    span = where[begins] * (2 * size + 1) + length
    label = np.full(seen.sites, -1)
    label[site[starts]] = np.unique(span, return_inverse=True)[1]
    return label


def _dealt_out(
    label: Numbers, is_round: bool, tried: list[tuple[int, int]] | None
) -> Iterator[Coordinates]:
    """Give units with equal labels, (units, 2), maps, rows and columns of their own."""
    known = np.flatnonzero(label[:, 0] >= 0)
    counts = np.zeros(label[known].max(axis=0) + 1, np.int64)
    np.add.at(counts, tuple(label[known].T), 1)
    tall, wide = (side // gcd(*side.tolist()) for side in (counts.sum(axis=1), counts.sum(axis=0)))
    each = gcd(*counts.ravel().tolist())
    if not np.array_equal(counts, each * np.outer(tall, wide)):
        return
    code = np.full(len(label), -1)
    code[known] = label[known, 0] * counts.shape[1] + label[known, 1]
    for down, right in tried or ways(each):
        place = np.full((len(label), 3), -1)
        place[known] = _ranked(code[known], label[known], (tall * down, wide * right))
        found = filled(place, each // (down * right), is_round)
        if found is not None:
            yield found


def _ranked(
    code: Numbers, label: Numbers, sides: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> Numbers:
    """Return map, row and column of units by their rank among those of one code."""
    order = np.argsort(code, kind="stable")
    counts = np.bincount(code)
    rank = np.empty(len(code), np.int64)
    rank[order] = np.arange(len(code)) - (np.cumsum(counts) - counts)[code[order]]
    high, broad = sides[0][label[:, 0]], sides[1][label[:, 1]]
    plane, inside = np.divmod(rank, high * broad)
    row, col = np.divmod(inside, broad)
    row += (np.cumsum(sides[0]) - sides[0])[label[:, 0]]
    col += (np.cumsum(sides[1]) - sides[1])[label[:, 1]]
    return np.stack([plane, row, col], axis=1)
