"""Parts: the rows of a table split by downstream and upstream layer.

Read next: recognise.py.
"""

from __future__ import annotations

import numpy as np

from sn.lower.ir import Part
from sn.net.table import ConnectionTable
from sn.net.upstream import BIAS, upstream_layers, upstream_name


def parts_into(table: ConnectionTable, dst: int) -> list[Part]:
    """Split the rows into a layer by what feeds them, in the order of `upstream_layers`.

    The bias comes first, then constants that are nobody's border, then the layers.
    """
    layer = table.layers[dst]
    first, last = np.searchsorted(table.dst, [layer.first, layer.first + layer.size])
    if first == last:
        return []
    rows = np.arange(first, last)
    into = slice(first, last)
    owner = upstream_layers(
        table.layer_of, table.dst[into], table.src[into], table.wid[into], table.group[into]
    )
    names = [layer.name for layer in table.layers]
    parts = []
    for src in (np.flatnonzero(np.bincount(owner - BIAS)) + BIAS).tolist():
        from_src = rows[owner == src]
        group = table.groups[int(np.bincount(table.group[from_src]).argmax())]
        label = f"{upstream_name(src, names)} -> {layer.name}"
        parts.append(Part(dst, src, from_src, label, group.span))
    return parts
