"""Notebook: one bar over a whole run, as an output that is drawn anew while the run goes."""

from __future__ import annotations

import time
from typing import Any

from sn.display import html_bar
from sn.progress.drawing import Drawing
from sn.results.checkpoints import Position

SECONDS = 0.2  # between two drawings; chosen here: smooth enough, and no load for the browser


class NotebookBar(Drawing):
    """Shows a bar in the cell that trains; at the end it is gone, as a terminal's.

    Use it as a context manager. `seconds` pass at least between two drawings.
    """

    def __init__(self, noun: str = "pass", seconds: float = SECONDS) -> None:
        super().__init__(noun)
        self._seconds = seconds
        self._total = self._passes = self._number = self._done = self._before = 0
        self._said = ""
        self._is_resumed = False  # and not told yet of what was done before
        self._began = self._drawn = time.monotonic()
        self._handle: Any = None

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
        """Name the pass that the run goes on in."""
        self._is_resumed = True
        super().resumed(position)

    def advanced(self, presentations: int) -> None:
        """Move the bar."""
        self._done += presentations
        if self._is_resumed:  # what was done before says nothing of speed
            self._before, self._began, self._is_resumed = self._done, time.monotonic(), False
        if time.monotonic() - self._drawn >= self._seconds:
            self._draw()

    def goes_on(self, number: int, said: str = "") -> None:
        """Name the one that begins, and say how good the net was before."""
        self._number = min(number, self._passes)
        self._said = f"; {said}" if said else ""
        if time.monotonic() - self._drawn >= self._seconds:
            self._draw()

    def _draw(self) -> None:
        share = self._done / max(self._total, 1)
        text = f"{self.noun} {self._number}/{self._passes}, {share:.0%}"
        done, seconds = self._done - self._before, time.monotonic() - self._began
        if done:
            text += f", {_duration(seconds * (self._total - self._done) / done)} left"
        self._show(share, text + self._said)

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
