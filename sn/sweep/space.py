"""Space: what a sweep varies, read from `rate=0.0001..0.01 log`, and points in it.

A point is a text for each name, as `--set` takes it. Points of a grid are numbered from 0, the last
name fastest; a point at random is drawn from the seed of the sweep and its number alone, so that
neither depends on what other trials came to, nor on a sweep that was stopped.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sn.describe.axes import Axis, Choices, Range, is_whole
from sn.errors import SettingError, SnError, Span
from sn.limits import exact_text
from sn.lisp.forms import fold

OF_RUNS = ("optimizer", "passes")  # what is no variable of a program, and can vary all the same
MOST_POINTS = 1_000_000  # of a grid; chosen here: more are not tried
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"\s*({_NUMBER})\s*\.\.\s*({_NUMBER})(\s+.*)?", re.DOTALL)
_ANY_RANGE = re.compile(r"[^\s,()\"]*\d[^\s,()\"]*\.\.|\.\.[^\s,()\"]*\d")
_FORMS = "NAME=LOW..HIGH, NAME=LOW..HIGH log, or NAME=VALUE,VALUE,..."

Point = dict[str, str]


@dataclass(frozen=True, slots=True)
class Space:
    """All that varies, in order."""

    axes: tuple[Axis, ...]

    def __str__(self) -> str:
        return ", ".join(str(axis) for axis in self.axes)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names that are variables of the program."""
        return tuple(axis.name for axis in self.axes if axis.name not in OF_RUNS)

    @property
    def size(self) -> int | None:
        """How many points there are in all; None where a range is not of whole numbers."""
        counts = [
            len(axis.values.texts) if isinstance(axis.values, Choices) else axis.values.count
            for axis in self.axes
        ]
        return None if None in counts else math.prod(filter(None, counts))

    def grid(self, points: int) -> int:
        """Return how many points the grid has, with so many on each range that is not whole."""
        return math.prod(len(_steps(axis.values, points)) for axis in self.axes)

    def on_grid(self, number: int, points: int) -> Point:
        """Return a point of the grid by its number, from 0."""
        found = {}
        for axis in reversed(self.axes):
            steps = _steps(axis.values, points)
            number, place = divmod(number, len(steps))
            found[axis.name] = steps[place]
        return {axis.name: found[axis.name] for axis in self.axes}

    def at_random(self, seed: int, number: int) -> Point:
        """Return the point that a seed draws for a trial by its number, from 0."""
        stream = random.Random(f"sn sweep {seed} {number}")  # of a text: by its SHA-512
        return {axis.name: _drawn(axis.values, stream) for axis in self.axes}


def number_text(number: float, is_whole_number: bool) -> str:
    """Return a number of a range as the text of a setting, with all its digits."""
    return str(int(number)) if is_whole_number else exact_text(number)


def _steps(values: Range | Choices, points: int) -> Sequence[str]:
    """Return what an axis has on the grid."""
    if isinstance(values, Choices):
        return values.texts
    count = values.count
    if count is not None and (count <= points or not values.is_log):
        if count > MOST_POINTS:
            raise SettingError(
                f"a grid over {values} has {count:,} points, more than anybody tries",
                hint="search at random, or name fewer values",
            )
        return [str(int(values.low) + step) for step in range(count)]
    if points > MOST_POINTS:
        raise SettingError(
            f"a grid of {points:,} points for each range is more than anybody tries",
            hint="search at random, or take fewer points",
        )
    if points == 1 or values.low == values.high:
        return [number_text(values.low, values.is_whole)]
    found = []
    for step in range(points):
        share = step / (points - 1)
        found.append(_between(values, share))
    return list(dict.fromkeys(found))


def _between(values: Range, share: float) -> str:
    """Return the number at a share of the way through a range; its ends are exact."""
    if share in (0.0, 1.0):
        number = values.low if share == 0.0 else values.high
    elif values.is_log:
        number = values.low * (values.high / values.low) ** share
    else:
        number = values.low + (values.high - values.low) * share
    number = min(max(number, values.low), values.high)
    return number_text(round(number), True) if values.is_whole else number_text(number, False)


