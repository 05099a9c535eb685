"""Relief: the rectangles of the Ogre toolkit, which stand out of the window or lie in it."""

from __future__ import annotations

from sn.graphics.colours import BACKGROUND, FOREGROUND, GRAY
from sn.graphics.pens import current_window
from sn.graphics.shapes import Line, placed
from sn.graphics.words.shaping import box
from sn.lisp.calls import builtin
from sn.lisp.forms import Value
from sn.lisp.machine import Machine


def _relief(name: str, what: str, is_filled: bool, is_up: bool) -> None:
    """Define a word that draws a rectangle in relief."""

    def draw(it: Machine, x: float, y: float, width: float, height: float) -> Value:
        place = placed(x, y, width, height)
        if place is None:
            return None
        window, body = current_window(it), box(place)
        left, top = body.x, body.y
        right, low = left + body.width, top + body.height
        light, dark = (BACKGROUND, FOREGROUND) if is_up else (FOREGROUND, BACKGROUND)
        if is_filled:
            window.draw(body, GRAY)
        window.draw(Line(left, low, left, top), light)
        window.draw(Line(left, top, right, top), light)
        window.draw(Line(right, top, right, low), dark)
        window.draw(Line(right, low, left, low), dark)
        return None

    draw.__doc__ = f"""({name} x y width height)

    {what}

    (progn (new-window) ({name} 10 10 80 20))
    => ()
    """
    builtin(name, locked=False)(draw)


_relief("fill-up-rect", "Fill a rectangle in gray that stands out, as a button.", True, True)
_relief("fill-down-rect", "Fill a rectangle in gray that lies deeper, as a field.", True, False)
_relief("draw-up-rect", "Draw the edges of a rectangle that stands out.", False, True)
_relief("draw-down-rect", "Draw the edges of a rectangle that lies deeper.", False, False)
