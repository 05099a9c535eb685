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

# 16 vector registers on AVX2: accumulators, the loaded vectors and one weight must fit
REGISTERS = 16


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
    """Tiles before their entries are placed: (width, sources) -> entries, and the chunk."""

    chunk: int
    shapes: dict[tuple[int, int], list[list[int]]]
    cost: float


def tile(
    pairs: Sequence[tuple[int, int]], vectors: int, taps: int, registers: int = REGISTERS
) -> Tiling:
    """Choose the cheapest tiling of `pairs` = (out map, in map), numbered by position.

    `vectors` per map and `taps` per pair set the estimate: two multiply-adds and two loads a
    cycle, and one store and one load for each sum that waits in memory.
    """
    groups = [_by_list(pairs), _by_source(pairs)]
    choices = [
        _shape(group, width, chunk, vectors, taps)
        for group in groups
        for width in range(1, 13)
        for chunk in range(1, min(vectors, 12) + 1)
        if width * chunk + chunk + 1 <= registers
    ]
    return min(choices, key=lambda choice: choice.cost)


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
    taps: int,
) -> Tiling:
    shapes: dict[tuple[int, int], list[list[int]]] = {}
    cost = 0.0
    chunks = [chunk] * (vectors // chunk) + ([vectors % chunk] if vectors % chunk else [])
    for (outs, sources), number in groups:
        for at in range(0, len(outs), width):
            some = outs[at : at + width]
            entry = list(some)
            for source in sources:
                entry += [source, *(number[out, source] for out in some)]
            shapes.setdefault((len(some), len(sources)), []).append(entry)
            for size in chunks:
                products = len(some) * size
                loads = len(some) + size
                # a sum takes 4 cycles a turn, however few there are
                turn = max(products / 2, loads / 2, 4)
                cost += len(sources) * taps * turn + 1.5 * products + 6
    return Tiling(chunk, shapes, cost)


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
