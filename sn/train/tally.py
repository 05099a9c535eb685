"""Tally: scores and report of a set that is streamed, from one pass over it.

Outputs come some at a time and are not kept. Misses are those that `score` counts; errors may
differ from its in their last place, as they are added up block by block.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sn.data.rows import TargetKind
from sn.net.layer import Layer
from sn.net.loss import Loss
from sn.results.adding import ClassSum, LabelSum, Sum, ValueSum
from sn.results.record import Scores
from sn.results.reports import Report
from sn.train.cautions import all_saturated
from sn.train.criteria import Criterion
from sn.train.feed import Feed
from sn.train.scoring import answers, score
from sn.train.targets import judged

Floats32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Judging:
    """What decides what is told of outputs: see `scoring.score` and `scoring.report`."""

    criterion: Criterion | None
    cost: Loss
    kind: TargetKind
    classes: Sequence[str]
    middle: float
    layers: Sequence[Layer]

    @property
    def judged(self) -> slice:
        """The columns that the criterion and the report look at."""
        return judged(self.layers, self.kind)

    def sum_for(self, count: int) -> Sum:
        """Return what adds up the report of so many patterns."""
        if self.kind is TargetKind.CLASSES:
            width = len(range(sum(layer.size for layer in self.layers))[self.judged])
            return ClassSum(self.classes, self.middle, count, width)
        if self.kind is TargetKind.LABELS:
            return LabelSum(self.classes, self.middle)
        return ValueSum(self.classes)


@dataclass(slots=True, eq=False)
class Tally:
    """What is told of one set; `is_saturated`: whether every output is so, for every pattern."""

    judging: Judging
    added: Sum
    count: int = 0
    is_saturated: bool = True
    _errors: float = 0.0
    _squares: float | None = 0.0
    _misses: int | None = 0

    def add(self, outputs: Floats32, targets: Floats32) -> None:
        """Add some patterns: (n, n_outputs) each."""
        how, here = self.judging, len(outputs)
        part = score(outputs, targets, how.criterion, how.cost, how.judged)
        self._errors += part.error * here
        self._misses = None if part.misses is None else (self._misses or 0) + part.misses
        squares = part.squares
        self._squares = None if squares is None else (self._squares or 0.0) + squares * here
        given = answers(outputs, how.cost)
        self.added.add(given[:, how.judged], targets[:, how.judged])
        self.is_saturated = self.is_saturated and _saturated(outputs, how.layers)
        self.count += here

    @property
    def scores(self) -> Scores:
        """Mean error and misses."""
        squares = None if self._squares is None else self._squares / self.count
        return Scores(self._errors / self.count, self._misses, self.count, squares)

    @property
    def missed(self) -> NDArray[np.int64]:
        """How many patterns of each class or label are missed, (k,)."""
        return self.added.missed

    def report(self) -> Report:
        """Return what else is told of the set."""
        return self.added.report()


def _saturated(outputs: Floats32, layers: Sequence[Layer]) -> bool:
    """Whether all outputs are, each at the limits of its layer."""
    first = 0
    for layer in layers:
        if not all_saturated(layer.activation, outputs[:, first : first + layer.size]):
            return False
        first += layer.size
    return True


def measured(outputs: Floats32, targets: Floats32, how: Judging) -> tuple[Scores, bool]:
    """Return the scores of a set in memory, and whether all outputs are saturated."""
    found = score(outputs, targets, how.criterion, how.cost, how.judged)
    return found, _saturated(outputs, how.layers)


def tallied(feed: Feed, judging: Judging, answer: Callable[[Floats32], Floats32]) -> Tally:
    """Return what is told of a set, whose outputs `answer` gives for some patterns at a time.

    Raises: DataError when the file cannot be read, or is not what it was.
    """
    found = Tally(judging, judging.sum_for(len(feed)))
    with closing(feed.sweep()) as parts:  # its thread ends here, whatever goes wrong
        for some in parts:
            found.add(answer(some.patterns), some.targets)
    return found
