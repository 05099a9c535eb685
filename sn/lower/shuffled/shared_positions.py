"""Shared positions: where the units of a map lie, read off shared weights alone.

Units of one map share their weights, one weight a tap. When units j and k see one site by taps t
and u, then k lies as far from j as tap t from tap u, wherever that pair of taps meets. The
displacement by which most taps meet is one step along an axis; of those that leave its lines,
the one by which most meet is a step along the other. A breadth-first search along the steps gives
each unit its row and column; steps lead through the map, or round it.

Read next: shared_sites.py, which places the layer below.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sn.lower.ir import Part
from sn.lower.shuffled import border_order
from sn.net.layer import Ints
from sn.net.table import ConnectionTable

ALONE = 20  # units without partners that are forgiven before a part counts as irregular
FILLED = 0.8  # which part of the taps of its units a map has at least
MEETINGS = 500_000  # of pairs of taps, looked at to compare displacements
LIKELY = 8  # displacements of one rank whose lines are compared

Units: TypeAlias = NDArray[np.int64]  # another unit, or -1, for each of a map


@dataclass(frozen=True, slots=True, eq=False)
class TapTable:
    """One map of units that share weights: which site of the layer below each tap sees.

    units: (units,) index within the layer; sites: (units, taps) index within the layer below,
    -1 where a tap sees the border.
    """

    units: Ints
    sites: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Positions:
    """Where the units of a map lie: (units,) row and column.

    turns: per axis, after how many steps it comes back to where it began; 0 where it does not.
    axes: along how many axes shared sites link the units.
    """

    rows: int
    cols: int
    row: Ints
    col: Ints
    turns: tuple[int, int]
    axes: int


def tap_tables(table: ConnectionTable, part: Part) -> list[TapTable]:
    """Sort the units of a part into maps that share weights; empty when hardly any do."""
    dst, src = table.layers[part.dst], table.layers[part.src]
    unit = table.dst[part.rows] - np.int32(dst.first)
    wid = table.wid[part.rows]
    shared = np.bincount(wid, minlength=table.n_weights)[wid] > 1
    if 2 * np.count_nonzero(shared) < len(wid):
        return []
    unit, wid = unit[shared], wid[shared]
    site = table.src[part.rows[shared]] - np.int32(src.first)
    site[~np.isnan(table.constant[table.src[part.rows[shared]]])] = -1
    by_weight = np.argsort(wid, kind="stable")
    first_of = np.searchsorted(wid[by_weight], np.arange(table.n_weights + 1))
    bounds = np.searchsorted(unit, np.arange(dst.size + 1))
    is_free = np.ones(dst.size, np.bool_)
    tables: list[TapTable] = []
    alone = 0
    for number in range(dst.size):
        taps = np.unique(wid[bounds[number] : bounds[number + 1]])
        if not is_free[number] or not len(taps):
            continue
        rows = np.concatenate([by_weight[first_of[w] : first_of[w + 1]] for w in taps.tolist()])
        counts = np.bincount(unit[rows], minlength=dst.size)
        members = np.flatnonzero((2 * counts > len(taps)) & is_free).astype(np.int32)
        is_free[members] = False
        found = _tap_table(members, unit[rows], wid[rows], site[rows])
        if found is not None:
            tables.append(found)
            continue
        alone += 1
        if alone > ALONE or len(members) > 1:
            return []
    return tables


def _tap_table(members: Ints, unit: Ints, wid: Ints, site: Ints) -> TapTable | None:
    """Return the map of the units `members` from rows; None unless most see a site by each tap."""
    if len(members) == 1:
        return None
    taps, tap = np.unique(wid, return_inverse=True)
    place = np.searchsorted(members, unit).clip(max=len(members) - 1)
    is_member = members[place] == unit
    sites = np.full((len(members), len(taps)), -1, np.int32)
    sites[place[is_member], tap[is_member]] = site[is_member]
    is_row = np.zeros(sites.shape, np.bool_)
    is_row[place[is_member], tap[is_member]] = True
    usual = 2 * np.count_nonzero(is_row, axis=0) > len(members)
    if not usual.any() or np.mean(is_row[:, usual]) < FILLED:
        return None
    return TapTable(members, sites[:, usual])


def positions(taps: TapTable) -> Iterator[Positions]:
    """Yield the grids that the units of a map may make, the likeliest first."""
    steps = _Steps.of(taps)
    none = True
    for along, lines in steps.best(None):
        none = False
        crossing = steps.best(lines)
        ways = [
            ([(across, (1, 0)), (along, (0, 1))], (others.turn, lines.turn))
            for across, others in crossing
        ]
        for links, turns in ways or [([(along, (0, 1))], (0, lines.turn))]:
            found = _walk(links, turns)
            if found is not None:
                yield found if ways else _cut_last(found, taps)
    if none:
        for row, col in border_order.places_by_cut(taps.sites >= 0):
            sizes = int(row.max()) + 1, int(col.max()) + 1
            yield Positions(*sizes, row, col, (0, 0), 0)


class _Lines(NamedTuple):
    """The line of each unit along a step, the length of a round, 0 if there is none, of any."""

    line: Ints
    turn: int
    longest: int


@dataclass(frozen=True, slots=True, eq=False)
class _Steps:
    """Displacements between units of a map, those by which most pairs of taps meet first.

    bounds: where the pairs of each displacement begin in `pairs`, (n, 2) taps; score: its pairs.
    """

    sites: Ints
    keys: NDArray[np.int64]
    unit_of_key: NDArray[np.int64]
    pairs: NDArray[np.int64]
    bounds: NDArray[np.int64]
    score: NDArray[np.int64]

    @staticmethod
    def of(taps: TapTable) -> _Steps:
        """Compare the taps of a unit that no border cuts with all, or those of all units."""
        sites = taps.sites
        n_units, n_taps = sites.shape
        unit, tap = np.nonzero(sites >= 0)
        key = sites[unit, tap].astype(np.int64) * n_taps + tap
        order = np.argsort(key, kind="stable")
        key, unit, tap = key[order], unit[order], tap[order]
        site = key // n_taps
        seen = np.bincount(unit, minlength=n_units)
        whole = np.flatnonzero(seen == n_taps)
        anchors = whole[len(whole) // 2 :][:1] if len(whole) else np.argsort(-seen, kind="stable")
        # rows of one site lie together: meet every row of an anchor with all of its site
        is_anchor = np.zeros(n_units, np.bool_)
        is_anchor[anchors] = True
        first = np.searchsorted(site, site)
        many = np.searchsorted(site, site, side="right") - first
        rows = np.flatnonzero(is_anchor[unit])
        rows = rows[: np.searchsorted(np.cumsum(many[rows]), MEETINGS) + 1]
        left = np.repeat(rows, many[rows])
        right = np.arange(len(left)) - np.repeat(np.cumsum(many[rows]) - many[rows], many[rows])
        right += first[left]
        apart = unit[left] != unit[right]
        left, right = left[apart], right[apart]
        move = unit[left] * n_units + unit[right]
        pair = tap[left] * n_taps + tap[right]
        label = _displacements(move, pair)
        both = np.sort(label * n_taps**2 + pair)
        both = both[np.diff(both, prepend=-1) > 0]
        starts = np.flatnonzero(np.diff(both // n_taps**2, prepend=-1))
        score = np.diff(starts, append=len(both))
        ranked = np.argsort(-score, kind="stable")
        bounds = np.stack([starts, starts + score], axis=1)[ranked]
        pairs = np.stack(np.divmod(both % n_taps**2, n_taps), axis=1)
        return _Steps(sites, key, unit, pairs, bounds, score[ranked])

    def best(self, lines: _Lines | None) -> list[tuple[Units, _Lines]]:
        """Return where the best steps lead from each unit, -1 nowhere, and the lines they make.

        `lines`: only steps that lead from one of these to another are looked at.
        """
        tried: list[tuple[Units, _Lines]] = []
        score = 0
        for number in range(len(self.score)):
            if tried and (self.score[number] < score or len(tried) == LIKELY):
                break
            next_to = self._from_each(number)
            led = np.flatnonzero(next_to >= 0)
            made = _lines(next_to)
            if lines is not None:
                crossing = np.count_nonzero(lines.line[led] != lines.line[next_to[led]])
                if 2 * crossing <= len(led) or made.longest * lines.longest > len(next_to):
                    continue
            tried.append((next_to, made))
            score = int(self.score[number])
        # of equally good steps, those that go on farthest come first
        return sorted(tried, key=lambda step: -step[1].longest)

    def _from_each(self, number: int) -> Units:
        """Return where a displacement leads from each unit, by most of its pairs of taps."""
        n_units, n_taps = self.sites.shape
        start, end = self.bounds[number].tolist()
        pairs = self.pairs[np.linspace(start, end - 1, min(end - start, 64)).astype(np.int64)]
        site = self.sites[:, pairs[:, 0]]
        wanted = site.astype(np.int64) * n_taps + pairs[:, 1]
        at = np.searchsorted(self.keys, wanted).clip(max=len(self.keys) - 1)
        found = (site >= 0) & (self.keys[at] == wanted)
        unit, _ = np.nonzero(found)
        return most_of_each(unit, self.unit_of_key[at[found]], n_units)[0]


def most_of_each(
    key: NDArray[np.int64], value: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the most frequent value of each key below `count`, -1 of none, and how often it is.

    Values are not negative; of equally frequent ones the lowest is taken.
    """
    most, often = np.full(count, -1), np.zeros(count, np.int64)
    if len(key):
        span = int(value.max()) + 1
        packed = np.sort(key * span + value)
        starts = np.flatnonzero(np.diff(packed, prepend=-1))
        runs = np.diff(starts, append=len(packed))
        key, value = packed[starts] // span, packed[starts] % span
        order = np.lexsort((-value, runs, key))
        most[key[order]], often[key[order]] = value[order], runs[order]
    return most, often


