"""Sweep: its trials one after the other, by each name, and all at once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sn.charts.lines import Line, chart
from sn.display import printable
from sn.svg import Element, element

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 560, 260, 64, 20, 24, 40
MOST_DRAWN = 1000  # trials in a picture, the best ones; chosen here
LARGEST = 1e300  # of numbers that lie along an axis; larger ones stand there as words
MOST_LETTERS = 14  # of a name or value; chosen here


@dataclass(frozen=True, slots=True)
class Tried:
    """A trial with a value: its number, what was set by name, what it came to."""

    number: int
    settings: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Scale:
    """Where the values of one name lie, between 0 and 1: numbers by size, other texts in a row."""

    texts: tuple[str, ...]
    low: float = 0.0
    high: float = 1.0
    is_log: bool = False

    def at(self, text: str) -> float:
        """Return the place of a value."""
        if self.texts:
            return (self.texts.index(text) + 0.5) / len(self.texts)
        return self._at(float(text))

    def _at(self, value: float) -> float:
        low, high = self.low, self.high
        if self.is_log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return 0.5 if low == high else (value - low) / (high - low)

    def marks(self) -> list[tuple[float, str]]:
        """Return places with what stands there."""
        if self.texts:
            step = -(-len(self.texts) // 8)
            return [(self.at(one), one) for one in self.texts[::step]]
        middle = (
            math.sqrt(self.low) * math.sqrt(self.high)
            if self.is_log
            else (self.low + self.high) / 2
        )
        return [(self._at(one), f"{one:.3g}") for one in (self.low, middle, self.high)]


def scale_of(texts: Sequence[str], is_log: bool) -> Scale:
    """Return the scale of what one name was set to."""
    try:
        numbers = [float(text) for text in texts]
    except ValueError:
        numbers = []
    if not numbers or not all(abs(number) <= LARGEST for number in numbers):
        return Scale(tuple(dict.fromkeys(texts)))
    return Scale((), min(numbers), max(numbers), is_log and min(numbers) > 0)


def history(trials: Sequence[Tried], title: str) -> Element | None:
    """Return what trials came to in their order, and the best until then; None as `chart`."""
    best, line = math.inf, []
    for one in sorted(trials, key=lambda one: one.number):
        best = min(best, one.value)
        line.append((float(one.number), best))
    points = tuple((float(one.number), one.value) for one in sorted(trials, key=_number))
    return chart([Line("trial", points), Line("best so far", tuple(line), 1)], "trial", title)


def _number(one: Tried) -> int:
    return one.number


def slices(trials: Sequence[Tried], name: str, is_log: bool, title: str) -> Element:
    """Return what trials came to by what one name was set to; the best one stands out."""
    scale = scale_of([one.settings[name] for one in trials], is_log)
    values = [one.value for one in trials]
    up = scale_of([repr(value) for value in values], min(values) > 0 and _is_wide(values))
    parts = []
    for place, words in scale.marks():
        x = round(LEFT + place * (WIDTH - LEFT - RIGHT), 1)
        parts.append(element("line", x1=x, x2=x, y1=TOP, y2=HEIGHT - BOTTOM, class_="grid"))
        parts.append(_words(x, HEIGHT - BOTTOM + 16, words))
    for place, words in up.marks():
        y = round(_up(place), 1)
        parts.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="grid"))
        parts.append(_words(LEFT - 6, y + 4, words, "end"))
    for one in reversed(trials):  # the best one last, on top
        x = LEFT + scale.at(one.settings[name]) * (WIDTH - LEFT - RIGHT)
        hue = "hue1 best" if one is trials[0] else "hue0"
        cx, cy = f"{x:.1f}", f"{_up(up.at(repr(one.value))):.1f}"
        parts.append(
            element("circle", cx=cx, cy=cy, r=4 if one is trials[0] else 3, class_=f"dot {hue}")
        )
    parts.append(_words(WIDTH / 2, HEIGHT - 6, name, class_="title"))
    parts.append(_words(LEFT, 14, title, "start", class_="title"))
    return _svg(parts, f"{title} by {name}")


def parallel(trials: Sequence[Tried], logs: Mapping[str, bool], title: str) -> Element:
    """Return all trials as lines over upright axes, one a name and one for what is sought."""
    names = list(logs)
    columns = [[one.settings[name] for one in trials] for name in names]
    columns.append([repr(one.value) for one in trials])
    scales = [scale_of(one, log) for one, log in zip(columns, [*logs.values(), False], strict=True)]
    room = (WIDTH - 2 * LEFT) / max(len(scales) - 1, 1)
    parts = []
    for number in reversed(range(len(trials))):
        ends = [
            f"{LEFT + place * room:.1f},{_up(scale.at(column[number])):.1f}"
            for place, (scale, column) in enumerate(zip(scales, columns, strict=True))
        ]
        hue = "hue1 best" if number == 0 else "hue0"
        parts.append(element("polyline", points=" ".join(ends), class_=f"trial {hue}"))
    for place, (scale, name) in enumerate(zip(scales, [*names, title], strict=True)):
        x = round(LEFT + place * room, 1)
        parts.append(element("line", x1=x, x2=x, y1=TOP, y2=HEIGHT - BOTTOM, class_="grid"))
        for at, words in scale.marks():
            parts.append(_words(x + 4, _up(at) + 4, words, "start"))
        parts.append(_words(x, HEIGHT - 10, name, class_="title"))
    return _svg(parts, "settings of all trials")


def importance(shares: Mapping[str, float]) -> Element:
    """Return bars: how much each name tells good trials from others."""
    ordered = sorted(shares.items(), key=lambda one: -one[1])
    parts = []
    for row, (name, share) in enumerate(ordered):
        y = TOP + 26 * row
        parts.append(_words(150, y + 14, name, "end"))
        width = round(max(share, 0.0) * (WIDTH - 230), 1)
        parts.append(element("rect", x=158, y=y, width=width, height=18, class_="bar hue0"))
        parts.append(_words(166 + width, y + 14, f"{100 * share:.0f} %", "start"))
    return _svg(parts, "importance", TOP + 26 * len(ordered) + 8)


def _svg(parts: Sequence[Element], label: str, height: int = HEIGHT) -> Element:
    box = f"0 0 {WIDTH} {height}"
    return element("svg", *parts, class_="sn-chart", viewBox=box, role="img", aria_label=label)


def _words(
    x: float, y: float, words: str, anchor: str = "middle", class_: str | None = None
) -> Element:
    words = printable(words)
    shown = words if len(words) <= MOST_LETTERS else f"{words[: MOST_LETTERS - 1]}…"
    return element("text", shown, x=round(x, 1), y=round(y, 1), text_anchor=anchor, class_=class_)


def _up(place: float) -> float:
    return HEIGHT - BOTTOM - place * (HEIGHT - BOTTOM - TOP)


def _is_wide(values: Sequence[float]) -> bool:
    return max(values) > 30 * min(values)
