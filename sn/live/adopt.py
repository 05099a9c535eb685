"""Adopt: units and connections that were made one by one become those of a described net.

Read next: ../net/layer.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sn.live.net import VAL, LiveNet
from sn.net.layer import Ints, Network
from sn.net.upstream import upstream_layers, upstream_name


def take_over(live: LiveNet, net: Network, layers: Mapping[str, Sequence[int]]) -> None:
    """Add to `net` the connections among units of a live net of its layers; others are constants.

    `layers`: the units of each layer of `net` that is made of them, in layer order.
    """
    number = np.full(live.n_units, -1, np.int32)
    number[0] = 0
    for name, units in layers.items():
        layer = net.layer(name)
        assert layer is not None
        number[np.array(units, np.int32)] = layer.units.ravel()
    conn = live.alive()
    src, dst, wid = live.src[conn], live.dst[conn], live.wid[conn]
    fed = number[dst] > 0
    src, dst, wid = src[fed], dst[fed], wid[fed]
    for unit in np.unique(src[number[src] < 0]).tolist():
        number[unit] = net.n_units
        net.constants[net.n_units] = float(live.units[VAL, unit])
        net.n_units += 1
    used, local = np.unique(wid, return_inverse=True)
    fresh = net.add_weights(len(used))
    weights: Ints = fresh[local].astype(np.int32)
    _connect_by_layers(net, number[src], number[dst], weights)
    net.name_parameter("weights", fresh)


def _connect_by_layers(net: Network, src: Ints, dst: Ints, wid: Ints) -> None:
    """Add rows with a group per pair of layers, so that messages can name them."""
    owner = np.full(net.n_units, -1, np.int32)
    for index, layer in enumerate(net.layers):
        owner[layer.first : layer.first + layer.size] = index
    for above in np.unique(owner[dst]).tolist():
        into = owner[dst] == above
        to, by, weight = dst[into], src[into], wid[into]
        below = upstream_layers(owner, to, by, weight)
        for index in np.unique(below).tolist():
            rows = below == index
            label = f"{upstream_name(index, net.layers)} -> {net.layers[above].name}"
            group = net.add_group(label, "connect", net.span)
            net.connect(group, to[rows], by[rows], weight[rows])
