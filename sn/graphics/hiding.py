"""Hiding: which marks of a window nobody sees, because later ones lie on top of them.

A program without (cls) may paint a rectangle over its last picture and draw the next one elsewhere
in it. A window that is full looks for what lies below such rectangles.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, TypeVar

from sn.graphics.shapes import Box, Disc, Grays, Letters, Line, Polygon, Rect, Shape, Squares

Key: TypeAlias = tuple[Shape, Rect | None]
Mark = TypeVar("Mark")
_Edges: TypeAlias = tuple[float, float, float, float]  # left, top, right, low

_COVERS = 32  # rectangles that are compared with each mark, the largest; chosen here
_PEN = 1.0  # pixels that a line and an edge are wider than their coordinates, on either side


def hidden(marks: dict[Key, Mark]) -> list[Key]:
    """Return the marks that later ones cover wholly; `marks` are in the order of drawing."""
    covers: list[_Edges] = []
    found: list[Key] = []
    for key in reversed(marks):
        shape, clip = key
        left, top, right, low = _edges(shape)
        if any(
            one[0] <= left and one[1] <= top and right <= one[2] and low <= one[3] for one in covers
        ):
            found.append(key)
        elif clip is None and _is_opaque(shape):
            covers.append(_body(shape))
            covers.sort(key=_area, reverse=True)
            del covers[_COVERS:]
    return found


def _edges(shape: Shape) -> _Edges:
    """Return what a shape lies within, rather too much than too little."""
    match shape:
        case Line(x1, y1, x2, y2):
            return _around((x1, x2), (y1, y2), _PEN)
        case Disc(x, y, radius):
            return _around((x,), (y,), radius + _PEN)
        case Polygon(points):
            return _around(points[::2], points[1::2], 0.0)
        case Letters(x, y, text, font):
            # an em and a half for each letter: the widest, wherever the text is anchored
            wide = 1.5 * font.size * len(text)
            return x - wide, y - 1.5 * font.size, x + wide, y + 0.5 * font.size
        case Squares(is_backed=False) as squares:
            largest = float(abs(squares.sides).max()) / 2 + _PEN
            left, top, right, low = _body(squares)
            return left - largest, top - largest, right + largest, low + largest
        case Box(is_filled=False):
            left, top, right, low = _body(shape)
            return left - _PEN, top - _PEN, right + _PEN, low + _PEN
    return _body(shape)


def _around(xs: Sequence[float], ys: Sequence[float], margin: float) -> _Edges:
    return min(xs) - margin, min(ys) - margin, max(xs) + margin, max(ys) + margin


def _body(shape: Shape) -> _Edges:
    """Return the rectangle of a shape that is one."""
    match shape:
        case Box(x, y, width, height):
            return x, y, x + width, y + height
        case Squares():
            across, down, rows = shape.apart, shape.apart, -(-shape.n // shape.columns)
        case Grays():
            across, down, rows = shape.across, shape.down, -(-shape.n // shape.columns)
        case _:
            raise AssertionError("no rectangle")
    return shape.x, shape.y, shape.x + shape.columns * across, shape.y + rows * down


def _is_opaque(shape: Shape) -> bool:
    """Whether nothing is seen through the rectangle of a shape."""
    match shape:
        case Box():
            return shape.is_filled
        case Squares():
            return shape.is_backed
        case Grays():
            return shape.n % shape.columns == 0 and int(shape.levels.min()) >= 0
    return False


def _area(edges: _Edges) -> float:
    left, top, right, low = edges
    return (right - left) * (low - top)
