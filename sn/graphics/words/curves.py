"""Curves: lines through real numbers, and objects on them, in a plotting port.

A port says which part of the window shows which numbers. The words that draw use the one in the
variable plot-port: (let ((plot-port train-port)) (plt-draw age error) (plt-plot age error)).
"""

from __future__ import annotations

from sn.errors import EvalError
from sn.graphics.pens import current_window, numbers_of, rect_of
from sn.graphics.ports import Port, current_port, make_port, port_from
from sn.graphics.shapes import Box, Disc, Line, Polygon, Shape, placed
from sn.lisp.calls import builtin
from sn.lisp.forms import Pair, Symbol, Value
from sn.lisp.machine import Callee, Machine

_RADIUS = 3.0  # pixels, of the objects on a curve; chosen here


@builtin("new-plot-port", locked=False)
def new_plot_port(
    it: Machine, brect: list[float], rrect: list[float], object: Callee | None = None
) -> Pair:
    """(new-plot-port brect rrect object)

    Return a plotting port: the rectangle brect (left top right bottom) of the window, in pixels,
    shows the real numbers of rrect (xmin ymin xmax ymax), larger ones further up. The object is
    what plt-plot draws: object-nil, open-circle, closed-circle, open-square, closed-square, and so
    on, or a function of two numbers, pixels.

    (length (new-plot-port '(40 10 300 180) '(0 0 1 1) open-circle))
    => 4
    """
    pixels, reals = rect_of(brect, "brect"), rect_of(rrect, "rrect")
    return make_port(pixels, reals, object)


@builtin("copy-plot-port", locked=False)
def copy_plot_port(port: Pair, object: Callee | None = None) -> Pair:
    """(copy-plot-port port [object])

    Return a port of the same rectangles, for another curve, with the same object or another one.

    (car (copy-plot-port (new-plot-port '(40 10 300 180) '(0 0 1 1) ()) object-nil))
    => ::DX:object-nil
    """
    found = port_from(port, "copy-plot-port")
    return make_port(found.brect, found.rrect, found.object if object is None else object)


@builtin("plt-clear", locked=False)
def plt_clear(it: Machine) -> Value:
    """(plt-clear)

    Forget where the last line of plot-port ended: the next plt-draw begins another curve.

    (progn (setup-axes 0 0 1 1) (plt-clear))
    => ()
    """
    current_port(it, "plt-clear").pen_cell.car = None
    return None


@builtin("plt-move", locked=False)
def plt_move(it: Machine, x: float, y: float) -> Value:
    """(plt-move x y)

    Let the next line of plot-port begin at a point of real numbers.

    (progn (setup-axes 0 0 1 1) (plt-move 0.5 0.5))
    => ()
    """
    current_port(it, "plt-move").pen_cell.car = Pair(x, y)
    return None


@builtin("plt-draw", locked=False)
def plt_draw(it: Machine, x: float, y: float) -> Value:
    """(plt-draw x y)

    Draw a line in plot-port from where the last one ended to a point of real numbers; the first
    draws none. What lies outside of the port is not drawn.

    (progn (setup-axes 0 0 1 1) (plt-draw 0 0) (plt-draw 1 0.5))
    => ()
    """
    _draw(it, current_port(it, "plt-draw"), x, y)
    return None


def _draw(it: Machine, port: Port, x: float, y: float) -> None:
    pen = port.pen_cell.car
    if x - x != 0 or y - y != 0:
        port.pen_cell.car = None  # a gap
        return
    port.pen_cell.car = Pair(x, y)
    if type(pen) is Pair and type(pen.car) is float and type(pen.cdr) is float:
        ends = placed(*port.pixels(pen.car, pen.cdr), *port.pixels(x, y))
        part = port.cut((ends[0], ends[1], ends[2], ends[3])) if ends else None
        if part is not None:
            current_window(it).draw(Line(*part))


@builtin("plt-plot", locked=False)
def plt_plot(it: Machine, x: float, y: float) -> Value:
    """(plt-plot x y)

    Draw the object of plot-port at a point of real numbers, if that lies in the port.

    (progn (setup-axes 0 0 1 1) (plt-plot 0.5 0.5))
    => ()
    """
    _plot(it, current_port(it, "plt-plot"), x, y)
    return None


def _plot(it: Machine, port: Port, x: float, y: float) -> None:
    place = placed(*port.pixels(x, y))
    if port.object is not None and place and port.inside(*place):
        it.call(port.object, place)


@builtin("plot-lists", locked=False)
def plot_lists(it: Machine, xs: Value, ys: Value) -> Value:
    """(plot-lists xs ys)

    Draw a curve in plot-port through points whose coordinates are in two lists, or vectors, with
    the object of the port at each point.

    (progn (setup-axes 0 0 2 4) (plot-lists '(0 1 2) '(0 1 4)))
    => ()
    """
    port = current_port(it, "plot-lists")
    across, up = numbers_of(xs).tolist(), numbers_of(ys).tolist()
    if len(across) != len(up):
        raise EvalError(
            f"plot-lists needs lists of equal length, found {len(across)} and {len(up)} numbers"
        )
    port.pen_cell.car = None
    for x, y in zip(across, up, strict=True):
        _draw(it, port, x, y)
    if not _is_nothing(port.object):
        for x, y in zip(across, up, strict=True):
            _plot(it, port, x, y)
    return None


def _is_nothing(object: Value) -> bool:
    name = object.name if type(object) is Symbol else getattr(object, "name", None)
    return object is None or name == "object-nil"


# --- objects ---


def _object(name: str, what: str, *shape: Value) -> None:
    """Define a word that draws an object around a pixel."""

    def draw(it: Machine, x: float, y: float) -> Value:
        place = placed(x, y)
        if shape and place:
            for one in _shapes(shape[0], bool(shape[1]), place[0], place[1]):
                current_window(it).draw(one)
        return None

    draw.__doc__ = f"""({name} x y)

    {what} at a point in pixels: an object for plotting ports.

    (progn (new-window) ({name} 50 50))
    => ()
    """
    builtin(name, locked=False)(draw)


def _shapes(kind: str, is_closed: bool, x: float, y: float) -> tuple[Shape, ...]:
    r = _RADIUS
    match kind:
        case "circle":
            return (Disc(x, y, r, is_closed),)
        case "square":
            return (Box(x - r, y - r, 2 * r, 2 * r, is_closed),)
    tip = -r if kind == "up" else r
    a, b, c = (x, y + tip), (x + r, y - tip), (x - r, y - tip)
    if is_closed:
        return (Polygon((*a, *b, *c)),)
    return (Line(*a, *b), Line(*b, *c), Line(*c, *a))


_object("object-nil", "Draw nothing")
_object("open-circle", "Draw a small circle", "circle", False)
_object("closed-circle", "Draw a small filled circle", "circle", True)
_object("open-square", "Draw a small square", "square", False)
_object("closed-square", "Draw a small filled square", "square", True)
_object("open-up-triangle", "Draw a small triangle", "up", False)
_object("closed-up-triangle", "Draw a small filled triangle", "up", True)
_object("open-down-triangle", "Draw a small triangle on its tip", "down", False)
_object("closed-down-triangle", "Draw a small filled triangle on its tip", "down", True)
