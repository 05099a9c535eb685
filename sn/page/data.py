"""Data: what the scripts of a page know of a net beside its arithmetic.

assets/play.js reads it; every name in it is data there, never code.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.data.rows import TargetKind
from sn.export.portable import Program, Stored
from sn.lower.ir import Bias, Full, Rows, Subsample, Window
from sn.net.layer import Layer
from sn.net.loss import split
from sn.page.ink import Ink
from sn.trained.net import TrainedNet

MOST_MAPS = 64  # of a layer that a page shows
MOST_ROWS = 60_000  # connections without a rule that a page lists
MOST_BYTES = 700_000  # of patterns, and of weights, in a page: all of it stays under 2 MB
WIDE = 32  # units of a layer without maps in a line

Floats32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Weights at some time of a run, (n_weights,) float32, and the name of that time."""

    name: str
    weights: Floats32


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """Patterns that a page has, as the net takes them: (n, n_inputs), and what they are.

    `numbers` say which of the set they are, `labels` what they should be read as, `name` what one
    of them is called.
    """

    name: str
    inputs: Floats32
    numbers: tuple[int, ...]
    labels: tuple[str | None, ...]


def page_data(
    net: TrainedNet, frames: Sequence[Frame], shown: Shown | None, ink: Ink | None
) -> dict[str, Any]:
    """Return what assets/play.js reads."""
    program, about = Program(net.plan), net.about
    *_, (_, cost) = split(about.cost, net.table.n_outputs)
    softened = {"softmax": "softmax", "logistic": "logistic"}
    share = ""
    if cost.share is not None:
        share = softened["softmax" if cost.reductions else "logistic"]
    is_one = len(net.table.output_layers) == 1
    low, high = (0.0, 1.0) if share else (about.low, about.high)
    return {
        "name": net.name,
        "layers": [_layer(program, index, ink) for index in range(len(net.layers))],
        "nodes": [node for stored in program.nodes for node in _nodes(program, stored)],
        "frames": [
            {"name": frame.name, "weights": packed(program.stored(frame.weights))}
            for frame in frames
        ],
        "most": MOST_MAPS,
        "classes": list(_names(net)),
        "isClasses": about.kind is TargetKind.CLASSES and is_one and net.table.n_outputs > 1,
        "targets": [low, high],
        "share": share if is_one else "",
        "inputs": _inputs(net, ink),
        "patterns": None if shown is None else _patterns(shown, ink is not None),
    }


def packed(values: NDArray[Any]) -> str:
    """Return numbers as float32, the low byte first, in letters."""
    return base64.b64encode(np.asarray(values).astype("<f4").tobytes()).decode("ascii")