def _drawn(values: Range | Choices, stream: random.Random) -> str:
    if isinstance(values, Choices):
        return values.texts[stream.randrange(len(values.texts))]
    if values.is_whole and not values.is_log:
        return str(stream.randint(int(values.low), int(values.high)))
    return _between(values, stream.random())


def read_axes(texts: Sequence[str]) -> tuple[Axis, ...]:
    """Return what the texts of `--vary` say.

    Raises: SettingError with the place in the text.
    """
    found: dict[str, Axis] = {}
    for text in texts:
        axis = read_axis(text)
        if axis.name in found:
            raise _wrong(text, 0, len(text), f"'{axis.name}' is varied twice", "leave one out")
        found[axis.name] = axis
    return tuple(found.values())


def read_axis(text: str) -> Axis:
    """Return what one text of `--vary` says.

    Raises: SettingError with the place in the text.
    """
    name, equals, rest = text.partition("=")
    if not equals or not name.strip():
        raise _wrong(text, 0, len(text), f"expected {_FORMS}, found '{text}'", None)
    if re.search(r"[\s()\"';]", name.strip()):
        raise _wrong(text, 0, len(name), f"'{name.strip()}' is no name of a variable", None)
    name, start = fold(name.strip()), len(name) + 1
    if name in ("seed", "seeds"):
        hint = "--seeds 3 trains each setting with 3 of them"
        raise _wrong(text, 0, len(name), "seeds are no setting of a sweep", hint)
    match = _RANGE.fullmatch(rest)
    if match:
        return Axis(name, _range(text, start, match))
    if _ANY_RANGE.search(rest):
        raise _wrong(
            text,
            start,
            len(text),
            f"a range has two numbers as its ends, found '{rest.strip()}'",
            f"write it as {name}=0.0001..0.01 log",
        )
    values = list(_pieces(text, start))
    for at, piece in values:
        if not piece:
            raise _wrong(text, at, at + 1, "a value is missing here", f"expected {_FORMS}")
        if [one for _, one in values].count(piece) > 1:
            raise _wrong(text, at, at + len(piece), f"{piece} is there twice", "leave one out")
    return Axis(name, Choices(tuple(piece for _, piece in values)))


def _range(text: str, start: int, match: re.Match[str]) -> Range:
    ends = [float(match[1]), float(match[2])]
    written_whole = is_whole(*ends) and not re.search(r"[.eE]", match[1] + match[2])
    words = (match[3] or "").split()
    for number, word in enumerate(words):
        if word not in ("log", "real") or word in words[:number]:
            at = start + match.start(3) + (match[3] or "").index(word)
            message = f"behind a range stand log and real, each at most once, found '{word}'"
            raise _wrong(text, at, at + len(word), message, None)
    found = Range(ends[0], ends[1], "log" in words, written_whole and "real" not in words)
    try:
        found.check()
    except SettingError as error:
        raise _wrong(text, start, len(text), error.message, error.hint) from None
    return found


def _pieces(text: str, start: int) -> Iterator[tuple[int, str]]:
    """Yield values between commas that stand in no list and no string, each with its place."""
    depth, quoted, begin = 0, False, start
    for at in range(start, len(text) + 1):
        letter = text[at] if at < len(text) else ","
        if letter == '"' and text[at - 1] != "\\":
            quoted = not quoted
        elif not quoted and letter in "()":
            depth += 1 if letter == "(" else -1
        if at == len(text) or (letter == "," and not quoted and not depth):
            piece = text[begin:at]
            yield begin + len(piece) - len(piece.lstrip()), piece.strip()
            begin = at + 1


def _wrong(text: str, start: int, end: int, message: str, hint: str | None) -> SettingError:
    """Return an error with its place in the text of an option."""
    place = "--vary"
    span = Span(place, 1, start + 1, 1, max(end, start + 1))
    error = SettingError(message, span=span, hint=hint)
    error.keep_texts({place: text})
    return error


def check_point(point: Mapping[str, str]) -> None:
    """Raise SnError for a number of passes that is none."""
    passes = point.get("passes")
    if passes is not None and not passes.isdecimal():
        raise SnError(f"passes is a whole number, found {passes}")
