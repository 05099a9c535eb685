"""Marks: what is drawn on and between maps: units, windows, and what joins a window to its unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sn.figure.layout import Box
from sn.lower.ir import View, Window
from sn.svg import Element, number, path, polygon, rect

Area = tuple[float, float, float, float]  # left, top, right, bottom
Positions = NDArray[np.integer]
MOST_AREAS = 3000  # that one mark is made of, else it is one area; chosen here
FINEST = 3.0  # units of this size have lines between them


def units_of(box: Box) -> Iterator[Element]:
    """Yield the maps of a layer, with lines between the units where there is room for them."""
    commands = []
    for x, y in box.places.values():
        if box.is_flat and box.view.cols % box.fold:
            yield from _folded(box, x, y)
        else:
            yield rect(x, y, box.map_width, box.map_height, "units")
            commands += _grid(box, x, y)
    if commands:
        yield path("".join(commands), "lines")
    for x, y in box.partings:
        along, across = (0.0, 4.0) if box.is_column else (4.0, 0.0)
        dots = (rect(x + i * along - 1, y + i * across - 1, 2, 2, "dots") for i in (-1, 0, 1))
        yield from dots


def areas(box: Box, one: int, positions: Positions) -> list[Area]:
    """Return the least number of areas that some units of a map, by position in it, make up.

    They are rows times columns where the units are, as those of a window; else each for itself.
    """
    x, y = box.places[one]
    line, column = np.divmod(positions, box.fold)
    lines, columns = np.unique(line), np.unique(column)
    if len(lines) * len(columns) == len(positions):
        spans: list[Area] = [
            (left, top, right, bottom)
            for top, bottom in _runs(lines)
            for left, right in _runs(columns)
        ]
    else:
        spans = [(c, r, c + 1, r + 1) for r, c in zip(line.tolist(), column.tolist(), strict=True)]
    if len(spans) > MOST_AREAS:
        spans = [_around(spans)]
    unit = box.unit
    return [(x + a * unit, y + b * unit, x + c * unit, y + d * unit) for a, b, c, d in spans]


def by_map(view: View, positions: Positions) -> dict[int, NDArray[np.int64]]:
    """Return units of a layer by map: positions within it, sorted."""
    maps, inside = np.divmod(np.sort(positions).astype(np.int64), view.positions)
    return {one: inside[maps == one] for one in np.unique(maps).tolist()}


def hull(some: Sequence[Area]) -> Area:
    """Return the least area around all."""
    return _around(some)


def of_box(box: Box) -> Area:
    """Return the area of a whole layer."""
    return box.x, box.y, box.x + box.width, box.y + box.height


def filled(some: Sequence[Area], class_: str) -> Element:
    """Return areas as one shape."""
    return path("".join(_around_path(*area) for area in some), class_)


def band(below: Area, above: Area) -> Element:
    """Return what joins an area of one layer to that of a layer above that sees it."""
    return polygon(
        [
            (below[0], below[1]),
            (above[0], above[3]),
            (above[2], above[3]),
            (below[2], below[1]),
        ],
        "cone",
    )


def cell_of(box: Box, position: int) -> Area | None:
    """Return the area of a unit; None where its map is not drawn."""
    found = box.cell(position)
    return None if found is None else (*found, found[0] + box.unit, found[1] + box.unit)


def overhang(node: Window, box: Box, position: int, one: int) -> Area | None:
    """Return the window of a unit on a map, border included; None where it lies inside.

    `box` is the layer below, `position` that of the unit in its layer, `one` a map that is drawn.
    """
    spans = []
    sizes = (node.field.rows, node.field.cols)
    at = divmod(position % node.grid.positions, node.grid.cols)
    for axis in (0, 1):
        start = at[axis] * node.stride[axis] - node.offset[axis]
        end = start + (node.kernel[axis] - 1) * node.dilation[axis] + 1
        spans.append((0, sizes[axis]) if node.wrap[axis] else (start, end))
    if all(start >= 0 and end <= size for (start, end), size in zip(spans, sizes, strict=True)):
        return None
    if box.lines != sizes[0]:  # folded
        return None
    (top, bottom), (left, right) = spans
    x, y = box.places[one]
    unit = box.unit
    return x + left * unit, y + top * unit, x + right * unit, y + bottom * unit


def _around_path(left: float, top: float, right: float, bottom: float) -> str:
    return f"M{number(left)} {number(top)}H{number(right)}V{number(bottom)}H{number(left)}Z"


def _around(some: Sequence[tuple[float, ...]]) -> Area:
    left, top, right, bottom = zip(*some, strict=True)
    return min(left), min(top), max(right), max(bottom)


def _runs(values: Positions) -> list[tuple[int, int]]:
    """Return the runs of consecutive numbers: first, and last plus one."""
    breaks = np.flatnonzero(np.diff(values) > 1) + 1
    edges = [0, *breaks.tolist(), len(values)]
    return [(int(values[a]), int(values[b - 1]) + 1) for a, b in pairwise(edges)]


def _grid(box: Box, x: float, y: float) -> list[str]:
    if box.unit < FINEST:
        return []
    unit, wide, tall = box.unit, box.map_width, box.map_height
    across = [f"M{number(x)} {number(y + i * unit)}h{number(wide)}" for i in range(1, box.lines)]
    down = [f"M{number(x + i * unit)} {number(y)}v{number(tall)}" for i in range(1, box.fold)]
    return across + down


def _folded(box: Box, x: float, y: float) -> Iterator[Element]:
    """Yield a row of units in lines, the last of which is shorter."""
    whole, rest = divmod(box.view.cols, box.fold)
    bottom = y + box.lines * box.unit
    above = y + whole * box.unit
    right, inner = x + box.map_width, x + rest * box.unit
    points = [(x, y), (right, y), (right, above), (inner, above), (inner, bottom), (x, bottom)]
    yield polygon(points, "units")
    if box.unit < FINEST:
        return
    unit = box.unit
    lines = [f"M{number(x)} {number(y + i * unit)}H{number(right)}" for i in range(1, whole)]
    lines.append(f"M{number(x)} {number(above)}H{number(inner)}")
    lines += [
        f"M{number(x + i * unit)} {number(y)}V{number(bottom if i < rest else above)}"
        for i in range(1, box.fold)
    ]
    yield path("".join(lines), "lines")
