"""Talk to SN Lisp form by form: describe nets, train them, look at them, and go on."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sn.commands import _completion as completion
from sn.commands import tell_any
from sn.commands._diagnostics import tell
from sn.commands._folders import remove_if_empty
from sn.commands._parts import print_parts
from sn.commands._progress import WarningPrinter, pass_line
from sn.commands._safety import allow_options, each_limit_options
from sn.commands._settings import Limited, data_option, headless_option, settings_option
from sn.commands._texts import print_text, terminal_width
from sn.commands._windows import save_windows
from sn.errors import ProgramExit, SnError
from sn.limits import SEED
from sn.results.arrays import make_inside
from sn.results.folder import FILES, RunFolder
from sn.results.record import RunRecord
from sn.shipped import find_net
from sn.train.observer import Observer

if TYPE_CHECKING:
    from sn.lisp.gate import Allow  # start-up time, which --help can do without
    from sn.repl.dialogue import Dialogue  # as above
    from sn.results.check_report import CheckReport  # as above
    from sn.session import Session  # as above


@click.command("repl")
@click.argument("file", required=False, shell_complete=completion.programs)
@click.option(
    "--seed",
    type=Limited(SEED),
    default=0,
    show_default=True,
    help="What initial weights, random orders and the program's random numbers come from.",
)
@data_option
@click.option("--no-folder", is_flag=True, help="Leave nothing on disk.")
@settings_option("FILE")
@headless_option
@allow_options()
@each_limit_options
def command(
    file: str | None,
    seed: int,
    data: str | None,
    no_folder: bool,
    settings: dict[str, str],
    headless: str,
    allow: Allow,
    seconds: float | None,
    n_bytes: int | None,
) -> int:
    """Read forms of SN Lisp at a prompt, evaluate them and print their values.

    FILE, a program or the name of a net that comes with SN, is evaluated first. `(train)` trains
    what was described last, Ctrl-C stops it and leads back to the prompt, `(help)` tells more.
    Where the input is no terminal, forms are read from it.

    A program reads below its own folder and the current one, and writes below that of its run.
    """
    is_dialogue = sys.stdin.isatty() and sys.stdout.isatty()
    if is_dialogue and importlib.util.find_spec("prompt_toolkit") is None:
        raise SnError(
            "the prompt needs prompt_toolkit, which is not here",
            hint="pip install 'sn[repl]' brings it; forms from a pipe need nothing: "
            "sn repl < forms.sn",
        )
    if settings and file is None:
        raise click.UsageError("--set sets variables of FILE, and there is none")
    if headless == "png":
        from sn.figure.picture import check_png  # as for Allow

        check_png()
    if file is not None:
        find_net(file)  # a name that is wrong is told before there is a prompt
    from sn.repl.dialogue import Dialogue  # start-up time, which --help can do without
    from sn.session import Session  # as above

    session = Session(settings, seed=seed, data=data, allow=allow)
    session.command = click.get_current_context().find_root().obj or ()
    with contextlib.ExitStack() as stack:
        if not no_folder:
            session.files.make_folder = lambda: _files_folder(stack)
        dialogue = Dialogue(
            session,
            _Person(session.command[1:]),
            _watching,
            is_kept=not no_folder,
            seconds=seconds,
            n_bytes=n_bytes,
            more=lambda: sys.stdin.readline(),
            after=_Windows(session, headless).save,
        )
        stack.callback(dialogue.close)
        try:
            return _talk(dialogue, file, is_dialogue)
        except ProgramExit as end:
            return end.status


def _talk(dialogue: Dialogue, file: str | None, is_dialogue: bool) -> int:
    """Load a file, and answer until there is nothing more; return the exit code."""
    if is_dialogue:
        from sn.repl.terminal import talk  # an extra, and slow to import

        talk(dialogue, file)
        return 0
    from sn.repl.pipe import read_all  # as above

    went_well = file is None or dialogue.load(file)
    return 0 if read_all(dialogue, sys.stdin) and went_well else 1


def _files_folder(stack: contextlib.ExitStack) -> Path:
    """Return the folder for what is written at the prompt, which is there."""
    folder = RunFolder.create(None, "repl").path
    stack.callback(remove_if_empty, folder)
    files = folder / FILES
    make_inside(files)
    return files


class _Windows:
    """Saves the windows of a session when something was drawn, and tells where once."""

    def __init__(self, session: Session, kind: str) -> None:
        self._session, self._kind = session, kind
        self._saved, self._told = session.screen.clock, ""
        session.screen.is_drawing = kind != "none"

    def save(self) -> None:
        """Save what is seen, unless it was."""
        screen = self._session.screen
        if screen.clock == self._saved:
            return
        self._saved = screen.clock
        self._told = save_windows(self._session, self._kind, self._told)


class _Person:
    """Tells a person at a terminal, or who reads a pipe; `words` are those of the command."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = list(words)

    def tell(self, error: SnError) -> None:
        """Tell an error, with its place."""
        sys.stdout.flush()
        tell(error)

    def fault(self, error: Exception) -> None:
        """Tell what went wrong in SN itself, or in the system."""
        sys.stdout.flush()
        tell_any(error, self._words)

    def say(self, text: str) -> None:
        """Say a sentence that is no value."""
        print_text(f"  {text}")

    @property
    def width(self) -> int | None:
        """How many columns a text may take, None for any."""
        return terminal_width(sys.stdout)

    def show_parts(self, report: CheckReport) -> None:
        """Show what a net is made of."""
        print_parts(report)


@contextlib.contextmanager
def _watching() -> Iterator[Sequence[Observer]]:
    """Let a bar and its curves be seen during a run, and what became of them stay behind it."""
    if not sys.stderr.isatty() or os.environ.get("TERM") in ("dumb", "unknown"):
        yield (WarningPrinter(), _LastPass())
        return
    from sn.progress.terminal import TerminalBar  # start-up time of rich

    with TerminalBar(stays=True) as bar:
        yield (bar, WarningPrinter())


class _LastPass(Observer):
    """Prints how a run ended, where no bar is drawn."""

    def finished(self, record: RunRecord) -> None:
        """Print the line of its last pass."""
        print(pass_line(record.end, terminal_width(sys.stdout)), flush=True)