def _displacements(move: NDArray[np.int64], pair: NDArray[np.int64]) -> NDArray[np.int64]:
    """Label meetings by their displacement.

    Moves of units and pairs of taps that ever meet are one connected component.
    """
    _, move = np.unique(move, return_inverse=True)
    _, pair = np.unique(pair, return_inverse=True)
    label = move
    while True:
        of_pair = np.full(pair.max(initial=0) + 1, len(label))
        np.minimum.at(of_pair, pair, label)
        of_move = np.full(move.max(initial=0) + 1, len(label))
        np.minimum.at(of_move, move, of_pair[pair])
        spread = of_move[move]
        if np.array_equal(spread, label):
            return label
        label = spread


def _lines(next_to: Units) -> _Lines:
    """Follow a step from unit to unit."""
    count = len(next_to)
    line = np.full(count, -1, np.int32)
    rounds: list[int] = []
    to = next_to.tolist()
    led = np.zeros(count, np.bool_)
    led[next_to[next_to >= 0]] = True
    number = 0
    # lines that begin somewhere first, then rounds
    for start in [*np.flatnonzero(~led).tolist(), *np.flatnonzero(led).tolist()]:
        if line[start] >= 0:
            continue
        unit, length = start, 0
        while unit >= 0 and line[unit] < 0:
            line[unit] = number
            unit, length = to[unit], length + 1
        if unit == start:
            rounds.append(length)
        number += 1
    usual = max(set(rounds), key=rounds.count) if 2 * len(rounds) > number else 0
    return _Lines(line, usual, int(np.bincount(line).max()))


