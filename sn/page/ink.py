"""Ink: how the pictures of a data set lie on their paper, so that what one draws can lie like them.

A net that was trained on digits in a box of 11 pixels does not know one of 16. All is measured on
the training pictures themselves: which end of the range is ink, how large what is drawn is, how
broad the pen was, and whether its middle or its centre of mass lies in the middle of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST = 2000  # pictures that are looked at; chosen here
SMALLEST = 5  # rows and columns of what is a picture; chosen here
FAINT = 0.3  # of full ink, from which on a point belongs to what is drawn; chosen here


@dataclass(frozen=True, slots=True)
class Ink:
    """How pictures are drawn; units of `box` and `pen` are their points.

    paper, ink: the numbers that stand for empty paper and full ink; box: the longer side of what is
    drawn; pen: the breadth of its lines; is_by_mass: whether pictures are centred by mass.
    """

    paper: float
    ink: float
    box: float
    pen: float
    is_by_mass: bool


def ink_of(shape: tuple[int, ...], pictures: NDArray[Any], low: float, high: float) -> Ink | None:
    """Return how pictures (n, rows x cols) are drawn, None for what is no picture.

    `low` and `high` are the ends of the range of their numbers.
    """
    *maps, rows, cols = shape if len(shape) > 1 else (1, *shape)
    if np.prod(maps or [1]) != 1 or min(rows, cols) < SMALLEST or high <= low or not len(pictures):
        return None
    some = pictures[:MOST].reshape(-1, rows, cols).astype(np.float64)
    edge = np.concatenate([some[:, 0], some[:, -1], some[:, :, 0], some[:, :, -1]], axis=1)
    is_light = abs(float(np.median(edge)) - low) <= abs(float(np.median(edge)) - high)
    paper, ink = (low, high) if is_light else (high, low)
    drawn = np.clip((some - paper) / (ink - paper), 0, 1)
    drawn = drawn[(drawn > FAINT).any(axis=(1, 2))]
    if not len(drawn):
        return None
    is_inked = np.asarray(drawn > FAINT)
    tops, tall = _extent(np.asarray(is_inked.any(axis=2)))
    lefts, wide = _extent(np.asarray(is_inked.any(axis=1)))
    mass = drawn.sum(axis=(1, 2))
    down = (drawn.sum(axis=2) * np.arange(rows)).sum(axis=1) / mass
    across = (drawn.sum(axis=1) * np.arange(cols)).sum(axis=1) / mass
    by_mass = float(np.var(down) + np.var(across))
    by_box = float(np.var(tops + (tall - 1) / 2) + np.var(lefts + (wide - 1) / 2))
    # the area of a line is its length times its breadth, and its outline twice its length; steps
    # along rows and columns see an outline 4 / pi times as long, on average over its directions
    padded = np.pad(drawn, ((0, 0), (1, 1), (1, 1)))
    steps = np.abs(np.diff(padded, axis=1)).sum(axis=(1, 2))
    steps += np.abs(np.diff(padded, axis=2)).sum(axis=(1, 2))
    pen = float(np.median(2 * mass / (steps * np.pi / 4)))
    box = float(np.median(np.maximum(tall, wide)))
    return Ink(paper, ink, min(box, rows, cols), pen, by_mass < by_box)


def _extent(is_inked: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first inked line of each picture, and how many lines it is to the last one."""
    first = is_inked.argmax(axis=1)
    last = is_inked.shape[1] - 1 - is_inked[:, ::-1].argmax(axis=1)
    return first, last - first + 1
