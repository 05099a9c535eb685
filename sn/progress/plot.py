"""Plots: curves as characters, eight dots to each, or plain ASCII where there are no others.

Errors fall over powers of ten, so the scale is logarithmic wherever all figures are positive.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from sn.progress.course import Curve

Cell = tuple[str, int | None]  # a character, and which curve it belongs to

# The dots of a character of Braille, by row and column; source: Unicode, block 2800.
BRAILLE, DOTS = 0x2800, ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
ASCII = "*o+x#@%&"  # marks of curves, from the last to the first
GAP = 1e-3  # between the ends of a scale, in proportion to them, at least; chosen here


@dataclass(frozen=True, slots=True)
class Plot:
    """Rows of cells, top first, and for each end of the scale what it stands at.

    `ends` are the rows where curves end, by index of the curve.
    """

    rows: tuple[tuple[Cell, ...], ...]
    top: float
    bottom: float
    ends: tuple[int, ...]


def plot(curves: Sequence[Curve], width: int, height: int, is_plain: bool = False) -> Plot:
    """Draw curves in so many columns and rows; later ones lie above earlier ones.

    A plain plot has a mark of ASCII for each curve, else only colours tell them apart.

    Each has a point at least.
    """
    across, down = (1, 1) if is_plain else (2, 4)
    wide, high = width * across, height * down
    lines = [curve.whole for curve in curves]
    figures = [figure for line in lines for _, figure in line]
    scale = math.log10 if min(figures) > 0 else float
    low, high_end = _apart(scale(min(figures)), scale(max(figures)))
    first = min(line[0][0] for line in lines)
    last = max(max(line[-1][0] for line in lines), first + 1)
    dots: dict[tuple[int, int], int] = {}
    owner: dict[tuple[int, int], int] = {}
    ends = []
    for index, line in enumerate(lines):
        before: int | None = None
        row = 0
        for column in range(wide):
            at = first + (last - first) * column / max(wide - 1, 1)
            figure = _between(line, at)
            if figure is None:
                continue
            row = round((high_end - scale(figure)) / (high_end - low) * (high - 1))
            reach = range(row, row + 1) if before is None else _reach(before, row)
            before = row
            for dot in reach:
                cell = dot // down, column // across
                if owner.get(cell) != index:
                    owner[cell] = index
                    dots[cell] = 0 if is_plain else dots.get(cell, 0)
                dots[cell] |= 0 if is_plain else DOTS[dot % down][column % across]
        ends.append(row // down)

    def drawn(row: int, column: int) -> Cell:
        index = owner.get((row, column))
        if index is None:
            return " ", None
        mark = mark_of(index, len(curves)) if is_plain else chr(BRAILLE + dots[row, column])
        return mark, index

    rows = tuple(tuple(drawn(row, column) for column in range(width)) for row in range(height))
    if scale is math.log10:
        low, high_end = 10.0**low, 10.0**high_end
    return Plot(rows, high_end, low, tuple(ends))


def mark_of(index: int, count: int) -> str:
    """Return the mark of a curve among so many, in a plot of ASCII."""
    return ASCII[(count - 1 - index) % len(ASCII)]


def _apart(low: float, high: float) -> tuple[float, float]:
    """Return the ends of a scale, which are not the same."""
    least = GAP * max(abs(low), abs(high), GAP)
    if high - low >= least:
        return low, high
    return low - least, high + least


def _between(line: Sequence[tuple[float, float]], at: float) -> float | None:
    """Return a line's figure at a place between its ends, None outside of them."""
    if not line[0][0] <= at <= line[-1][0]:
        return None
    after = bisect_right(line, at, key=lambda point: point[0])
    if after == len(line):
        return line[-1][1]
    (x0, y0), (x1, y1) = line[after - 1], line[after]
    return y0 + (y1 - y0) * (at - x0) / (x1 - x0)


def _reach(before: int, row: int) -> range:
    """Return the dots of a column that joins the one before: from next to it to its own."""
    if row > before:
        return range(before + 1, row + 1)
    if row < before:
        return range(row, before)
    return range(row, row + 1)
