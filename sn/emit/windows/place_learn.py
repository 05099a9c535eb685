"""Place for learning with windows: tiles of in maps to propagate to, strips of sums of kernels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sn.emit.layers_learn import UnitSums
from sn.emit.memory import LearnLayout, whole_vectors
from sn.emit.vector import PARTIAL
from sn.emit.windows.evaluate import BatchWindow
from sn.emit.windows.learn import Back, Strip, WindowSums
from sn.emit.windows.place import sums_of
from sn.emit.windows.tiles import Room, tile
from sn.lower.ir import Window
from sn.net.layer import Ints

# vectors of 16 that hold sums, on CPUs of 8 and of 16 lanes: one takes two registers of 8
HELD = {8: 6, 16: 20}

Met = dict[int, list[tuple[int, int]]]


@dataclass(frozen=True)
class Learner:
    """A window node that is placed for batches, to be placed for learning.

    `source`: the first unit of the layer below; `pairs`: where each pair's shared kernel starts,
    None where each position has weights of its own; `lanes` of this CPU.
    """

    node: Window
    batch: BatchWindow
    source: int
    pairs: Ints | None
    lay: LearnLayout
    lanes: int

    @cached_property
    def in_maps(self) -> Ints:
        """The first place of each in map, or of the frame of it."""
        frame, numbers = self.batch.frame, np.arange(self.node.field.maps, dtype=np.int32)
        if frame is not None:
            return frame.at + numbers * frame.size
        return self.source + numbers * self.node.field.positions

    @cached_property
    def out_maps(self) -> Ints:
        """The place of the gradient of the first unit of each out map."""
        numbers = np.arange(self.node.grid.maps, dtype=np.int32)
        return self.batch.first + self.lay.to_grad + numbers * self.node.grid.positions

    def met(self, axis: int) -> Met:
        """Return the (tap, position) that meet each site of an axis of the field."""
        c, found = self.batch, Met()
        for tap in range(c.kernel[axis]):
            for position in range(c.grid[axis]):
                site = position * c.stride[axis] + tap * c.dilation[axis] - c.offset[axis]
                if 0 <= site < c.field[axis]:
                    found.setdefault(site, []).append((tap, position))
        return dict(sorted(found.items()))

    def back(self) -> Back:
        """Place back-propagation."""
        node, c, tables = self.node, self.batch, self.lay.batch.tables
        met, rows, pairs = [self.met(axis) for axis in (0, 1)], [], list[tuple[int, int]]()
        for site, found in met[0].items():
            rows.append((site, len(pairs), len(pairs) + len(found)))
            pairs += found
        # what a site collects from one out map, at most
        most = max(map(len, met[0].values())) * max(map(len, met[1].values()))
        wide, mine = (Room(c.field[1], HELD[n] + 4) for n in (PARTIAL, self.lanes))
        tiling = tile([(source, out) for out, source in node.pairs], [most], wide, mine)
        kernels = np.arange(len(node.pairs), dtype=np.int32) if self.pairs is None else self.pairs
        placed = sums_of(tiling, self.in_maps, self.out_maps, kernels, tables)
        step = c.stride[1]
        return Back(
            placed.tiles,
            len(rows),
            tables.add(np.array(rows)),
            tables.add(np.array(pairs)),
            max(step, placed.chunk // step * step),
            len(rows) == c.field[0] and placed.is_complete,
        )

    def sums(self, units: UnitSums | None) -> WindowSums:
        """Place the sums of descents; `units`: those of the layer's units, if there is a border."""
        tables, inside = self.lay.batch.tables, dict[int, list[int]]()
        for found in self.met(0).values():
            for tap, position in found:
                inside.setdefault(tap, []).append(position)
        rows = [(tap, min(some), max(some) + 1) for tap, some in sorted(inside.items())]
        table = tables.add(np.array(rows))
        if self.pairs is None:
            return self._own(units, len(rows), table)
        return self._shared(units, [tap for tap, _, _ in rows], table, self.pairs)

    def _own(self, units: UnitSums | None, rows: int, table: int) -> WindowSums:
        """Sums that lie as the weights do."""
        pairs, tables = self.node.pairs, self.lay.batch.tables
        outs, size = self.out_maps, len(pairs) * self.node.taps * self.batch.weight_pitch
        entries = [(outs[a], self.in_maps[b], number) for number, (a, b) in enumerate(pairs)]
        strip = Strip(1, len(pairs), tables.add(np.array(entries)), 0, 0)
        where, at = tables.add(np.array([out for out, _ in pairs])), self.lay.sums.take(size)
        return WindowSums((strip,), rows, table, 1, at, len(pairs), where, units, 0, 0)

    def _shared(
        self, units: UnitSums | None, rows: list[int], table: int, pairs: Ints
    ) -> WindowSums:
        """Sums strip by strip, to be put where the weights lie afterwards."""
        node, kernels, sums = self.node, self.batch.kernels, self.lay.sums
        tables, cols, held = self.lay.batch.tables, self.batch.kernel[1], HELD[self.lanes]
        taps = np.add.outer(
            np.arange(self.batch.kernel[0]) * kernels.row, np.arange(cols) * kernels.tap
        )
        slots = pairs[:, None, None] * kernels.pair + taps
        size = whole_vectors(int(slots.max()) + 1)
        where = np.full((2, size), self.lay.zero, np.int32)
        run = min(cols, held)
        parts = [min(run, cols - first) for first in range(0, cols, run)]
        strips = []
        for count, groups in self._groups(max(1, held // cols)).items():
            each = [_rounded(count * part) for part in parts]
            at = sums.take(len(groups) * len(rows) * sum(each))
            entries = [
                [*(self.out_maps[a] for a, _ in outs), self.in_maps[source], 0]
                for source, outs in groups
            ]
            place = at
            for _, outs in groups:
                for u in rows:
                    for part, width in enumerate(parts):
                        for i, (_, pair) in enumerate(outs):
                            first = place + i * width
                            here = slots[pair, u, part * run : part * run + width]
                            where[0, here] = np.arange(first, first + width)
                        place += each[part]
            strips.append(Strip(count, len(groups), tables.add(np.array(entries)), at, sum(each)))
        border = pitch = 0
        if units is not None:
            pitch = _rounded(node.taps)
            border = sums.take(node.grid.maps * pitch)
            for pair, (out, _) in enumerate(node.pairs):
                first = border + out * pitch
                where[1, slots[pair].ravel()] = np.arange(first, first + node.taps)
        at, listed = sums.take(size), tables.add(where)
        return WindowSums(
            tuple(strips), len(rows), table, run, at, size, listed, units, border, pitch
        )

    def _groups(self, width: int) -> dict[int, list[tuple[int, list[tuple[int, int]]]]]:
        """Return tiles by how many out maps they have: an in map, and (out map, pair) of each."""
        found: dict[int, list[tuple[int, list[tuple[int, int]]]]] = {}
        for source, outs in _by_source(self.node):
            for at in range(0, len(outs), width):
                some = outs[at : at + width]
                found.setdefault(len(some), []).append((source, some))
        return found


def _rounded(count: int) -> int:
    return -(-count // PARTIAL) * PARTIAL


def _by_source(node: Window) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Yield each in map with the out maps that see it and the number of the pair."""
    seen: dict[int, list[tuple[int, int]]] = {}
    for number, (out, source) in enumerate(node.pairs):
        seen.setdefault(source, []).append((out, number))
    yield from sorted(seen.items())
