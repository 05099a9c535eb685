"""Make docs/sn.1: the manual page of `sn`, from what its commands say of themselves.

    python scripts/make_man_page.py

The wheel puts it where `man sn` looks. A test keeps the page as this script makes it. The macros
are those of man(7), which every system has.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sn.commands import cli  # noqa: E402 - from this checkout, installed or not
from sn.commands._groups import HELP_OPTIONS  # noqa: E402
from sn.version import __version__  # noqa: E402

PAGE = ROOT / "docs" / "sn.1"
HEAD = "Made by scripts/make_man_page.py from the help of the commands; edit that."
ENVIRONMENT = (
    ("SN_DATA", "Folders in which data sets are looked for, before the user's cache."),
    ("SN_CACHE", "The folder in which compiled kernels are kept, instead of the user's cache."),
    ("SN_CACHE_LIMIT", "How many megabytes of them at most; 256 by default."),
    ("COLUMNS", "How wide the terminal is, against what it says itself."),
)
STATUS = (
    ("0", "All went well."),
    ("1", "Something is wrong in the program or the data, and was told."),
    ("2", "The command line is wrong."),
    ("3", "A fault of SN; a file to report it with was named."),
    ("130", "It was interrupted."),
)
FILES = (
    ("runs/", "What each run leaves: a folder with the trained net, its scores and checkpoints."),
    ("NAME.sn", "A program in SN Lisp."),
    ("NAME.sn.safetensors", "A trained net, which explains itself: `sn show` tells what it is."),
)


def page() -> str:
    """Return the text of the page."""
    top = click.Context(cli, info_name="sn", **HELP_OPTIONS)
    lines = [
        f'.\\" {HEAD}',
        f'.TH SN 1 "" "sn {__version__}" "SN"',
        ".SH NAME",
        r"sn \- a small Lisp that describes neural networks, and a compiler for them",
        ".SH SYNOPSIS",
        *usage(top),
        ".SH DESCRIPTION",
        *prose(cli.help or ""),
        ".PP",
        "A network is described in a file of SN Lisp, or is one of those that come with SN:",
        *prose("`sn run zipcode` trains the network of 1989, `sn nets` lists them all."),
        ".SH OPTIONS",
        *options(top),
        ".SH COMMANDS",
    ]
    for context in commands(top):
        lines += [f".SS {bold(context.command_path)}", *usage(context), ".PP"]
        lines += [*prose(context.command.help or ""), *options(context)]
    for title, entries in (
        ("ENVIRONMENT", ENVIRONMENT),
        ("FILES", FILES),
        ("EXIT STATUS", STATUS),
    ):
        lines.append(f".SH {title}")
        for name, text in entries:
            lines += [".TP", bold(name), *prose(text)]
    lines += [".SH SEE ALSO", *prose("The documents in the folder `docs` of SN; README.md first.")]
    return "\n".join(lines) + "\n"


def commands(top: click.Context) -> Iterator[click.Context]:
    """Yield each command, those of a group behind the group."""
    group = top.command
    assert isinstance(group, click.Group)
    for name in group.list_commands(top):
        command = group.get_command(top, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=top, **HELP_OPTIONS)
        yield context
        if isinstance(command, click.Group):
            yield from commands(context)


def usage(context: click.Context) -> Iterator[str]:
    """Yield the call form of a command, its name in bold."""
    pieces = " ".join(context.command.collect_usage_pieces(context))
    yield f"{bold(context.command_path)} {plain(pieces)}"


def options(context: click.Context) -> Iterator[str]:
    """Yield the options of a command, each with what it does; that all have help is told once."""
    for parameter in context.command.get_params(context):
        names, text = parameter.get_help_record(context) or ("", "")
        if text and not (context.parent and "--help" in parameter.opts):
            yield from (".TP", bold(names), *prose(text))


def prose(text: str) -> Iterator[str]:
    """Yield paragraphs of help; what stands between backquotes is bold."""
    for number, paragraph in enumerate(inspect.cleandoc(text).split("\n\n")):
        if number:
            yield ".PP"
        words = " ".join(paragraph.split())
        pieces = re.split(r"`([^`]*)`", words)
        yield guarded("".join(bold(p) if n % 2 else plain(p) for n, p in enumerate(pieces)))


def bold(text: str) -> str:
    """Return a text in bold."""
    return rf"\fB{plain(text)}\fR"


def plain(text: str) -> str:
    r"""Return a text that roff prints as it is: `\` and `-` mean something else to it."""
    return text.replace("\\", r"\e").replace("-", r"\-")


def guarded(line: str) -> str:
    """Return a line that is no request: these start with a dot or a quote."""
    return rf"\&{line}" if line.startswith((".", "'")) else line


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE}: {len(page().splitlines())} lines")
