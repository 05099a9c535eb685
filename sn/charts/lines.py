"""Lines: curves with bands over one axis.

Every line is named at its right end, where names are moved apart, so no legend lies over a curve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sn.charts.axis import Axis, words_of
from sn.display import printable
from sn.svg import Element, element

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


def chart(
    lines: Sequence[Line],
    x_title: str,
    y_title: str,
    is_log: bool = False,
    zero: bool = False,
    percent_x: bool = False,
) -> Element | None:
    """Return curves over one axis, or None where nothing can be drawn.

    `zero` lets the upright axis begin at 0. What cannot be drawn on a logarithmic axis, 0 and less,
    is left out. Of curves with more points than there is room for, the lowest and the highest of
    each stretch stay.
    """
    shown = [_thinned(_drawable(line, is_log)) for line in lines]
    shown = [line for line in shown if line.points or line.level is not None]
    xs = [x for line in shown for x, _ in line.points] or [0.0, 1.0]
    ys = [y for line in shown for _, y in line.points]
    ys += [y for line in shown for pair in line.band for y in pair]
    ys += [line.level for line in shown if line.level is not None]
    if not ys:
        return None
    low, high = _reach(ys, is_log, zero)
    height = max(HEIGHT, TOP + BOTTOM + LINE * len(shown))
    is_whole = all(float(x).is_integer() for x in xs)
    x = Axis(min(xs), max(xs), LEFT, WIDTH - RIGHT, is_whole=is_whole and not percent_x)
    y = Axis(low, high, height - BOTTOM, TOP, is_log)
    parts = _grid(x, y, percent_x)
    for line in shown:
        parts += _drawn(line, x, y)
    parts += _names(shown, y)
    middle = (TOP + height - BOTTOM) / 2
    parts.append(
        element(
            "text",
            x_title,
            x=(LEFT + WIDTH - RIGHT) / 2,
            y=height - 6,
            text_anchor="middle",
            class_="title",
        )
    )
    parts.append(
        element(
            "text",
            y_title,
            transform=f"translate(13 {middle}) rotate(-90)",
            text_anchor="middle",
            class_="title",
        )
    )
    return element(
        "svg",
        *parts,
        class_="sn-chart",
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


def _grid(x: Axis, y: Axis, percent_x: bool) -> list[Element]:
    parts = []
    for tick in y.ticks(7):
        at = round(y.at(tick), 1)
        parts.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at, class_="grid"))
        parts.append(
            element("text", words_of(tick, y.is_log), x=LEFT - 6, y=at + 4, text_anchor="end")
        )
    for tick in x.ticks(6):
        at = round(x.at(tick), 1)
        words = f"{100 * tick:g} %" if percent_x else words_of(tick, False)
        parts.append(element("text", words, x=at, y=y.start + 16, text_anchor="middle"))
    return parts


def _drawn(line: Line, x: Axis, y: Axis) -> list[Element]:
    hue = f"hue{line.hue % 6}"
    if line.level is not None:
        at = round(y.at(line.level), 1)
        return [element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at, class_="level")]
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
            element("polygon", points=" ".join([*over, *reversed(under)]), class_=f"band {hue}")
        )
    points = [f"{x.at(a):.1f},{y.at(b):.1f}" for a, b in line.points]
    if len(points) == 1:
        (cx, cy) = points[0].split(",")
        parts.append(element("circle", cx=cx, cy=cy, r=3, class_=f"dot {hue}"))
    turn = f" turn{min(line.hue // 6, 2)}" if line.hue >= 6 else ""  # its colour comes again
    parts.append(element("polyline", points=" ".join(points), class_=f"curve {hue}{turn}"))
    return parts


def _names(lines: Sequence[Line], y: Axis) -> list[Element]:
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
            element(
                "polyline",
                points=f"{end + 2},{at:.1f} {end + 10},{place:.1f}",
                class_=f"lead {hue}",
            )
        )
        whole = name = printable(line.name)
        if len(name) > MOST_LETTERS:
            # names of variants begin alike
            half = MOST_LETTERS // 2
            name = f"{name[: MOST_LETTERS - half - 1]}…{name[-half:]}"
        is_wide = len(name) * LETTER > room
        parts.append(
            element(
                "text",
                *([element("title", whole)] if name != whole else []),
                name,
                # its end tells names apart, so it is there in any font
                textLength=room if is_wide else None,
                lengthAdjust="spacingAndGlyphs" if is_wide else None,
                x=end + 13,
                y=round(place + 4, 1),
                class_=f"name {hue}",
            )
        )
    return parts
