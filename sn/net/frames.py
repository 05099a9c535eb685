"""Frames: the border units around the maps of a layer, numbered as windows come to need them.

Read next: layer.py, which asks for them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Widths = tuple[int, int, int, int]  # sites above, to the left, below and to the right


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """The units in and around each map of a layer, -1 where a site of the border has none yet.

    Shapes: units: (maps, top + rows + down, left + cols + right) int32, of `widths`.
    """

    units: Ints
    widths: Widths

    @staticmethod
    def around(grid: Ints) -> Frame:
        """Return the frame of a layer that has no border units: grid is (maps, rows, cols)."""
        return Frame(grid, (0, 0, 0, 0))

    def widened(self, widths: Widths) -> Frame:
        """Return a frame that reaches as far as this one and as `widths`."""
        pairs = zip(self.widths, widths, strict=True)
        top, left, down, right = (max(0, new - old) for old, new in pairs)
        sides = ((0, 0), (top, down), (left, right))
        units = np.pad(self.units, sides, constant_values=-1)
        up, before, below, behind = self.widths
        return Frame(units, (up + top, before + left, below + down, behind + right))

    def inside(self, widths: Widths) -> Ints:
        """Return the part that reaches as far as `widths`, a view."""
        top, left, down, right = (
            own - other for own, other in zip(self.widths, widths, strict=True)
        )
        _, rows, cols = self.units.shape
        return self.units[:, top : rows - down, left : cols - right]

    def number(self, widths: Widths, first: int) -> int:
        """Number the sites within `widths` that have no unit, from `first` on, map by map, row by
        row; return how many they are.
        """
        part = self.inside(widths)
        is_fresh = part < 0
        count = int(np.count_nonzero(is_fresh))
        part[is_fresh] = np.arange(first, first + count, dtype=np.int32)
        return count
