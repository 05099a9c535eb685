"""Full: every unit of one layer feeds every unit of another, each through its own weight."""

from __future__ import annotations

import numpy as np

from sn.lower.ir import Full, Part
from sn.net.table import ConnectionTable


def match_full(table: ConnectionTable, part: Part) -> Full | None:
    """Return the part as a full node, or None."""
    dst, src = table.layers[part.dst], table.layers[part.src]
    if len(part.rows) != dst.size * src.size:
        return None
    unit = table.src[part.rows] - src.first
    if unit.min() < 0 or unit.max() >= src.size:
        return None
    wid = np.full((dst.size, src.size), -1, np.int32)
    wid[table.dst[part.rows] - dst.first, unit] = table.wid[part.rows]
    if wid.min() < 0 or np.bincount(wid.ravel()).max() > 1:
        return None
    return Full(part.dst, part.src, wid, part.label, part.span)
