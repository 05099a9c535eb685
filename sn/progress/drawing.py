"""Drawing: what the bars have in common, whatever they draw on.

To add one, write a subclass that draws in `goes_on` and where else it likes; `bar_for` in
`__init__.py` decides which one it is to be.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from typing import Self

from sn.results.checkpoints import Position
from sn.results.record import PassRecord, RunRecord
from sn.train.observer import Observer


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


class OverRuns:
    """Watches a comparison, and has a bar drawn over all its runs."""

    def __init__(self, bar: Drawing) -> None:
        self._bar = bar
        self._done = 0

    def started(self, runs: int, passes: int) -> None:
        """Show the bar."""
        self._bar.started(passes, runs)

    def advanced(self, passes: int) -> None:
        """Move the bar."""
        self._bar.advanced(passes)

    def run_finished(self, label: str, record: RunRecord) -> None:
        """Name the run that comes next."""
        self._done += 1
        said = f"{label}, seed {record.seed}: {record.end.words()}"
        self._bar.goes_on(self._done + 1, said)
