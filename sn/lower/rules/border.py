"""Border: which tap each border row of a window is.

A border row has no site. It takes the place that its weight has elsewhere; a weight that meets
nothing but border takes one free tap at all positions of its map; others take the free taps of
their unit in turn: all border units have one state, so every choice computes the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sn.net.layer import Ints

BORDER = -2  # place of a connection from the border that is not filled yet


@dataclass(frozen=True, slots=True, eq=False)
class BorderRows:
    """Rows that border units feed: map and position of the unit above, and the weight."""

    plane: Ints
    position: NDArray[np.int64]
    wid: Ints


def place_border(weights: Ints, planes: NDArray[np.int64], rows: BorderRows) -> NDArray[np.int64]:
    """Fill border rows into the places of `weights` that wait for them; return each one's pair.

    weights: (n_pairs, kernel, grid); planes: (n_pairs,) the map above. -1 for what has no place.
    """
    plane, position, wid = rows.plane, rows.position, rows.wid
    per_pair = weights.shape[1] * weights.shape[2]
    plane_of_tap = np.repeat(planes, per_pair)
    pair = np.full(len(wid), -1)
    taps = weights.reshape(len(plane_of_tap), -1)
    highest = taps.max(axis=1)
    same = np.all((taps == highest[:, None]) | (taps < 0), axis=1) & (highest >= 0)
    tap_of_weight = np.full(int(max(wid.max(), highest.max())) + 1, -1)
    tap_of_weight[highest[same][::-1]] = np.flatnonzero(same)[::-1]
    _place_unseen(tap_of_weight, highest == BORDER, plane_of_tap, plane, wid, taps.shape[1])
    tap = tap_of_weight[wid]
    fits = (tap >= 0) & (plane_of_tap[tap] == plane) & (taps[tap, position] == BORDER)
    taps[tap[fits], position[fits]] = wid[fits]
    pair[fits] = tap[fits] // per_pair
    rest = np.flatnonzero(~fits)
    if len(rest):
        free: dict[tuple[int, int], list[int]] = {}
        for number, place in np.argwhere(taps == BORDER).tolist():
            free.setdefault((int(plane_of_tap[number]), place), []).append(number)
        for index in rest.tolist():
            spots = free.get((int(plane[index]), int(position[index])))
            if spots:
                number = spots.pop(0)
                taps[number, position[index]] = wid[index]
                pair[index] = number // per_pair
    return pair


def _place_unseen(
    tap_of_weight: NDArray[np.int64],
    free: NDArray[np.bool_],
    plane_of_tap: NDArray[np.int64],
    plane: Ints,
    wid: Ints,
    positions: int,
) -> None:
    """Give a free tap to each weight that border units alone feed at every position of a map."""
    counts = np.bincount(wid, minlength=len(tap_of_weight))
    lost = np.flatnonzero((counts == positions) & (tap_of_weight < 0) & (positions > 1))
    first = np.empty(len(tap_of_weight), np.int64)
    first[wid[::-1]] = np.arange(len(wid))[::-1]
    lost = lost[np.argsort(first[lost])]
    plane_of_weight = np.full(len(tap_of_weight), -1)
    plane_of_weight[wid] = plane
    for out in np.unique(plane_of_weight[lost]).tolist():
        spots = np.flatnonzero(free & (plane_of_tap == out))
        mine = lost[plane_of_weight[lost] == out][: len(spots)]
        tap_of_weight[mine] = spots[: len(mine)]
