"""Overlaps: which positions of unshared windows lie side by side, read off who sees whom.

Units that see the same sites are at one position. The cosine of two sets of sites is the product
of a share for rows and one for columns, each of which falls along its axis, at borders too. So
positions j and k are neighbours on the grid just when no third one is closer to both. This takes
windows that overlap along both axes, and forgives no odd connection.

Read next: meshes.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sn.lower.ir import Part
from sn.net.table import ConnectionTable

Numbers = NDArray[np.int64]
GLANCE = 8  # positions whose partners are counted before all are compared
CROWD = 4  # partners of a position, per site that it sees, of windows at most
MEETINGS = 50_000_000  # of two positions in a site, beyond which a part stays rows
ROUNDS = 12  # neighbours of a position at most


@dataclass(frozen=True, slots=True, eq=False)
class Incidence:
    """Who sees what: (n,) position and site of each pair, ordered by position.

    position: (units,) of each unit above; sites: how many the layer below has.
    """

    position: Numbers
    at: Numbers
    site: Numbers
    sites: int


def incidence(table: ConnectionTable, part: Part) -> Incidence | None:
    """Sort units that see the same sites into positions; None where some see none."""
    dst, src = table.layers[part.dst], table.layers[part.src]
    rows = part.rows[np.isnan(table.constant[table.src[part.rows]])]
    unit, site = table.dst[rows] - dst.first, (table.src[rows] - src.first).astype(np.int64)
    starts = np.flatnonzero(np.diff(unit, prepend=-1))
    if len(starts) != dst.size:
        return None
    code = np.random.default_rng(0).integers(2**63, size=src.size, dtype=np.uint64)
    _, first, position = np.unique(
        np.add.reduceat(code[site], starts), return_index=True, return_inverse=True
    )
    speaks = np.zeros(dst.size, np.bool_)
    speaks[first] = True
    mine = speaks[unit]
    at, site = position[unit[mine]], site[mine]
    order = np.argsort(at, kind="stable")
    found = Incidence(position, at[order], site[order], src.size)
    return None if len(first) == 1 or _is_crowded(found) else found


def _is_crowded(seen: Incidence) -> bool:
    """Whether some positions share sites with more others than those of windows do."""
    count = int(seen.at[-1]) + 1
    largest = int(np.bincount(seen.at).max())
    for one in np.linspace(0, count - 1, GLANCE).astype(int).tolist():
        is_mine = np.zeros(seen.sites, np.bool_)
        is_mine[seen.site[seen.at == one]] = True
        partners = np.count_nonzero(np.bincount(seen.at[is_mine[seen.site]]))
        if partners > CROWD * largest:
            return True
    return False


def neighbours(seen: Incidence) -> list[list[int]] | None:
    """Return the neighbours of each position; None when they are too many."""
    count = int(seen.at[-1]) + 1
    often = np.bincount(seen.site, minlength=seen.sites)
    if int((often**2).sum()) > MEETINGS:
        return None
    by_site = np.argsort(seen.site, kind="stable")
    many = often[seen.site]
    first = (np.cumsum(often) - often)[seen.site]
    right = np.arange(int(many.sum())) + np.repeat(first - np.cumsum(many) + many, many)
    keys, both = np.unique(
        np.repeat(seen.at, many) * count + seen.at[by_site[right]], return_counts=True
    )
    size = np.bincount(seen.at)
    one, other = keys // count, keys % count
    keys, both = keys[one != other], both[one != other]
    one, other = keys // count, keys % count
    square = both.astype(np.float64) ** 2
    order = np.lexsort((other, -square / size[other], one))
    near: list[list[int]] = [[] for _ in range(count)]
    for _ in range(ROUNDS):
        if not len(order):
            return near
        left, far = one[order], other[order]
        starts = np.flatnonzero(np.diff(left, prepend=-1))
        closest = np.repeat(far[starts], np.diff(starts, append=len(left)))
        for unit, to in zip(left[starts].tolist(), far[starts].tolist(), strict=True):
            near[unit].append(to)
        wanted = closest * count + far
        place = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
        met = np.where(keys[place] == wanted, square[place] / size[closest], 0.0)
        order = order[(closest != far) & (met <= square[order] / size[left])]
    return None
