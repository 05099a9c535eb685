"""Course: what is known of a run while it goes, for whoever draws it.

It counts and keeps, and draws nothing. A curve has at most MOST points, whatever the run has, so
that to draw one takes as long after a million passes as after a thousand.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sn.results.record import PassRecord, RunRecord, mean_errors
from sn.train.stopping import deciding

if TYPE_CHECKING:  # engines, which who is only told can do without
    from sn.train.look import Look

MOST = 512  # points of a curve; chosen here: more than a picture of a few inches shows


@dataclass(slots=True)
class Curve:
    """A figure over the passes; pairs of points become their mean where there are too many."""

    name: str
    points: list[tuple[float, float]] = field(default_factory=list)  # number of the pass, figure
    _together: int = 1  # passes that a point stands for
    _open: list[tuple[float, float]] = field(default_factory=list)  # of the next point

    def add(self, number: float, figure: float) -> None:
        """Add a pass; figures that are not finite have no place in a picture."""
        if not math.isfinite(figure):
            return
        self._open.append((number, figure))
        if len(self._open) < self._together:
            return
        self.points.append(_mean(self._open))
        self._open.clear()
        if len(self.points) >= MOST:  # an even number: no point is left without a partner
            self.points = [_mean(pair) for pair in _pairs(self.points)]
            self._together *= 2

    @property
    def whole(self) -> Sequence[tuple[float, float]]:
        """The points, and at the end the last pass as it was."""
        return [*self.points, self._open[-1]] if self._open else self.points


def _mean(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    count = len(points)
    return sum(at for at, _ in points) / count, sum(figure for _, figure in points) / count


def _pairs(points: Sequence[tuple[float, float]]) -> Iterator[Sequence[tuple[float, float]]]:
    return (points[first : first + 2] for first in range(0, len(points), 2))


class Course:
    """A run, the runs of a comparison or the trials of a sweep, as far as they have come.

    `total` is what there is to do, `done` what is done of it, in presentations of a run, passes of
    a comparison or runs of a sweep; `number` counts from 1 what is under way of `count`, passes,
    runs or trials, which a `noun` names; `said` is how it stands, in words. `missed` has the misses
    of each of `classes` in the set named `which`.
    """

    def __init__(self, noun: str = "pass") -> None:
        self.noun = noun
        self.title = self.said = ""
        self.total = self.done = self.count = self.number = 0
        self.last: PassRecord | None = None
        self.best: PassRecord | None = None
        self.curves: dict[str, Curve] = {}
        self.which = ""
        self.classes: tuple[str, ...] = ()
        self.missed: tuple[int, ...] = ()
        self._before = 0  # what was done before this process came
        self._is_resumed = False  # and not told yet of what that was
        self._began = self._advanced = time.monotonic()
        self.entries: dict[str, list[RunRecord]] = {}  # of a comparison, those that ended

    def start(self, total: int, count: int) -> None:
        """Begin to count."""
        self.total, self.count, self.number = total, count, min(1, count)
        self._began = time.monotonic()

    def resume(self) -> None:
        """Take what is told next as done before: it says nothing of speed."""
        self._is_resumed = True

    def advance(self, amount: int) -> None:
        """Count what was done."""
        if not amount:
            return
        self.done += amount
        self._advanced = time.monotonic()
        if self._is_resumed:
            self._before, self._began, self._is_resumed = self.done, self._advanced, False

    def goes_on(self, number: int) -> None:
        """Name the one that begins."""
        self.number = min(number, self.count)

    def finish(self, record: PassRecord) -> None:
        """Keep the scores of a pass."""
        self.last = record
        for name, scores in record.sets.items():
            curve = self.curves.get(name)
            if curve is None:
                curve = self.curves[name] = Curve(name)
            curve.add(record.number, scores.error)
        # the test set decides nothing, so of it no pass is the best
        if record.validation is not None and math.isfinite(record.validation.error):
            if self.best is None or record.validation.error < deciding(self.best).error:
                self.best = record

    def finish_run(self, label: str, record: RunRecord) -> None:
        """Keep how a run of a comparison ended; the curve of an entry is the mean of its runs."""
        several = self.entries.setdefault(label, [])
        several.append(record)
        curve = self.curves[label] = Curve(label)
        for number, error in mean_errors(several, record.end.telling):
            curve.add(number, error)

    def look(self, look: Look) -> None:
        """Ask for the misses of each class, of the set that tells most."""
        if not look.judges_classes:
            return
        self.which = list(look.job.targets)[-1]
        self.classes = look.classes
        self.missed = tuple(look.missed(self.which).tolist())

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the classes that are missed, numbers for those that have none."""
        count, known = len(self.missed), self.classes
        return (*known, *map(str, range(len(known), count)))[:count]

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1."""
        return min(self.done / self.total, 1.0) if self.total else 0.0

    @property
    def left(self) -> float | None:
        """The seconds that are left, as fast as it went so far; None where nothing is known."""
        done = self.done - self._before
        if not done:
            return None
        expected = (self._advanced - self._began) * (self.total - self.done) / done
        return max(expected - (time.monotonic() - self._advanced), 0.0)

    @property
    def microseconds(self) -> float | None:
        """Those that a presentation of the last pass took; None before there is one."""
        if self.last is None or not self.last.number or not self.last.train.patterns:
            return None
        return self.last.seconds / self.last.train.patterns * 1e6


def duration(seconds: float) -> str:
    """Return a duration for people: `12 s`, `3:05 min`, `2:03:05 h`."""
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 100:
        return f"{minutes}:{rest:02} min"
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02} h"
