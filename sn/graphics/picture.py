"""Picture: a window as a figure, whose SVG or PNG has the pixels of the window.

Lines in one colour, one behind the other, are one path; so are the cells of a picture that are
equally gray. The same window gives the same bytes. Read next: sn/figure/picture.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from sn.display import many
from sn.figure.picture import Figure
from sn.figure.style import FONT
from sn.graphics.colours import BACKGROUND, FOREGROUND, GRAY, css
from sn.graphics.screen import Screen, Window
from sn.graphics.shapes import (
    Box,
    Disc,
    Grays,
    Letters,
    Line,
    Polygon,
    Rect,
    Shape,
    Squares,
)
from sn.svg import Element, element, number

# By name, as in sn/figure/style.py: what makes a PNG knows no generic families.
_FAMILIES = {
    "sans": FONT,
    "serif": "Times New Roman,Times,Liberation Serif,DejaVu Serif,Noto Serif,serif",
    "mono": "Courier New,Courier,Liberation Mono,DejaVu Sans Mono,Noto Sans Mono,monospace",
}
_SHEET = "".join(
    f".sn-figure .{name}{{font-family:{family}}}" for name, family in _FAMILIES.items()
)
EDGE = "#8c959f"  # of a window, seen on white and on black; chosen here
_MOST_LETTERS = 1_000  # of one text; chosen here: more do not fit into any window


def pictures_of(screen: Screen, since: int = -1) -> dict[str, Figure]:
    """Return those windows in which something is seen, by name; equal names are numbered.

    Only those that were drawn into `since` a time of the screen's clock.
    """
    found: dict[str, Figure] = {}
    for window in screen.windows:
        if window.marks and window.drawn_at > since:
            name, n = window.name, 1
            while name in found:
                n += 1
                name = f"{window.name} {n}"
            found[name] = figure_of_window(window, name)
    return found


def figure_of_window(window: Window, title: str) -> Figure:
    """Return what is seen in a window, on white: programs choose their colours for that."""
    parts = [
        element("rect", width=window.width, height=window.height, fill=css(BACKGROUND)),
        *_clipped_runs(window),
        element(
            "rect",
            x=0.5,
            y=0.5,
            width=window.width - 1,
            height=window.height - 1,
            fill="none",
            stroke=EDGE,
        ),
    ]
    told = f"A window of {window.width:.0f} x {window.height:.0f} with {_count(window)}."
    return Figure(title, told, tuple(parts), window.width, window.height, 0.0, _SHEET)


def _count(window: Window) -> str:
    shown = many(len(window.marks), "mark")
    return f"{shown}, {many(window.lost, 'mark')} more left out" if window.lost else shown


def _clipped_runs(window: Window) -> Iterator[Element]:
    """Yield the marks as elements, those one behind the other in one clip rectangle together."""
    run: list[tuple[Shape, int]] = []
    clip: Rect | None = None
    for (_, where), mark in window.marks.items():
        if where != clip:
            yield from _inside(clip, run)
            run, clip = [], where
        run.append(mark)
    yield from _inside(clip, run)


def _inside(clip: Rect | None, marks: Sequence[tuple[Shape, int]]) -> Iterator[Element]:
    if clip is None:
        yield from _elements(marks)
    elif marks and min(clip[2:]) > 0:
        x, y, width, height = clip
        # an svg inside of one clips what is in it, and needs no name that pages share
        whole = element(
            "svg",
            x=x,
            y=y,
            width=width,
            height=height,
            viewBox=f"{number(x)} {number(y)} {number(width)} {number(height)}",
            overflow="hidden",
        )
        yield whole.add(*_elements(marks))


def _elements(marks: Iterable[tuple[Shape, int]]) -> Iterator[Element]:
    lines: list[Line] = []
    ink = ""
    for shape, colour in marks:
        if lines and (type(shape) is not Line or css(colour) != ink):
            yield _lines(lines, ink)
            lines = []
        ink = css(colour)
        if type(shape) is Line:
            lines.append(shape)
        else:
            yield from _shape(shape, ink)
    if lines:
        yield _lines(lines, ink)


def _lines(lines: Iterable[Line], ink: str) -> Element:
    """Return lines as one path, which goes on where the next begins where the last ended."""
    commands: list[str] = []
    end: tuple[float, float] | None = None
    for line in lines:
        start = (line.x1, line.y1)
        if start != end:
            commands.append(f"M{number(start[0])} {number(start[1])}")
        end = (line.x2, line.y2)
        commands.append(f"L{number(end[0])} {number(end[1])}")
    return element("path", d="".join(commands), fill="none", stroke=ink, stroke_linecap="round")


def _shape(shape: Shape, ink: str) -> Iterator[Element]:
    """Yield the elements of one shape that is no line."""
    match shape:
        case Box(x, y, width, height, is_filled):
            fill, stroke = (ink, None) if is_filled else ("none", ink)
            yield element("rect", x=x, y=y, width=width, height=height, fill=fill, stroke=stroke)
        case Disc(x, y, radius, is_filled):
            fill, stroke = (ink, None) if is_filled else ("none", ink)
            yield element("circle", cx=x, cy=y, r=radius, fill=fill, stroke=stroke)
        case Polygon(points):
            pairs = zip(points[::2], points[1::2], strict=True)
            corners = " ".join(f"{number(x)},{number(y)}" for x, y in pairs)
            yield element("polygon", points=corners, fill=ink)
        case Letters():
            yield _letters(shape, ink)
        case Squares():
            yield from _squares(shape)
        case Grays():
            yield from _grays(shape)


def _letters(shape: Letters, ink: str) -> Element:
    font = shape.font
    one = element(
        "text",
        shape.text[:_MOST_LETTERS],
        class_=font.family,
        x=shape.x,
        y=shape.y,
        text_anchor=shape.anchor if shape.anchor != "start" else None,
        font_size=font.size,
        font_weight="bold" if font.is_bold else None,
        font_style="italic" if font.is_italic else None,
        fill=ink,
    )
    one.attributes["xml:space"] = "preserve"  # SN's texts hold their columns with blanks
    return one


def _squares(shape: Squares) -> Iterator[Element]:
    """Yield the ground of a Hinton diagram, then all that is black, then all that is white."""
    if shape.is_backed:
        rows = -(-shape.n // shape.columns)
        ground = _crisp(_square(shape.x, shape.y, shape.columns * shape.apart, rows * shape.apart))
        ground.attributes["fill"] = css(GRAY)
        yield ground
    white = "" if shape.is_backed else css(FOREGROUND)
    for sign, fill, stroke in ((-1, FOREGROUND, ""), (1, BACKGROUND, white)):
        found = np.flatnonzero(shape.sides * sign > 0).tolist()
        if not found:
            continue
        drawn = _round if shape.is_round else _square
        commands = []
        for k in found:
            row, column = divmod(k, shape.columns)
            side = float(abs(shape.sides[k]))
            x = shape.x + (column + 0.5) * shape.apart - side / 2
            y = shape.y + (row + 0.5) * shape.apart - side / 2
            commands.append(drawn(x, y, side, side))
        path = element("path", d="".join(commands), fill=css(fill), stroke=stroke or None)
        yield path


def _grays(shape: Grays) -> Iterator[Element]:
    """Yield a path for each level of gray, in which cells side by side are one rectangle."""
    rows: dict[int, list[str]] = {}
    for start in range(0, shape.n, shape.columns):
        row = shape.levels[start : start + shape.columns]
        y = shape.y + start // shape.columns * shape.down
        for first, end, level in _stretches(row):
            if level < 0:
                continue
            x, width = shape.x + first * shape.across, (end - first) * shape.across
            rows.setdefault(level, []).append(_square(x, y, width, shape.down))
    for level, commands in sorted(rows.items()):
        path = _crisp("".join(commands))
        path.attributes["fill"] = f"#{level:02x}{level:02x}{level:02x}"
        yield path


def _stretches(row: NDArray[np.int16]) -> Iterator[tuple[int, int, int]]:
    """Yield where equal levels begin and end in a row, and the level."""
    ends = [*(np.flatnonzero(np.diff(row)) + 1).tolist(), len(row)]
    first = 0
    for end in ends:
        yield first, end, int(row[first])
        first = end


def _crisp(commands: str) -> Element:
    """Return a path whose edges are those of pixels: no seams show between cells."""
    return element("path", d=commands, shape_rendering="crispEdges")


def _square(x: float, y: float, width: float, height: float) -> str:
    return f"M{number(x)} {number(y)}h{number(width)}v{number(height)}h{number(-width)}z"


def _round(x: float, y: float, side: float, _: float) -> str:
    half = number(side / 2)
    arc = f"a{half} {half} 0 1 1"
    return f"M{number(x)} {number(y + side / 2)}{arc} {number(side)} 0{arc} {number(-side)} 0z"
