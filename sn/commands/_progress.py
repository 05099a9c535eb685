"""Progress: observers that show a run while it goes.

`PassPrinter` prints a line per pass to stdout, `JsonPrinter` an object per pass. The bar on a
terminal is that of Python, sn/progress/terminal.py.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Self, TextIO

from sn.commands._diagnostics import tell
from sn.commands._texts import print_text, terminal_width
from sn.errors import Notice
from sn.progress.terminal import TerminalBar
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

    def noted(self, text: str) -> None:
        """Print the note."""
        print_text(f"note: {text}", err=True)

    def warned(self, notice: Notice) -> None:
        """Print the warning."""
        tell(notice)


class JsonPrinter(Observer):
    """Prints one JSON object per pass to `out`."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def pass_finished(self, record: PassRecord) -> None:
        """Print the object."""
        print(json_line(pass_object(record)), file=self._out, flush=True)


def pass_line(record: PassRecord, width: int | None = None) -> str:
    """Return one pass as a line of 80 fixed columns; a narrower terminal gets several."""
    head = f"pass {record.number:>3}" + (f"  phase {record.phase}" if record.phase else "")
    parts = []
    for name, scores in record.sets.items():
        text = f"{name} {error_text(scores.error):>7}"
        if scores.misses is not None:
            digits = len(str(scores.patterns))
            noun = "miss" if scores.misses == 1 else "misses"
            text += f" {scores.misses:>{digits}} {noun:<6} {scores.percent:>6.2f} %"
        parts.append(text)
    whole = "  ".join([head, *parts])
    if width is None or len(whole) <= width:
        return whole
    if all(len(head) + 2 + len(part) <= width for part in parts):
        return f"{head}  " + f"\n{' ' * len(head)}  ".join(parts)
    return "\n  ".join([head, *parts])


class BarOverRuns:
    """A bar over many runs, where stderr is a terminal; what is printed meanwhile stands above it.

    `noun` is what is counted. With `as_json` objects go to stdout, which is `_out` here.
    """

    def __init__(self, noun: str, as_json: bool) -> None:
        self._as_json = as_json
        self._bar = TerminalBar(noun) if sys.stderr.isatty() else None
        self._out = sys.stdout

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.__enter__()
        self._out = sys.stdout  # that of the display, if there is one
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.__exit__(*error)
