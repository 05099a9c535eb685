"""Curve SVG: learning curves as a small picture in a page, for notebooks.

Written by hand, as it is drawn anew while a run lasts and matplotlib is an extra. Lines carry their
names at their right ends; text and axes have the colour of the page, be it light or dark.
Read next: plots.py, which draws those of a comparison by matplotlib.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from sn.display import printable

Points = Sequence[tuple[float, float]]  # number of the pass, figure

# Source: Okabe and Ito 2008, those with enough contrast on white and on black; for that, the blue
# is lighter.
COLOURS = ("#2f86c5", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
OF_SETS = {"train": COLOURS[0], "test": COLOURS[1], "validation": COLOURS[2]}
WIDTH, HEIGHT = 480, 200
LEFT, RIGHT, TOP, BOTTOM = 52, 78, 22, 24  # margins, of what is written there
FONT, LINE = 11, 13
MOST = 240  # points of a line; chosen here: more than it has pixels to show
DECADES = 2.2  # of figures, up to which a scale has ticks between powers of ten
LONGEST = 12  # characters of a name


def curve_svg(curves: Sequence[tuple[str, Points]], title: str = "error") -> str:
    """Return lines over the passes as an SVG; "" where there is no point to draw.

    The scale is logarithmic where all figures are positive.
    """
    lines = [(name, _thinned(points)) for name, points in curves]
    lines = [(name, points) for name, points in lines if points]
    if not lines:
        return ""
    figures = [figure for _, points in lines for _, figure in points]
    passes = [at for _, points in lines for at, _ in points]
    across = _Scale(min(passes), max(passes), LEFT, WIDTH - RIGHT, is_log=False)
    down = _Scale(min(figures), max(figures), HEIGHT - BOTTOM, TOP, is_log=min(figures) > 0)
    parts = [_text(4, FONT, title, "start"), *_frame(across, down)]
    ends = []
    for index, (name, points) in enumerate(lines):
        colour = OF_SETS.get(name, COLOURS[index % len(COLOURS)])
        path = " ".join(f"{across.at(x):.1f},{down.at(y):.1f}" for x, y in points)
        style = f'stroke="{colour}" fill="none" stroke-width="1.6" stroke-linejoin="round"'
        if len(points) == 1:
            x, y = path.split(",")
            parts.append(f'<circle cx="{x}" cy="{y}" r="2" fill="{colour}"/>')
        else:
            parts.append(f'<polyline points="{path}" {style}/>')
        ends.append((down.at(points[-1][1]), name, colour))
    parts += _names(ends)
    names = ", ".join(name for name, _ in lines)
    label = escape(printable(f"{title} of {names} over the passes"), quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" style="max-width: 100%" role="img" '
        f'aria-label="{label}" font-family="sans-serif" font-size="{FONT}" fill="currentColor">'
        f"{''.join(parts)}</svg>"
    )


class _Scale:
    """Places of figures between two edges of the picture, with ticks."""

    def __init__(self, low: float, high: float, start: float, end: float, is_log: bool) -> None:
        self._is_log = is_log
        low, high = self._on(low), self._on(high)
        if high - low < 1e-9 * max(abs(low), abs(high), 1e-300):
            low, high = low - 0.5, high + 0.5
        self._low, self._high, self._start, self._end = low, high, start, end

    def _on(self, figure: float) -> float:
        return math.log10(figure) if self._is_log else figure

    def at(self, figure: float) -> float:
        """Return the place of a figure."""
        share = (self._on(figure) - self._low) / (self._high - self._low)
        return self._start + share * (self._end - self._start)

    def ticks(self, most: int, is_whole: bool = False) -> list[float]:
        """Return round figures on the scale, at most so many."""
        if not self._is_log:
            return _round(self._low, self._high, most, is_whole)
        parts = (1,) if self._high - self._low > DECADES else (1, 2, 5)
        first, last = math.floor(self._low), math.ceil(self._high)
        every = max(1, -(-(last - first) // most))
        found = [part * 10.0**power for power in range(first, last + 1, every) for part in parts]
        found = [one for one in found if self._low <= math.log10(one) <= self._high]
        if len(found) > 1:
            return found
        return _round(10.0**self._low, 10.0**self._high, most, is_whole)


def _round(low: float, high: float, most: int, is_whole: bool) -> list[float]:
    """Return the multiples of 1, 2 or 5 times a power of ten between two figures."""
    power = 10.0 ** math.floor(math.log10(high - low))
    steps = (part * power for part in (0.1, 0.2, 0.5, 1, 2, 5))
    step = next(one for one in steps if (high - low) / one < most)
    step = max(round(step), 1) if is_whole else step
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def _thinned(points: Points) -> Points:
    """Return the mean of each few neighbours where there are too many, and the last as it is."""
    finite = [(at, figure) for at, figure in points if math.isfinite(figure)]
    together = -(-len(finite) // MOST)
    if together < 2:
        return finite
    groups = [finite[first : first + together] for first in range(0, len(finite), together)]
    means = [
        (sum(at for at, _ in some) / len(some), sum(figure for _, figure in some) / len(some))
        for some in groups
    ]
    return [*means[:-1], finite[-1]]


def _frame(across: _Scale, down: _Scale) -> list[str]:
    """Return the ticks with their figures, and lines across."""
    parts = []
    for figure in down.ticks(6):
        y = down.at(figure)
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
            'stroke="currentColor" stroke-opacity="0.2"/>'
        )
        parts.append(_text(LEFT - 5, y + FONT / 3, f"{figure:.3g}", "end"))
    for figure in across.ticks(8, is_whole=True):
        parts.append(_text(across.at(figure), HEIGHT - BOTTOM + LINE + 2, f"{figure:g}", "middle"))
    parts.append(_text(LEFT - 12, HEIGHT - BOTTOM + LINE + 2, "pass", "end"))
    return parts


def _names(ends: Sequence[tuple[float, str, str]]) -> list[str]:
    """Return the names at the ends of their lines, moved apart where they would meet."""
    ordered, least, most = sorted(ends), -math.inf, float(HEIGHT - BOTTOM)
    places = []
    for y, _, _ in ordered:
        least = max(y, least + LINE)
        places.append(least)
    for index in reversed(range(len(places))):  # up again, where they would meet the passes
        places[index] = min(places[index], most)
        most = places[index] - LINE
    parts = []
    for y, (_, name, colour) in zip(places, ordered, strict=True):
        short = name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
        parts.append(_text(WIDTH - RIGHT + 6, y + FONT / 3, short, "start", colour))
    return parts


def _text(x: float, y: float, text: str, anchor: str, colour: str = "") -> str:
    fill = f' fill="{colour}" font-weight="bold"' if colour else ""
    shown = escape(printable(text))
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{fill}>{shown}</text>'
