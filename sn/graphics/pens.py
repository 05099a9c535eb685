"""Pens: what the words that draw ask of the interpreter: the window, its numbers and texts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sn.builtins.matrix import Matrix
from sn.errors import EvalError, ValueKindError
from sn.graphics.screen import MOST, Screen, Window
from sn.graphics.shapes import CELLS
from sn.lisp.forms import Pair, Value, cells, describe
from sn.lisp.machine import Machine


def screen_of(it: Machine) -> Screen:
    """Return the screen of a session."""
    screen: Screen = it.screen
    return screen


def current_window(it: Machine) -> Window:
    """Return the window that `window` holds; where it holds none the one opened last, or a new one.

    SN fails without a window; here a first line to draw is enough.
    """
    symbol = it.intern("window")
    window = symbol.value
    if type(window) is Window:
        return window
    screen = screen_of(it)
    window = screen.windows[-1] if screen.windows else screen.open()
    it.assign(symbol, window)
    return window


def numbers_of(values: Value) -> NDArray[np.float64]:
    """Return the numbers of a matrix, or of a list and the lists in it, in order.

    For () among them stands nan, which is not drawn: (weight j layer) has () for a unit that is not
    connected, and the others stay in their cells. Of more numbers than any window has room for,
    some more than that are returned: a list may hold another one twice, which holds a third one
    twice, and so on.
    Raises: ValueKindError for anything else in it.
    """
    if type(values) is Matrix:
        return Matrix(values.data.flat[:_MOST], values.storage).numbers()
    found: list[float] = []
    waiting = [cells(values)]
    while waiting and len(found) < _MOST:
        cell = next(waiting[-1], None)
        if cell is None:
            waiting.pop()
        elif type(cell.car) is float:
            found.append(cell.car)
        elif cell.car is None:
            found.append(math.nan)
        elif type(cell.car) is Pair:
            if len(waiting) == _DEEPEST:
                raise EvalError(f"lists of numbers lie at most {_DEEPEST} deep in one another")
            waiting.append(cells(cell.car))
        else:
            raise ValueKindError(f"expected a number to draw, found {describe(cell.car)}")
    return np.array(found)


_MOST = CELLS * (MOST + 1)
_DEEPEST = 100  # chosen here: a list that is in itself has no end


def rect_of(values: Sequence[float], what: str) -> tuple[float, float, float, float]:
    """Return the four numbers of a rectangle.

    Raises: EvalError where there are more or less.
    """
    if len(values) != 4:
        raise EvalError(f"{what} has four numbers, found {len(values)}")
    x, y, width, height = values
    return x, y, width, height
