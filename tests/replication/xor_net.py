"""The XOR net of SN's manual: 2-2-1, weights and patterns as the test vectors number them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sn.lisp.random import SnRandom
from sn.net import schemes
from sn.net.layer import Network
from sn.net.schemes import Link
from sn.net.table import ConnectionTable, freeze

Floats32 = NDArray[np.float32]

PATTERNS = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32)
TARGETS = np.array([[1], [-1], [1], [-1]], np.float32)


def xor_table() -> ConnectionTable:
    """Build what (build-net '((input 2) (hidden 2) (output 1)) ...) builds: biases first.

    Rows of the table come in the order of SN's all-synapse: 0-3 1-3 2-3 0-4 1-4 2-4 0-5 3-5 4-5.
    """
    net = Network("xor")
    layers = [net.add_layer(name, (size,)) for name, size in zip("iho", (2, 2, 1), strict=True)]
    for layer in layers[1:]:
        schemes.bias(net, layer, shared=False)
    for src, dst in zip(layers, layers[1:], strict=False):
        schemes.full(net, Link(src, dst))
    return freeze(net)


def forget(table: ConnectionTable, seed: float, half_width: float) -> Floats32:
    """Draw weights as (seed S) (forget X) does: one draw per connection, unit by unit."""
    stream = SnRandom(seed)
    weights = np.zeros(table.n_weights, np.float32)
    for wid in table.wid:
        weights[wid] = (2 * stream.rand() - 1) * half_width
    return weights


def in_rows(table: ConnectionTable, weights: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return weights in the order of all-synapse."""
    return weights[table.wid]


def from_rows(table: ConnectionTable, rows: NDArray[np.floating]) -> Floats32:
    """Return weights in weight order from the order of all-synapse."""
    weights = np.zeros(table.n_weights, np.float32)
    weights[table.wid] = rows
    return weights
