"""Axes: around a plotting port, with labels that have room.

Of labels that would meet only every second, third and so on is written; where those on the left are
too wide for what is beside the axis, they are written smaller.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sn.errors import EvalError
from sn.graphics.pens import current_window, numbers_of, rect_of
from sn.graphics.ports import Four, make_port
from sn.graphics.screen import HEIGHT, WIDTH, Window
from sn.graphics.shapes import Letters, Line, placed
from sn.lisp.calls import builtin
from sn.lisp.forms import Value, to_list
from sn.lisp.machine import Machine

_TICK, _GAP = 4.0, 3.0  # pixels, of a mark on an axis, and from there to its label; chosen here
_SMALLEST = 6.0  # pixels of a letter that can still be read; chosen here
_MOST_TICKS = 200  # on one axis; chosen here
_NEAR = 1e-9  # shares of a step that are rounding; chosen here
_SHORTEST, _LONGEST = 1e-300, 1e300  # of an axis: what it is divided by has digits; chosen here
_AIM = 5  # ticks on an axis that says no step; chosen here

Ticks = list[tuple[float, str]]  # a share of the axis, and the label there


@builtin("nice-brect", locked=False)
def nice_brect(it: Machine, *rect: Value) -> list[float]:
    """(nice-brect [rect])

    Return the rectangle (left top right bottom) inside of another one, or of the window, that
    leaves room for axes with their labels and a title. The other one is a list, or four numbers,
    or a window.

    (progn (new-window 400 300) (nice-brect (list 0 0 (xsize) (ysize))))
    => (56 30 380 270)
    """
    first = rect[0] if rect else None
    if first is None or type(first) is Window:
        window = current_window(it) if first is None else first
        left, top, right, low = 0.0, 0.0, window.width, window.height
    else:
        numbers = rect_of(numbers_of(to_list(rect)).tolist(), "a rectangle")
        left, top, right, low = placed(*numbers) or (0.0, 0.0, WIDTH, HEIGHT)
        if right <= left or low <= top:  # as (x y width height)
            right, low = left + right, top + low
    wide, high = right - left, low - top
    edge = _between(0.1 * high, 18, 36)
    return [
        left + _between(0.14 * wide, 26, 64),
        top + edge,
        right - _between(0.05 * wide, 10, 24),
        low - edge,
    ]


def _between(value: float, low: float, high: float) -> float:
    return float(round(min(max(value, low), high)))


@builtin("draw-axes", locked=False)
def draw_axes(
    it: Machine,
    brect: list[float],
    xlabels: list[Value],
    ylabels: list[Value],
    title: str | None = None,
) -> Value:
    """(draw-axes brect xlabels ylabels "TITLE")

    Draw axes at the left and lower edge of a rectangle (left top right bottom), with labels,
    numbers or strings, spread evenly from one end to the other, and a title above.

    (progn (new-window) (draw-axes (nice-brect) (range 0 100 20) '(0 0.5 1) "error"))
    => ()
    """
    place = placed(*rect_of(brect, "brect"))
    if place:
        pixels = rect_of(place, "brect")
        _draw(it, pixels, _spread(it, xlabels), _spread(it, ylabels), title or "")
    return None


@builtin("setup-axes", locked=False)
def setup_axes(
    it: Machine,
    x1: float,
    y1: float,
    x2: float,
    y2: float,
    xstep: float | None = None,
    ystep: float | None = None,
    title: str | None = None,
) -> Value:
    """(setup-axes x1 y1 x2 y2 [xstep ystep ["TITLE"]])

    Draw axes for real numbers from x1 to x2 and from y1 to y2 into the window, with labels a step
    apart, and make their port the value of plot-port; return it.

    (progn (new-window) (setup-axes 0 -1 10 1 2 0.5 "sine") (length plot-port))
    => 4
    """
    if not (_SHORTEST <= abs(x2 - x1) <= _LONGEST and _SHORTEST <= abs(y2 - y1) <= _LONGEST):
        raise EvalError(
            "setup-axes needs two ends of each axis that differ, by 1e+300 at most, "
            f"found {it.show(x1)} {it.show(x2)} and {it.show(y1)} {it.show(y2)}"
        )
    pixels = rect_of(nice_brect(it), "brect")
    low, high = min(y1, y2), max(y1, y2)
    _draw(it, pixels, _steps(it, x1, x2, xstep), _steps(it, low, high, ystep), title or "")
    port = make_port(pixels, (x1, y1, x2, y2), it.get_global("object-nil"))
    it.assign(it.intern("plot-port"), port)
    return port


# --- where labels stand ---


def _spread(it: Machine, labels: Sequence[Value]) -> Ticks:
    """Return labels spread evenly over an axis."""
    last = max(len(labels) - 1, 1)
    every = -(-len(labels) // _MOST_TICKS) or 1
    return [(k / last, _text(it, labels[k])) for k in range(0, len(labels), every)]


def _steps(it: Machine, start: float, end: float, step: float | None) -> Ticks:
    """Return labels a step apart, the first at the start of an axis; None finds a round step, and
    its multiples.
    """
    length = abs(end - start)
    if step and step - step == 0:
        size, first = max(abs(step), length / _MOST_TICKS), start
    else:
        size = _nice_step(length)
        toward = math.ceil if end > start else math.floor
        first = size * toward(start / size)
    n = math.floor(abs(end - first) / size + _NEAR)
    values = [first + math.copysign(k * size, end - start) for k in range(n + 1)]
    return [
        ((value - start) / (end - start), _text(it, 0.0 if abs(value) < _NEAR * size else value))
        for value in values
    ]


def _nice_step(length: float) -> float:
    """Return 1, 2 or 5 times a power of ten, _AIM or somewhat more of which make a length."""
    rough = length / _AIM
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    return next((n * power for n in (5, 2, 1) if n * power <= rough), power)


def _text(it: Machine, label: Value) -> str:
    if label is None:
        return ""
    return label if type(label) is str else it.show(label)


# --- drawing ---


@dataclass(frozen=True, slots=True)
class _Labels:
    """Labels of one axis that are written: every `every`-th of `ticks`, in letters of `size`."""

    ticks: Ticks
    size: float
    every: int

    @property
    def shown(self) -> Ticks:
        """Those that are written."""
        return self.ticks[:: self.every]


def _draw(it: Machine, brect: Four, xs: Ticks, ys: Ticks, title: str) -> None:
    window = current_window(it)
    left, right = brect[0], brect[2]
    top, low = min(brect[1], brect[3]), max(brect[1], brect[3])
    window.draw(Line(left, top, left, low))
    window.draw(Line(left, low, right, low))
    for share, _ in xs:
        x = left + share * (right - left)
        window.draw(Line(x, low, x, low + _TICK))
    for share, _ in ys:
        y = low - share * (low - top)
        window.draw(Line(left - _TICK, y, left, y))
    _below(window, xs, left, right, low + _TICK)
    _beside(window, ys, top, low, left - _TICK)
    if title:
        room = window.width - 2 * _GAP
        size = window.pen.font.size
        shown = _fitted(title, room, size)
        half = _width(shown, size) / 2
        x = min(max((left + right) / 2, half + _GAP), max(window.width - half - _GAP, half + _GAP))
        _write(window, Letters(x, top - 2 * _GAP, shown, window.pen.font, "middle"))


def _below(window: Window, ticks: Ticks, left: float, right: float, y: float) -> None:
    """Write labels under an axis, each in the middle of its mark or as far as the window goes."""
    size = window.pen.font.size
    widest = max((_width(label, size) for _, label in ticks), default=0.0)
    apart = abs(right - left) / max(len(ticks) - 1, 1)
    labels = _Labels(ticks, size, _every(widest + 2 * _GAP, apart, len(ticks)))
    for share, label in labels.shown:
        shown = _fitted(label, window.width - 2, size)
        half = _width(shown, size) / 2
        x = left + share * (right - left)
        x = max(min(x, window.width - half - 1), half + 1)
        _write(window, Letters(x, y + size, shown, window.pen.font, "middle"))


def _beside(window: Window, ticks: Ticks, top: float, low: float, x: float) -> None:
    """Write labels to the left of an axis, smaller where there is no room.

    A number that does not fit in the smallest letters is left out: without its end it would be
    another one.
    """
    size = window.pen.font.size
    smallest = min(_SMALLEST, size)
    room = max(x - _GAP - 1, 1.0)
    ticks = [one for one in ticks if not _is_number(one[1]) or _width(one[1], smallest) <= room]
    widest = max((_width(label, size) for _, label in ticks), default=0.0)
    if widest > room:
        size = max(size * room / widest, smallest)
    apart = (low - top) / max(len(ticks) - 1, 1)
    labels = _Labels(ticks, size, _every(1.1 * size, apart, len(ticks)))
    font = replace(window.pen.font, size=size)
    for share, label in labels.shown:
        y = low - share * (low - top) + 0.35 * size
        _write(window, Letters(x - _GAP, y, _fitted(label, room, size), font, "end"))


def _is_number(label: str) -> bool:
    try:
        float(label)
    except ValueError:
        return False
    return True


def _every(need: float, apart: float, n: int) -> int:
    """Return of how many labels one is written, so that each has what it needs."""
    return min(max(math.ceil(need / apart), 1), max(n, 1)) if apart > 0 else max(n, 1)


def _write(window: Window, letters: Letters) -> None:
    if letters.text:
        window.draw(letters)


def _width(text: str, size: float) -> float:
    from sn.figure.letters import text_width  # start-up time: most programs draw nothing

    return text_width(text[:1000], size)


def _fitted(text: str, room: float, size: float) -> str:
    from sn.figure.letters import fitted  # start-up time, as above

    return fitted(text, room, size)
