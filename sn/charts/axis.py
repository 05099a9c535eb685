"""Axis: where numbers lie in a chart, which of them are marked, and in which words."""

from __future__ import annotations

import math


class Axis:
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
        """Return where a number lies."""
        low, high, value = (
            (math.log10(one) for one in (self.low, self.high, max(value, self.low / 10)))
            if self.is_log
            else (self.low, self.high, value)
        )
        return self.start + (self.end - self.start) * (value - low) / (high - low)

    def ticks(self, most: int) -> list[float]:
        """Return round numbers of the axis, about so many at most."""
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


def words_of(value: float, is_log: bool) -> str:
    """Return a number as the words of a tick."""
    if is_log and value < 0.01:
        mantissa, exponent = f"{value:.0e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    return f"{value:,.6g}"
