"""Terminal: one bar over a whole run, on stderr."""

from __future__ import annotations

import sys

from rich.console import Console, Group
from rich.live import Live
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from sn.progress.drawing import Drawing


class TerminalBar(Drawing):
    """Draws one bar over the whole run on stderr, and a spinner while the net is compiled.

    Use it as a context manager, so that the terminal is tidy however the run ends.
    """

    def __init__(self, noun: str = "pass") -> None:
        super().__init__(noun)
        self._compiling = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
        )
        self._training = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(),
            TextColumn("left"),
        )
        # stdout goes above the bar when both are the same terminal, and stays alone otherwise
        self._live = Live(
            Group(self._compiling, self._training),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=sys.stdout.isatty(),
        )
        self._net = ""
        self._passes = 0
        self._task = TaskID(0)

    def __enter__(self) -> TerminalBar:
        self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def compile_started(self, net: str) -> None:
        """Show the spinner."""
        self._net = net
        self._compiling.add_task(f"compiling {net} (once)…", total=None)

    def compile_finished(self, seconds: float, cached: bool) -> None:
        """Take the spinner away; say how long it took if it was work."""
        for task in self._compiling.task_ids:
            self._compiling.remove_task(task)
        if not cached:
            text = f"compiled {self._net} in {seconds:.1f} s; the next run finds it in the cache"
            self._live.console.print(text, highlight=False, markup=False)

    def started(self, presentations: int, passes: int) -> None:
        """Show the bar of the whole run."""
        self._passes = passes
        self._task = self._training.add_task(f"{self.noun} 1/{passes}", total=presentations)

    def advanced(self, presentations: int) -> None:
        """Move the bar."""
        self._training.advance(self._task, presentations)

    def goes_on(self, number: int, said: str = "") -> None:
        """Name the one that begins."""
        number = min(number, self._passes)
        self._training.update(self._task, description=f"{self.noun} {number}/{self._passes}")
