"""Windows: opened, cleared and measured, and how they draw: colours, fonts and clip rectangles."""

from __future__ import annotations

from pathlib import Path

from sn.errors import EvalError, ValueKindError
from sn.graphics.colours import BACKGROUND, FOREGROUND, GRAY, mixed
from sn.graphics.fonts import LONGEST, font_named
from sn.graphics.pens import current_window, screen_of
from sn.graphics.screen import HEIGHT, WIDTH, Window
from sn.graphics.shapes import FAR, placed
from sn.lisp.calls import builtin, special
from sn.lisp.forms import Pair, Symbol, Value, describe, to_list
from sn.lisp.machine import Machine

_LONGEST = 200  # letters of a name that are kept; chosen here


@builtin("new-window", "svg-window", "x11-window", "ps-window", locked=False)
def new_window(it: Machine, *place: Value) -> Window:
    """(new-window [[x y] width height] ["NAME"])

    Open a window, of 512 by 512 pixels unless it is told, and make it the value of `window`, into
    which all words draw. There is no screen: what is seen in it when the program ends becomes
    NAME.svg in the folder of the run. Return the window.

    (progn (new-window 300 200 "errors") (xsize))
    => 300
    """
    sizes = [value for value in place if value is not None]
    name = sizes.pop()[:_LONGEST] if sizes and type(sizes[-1]) is str else ""
    for value in sizes:
        if type(value) is not float:
            raise ValueKindError(f"new-window needs numbers and a name, found {describe(value)}")
    if len(sizes) not in (0, 2, 4):
        raise EvalError(
            f"new-window needs width and height, or x, y, width and height, found {len(sizes)} "
            "numbers"
        )
    screen = screen_of(it)
    width, height = sizes[-2:] or (WIDTH, HEIGHT)
    made = screen.open(width, height, name)
    it.assign(it.intern("window"), made)
    return made


@builtin("cls", locked=False)
def cls(it: Machine) -> Value:
    """(cls)

    Clear the window.

    (progn (new-window) (draw-line 0 0 9 9) (cls))
    => ()
    """
    current_window(it).clear()
    return None


@builtin("xsize", locked=False)
def xsize(it: Machine) -> float:
    """(xsize)

    Return the width of the window in pixels.

    (progn (new-window 300 200) (xsize))
    => 300
    """
    return current_window(it).width


@builtin("ysize", locked=False)
def ysize(it: Machine) -> float:
    """(ysize)

    Return the height of the window in pixels.

    (progn (new-window 300 200) (ysize))
    => 200
    """
    return current_window(it).height


@builtin("window-title", locked=False)
def window_title(it: Machine, name: str | None = None) -> str:
    """(window-title ["NAME"])

    Give the window another name; return its name.

    (progn (new-window "first") (window-title "second"))
    => "second"
    """
    window = current_window(it)
    if name:
        window.name = name[:_LONGEST]
    return window.name


@builtin("save-window", locked=False)
def save_window(it: Machine, file: str) -> str:
    """(save-window "NAME.svg")

    Write what is seen in the window now as an .svg or .png file, where the program writes its other
    files; return its name. All windows are saved when the program ends: this is for pictures in
    between.

    (progn (new-window) (draw-line 0 0 9 9) (save-window "first.svg"))
    => "first.svg"
    """
    from sn.graphics.picture import figure_of_window  # start-up time: most programs save none

    window = current_window(it)
    suffix = Path(file).suffix
    it.files.write(file, figure_of_window(window, window.name).content(suffix))
    return file


@builtin("color", locked=False)
def color(it: Machine, colour: int | None = None) -> float:
    """(color [c])

    Draw in another colour from here on; return its number. The variables color-fg, color-bg and
    color-gray hold black, white and gray; 0, 1, 2 and so on are eight colours that differ, again
    and again; color-rgb gives the others.

    (progn (new-window) (color color-gray) (= (color) color-gray))
    => t
    """
    window = current_window(it)
    if colour is not None:
        window.set(colour=colour)
    return float(window.pen.colour)


@builtin("alloc-color", locked=False)
def alloc_color(red: float, green: float, blue: float) -> int:
    """(alloc-color red green blue)

    Return the number of a colour mixed of three shares from 0 to 1.

    (= (alloc-color 0 0 1) (alloc-color 0 0 2))
    => t
    """
    return mixed(red, green, blue)


@builtin("color-rgb", locked=False)
def color_rgb(it: Machine, red: float, green: float, blue: float) -> float:
    """(color-rgb red green blue)

    Draw in a colour mixed of three shares from 0 to 1; return its number.

    (progn (new-window) (= (color-rgb 1 0 0) (alloc-color 1 0 0)))
    => t
    """
    return color(it, mixed(red, green, blue))


