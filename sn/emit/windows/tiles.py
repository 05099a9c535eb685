"""Tiles: which maps a register tile works on together, and in which order.

A convolution adds, for listed pairs (out, in) of maps, many products into each out map. A tile
holds `width` out maps times `chunk` vectors of positions in registers while it runs through the
in maps that all of them see, so that a vector and a weight are loaded once for many
multiply-adds. Maps with equal lists share their whole list; where lists differ, each in map
makes a group of the out maps that see it, and sums wait in memory in between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sn.net.layer import Ints


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
    shapes = [
        (groups, width) for groups in (_by_list(pairs), _by_source(pairs)) for width in range(1, 13)
    ]
    groups, width = min(shapes, key=lambda shape: _best(shape[0], shape[1], taps, wide)[0])
    cost, chunk, together = _best(groups, width, taps, room)
    return Tiling(chunk, together, _entries(groups, width), cost)


Group = tuple[list[int], list[int]]


def _best(
    groups: Sequence[tuple[Group, dict[tuple[int, int], int]]],
    width: int,
    taps: Sequence[int],
    room: Room,
) -> tuple[float, int, bool]:
    """Return the cost, the chunk and whether classes go together, of the cheapest that fits."""
    sizes = Counter((len(outs), len(sources)) for (outs, sources), _ in groups)
    return min(
        (_cost(sizes, width, chunk, room.vectors, taps, together), chunk, together)
        for together in ([True] if len(taps) == 1 else [True, False])
        for chunk in range(1, min(room.vectors, 12) + 1)
        if chunk * (1 + width * (len(taps) if together else 1)) + 1 <= room.registers
    )


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


def _cost(
    sizes: Mapping[tuple[int, int], int],
    width: int,
    chunk: int,
    vectors: int,
    taps: Sequence[int],
    together: bool,
) -> float:
    """Estimate the cycles of a tiling of groups of some `sizes`, (out maps, in maps).

    Two multiply-adds and two loads a cycle, and one store and one load for each sum that waits
    in memory. A sum takes 6 cycles a tap (4, but 8 sums at once measured no faster than 12);
    sites that several classes meet are loaded once.
    """
    cost = 0.0
    passes = [list(taps)] if together else [[count] for count in taps]
    for (outs, sources), groups in sizes.items():
        for maps, tiles in ((width, outs // width), (outs % width, 1)):
            for size, times in ((chunk, vectors // chunk), (vectors % chunk, 1)):
                if not (maps and size):
                    continue
                for counts in passes:
                    weights = sum(counts) * maps
                    loads = weights + max(counts) * size
                    turn = max(weights * size / 2, loads / 2, 6 * max(counts))
                    one = sources * turn + 1.5 * maps * size * len(counts) + 6
                    cost += groups * tiles * times * one
    return cost


def _entries(
    groups: Sequence[tuple[Group, dict[tuple[int, int], int]]], width: int
) -> dict[tuple[int, int], list[list[int]]]:
    """Return the entries of all tiles by their shape."""
    shapes: dict[tuple[int, int], list[list[int]]] = {}
    for (outs, sources), number in groups:
        for at in range(0, len(outs), width):
            some = outs[at : at + width]
            entry = list(some)
            for source in sources:
                entry += [source, *(number[out, source] for out in some)]
            shapes.setdefault((len(some), len(sources)), []).append(entry)
    return shapes


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
