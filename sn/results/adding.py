"""Adding: the reports of a set whose outputs come some at a time, and are not kept.

They say what the reports of a whole set say; sums of real values may differ in their last place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.results.reports import (
    LEVEL,
    ClassReport,
    LabelReport,
    ValueReport,
    classes_told,
    missed_labels,
    values_told,
)

Floats = NDArray[np.float64]


@dataclass(slots=True, eq=False)
class ClassSum:
    """Adds up who is taken for whom, and how far apart the two largest outputs are."""

    names: Sequence[str]
    threshold: float
    n_patterns: int
    n_outputs: int
    _confusion: NDArray[np.int64] = field(init=False)
    _margins: Floats = field(init=False)
    _is_right: NDArray[np.bool_] = field(init=False)
    _at: int = 0

    def __post_init__(self) -> None:
        count = max(len(self.names), self.n_outputs)
        self._confusion = np.zeros((count, count), np.int64)
        kept = self.n_patterns if self.n_outputs > 1 else 0
        self._margins, self._is_right = np.empty(kept), np.empty(kept, np.bool_)

    def add(self, outputs: NDArray[Any], targets: NDArray[Any]) -> None:
        """Add some patterns: (n, n_outputs) each."""
        right, answer = classes_told(outputs, targets, self.threshold)
        count, size = len(self._confusion), self._confusion.size
        self._confusion += np.bincount(right * count + answer, minlength=size).reshape(count, count)
        if len(self._margins):
            some = slice(self._at, self._at + len(outputs))
            two = np.partition(outputs.astype(np.float64), -2, axis=1)[:, -2:]
            np.subtract(two[:, 1], two[:, 0], out=self._margins[some])
            np.equal(right, answer, out=self._is_right[some])
        self._at += len(outputs)

    @property
    def missed(self) -> NDArray[np.int64]:
        """How many patterns of each class are taken for another, (k,)."""
        return self._report(None).misses

    def report(self) -> ClassReport:
        """Return what is told of all of them."""
        if not len(self._margins):
            return self._report(None)
        return self._report(rejected(self._margins, self._is_right))

    def _report(self, share: float | None) -> ClassReport:
        return ClassReport(tuple(self.names), self._confusion, share)


def rejected(margins: Floats, is_right: NDArray[np.bool_], level: float = LEVEL) -> float:
    """Return what `share_to_reject` does, for margins that are known: (n,) each.

    The best threshold takes all patterns, or those above the margin of one that is wrong: between
    two of those there are right ones alone, of which more are better.
    """
    right, wrong = np.sort(margins[is_right]), np.sort(margins[~is_right])
    ends = wrong[np.append(np.diff(wrong) != 0, True)] if len(wrong) else wrong
    n_wrong = np.append(len(wrong) - np.searchsorted(wrong, ends, "right"), len(wrong))
    n_right = np.append(len(right) - np.searchsorted(right, ends, "right"), len(right))
    kept = n_wrong + n_right
    fits = n_wrong <= level * kept
    return float(1 - kept[fits].max(initial=0) / len(margins))


@dataclass(slots=True, eq=False)
class LabelSum:
    """Adds up for how many patterns each label is wrong."""

    names: Sequence[str]
    threshold: float
    _misses: NDArray[np.int64] | int = 0
    _count: int = 0

    def add(self, outputs: NDArray[Any], targets: NDArray[Any]) -> None:
        """Add some patterns: (n, n_outputs) each."""
        self._misses = self._misses + missed_labels(outputs, targets, self.threshold)
        self._count += len(outputs)

    @property
    def missed(self) -> NDArray[np.int64]:
        """How many patterns each label is wrong for, (k,)."""
        return np.asarray(self._misses)

    def report(self) -> LabelReport:
        """Return what is told of all of them."""
        return LabelReport(tuple(self.names), self.missed, self._count)


@dataclass(slots=True, eq=False)
class ValueSum:
    """Adds up squares of real values: of errors, and of distances from the mean.

    Source: of the latter Chan, Golub and LeVeque 1979, eq. 2.1.
    """

    names: Sequence[str]
    _count: int = 0
    _mean: Floats | float = 0.0
    _residual: Floats | float = 0.0
    _spread: Floats | float = 0.0

    def add(self, outputs: NDArray[Any], targets: NDArray[Any]) -> None:
        """Add some patterns: (n, n_outputs) each."""
        desired, before, here = targets.astype(np.float64), self._count, len(targets)
        mean = desired.mean(axis=0)
        apart, total = mean - self._mean, before + here
        self._residual = self._residual + ((outputs - desired) ** 2).sum(axis=0)
        spread = ((desired - mean) ** 2).sum(axis=0) + apart**2 * (before * here / total)
        self._spread, self._mean = self._spread + spread, self._mean + apart * (here / total)
        self._count = total

    @property
    def missed(self) -> NDArray[np.int64]:
        """Nothing: values are not missed."""
        return np.zeros(0, np.int64)

    def report(self) -> ValueReport:
        """Return what is told of all of them."""
        residual, spread = np.asarray(self._residual), np.asarray(self._spread)
        return values_told(self.names, residual, spread, self._count)


Sum = ClassSum | LabelSum | ValueSum
