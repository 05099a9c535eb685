"""Pool: which sites the windows of one map add up, as lanes of vectors.

Pure geometry in whole numbers. A lane of -1 stands for nothing: 0.

Read next: sections.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product

from sn.emit.memory import whole_vectors

Lanes = list[int]


@dataclass(frozen=True)
class Pool:
    """Windows that lie inside a map: sizes are (rows, cols); see lower/ir.py, Subsample."""

    grid: tuple[int, int]
    field: tuple[int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]

    @property
    def width(self) -> int:
        """Positions of a map, padded to whole vectors."""
        return whole_vectors(self.grid[0] * self.grid[1])

    @cached_property
    def taps(self) -> list[Lanes]:
        """Per tap, in kernel order, the site that each position adds."""
        found = []
        for u, v in product(range(self.kernel[0]), range(self.kernel[1])):
            lanes = [
                (y * self.stride[0] + u) * self.field[1] + x * self.stride[1] + v
                for y, x in product(range(self.grid[0]), range(self.grid[1]))
            ]
            found.append(lanes + [-1] * (self.width - len(lanes)))
        return found

    @cached_property
    def windows(self) -> list[Lanes]:
        """Inverse of `taps`: per round, a position whose window has each site.

        One round where windows lie apart; one at least, so that sites no window has are there too.
        """
        width = whole_vectors(self.field[0] * self.field[1])
        rounds: list[Lanes] = [[-1] * width]
        seen = [0] * width
        for lanes in self.taps:
            for position, site in enumerate(lanes):
                if site < 0:
                    continue
                if seen[site] == len(rounds):
                    rounds.append([-1] * width)
                rounds[seen[site]][site] = position
                seen[site] += 1
        return rounds
