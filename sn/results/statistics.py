"""Statistics: from the figures of a few runs to a mean, its spread and what can be told apart.

Runs differ by their seed. A summary says how they spread; a paired difference sets the runs of
two entries side by side, seed by seed, and says how sure its mean is.
Read next: comparison.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95
# Two pairs that happen to be alike leave an interval without width, which is no certainty; chosen
# here: the least number at which Student's t, 4.3, is not a matter of one difference.
LEAST_PAIRS = 3
# Differences that are all alike show no spread that Student's t could measure them by. Their sign
# remains: by luck n of them share it with probability 2 / 2^n, which is below 5 % from 6 on.
LEAST_PAIRS_ALIKE = math.ceil(math.log2(2 / (1 - CONFIDENCE)))
ROUNDING = 2.0**-50  # differences of float64 figures closer than this part of them are alike


@dataclass(frozen=True, slots=True)
class Summary:
    """The mean of some figures, their standard deviation (None for a single one) and range."""

    mean: float
    sd: float | None
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Summary:
        """Summarise at least one figure; the deviation divides by one less than their number."""
        count = len(values)
        assert count, "there is nothing to summarise"
        mean = math.fsum(values) / count
        sd = None
        if count > 1:
            sd = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1))
        return cls(mean, sd, min(values), max(values))


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """The mean of differences b - a over pairs, and the interval that holds it with 95 %.

    `low` and `high` are None where no spread is seen: for a single pair, and for several that
    differ by the same but not by nothing.
    """

    mean: float
    low: float | None
    high: float | None
    pairs: int

    @classmethod
    def of(cls, a: Sequence[float], b: Sequence[float]) -> PairedDifference:
        """Compare figures of equal seeds.

        The interval is mean +- t sd / sqrt(n), t from Student's distribution, n - 1 degrees.
        """
        differences = [after - before for before, after in zip(a, b, strict=True)]
        summary = Summary.of(differences)
        count = len(differences)
        is_alike = not summary.sd or summary.sd <= ROUNDING * max(map(abs, (*a, *b)))
        if count == 1 or (is_alike and summary.mean != 0):
            return cls(summary.mean, None, None, count)
        assert summary.sd is not None
        half = t_quantile(CONFIDENCE, count - 1) * summary.sd / math.sqrt(count)
        return cls(summary.mean, summary.mean - half, summary.mean + half, count)

    @property
    def interval(self) -> tuple[float, float] | None:
        """The ends of the interval; None without one, or where it is of fewer than LEAST_PAIRS."""
        if self.pairs < LEAST_PAIRS or self.low is None or self.high is None:
            return None
        return self.low, self.high

    @property
    def is_tested(self) -> bool:
        """Whether there are pairs enough for a verdict."""
        return self.interval is not None or (self.low is None and self.pairs >= LEAST_PAIRS_ALIKE)

    @property
    def is_clear(self) -> bool:
        """Whether the seeds alone do not explain the difference.

        The interval leaves out zero, or enough pairs all differ by the same (the sign test).
        """
        if self.interval is None:
            return self.is_tested
        low, high = self.interval
        return not low <= 0 <= high


def t_coverage(t: float, degrees: int) -> float:
    """Return the probability that Student's t with so many degrees of freedom is within +-t.

    Source: Abramowitz and Stegun 1964, 26.7.3 and 26.7.4: finite sums in theta = atan(t/sqrt n).
    """
    theta = math.atan(t / math.sqrt(degrees))
    sine, cosine = math.sin(theta), math.cos(theta)
    is_odd = degrees % 2 == 1
    # odd:  2/pi (theta + sin (cos + 2/3 cos^3 + 2 4/(3 5) cos^5 + ...)), to cos^(n-2)
    # even: sin (1 + 1/2 cos^2 + 1 3/(2 4) cos^4 + ...), to cos^(n-2)
    term = cosine if is_odd else 1.0
    total = 0.0
    for power in range(1 if is_odd else 0, degrees - 1, 2):
        total += term
        term *= cosine * cosine * (power + 1) / (power + 2)
    return 2 / math.pi * (theta + sine * total) if is_odd else sine * total


def t_quantile(coverage: float, degrees: int) -> float:
    """Return the t that Student's t with so many degrees of freedom keeps within +-t so often."""
    assert 0 < coverage < 1 and degrees >= 1
    low, high = 0.0, 1.0
    while t_coverage(high, degrees) < coverage:
        high *= 2
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        if t_coverage(middle, degrees) < coverage:
            low = middle
        else:
            high = middle
    return (low + high) / 2