def _walk(links: list[tuple[Units, tuple[int, int]]], turns: tuple[int, int]) -> Positions | None:
    """Walk along the steps from unit to unit; None unless the places make a grid."""
    count = len(links[0][0])
    edges: list[list[tuple[int, int, int]]] = [[] for _ in range(count)]
    for next_to, (down, right) in links:
        for unit, other in enumerate(next_to.tolist()):
            if other >= 0:
                edges[unit].append((other, down, right))
                edges[other].append((unit, -down, -right))
    place = np.zeros((count, 2), np.int64)
    component = np.full(count, -1)
    components = 0
    for start in range(count):
        if component[start] >= 0:
            continue
        component[start] = components
        for unit, (other, down, right) in _breadth_first(edges, start, component):
            place[other] = place[unit, 0] + down, place[unit, 1] + right
            component[other] = components
        components += 1
    for axis, turn in enumerate(turns):
        if turn:
            place[:, axis] %= turn
        else:
            low = np.full(components, count)
            np.minimum.at(low, component, place[:, axis])
            place[:, axis] -= low[component]
    rows, cols = (int(n) for n in place.max(axis=0) + 1)
    if components > 1:
        # lines that nothing links lie below each other in any order
        place[:, 0] += component * rows
        rows *= components
    if rows * cols != count or len(np.unique(place[:, 0] * cols + place[:, 1])) != count:
        return None
    row, col = place.astype(np.int32).T
    return Positions(rows, cols, row.copy(), col.copy(), turns, len(links))


def _cut_last(found: Positions, taps: TapTable) -> Positions:
    """Order lines that nothing links: those that the border cuts belong to the two ends.

    Windows that do not meet are cut in one line at either end.
    """
    cut = np.zeros((found.rows, taps.sites.shape[1]), np.bool_)
    np.logical_or.at(cut, found.row, taps.sites < 0)
    for row, col in border_order.places_by_cut(~cut):
        if not row.any():
            return replace(found, row=col[found.row])
    return found


def _breadth_first(
    edges: list[list[tuple[int, int, int]]], start: int, component: NDArray[np.int64]
) -> Iterator[tuple[int, tuple[int, int, int]]]:
    """Yield steps to units that the caller then marks in `component`."""
    waiting = [start]
    for unit in waiting:
        for edge in edges[unit]:
            if component[edge[0]] < 0:
                yield unit, edge
                waiting.append(edge[0])
