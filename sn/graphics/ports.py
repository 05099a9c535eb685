"""Ports: where a curve is drawn: which rectangle of the window shows which real numbers.

To programs a port is a list (object brect rrect pen): brect is (left top right bottom) in pixels,
rrect (xmin ymin xmax ymax) in real numbers, pen where the last line ended, or (). Larger numbers
are always higher up, whichever end of a rectangle is named first.
"""

from __future__ import annotations

from dataclasses import dataclass

from sn.errors import EvalError
from sn.lisp.forms import Pair, Value, describe, to_list
from sn.lisp.machine import Machine

Four = tuple[float, float, float, float]
_LENGTH = 4


@dataclass(frozen=True, slots=True)
class Port:
    """A plotting port, read from its list; `pen_cell` is the cell that holds the pen."""

    object: Value
    brect: Four
    rrect: Four
    pen_cell: Pair

    def pixels(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point of real numbers lies in the window."""
        left, top, right, low = self.brect
        x1, y1, x2, y2 = self.rrect
        top, low = min(top, low), max(top, low)
        least, most = min(y1, y2), max(y1, y2)
        return (
            left + _share(x, x1, x2) * (right - left),
            low - _share(y, least, most) * (low - top),
        )

    def inside(self, x: float, y: float) -> bool:
        """Whether a pixel lies in the rectangle, or half a pixel beside it."""
        left, top, right, low = self.brect
        return (
            min(left, right) - 0.5 <= x <= max(left, right) + 0.5
            and min(top, low) - 0.5 <= y <= max(top, low) + 0.5
        )

    def cut(self, ends: Four) -> Four | None:
        """Return the part of a line, in pixels, that lies in the rectangle; None for none of it.

        Source: Liang and Barsky 1984.
        """
        x1, y1, x2, y2 = ends
        left, top, right, low = self.brect
        first, last = 0.0, 1.0
        for start, step, near, far in (
            (x1, x2 - x1, min(left, right), max(left, right)),
            (y1, y2 - y1, min(top, low), max(top, low)),
        ):
            if step == 0:
                if not near <= start <= far:
                    return None
                continue
            a, b = (near - start) / step, (far - start) / step
            first, last = max(first, min(a, b)), min(last, max(a, b))
        if first > last:
            return None
        across, down = x2 - x1, y2 - y1
        return (
            *(x1 + first * across, y1 + first * down),
            *(x1 + last * across, y1 + last * down),
        )


def _share(value: float, start: float, end: float) -> float:
    return (value - start) / (end - start) if end != start else 0.5


def make_port(brect: Four, rrect: Four, object: Value) -> Pair:
    """Return the list of a new port, whose pen is nowhere yet."""
    made: Pair = to_list((object, to_list(brect), to_list(rrect), None))
    return made


def port_from(value: Value, name: str) -> Port:
    """Return the port that a list is.

    Raises: EvalError, which says that the word `name` needs one.
    """
    cells: list[Pair] = []
    rest = value
    while type(rest) is Pair and len(cells) <= _LENGTH:
        cells.append(rest)
        rest = rest.cdr
    if len(cells) == _LENGTH and rest is None:
        brect, rrect = _four(cells[1].car), _four(cells[2].car)
        if brect is not None and rrect is not None:
            return Port(cells[0].car, brect, rrect, cells[3])
    raise EvalError(
        f"{name} needs a plotting port, found {describe(value)}",
        hint="(new-plot-port BRECT RRECT OBJECT) makes one; (setup-axes ...) makes one the value "
        "of plot-port",
    )


def current_port(it: Machine, name: str) -> Port:
    """Return the port that `plot-port` holds.

    Raises: as `port_from` does.
    """
    return port_from(it.intern("plot-port").value, name)


def _four(value: Value) -> Four | None:
    numbers: list[float] = []
    while type(value) is Pair and len(numbers) < _LENGTH and type(value.car) is float:
        numbers.append(value.car)
        value = value.cdr
    if len(numbers) != _LENGTH or value is not None:
        return None
    a, b, c, d = numbers
    return a, b, c, d
