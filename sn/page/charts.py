"""Charts: lines with bands, and bars, as SVG that takes its colours from the page.

Every line is named at its right end, where names are moved apart, so no legend lies over a curve.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sn.page.html import Html, join, tag

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 58, 132, 14, 40
LETTER = 7.3  # width of a letter of the labels, in units of the picture, at most on average
LINE = 15  # from a name to the next
MOST_LETTERS = 18  # of a name beside its curve; chosen here
MOST_POINTS = 800  # of a curve, more than the picture can show side by side; chosen here
LARGEST = 1e300  # beyond this, and nearer to 0 than one over it, nothing is drawn; chosen here
FLATTEST = 1e-4  # height of a picture as a share of its numbers: six digits tell its ticks apart


@dataclass(frozen=True, slots=True)
class Line:
    """A curve: its name, its points, and at each of them how far its band reaches, if it has one.

    `level` makes it a dashed line of one height over the whole width; `hue` numbers its colour.
    """

    name: str
    points: tuple[tuple[float, float], ...]
    hue: int = 0
    band: tuple[tuple[float, float], ...] = ()
    level: float | None = None


class _Axis:
    """Where numbers lie along an axis: a logarithmic one for those above 0, one for whole ones."""

    def __init__(
        self,
        low: float,
        high: float,
        start: float,
        end: float,
        is_log: bool = False,
        is_whole: bool = False,
    ) -> None:
        if low == high:
            low, high = (low / 2, high * 2) if is_log else (low - 1, high + 1)
        self.low, self.high, self.start, self.end = low, high, start, end
        self.is_log, self.is_whole = is_log, is_whole

    def at(self, value: float) -> float:
        low, high, value = (
            (math.log10(one) for one in (self.low, self.high, max(value, self.low / 10)))
            if self.is_log
            else (self.low, self.high, value)
        )
        return self.start + (self.end - self.start) * (value - low) / (high - low)

    def ticks(self, most: int) -> list[float]:
        if self.is_log:
            powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            for steps in ((1, 2, 5), (1, 3), (1,)):
                found = [step * 10.0**power for power in powers for step in steps]
                inside = [one for one in found if self.low * 0.999 <= one <= self.high * 1.001]
                if len(inside) <= most:
                    break
            if len(inside) > 2:
                return inside[:: -(-len(inside) // most)]
        rough = (self.high - self.low) / most
        if self.is_whole:
            rough = max(rough, 1.0)
        unit = 10.0 ** math.floor(math.log10(rough))
        step = next(unit * one for one in (1, 2, 5, 10) if unit * one >= rough)
        first = math.ceil(self.low / step - 1e-9)
        return [n * step for n in range(first, math.floor(self.high / step + 1e-9) + 1)]


def _number(value: float, is_log: bool) -> str:
    if is_log and value < 0.01:
        mantissa, exponent = f"{value:.0e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    return f"{value:,.6g}"


def chart(
    lines: Sequence[Line],
    x_title: str,
    y_title: str,
    is_log: bool = False,
    zero: bool = False,
    percent_x: bool = False,
) -> Html:
    """Return curves over one axis; `zero` lets the upright axis begin at 0.

    What cannot be drawn on a logarithmic axis, 0 and less, is left out. Of curves with more points
    than there is room for, the lowest and the highest of each stretch stay.
    """
    shown = [_thinned(_drawable(line, is_log)) for line in lines]
    shown = [line for line in shown if line.points or line.level is not None]
    xs = [x for line in shown for x, _ in line.points] or [0.0, 1.0]
    ys = [y for line in shown for _, y in line.points]
    ys += [y for line in shown for pair in line.band for y in pair]
    ys += [line.level for line in shown if line.level is not None]
    if not ys:
        return tag("p", "There is nothing to draw.", Class="note")
    low, high = _reach(ys, is_log, zero)
    height = max(HEIGHT, TOP + BOTTOM + LINE * len(shown))
    is_whole = all(float(x).is_integer() for x in xs)
    x = _Axis(min(xs), max(xs), LEFT, WIDTH - RIGHT, is_whole=is_whole and not percent_x)
    y = _Axis(low, high, height - BOTTOM, TOP, is_log)
    parts = [*_grid(x, y, percent_x), *(_drawn(line, x, y) for line in shown), _names(shown, y)]
    middle = (TOP + height - BOTTOM) / 2
    parts.append(
        tag(
            "text",
            x_title,
            x=(LEFT + WIDTH - RIGHT) / 2,
            y=height - 6,
            text_anchor="middle",
            Class="title",
        )
    )
    parts.append(
        tag(
            "text",
            y_title,
            transform=f"translate(13 {middle}) rotate(-90)",
            text_anchor="middle",
            Class="title",
        )
    )
    return tag(
        "svg",
        *parts,
        Class="chart",
        viewBox=f"0 0 {WIDTH} {height}",
        role="img",
        aria_label=f"{y_title} by {x_title}",
    )


def _reach(ys: Sequence[float], is_log: bool, zero: bool) -> tuple[float, float]:
    """Return the ends of the upright axis for numbers; below 0 only where some of them are."""
    low, high = min(ys), max(ys)
    if is_log:
        return low * 0.93, high * 1.07
    if zero:
        return 0.0, high if high > 0 else 1.0
    room = 0.03 * (high - low) or 1.0
    room = max(room, FLATTEST / 2 * max(abs(low), abs(high)))
    return (max(low - room, 0.0) if low >= 0 else low - room), high + room


def _drawable(line: Line, is_log: bool) -> Line:
    """Return a line without what the picture has no place for."""

    def fits(value: float) -> bool:
        return 1 / LARGEST < value < LARGEST if is_log else abs(value) < LARGEST

    keep = [number for number, (_, value) in enumerate(line.points) if fits(value)]
    points = tuple(line.points[n] for n in keep)
    ends = [line.band[n] for n in keep] if line.band else []
    band = tuple(
        (max(a, value / 10 if is_log else -LARGEST), min(b, LARGEST))
        for (a, b), (_, value) in zip(ends, points if ends else (), strict=True)
    )
    level = line.level if line.level is not None and fits(line.level) else None
    return Line(line.name, points, line.hue, band, level)


def _thinned(line: Line) -> Line:
    """Return a line of no more than MOST_POINTS points, and the last one."""
    count = len(line.points)
    if count <= MOST_POINTS:
        return line
    step = -(-count // (MOST_POINTS // 2))
    keep = {count - 1}
    for start in range(0, count, step):
        stretch = range(start, min(start + step, count))
        keep.add(min(stretch, key=lambda n: line.points[n][1]))
        keep.add(max(stretch, key=lambda n: line.points[n][1]))
    points = tuple(line.points[n] for n in sorted(keep))
    band = tuple(line.band[n] for n in sorted(keep)) if line.band else ()
    return Line(line.name, points, line.hue, band, line.level)


def _grid(x: _Axis, y: _Axis, percent_x: bool) -> list[Html]:
    parts = []
    for tick in y.ticks(7):
        at = round(y.at(tick), 1)
        parts.append(tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at, Class="grid"))
        parts.append(tag("text", _number(tick, y.is_log), x=LEFT - 6, y=at + 4, text_anchor="end"))
    for tick in x.ticks(6):
        at = round(x.at(tick), 1)
        words = f"{100 * tick:g} %" if percent_x else _number(tick, False)
        parts.append(tag("text", words, x=at, y=y.start + 16, text_anchor="middle"))
    return parts


def _drawn(line: Line, x: _Axis, y: _Axis) -> Html:
    hue = f"hue{line.hue % 6}"
    if line.level is not None:
        at = round(y.at(line.level), 1)
        return tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at, Class="level")
    parts = []
    if line.band:
        over = [
            f"{x.at(a):.1f},{y.at(b[1]):.1f}"
            for (a, _), b in zip(line.points, line.band, strict=True)
        ]
        under = [
            f"{x.at(a):.1f},{y.at(b[0]):.1f}"
            for (a, _), b in zip(line.points, line.band, strict=True)
        ]
        parts.append(
            tag("polygon", points=" ".join([*over, *reversed(under)]), Class=f"band {hue}")
        )
    points = [f"{x.at(a):.1f},{y.at(b):.1f}" for a, b in line.points]
    if len(points) == 1:
        (cx, cy) = points[0].split(",")
        parts.append(tag("circle", cx=cx, cy=cy, r=3, Class=f"dot {hue}"))
    turn = f" turn{min(line.hue // 6, 2)}" if line.hue >= 6 else ""  # its colour comes again
    parts.append(tag("polyline", points=" ".join(points), Class=f"curve {hue}{turn}"))
    return join(parts)


def _names(lines: Sequence[Line], y: _Axis) -> Html:
    """Name each line at its right end, moved so that no name lies over another."""
    ends = [
        (y.at(line.level if line.level is not None else line.points[-1][1]), line) for line in lines
    ]
    ends.sort(key=lambda end: end[0])
    places: list[float] = []
    for at, _ in ends:
        places.append(max(at, places[-1] + LINE) if places else at)
    over = (places[-1] if places else 0) - (y.start + 6)
    for number in reversed(range(len(places))):
        limit = places[number + 1] - LINE if number + 1 < len(places) else y.start + 6
        if over > 0:
            places[number] = min(places[number], limit)
    room = RIGHT - 15
    parts = []
    for (at, line), place in zip(ends, places, strict=True):
        end = WIDTH - RIGHT
        hue = "level" if line.level is not None else f"hue{line.hue % 6}"
        parts.append(
            tag(
                "polyline", points=f"{end + 2},{at:.1f} {end + 10},{place:.1f}", Class=f"lead {hue}"
            )
        )
        name = line.name
        if len(name) > MOST_LETTERS:
            # names of variants begin alike
            half = MOST_LETTERS // 2
            name = f"{name[: MOST_LETTERS - half - 1]}…{name[-half:]}"
        is_wide = len(name) * LETTER > room
        parts.append(
            tag(
                "text",
                tag("title", line.name) if name != line.name else None,
                name,
                # its end tells names apart, so it is there in any font
                textLength=room if is_wide else None,
                lengthAdjust="spacingAndGlyphs" if is_wide else None,
                x=end + 13,
                y=round(place + 4, 1),
                Class=f"name {hue}",
            )
        )
    return join(parts)


def bars(counts: Sequence[int], edges: Sequence[float], x_title: str, hue: int = 0) -> Html:
    """Return a histogram: `counts` between `edges`, one edge more."""
    width, height, left, bottom, top = 260, 120, 8, 34, 6
    most = max(counts, default=0) or 1
    step = (width - 2 * left) / max(len(counts), 1)
    parts = []
    for number, count in enumerate(counts):
        tall = (height - bottom - top) * count / most
        parts.append(
            tag(
                "rect",
                tag("title", f"{count:,}"),
                x=round(left + number * step, 1),
                y=round(height - bottom - tall, 1),
                width=round(step - 0.6, 1),
                height=round(tall, 1),
                Class=f"bar hue{hue}",
            )
            if count
            else None
        )
    for place, anchor in ((0, "start"), (-1, "end")):
        at = left if place == 0 else width - left
        parts.append(tag("text", f"{edges[place]:.3g}", x=at, y=height - 20, text_anchor=anchor))
    parts.append(
        tag("text", x_title, x=width / 2, y=height - 5, text_anchor="middle", Class="title")
    )
    return tag(
        "svg", *parts, Class="bars", viewBox=f"0 0 {width} {height}", role="img", aria_label=x_title
    )
