"""Lists: the connections of a live net in the order in which SN walks them.

SN pushes a new connection at the head of two lists, that of its downstream unit's inputs and that
of its upstream unit's outputs, and walks both from the head: the last made comes first. Sums are
rounded at every step, so this order decides the last bits.

Source: SN 2.8 (sn-network, 5, traversal note).
Read next: loops.py, which walks them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sn.live.net import Ints, LiveNet


@dataclass(frozen=True, slots=True)
class Lists:
    """Connections grouped by one of their ends, the last made first in each group.

    Shapes: start (n_units + 1,): the connections of unit u are start[u] up to start[u + 1];
    other, wid, conn (n_connections,): the unit at the other end, weight, number; all int32.
    """

    start: Ints
    other: Ints
    wid: Ints
    conn: Ints


@dataclass(frozen=True, slots=True)
class BothLists:
    """The lists of a net as it stood at its `shape`."""

    shape: int
    n_units: int
    into: Lists
    out_of: Lists


def lists_of(net: LiveNet) -> BothLists:
    """Return the lists of a net as it stands."""
    conn = net.alive()
    src, dst = net.src[conn], net.dst[conn]
    return BothLists(
        net.shape, net.n_units, _grouped(net, conn, dst, src), _grouped(net, conn, src, dst)
    )


def _grouped(net: LiveNet, conn: Ints, end: Ints, other: Ints) -> Lists:
    order = np.lexsort((-conn, end))
    counts = np.bincount(end, minlength=net.n_units)
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return Lists(start, other[order], net.wid[conn[order]], conn[order])
