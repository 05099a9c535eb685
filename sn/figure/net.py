"""Net: the figure of a network, layers below each other, and for each connection a window.

    net_figure(plan) -> Figure            net_figure(plan, weights) with its kernels

After figure 3 of LeCun et al. 1989. From the outputs down, one unit of each layer is shown with
what it sees: a unit of the next layer is taken from the middle of that. Read next: unit.py.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sn.display import clipped, many, number_text
from sn.figure import marks, panels
from sn.figure.layout import ALONE, MOST_MAPS, Box, boxes, scale_of, shown_layers
from sn.figure.letters import fitted
from sn.figure.links import Drawn, Link, drawn, words
from sn.figure.matrices import table_of_maps, weights_matrix
from sn.figure.picture import Figure
from sn.figure.stack import (
    LEFT,
    RIGHT,
    SMALL,
    TITLE,
    USUAL,
    Line,
    block,
    height_of,
    lines,
    name_line,
    stacked,
    text_at,
)
from sn.lower.ir import Plan, View, Window
from sn.net.table import ConnectionTable
from sn.svg import Element, group

Floats = NDArray[np.floating]
LEAST = 560.0  # the width of a figure, for its title and its panels
MOST_PANELS, MOST_LINKS = 24, 4  # chosen here


def net_figure(
    plan: Plan,
    weights: Floats | None = None,
    notes: Sequence[str] = (),
    largest: float = ALONE,
) -> Figure:
    """Return the figure of a net; of a trained one with its kernels.

    `notes` are lines below the counts; `largest`: the side of a unit of a map, at most.
    Shapes: weights: (n_weights,), in weight order.
    """
    net = drawn(plan)
    shown = shown_layers(len(net.views))
    chosen = _chosen(net, shown)
    needed = {index: [unit // net.views[index].positions] for index, unit in chosen.items()}
    bare = boxes(net.views, shown, needed, largest)
    beside = {index: _about_layer(net, bare[index]) for index in shown}
    between = {index: _about_links(net, net.into.get(index, ())) for index in shown}
    stack = stacked(bare, beside, between, [layer.name for layer in net.table.layers])
    head = heading(net.table, max(stack.width, LEAST), notes)
    body = _in_depth(net, stack.boxes, chosen) + stack.labels
    below = height_of(head) + 26
    width = max(stack.width, *(line.width for line in head))
    elements = [*block(0, 0, head), group(0, below, *body)]
    foot, wide, high = _foot(net, shown, weights, max(width, LEAST))
    elements.append(group(0, below + stack.height + 30, *foot))
    return Figure(
        net.table.name,
        description(net.table),
        tuple(elements),
        max(width, wide),
        below + stack.height + 30 + high,
    )


def net_figures(plans: Sequence[Plan]) -> list[Figure]:
    """Return the figures of several nets, all to one scale."""
    scales = [scale_of(drawn(plan).views) for plan in plans]
    return [net_figure(plan, largest=min(scales)) for plan in plans]


def heading(table: ConnectionTable, width: float, notes: Sequence[str] = ()) -> list[Line]:
    """Return the lines that a figure begins with: the name of the net, its counts, and more."""
    name = Line(fitted(table.name, width, TITLE, True), TITLE, True, "ink")
    counts = Line(fitted(counted(table), width, USUAL + 1), USUAL + 1, class_="ink")
    return [name, counts, *(Line(fitted(note, width, USUAL)) for note in notes)]


def counted(table: ConnectionTable) -> str:
    """Return the counts of a net as papers give them."""
    return ", ".join(
        (
            many(table.counted_units, "unit"),
            many(table.n_rows, "connection"),
            many(table.n_weights, "parameter"),
        )
    )


def description(table: ConnectionTable) -> str:
    """Return what a figure shows, for who cannot see it."""
    layers = ", ".join(f"{clipped(one.name)} {_shape(one.shape)}" for one in table.layers[:40])
    return f"The network {clipped(table.name)}: {counted(table)}. Layers: {layers}."


def shape_words(view: View) -> str:
    """Return the shape of a layer as maps of rows and columns."""
    sizes = [view.maps] if view.maps > 1 else []
    sizes += [view.rows] if view.rows > 1 else []
    return _shape((*sizes, view.cols))


def _shape(sizes: Sequence[int]) -> str:
    return " × ".join(map(str, sizes))


def _about_layer(net: Drawn, box: Box) -> list[Line]:
    """Return the label of a layer: name, shape, what its units compute, what was left out."""
    layer, view = net.table.layers[box.layer], box.view
    shape = shape_words(view)
    units = many(layer.size, "unit")
    is_row = shape == str(layer.size)
    found = [
        name_line(layer.name),
        Line(units if is_row else f"{shape} = {units}", class_="ink"),
    ]
    if layer.start is not None:
        found.append(Line(net.table.input_text(layer)))
    else:
        found.append(Line(fitted(layer.activation.name, LEFT, USUAL)))
        found += [Line(text) for text in _fixed_inputs(net, box.layer)]
    if len(box.maps) < view.maps:
        found.append(Line(f"{len(box.maps)} of {view.maps} maps drawn"))
    return found


def _fixed_inputs(net: Drawn, layer: int) -> list[str]:
    """Return what is told of the biases of a layer, and of constant units that nothing owns."""
    found = []
    if counts := net.biases.get(layer):
        is_shared = counts.weights < counts.connections
        whose = f" for {number_text(counts.connections)} units" if is_shared else ""
        plural = "bias" if counts.weights == 1 else "biases"
        found.append(f"{number_text(counts.weights)} {plural}{whose}")
    if counts := net.constants.get(layer):
        found.append(f"{many(counts.connections, 'connection')} from constants")
    return found


def _about_links(net: Drawn, links: Sequence[Link]) -> list[Line]:
    """Return the label of what leads into a layer."""
    found: list[Line] = []
    for link in links[:MOST_LINKS]:
        if found:
            found.append(Line("", 4.0))
        what = words(link)
        is_next = link.src == link.dst - 1
        if not is_next or len(links) > 1:
            what = f"from {clipped(net.table.layers[link.src].name)}: {what}"
        found += lines(what, RIGHT, "ink")
        found.append(Line(many(link.n_connections, "connection")))
        found.append(Line(many(link.n_weights, "weight")))
    if len(links) > MOST_LINKS:
        rest = links[MOST_LINKS:]
        count = sum(link.n_connections for link in rest)
        found.append(Line(f"{len(rest)} more, {many(count, 'connection')}"))
    return found


def _chosen(net: Drawn, shown: Sequence[int]) -> dict[int, int]:
    """Return the unit of each layer that is shown with what it sees: its position in the layer."""
    found: dict[int, int] = {}
    for index in reversed(shown):
        if index not in found:
            view = net.views[index]
            found[index] = _middle(view, np.arange(view.maps * view.positions))
        first = net.table.layers[index].first
        for src, positions in net.sources(first + found[index]).items():
            if src not in found:
                found[src] = _middle(net.views[src], positions)
    return {index: found[index] for index in shown}


def _middle(view: View, positions: NDArray[np.integer]) -> int:
    """Return the unit in the middle of some, in a map in the middle of the first ones."""
    maps = marks.by_map(view, positions)
    one = list(maps)[(min(len(maps), MOST_MAPS) - 1) // 2]
    rows, cols = np.divmod(maps[one], view.cols)
    away = [abs(2 * at - (at.min() + at.max() + 1)) for at in (rows, cols)]
    return int(one * view.positions + maps[one][np.argmin(away[0] + away[1])])


def _in_depth(net: Drawn, placed: dict[int, Box], chosen: dict[int, int]) -> list[Element]:
    """Return maps, cones and windows: what passes behind layers first."""
    behind: list[Element] = []
    before: list[Element] = []
    windows: list[Element] = []
    for index, box in placed.items():
        cell = marks.cell_of(box, chosen[index])
        assert cell is not None, "the map of the unit was asked for"
        for src, positions in net.sources(net.table.layers[index].first + chosen[index]).items():
            if src not in placed:
                continue
            is_next = not any(src < other < index for other in placed)
            below = placed[src]
            if len(positions) == net.table.layers[src].size:
                (before if is_next else behind).append(marks.band(marks.of_box(below), cell))
                continue
            seen = _windows(net, below, index, chosen[index], positions)
            for areas, rim in seen:
                cone = marks.band(rim or marks.hull(areas), cell)
                (before if is_next else behind).append(cone)
                windows += _window(areas, rim)
    units = [
        marks.filled([cell], "unit")
        for index, box in placed.items()
        if index in net.into and (cell := marks.cell_of(box, chosen[index]))
    ]
    maps = [one for _, box in sorted(placed.items()) for one in marks.units_of(box)]
    return [*behind, *maps, *before, *windows, *units]


def _windows(
    net: Drawn, below: Box, layer: int, unit: int, positions: NDArray[np.integer]
) -> list[tuple[list[marks.Area], marks.Area | None]]:
    """Return what a unit sees of a layer below, map by map: its areas, and the border around."""
    node = next(
        (one.node for one in net.into[layer] if one.src == below.layer and one.node.dst == layer),
        None,
    )
    found = []
    for one, inside in marks.by_map(below.view, positions).items():
        if one in below.places:
            rim = marks.overhang(node, below, unit, one) if isinstance(node, Window) else None
            found.append((marks.areas(below, one, inside), rim))
    return found


def _window(areas: Sequence[marks.Area], rim: marks.Area | None) -> list[Element]:
    found = [marks.filled(areas, "seen")]
    if len(areas) <= 64:
        found.append(marks.filled(areas, "frame"))
    if rim is not None:
        found.append(marks.filled([rim], "rim"))
    return found


def _foot(
    net: Drawn, shown: Sequence[int], weights: Floats | None, room: float
) -> tuple[list[Element], float, float]:
    """Return what stands below the layers: kernels, tables of maps, and what the marks mean."""
    made = []
    for link in net.links:
        if link.src not in shown or link.dst not in shown:
            continue
        matrix = None if weights is None else weights_matrix(net, link, weights)
        matrix = matrix or table_of_maps(net, link)
        if matrix is not None:
            names = tuple(net.table.layers[one].name for one in (link.src, link.dst))
            made.append(panels.panel(matrix, (names[0], names[1]), room))
    elements, wide, high = panels.flowed(made[:MOST_PANELS], room)
    if made:
        high += 24
    if weights is not None and made:
        bar, bar_width = panels.scale(0, high, "is the largest weight, told with each picture")
        elements += bar
        wide, high = max(wide, bar_width), high + 18
    key, key_width = _key(high, net)
    return [*elements, *key], max(wide, key_width), high + 12


def _key(y: float, net: Drawn) -> tuple[list[Element], float]:
    """Return what the marks mean."""
    text = Line("a unit and what it sees", SMALL)
    unit = marks.filled([(0, y + 1, 8, y + 9)], "unit")
    window = [marks.filled([(12, y, 22, y + 10)], name) for name in ("seen", "frame")]
    x = 28.0
    found = [unit, *window, text_at(x, y + 8.5, text)]
    return found, x + text.width
