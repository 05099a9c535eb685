"""The nets whose trajectories the original program left, built from its own connections.

The trajectories list every connection in the order of creation: upstream unit, downstream unit,
weight. The nets here are made of these rows alone, so that the compiler has to find masks, tori
and tables of maps in a net that the original program built.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sn.net.layer import Network
from sn.net.table import ConnectionTable, freeze

Arrays = Mapping[str, NDArray[np.generic]]


def table_of(
    name: str,
    layers: dict[str, tuple[int, ...]],
    arrays: Arrays,
    constants: dict[int, float] | None = None,
) -> ConnectionTable:
    """Build a net from columns pre, post and widx; layers take units from 1 on, in this order.

    `constants` are the states of units that follow the layers.
    """
    net = Network(name)
    for label, shape in layers.items():
        net.add_layer(label, shape)
    for unit, state in (constants or {}).items():
        net.constants[unit] = state
        net.n_units = max(net.n_units, unit + 1)
    pre, post, wid = (np.asarray(arrays[key]).astype(np.int32) for key in ("pre", "post", "widx"))
    net.add_weights(int(wid.max()) + 1)
    owner = np.full(net.n_units, -1)
    for index, layer in enumerate(net.layers):
        owner[layer.units] = index
    # a border unit belongs to the statement around it, so groups are told by downstream layer
    # and by whether the upstream unit is the bias
    kind = owner[post] * 2 + (pre == 0)
    edges = [0, *(np.flatnonzero(np.diff(kind)) + 1), len(kind)]
    for first, last in zip(edges, edges[1:], strict=False):
        label = net.layers[owner[post[first]]].name
        source = "bias" if pre[first] == 0 else net.layers[owner[post[first]] - 1].name
        group = net.add_group(f"{source} -> {label}", "rows")
        rows = slice(first, last)
        net.connect(group, post[rows], pre[rows], wid[rows])
    return freeze(net)


def lecun89(arrays: Arrays) -> ConnectionTable:
    """The 1989 net: 16x16, 12 maps of 8x8, 12 of 4x4, 30, 10; borders of units at -1.

    The original numbers ten desired units between the outputs and the border units.
    """
    desired, border = np.arange(1257, 1267), np.arange(1267, 2056)
    pre = np.asarray(arrays["pre"]).astype(int)
    pre = np.where(pre > desired[-1], pre - len(desired), pre)
    shapes = {"input": (16, 16), "h1": (12, 8, 8), "h2": (12, 4, 4), "h3": (30,), "output": (10,)}
    constants = {int(unit) - len(desired): -1.0 for unit in border}
    columns = {"pre": pre, "post": arrays["post"], "widx": arrays["widx"]}
    return table_of("lecun89", shapes, columns, constants)


def netmask(arrays: Arrays) -> ConnectionTable:
    """NetMASK of SN's tutorial: 16x16, 2 maps of 8x8, 4 of 4x4, 10; toroidal 3x3 masks."""
    shapes = {"input": (16, 16), "h1": (2, 8, 8), "h2": (4, 4, 4), "output": (10,)}
    return table_of("netmask", shapes, arrays)
