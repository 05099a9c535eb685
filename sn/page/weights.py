"""Weights: kernels as pictures, which maps feed which, how weights and steps are spread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.charts.bars import bars
from sn.export.portable import Stored
from sn.lower.ir import Full, Window
from sn.net.table import ConnectionTable
from sn.page.data import maps_of
from sn.page.html import Html, join, picture, tag
from sn.page.play import Playground

MOST_KERNELS = 400  # pictures of kernels in a page; chosen here
MOST_MATRIX = 40  # maps along a side of a table of maps
BINS = 31


def kernels(ground: Playground) -> Html | None:
    """Return the weights of windows, map by map, and of full layers as what each unit sees."""
    if not ground.fits:
        return None
    blocks = []
    left = MOST_KERNELS
    for stored in ground.program.nodes:
        block, used = _kernels_of(ground, stored, left)
        left -= used
        if block is not None:
            blocks.append(block)
    if not blocks:
        return None
    return tag(
        "section",
        tag("h2", "Kernels"),
        *blocks,
        tag(
            "p",
            tag("span", Class="swatch minus"),
            " negative ",
            tag("span", Class="swatch zero"),
            " 0 ",
            tag("span", Class="swatch plus"),
            " positive, by the square root of the size, within each layer.",
            Class="note",
        ),
    )


def _kernels_of(ground: Playground, stored: Stored, left: int) -> tuple[Html | None, int]:
    node, table = stored.node, ground.program.plan.original
    if isinstance(node, Window) and node.shared and node.taps > 1:
        rows, used = [], 0
        maps = sorted({to for to, _ in node.pairs})
        for to in maps:
            pairs = [place for place, pair in enumerate(node.pairs) if pair[0] == to]
            if used + len(pairs) > left:
                break
            used += len(pairs)
            pictures = [
                _picture(
                    ground,
                    stored.offset + place * node.taps,
                    node.kernel,
                    stored.offset,
                    f"from map {node.pairs[place][1]}",
                )
                for place in pairs
            ]
            rows.append(
                tag("div", tag("span", f"map {to}", Class="note"), *pictures, Class="kernels")
            )
        if not rows:
            return None, 0
        rest = "" if len(rows) == len(maps) else f", the first {len(rows)} of {len(maps)} maps"
        title = f"{node.label}: {node.kernel[0]} × {node.kernel[1]}{rest}"
        is_flat = all(len(row.markup) < 600 for row in rows)
        return tag(
            "div", tag("h3", title), tag("div", *rows, Class="flow" if is_flat else None)
        ), used
    if isinstance(node, Full):
        n_maps, *size = maps_of(table.layers[node.src])
        is_moved = ground.program.plan.order_inside(node.src) is not None
        if n_maps != 1 or size[0] < 4 or is_moved:
            return None, 0
        units = min(node.wid.shape[0], left)
        pictures = [
            _picture(
                ground,
                stored.offset + unit * node.wid.shape[1],
                (size[0], size[1]),
                stored.offset,
                f"unit {unit}",
                4,
            )
            for unit in range(units)
        ]
        title = f"{node.label}: what each unit sees"
        return tag("div", tag("h3", title), tag("div", *pictures, Class="kernels")), units
    return None, 0


def _picture(
    ground: Playground, offset: int, size: tuple[int, int], group: int, title: str, cell: int = 8
) -> Html:
    rows, cols = size
    style = f"width: {cols * cell}px; height: {rows * cell}px"
    return tag(
        "canvas",
        data_kernel=f"{offset} {rows} {cols}",
        data_group=group,
        title=title,
        style=style,
        role="img",
        aria_label=title,
    )


def tables(ground: Playground) -> Html | None:
    """Return which maps feed which, where not all do, as matrices to click."""
    program = ground.program
    blocks = []
    for stored in program.nodes:
        node = stored.node
        if not isinstance(node, Window) or len(node.pairs) == node.grid.maps * node.field.maps:
            continue
        if max(node.grid.maps, node.field.maps) > MOST_MATRIX:
            continue
        fed = set(node.pairs)
        middle = (node.grid.rows // 2) * node.grid.cols + node.grid.cols // 2
        order = program.plan.order_inside(node.dst)
        rows = []
        for src in range(node.field.maps):
            cells = []
            for to in range(node.grid.maps):
                place = to * node.grid.positions + middle
                unit = place if order is None else int(order[place])
                words = f"map {to} sees map {src}"
                button = tag(
                    "button",
                    "●",
                    type="button",
                    data_unit=f"{node.dst} {unit}",
                    title=words,
                    aria_label=words,
                )
                cells.append(tag("td", button if (to, src) in fed else None))
            rows.append(tag("tr", tag("th", str(src)), *cells))
        head = tag("tr", tag("th", ""), *(tag("th", str(to)) for to in range(node.grid.maps)))
        blocks.append(
            tag(
                "div",
                tag(
                    "h3",
                    f"{node.label}: {len(node.pairs)} of {node.grid.maps * node.field.maps} pairs",
                ),
                tag(
                    "div",
                    tag("table", tag("thead", head), tag("tbody", *rows), Class="matrix"),
                    Class="scroll",
                ),
            )
        )
    if not blocks:
        return None
    return tag(
        "section",
        tag("h2", "Which maps feed which"),
        *blocks,
        tag(
            "p",
            "Columns: the maps of the layer above; rows: the maps they see. Click one to see its "
            "kernels at work.",
            Class="note",
        ),
    )


def spreads(
    table: ConnectionTable,
    before: NDArray[Any] | None,
    after: NDArray[Any],
    curvature: NDArray[Any] | None,
    options: Mapping[str, Any],
) -> Html:
    """Return histograms of the weights of each layer, of curvatures and steps where there are.

    Shapes: before, after, curvature: (n_weights,); `before` are the weights the run started from.
    """
    blocks = []
    for layer, which in weights_into(table):
        pictures = []
        both = np.concatenate([some[which] for some in (before, after) if some is not None])
        edges = _edges(both[np.isfinite(both)])
        for name, some, hue in (("weights before", before, 2), ("weights after", after, 0)):
            if some is not None:
                counts, _ = np.histogram(some[which], edges)
                pictures.append(picture(bars(counts.tolist(), edges.tolist(), name, hue)))
        if curvature is not None:
            pictures += _second_order(np.asarray(curvature[which], np.float64), options)
        blocks.append(tag("h3", f"into {layer}: {len(which):,} weights"))
        blocks.append(tag("div", *pictures, Class="spread"))
    return tag("section", tag("h2", "How weights are spread"), *blocks)


def weights_into(table: ConnectionTable) -> list[tuple[str, NDArray[np.int64]]]:
    """Return the numbers of the weights that lead into each layer, with its name."""
    of_row = table.layer_of[table.dst]
    return [
        (table.layers[index].name, np.unique(table.wid[of_row == index]).astype(np.int64))
        for index in table.computed
        if (of_row == index).any()
    ]


def _second_order(curvature: NDArray[np.float64], options: Mapping[str, Any]) -> list[Html]:
    """Return curvatures and the steps that follow from them, by their powers of ten."""
    found = [_by_powers(curvature, "curvature, log10", 3)]
    rate, mu = options.get("learning_rate"), options.get("mu")
    if isinstance(rate, float) and isinstance(mu, float) and options.get("damping") == "add":
        with np.errstate(divide="ignore", invalid="ignore"):  # left out below
            steps = rate / (np.abs(curvature) + mu)
        found.append(_by_powers(steps, "step, log10", 4))
    return found


def _by_powers(values: NDArray[np.float64], title: str, hue: int) -> Html:
    positive = values[np.isfinite(values) & (values > 0)]
    if not len(positive):
        return join([tag("p", f"{title.removesuffix(', log10')}: none is above 0.", Class="note")])
    powers = np.log10(positive)
    edges = _edges(powers)
    counts, _ = np.histogram(powers, edges)
    return picture(bars(counts.tolist(), edges.tolist(), title, hue))


def _edges(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return the edges of BINS bins, also of numbers that lie as near to each other as any can."""
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    nearest = 1e-6 * max(abs(low), abs(high)) or 0.5
    if high - low < nearest:
        low, high = low - nearest, high + nearest
    return np.linspace(low, high, BINS + 1)


def of_parameters(table: ConnectionTable, arrays: Mapping[str, Any] | None) -> NDArray[Any] | None:
    """Return arrays by name as one in weight order, (n_weights,); None stays None."""
    if arrays is None:
        return None
    found = np.zeros(table.n_weights, np.float32)
    for one in table.parameters:
        found[one.wid] = arrays[one.name]
    return found
