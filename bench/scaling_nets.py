"""Nets of any size for the scaling study: full, shared masks, a table of maps, random rows.

Every kind has two hidden layers, so that gradients are propagated through most connections, and
ten outputs. Sizes are asked for in connections and met within a few per cent from 10^4 on; masks
have at least as many, as few maps are many connections.

Read next: `scaling_worker.py`, what is measured of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from sn.net import schemes
from sn.net.activations import tanh
from sn.net.layer import Layer, Network
from sn.net.schemes import Link, Window

CLASSES = 10
FAN_IN = 32  # connections into a unit of a sparse layer

# side of the picture by connections: maps of a quarter of it are neither one vector nor hundreds
SIDES = {5_000: 12, 150_000: 16, 2_000_000: 32}
LARGEST_SIDE = 64


def full(connections: int) -> Network:
    """n - n - n - 10, all to all."""
    n = max(2, round((-CLASSES + math.sqrt(CLASSES**2 + 8 * connections)) / 4))
    net = Network(f"full-{connections}")
    below = net.add_layer("input", (n,))
    for name, size in (("h1", n), ("h2", n), ("output", CLASSES)):
        below = _above(net, below, name, (size,))
    return net


def mask(connections: int) -> Network:
    """Two layers of 5x5 masks, stride 2: every map of the second sees every map of the first."""
    return _masks(f"mask-{connections}", connections, 1.0)


def table(connections: int) -> Network:
    """The same, but a map of the second sees two thirds of the first, drawn at random."""
    return _masks(f"table-{connections}", connections, 2 / 3)


def sparse(connections: int) -> Network:
    """n - n - n - 10, each unit from 32 units of the layer below, drawn at random."""
    n = max(FAN_IN + 1, (connections - 2 * CLASSES * FAN_IN) // (2 * FAN_IN))
    rng = np.random.default_rng(connections)
    net = Network(f"sparse-{connections}")
    below = net.add_layer("input", (n,))
    for name, size in (("h1", n), ("h2", n), ("output", CLASSES)):
        layer = net.add_layer(name, (size,), tanh())
        schemes.bias(net, layer, shared=False)
        fan_in = min(FAN_IN, n // 2) * (1 if name != "output" else 2)
        _draw(net, Link(below, layer), min(fan_in, n), rng)
        below = layer
    return net


KINDS: dict[str, Callable[[int], Network]] = {
    "full": full,
    "mask": mask,
    "table": table,
    "sparse": sparse,
}


def _above(net: Network, below: Layer, name: str, shape: tuple[int, ...]) -> Layer:
    """Add a layer with biases, fully connected to the one below."""
    layer = net.add_layer(name, shape, tanh())
    schemes.bias(net, layer, shared=False)
    schemes.full(net, Link(below, layer))
    return layer


def _masks(name: str, connections: int, share: float) -> Network:
    side = next((s for limit, s in SIDES.items() if connections < limit), LARGEST_SIDE)
    half, quarter = side // 2, side // 4
    # connections = share q^2 25 maps^2 + (25 h^2 + 10 q^2) maps
    square, linear = share * 25 * quarter**2, 25 * half**2 + CLASSES * quarter**2
    root = math.sqrt(linear**2 + 4 * square * connections)
    maps = math.ceil((root - linear) / (2 * square))
    seen = max(1, round(share * maps))
    rng = np.random.default_rng(connections)
    lists = tuple(
        tuple(sorted(rng.choice(maps, seen, replace=False).tolist())) for _ in range(maps)
    )
    net = Network(name)
    image = net.add_layer("input", (side, side), border=-1.0)
    h1 = net.add_layer("h1", (maps, half, half), tanh(), border=-1.0)
    h2 = net.add_layer("h2", (maps, quarter, quarter), tanh())
    schemes.bias(net, h1, shared=False)
    schemes.bias(net, h2, shared=False)
    schemes.conv(net, Link(image, h1), Window((5, 5), (2, 2)))
    schemes.conv(net, Link(h1, h2), Window((5, 5), (2, 2), maps=lists if share < 1 else None))
    _above(net, h2, "output", (CLASSES,))
    return net


def _draw(net: Network, link: Link, fan_in: int, rng: np.random.Generator) -> None:
    """Connect each unit to `fan_in` different units below, each by a weight of its own."""
    n, size = link.src.size, link.dst.size
    # one of each of `fan_in` equal stretches, moved round by a random start: no two are the same
    edges = np.linspace(0, n, fan_in + 1).astype(np.int64)
    picked = rng.integers(edges[:-1], edges[1:], (size, fan_in))
    picked = (picked + rng.integers(0, n, (size, 1))) % n
    src = rng.permuted(picked, axis=1).ravel().astype(np.int32) + np.int32(link.src.first)
    dst = np.repeat(link.dst.units.ravel(), fan_in)
    wid = net.add_weights(len(src))
    net.connect(net.add_group(link.label, "random", link.span), dst, src, wid)
