"""Shapes: lines, rectangles, circles, polygons and texts in the window.

Coordinates are pixels, x to the right and y down from the upper left corner. What a later shape
hides is forgotten; coordinates that are no numbers, as those of a net that diverged, draw nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from sn.builtins.output import format_text
from sn.errors import ArityError
from sn.graphics.pens import current_window, numbers_of
from sn.graphics.screen import Window
from sn.graphics.shapes import Box, Disc, Letters, Line, Polygon, placed
from sn.lisp.calls import builtin
from sn.lisp.forms import Pair, Value, to_list
from sn.lisp.machine import Machine

_LINE = 1.2  # heights of a letter from one line of a text to the next
_MOST_LINES = 100  # of one text; chosen here
_LONGEST = 1_000  # letters of one line; chosen here: more do not fit into any window


@builtin("draw-line", locked=False)
def draw_line(it: Machine, x1: float, y1: float, x2: float, y2: float) -> Value:
    """(draw-line x1 y1 x2 y2)

    Draw a line.

    (progn (new-window) (draw-line 0 0 100 50))
    => ()
    """
    if ends := placed(x1, y1, x2, y2):
        current_window(it).draw(Line(*ends))
    return None


@builtin("draw-rect", locked=False)
def draw_rect(it: Machine, x: float, y: float, width: float, height: float) -> Value:
    """(draw-rect x y width height)

    Draw the outline of a rectangle.

    (progn (new-window) (draw-rect 10 10 100 50))
    => ()
    """
    return _box(it, x, y, width, height, False)


@builtin("fill-rect", locked=False)
def fill_rect(it: Machine, x: float, y: float, width: float, height: float) -> Value:
    """(fill-rect x y width height)

    Fill a rectangle; one as large as the window clears it.

    (progn (new-window) (fill-rect 10 10 100 50))
    => ()
    """
    return _box(it, x, y, width, height, True)


def _box(it: Machine, x: float, y: float, width: float, height: float, is_filled: bool) -> Value:
    if place := placed(x, y, width, height):
        current_window(it).draw(box(place, is_filled))
    return None


def box(place: Sequence[float], is_filled: bool = True) -> Box:
    """Return the rectangle of x, y, width and height, whose sides may be given from either end."""
    x, y, width, height = place
    x, y = min(x, x + width), min(y, y + height)
    return Box(x, y, abs(width), abs(height), is_filled)


@builtin("draw-circle", locked=False)
def draw_circle(it: Machine, x: float, y: float, radius: float) -> Value:
    """(draw-circle x y radius)

    Draw a circle around a point.

    (progn (new-window) (draw-circle 100 100 20))
    => ()
    """
    return _disc(it, x, y, radius, False)


@builtin("fill-circle", locked=False)
def fill_circle(it: Machine, x: float, y: float, radius: float) -> Value:
    """(fill-circle x y radius)

    Fill a circle around a point.

    (progn (new-window) (fill-circle 100 100 20))
    => ()
    """
    return _disc(it, x, y, radius, True)


def _disc(it: Machine, x: float, y: float, radius: float, is_filled: bool) -> Value:
    if place := placed(x, y, radius):
        current_window(it).draw(Disc(place[0], place[1], abs(place[2]), is_filled))
    return None


@builtin("fill-polygon", locked=False)
def fill_polygon(it: Machine, *points: Value) -> Value:
    """(fill-polygon x1 y1 x2 y2 x3 y3...)

    Fill a polygon; the points may stand in one list.

    (progn (new-window) (fill-polygon 10 10 50 10 30 40))
    => ()
    """
    found = numbers_of(to_list(points)).tolist()
    if len(found) < 6 or len(found) % 2:
        raise ArityError(
            f"fill-polygon needs x and y of three points or more, found {len(found)} numbers"
        )
    if place := placed(*found):
        current_window(it).draw(Polygon(place))
    return None


@builtin("draw-text", locked=False)
def draw_text(it: Machine, x: float, y: float, text: str) -> Value:
    """(draw-text x y "TEXT")

    Write a text that starts at x, its letters standing on y; it takes the place of one that
    started there before.

    (progn (new-window) (draw-text 10 20 "units"))
    => ()
    """
    if place := placed(x, y):
        write(current_window(it), place[0], place[1], text)
    return None


def write(window: Window, x: float, y: float, text: str) -> None:
    """Write a text of one or more lines."""
    font = window.pen.font
    for n, line in enumerate(text.split("\n", _MOST_LINES)[:_MOST_LINES]):
        if line or not n:
            shown = line[:_LONGEST].expandtabs()
            window.draw(Letters(x, y + n * _LINE * font.size, shown, font))


@builtin("gprintf", locked=False)
def gprintf(it: Machine, x: float, y: float, format: str, *args: Value) -> Value:
    """(gprintf x y format args...)

    Write at x and y what printf would print; it takes the place of what was written there before.

    (progn (new-window) (gprintf 10 20 "age=%d" 40))
    => ()
    """
    return draw_text(it, x, y, format_text(it, "gprintf", format, args))


@builtin("rect-text", locked=False)
def rect_text(it: Machine, x: float, y: float, text: str) -> Pair | None:
    """(rect-text x y "TEXT")

    Return the rectangle (x y width height) that a text at x and y takes; its width is that of wide
    letters, as a reader may have others.

    (progn (new-window) (font "Helvetica-10") (rect-text 5 20 "100"))
    => (5 12 20 10)
    """
    size = current_window(it).pen.font.size
    from sn.figure.letters import text_width  # start-up time: most programs draw nothing

    width = round(text_width(text[:_LONGEST], size, True))
    found: Pair = to_list((x, y - 0.8 * size, float(max(width, 1) - 1), size))
    return found
