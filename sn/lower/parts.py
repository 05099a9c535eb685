"""Parts: the rows of a table split by downstream and upstream layer, and by how they combine.

Read next: recognise.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sn.lower.ir import Part
from sn.net.combine import WEIGHTED_SUM, Combine
from sn.net.table import ConnectionTable
from sn.net.upstream import BIAS, upstream_layers, upstream_name


def parts_into(table: ConnectionTable, dst: int) -> list[Part]:
    """Split the rows into a layer by what feeds them, in the order of `upstream_layers`.

    The bias comes first, then constants that are nobody's border, then the layers; of these, the
    rows of each combine are a part.
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
    parts = []
    for src in (np.flatnonzero(np.bincount(owner - BIAS)) + BIAS).tolist():
        label = f"{upstream_name(src, table.layers)} -> {layer.name}"
        for combine, some in _by_combine(table, rows[owner == src]):
            group = table.groups[int(np.bincount(table.group[some]).argmax())]
            parts.append(Part(dst, src, some, label, group.span, combine))
    return parts


def _by_combine(
    table: ConnectionTable, rows: NDArray[np.int64]
) -> Iterator[tuple[Combine, NDArray[np.int64]]]:
    """Yield each combine of some rows with those that it makes totals of."""
    if len(table.combines) == 1:
        yield WEIGHTED_SUM, rows
        return
    which = table.combine_of_row[rows]
    for number in np.unique(which).tolist():
        yield table.combines[number], rows[which == number]
