"""Shared sites: where the units below lie, from the places of units that share weights.

A unit at p sees by tap t the site p + t, counted in strides. So the places of units and taps give
those of sites, which give those of other units, until all are known. Sites that taps of one map
link make a class; places in different classes cannot be compared.

Read next: residues.py, which makes maps of the classes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from sn.lower.ir import Part
from sn.lower.ordered import Coordinates
from sn.lower.shuffled.residues import Places, ResidueClasses, maps_of, of_cells
from sn.lower.shuffled.shared_positions import (
    Positions,
    TapTable,
    most_of_each,
    positions,
    tap_tables,
)
from sn.net.layer import Ints
from sn.net.table import ConnectionTable

STARTS = 4  # maps tried as the first one
SAMPLE = 64  # units, or taps, that vote on a place
AGREE = 4  # a tap belongs to a class when a quarter of its sites, at least, agree on that


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Coordinates of two layers; axes: along how many axes shared sites link units above."""

    src: Coordinates
    dst: Coordinates
    axes: int


def shared_layout(table: ConnectionTable, part: Part, above: Coordinates | None) -> Layout | None:
    """Lay out both layers of a part from its shared weights; None when they make no grid.

    `above`: where the downstream units lie, if that is known.
    """
    maps = tap_tables(table, part)
    if not maps:
        return None
    size = Counter(len(taps.units) for taps in maps).most_common(1)[0][0]
    maps = [taps for taps in maps if len(taps.units) == size]
    dst, src = table.layers[part.dst].size, table.layers[part.src].size
    # a map with odd connections may show no grid: then others may
    for number in range(min(STARTS, len(maps))):
        ordered = [maps[number], *maps[:number], *maps[number + 1 :]]
        for first in positions(ordered[0]):
            sites = _Sites(np.zeros((src, 2), np.int64), first.turns)
            if above is not None:
                over = _place_under(sites, ordered, above)
            else:
                over = _place_maps(sites, ordered, first, dst)
            below = None if over is None else sites.coordinates()
            if over is not None and below is not None:
                both = (below, over) if above is not None else upright(below, over)
                return Layout(*both, first.axes)
    return None


def _place_under(sites: _Sites, maps: list[TapTable], above: Coordinates) -> Coordinates | None:
    """Place the sites that maps at known places see."""
    _, rows, cols = above.sizes
    sites.turns = (rows * (rows in sites.turns), cols * (cols in sites.turns))
    for number, taps in enumerate(maps):
        place = np.stack([above.row[taps.units], above.col[taps.units]], axis=1).astype(np.int64)
        if len(np.unique(place[:, 0] * cols + place[:, 1])) != rows * cols:
            return None
        sites.add(number, taps, place)
    return above


def _place_maps(
    sites: _Sites, maps: list[TapTable], first: Positions, size: int
) -> Coordinates | None:
    """Place maps one after another, and what they see; return where their units lie."""
    count, positions_of_map = size // (first.rows * first.cols), first.rows * first.cols
    if count * positions_of_map != size or len(maps) > count:
        return None
    cell = np.full((count, first.rows, first.cols), -1)
    waiting = list(range(len(maps)))
    while waiting:
        shares = [
            float(np.mean(sites.number[maps[n].sites[maps[n].sites >= 0]] >= 0)) for n in waiting
        ]
        number = waiting.pop(int(np.argmax(shares)))
        taps = maps[number]
        place = sites.over(taps) if max(shares) > 0 else _alone(taps, maps[0], first)
        if place is None or np.any(place < 0) or np.any(place >= (first.rows, first.cols)):
            return None
        cell[number, place[:, 0], place[:, 1]] = taps.units
        sites.add(number, taps, place)
    # units that share no weights fill what is left
    rest = np.setdiff1d(np.arange(size), cell[cell >= 0])
    if np.count_nonzero(cell < 0) != len(rest):
        return None
    cell[cell < 0] = rest
    return of_cells(cell)


