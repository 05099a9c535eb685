"""Schedules: settings of an optimizer that change from pass to pass, or with each presentation.

A schedule is data: it gives the number that holds at a presentation, from the pass and the
presentation alone, both counted from 1 since the weights were set. So a run that is resumed goes
on where it was, and nothing depends on how patterns are grouped into calls.

Read next: base.py for what an optimizer does with them, sn/train/clock.py for who counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from sn.errors import SettingError, Span
from sn.limits import Limit
from sn.net.expr import Expr, evaluate
from sn.registry import Registry

# what a function of the program is a function of
VARIABLES = ("pass", "presentation")
_FACTOR, _EVERY, _SPAN = Limit(0), Limit(1, is_whole=True), Limit(2, is_whole=True)


class Schedule(Protocol):
    """What gives the number that holds at a presentation; `str` says it as a program does."""

    @property
    def ends(self) -> Sequence[float]:
        """Numbers that it gives, which are known beforehand to be within the setting's limit."""
        ...

    @property
    def varies_in_pass(self) -> bool:
        """Whether the number may differ between presentations of one pass."""
        ...

    def at(self, number: int, presentation: int) -> float:
        """Return the number that holds at a presentation of pass `number`, both from 1."""
        ...


schedule: Registry[type[Schedule]] = Registry("schedule")


@schedule("step")
@dataclass(frozen=True, slots=True)
class Step:
    """(step R FACTOR EVERY): R, times FACTOR after each EVERY passes.

    (step 0.1 0.5 10) is 0.1 in passes 1 to 10, 0.05 in passes 11 to 20, and so on.
    """

    start: float
    factor: float
    every: int

    def __post_init__(self) -> None:
        _FACTOR.take("the factor of a step", self.factor)
        _EVERY.take("the passes of a step", self.every)

    @property
    def ends(self) -> Sequence[float]:
        """The first number."""
        return (self.start,)

    @property
    def varies_in_pass(self) -> bool:
        """Never."""
        return False

    def at(self, number: int, presentation: int) -> float:
        """R FACTOR^k, k the steps that are past."""
        value = float(self.start)
        # products, as powers may differ between machines
        for _ in range((max(number, 1) - 1) // self.every):
            value *= self.factor
        return value

    def __str__(self) -> str:
        return f"(step {self.start:.9g} {self.factor:.9g} {self.every})"


@dataclass(frozen=True, slots=True)
class Between:
    """What goes from A in the first pass to B in pass PASSES, and stays there."""

    start: float
    end: float
    passes: int

    def __post_init__(self) -> None:
        _SPAN.take("the passes of a schedule from one rate to another", self.passes)

    @property
    def ends(self) -> Sequence[float]:
        """A and B."""
        return self.start, self.end

    @property
    def varies_in_pass(self) -> bool:
        """Never."""
        return False


@schedule("linear")
@dataclass(frozen=True, slots=True)
class Linear(Between):
    """(linear A B PASSES): A in the first pass, B from pass PASSES on, in equal steps between."""

    def at(self, number: int, presentation: int) -> float:
        """A (1 - t) + B t, t from 0 to 1."""
        t = _share(number, self.passes)
        return self.start * (1 - t) + self.end * t

    def __str__(self) -> str:
        return f"(linear {self.start:.9g} {self.end:.9g} {self.passes})"


@schedule("cosine")
@dataclass(frozen=True, slots=True)
class Cosine(Between):
    """(cosine A B PASSES): A in the first pass, B from pass PASSES on, half a cosine between.

    In pass p it is B + (A - B) (1 + cos(pi (p - 1) / (PASSES - 1))) / 2.
    Source: Loshchilov and Hutter 2017, without restarts.
    """

    def at(self, number: int, presentation: int) -> float:
        """A (1 - s) + B s, s = sin^2(pi t / 2)."""
        s = _sine_of_quarters(_share(number, self.passes)) ** 2
        return self.start * (1 - s) + self.end * s

    def __str__(self) -> str:
        return f"(cosine {self.start:.9g} {self.end:.9g} {self.passes})"


@schedule("list")
@dataclass(frozen=True, slots=True)
class PerPass:
    """(list R1 R2 ...): a number for each pass; the last one stays."""

    numbers: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.numbers:
            raise SettingError("a list of numbers, one per pass, is empty")

    @property
    def ends(self) -> Sequence[float]:
        """All of them."""
        return self.numbers

    @property
    def varies_in_pass(self) -> bool:
        """Never."""
        return False

    def at(self, number: int, presentation: int) -> float:
        """The number of the pass."""
        return float(self.numbers[min(max(number, 1), len(self.numbers)) - 1])

    def __str__(self) -> str:
        return f"(list {' '.join(f'{number:.9g}' for number in self.numbers)})"


@dataclass(frozen=True, slots=True)
class Formula:
    """A function of the program as an expression of VARIABLES, computed in float64."""

    value: Expr
    span: Span | None = field(default=None, compare=False)

    @property
    def ends(self) -> Sequence[float]:
        """None that is known beforehand but the first."""
        return (self.at(1, 1),)

    @property
    def varies_in_pass(self) -> bool:
        """Whether it depends on the presentation."""
        return _has_variable(self.value, VARIABLES[1])

    def at(self, number: int, presentation: int) -> float:
        """The value of the expression."""
        known = {
            name: np.float64(x) for name, x in zip(VARIABLES, (number, presentation), strict=True)
        }
        with np.errstate(all="ignore"):  # what is not finite is told with its place
            return float(evaluate(self.value, known))

    def __str__(self) -> str:
        return f"(function {self.value})"


@dataclass(frozen=True, slots=True)
class Called:
    """A function of the program that is no formula, and is called for each presentation."""

    call: Callable[[float, float], float] = field(compare=False)
    words: str
    span: Span | None = field(default=None, compare=False)

    @property
    def ends(self) -> Sequence[float]:
        """None that is known beforehand but the first."""
        return (self.at(1, 1),)

    @property
    def varies_in_pass(self) -> bool:
        """It may."""
        return True

    def at(self, number: int, presentation: int) -> float:
        """What the function gives."""
        return self.call(float(number), float(presentation))

    def __str__(self) -> str:
        return self.words


def _share(number: int, passes: int) -> float:
    """How much of a way of so many passes lies behind in pass `number`: from 0 to 1."""
    return min(max(number, 1) - 1, passes - 1) / (passes - 1)


def _sine_of_quarters(t: float) -> float:
    """Return sin(pi t / 2) for t from 0 to 1, by its series: the same bits on every machine."""
    if t in (0.0, 1.0):
        return t
    x = 0.5 * np.pi * t
    term = total = x
    for n in range(2, 24, 2):  # the next term is below 1e-17
        term *= -x * x / (n * (n + 1))
        total += term
    return float(total)


def _has_variable(e: Expr, name: str) -> bool:
    return e.name == name if e.op == "var" else any(_has_variable(arg, name) for arg in e.args)
