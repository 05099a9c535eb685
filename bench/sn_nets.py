"""The benchmark's nets in SN's own words, and their weights under the benchmark's names.

The zip-code net is made twice: by the connection schemes, and unit by unit with flat layers, as
a program of the nineties does. Recognition must make the same of both.

Read next: `rivals/sn.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.reference import SHAPES, TABLE, Table
from bench.task import Weights
from sn.live.adopt import take_over
from sn.live.net import VAL, LiveNet
from sn.net import schemes
from sn.net.activations import tanh
from sn.net.layer import Network
from sn.net.schemes import Link, Window
from sn.net.table import ConnectionTable, freeze

Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Net:
    """A net to compile, and the weight number of each number in the benchmark's arrays."""

    table: ConnectionTable
    numbers: dict[str, Ints]

    def to_order(self, weights: Weights) -> NDArray[np.float32]:
        """Return named arrays as one, in weight order."""
        flat = np.zeros(self.table.n_weights, np.float32)
        for name, number in self.numbers.items():
            flat[number] = weights[name]
        return flat

    def from_order(self, flat: NDArray[np.float32]) -> Weights:
        """Return the named arrays again."""
        return {name: flat[number] for name, number in self.numbers.items()}


def zipcode(table: Table = TABLE) -> Net:
    """Return the zip-code net, made by schemes."""
    net = Network("zipcode")
    image = net.add_layer("input", (16, 16), border=-1.0)
    h1 = net.add_layer("h1", (12, 8, 8), tanh(), border=-1.0)
    h2 = net.add_layer("h2", (12, 4, 4), tanh())
    h3 = net.add_layer("h3", (30,), tanh())
    output = net.add_layer("output", (10,), tanh())
    for layer in (h1, h2, h3, output):
        schemes.bias(net, layer, shared=False)
    schemes.conv(net, Link(image, h1), Window((5, 5), (2, 2)))
    schemes.conv(net, Link(h1, h2), Window((5, 5), (2, 2), maps=table))
    schemes.full(net, Link(h2, h3))
    schemes.full(net, Link(h3, output))
    return _named(net, ("h1", "h2", "h3", "output"))


def full(sizes: tuple[int, ...]) -> Net:
    """Return full layers of these sizes, input first."""
    net = Network("full")
    below = net.add_layer("layer0", sizes[:1])
    for number, size in enumerate(sizes[1:], 1):
        layer = net.add_layer(f"layer{number}", (size,), tanh())
        schemes.bias(net, layer, shared=False)
        schemes.full(net, Link(below, layer))
        below = layer
    return _named(net, tuple(layer.name for layer in net.layers[1:]))


def _named(net: Network, layers: tuple[str, ...]) -> Net:
    found = {parameter.name: parameter.wid for parameter in net.parameters}
    numbers = {}
    for number, layer in enumerate(layers, 1):
        weight = found[f"{layer}.weight"]
        if weight.ndim == 4:
            weight = weight.reshape(*weight.shape[:2], -1)
            weight = weight[:, 0] if weight.shape[1] == 1 else weight
        numbers[f"w{number}"], numbers[f"b{number}"] = weight, found[f"{layer}.bias"]
    return Net(freeze(net), numbers)


def zipcode_by_hand() -> Net:
    """Return the zip-code net, made by one call for each connection, with flat layers."""
    made = LiveNet()
    sizes = {"input": 256, "h1": 768, "h2": 192, "h3": 30, "output": 10}
    units = {name: made.add_units(size) for name, size in sizes.items()}
    numbers = {name: np.zeros(shape, np.int32) for name, shape in SHAPES.items()}
    for name, layer in (("b1", "h1"), ("b2", "h2"), ("b3", "h3"), ("b4", "output")):
        for index, unit in zip(np.ndindex(SHAPES[name]), units[layer], strict=True):
            numbers[name][index] = _connect(made, 0, unit)
    image = np.array(units["input"]).reshape(1, 16, 16)
    maps = np.array(units["h1"]).reshape(12, 8, 8)
    _windows(made, image, maps, ((0,),) * 12, numbers["w1"].reshape(12, 1, 25))
    _windows(made, maps, np.array(units["h2"]).reshape(12, 4, 4), TABLE, numbers["w2"])
    for below, above, name in (("h2", "h3", "w3"), ("h3", "output", "w4")):
        for j, dst in enumerate(units[above]):
            for i, src in enumerate(units[below]):
                numbers[name][j, i] = _connect(made, src, dst)
    net = Network("zipcode-by-hand")
    for name, size in sizes.items():
        net.add_layer(name, (size,), tanh())
    # weights keep their numbers: every one of them is used by a layer
    take_over(made, net, units)
    return Net(freeze(net), numbers)


def _windows(made: LiveNet, below: Ints, above: Ints, table: Table, numbers: Ints) -> None:
    """Connect maps by 5x5 windows with stride 2, each shared by the positions of a map."""
    size = below.shape[1]
    framed = np.pad(below, ((0, 0), (2, 1), (2, 1)), constant_values=-1)
    for plane, row, col in np.argwhere(framed < 0).tolist():
        (framed[plane, row, col],) = made.add_units(1)
        made.units[VAL, framed[plane, row, col]] = -1.0
    for out, sources in enumerate(table):
        for place, source in enumerate(sources):
            corner = framed[source, :5, :5].ravel()
            for y, x in np.ndindex(size // 2, size // 2):
                dst = int(above[out, y, x])
                window = framed[source, 2 * y : 2 * y + 5, 2 * x : 2 * x + 5].ravel().tolist()
                for tap, src in enumerate(window):
                    if (y, x) == (0, 0):
                        numbers[out, place, tap] = _connect(made, src, dst)
                    else:
                        first = made.pairs[int(corner[tap]) << 31 | int(above[out, 0, 0])]
                        made.duplicate(first, src, dst, None, 0.0)


def _connect(made: LiveNet, src: int, dst: int) -> int:
    """Connect two units by a weight of their own and return its number."""
    made.connect(src, dst)
    return made.n_weights - 1