def _alone(taps: TapTable, like: TapTable, first: Positions) -> Places | None:
    """Return the positions of a map that sees nothing of what is placed.

    They are turned so that the border cuts the same windows as of the map `like`, at `first`.
    """
    wanted = _cuts(like, np.stack([first.row, first.col], axis=1).astype(np.int64))
    for found in positions(taps):
        place = np.stack([found.row, found.col], axis=1).astype(np.int64)
        for turned, down, right in product((False, True), repeat=3):
            upright_place = place[:, ::-1] if turned else place
            turns = found.turns[::-1] if turned else found.turns
            last = upright_place.max(axis=0)
            flipped = np.where([down, right], last - upright_place, upright_place)
            if turns == first.turns and np.array_equal(_cuts(taps, flipped), wanted):
                return flipped
    return None


def _cuts(taps: TapTable, place: Places) -> NDArray[np.float64]:
    """Which part of the window at each position lies inside: (rows, cols)."""
    part = np.zeros(place.max(axis=0) + 1)
    part[place[:, 0], place[:, 1]] = np.mean(taps.sites >= 0, axis=1)
    return part.round(9)


def upright(below: Coordinates, above: Coordinates) -> tuple[Coordinates, Coordinates]:
    """Turn two grids so that the numbers of the lower units grow along rows, then down them."""
    number = np.arange(len(below.row))
    slopes = [_slope(number, axis) for axis in (below.row, below.col)]
    flips = [slope < 0 for slope in slopes]
    turned = abs(slopes[1]) > abs(slopes[0])
    return _turned(below, flips, turned), _turned(above, flips, turned)


def _slope(number: NDArray[np.int64], place: Ints) -> float:
    spread = float(np.std(place))
    if spread == 0.0:
        return 0.0
    return float(np.mean((number - number.mean()) * (place - place.mean()))) / spread


def _turned(place: Coordinates, flips: list[bool], turned: bool) -> Coordinates:
    maps, rows, cols = place.sizes
    row = np.int32(rows - 1) - place.row if flips[0] else place.row
    col = np.int32(cols - 1) - place.col if flips[1] else place.col
    if turned:
        return Coordinates((maps, cols, rows), place.plane, col, row)
    return replace(place, row=row, col=col)