@builtin("colorp", locked=False)
def colorp() -> bool:
    """(colorp)

    Tell whether windows have colours: t.

    (colorp)
    => t
    """
    return True


@builtin("setcolor", locked=False)
def setcolor(it: Machine, role: Value) -> Value:
    """(setcolor role)

    Draw in the colour of a role of the Ogre toolkit, a symbol or a string: what is a background,
    is white, or light is white, what is gray, dark or disabled is gray, all else black; a number is
    that of a colour.

    (progn (new-window) (setcolor 'gray) (= (color) color-gray))
    => t
    """
    if type(role) is float:
        color(it, int(role) if role - role == 0 else FOREGROUND)
        return None
    words = str(getattr(role, "name", role)).lower()
    lights = any(word in words for word in ("white", "light", "bg", "back"))
    grays = any(word in words for word in ("gray", "grey", "dark", "dis"))
    color(it, GRAY if grays else BACKGROUND if lights else FOREGROUND)
    return None


@builtin("font", locked=False)
def font(it: Machine, name: str | Symbol | None = None) -> str:
    """(font ["NAME"])

    Write in another font, such as "Times-Bold-14": Helvetica, Times or Courier, Bold or Italic, and
    the size in pixels. Return its name.

    (progn (new-window) (font "Courier-10") (font))
    => "Courier-10"
    """
    window = current_window(it)
    if name is not None:
        window.set(font=font_named(name.name if isinstance(name, Symbol) else name))
    return window.pen.font.name[:LONGEST]


@builtin("font-8", locked=False)
def font_8(it: Machine, *ignored: Value) -> Value:
    """(font-8)

    Write in the small letters of the Ogre toolkit.

    (progn (new-window) (font-8) (font))
    => "Helvetica-8"
    """
    font(it, "Helvetica-8")
    return None


@builtin("clip", locked=False)
def clip(it: Machine, *rect: Value) -> Value:
    """(clip [x y width height]) or (clip ())

    Draw inside of a rectangle only; with () everywhere. Return the rectangle as a list, () where
    there is none.

    (progn (new-window) (clip 10 10 100 50) (clip))
    => (10 10 100 50)
    """
    window = current_window(it)
    if len(rect) == 1 and rect[0] is None:
        window.set(clip=None)
    elif rect:
        window.set(clip=_four(rect, "clip"))
    return _told(window)


@builtin("addclip", locked=False)
def addclip(it: Machine, *rect: Value) -> Value:
    """(addclip x y width height)

    Draw only where the rectangle and the one that was set before lie on each other; return what
    that is.

    (progn (new-window) (clip 0 0 100 100) (addclip 50 20 100 10))
    => (50 20 50 10)
    """
    window = current_window(it)
    x, y, width, height = _four(rect, "addclip")
    if window.pen.clip is not None:
        left, top, wide, high = window.pen.clip
        right, low = min(left + wide, x + width), min(top + high, y + height)
        x, y = max(x, left), max(y, top)
        width, height = max(right - x, 0.0), max(low - y, 0.0)
    window.set(clip=(x, y, width, height))
    return _told(window)


def _four(rect: tuple[Value, ...], name: str) -> tuple[float, ...]:
    """Return the numbers of a rectangle, given as four numbers or as a list of them."""
    values = list(rect)
    if len(values) == 1 and type(values[0]) is Pair:
        values, rest = [], rect[0]
        while type(rest) is Pair and len(values) < 5:
            values.append(rest.car)
            rest = rest.cdr
    if len(values) != 4 or not all(type(value) is float for value in values):
        raise EvalError(f"{name} needs the x, y, width and height of a rectangle")
    return placed(*values) or (0.0, 0.0, FAR, FAR)


def _told(window: Window) -> Value:
    return None if window.pen.clip is None else to_list(window.pen.clip)


@special("graphics-batch")
def graphics_batch(it: Machine, form: Pair) -> Value:
    """(graphics-batch forms...)

    Evaluate the forms and return the value of the last; on a screen all that they draw appeared at
    once.

    (graphics-batch 1 2)
    => 2
    """
    return it.progn(form.cdr)


@special("gsave")
def gsave(it: Machine, form: Pair) -> Value:
    """(gsave forms...)

    Evaluate the forms and return the value of the last; then the window draws in the colour, the
    font and the clip rectangle that it had.

    (progn (new-window) (gsave (color color-gray)) (= (color) color-fg))
    => t
    """
    window = it.intern("window").value
    if type(window) is not Window:
        return it.progn(form.cdr)
    with window.saved():
        return it.progn(form.cdr)
