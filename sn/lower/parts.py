"""Parts: the rows of a table split by downstream and upstream layer.

Read next: recognise.py.
"""

from __future__ import annotations

import numpy as np

from sn.lower.ir import Part
from sn.net.layer import Ints
from sn.net.table import ConnectionTable


def parts_into(table: ConnectionTable, dst: int) -> list[Part]:
    """Split the rows into a layer by upstream layer: bias first, then in layer order."""
    layer = table.layers[dst]
    first, last = np.searchsorted(table.dst, [layer.first, layer.first + layer.size])
    if first == last:
        return []
    rows = np.arange(first, last)
    owner = table.layer_of[table.src[first:last]]
    owner[table.src[first:last] == 0] = -2
    if np.any(owner == -1):
        _adopt(table, rows, owner)
    parts = []
    for src in (np.flatnonzero(np.bincount(owner + 2)) - 2).tolist():
        mine = rows[owner == src]
        group = table.groups[int(np.bincount(table.group[mine]).argmax())]
        name = "bias" if src == -2 else "constants" if src == -1 else table.layers[src].name
        parts.append(Part(dst, src, mine, f"{name} -> {layer.name}", group.span))
    return parts


def _adopt(table: ConnectionTable, rows: Ints, owner: Ints) -> None:
    """Give border rows, owner -1, to the layer whose rows share their weight, or statement.

    Else to the one whose windows they complete: then units see more nearly equal numbers of sites.
    """
    inner = owner >= 0
    stray = np.flatnonzero(owner == -1)
    by_weight = np.full(table.n_weights, -1, np.int32)
    by_weight[table.wid[rows[inner]]] = owner[inner]
    owner[stray] = by_weight[table.wid[rows[stray]]]
    group = table.group[rows]
    still = np.flatnonzero(owner == -1)
    for number in np.unique(group[still]).tolist():
        others = owner[inner & (group == number)]
        if len(others):
            owner[still[group[still] == number]] = np.bincount(others).argmax()
    still = np.flatnonzero(owner == -1)
    unit = table.dst[rows] - table.dst[rows[0]]
    more = np.bincount(unit[still], minlength=int(unit.max()) + 1)
    for layer in np.unique(owner[inner]).tolist():
        seen = np.bincount(unit[owner == layer], minlength=len(more))
        if len(np.unique(seen + more)) < len(np.unique(seen)):
            owner[still] = layer
            return
