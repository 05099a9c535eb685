"""Columns: where each site of a window lies once the maps are laid out for vectors.

Pure geometry of one map, in whole numbers; `windows.py` and `local.py` turn it into copies.
A lane of -1 stands for the border.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from sn.emit.copies import gather, pieces
from sn.emit.memory import whole_vectors
from sn.emit.vector import Builder, Memories
from sn.lower.ir import Window

Lanes = list[int]


@dataclass(frozen=True)
class Geometry:
    """A window over one map: sizes are (rows, cols); see lower/ir.py, Window."""

    grid: tuple[int, int]
    field: tuple[int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    offset: tuple[int, int]
    border: float
    wrap: tuple[bool, bool]
    dilation: tuple[int, int] = (1, 1)

    def _residues(self, axis: int) -> dict[int, list[tuple[int, int]]]:
        """By residue of the stride that some tap has, lowest first: (tap, whole strides) of each.

        Tap u lies u * dilation after the first: so many strides and a residue.
        """
        found: dict[int, list[tuple[int, int]]] = {}
        for tap in range(self.kernel[axis]):
            strides, residue = divmod(tap * self.dilation[axis], self.stride[axis])
            found.setdefault(residue, []).append((tap, strides))
        return dict(sorted(found.items()))

    @cached_property
    def _blocks(self) -> dict[tuple[int, int], tuple[int, int]]:
        """(tap column, residue of the row stride) -> (start, rows) of its run."""
        blocks, at = {}, 0
        for v in range(self.kernel[1]):
            for residue, taps in self._residues(0).items():
                _, deepest = taps[-1]
                rows = self.grid[0] + deepest
                blocks[v, residue] = (at, rows)
                at += rows * self.grid[1]
        return blocks

    @cached_property
    def column_lanes(self) -> Lanes:
        """Site of each element of a map's columns, padded to whole vectors."""
        lanes = []
        for (v, residue), (_, rows) in self._blocks.items():
            for row in range(rows):
                for x in range(self.grid[1]):
                    lanes.append(
                        self._site(
                            row * self.stride[0] + residue - self.offset[0],
                            x * self.stride[1] + v * self.dilation[1] - self.offset[1],
                        )
                    )
        return lanes + [-1] * (whole_vectors(len(lanes)) - len(lanes))

    def _site(self, row: int, col: int) -> int:
        rows, cols = self.field
        row = row % rows if self.wrap[0] else row
        col = col % cols if self.wrap[1] else col
        return row * cols + col if 0 <= row < rows and 0 <= col < cols else -1

    @cached_property
    def taps(self) -> tuple[int, ...]:
        """Distance in the columns of each tap, in kernel order."""
        places = [divmod(u * self.dilation[0], self.stride[0]) for u in range(self.kernel[0])]
        return tuple(
            self._blocks[v, residue][0] + strides * self.grid[1]
            for strides, residue in places
            for v in range(self.kernel[1])
        )

    @cached_property
    def column_sources(self) -> list[Lanes]:
        """Inverse of `column_lanes`: per round, the column element to add to each site."""
        met = ((site, element) for element, site in enumerate(self.column_lanes) if site >= 0)
        return _rounds(met, whole_vectors(self.field[0] * self.field[1]))

    @cached_property
    def flat(self) -> Geometry:
        """The same windows without wrap, over all sites they meet side by side."""
        if not any(self.wrap):
            return self
        rows, cols = self._met(0), self._met(1)
        return replace(
            self,
            field=(len(rows), len(cols)),
            offset=(rows.start, cols.start),
            wrap=(False, False),
        )

    @cached_property
    def frame(self) -> tuple[int, int]:
        """Rows and columns from the first site that some window meets to the last."""
        rows, cols = (
            (self.grid[axis] - 1) * self.stride[axis]
            + (self.kernel[axis] - 1) * self.dilation[axis]
            + 1
            for axis in (0, 1)
        )
        return rows, cols

    @cached_property
    def frame_places(self) -> tuple[list[int], list[int]]:
        """Places of the rows and of the columns of a frame, so that those a window sees are next
        to each other: sites a dilation apart follow each other, one residue after another.
        """
        rows, cols = (
            np.argsort(sorted(range(size), key=lambda at: (at % apart, at))).tolist()
            for size, apart in zip(self.frame, self.dilation, strict=True)
        )
        return rows, cols

    def frame_sites(self, row: int, width: int = 1) -> Lanes:
        """Place of each site of the field in a frame, whole vectors.

        Rows of the frame are `row` elements apart, sites `width`; -1 where no window meets it.
        """
        rows, cols = self.frame_places
        lanes = []
        for y in range(self.offset[0], self.offset[0] + self.field[0]):
            for x in range(self.offset[1], self.offset[1] + self.field[1]):
                is_met = 0 <= y < len(rows) and 0 <= x < len(cols)
                lanes.append(rows[y] * row + cols[x] * width if is_met else -1)
        return lanes + [-1] * (whole_vectors(len(lanes)) - len(lanes))

    def _met(self, axis: int) -> range:
        """The sites, none of the border, that windows meet along an axis: 0 is the first tap's."""
        size = self.frame[axis]
        if self.wrap[axis]:
            return range(size)
        first = self.offset[axis]
        return range(max(0, first), min(size, first + self.field[axis]))

    # --- backward, of `flat`: residue classes of sites, each a stride-1 correlation of the
    # gradients ---

    @cached_property
    def _axis_classes(self) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]:
        """Per axis, for each residue that some tap has: (residue, first, count) of its sites."""
        axes = []
        for axis in (0, 1):
            classes = []
            for residue in self._residues(axis):
                lead = self.offset[axis] - residue
                first = -(-lead // self.stride[axis])
                last = (self.field[axis] - 1 + lead) // self.stride[axis]
                classes.append((residue, first, last - first + 1))
            axes.append(classes)
        return axes[0], axes[1]

    @cached_property
    def class_size(self) -> tuple[int, int]:
        """Rows and columns of the largest class; all classes are laid out alike."""
        rows, cols = self._axis_classes
        return max(c for _, _, c in rows), max(c for _, _, c in cols)

    @property
    def n_classes(self) -> int:
        """The number of classes."""
        rows, cols = self._axis_classes
        return len(rows) * len(cols)

    @property
    def class_pitch(self) -> int:
        """Elements of one class of one map, whole vectors."""
        return whole_vectors(self.class_size[0] * self.class_size[1])

    @cached_property
    def _reach(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Per axis, lowest and highest gradient coordinate that a class position 0 meets."""
        reach = []
        for axis, classes in enumerate(self._axis_classes):
            low, high = [], []
            for residue, first, _ in classes:
                taps = self._residues(axis)[residue]
                low.append(first - taps[-1][1])
                high.append(first - taps[0][1])
            reach.append((min(low), max(high)))
        return reach[0], reach[1]

    @cached_property
    def gradient_lanes(self) -> Lanes:
        """Grid position of each element of a map's spread gradients; -1 outside: 0.

        One run per column shift, each with every row that some class meets.
        """
        (low_y, high_y), _ = self._reach
        rows, cols = self.class_size
        lanes = []
        for shift in self._shifts:
            for row in range(low_y, high_y + rows):
                for col in range(cols):
                    lanes.append(self._grid_position(row, col + shift))
        return lanes + [-1] * (whole_vectors(len(lanes)) - len(lanes))

    @cached_property
    def _shifts(self) -> list[int]:
        """The gradient columns that a class position 0 meets, lowest first."""
        residues = self._residues(1)
        return sorted(
            {
                first - strides
                for residue, first, _ in self._axis_classes[1]
                for _, strides in residues[residue]
            }
        )

    def _grid_position(self, y: int, x: int) -> int:
        rows, cols = self.grid
        return y * cols + x if 0 <= y < rows and 0 <= x < cols else -1

    @cached_property
    def classes(self) -> list[tuple[int, list[tuple[int, int]]]]:
        """Per class: where it starts in a map's classes, and its (distance, tap) list."""
        (low_y, high_y), _ = self._reach
        in_rows, in_cols = self._residues(0), self._residues(1)
        rows, cols = self.class_size
        run = (high_y - low_y + rows) * cols
        result = []
        for number, (q_y, first_y, _, q_x, first_x, _) in enumerate(
            (*a, *b) for a in self._axis_classes[0] for b in self._axis_classes[1]
        ):
            taps = []
            for u, strides_y in in_rows[q_y]:
                for v, strides_x in in_cols[q_x]:
                    row = first_y - strides_y - low_y
                    shift = self._shifts.index(first_x - strides_x)
                    taps.append((shift * run + row * cols, u * self.kernel[1] + v))
            result.append((number * self.class_pitch, taps))
        return result

    @cached_property
    def class_lanes(self) -> Lanes:
        """Element of a map's classes that holds each site's sum; -1 where no tap reaches."""
        cols = self.class_size[1]
        width = self.field[0] * self.field[1]
        lanes = [-1] * whole_vectors(width)
        number = 0
        for q_y, first_y, count_y in self._axis_classes[0]:
            for q_x, first_x, count_x in self._axis_classes[1]:
                for i in range(count_y):
                    for j in range(count_x):
                        row = (first_y + i) * self.stride[0] + q_y - self.offset[0]
                        col = (first_x + j) * self.stride[1] + q_x - self.offset[1]
                        lanes[row * self.field[1] + col] = number * self.class_pitch + i * cols + j
                number += 1
        return lanes

    @cached_property
    def class_rounds(self) -> list[Lanes]:
        """Per round, the element of the classes of `flat` to add to each site of the field.

        One round, but where windows wrap: there a site is met at several places.
        """
        flat = self.flat
        if flat is self:
            return [self.class_lanes]
        sites = (
            self._site(row - self.offset[0], col - self.offset[1])
            for row in self._met(0)
            for col in self._met(1)
        )
        met = (pair for pair in zip(sites, flat.class_lanes, strict=False) if pair[1] >= 0)
        return _rounds(met, whole_vectors(self.field[0] * self.field[1]))

    @property
    def is_direct(self) -> bool:
        """Whether the one class is the map itself, so that sums go straight to their place."""
        sites = self.field[0] * self.field[1]
        if any(self.wrap) or self.n_classes > 1:
            return False
        return self.class_lanes[:sites] == [*range(sites)]


def _rounds(met: Iterable[tuple[int, int]], width: int) -> list[Lanes]:
    """Lists of one element a site, in as many rounds as some site has elements.

    `met`: (site, element); a site that has no element in a round has -1 there.
    """
    rounds: list[Lanes] = []
    seen = [0] * width
    for site, element in met:
        if seen[site] == len(rounds):
            rounds.append([-1] * width)
        rounds[seen[site]][site] = element
        seen[site] += 1
    return rounds


def geometry(node: Window) -> Geometry:
    """The part of a window node that concerns one map."""
    return Geometry(
        (node.grid.rows, node.grid.cols),
        (node.field.rows, node.field.cols),
        node.kernel,
        node.stride,
        node.offset,
        node.border or 0.0,
        node.wrap,
        node.dilation,
    )


def expand(
    k: Builder, m: Memories, g: Geometry, maps: int, source: int, pitch: int, columns: int
) -> None:
    """Copy every in map into its columns, border included."""
    lanes = g.column_lanes
    for plane in k.loop(maps):
        base = plane * pitch + source
        for some, i in pieces(k, len(lanes)):
            vector = gather(some, m.s, base, lanes[i : i + some.lanes], g.border)
            some.store(vector, m.s, plane * len(lanes) + (columns + i))