@dataclass(slots=True)
class _Sites:
    """Places of sites as they become known, in strides.

    place: (sites, 2); number: (sites,) the class of each, -1 where it is not known yet.
    taps: per class, rows and columns of taps; users: per class, the maps that see it;
    is_whole: whether the taps of every class fill these rows and columns.
    """

    place: Places
    turns: tuple[int, int]
    number: NDArray[np.int64] = field(init=False)
    taps: list[tuple[int, int]] = field(default_factory=list)
    users: list[set[int]] = field(default_factory=list)
    is_whole: bool = True

    def __post_init__(self) -> None:
        self.number = np.full(len(self.place), -1)

    def _round(self, place: Places) -> Places:
        """Bring places on an axis that turns into one round."""
        for axis, turn in enumerate(self.turns):
            if turn:
                place[..., axis] %= turn
        return place

    def _vote(
        self, key: NDArray[np.int64], site: Ints, less: Places, count: int
    ) -> tuple[NDArray[np.int64], Places, NDArray[np.int64]]:
        """Return for each key the class and the place less `less` that most of its sites have."""
        place = self._round(self.place[site] - less)
        low = place.min(axis=0, initial=0)
        span = place.max(axis=0, initial=0) - low + 1
        code = (self.number[site] * span[0] + place[:, 0] - low[0]) * span[1] + place[:, 1] - low[1]
        values, code = np.unique(code, return_inverse=True)
        most, often = most_of_each(key, code, count)
        value = values[most] if len(values) else most
        row, col = value // span[1] % span[0] + low[0], value % span[1] + low[1]
        return value // (span[0] * span[1]), np.stack([row, col], axis=1), often

    def over(self, taps: TapTable) -> Places | None:
        """Return where the units of a map lie, from the places of what they see."""
        sites = taps.sites
        known = (sites >= 0) & (self.number[sites] >= 0)
        unit = int(np.argmax(known.sum(axis=1)))
        tap = np.flatnonzero(known[unit])
        offset = self.place[sites[unit, tap]]
        low = self._begins(offset, self.number[sites[unit, tap]])
        place = np.zeros((len(sites), 2), np.int64)
        done = np.zeros(len(sites), np.bool_)
        while not done.all():
            sample = tap[np.linspace(0, len(tap) - 1, min(SAMPLE, len(tap))).astype(np.int64)]
            moved = offset[np.searchsorted(tap, sample)]
            who, which = np.nonzero(known[:, sample])
            _, place, often = self._vote(who, sites[who, sample[which]], moved[which], len(sites))
            if np.array_equal(often > 0, done):
                return None
            done = often > 0
            units = np.flatnonzero(done)
            # taps that the first unit does not show, by the units found so far
            which, who = np.nonzero(known[units].T)
            _, offsets, often = self._vote(
                which, sites[units[who], which], place[units[who]], sites.shape[1]
            )
            tap = np.flatnonzero(often > 0)
            offset = offsets[tap]
        for axis, turn in enumerate(self.turns):
            place[:, axis] += low[axis] if turn else -place[:, axis].min()
        return self._round(place)

    def _corner(self, offset: Places) -> list[int]:
        """Return where the taps of a class begin, along each axis."""
        return [_begin(offset[:, axis], turn) for axis, turn in enumerate(self.turns)]

    def _begins(self, offset: Places, owner: NDArray[np.int64]) -> list[int]:
        """Return where taps begin along each axis, by a class that does not fill the round."""
        low = [0, 0]
        for axis, turn in enumerate(self.turns):
            for number in np.unique(owner) if turn else []:
                values = np.unique(offset[owner == number, axis] % turn)
                if len(values) < turn:
                    low[axis] = _begin(values, turn)
                    break
        return low

    def add(self, number: int, taps: TapTable, place: Places) -> None:
        """Place the sites that a map sees, its units being at `place`."""
        sites = taps.sites
        inner = np.count_nonzero(sites >= 0, axis=0)
        left = np.flatnonzero(inner)
        voters = np.linspace(0, len(sites) - 1, min(SAMPLE, len(sites))).astype(np.int64)
        begun = len(self.taps)
        shown: dict[int, list[Places]] = defaultdict(list)
        while len(left):
            seen = sites[np.ix_(voters, left)]
            who, which = np.nonzero((seen >= 0) & (self.number[seen] >= 0))
            owner, offset, often = self._vote(
                which, seen[who, which], place[voters[who]], len(left)
            )
            joins = (often > 0) & (AGREE * often >= np.count_nonzero(seen >= 0, axis=0))
            if not joins.any():
                # nothing known reaches the others: one of those that see most begins a class
                joins[int(np.argmax(inner[left]))] = True
                owner[joins], offset[joins] = len(self.taps), 0
                self.taps.append((0, 0))
                self.users.append(set())
            for tap in np.flatnonzero(joins).tolist():
                unit = np.flatnonzero(sites[:, left[tap]] >= 0)
                site = sites[unit, left[tap]]
                new = self.number[site] < 0
                self.place[site[new]] = self._round(place[unit[new]] + offset[tap])
                self.number[site[new]] = owner[tap]
                self.users[owner[tap]].add(number)
                if owner[tap] >= begun:
                    shown[int(owner[tap])].append(offset[tap])
            left = left[~joins]
        for new_class, offsets in shown.items():
            every = np.stack(offsets)
            corner = np.array(self._corner(every))
            members = self.number == new_class
            self.place[members] = self._round(self.place[members] - corner)
            rows, cols = (self._round(every - corner).max(axis=0) + 1).tolist()
            self.taps[new_class] = rows, cols
            self.is_whole &= rows * cols == len(every)

    def coordinates(self) -> Coordinates | None:
        """Return the coordinates of all sites; None when the classes make no maps."""
        if not self.taps or not self.is_whole:
            return None
        return maps_of(ResidueClasses(self.place, self.number, self.taps, self.users, self.turns))


def _begin(values: NDArray[np.int64], turn: int) -> int:
    """Return the lowest of some places, or on a round the one behind the gap."""
    distinct = np.unique(values % turn if turn else values)
    if not turn or len(distinct) == turn:
        return int(distinct[0]) if not turn else 0
    after = np.flatnonzero(np.diff(distinct, prepend=distinct[-1] - turn) > 1)
    return int(distinct[after[0]])
