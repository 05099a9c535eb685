"""Taps: the weights through which one unit sees, on the maps below it, and enlarged map by map."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sn.display import many
from sn.figure import marks
from sn.figure.fields import Field, rows_into
from sn.figure.layout import Box
from sn.figure.letters import fitted, text_width
from sn.figure.links import Drawn
from sn.figure.panels import NUMBER, Panel
from sn.figure.stack import SMALL, USUAL, Line, block, height_of, text_at
from sn.figure.style import level, level_class
from sn.svg import Element, element, rect

Floats = NDArray[np.floating]
SIDES = (16.0, 12.0, 10.0, 8.0, 6.0, 4.0, 3.0, 2.0, 1.0)
TALLEST = 420.0
MOST_TOLD = 2000  # taps that have their number as a title each; chosen here
MOST_TAPS = 8_000  # that are shown at all; chosen here: 50 bytes each
MOST_MAPS = 64
FOLD = 48  # taps of a row in a line; chosen here
GAP = 8.0


def taps_of(net: Drawn, at: int, below: int, weights: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Return the units of a layer that feed a unit, as positions in it, and their weights."""
    rows, layer = rows_into(net.table, at), net.table.layers[below]
    src = net.table.src[rows]
    inside = (src >= layer.first) & (src < layer.first + layer.size)
    return (src[inside] - layer.first).astype(np.intp), weights[net.table.wid[rows][inside]]


def on_maps(net: Drawn, box: Box, seen: Field, weights: Floats) -> Iterator[Element]:
    """Yield the units that feed a unit in the colours of its weights, a shape for each level;
    none of more than MOST_TAPS.
    """
    positions, found = taps_of(net, seen.unit, box.layer, weights)
    if len(found) > MOST_TAPS:
        return
    largest = float(np.abs(found).max()) or 1.0
    cells: dict[int, list[marks.Area]] = {}
    for position, weight in zip(positions.tolist(), found.tolist(), strict=True):
        cell = marks.cell_of(box, position)
        if cell is not None:
            cells.setdefault(level(weight / largest), []).append(cell)
    for one in sorted(cells):
        yield marks.filled(cells[one], level_class(one))


def panel(net: Drawn, at: int, below: int, weights: Floats, room: float) -> Panel:
    """Return the weights from one layer, enlarged, a picture for each map that the unit sees."""
    positions, found = taps_of(net, at, below, weights)
    view, layer = net.views[below], net.table.layers[below]
    maps, counts = np.unique(positions // view.positions, return_counts=True)
    fit = max(1, int((np.cumsum(counts) <= MOST_TAPS).sum()))
    shown = maps[: min(MOST_MAPS, fit)].tolist()
    largest = float(np.abs(found).max(initial=0.0))
    about = [
        Line(fitted(f"weights from {layer.name}", 260, USUAL, True), USUAL, True, "ink"),
        Line(f"m = {largest:.3g}", SMALL),
    ]
    left_out = len(positions) - sum(min(n, MOST_TAPS) for n in counts[: len(shown)].tolist())
    if left_out:
        about.append(Line(f"{many(left_out, 'weight')} more not shown", SMALL))
    pictures = [_picture(positions, found, one, view.positions, view.cols) for one in shown]
    high = max(picture.shape[0] for picture in pictures)
    wide = max(picture.shape[1] for picture in pictures)
    lead = NUMBER + 3 if view.maps > 1 else 0.0
    side, across = _side(high, wide, len(shown), lead, room)
    elements = block(0, 0, about)
    top = height_of(about) + 6
    step = max(wide * side, text_width(str(view.maps - 1), NUMBER)) + GAP
    is_told = len(found) <= MOST_TOLD
    for number, (one, picture) in enumerate(zip(shown, pictures, strict=True)):
        line, place = divmod(number, across)
        x, y = place * step, top + line * (high * side + lead + GAP) + lead
        if lead:
            elements.append(text_at(x, y - 3, Line(str(one), NUMBER)))
        elements += _enlarged(picture, x, y, side, largest or 1.0, is_told)
    n_lines = -(-len(shown) // across)
    width = max(min(len(shown), across) * step - GAP, *(line.width for line in about))
    return Panel(elements, width, top + n_lines * (high * side + lead + GAP) - GAP)


def _picture(
    positions: NDArray[np.intp], found: Floats, one: int, per_map: int, cols: int
) -> NDArray[np.float64]:
    """Return the weights from one map, in the rectangle around them, NaN where there is none."""
    some = positions // per_map == one
    inside, weights = positions[some][:MOST_TAPS] % per_map, found[some][:MOST_TAPS]
    if per_map == cols and np.ptp(inside) >= FOLD:  # a row too long for a line
        inside, cols = inside - inside.min(), FOLD
    rows, columns = np.divmod(inside, cols)
    top, left = rows.min(), columns.min()
    picture = np.full((rows.max() - top + 1, columns.max() - left + 1), np.nan)
    picture[rows - top, columns - left] = weights
    return picture


def _side(high: int, wide: int, count: int, lead: float, room: float) -> tuple[float, int]:
    """Return the largest side of a tap at which all pictures fit, and how many stand in a line."""
    for side in SIDES:
        across = max(1, int((room + GAP) / (wide * side + GAP)))
        lines = -(-count // across)
        if wide * side <= room and lines * (high * side + lead + GAP) <= TALLEST:
            return side, across
    side = min(1.0, room / wide)
    return side, max(1, int((room + GAP) / (wide * side + GAP)))


def _enlarged(
    picture: NDArray[np.float64], x: float, y: float, side: float, largest: float, is_told: bool
) -> Iterator[Element]:
    """Yield the taps of a picture; each says its number where a pointer rests on it."""
    cells: dict[int, list[marks.Area]] = {}
    for row, values in enumerate(picture.tolist()):
        for column, weight in enumerate(values):
            if weight != weight:
                continue
            left, top = x + column * side, y + row * side
            one = level(weight / largest)
            if is_told:
                told = element("title", f"{weight:.4g}".replace("-", "−"))
                yield rect(left, top, side, side, level_class(one)).add(told)
            else:
                cells.setdefault(one, []).append((left, top, left + side, top + side))
    for one in sorted(cells):
        yield marks.filled(cells[one], level_class(one))
    rows, columns = picture.shape
    yield marks.filled([(x, y, x + columns * side, y + rows * side)], "edge")