def fitting(frames: Sequence[Frame], stored: int) -> list[Frame]:
    """Return as many frames as a page has room for, evenly taken; the last one always.

    `stored` is how many weights a page has to hold for each.
    """
    room = max(1, MOST_BYTES // (4 * stored * 4 // 3))
    if len(frames) <= room:
        return list(frames)
    places = np.linspace(0, len(frames) - 1, room).round().astype(int) if room > 1 else [-1]
    return [frames[place] for place in dict.fromkeys(int(one) for one in places)]


def _names(net: TrainedNet) -> Iterable[str]:
    about = net.about
    names = [*about.classes]
    if len(names) != net.table.n_outputs:
        layers = net.table.output_layers
        words = [one.name for one in layers] if len(layers) > 1 else ["output"]
        names = [
            f"{word} {name}"
            for word, layer in zip(words, layers, strict=True)
            for name in (names if len(names) == layer.size > 1 else range(layer.size))
        ]
    return (name or f"output {number}" for number, name in enumerate(names))


def maps_of(layer: Layer) -> tuple[int, int, int]:
    """Return a layer as maps of rows and columns, as pictures show it."""
    if len(layer.shape) == 1:
        size = layer.size
        return (1, 1, size) if size <= WIDE else (1, -(-size // WIDE), WIDE)
    *maps, rows, cols = layer.shape
    return (int(np.prod(maps)), rows, cols)


def _layer(program: Program, index: int, ink: Ink | None) -> dict[str, Any]:
    layer = program.plan.original.layers[index]
    order = program.plan.order_inside(index)
    return {
        "name": layer.name,
        "shape": list(layer.shape),
        "maps": list(maps_of(layer)),
        "first": layer.first,
        "size": layer.size,
        "order": None if order is None else order.tolist(),
        "isPicture": ink is not None and layer.start is not None,
    }


def _nodes(program: Program, stored: Stored) -> Iterable[dict[str, Any]]:
    """Yield how the units of a layer are connected, in words of play.js."""
    node = stored.node
    start: dict[str, Any] = {"dst": node.dst, "offset": stored.offset}
    match node:
        case Bias():
            yield {"kind": "bias", **start, "per": node.units // len(node.wid)}
        case Full():
            yield {"kind": "full", **start, "src": node.src, "count": node.wid.shape[1]}
        case Window():
            yield {
                "kind": "window",
                **start,
                "src": node.src,
                "pairs": [list(pair) for pair in node.pairs],
                "kernel": list(node.kernel),
                "stride": list(node.stride),
                "dilation": list(node.dilation),
                "offsets": list(node.offset),
                "wrap": list(node.wrap),
                "shared": node.shared,
                "grid": [node.grid.rows, node.grid.cols],
                "field": [node.field.rows, node.field.cols],
            }
        case Subsample():
            yield {
                "kind": "subsample",
                **start,
                "src": node.src,
                "pairs": [[number, number] for number in range(node.grid.maps)],
                "kernel": list(node.kernel),
                "stride": list(node.stride),
                "dilation": [1, 1],
                "offsets": [0, 0],
                "wrap": [False, False],
                "shared": True,
                "grid": [node.grid.rows, node.grid.cols],
                "field": [node.field.rows, node.field.cols],
            }
        case Rows() if len(node.wid) <= MOST_ROWS:
            table = program.plan.table
            layer = table.layer_of[node.src_unit]
            first = np.array([one.first for one in table.layers] + [0])[layer]
            yield {
                "kind": "rows",
                **start,
                "to": (node.dst_unit - table.layers[node.dst].first).tolist(),
                "from": np.stack([layer, node.src_unit - first], axis=1).tolist(),
            }


def _inputs(net: TrainedNet, ink: Ink | None) -> dict[str, Any]:
    low, high = net.about.input_range
    found: dict[str, Any] = {"count": net.table.n_inputs, "low": low, "high": high}
    scaling = net.about.scaling
    if scaling is not None and not scaling.is_identity:
        found |= {"shift": scaling.shift.tolist(), "factor": scaling.factor.tolist()}
    if scaling is not None and net.about.fills:
        found |= {"fill": scaling.fill.tolist()}
    if ink is not None:
        found |= {
            "low": ink.paper,
            "high": ink.ink,
            "size": list(net.table.layers[0].shape[-2:]),
            "box": round(ink.box, 2),
            "pen": round(ink.pen, 2),
        }
    return found


def _patterns(shown: Shown, is_picture: bool) -> dict[str, Any]:
    """Return patterns: of pictures 256 levels between the least and the largest number of all.

    Other numbers are as they are: a column may be small beside another.
    """
    found: dict[str, Any] = {
        "name": shown.name,
        "size": shown.inputs.shape[1],
        "numbers": list(shown.numbers),
        "labels": list(shown.labels),
    }
    if not is_picture:
        return found | {"values": packed(shown.inputs)}
    low, high = float(shown.inputs.min()), float(shown.inputs.max())
    step = (high - low) / 255 or 1.0
    levels = np.rint((shown.inputs - low) / step).astype(np.uint8)
    data = base64.b64encode(levels.tobytes()).decode("ascii")
    return found | {"data": data, "low": low, "high": high}
