"""Unit: the figure of what one unit sees, its window below and what that sees, down to the input.

    unit_figure(plan, unit) -> Figure     unit_figure(plan, unit, weights) with the weights of taps

What is marked comes from the rows of the table (fields.py); the plan says only where units lie.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sn.display import clipped, many
from sn.figure import marks, panels, taps
from sn.figure.fields import Field, field_of, rows_into, unit_name
from sn.figure.layout import Box, boxes, shown_layers
from sn.figure.letters import fitted
from sn.figure.links import Drawn, drawn
from sn.figure.net import LEAST, counted, shape_words
from sn.figure.picture import Figure
from sn.figure.stack import (
    RIGHT,
    TITLE,
    USUAL,
    Line,
    block,
    height_of,
    lines,
    name_line,
    stacked,
)
from sn.lower.ir import Plan, Window
from sn.svg import Element, group

Floats = NDArray[np.floating]
MOST_BANDS = 12  # of one layer; chosen here: more of them hide each other


def unit_figure(
    plan: Plan, unit: int, weights: Floats | None = None, notes: Sequence[str] = ()
) -> Figure:
    """Return the figure of what a unit sees; `unit` is its number in the net.

    `notes` are lines below the title. Shapes: weights: (n_weights,), in weight order.
    """
    net, name = drawn(plan), unit_name(plan.original, unit)
    at = int(np.flatnonzero(plan.order == unit)[0])
    seen = field_of(net.table, at)
    own = int(net.table.layer_of[at])
    layers = net.table.layers
    found = {one: seen.of_layer(layers[one]) for one in range(own + 1)}
    found = {one: positions for one, positions in found.items() if len(positions)}
    order = sorted(found)
    shown = [order[one] for one in shown_layers(len(order))]
    needed = {one: [*marks.by_map(net.views[one], found[one])] for one in shown}
    bare = boxes(net.views, shown, needed)
    beside = {
        one: list(_about_layer(net, bare[one], len(found[one]), own, weights, at)) for one in shown
    }
    feeding = {one: _feeding(net, one, seen) for one in shown}
    between = {one: list(_about_sources(net, feeding[one], one == own)) for one in shown}
    stack = stacked(bare, beside, between, [layer.name for layer in layers])
    width = max(stack.width, LEAST)
    head = _heading(net, name, seen, width, notes)
    below = height_of(head) + 26
    body = _drawing(net, stack.boxes, found, feeding, seen, weights) + stack.labels
    elements = [*block(0, 0, head), group(0, below, *body)]
    high = below + stack.height + 30
    if weights is not None:
        foot, wide, more = _foot(net, at, weights, width)
        elements.append(group(0, high, *foot))
        width, high = max(width, wide), high + more
    said = f"What unit {clipped(name)} of the network {clipped(net.table.name)} sees."
    width = max(width, *(line.width for line in head))
    return Figure(f"{net.table.name} {name}", said, tuple(elements), width, high)


def _heading(net: Drawn, name: str, seen: Field, width: float, notes: Sequence[str]) -> list[Line]:
    """Return the title, the counts of the net, and how much of the input the unit sees."""
    table = net.table
    title = fitted(f"what {name} sees", width, TITLE, True)
    inputs = sum(len(seen.of_layer(layer)) for layer in table.input_layers)
    shown = (seen.direct.stop - seen.direct.start, inputs, table.n_inputs)
    of_net = fitted(f"in {table.name}: {counted(table)}", width, USUAL)
    reach = (
        f"{many(shown[0], 'connection')} of its own, {shown[1]:,} of {shown[2]:,} inputs in reach"
    )
    return [
        Line(title, TITLE, True, "ink"),
        Line(reach, USUAL + 1, class_="ink"),
        Line(of_net),
        *(Line(fitted(note, width, USUAL)) for note in notes),
    ]


def _about_layer(
    net: Drawn, box: Box, n_seen: int, own: int, weights: Floats | None, at: int
) -> Iterator[Line]:
    """Yield the label of a layer: its name, its shape, how many of its units are seen."""
    layer = net.table.layers[box.layer]
    yield name_line(layer.name)
    if not box.is_flat:
        yield Line(shape_words(box.view), class_="ink")
    elif box.layer == own:
        yield Line(many(layer.size, "unit"), class_="ink")
    if box.layer != own:
        yield Line(f"{n_seen:,} of {many(layer.size, 'unit')} seen")
    elif weights is not None:
        rows = rows_into(net.table, at)
        for wid in net.table.wid[rows][net.table.src[rows] == 0][:1]:
            yield Line(f"bias {weights[wid]:.3g}".replace("-", "−"))
    if len(box.maps) < box.view.maps:
        yield Line(f"{len(box.maps)} of {box.view.maps} maps drawn")


def _about_sources(net: Drawn, feeding: _Feeding, is_own: bool) -> Iterator[Line]:
    """Yield the label of what feeds the seen units of a layer."""
    for below, count in sorted(feeding.connections.items(), reverse=True):
        name = clipped(net.table.layers[below].name)
        yield from lines(f"{many(count, 'connection')} from {name}", RIGHT, "ink")
        if is_own:
            yield Line(_window_words(net, below, feeding.positions[below]))
    if feeding.constants:
        yield Line(f"{many(feeding.constants, 'connection')} from constant units")


def _window_words(net: Drawn, below: int, positions: NDArray[np.intp]) -> str:
    """Return the shape of what a unit sees of a layer, where it has one."""
    view = net.views[below]
    by_map = marks.by_map(view, positions)
    maps = f"{len(by_map)} of {view.maps} maps" if view.maps > 1 else ""
    shapes = set()
    for inside in by_map.values():
        rows, cols = np.divmod(inside, view.cols)
        sides = len(np.unique(rows)), len(np.unique(cols))
        shapes.add(sides if sides[0] * sides[1] == len(inside) else (0, 0))
    if len(shapes) > 1 or (0, 0) in shapes:
        return maps or f"{len(positions):,} units"
    ((high, wide),) = shapes
    window = f"{high} × {wide}" if view.rows > 1 else many(wide, "unit")
    return f"{window} in {maps}" if maps else window


@dataclass(frozen=True, slots=True, eq=False)
class _Feeding:
    """What feeds the seen units of one layer.

    connections: how many there are from each layer; positions: from which of its units;
    constants: how many are from constant units, biases not counted.
    """

    connections: dict[int, int]
    positions: dict[int, NDArray[np.intp]]
    constants: int


def _feeding(net: Drawn, index: int, seen: Field) -> _Feeding:
    table, layers = net.table, net.table.layers
    rows = rows_into(table, layers[index].first, layers[index].size)
    src = table.src[rows][seen.seen[table.dst[rows]]]
    counts = np.bincount(table.layer_of[src] + 1, minlength=len(layers) + 1)
    feeds = np.zeros(table.n_units, bool)
    feeds[src] = True
    connections = {one: int(counts[one + 1]) for one in range(len(layers)) if counts[one + 1]}
    return _Feeding(
        connections,
        {
            one: np.flatnonzero(feeds[layers[one].first : layers[one].first + layers[one].size])
            for one in connections
        },
        int(counts[0] - (src == 0).sum()),
    )


def _drawing(
    net: Drawn,
    placed: dict[int, Box],
    found: dict[int, NDArray[np.intp]],
    feeding: dict[int, _Feeding],
    seen: Field,
    weights: Floats | None,
) -> list[Element]:
    """Return the maps, what is seen of each, and what joins it to the layer above."""
    table = net.table
    own = int(table.layer_of[seen.unit])
    maps = [one for _, box in sorted(placed.items()) for one in marks.units_of(box)]
    areas = {one: _areas(placed[one], found[one]) for one in placed}
    cones: list[Element] = []
    direct = set(net.sources(seen.unit))
    for index in placed:
        is_whole = len(found[index]) == table.layers[index].size
        for below, positions in feeding[index].positions.items():
            if below in placed:
                joined = areas[index], _areas(placed[below], positions)
                cones += _joined(*joined, is_whole)
    windows: list[Element] = []
    for index, box in placed.items():
        every = [area for some in areas[index].values() for area in some]
        if index == own or not every:
            continue
        windows.append(marks.filled(every, "seen"))
        if weights is not None and index in direct:
            windows += taps.on_maps(net, box, seen, weights)
        if len(every) <= 64:
            windows.append(marks.filled(every, "frame"))
    windows += _rims(net, placed, own, seen.unit)
    cell = marks.cell_of(placed[own], seen.unit - table.layers[own].first)
    assert cell is not None, "the map of the unit was asked for"
    return [*maps, *cones, *windows, marks.filled([cell], "unit")]


def _areas(box: Box, positions: NDArray[np.integer]) -> dict[int, list[marks.Area]]:
    """Return the areas of some units, by map that is drawn."""
    return {
        one: marks.areas(box, one, inside)
        for one, inside in marks.by_map(box.view, positions).items()
        if one in box.places
    }


def _joined(
    above: dict[int, list[marks.Area]], below: dict[int, list[marks.Area]], is_whole: bool
) -> Iterator[Element]:
    """Yield what joins the windows of one layer to what they see: a band for each map, or one for
    all where the whole layer is seen, or they are many.
    """
    tops = [marks.hull(some) for some in above.values()]
    feet = [marks.hull(some) for some in below.values()]
    if not tops or not feet:
        return
    if is_whole or len(tops) > MOST_BANDS:
        tops, is_whole = [marks.hull(tops)], True
    if is_whole or len(tops) > 1:
        feet = [marks.hull(feet)]
    for top in tops:
        for foot in feet:
            yield marks.band(foot, top)


def _rims(net: Drawn, placed: dict[int, Box], own: int, unit: int) -> Iterator[Element]:
    """Yield the outlines of windows of the unit that reach over the edge of a map."""
    position = unit - net.table.layers[own].first
    plane = position // net.views[own].positions
    for link in net.into.get(own, ()):
        node = link.node
        if isinstance(node, Window) and link.src in placed:
            box = placed[link.src]
            for dst, src in node.pairs:
                if dst == plane and src in box.places:
                    rim = marks.overhang(node, box, position, src)
                    if rim is not None:
                        yield marks.filled([rim], "rim")


def _foot(net: Drawn, at: int, weights: Floats, room: float) -> tuple[list[Element], float, float]:
    """Return the weights of the taps, large, and the scale of their colours."""
    made = [taps.panel(net, at, below, weights, room) for below in net.sources(at)]
    elements, wide, high = panels.flowed(made, room)
    bar, bar_width = panels.scale(0, high + 20, "is the largest weight, told with each picture")
    return [*elements, *bar], max(wide, bar_width), high + 34
