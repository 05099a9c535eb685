"""Axes: what a sweep varies, as values: a range of numbers, or one of several texts.

A program says them by `(sweep ...)`, a command line by `--vary`; both come to these.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sn.errors import SettingError
from sn.limits import exact_text

MOST_WHOLE = 2**53  # beyond it a number of SN Lisp is not every whole number


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`, both included; `is_log` spreads them evenly by their ratios."""

    low: float
    high: float
    is_log: bool = False
    is_whole: bool = False

    def __str__(self) -> str:
        words = " log" if self.is_log else ""
        if not self.is_whole and self.low == int(self.low) and self.high == int(self.high):
            words += " real"
        return f"{exact_text(self.low)}..{exact_text(self.high)}{words}"

    def check(self) -> None:
        """Raise SettingError with what is wrong with the ends, in the words of a person."""
        both = f"{exact_text(self.low)} to {exact_text(self.high)}"
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            raise SettingError(f"a range has two finite ends, found {both}")
        if self.low > self.high:
            raise SettingError(
                f"a range goes from its lowest number to its highest, found {both}",
                hint=f"write {exact_text(self.high)}..{exact_text(self.low)}",
            )
        if self.is_log and self.low <= 0:
            raise SettingError(
                f"a logarithmic range lies above 0, found {both}",
                hint="leave out log, or begin above 0",
            )
        if self.is_whole and max(abs(self.low), abs(self.high)) > MOST_WHOLE:
            raise SettingError(f"a range of whole numbers fits 53 bits, found {both}")

    @property
    def count(self) -> int | None:
        """How many numbers there are in it; None for one that is not of whole numbers."""
        return int(self.high) - int(self.low) + 1 if self.is_whole else None


@dataclass(frozen=True, slots=True)
class Choices:
    """One of several texts, each a value of SN Lisp or a word for an option of the run."""

    texts: tuple[str, ...]

    def __str__(self) -> str:
        return ",".join(self.texts)


@dataclass(frozen=True, slots=True)
class Axis:
    """What is varied, by name of a variable, "optimizer" or "passes", and over what."""

    name: str
    values: Range | Choices

    def __str__(self) -> str:
        return f"{self.name}={self.values}"


def is_whole(*numbers: float) -> bool:
    """Whether all of the numbers are whole."""
    return all(float(number).is_integer() for number in numbers)
