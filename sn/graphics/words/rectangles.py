"""Rectangles: computed with as lists (x y width height), without a window."""

from __future__ import annotations

from sn.graphics.pens import rect_of
from sn.lisp.calls import builtin
from sn.lisp.forms import Value, to_list

Numbers = list[float]


@builtin("point-in-rect", locked=False)
def point_in_rect(x: float, y: float, rect: Numbers) -> bool:
    """(point-in-rect x y (X Y WIDTH HEIGHT))

    Tell whether a point lies in a rectangle; its left and upper edges belong to it.

    (point-in-rect 5 5 '(0 0 10 10))
    => t
    """
    left, top, width, height = rect_of(rect, "a rectangle")
    return left <= x < left + width and top <= y < top + height


@builtin("rect-in-rect", locked=False)
def rect_in_rect(inner: Numbers, outer: Numbers) -> bool:
    """(rect-in-rect INNER OUTER)

    Tell whether one rectangle lies within another.

    (rect-in-rect '(2 2 3 3) '(0 0 10 10))
    => t
    """
    x, y, width, height = rect_of(inner, "a rectangle")
    left, top, wide, high = rect_of(outer, "a rectangle")
    return left <= x and top <= y and x + width <= left + wide and y + height <= top + high


@builtin("expand-rect", locked=False)
def expand_rect(rect: Numbers, across: float, down: float) -> Numbers:
    """(expand-rect RECT dx dy)

    Return a rectangle that is larger by dx on the left and right, and by dy above and below.

    (expand-rect '(10 10 20 20) 5 1)
    => (5 9 30 22)
    """
    x, y, width, height = rect_of(rect, "a rectangle")
    return [x - across, y - down, width + 2 * across, height + 2 * down]


@builtin("collide-rect", locked=False)
def collide_rect(one: Numbers, other: Numbers) -> Value:
    """(collide-rect RECT1 RECT2)

    Return the rectangle that two have in common, () where there is none.

    (collide-rect '(0 0 10 10) '(6 4 10 3))
    => (6 4 4 3)
    """
    x, y, width, height = rect_of(one, "a rectangle")
    left, top, wide, high = rect_of(other, "a rectangle")
    right, low = min(x + width, left + wide), min(y + height, top + high)
    x, y = max(x, left), max(y, top)
    return to_list((x, y, right - x, low - y)) if right > x and low > y else None


@builtin("bounding-rect", locked=False)
def bounding_rect(one: Numbers, other: Numbers) -> Numbers:
    """(bounding-rect RECT1 RECT2)

    Return the smallest rectangle that holds two.

    (bounding-rect '(0 0 10 10) '(6 4 10 3))
    => (0 0 16 10)
    """
    x, y, width, height = rect_of(one, "a rectangle")
    left, top, wide, high = rect_of(other, "a rectangle")
    right, low = max(x + width, left + wide), max(y + height, top + high)
    x, y = min(x, left), min(y, top)
    return [x, y, right - x, low - y]
