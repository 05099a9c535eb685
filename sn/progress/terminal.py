"""Terminal: a run under way as a block of lines on stderr, drawn anew a few times a second.

Lines that are printed meanwhile go above it, and stay; it is gone when the run has ended. It is
drawn by the run itself between presentations, never for more than SHARE of its time.
"""

from __future__ import annotations

import sys
from typing import TextIO, cast

from rich.console import Console, ConsoleOptions, RenderResult
from rich.control import Control
from rich.live import Live
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.segment import ControlType
from rich.text import Text

from sn.progress.above import Above, are_one
from sn.progress.block import block
from sn.progress.drawing import Paced

SECONDS = 1 / 8  # between two drawings, at least; chosen here: eyes want no more
HIGHEST, LOWEST = 12, 1  # lines of the block


class TerminalBar(Paced):
    """Shows a run as it goes: how far it is, its curves, scores and speed; first a spinner while
    the net is compiled.

    Use it as a context manager, so that the terminal is tidy however the run ends. What `stays` is
    there afterwards too, as it was at the end.
    """

    def __init__(self, noun: str = "pass", seconds: float = SECONDS, stays: bool = False) -> None:
        super().__init__(noun, seconds)
        self._console = Console(stderr=True)
        self._is_ascii = self._console.options.ascii_only
        has_colours = self._console.color_system is not None and not self._console.no_color
        self._is_plain = self._is_ascii or not has_colours
        self._block = _Block()
        self._live = Live(
            self._block,
            console=self._console,
            auto_refresh=False,
            transient=not stays,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        self._spinner: Progress | None = None
        self._net = ""
        self._kept: list[str] = []  # text that goes above, in order
        self._before: tuple[TextIO, TextIO] | None = None
        self._stand_ins: list[Above] = []

    def __enter__(self) -> TerminalBar:
        if self._console.is_dumb_terminal:  # nothing can be drawn
            return self
        self._before = sys.stdout, sys.stderr
        if sys.stdout is not None and sys.stdout.isatty() and are_one(sys.stdout, sys.stderr):
            sys.stdout = self._stand_in(sys.stdout)
        # the console writes to what stderr is at the time, which must be the terminal itself
        self._console.file = sys.stderr
        sys.stderr = self._stand_in(sys.stderr)
        return self

    def __exit__(self, *error: object) -> None:
        if self._before is None:
            return
        if self._spinner is not None:
            self._spinner.stop()
            self._spinner = None
        if self._live.is_started:
            self._lay_out()  # how it ended, for who is quick
        self._write_kept()
        self._live.stop()
        sys.stdout, sys.stderr = self._before
        self._before = None
        for one in self._stand_ins:
            one.release()

    def _stand_in(self, stream: TextIO) -> TextIO:
        self._stand_ins.append(Above(stream, self._is_drawn, self._take))
        return cast(TextIO, self._stand_ins[-1])

    def _is_drawn(self) -> bool:
        return self._live.is_started or self._spinner is not None

    def _take(self, text: str) -> None:
        self._kept.append(text)
        if self._spinner is not None:  # nobody else draws now
            self._write_kept()

    def _write_kept(self) -> None:
        if self._kept:
            text = "".join(self._kept)
            self._kept.clear()
            self._console.out(text, highlight=False, end="")

    def compile_started(self, net: str) -> None:
        """Show the spinner."""
        self._net = net
        if self._before is None or self._spinner is not None:
            return
        self._spinner = Progress(
            SpinnerColumn("line" if self._is_ascii else "dots"),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._spinner.add_task(f"compiling {net} (once)…", total=None)
        self._spinner.start()

    def compile_finished(self, seconds: float, cached: bool) -> None:
        """Take the spinner away; say how long it took if it was work."""
        if self._spinner is not None:
            self._spinner.stop()
            self._spinner = None
        if not cached:
            text = f"compiled {self._net} in {seconds:.1f} s; the next run finds it in the cache"
            self._console.print(text, highlight=False, markup=False)

    def started(self, presentations: int, passes: int) -> None:
        """Show the block."""
        super().started(presentations, passes)
        if self._before is not None:
            self._lay_out()
            self._live.start(refresh=True)

    def _draw(self) -> None:
        if not self._live.is_started:
            return
        self._lay_out()
        if self._kept:
            self._write_kept()  # and with it the block
        else:
            self._live.refresh()

    def _lay_out(self) -> None:
        width, height = self._console.size
        self._block.take_back(self._console, width)
        # a terminal has more to show than this, and a line that fills it may be broken
        rows = max(min(HIGHEST, height // 2), LOWEST)
        lines = block(self.course, width - 1, rows, self._is_plain)
        if self._is_ascii:
            for line in lines:
                line.plain = line.plain.encode("ascii", "replace").decode()
        self._block.lines, self._block.width = lines, width


class _Block:
    """The lines that are shown now, which were drawn on a terminal of so many columns."""

    def __init__(self) -> None:
        self.lines: list[Text] = []
        self.width = 0

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self.lines

    def take_back(self, console: Console, width: int) -> None:
        """Erase what became of the lines on a terminal that was made narrower.

        Terminals break lines that do not fit any more, so that the block is higher than it was,
        and `Live` would leave its first lines behind.
        """
        if width >= self.width:
            return
        more = sum(max(-(-line.cell_len // width) - 1, 0) for line in self.lines)
        if more:
            console.control(Control((ControlType.CURSOR_UP, more)))
            console.file.write("\x1b[J")  # all that follows; rich has no name for it
