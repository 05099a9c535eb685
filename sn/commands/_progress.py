"""Progress: observers that show a run while it goes.

`PassPrinter` prints a line per pass to stdout, `JsonPrinter` an object per pass, and `Bar` draws
one bar over the whole run on a terminal, on stderr.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TextIO

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

from sn.commands._texts import print_text, print_warnings, terminal_width
from sn.errors import Notice
from sn.results.checkpoints import Position
from sn.results.figures import error_text
from sn.results.lines import json_line, pass_object
from sn.results.record import PassRecord
from sn.train.observer import Observer


class PassPrinter(Observer):
    """Prints one line per pass to stdout, and keeps the note about the data for the end."""

    def __init__(self) -> None:
        self.note = ""

    def data_chosen(self, name: str, note: str) -> None:
        """Keep the note."""
        self.note = note

    def resumed(self, position: Position) -> None:
        """Say where the run goes on."""
        print(f"going on {position}", flush=True)

    def pass_finished(self, record: PassRecord) -> None:
        """Print the line."""
        print(pass_line(record, terminal_width(sys.stdout)), flush=True)


class WarningPrinter(Observer):
    """Prints to stderr what a run warns of, with its place in the program, and where it starts."""

    def weights_taken(
        self, net: str, taken: Sequence[str], left: Sequence[tuple[str, str]]
    ) -> None:
        """Print which weights of a trained net are the start, and which are not."""
        text = f"from net {net}: {', '.join(taken)}"
        if left:
            text += "; fresh: " + ", ".join(f"{name} ({why})" for name, why in left)
        print_text(text, err=True)

    def warned(self, notice: Notice) -> None:
        """Print the warning."""
        print_warnings([notice])


class JsonPrinter(Observer):
    """Prints one JSON object per pass to `out`."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def pass_finished(self, record: PassRecord) -> None:
        """Print the object."""
        print(json_line(pass_object(record)), file=self._out, flush=True)


class Bar(Observer):
    """Draws one bar over the whole run on stderr, and a spinner while the net is compiled.

    Use it as a context manager, so that the terminal is tidy however the run ends.
    """

    def __init__(self) -> None:
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

    def __enter__(self) -> Bar:
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
        self._task = self._training.add_task(f"pass 1/{passes}", total=presentations)

    def resumed(self, position: Position) -> None:
        """Name the pass that the run goes on in."""
        number = min(position.passes + 1, self._passes)
        self._training.update(self._task, description=f"pass {number}/{self._passes}")

    def advanced(self, presentations: int) -> None:
        """Move the bar."""
        self._training.advance(self._task, presentations)

    def pass_finished(self, record: PassRecord) -> None:
        """Name the pass that comes next."""
        number = min(record.number + 1, self._passes)
        self._training.update(self._task, description=f"pass {number}/{self._passes}")


def pass_line(record: PassRecord, width: int | None = None) -> str:
    """Return one pass as a line of 80 fixed columns; a narrower terminal gets several."""
    head = f"pass {record.number:>3}" + (f"  phase {record.phase}" if record.phase else "")
    parts = []
    for name, scores in record.sets.items():
        text = f"{name} {error_text(scores.error):>7}"
        if scores.misses is not None:
            digits = len(str(scores.patterns))
            text += f" {scores.misses:>{digits}} misses {scores.percent:>6.2f} %"
        parts.append(text)
    whole = "  ".join([head, *parts])
    if width is None or len(whole) <= width:
        return whole
    if all(len(head) + 2 + len(part) <= width for part in parts):
        return f"{head}  " + f"\n{' ' * len(head)}  ".join(parts)
    return "\n  ".join([head, *parts])
