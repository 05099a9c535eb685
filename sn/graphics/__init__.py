"""Graphics: the windows of SN without a screen, which become pictures when the program ends.

    (new-window 400 300 "curve")
    (draw-line 10 10 390 290)

A word of `words/` puts a shape (shapes.py) into the window that the variable `window` holds; a
window (screen.py) is the list of what is seen in it, which picture.py draws as SVG or PNG and
saving.py writes. Read next: screen.py.
"""

from __future__ import annotations

from sn.graphics import words
from sn.graphics.colours import BACKGROUND, FOREGROUND, GRAY
from sn.graphics.screen import Screen, Window
from sn.lisp.forms import Shown
from sn.lisp.machine import Machine
from sn.lisp.objects import LispClass
from sn.registry import load_folder

load_folder(words)

__all__ = ["Screen", "Window", "open_screen"]


def open_screen(it: Machine) -> None:
    """Give a session its screen, and programs the variables that go with it."""
    it.screen = Screen()
    for name, value in _VARIABLES.items():
        it.define(name, value)
    it.define(Window.class_name, LispClass(Window.class_name), locked=True)


_VARIABLES: dict[str, float | Shown | None] = {
    "color-fg": float(FOREGROUND),
    "color-bg": float(BACKGROUND),
    "color-gray": float(GRAY),
    "window": None,
    "plot-port": None,
}
