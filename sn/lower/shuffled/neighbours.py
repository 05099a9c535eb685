"""Neighbours: which cells of unshared windows lie side by side, read off who sees whom.

Units that see the same sites make a cell: one position, and one list of maps below. The cosine of
two sets of sites is the product of a share for rows, one for columns and one for lists, each of
which falls along its axis, at borders too. So the relative neighbourhood graph, where two cells are
neighbours just when no third one is closer to both, joins cells that differ in one of the three.

Source: G. T. Toussaint, The relative neighbourhood graph of a finite planar set, Pattern
Recognition 12 (1980).

Read next: grid_graph.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sn.lower.ir import Part
from sn.memory import need
from sn.net.table import ConnectionTable

Numbers = NDArray[np.int64]
GLANCE = 8  # cells whose partners are counted before all are compared
CROWD = 16  # partners of a cell, per site that it sees, of windows at most
MEETINGS = 50_000_000  # of two cells in a site, beyond which a part stays rows
GLANCED = MEETINGS // GLANCE  # of those around one cell, of windows at most
MEETING = 50  # bytes that one takes; measured
ROUNDS = 12  # neighbours of a cell at most
ODD = 2  # sites by which a unit may differ from the cell that it is taken into


@dataclass(frozen=True, slots=True, eq=False)
class Incidence:
    """Which cell sees what: (n,) cell and site of each pair, ordered by cell.

    cell: (units,) of each unit above; rows: (cells,) connections of one of its units, those from
    border units included; sites: how many the layer below has.
    """

    cell: Numbers
    at: Numbers
    site: Numbers
    rows: Numbers
    sites: int

    @property
    def size(self) -> Numbers:
        """Sites that each cell sees: (cells,)."""
        return np.bincount(self.at)


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The cells beside each cell, and the sites that any two share: `both` of the sorted `keys`.

    A key is the number of one cell times that of all plus the other.
    """

    beside: list[list[int]]
    keys: Numbers
    both: Numbers

    def shared(self, one: Numbers, other: Numbers) -> Numbers:
        """Return how many sites pairs of cells have in common."""
        key = one * len(self.beside) + other
        if not len(self.keys):
            return np.zeros_like(key)
        place = np.searchsorted(self.keys, key).clip(max=len(self.keys) - 1)
        return np.where(self.keys[place] == key, self.both[place], 0)


def incidence(table: ConnectionTable, part: Part) -> Incidence | None:
    """Sort units that see the same sites into cells; None where some see none."""
    dst, src = table.layers[part.dst], table.layers[part.src]
    rows = part.rows[np.isnan(table.constant[table.src[part.rows]])]
    unit, site = table.dst[rows] - dst.first, (table.src[rows] - src.first).astype(np.int64)
    starts = np.flatnonzero(np.diff(unit, prepend=-1))
    if len(starts) != dst.size:
        return None
    code = np.random.default_rng(0).integers(2**63, size=src.size, dtype=np.uint64)
    _, first, cell = np.unique(
        np.add.reduceat(code[site], starts), return_index=True, return_inverse=True
    )
    speaks = np.zeros(dst.size, np.bool_)
    speaks[first] = True
    of_speaker = speaks[unit]
    at, site = cell[unit[of_speaker]], site[of_speaker]
    order = np.argsort(at, kind="stable")
    whole = np.bincount(table.dst[part.rows] - dst.first)[first]
    seen = Incidence(cell, at[order], site[order], whole, src.size)
    return None if len(first) == 1 or _is_crowded(seen) else seen


def _is_crowded(seen: Incidence) -> bool:
    """Whether most cells have more neighbours, or share sites with more, than those of windows."""
    sample = np.linspace(0, len(seen.rows) - 1, GLANCE).astype(int).tolist()
    return sum(_has_crowd(seen, cell) for cell in sample) > GLANCE // 2


