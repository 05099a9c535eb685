"""Meshes: a graph of neighbours laid out as rows and columns, lines closed or not.

In a product of two lines, those on one line with v are just those that every neighbour of v along
the other axis is one step farther from.

Read next: unshared.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Near = list[list[int]]


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """place: (positions, 2) row and column; sizes: rows and columns; rings: which are closed."""

    place: NDArray[np.int64]
    sizes: tuple[int, int]
    rings: tuple[bool, bool]


def meshes(near: Near) -> Iterator[Mesh]:
    """Yield layouts of a graph as a product of two lines."""
    corner = min(range(len(near)), key=lambda one: len(near[one]))
    beside = near[corner]
    if not 0 < len(beside) <= 4:
        return
    start = _steps(near, corner)
    if start.min() < 0:
        return
    farther = [_steps(near, one) == start + 1 for one in beside]
    for sides in product((1, 0), repeat=len(beside) - 1):
        found = _along(near, corner, farther, [0, *sides])
        if found is not None:
            yield found


def _along(
    near: Near, corner: int, farther: list[NDArray[np.bool_]], sides: list[int]
) -> Mesh | None:
    """Lay out a graph whose corner has its neighbours along these axes."""
    lines = []
    for axis in (1, 0):
        across = [is_far for is_far, side in zip(farther, sides, strict=True) if side != axis]
        on_line = np.logical_and.reduce(across) if across else np.ones(len(near), np.bool_)
        line = _ordered(near, corner, on_line)
        if line is None:
            return None
        lines.append(line)
    if len(lines[0]) * len(lines[1]) != len(near):
        return None
    place = np.stack([_spread(near, line) for line in lines], axis=1)
    sizes = len(lines[0]), len(lines[1])
    if len(np.unique(place[:, 0] * sizes[1] + place[:, 1])) != len(near):
        return None
    rings = tuple(len(line) > 2 and line[-1] in near[line[0]] for line in lines)
    return Mesh(place, sizes, (rings[0], rings[1]))


def _steps(near: Near, start: int) -> NDArray[np.int64]:
    """Return how many steps each one is from the start, -1 where none lead."""
    steps = [-1] * len(near)
    steps[start] = 0
    waiting = [start]
    for one in waiting:
        for other in near[one]:
            if steps[other] < 0:
                steps[other] = steps[one] + 1
                waiting.append(other)
    return np.array(steps)


def _ordered(near: Near, start: int, on_line: NDArray[np.bool_]) -> list[int] | None:
    """Walk along a line from one of its ends, or once round it."""
    members = set(np.flatnonzero(on_line).tolist())
    if any(len(members.intersection(near[one])) > 2 for one in members):
        return None
    line, left = [start], members - {start}
    while left:
        onward = [other for other in near[line[-1]] if other in left]
        if not onward:
            return None
        left.remove(onward[0])
        line.append(onward[0])
    return line


def _spread(near: Near, line: list[int]) -> NDArray[np.int64]:
    """Return for each one the number on the line of the one closest to it."""
    number = [-1] * len(near)
    for index, one in enumerate(line):
        number[one] = index
    waiting = list(line)
    for one in waiting:
        for other in near[one]:
            if number[other] < 0:
                number[other] = number[one]
                waiting.append(other)
    return np.array(number)
