"""Plain: the weights of a net for people and other programs, as JSON or as NumPy's npz."""

from __future__ import annotations

import io
import re
from typing import Any

import msgspec
import numpy as np

from sn.display import shape_text
from sn.trained.net import TrainedNet
from sn.version import __version__

_OUTSIDE = re.compile(r"[^A-Za-z0-9._-]")


def as_json(net: TrainedNet) -> bytes:
    """Return what there is to know of a net: layers, connections, classes, scores and weights.

    Numbers have as many digits as tell them from any other float32.
    """
    table, about = net.table, net.about
    connections, weights = table.group_counts
    content: dict[str, Any] = {
        "net": net.name,
        "made_by": f"SN {__version__}",
        "layers": [
            {
                "name": layer.name,
                "shape": list(layer.shape),
                "function": "input" if layer.start is not None else layer.activation.name,
                "formula": "" if layer.start is not None else str(layer.activation),
                "border": layer.border,
            }
            for layer in table.layers
        ],
        "connections": [
            {
                "label": group.label,
                "scheme": group.scheme,
                "connections": int(connections[number]),
                "weights": int(weights[number]),
            }
            for number, group in enumerate(table.groups)
        ],
        "outputs": [layer.name for layer in table.output_layers],
        "tells": str(about.kind),
        "classes": list(about.classes),
        "scores": about.scores,
        "weights": [
            {
                "name": one.name,
                "shape": shape_text(one.wid.shape),
                "maps": one.maps,
                "values": _rounded(net.weight_vector[one.wid]),
            }
            for one in table.parameters
        ],
    }
    scaling = about.scaling
    if scaling is not None and (about.fills or not scaling.is_identity):
        content["inputs"] = {"shift": scaling.shift.tolist(), "factor": scaling.factor.tolist()}
        if about.fills:
            content["inputs"]["fill"] = scaling.fill.tolist()
    encoded = msgspec.json.encode(content, enc_hook=str)
    return msgspec.json.format(encoded, indent=1) + b"\n"


def _rounded(values: Any) -> Any:
    """Return an array as nested lists of the shortest decimals."""
    return [_rounded(one) for one in values] if values.ndim else float(str(values))


def as_npz(net: TrainedNet) -> bytes:
    """Return an npz file with an array for each name of weights, shaped as `net.weights` has it.

    In the names, which become names of files in it, what is no letter, digit, dot or line is `_`.
    """
    arrays: dict[str, Any] = {}
    for name, values in net.weights.items():
        key = unique = _OUTSIDE.sub("_", name).lstrip(".") or "weights"
        number = 1
        while unique in arrays:
            number += 1
            unique = f"{key}_{number}"
        arrays[unique] = np.asarray(values)
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()
