"""Builtins on lists of numbers: means, order, distances."""

from __future__ import annotations

import math

from sn.display import number_text
from sn.errors import EvalError
from sn.lisp.calls import builtin


def _some(name: str, numbers: list[float]) -> list[float]:
    if not numbers:
        raise EvalError(f"{name} needs at least one number, found ()")
    return numbers


@builtin("sup")
def sup(list: list[float]) -> float:
    """(sup list)

    Return the largest number of a list.

    (sup '(3 7 5))
    => 7
    """
    return max(_some("sup", list))


@builtin("inf")
def inf(list: list[float]) -> float:
    """(inf list)

    Return the smallest number of a list.

    (inf '(3 7 5))
    => 3
    """
    return min(_some("inf", list))


@builtin("sum")
def sum_(list: list[float]) -> float:
    """(sum list)

    Return the sum of a list of numbers.

    (sum '(1 2 3.5))
    => 6.5
    """
    return _sum(list)


def _sum(numbers: list[float]) -> float:
    # not sum(): since Python 3.12 it rounds differently
    total = 0.0
    for number in numbers:
        total += number
    return total


@builtin("mean")
def mean(list: list[float]) -> float:
    """(mean list)

    Return the mean of a list of numbers.

    (mean '(1 2 6))
    => 3
    """
    return _sum(_some("mean", list)) / len(list)


@builtin("sdev")
def sdev(list: list[float]) -> float:
    """(sdev list)

    Return the standard deviation of a list of numbers taken as the whole population.

    (sdev '(1 3 1 3))
    => 1
    """
    center = mean(list)
    return math.sqrt(_sum([(x - center) * (x - center) for x in list]) / len(list))


@builtin("median")
def median(list: list[float]) -> float:
    """(median list)

    Return the middle number, the lower one of two.

    (median '(4 1 3 2))
    => 2
    """
    return sorted(_some("median", list))[(len(list) - 1) // 2]


@builtin("quantile")
def quantile(list: list[float], fraction: float) -> float:
    """(quantile list fraction)

    Return the number below which a fraction of the list lies: the floor(n fraction)-th smallest,
    counted from 0.

    (quantile '(4 1 3 2) 0.5)
    => 3
    """
    n = len(_some("quantile", list))
    if not 0 <= fraction <= 1:
        raise EvalError(f"quantile needs a fraction from 0 to 1, found {fraction:g}")
    return sorted(list)[min(n - 1, math.floor(n * fraction))]


@builtin("rank", "find-interval")
def rank(list: list[float], target: float, width: float = 0.0) -> list[int]:
    """(rank list target [width])

    Return the positions, from 0, of the numbers that differ from the target by at most width.

    (rank '(1 5 3 5) 5)
    => (1 3)
    """
    return [i for i, x in enumerate(list) if abs(x - target) <= width]


def _pairs(name: str, a: list[float], b: list[float] | None) -> list[tuple[float, float]]:
    if b is None:
        b = [0.0] * len(a)
    if len(a) != len(b):
        raise EvalError(f"{name} needs lists of equal length, found {len(a)} and {len(b)}")
    return list(zip(a, b, strict=True))


@builtin("sqr-dist")
def sqr_dist(a: list[float], b: list[float] | None = None) -> float:
    """(sqr-dist list [other])

    Return the sum of the squared differences of two lists, or from zeros.

    (sqr-dist '(1 2) '(3 3))
    => 5
    """
    return _sum([(x - y) * (x - y) for x, y in _pairs("sqr-dist", a, b)])


@builtin("mean-sqr-dist")
def mean_sqr_dist(a: list[float], b: list[float] | None = None) -> float:
    """(mean-sqr-dist list [other])

    Return the mean of the squared differences of two lists, or from zeros.

    (mean-sqr-dist '(1 2) '(3 3))
    => 2.5
    """
    _some("mean-sqr-dist", a)
    return sqr_dist(a, b) / len(a)


@builtin("hamming-dist")
def hamming_dist(
    a: float | list[float], b: list[float] | None = None, c: list[float] | None = None
) -> int:
    """(hamming-dist [margin] list [other])

    Count the positions where two lists, or a list and zeros, differ by more than the margin, 0
    unless given.

    (hamming-dist '(1 2 3) '(1 0 0))
    => 2
    (hamming-dist 2 '(1 2 3) '(1 0 0))
    => 1
    """
    margin = 0.0
    if isinstance(a, float):
        if b is None:
            raise EvalError("hamming-dist needs a list behind the margin")
        margin, a, b = a, b, c
    return sum(abs(x - y) > margin for x, y in _pairs("hamming-dist", a, b))


@builtin("quadrant-dist")
def quadrant_dist(a: list[float], b: list[float] | None = None) -> int:
    """(quadrant-dist list [other])

    Count the positions where the first number is positive and the second is not, or negative
    and the second is not; a first number of 0 never counts.

    (quadrant-dist '(1 -1 0 2) '(1 1 1 -2))
    => 2
    """
    pairs = _pairs("quadrant-dist", a, b)
    return sum((x > 0 and y <= 0) or (x < 0 and y >= 0) for x, y in pairs)


@builtin("abs-dist")
def abs_dist(a: list[float], b: list[float] | None = None) -> float:
    """(abs-dist list [other])

    Return the sum of the absolute differences of two lists, or from zeros.

    (abs-dist '(1 2) '(3 3))
    => 3
    """
    return _sum([abs(x - y) for x, y in _pairs("abs-dist", a, b)])


@builtin("cov")
def cov(a: list[float], b: list[float]) -> float:
    """(cov list other)

    Return the covariance of two lists of numbers: the mean of the products of their distances from
    their means.

    (cov '(1 2 3) '(2 4 6))
    => 1.33333
    """
    return _moment("cov", a, b)


def _moment(name: str, a: list[float], b: list[float]) -> float:
    pairs = _pairs(name, _some(name, a), b)
    mean_a, mean_b = _sum(a) / len(a), _sum(b) / len(b)
    return _sum([(x - mean_a) * (y - mean_b) for x, y in pairs]) / len(a)


@builtin("regression")
def regression(x: list[float], y: list[float]) -> list[float]:
    """(regression x y)

    Return the list (a b) of the line a x + b that has the least squared distance from y.

    (regression '(1 2 3) '(3 5 7))
    => (2 1)
    """
    covariance, spread = _moment("regression", x, y), _moment("regression", x, x)
    if spread == 0:
        raise EvalError("regression needs numbers x that are not all equal")
    slope = covariance / spread
    return [slope, _sum(y) / len(y) - slope * _sum(x) / len(x)]


@builtin("ksmallest")
def ksmallest(list: list[float], k: int) -> float:
    """(ksmallest list k)

    Return the k-th smallest number of a list, the smallest one for k = 1.

    (ksmallest '(30 10 20) 2)
    => 20
    """
    if not 1 <= k <= len(list):
        text = f"ksmallest counts from 1 to {len(list)}, the length of the list"
        raise EvalError(f"{text}, found {number_text(k)}")
    return sorted(list)[k - 1]
