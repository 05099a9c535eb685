"""Hinton diagrams and gray pictures: the values of units, weights and patterns in the window.

A positive value is a white square and a negative one a black square on gray; its side is
proportional to the value. For () the cell stays empty.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.builtins.matrix import Matrix
from sn.errors import EvalError
from sn.graphics.pens import current_window, numbers_of
from sn.graphics.shapes import Grays, Squares, placed
from sn.lisp.calls import builtin
from sn.lisp.forms import Value, describe
from sn.lisp.machine import Machine

_MOST_COLUMNS = 100_000  # chosen here: as many as there are marks


@builtin("draw-value", locked=False)
def draw_value(it: Machine, x: float, y: float, value: float, most: float, side: float) -> Value:
    """(draw-value x y value maxv maxs)

    Draw a square around a point: black for a negative value, white for a positive one, with a side
    of maxs pixels for maxv and beyond, and as much less for less.

    (progn (new-window) (draw-value 50 50 -0.5 1 20))
    => ()
    """
    return _value(it, x, y, value, most, side, False)


@builtin("draw-round-value", locked=False)
def draw_round_value(
    it: Machine, x: float, y: float, value: float, most: float, side: float
) -> Value:
    """(draw-round-value x y value maxv maxs)

    Do as draw-value does, with a circle.

    (progn (new-window) (draw-round-value 50 50 0.5 1 20))
    => ()
    """
    return _value(it, x, y, value, most, side, True)


def _value(
    it: Machine, x: float, y: float, value: float, most: float, side: float, is_round: bool
) -> Value:
    if place := placed(x, y, side):
        sides = _sides(np.array([value]), most, place[2])
        # a cell of one pixel in whose middle the point is
        shape = Squares(place[0] - 0.5, place[1] - 0.5, 1, 1.0, 1, sides, is_round, False)
        current_window(it).draw(shape)
    return None


@builtin("draw-list", locked=False)
def draw_list(
    it: Machine,
    x: float,
    y: float,
    values: Value,
    columns: int,
    most: float,
    apart: float,
    side: float,
) -> Value:
    """(draw-list x y list ncol maxv apart maxs)

    Draw the numbers of a list, or of a matrix, as a Hinton diagram whose upper left corner is at x
    and y: ncol squares side by side, their middles `apart` pixels from each other, white for
    positive values and black for negative ones, with a side of maxs pixels for maxv and beyond.

    (progn (new-window) (draw-list 10 10 '(1 -1 0.5 -0.5) 2 1 20 18))
    => ()
    """
    found = numbers_of(values)
    if len(found) and (place := placed(x, y, apart, side)):
        sides = _sides(found, most, place[3])
        grid = _columns(columns, len(found))
        shape = Squares(place[0], place[1], grid, _apart(place[2]), len(found), sides)
        current_window(it).draw(shape)
    return None


@builtin("gray-draw-list", locked=False)
def gray_draw_list(
    it: Machine,
    x: float,
    y: float,
    values: Value,
    columns: int,
    low: float | None,
    high: float | None,
    apart: float,
) -> Value:
    """(gray-draw-list x y list ncol minv maxv apart)

    Draw the numbers of a list, or of a matrix, as gray squares of `apart` pixels, ncol side by
    side: minv and below black, maxv and beyond white. For () the least and the largest are taken.

    (progn (new-window) (gray-draw-list 10 10 '(-1 0 1 0) 2 -1 1 20))
    => ()
    """
    return _grays(it, x, y, numbers_of(values), columns, low, high, apart, apart)


@builtin("gray-draw-value", locked=False)
def gray_draw_value(
    it: Machine, x: float, y: float, value: float, low: float, high: float, side: float
) -> Value:
    """(gray-draw-value x y value minv maxv maxs)

    Draw a gray square around a point: black for minv, white for maxv.

    (progn (new-window) (gray-draw-value 50 50 0.5 0 1 20))
    => ()
    """
    left, top = x - side / 2, y - side / 2
    return _grays(it, left, top, np.array([value]), 1, low, high, side, side)


@builtin("gray-draw-matrix", locked=False)
def gray_draw_matrix(
    it: Machine,
    x: float,
    y: float,
    matrix: Matrix,
    low: float | None = None,
    high: float | None = None,
    across: float = 1.0,
    down: float | None = None,
) -> Value:
    """(gray-draw-matrix x y matrix [minv maxv [ax [ay]]])

    Draw a matrix as cells of ax by ay pixels, 1 unless they are told: minv and below black, maxv
    and beyond white. For () the least and the largest are taken.

    (progn (new-window) (gray-draw-matrix 10 10 [[0 1][1 0]] 0 1 20 20))
    => ()
    """
    if matrix.data.ndim not in (1, 2):
        raise EvalError(
            f"gray-draw-matrix needs a matrix of 1 or 2 dimensions, found {describe(matrix)}"
        )
    columns = matrix.data.shape[-1]
    values = numbers_of(matrix)
    return _grays(it, x, y, values, columns, low, high, across, across if down is None else down)


def _grays(
    it: Machine,
    x: float,
    y: float,
    values: NDArray[np.float64],
    columns: int,
    low: float | None,
    high: float | None,
    across: float,
    down: float,
) -> Value:
    if len(values) and (place := placed(x, y, across, down)):
        levels = _levels(values, low, high)
        grid = _columns(columns, len(values))
        wide, high_ = _apart(place[2]), _apart(place[3])
        shape = Grays(place[0], place[1], grid, wide, high_, len(values), levels)
        current_window(it).draw(shape)
    return None


def _sides(values: NDArray[Any], most: float, side: float) -> NDArray[np.float32]:
    """Return the sides of squares in pixels, with the signs of the values."""
    most, side = abs(most), abs(side)
    with np.errstate(all="ignore"):
        shares = values / most if most > 0 else np.sign(values)
        return np.asarray(side * np.clip(shares, -1.0, 1.0), np.float32)


def _levels(
    values: NDArray[np.float64], low: float | None, high: float | None
) -> NDArray[np.int16]:
    """Return levels from black 0 to white 255; what is no number has -1."""
    finite = values[np.isfinite(values)]
    if low is None:
        low = float(finite.min()) if len(finite) else 0.0
    if high is None:
        high = float(finite.max()) if len(finite) else 1.0
    with np.errstate(all="ignore"):
        shares = (values - low) / (high - low) if high != low else (values >= high) * 1.0
        levels = np.round(255 * np.clip(shares, 0.0, 1.0))
    return np.where(np.isnan(values), -1, np.nan_to_num(levels)).astype(np.int16)


def _columns(columns: int, n: int) -> int:
    """Return how many cells lie side by side.

    Raises: EvalError for less than one.
    """
    if columns < 1:
        raise EvalError(f"a diagram has at least 1 column, found {columns}")
    return min(columns, n, _MOST_COLUMNS)


def _apart(pixels: float) -> float:
    """Return the distance of two cells, which have a size whatever the sign that they came with."""
    return math.fabs(pixels)
