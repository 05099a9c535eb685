"""Diagnostics on the command line: in words on stderr, or as another program wants them.

`format_option` gives a command `--format`; what it then raises or warns of is told so. Words go to
stderr in any case. Of a command whose output they are, such as `sn check`, the lines for programs
go to stdout; of others to stderr, so that their output stays what it is.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable
from typing import Any

import click

from sn.commands._texts import terminal_width
from sn.diagnostics import Diagnostic, Problem, github, lines, listed, terminal
from sn.display import many
from sn.errors import Notice, SnError
from sn.paths import encodable

MOST = 10  # errors that are told at once; chosen here: those after them often follow from these
_KEY = "sn.format"  # where the context of a command keeps how it tells, and where
_LINES: dict[str, Callable[[Diagnostic], str]] = {"json": lines.line, "github": github.annotation}


def format_option(is_output: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that gives a command `--format`; `is_output` of one that prints no more.

    The command takes whether it is to print anything else as `is_quiet`, if `is_output`.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def telling(*args: Any, format: str, **options: Any) -> Any:
            context = click.get_current_context()
            if format == "text":
                return command(*args, **options, **({"is_quiet": False} if is_output else {}))
            context.meta[_KEY] = (_LINES[format], not is_output)
            try:
                return command(*args, **options, **({"is_quiet": True} if is_output else {}))
            except SnError as error:
                tell(error)
                context.exit(1)

        return click.option(
            "--format",
            type=click.Choice(["text", *_LINES]),
            metavar="HOW",
            default="text",
            help="How to tell errors and warnings: text, json, an object a line, or github, "
            "annotations of GitHub Actions.",
        )(telling)

    return decorate


def tell(problem: Problem) -> None:
    """Tell a problem and those that were found besides, MOST at once, each once."""
    context = click.get_current_context(silent=True)
    line, is_error_stream = (context.meta.get(_KEY) if context else None) or (None, True)
    found = listed(problem)
    for number, one in enumerate(found if line else found[:MOST]):
        assert one.problem is not None
        text = line(one) if line else in_words(one.problem)
        click.echo(encodable("\n" + text if number and not line else text), err=is_error_stream)
    if not line and len(found) > MOST:
        click.echo(f"\nand {many(len(found) - MOST, 'more error')}", err=True)


def tell_warnings(warnings: Iterable[Notice]) -> None:
    """Tell warnings, each with its place in the program."""
    for warning in warnings:
        tell(warning)


def in_words(problem: Problem) -> str:
    """Return a problem as a person reads it on stderr, with colours where it has some."""
    colours = terminal.has_colours(sys.stderr)
    return terminal.text(problem, terminal_width(sys.stderr), colours)