def _has_crowd(seen: Incidence, cell: int) -> bool:
    is_seen = np.zeros(seen.sites, np.bool_)
    is_seen[seen.site[seen.at == cell]] = True
    is_partner = np.bincount(seen.at[is_seen[seen.site]], minlength=len(seen.rows)) > 0
    if np.count_nonzero(is_partner) > CROWD * np.count_nonzero(is_seen):
        return True
    with_them = is_partner[seen.at]
    at = (np.cumsum(is_partner) - 1)[seen.at[with_them]]
    around = replace(seen, at=at, site=seen.site[with_them], rows=seen.rows[is_partner])
    return neighbours(around, 1, only=int(np.count_nonzero(is_partner[:cell]))) is None


def neighbours(seen: Incidence, least: int, only: int | None = None) -> Neighbours | None:
    """Return the relative neighbourhood graph of the cells; None when they have too many.

    least: sites that two cells share before they can be neighbours; only: the one cell asked for.
    """
    count = len(seen.rows)
    often = np.bincount(seen.site, minlength=seen.sites)
    meetings = int((often**2).sum())
    if meetings > (MEETINGS if only is None else GLANCED):
        return None
    need(MEETING * meetings, f"the order of {count:,} units that see the same sites")
    by_site = np.argsort(seen.site, kind="stable")
    many = often[seen.site]
    first = (np.cumsum(often) - often)[seen.site]
    right = np.arange(int(many.sum())) + np.repeat(first - np.cumsum(many) + many, many)
    keys, both = np.unique(
        np.repeat(seen.at, many) * count + seen.at[by_site[right]], return_counts=True
    )
    size = seen.size
    apart = (keys // count != keys % count) & (both >= least)
    keys, both = keys[apart], both[apart]
    one, other = keys // count, keys % count
    square = both.astype(np.float64) ** 2
    order = np.lexsort((other, -square / size[other], one))
    if only is not None:
        order = order[one[order] == only]
    near: list[list[int]] = [[] for _ in range(count)]
    for _ in range(ROUNDS):
        if not len(order):
            for one, others in enumerate(near):
                for other in others:
                    if one not in near[other]:
                        near[other].append(one)
            return Neighbours(near, keys, both)
        left, far = one[order], other[order]
        starts = np.flatnonzero(np.diff(left, prepend=-1))
        counts = np.diff(starts, append=len(left))
        closest = np.repeat(far[starts], counts)
        for unit, to in zip(left[starts].tolist(), far[starts].tolist(), strict=True):
            near[unit].append(to)
        wanted = closest * count + far
        place = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
        met = np.where(keys[place] == wanted, square[place] / size[closest], 0.0)
        here = square[order] / size[left]
        # of three that are equally far from each other, all are neighbours
        is_tie = (
            np.repeat(square[order[starts]] / size[far[starts]], counts)
            == square[order] / size[far]
        )
        order = order[(closest != far) & ((met < here) | (is_tie & (met == here)))]
    return None


def merged(seen: Incidence) -> Incidence:
    """Take units that see almost what others see into their cell, where it is not full."""
    near = neighbours(seen, 1)
    if near is None:
        return seen
    members, size = np.bincount(seen.cell), seen.size
    one, other = np.divmod(near.keys, len(members))
    fits = members[one] + members[other] <= members.max()
    fits &= (members[other] > members[one]) | ((members[other] == members[one]) & (other < one))
    fits &= np.maximum(size[one], size[other]) - near.both <= ODD
    leaves = np.zeros(len(members), np.bool_)
    leaves[one[fits]] = True
    fits &= ~leaves[other]
    into = np.arange(len(members))
    into[one[fits]] = other[fits]
    kept, number = np.unique(into, return_inverse=True)
    is_kept = np.isin(seen.at, kept)
    return replace(
        seen,
        cell=number[seen.cell],
        at=number[seen.at[is_kept]],
        site=seen.site[is_kept],
        rows=seen.rows[kept],
    )
