"""Watching: who is told how a comparison goes, while it goes."""

from __future__ import annotations

import sys
from typing import Protocol

from sn.progress.drawing import Drawing
from sn.results.record import RunRecord


class Watcher(Protocol):
    """Somebody who watches a comparison, and must not change it."""

    def started(self, runs: int, passes: int) -> None:
        """Hear how many runs there are, and how many passes in all of them together."""
        ...

    def advanced(self, passes: int) -> None:
        """Hear that so many more passes are done."""
        ...

    def noted(self, note: str) -> None:
        """Hear what who waits should know."""
        ...

    def run_finished(self, label: str, record: RunRecord) -> None:
        """Hear the outcome of a run; runs are told in the order of entries and seeds."""
        ...


class Nobody:
    """A watcher who looks away."""

    def started(self, runs: int, passes: int) -> None:
        """Do nothing."""

    def advanced(self, passes: int) -> None:
        """Do nothing."""

    def noted(self, note: str) -> None:
        """Do nothing."""

    def run_finished(self, label: str, record: RunRecord) -> None:
        """Do nothing."""


NOBODY = Nobody()


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

    def noted(self, note: str) -> None:
        """Print the note."""
        print(f"note: {note}", file=sys.stderr, flush=True)

    def run_finished(self, label: str, record: RunRecord) -> None:
        """Name the run that comes next."""
        self._done += 1
        self._bar.run_finished(self._done, label, record)
