"""Layout: where layers, maps and units stand in a figure.

Outputs are at the top and inputs at the bottom, a row for each layer. Between two columns of
labels the maps of a layer stand side by side, those of one row below each other. All maps are to
one scale. What would not fit is left out, and said: maps of a layer, and layers of a net.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, pairwise

from sn.lower.ir import View

WIDTH = (
    520.0  # of the column that the maps stand in; chosen here: a page has room for labels beside
)
TALLEST = 210.0  # a map; chosen here: several layers are seen at once
FLAT_AREA = 140.0 * WIDTH  # of a layer without rows; chosen here
SCALES = (10.0, 8.0, 7.0, 6.0, 5.0, 4.5, 4.0, 3.5, 3.0, 2.5, 2.0, 1.5, 1.0, 0.75, 0.5, 0.25, 0.1)
FLAT_UNIT, ALONE = 6.0, 16.0  # the side of a unit that is in no map, at least; without any map
MOST_MAPS = 16  # that all maps are drawn of, whatever becomes of the scale; chosen here
MOST_LINES = 12  # maps of one row that stand below each other
MOST_LAYERS, ENDS = 24, 10  # layers that are all drawn, else so many from either end; chosen here
Needed = Mapping[int, Sequence[int]]
PARTED = 16.0  # between maps that others were left out of


@dataclass(frozen=True)
class Box:
    """A layer in a figure: its top left corner, the side of a unit, and which maps are drawn.

    `fold`: how many units stand in a line of a flat layer.
    """

    layer: int
    view: View
    unit: float
    maps: tuple[int, ...]
    x: float = 0.0
    y: float = 0.0

    @property
    def is_flat(self) -> bool:
        """Whether it is one row of units, which may be folded."""
        return self.view.maps == 1 and self.view.rows == 1

    @cached_property
    def fold(self) -> int:
        """How many units stand in a line."""
        if self.is_flat:
            return min(self.view.cols, max(1, int(WIDTH / self.unit)))
        return self.view.cols

    @property
    def lines(self) -> int:
        """How many lines of units a map has."""
        return math.ceil(self.view.cols / self.fold) if self.is_flat else self.view.rows

    @property
    def is_column(self) -> bool:
        """Whether maps stand below each other."""
        return self.view.rows == 1 and self.view.maps > 1

    @property
    def gap(self) -> float:
        """What is between maps."""
        return max(3.0, 1.2 * self.unit)

    @property
    def map_width(self) -> float:
        """The width of a map."""
        return self.fold * self.unit

    @property
    def map_height(self) -> float:
        """The height of a map."""
        return self.lines * self.unit

    @cached_property
    def places(self) -> dict[int, tuple[float, float]]:
        """The top left corner of each map that is drawn."""
        found, at, before = {}, 0.0, -1
        step = (self.map_height if self.is_column else self.map_width) + self.gap
        for one in self.maps:
            if one > before + 1:
                at += PARTED
            found[one] = (self.x, self.y + at) if self.is_column else (self.x + at, self.y)
            at, before = at + step, one
        return found

    @cached_property
    def partings(self) -> list[tuple[float, float]]:
        """The middle of each place where maps were left out."""
        found = []
        back = (PARTED + self.gap) / 2
        for before, one in pairwise(self.maps):
            if one > before + 1:
                x, y = self.places[one]
                middle = (
                    (self.map_width / 2, -back) if self.is_column else (-back, self.map_height / 2)
                )
                found.append((x + middle[0], y + middle[1]))
        return found

    @cached_property
    def width(self) -> float:
        """The width of all maps."""
        return max(x for x, _ in self.places.values()) - self.x + self.map_width

    @cached_property
    def height(self) -> float:
        """The height of all maps."""
        return max(y for _, y in self.places.values()) - self.y + self.map_height

    def cell(self, position: int) -> tuple[float, float] | None:
        """Return the top left corner of a unit; None where its map is not drawn."""
        one, inside = divmod(position, self.view.positions)
        if one not in self.places:
            return None
        x, y = self.places[one]
        line, column = divmod(inside, self.fold)
        return x + column * self.unit, y + line * self.unit

    def moved(self, x: float, y: float) -> Box:
        """Return the same box elsewhere."""
        return Box(self.layer, self.view, self.unit, self.maps, x, y)


def shown_layers(n_layers: int) -> list[int]:
    """Return the indices of the layers that are drawn."""
    if n_layers <= MOST_LAYERS:
        return list(range(n_layers))
    return [*range(ENDS), *range(n_layers - ENDS, n_layers)]


def boxes(
    views: Sequence[View], shown: Sequence[int], needed: Needed, largest: float = ALONE
) -> dict[int, Box]:
    """Return the boxes of some layers, at no place yet, at a scale of `largest` at most.

    `needed`: which maps of a layer are drawn before others, where there is not room for all.
    """
    scale = min(largest, scale_of([views[index] for index in shown]))
    found = {}
    for index in shown:
        view = views[index]
        unit = scale
        if view.maps == 1 and view.rows == 1:
            unit = min(max(scale, FLAT_UNIT), math.sqrt(FLAT_AREA / view.cols))
        found[index] = Box(index, view, unit, _maps(view, unit, needed.get(index, ())))
    return found


def scale_of(views: Sequence[View]) -> float:
    """Return the largest scale at which every map fits, and several of a layer side by side."""
    grids = [view for view in views if view.maps > 1 or view.rows > 1]
    if not grids:
        return ALONE if max(view.cols for view in views) <= WIDTH / ALONE else FLAT_UNIT
    for scale in SCALES:
        if all(_fits(view, scale) for view in grids):
            return scale
    largest = max(max(view.rows, view.cols) for view in grids)
    return min(SCALES[-1], TALLEST / largest)


def _fits(view: View, scale: float) -> bool:
    across = 1 if view.rows == 1 else min(view.maps, MOST_MAPS)
    gap = max(3.0, 1.2 * scale)
    wide = across * (view.cols * scale + gap) - gap <= WIDTH
    return wide and view.rows * scale <= TALLEST


def _maps(view: View, unit: float, needed: Sequence[int]) -> tuple[int, ...]:
    """Return which maps are drawn: all that fit, the needed ones before the last and the first."""
    room = MOST_LINES if view.rows == 1 else view.maps
    across = 0.0 if view.rows == 1 else view.cols * unit
    gap = max(3.0, 1.2 * unit)
    wanted = dict.fromkeys((*needed, view.maps - 1, *range(view.maps)))
    most = min(room, view.maps, int((WIDTH + gap) / (across + gap)))
    for count in range(max(most, 1), 0, -1):
        maps = sorted(islice(wanted, count))
        partings = sum(one > before + 1 for before, one in pairwise(maps))
        if count * (across + gap) - gap + partings * PARTED <= WIDTH or count == 1:
            break
    return tuple(maps)
