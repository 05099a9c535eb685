"""Notebook: one bar over a whole run, as an output that is drawn anew while the run goes."""

from __future__ import annotations

import time
from typing import Any

from sn.display import html_bar
from sn.results.checkpoints import Position
from sn.results.record import PassRecord
from sn.train.observer import Observer

SECONDS = 0.2  # between two drawings; chosen here: smooth enough, and no load for the browser


class NotebookBar(Observer):
    """Shows a bar in the cell that trains; at the end it is gone, as a terminal's.

    Use it as a context manager. `seconds` pass at least between two drawings.
    """

    def __init__(self, noun: str = "pass", seconds: float = SECONDS) -> None:
        self._noun, self._seconds = noun, seconds
        self._total = self._passes = self._number = self._done = self._before = 0
        self._scores = ""
        self._began = self._drawn = time.monotonic()
        self._handle: Any = None

    def __enter__(self) -> NotebookBar:
        return self

    def __exit__(self, *error: object) -> None:
        if self._handle is not None:
            self._handle.update({"text/html": "", "text/plain": ""}, raw=True)

    def compile_started(self, net: str) -> None:
        """Say what takes so long."""
        self._show(None, f"compiling {net} (once)…")

    def started(self, presentations: int, passes: int) -> None:
        """Show the bar of the whole run."""
        self._total, self._passes, self._number = presentations, passes, min(1, passes)
        self._began = time.monotonic()
        self._draw()

    def resumed(self, position: Position) -> None:
        """Name the pass that the run goes on in; what was done before says nothing of speed."""
        self._before, self._began = self._done, time.monotonic()
        self.goes_on(position.passes + 1)

    def advanced(self, presentations: int) -> None:
        """Move the bar."""
        self._done += presentations
        if time.monotonic() - self._drawn >= self._seconds:
            self._draw()

    def pass_finished(self, record: PassRecord) -> None:
        """Name the pass that comes next, and how good the net is."""
        self._scores = f"; {record.words()}"
        self.goes_on(record.number + 1)

    def goes_on(self, number: int) -> None:
        """Name a pass, the last one where there is none of that number."""
        self._number = min(number, self._passes)
        if time.monotonic() - self._drawn >= self._seconds:
            self._draw()

    def _draw(self) -> None:
        share = self._done / max(self._total, 1)
        text = f"{self._noun} {self._number}/{self._passes}, {share:.0%}"
        done, seconds = self._done - self._before, time.monotonic() - self._began
        if done:
            text += f", {_duration(seconds * (self._total - self._done) / done)} left"
        self._show(share, text + self._scores)

    def _show(self, share: float | None, text: str) -> None:
        self._drawn = time.monotonic()
        bundle = {"text/html": html_bar(share, text), "text/plain": text}
        if self._handle is None:
            from IPython.display import display  # there only in a notebook, where this runs

            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)


def _duration(seconds: float) -> str:
    """Return a duration of some seconds or minutes: `12 s`, `3:05 min`."""
    whole = round(seconds)
    return f"{whole} s" if whole < 100 else f"{whole // 60}:{whole % 60:02} min"
