"""Matrices: weights as small pictures and tables of maps, for each connection of a net.

As in the papers, a column is a map of the layer above, a row one of the layer below. A picture is a
kernel; of a full connection it has the shape of the maps below; of windows that share nothing it
has the kernel of every place, where the unit is. Read next: panels.py, which sets them.
Source: LeCun et al. 1998, table I, for rows and columns.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sn.figure.links import Drawn, Link
from sn.lower.ir import Full, Subsample, Window

Floats = NDArray[np.floating]
Values = NDArray[np.float64]
MOST_TAPS = 20_000  # of all pictures of a connection; chosen here: 15 bytes each
HIGHEST, WIDEST = 240, 480  # taps below and beside each other; chosen here
LONGEST_COLUMN = 240  # units of a flat layer that stand below each other; chosen here
LARGEST_TABLE = 400  # maps on one side


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """Pictures in rows and columns.

    pictures: by (row, column), each `size`, (rows, cols) float64, NaN where nothing is. With
    `is_table` they say only which are there. `left_out` says how much of it is shown, where not
    all is; `fold`: how many units of a flat layer stand in a line of a picture.
    """

    link: Link
    rows: int
    columns: int
    size: tuple[int, int]
    pictures: dict[tuple[int, int], Values]
    row_word: str
    column_word: str
    is_table: bool = False
    left_out: str = ""
    fold: int = 0

    @property
    def largest(self) -> float:
        """The largest size of a weight, which the colours are relative to."""
        found = [float(np.nanmax(np.abs(one))) for one in self.pictures.values() if one.size]
        return max(found, default=0.0)


def weights_matrix(drawn: Drawn, link: Link, weights: Floats) -> Matrix | None:
    """Return the weights of a link as pictures; None for plain rows, which have no shape.

    Shapes: weights: (n_weights,), in weight order.
    """
    node, fold = link.node, 0
    above, below = drawn.views[link.dst], drawn.views[link.src]
    name_above, name_below = (drawn.table.layers[one].name for one in (link.dst, link.src))
    match node:
        case Window():
            size, every = _of_windows(node, weights)
            rows, columns = below.maps, above.maps
            if len({dst for dst, _ in node.pairs}) == len(node.pairs) > HIGHEST // (size[0] + 1):
                rows, every = 1, (((0, at[1]), one) for at, one in every)  # a kernel for each map
        case Subsample():
            size, rows, columns = (1, 1), 1, above.maps
            every = (((0, one), weights[node.wid[one]].reshape(1, 1)) for one in range(columns))
        case Full() if below.maps == 1 and below.rows == 1 and below.cols <= LONGEST_COLUMN:
            return _of_units(link, weights[node.wid], name_above, name_below)
        case Full() if below.maps == 1 and below.rows == 1:
            fold = math.isqrt(below.cols - 1) + 1
            size, rows, columns = (-(-below.cols // fold), fold), 1, len(node.wid)
            every = (((0, at), _folded(weights[wid], size)) for at, wid in enumerate(node.wid))
        case Full():
            size, rows, columns = (below.rows, below.cols), below.maps, above.maps * above.positions
            every = _of_maps(weights, node, rows, size)
        case _:
            return None
    high = min(rows, max(1, HIGHEST // (size[0] + 1)))
    wide = min(columns, MOST_TAPS // max(1, high * size[0] * size[1]))
    if rows > 1:
        wide = min(wide, max(1, WIDEST // (size[1] + 1)))
    shown = ((at, one) for at, one in every if at[0] < high and at[1] < wide)
    kept = {at: one.astype(np.float64) for at, one in shown}
    unit = "unit" if isinstance(node, Full) else "map"
    return Matrix(
        link,
        high,
        wide,
        size,
        kept,
        f"map of {name_below}" if rows > 1 else "",
        f"{unit} of {name_above}",
        left_out=_left_out((high, wide), (rows, columns)),
        fold=fold,
    )


def table_of_maps(drawn: Drawn, link: Link) -> Matrix | None:
    """Return which maps a link connects; None where it connects all, or there are too many."""
    above, below = drawn.views[link.dst], drawn.views[link.src]
    if max(above.maps, below.maps) > LARGEST_TABLE or isinstance(link.node, Full | Subsample):
        return None
    pairs = drawn.map_pairs(link)
    if len(pairs) == above.maps * below.maps:
        return None
    there = np.ones((1, 1))
    name_above, name_below = (drawn.table.layers[one].name for one in (link.dst, link.src))
    return Matrix(
        link,
        below.maps,
        above.maps,
        (1, 1),
        {(src, dst): there for dst, src in pairs.tolist()},
        f"map of {name_below}",
        f"map of {name_above}",
        is_table=True,
    )


def _of_windows(
    node: Window, weights: Floats
) -> tuple[tuple[int, int], Iterator[tuple[tuple[int, int], Floats]]]:
    """Return the size of the pictures of windows, and each with its source and its own map."""
    high, wide = node.kernel
    if node.shared:
        pictures = ((src, dst) for dst, src in node.pairs)
        return (high, wide), zip(pictures, (weights[wid] for wid in node.wid), strict=True)
    rows, cols = node.grid.rows, node.grid.cols
    size = rows * (high + 1) - 1, cols * (wide + 1) - 1

    def every() -> Iterator[tuple[tuple[int, int], Floats]]:
        for (dst, src), wid in zip(node.pairs, node.wid, strict=True):
            spread = np.full((rows, high + 1, cols, wide + 1), np.nan)
            # wid: kernel rows, kernel cols, grid rows, grid cols
            spread[:, :high, :, :wide] = weights[wid].transpose(2, 0, 3, 1)
            whole = spread.reshape(rows * (high + 1), cols * (wide + 1))
            yield (src, dst), whole[:-1, :-1]

    return size, every()


def _of_maps(
    weights: Floats, node: Full, maps: int, size: tuple[int, int]
) -> Iterator[tuple[tuple[int, int], Floats]]:
    for unit, wid in enumerate(node.wid):
        for one, picture in enumerate(weights[wid].reshape(maps, *size)):
            yield (one, unit), picture


def _left_out(shown: tuple[int, ...], whole: tuple[int, ...]) -> str:
    """Return how many rows and columns are shown, in words; nothing where all are."""
    pairs = zip(shown, whole, ("rows", "columns"), strict=True)
    parts = [f"{some} of {every:,} {what}" for some, every, what in pairs if some < every]
    return f"{', '.join(parts)} shown" if parts else ""


def _folded(weights: Floats, size: tuple[int, int]) -> Floats:
    """Return weights in lines, the last of which may be shorter."""
    whole = np.full(size, np.nan)
    whole.flat[: len(weights)] = weights
    return whole


def _of_units(link: Link, weights: Floats, above: str, below: str) -> Matrix:
    """Return a full connection of flat layers as one picture: (units below, units above)."""
    whole = weights.T
    shown = min(whole.shape[1], MOST_TAPS // whole.shape[0], WIDEST)
    picture = whole[:, :shown].astype(np.float64)
    return Matrix(
        link,
        1,
        1,
        (picture.shape[0], picture.shape[1]),
        {(0, 0): picture},
        f"unit of {below}",
        f"unit of {above}",
        left_out=_left_out(picture.shape, whole.shape),
    )
