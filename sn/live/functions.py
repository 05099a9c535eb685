"""Functions: the non-linearities of SN 2.8 as rows of numbers that the loops read.

    tanh(A, B, C, D), spline(xs, ys), difference(f, 1) ... -> Function

A function that Lisp computes has no row: it is called for each unit.

Source: SN 2.8 (sn-network, 4).
Read next: arithmetic.py, `value`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sn.errors import NetError
from sn.live import arithmetic

Floats32 = NDArray[np.float32]
_ROW = 7  # kind, A, B, C, D, where the table begins, how long it is
MOST_PLACES = 2**24  # where a table can begin: float32 has no larger odd number
MOST_POINTS = 1_000_000  # of a spline; chosen here


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A non-linearity of one float32 number.

    `kind`: of arithmetic.py; None where `lisp` computes it. numbers: A, B, C, D. table: (3 n,)
    float32, the abscissae, ordinates and second derivatives of a spline.
    """

    name: str
    kind: int | None
    numbers: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    table: Floats32 = field(default_factory=lambda: np.zeros(0, np.float32))
    lisp: Callable[[float], float] | None = None

    def row(self, at: int = 0) -> list[float]:
        """Return the row of a function with a kind, whose table begins at `at`."""
        assert self.kind is not None
        return [float(self.kind), *self.numbers, float(at), float(len(self.table) // 3)]

    def __call__(self, x: float) -> float:
        """Return the function at x."""
        if self.lisp is not None:
            return _float32(self.lisp(_float32(x)))
        with np.errstate(all="ignore"):
            row = np.array(self.row(), np.float32)
            return float(arithmetic.value(row, self.table, np.float32(x)))


def rows_of(functions: Sequence[Function]) -> tuple[Floats32, Floats32]:
    """Return the rows of functions, (n, 7), and their tables, one after the other.

    Raises: NetError for splines of more points than float32 can count.
    """
    rows, tables, at = [], [np.zeros(0, np.float32)], 0
    for function in functions:
        if at > MOST_PLACES:
            raise NetError(
                f"the splines of a net have at most {MOST_PLACES // 3:,} points together"
            )
        rows.append(function.row(at))
        tables.append(function.table)
        at += len(function.table)
    with np.errstate(over="ignore"):
        return np.array(rows or [[0.0] * _ROW], np.float32), np.concatenate(tables)


def of_kind(name: str, kind: int, *numbers: float) -> Function:
    """Return a function of a kind of arithmetic.py with some of A, B, C and D."""
    return Function(name, kind, (*numbers, *[0.0] * (4 - len(numbers))))


def spline(name: str, order: int, xs: Sequence[float], ys: Sequence[float]) -> Function:
    """Return the natural cubic spline through points, or its derivative of an order up to 2.

    Raises: NetError for fewer than two points, abscissae that do not rise, or numbers that do not
    fit float32.
    """
    if len(xs) != len(ys) or len(xs) < 2:
        raise NetError(
            f"a spline goes through two or more points, found {len(xs)} abscissae and "
            f"{len(ys)} ordinates"
        )
    if len(xs) > MOST_POINTS:
        raise NetError(f"a spline has at most {MOST_POINTS:,} points, found {len(xs):,}")
    with np.errstate(all="ignore"):
        x, y = np.array(xs, np.float32), np.array(ys, np.float32)
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise NetError("the numbers of a spline must fit 32 bits")
        if not (np.diff(x) > 0).all():
            raise NetError("the abscissae of a spline must rise")
        table = np.concatenate([x, y, _second_derivatives(x, y)])
    return Function(name, arithmetic.SPLINE + order, table=table)


def _second_derivatives(x: Floats32, y: Floats32) -> Floats32:
    """Return the second derivatives of a natural spline at its points, 0 at both ends.

    Each operation is rounded to float32, as in the original.
    Source: the tridiagonal equations of a cubic spline, solved by elimination.
    """
    n = len(x)
    one, two, six = np.float32(1), np.float32(2), np.float32(6)
    bends, factor = np.zeros(n, np.float32), np.zeros(n, np.float32)
    rise = np.diff(y) / np.diff(x)
    for i in range(1, n - 1):
        width = x[i + 1] - x[i - 1]
        share = (x[i] - x[i - 1]) / width
        p = share * factor[i - 1] + two
        factor[i] = (share - one) / p
        bends[i] = (six * (rise[i] - rise[i - 1]) / width - share * bends[i - 1]) / p
    bends[n - 1] = 0
    for i in range(n - 2, -1, -1):
        bends[i] += factor[i] * bends[i + 1]
    return bends


def difference(name: str, f: Function, order: int) -> Function:
    """Return the first or second derivative of a function as SN computes it, by differences."""
    offset = arithmetic.FIRST if order == 1 else arithmetic.SECOND
    if f.kind is not None and f.kind < arithmetic.FIRST:
        return Function(name, f.kind + offset, f.numbers, f.table)
    return Function(name, None, lisp=_differences(f, order))


def _differences(f: Function, order: int) -> Callable[[float], float]:
    h = np.float32(arithmetic.H1 if order == 1 else arithmetic.H2)

    def run(at: float) -> float:
        with np.errstate(all="ignore"):
            x = np.float32(at)
            above, below = np.float32(f(float(x + h))), np.float32(f(float(x - h)))
            if order == 1:
                return float((above - below) / (h + h))
            return float(((below + above) - np.float32(2) * np.float32(f(at))) / (h * h))

    return run


def scale_of(slope: float, linear: float) -> float:
    """Return the scale that makes scale (tanh(slope)) about 1 at 1, as `nlf-tanh` computes it."""
    at_one = of_kind("", arithmetic.TANH, 1.0, slope, linear, 0.0)(1.0)
    return 1 / at_one if at_one else math.inf


def _float32(x: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.float32(x))
