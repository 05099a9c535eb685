"""Raw nets: units and connections made one by one, as SN's kernels do.

`newneurons`, `connect` and `dup-connection` fill a `RawNet`; `defnet` takes layers of its units
over into a `Network`. Unit 0 is the bias.

Source: SN 2.8, sn-network 2 and 3.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sn.display import number_text
from sn.errors import NetError
from sn.net.layer import Ints, Network
from sn.net.sizes import demand
from sn.net.upstream import upstream_layers, upstream_name


@dataclass(slots=True)
class RawNet:
    """Connections in creation order, one state per unit; weights are numbered as created.

    `most` are the units, unit 0 among them, connections and weights that were allocated; None
    where nobody said.
    """

    src: array[int] = field(default_factory=lambda: array("i"))
    dst: array[int] = field(default_factory=lambda: array("i"))
    wid: array[int] = field(default_factory=lambda: array("i"))
    state: list[float] = field(default_factory=lambda: [1.0])
    n_weights: int = 0
    most: tuple[int, int, int] | None = None
    # weight of each connection by (upstream, downstream)
    pairs: dict[tuple[int, int], int] = field(default_factory=dict)

    def demand(self, n_units: int, n_connections: int) -> None:
        """Demand that there can be so many units and connections more, before they are made.

        Raises: NetError for more than were allocated or can be numbered, MemoryLimitError above
        the limit.
        """
        if self.most is not None:
            self._demand_of("neurons", len(self.state) + n_units, self.most[0])
            self._demand_of("connections", len(self.src) + n_connections, self.most[1])
        demand(len(self.state) + n_units, len(self.src) + n_connections, is_raw=True)

    def _demand_of(self, what: str, count: int, most: int) -> None:
        if count > most:
            raise NetError(
                f"too many {what}: {number_text(count)}, where {number_text(most)} were allocated",
                hint="(alloc-net UNITS LINKS) says how many there are at most, unit 0 included",
            )

    def add_units(self, count: int) -> range:
        """Make `count` units and return their numbers."""
        first = len(self.state)
        self.state.extend([0.0] * count)
        return range(first, first + count)

    def check_unit(self, unit: int) -> None:
        """Raise NetError unless there is such a unit."""
        if not 0 <= unit < len(self.state):
            raise NetError(
                f"there is no unit {number_text(unit)}; units 0 to {len(self.state) - 1} exist",
                hint="(newneurons N) makes units",
            )

    def connect(self, src: int, dst: int, wid: int | None = None) -> None:
        """Connect two units, by a weight of their own or by `wid`.

        Raises: NetError when they are connected already or do not exist.
        """
        self.check_unit(src)
        self.check_unit(dst)
        if (src, dst) in self.pairs:
            raise NetError(
                f"unit {src} is already connected to unit {dst}",
                hint="there is at most one connection between two units",
            )
        if wid is None:
            wid = self.n_weights
            self.n_weights += 1
        self.pairs[src, dst] = wid
        self.src.append(src)
        self.dst.append(dst)
        self.wid.append(wid)

    def weight_of(self, src: int, dst: int) -> int:
        """Return the weight number of a connection.

        Raises: NetError when there is none.
        """
        wid = self.pairs.get((src, dst))
        if wid is None:
            raise NetError(
                f"unit {src} is not connected to unit {dst}, so there is no weight to share",
                hint="connect the first pair, then duplicate its connection",
            )
        return wid


def take_over(raw: RawNet, net: Network, layers: Mapping[str, Sequence[int]]) -> None:
    """Add to `net` the connections among raw units of its layers; others are constants.

    `layers`: raw unit numbers of each layer of `net` that is made of them, in layer order.
    """
    number = np.full(len(raw.state), -1, np.int32)
    number[0] = 0
    for name, units in layers.items():
        layer = net.layer(name)
        assert layer is not None
        number[np.array(units, np.int32)] = layer.units.ravel()
    src, dst = np.array(raw.src, np.int32), np.array(raw.dst, np.int32)
    wid = np.array(raw.wid, np.int32)
    fed = number[dst] > 0
    src, dst, wid = src[fed], dst[fed], wid[fed]
    for unit in np.unique(src[number[src] < 0]).tolist():
        number[unit] = net.n_units
        net.constants[net.n_units] = raw.state[unit]
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
