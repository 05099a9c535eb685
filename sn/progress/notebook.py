"""Notebook: a run under way as one output of its cell, drawn anew while the run goes."""

from __future__ import annotations

from typing import Any

from sn.charts.inline import inline
from sn.display import html_bar, html_table
from sn.progress.course import duration
from sn.progress.drawing import Paced
from sn.results.figures import error_text, misses_text

SECONDS = 0.25  # between two drawings; chosen here: smooth enough, and no load for the browser


class NotebookBar(Paced):
    """Shows a bar, curves, scores and misses per class in the cell that trains; at the end they
    are gone, as a terminal's: the record that is returned shows them.

    Use it as a context manager. `seconds` pass at least between two drawings.
    """

    def __init__(self, noun: str = "pass", seconds: float = SECONDS) -> None:
        super().__init__(noun, seconds)
        self._said = ""
        self._handle: Any = None

    def __exit__(self, *error: object) -> None:
        if self._handle is not None:
            self._handle.update({"text/html": "", "text/plain": ""}, raw=True)

    def compile_started(self, net: str) -> None:
        """Say what takes so long."""
        text = f"compiling {net} (once)…"
        self._show(html_bar(None, text), text)

    def started(self, presentations: int, passes: int) -> None:
        """Show the bar of the whole run."""
        super().started(presentations, passes)
        with self._drawing.measured():
            self._draw()

    def goes_on(self, number: int, said: str = "") -> None:
        """Name the one that begins, and say how good the net was before."""
        self._said = f"; {said}" if said else ""
        super().goes_on(number, said)

    def _draw(self) -> None:
        course = self.course
        text = f"{course.noun} {course.number}/{course.count}, {course.share:.0%}"
        if course.left is not None:
            text += f", {duration(course.left)} left"
        below = self._figure() if course.curves else ""
        said = "" if below else self._said
        self._show(html_bar(course.share, text + said) + below, text + self._said)

    def _figure(self) -> str:
        """Return the curves, and below them scores, or what became of the runs so far."""
        course = self.course
        picture = inline([(curve.name, curve.whole) for curve in course.curves.values()])
        if course.last is None:  # of a comparison
            return picture + html_table((), (), self._said.removeprefix("; "))
        columns = ("", "error") if course.last.train.misses is None else ("", "error", "misses")
        rows = []
        for name, scores in course.last.sets.items():
            row = [name, error_text(scores.error)]
            if scores.misses is not None:
                row.append(misses_text(scores.misses, scores.patterns))
            rows.append(row)
        below = (
            []
            if course.microseconds is None
            else [f"{course.microseconds:.3g} µs per presentation"]
        )
        found = picture + html_table(columns, rows, right=columns[1:], below=below)
        if course.missed:
            names = course.names
            missed = [[str(one) for one in course.missed]]
            title = f"misses per class, {course.which}"
            found += html_table(names, missed, title, right=names)
        return found

    def _show(self, html: str, text: str) -> None:
        bundle = {"text/html": html, "text/plain": text}
        if self._handle is None:
            from IPython.display import display  # there only in a notebook, where this runs

            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)
