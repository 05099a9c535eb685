"""Drawing: what the bars have in common, whatever they draw on.

To add one that draws anew while a run goes, write a subclass of `Paced` that draws its course;
`bar_for` in `__init__.py` decides which one it is to be.
"""

from __future__ import annotations

import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, Self

from sn.progress.course import Course
from sn.results.checkpoints import Position
from sn.results.folder import RunHeader
from sn.results.origin import Origin
from sn.results.record import PassRecord, RunRecord
from sn.train.observer import Observer

if TYPE_CHECKING:  # engines, which who is only told can do without
    from sn.train.look import Look

SHARE = 0.01  # of the time of a run that drawing may take; chosen here: nobody notices


class Watched(Protocol):
    """What runs are watched by: a program."""

    @property
    def observers(self) -> Sequence[Observer]:
        """Who watches."""
        ...

    def watch(self, *observers: Observer) -> None:
        """Let these watch, and nobody else."""
        ...


class Drawing(Observer, ABC):
    """An observer that draws how much is done while it is entered.

    `noun` is what is counted: passes of a run, or runs of a comparison.
    """

    def __init__(self, noun: str = "pass") -> None:
        self.noun = noun

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:  # noqa: B027 - not all have anything to tidy
        pass

    @abstractmethod
    def goes_on(self, number: int, said: str = "") -> None:
        """Name the one that begins; `said` is how the one before ended."""

    def resumed(self, position: Position) -> None:
        """Name the pass that the run goes on in."""
        self.goes_on(position.passes + 1)

    def pass_finished(self, record: PassRecord) -> None:
        """Name the pass that comes next."""
        self.goes_on(record.number + 1, record.words())

    def run_finished(self, number: int, label: str, record: RunRecord) -> None:
        """Name the run of a comparison that comes after `number`, from 1."""
        self.goes_on(number + 1, f"{label}, seed {record.seed}: {record.end.words()}")


class Lines(Drawing):
    """Prints a line to stderr for each that ended, where no bar can be drawn."""

    _total = 0

    def started(self, presentations: int, passes: int) -> None:
        """Keep how many there are."""
        self._total = passes

    def goes_on(self, number: int, said: str = "") -> None:
        """Print the line."""
        if said:
            text = f"{self.noun} {number - 1}/{self._total}: {said}"
            print(text, file=sys.stderr, flush=True)


class _Pace:
    """Says when something is to be done again: `seconds` after it was done, or more.

    What takes long waits for so long that it has SHARE of the time; a single long one is taken
    for an accident. With no seconds it is always time.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due = self._spent = 0.0

    @property
    def is_due(self) -> bool:
        """Whether it is time."""
        return time.monotonic() >= self._due

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Measure what is done inside, and put the next off."""
        began = time.monotonic()
        yield
        now, before = time.monotonic(), self._spent
        self._spent = now - began
        if self._seconds:
            self._due = now + max(self._seconds, min(self._spent, before) / SHARE)


class Paced(Drawing):
    """Keeps the course of a run, and draws it anew when it is time.

    `seconds` pass at least between two drawings, and more where one takes long: SHARE says how
    much of the time they may take together.
    """

    def __init__(self, noun: str = "pass", seconds: float = 0.0) -> None:
        super().__init__(noun)
        self.course = Course(noun)
        self._drawing, self._looking = _Pace(seconds), _Pace(seconds)

    @abstractmethod
    def _draw(self) -> None:
        """Draw the course as it is."""

    def _draw_if_due(self) -> None:
        if self._drawing.is_due:
            with self._drawing.measured():
                self._draw()

    def described(self, header: RunHeader, origin: Origin) -> None:
        """Keep what is trained."""
        self.course.title = f"{header.net.name} {header.optimizer}"

    def started(self, presentations: int, passes: int) -> None:
        """Begin to count."""
        self.course.start(presentations, passes)

    def resumed(self, position: Position) -> None:
        """Name the pass that the run goes on in."""
        self.course.resume()
        super().resumed(position)

    def advanced(self, presentations: int) -> None:
        """Count what was presented."""
        self.course.advance(presentations)
        self._draw_if_due()

    def pass_scored(self, look: Look) -> None:
        """Ask for the misses of each class, if it is time to."""
        if self._looking.is_due:
            with self._looking.measured():
                self.course.look(look)

    def pass_finished(self, record: PassRecord) -> None:
        """Keep the scores, and name the pass that comes next."""
        self.course.finish(record)
        super().pass_finished(record)

    def run_finished(self, number: int, label: str, record: RunRecord) -> None:
        """Keep how the run ended, and name the one that comes next."""
        self.course.finish_run(label, record)
        super().run_finished(number, label, record)

    def done_before(self, amount: int) -> None:
        """Count what was done before this process came, which says nothing of speed."""
        self.course.resume()
        self.course.advance(amount)

    def stands(self, number: int, said: str) -> None:
        """Name the one that begins, and say how all stand."""
        self.course.said = said
        self.goes_on(number)

    def goes_on(self, number: int, said: str = "") -> None:
        """Name the one that begins."""
        self.course.goes_on(number)
        self._draw_if_due()
