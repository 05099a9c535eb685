"""Tiles: which maps a register tile works on together, and in which order.

A convolution adds, for listed pairs (out, in) of maps, many products into each out map. A tile
holds `width` out maps times `chunk` vectors of positions in registers while it runs through the
in maps that all of them see, so that a vector and a weight are loaded once for many
multiply-adds. Maps with equal lists share their whole list; where lists differ, each in map
makes a group of the out maps that see it, and sums wait in memory in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sn.net.layer import Ints

# vector registers by lanes, AVX2 and AVX-512: accumulators, the loaded vectors and one weight
# must fit
REGISTERS = {8: 16, 16: 32}


@dataclass(frozen=True, slots=True)
class Tile:
    """`count` tiles of one shape, listed in the table from `table` on.

    Each entry: `width` out maps, then for each of `sources` in maps: the in map and the
    `width` pairs that connect it to the out maps.
    """

    width: int
    sources: int
    count: int
    table: int

    @property
    def entry(self) -> int:
        """Table elements of one tile."""
        return self.width + self.sources * (1 + self.width)


@dataclass(frozen=True, slots=True)
class Tiling:
    """Tiles before their entries are placed: (width, sources) -> entries, the chunk, and whether
    all classes of sites are summed at once.
    """

    chunk: int
    together: bool
    shapes: dict[tuple[int, int], list[list[int]]]
    cost: float

    def is_complete(self, maps: int) -> bool:
        """Whether each of `maps` out maps is in one tile, which then has all its terms."""
        tiles = ((width, entry) for (width, _), some in self.shapes.items() for entry in some)
        return sorted(out for width, entry in tiles for out in entry[:width]) == [*range(maps)]


@dataclass(frozen=True, slots=True)
class Room:
    """What one pass over maps has: vectors of positions in a map, and vector registers."""

    vectors: int
    registers: int


def tile(pairs: Sequence[tuple[int, int]], taps: Sequence[int], wide: Room, room: Room) -> Tiling:
    """Choose the cheapest tiling of `pairs` = (out map, in map), numbered by position.

    `taps` of a pair in each class of sites. Which maps a tile has decides the order of sums, so
    it is chosen for `wide`, 16-lane vectors, on every CPU; `room` is this CPU's, for the rest.
    """
    groups = [_by_list(pairs), _by_source(pairs)]
    by_maps = [
        (group, width, tiling)
        for group in groups
        for width in range(1, 13)
        for tiling in _shapes(group, width, taps, wide)
    ]
    group, width, best = min(by_maps, key=lambda choice: choice[2].cost)
    if room == wide:
        return best
    return min(_shapes(group, width, taps, room), key=lambda tiling: tiling.cost)


def _shapes(
    groups: list[tuple[Group, dict[tuple[int, int], int]]],
    width: int,
    taps: Sequence[int],
    room: Room,
) -> list[Tiling]:
    """Return the tilings of some width that fit the registers.

    The estimate: two multiply-adds and two loads a cycle, and one store and one load for each
    sum that waits in memory.
    """
    return [
        _shape(groups, width, chunk, room.vectors, taps, together)
        for together in ([True] if len(taps) == 1 else [True, False])
        for chunk in range(1, min(room.vectors, 12) + 1)
        if chunk * (1 + width * (len(taps) if together else 1)) + 1 <= room.registers
    ]


Group = tuple[list[int], list[int]]


def _by_list(pairs: Sequence[tuple[int, int]]) -> list[tuple[Group, dict[tuple[int, int], int]]]:
    seen: dict[int, list[int]] = {}
    number = {pair: index for index, pair in enumerate(pairs)}
    for out, source in pairs:
        seen.setdefault(out, []).append(source)
    groups: dict[tuple[int, ...], list[int]] = {}
    for out, sources in seen.items():
        groups.setdefault(tuple(sorted(sources)), []).append(out)
    return [((outs, list(sources)), number) for sources, outs in groups.items()]


def _by_source(pairs: Sequence[tuple[int, int]]) -> list[tuple[Group, dict[tuple[int, int], int]]]:
    number = {pair: index for index, pair in enumerate(pairs)}
    seen: dict[int, list[int]] = {}
    for out, source in pairs:
        seen.setdefault(source, []).append(out)
    return [((outs, [source]), number) for source, outs in sorted(seen.items())]


def _shape(
    groups: list[tuple[Group, dict[tuple[int, int], int]]],
    width: int,
    chunk: int,
    vectors: int,
    taps: Sequence[int],
    together: bool,
) -> Tiling:
    shapes: dict[tuple[int, int], list[list[int]]] = {}
    cost = 0.0
    chunks = [chunk] * (vectors // chunk) + ([vectors % chunk] if vectors % chunk else [])
    passes = [list(taps)] if together else [[count] for count in taps]
    for (outs, sources), number in groups:
        for at in range(0, len(outs), width):
            some = outs[at : at + width]
            entry = list(some)
            for source in sources:
                entry += [source, *(number[out, source] for out in some)]
            shapes.setdefault((len(some), len(sources)), []).append(entry)
            for size in chunks:
                for counts in passes:
                    weights = sum(counts) * len(some)
                    # a sum takes 6 cycles a tap (4, but 8 sums at once measured no faster than
                    # 12); sites that several classes meet are loaded once
                    turn = max(
                        weights * size / 2, (weights + max(counts) * size) / 2, 6 * max(counts)
                    )
                    cost += len(sources) * turn + 1.5 * len(some) * size * len(counts) + 6
    return Tiling(chunk, together, shapes, cost)


def scaled(tiling: Tiling, out: Ints, source: Ints, pair: Ints) -> list[tuple[int, int, Ints]]:
    """Return (width, sources, entries) with maps and pairs replaced by their places in memory.

    Shapes: out, source: offset of each map; pair: place of each pair's kernel; entries:
    (count, entry) int32.
    """
    result = []
    for (width, sources), entries in tiling.shapes.items():
        array = np.array(entries, np.int32)
        array[:, :width] = out[array[:, :width]]
        for index in range(sources):
            column = width + index * (1 + width)
            array[:, column] = source[array[:, column]]
            weights = slice(column + 1, column + 1 + width)
            array[:, weights] = pair[array[:, weights]]
        result.append((width, sources, array))
    return result
