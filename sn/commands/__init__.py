"""Commands: from a command line to a call on a `Session` and an exit code.

Each file of this folder is one command of `sn` and exposes it as `command`; a file whose name
starts with `_` serves the others. A command is imported when it is asked for, so that `sn --help`
starts at once. Only `main` catches everything: it turns an error into words and an exit code.
Read next: run.py.
"""

from __future__ import annotations

import ast
import contextlib
import errno
import importlib
import io
import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sn.commands._diagnostics import tell
from sn.commands._groups import HELP_OPTIONS
from sn.commands._texts import terminal_width
from sn.display import unobeyed
from sn.errors import SnError, SnInternalError, did_you_mean
from sn.folding import clip, fold
from sn.paths import encodable
from sn.version import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem  # as below

OK, USER_ERROR, USAGE_ERROR, OUR_ERROR, INTERRUPTED = 0, 1, 2, 3, 130

_LONGEST = 1500  # bytes of a usage error; chosen here

FOLDER = Path(__file__).parent


class CommandFolder(click.Group):
    """A group whose commands are the files of this folder, imported one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in order."""
        files = (path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
        return sorted(name.replace("_", "-") for name in files)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command, or None when there is none of that name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"sn.commands.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that `args` names; an unknown one gets the nearest known names."""
        name = args[0]
        is_asked_by_shell = ctx.resilient_parsing  # which shows no errors
        if name.startswith("-") or self.get_command(ctx, name) is not None or is_asked_by_shell:
            return super().resolve_command(ctx, args)
        if name.endswith(".sn"):
            hint = f"did you mean `sn run {name}`?"
        else:
            hint = did_you_mean(name, self.list_commands(ctx)) or "`sn --help` lists the commands"
        raise click.UsageError(f"there is no command '{name}'; {hint}", ctx)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Return the commands that a word may become, without importing any, and options."""
        from click.shell_completion import CompletionItem  # only a shell that asks needs it

        found = [
            CompletionItem(name, help=_summary(name))
            for name in self.list_commands(ctx)
            if name.startswith(incomplete)
        ]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _summary(name)) for name in self.list_commands(ctx)])


@click.command(cls=CommandFolder, context_settings=HELP_OPTIONS)
@click.version_option(__version__, prog_name="sn")
@click.option(
    "--traceback",
    is_flag=True,
    expose_value=False,
    help="With any command: show where in SN's own code an error arose.",
)
@click.option(
    "--no-color",
    is_flag=True,
    expose_value=False,
    help="With any command: no colours, as where NO_COLOR is set.",
)
def cli() -> None:
    """Describe a neural network in a small Lisp, train it, and look at what it became."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code.

    0 all went well, 1 the user's program or data, 2 usage, 3 a fault of SN, 130 interrupted.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    # taken out here, because they are welcome after any command as well as before
    shows_traceback = "--traceback" in words
    colours = contextlib.nullcontext() if "--no-color" not in words else _no_colours()
    words = [word for word in words if word not in ("--traceback", "--no-color")]
    if hasattr(sys.stdout, "reconfigure"):
        # a terminal without µ shows a question mark; that is no reason to stop
        sys.stdout.reconfigure(errors="replace")
    with colours:
        try:
            code = cli.main(
                words,
                prog_name="sn",
                standalone_mode=False,
                terminal_width=_help_width(),
                obj=("sn", *words),  # for run.json
            )
            if sys.stdout is not None:
                sys.stdout.flush()
            return code if isinstance(code, int) else OK
        except BaseException as error:
            if isinstance(error, SystemExit | GeneratorExit):
                raise
            if shows_traceback:
                traceback.print_exception(error)
            return tell_any(error, words)


@contextlib.contextmanager
def _no_colours() -> Iterator[None]:
    """Show no colours: NO_COLOR is what the libraries that draw progress look at too."""
    before = os.environ.get("NO_COLOR")
    os.environ["NO_COLOR"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["NO_COLOR"]
        else:
            os.environ["NO_COLOR"] = before


def _help_width() -> int | None:
    """Return the columns of help where they are few; click itself never goes below 50."""
    width = terminal_width(sys.stdout)
    return width if width is not None and width < 52 else None


def tell_any(error: BaseException, words: list[str]) -> int:
    """Tell a person what went wrong, on stderr; return the exit code."""
    match error:
        case SnError():
            tell(error)
            return USER_ERROR
        case click.ClickException():
            shown = io.StringIO()
            error.show(shown)
            text = clip(shown.getvalue().rstrip("\n"), _LONGEST)
            lines = fold(text, terminal_width(sys.stderr), "  ")
            click.echo(encodable(unobeyed("\n".join(lines))), err=True)
            return error.exit_code
        case click.Abort() | KeyboardInterrupt():
            click.echo("interrupted", err=True)
            return INTERRUPTED
        case BrokenPipeError():
            # the reader has seen enough; click gives 1 too where it notices this itself
            _drop_stdout()
            return USER_ERROR
        case FileNotFoundError() if _is_nowhere():
            tell(SnError("the current folder is gone", hint="cd to one that is there"))
            return USER_ERROR
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            _drop_stdout()
            where = f" for '{error.filename}'" if error.filename else " for the output"
            tell(SnError(f"no space is left on the disk{where}"))
            return USER_ERROR
        case SnInternalError(message=message, dump=dump):
            tell(SnInternalError(message, dump=dump or _dump(error, words)))
            return OUR_ERROR
        case _:
            what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            tell(SnInternalError(what, dump=_dump(error, words)))
            return OUR_ERROR


def _is_nowhere() -> bool:
    """Whether the current folder was removed, so that names in it mean nothing."""
    try:
        os.getcwd()
    except OSError:
        return True
    return False


def _dump(error: BaseException, words: list[str]) -> str | None:
    """Write what a maintainer needs to a temporary file; return its path, None if there is none."""
    lines = [
        f"sn {__version__}, Python {platform.python_version()}, {platform.platform()}",
        f"sn {' '.join(words)}",
        "",
        *(line.rstrip("\n") for line in traceback.format_exception(error)),
    ]
    try:
        handle, name = tempfile.mkstemp(prefix="sn-error-", suffix=".txt", text=True)
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write("\n".join(lines) + "\n")
    except OSError:
        return None
    return name


def _drop_stdout() -> None:
    """Send what is left in stdout's buffer nowhere, or Python complains about it at exit."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError, AttributeError):
        return


def _summary(name: str) -> str:
    """Return the first line of a command's docstring, read but not imported."""
    path = FOLDER / f"{name.replace('-', '_')}.py"
    doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return doc.partition("\n")[0].rstrip(".")
