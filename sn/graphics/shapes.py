"""Shapes: what can be seen in a window, each with its place.

Two shapes are equal where the later one hides the earlier: a text written where another began, the
same line in another colour, a Hinton diagram on top of the last one. So what a program draws anew
for each pattern takes the place of what it drew before, and a window stays small.

Units: pixels of the window, x to the right and y down, as in SN.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sn.graphics.fonts import Font

Rect: TypeAlias = tuple[float, float, float, float]  # x, y, width, height
CELLS = 8  # values, points or letters that count as one mark; chosen here: what they take in SVG
FAR = 1e6  # pixels: no coordinate lies further out


def placed(*numbers: float) -> tuple[float, ...] | None:
    """Return coordinates, the far ones nearer; None where one is no number or has no end.

    A net that diverged is drawn nowhere, and its run goes on.
    """
    if any(number - number != 0 for number in numbers):
        return None
    return tuple(min(max(number, -FAR), FAR) for number in numbers)


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line, a pixel wide."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def cost(self) -> int:
        """How many marks it counts as."""
        return 1


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, filled or its outline."""

    x: float
    y: float
    width: float
    height: float
    is_filled: bool = True

    @property
    def cost(self) -> int:
        """How many marks it counts as."""
        return 1


@dataclass(frozen=True, slots=True)
class Disc:
    """A circle around x and y, filled or its outline."""

    x: float
    y: float
    radius: float
    is_filled: bool = True

    @property
    def cost(self) -> int:
        """How many marks it counts as."""
        return 1


@dataclass(frozen=True, slots=True)
class Polygon:
    """A filled polygon; `points` are x and y in turn."""

    points: tuple[float, ...]

    @property
    def cost(self) -> int:
        """How many marks it counts as."""
        return 1 + len(self.points) // CELLS


@dataclass(frozen=True, slots=True)
class Letters:
    """A line of text, its letters on y; x is where it starts, or its "middle" or "end"."""

    x: float
    y: float
    text: str = field(compare=False)
    font: Font = field(compare=False)
    anchor: str = "start"

    @property
    def cost(self) -> int:
        """How many marks it counts as."""
        return 1 + len(self.text) // CELLS


@dataclass(frozen=True, slots=True)
class Squares:
    """A Hinton diagram: a square, or circle, in the middle of each cell of a grid.

    `columns` cells lie side by side, `apart` pixels each, from x and y on; `is_backed` if the grid
    is gray behind them.
    Shapes: sides: (n,) float32, in pixels; white where above 0, black below, none where it is nan
    """

    x: float
    y: float
    columns: int
    apart: float
    n: int
    sides: NDArray[np.float32] = field(compare=False)
    is_round: bool = False
    is_backed: bool = True

    @property
    def cost(self) -> int:
        """How many marks it counts as."""
        return 1 + self.n // CELLS


@dataclass(frozen=True, slots=True)
class Grays:
    """A picture in shades of gray: cells of `across` by `down` pixels, from x and y on.

    Shapes: levels: (n,) int16 from black 0 to white 255, below 0 none; `columns` side by side
    """

    x: float
    y: float
    columns: int
    across: float
    down: float
    n: int
    levels: NDArray[np.int16] = field(compare=False)

    @property
    def cost(self) -> int:
        """How many marks it counts as."""
        return 1 + self.n // CELLS


Shape: TypeAlias = Line | Box | Disc | Polygon | Letters | Squares | Grays
