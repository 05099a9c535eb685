"""Texts for people: sentences and warnings, folded to the terminal that shows them.

A pipe has no width: what goes into one is folded to READABLE columns at most, or not at all.
"""

from __future__ import annotations

import os
import sys
from typing import TextIO

import click

from sn.display import printable, unobeyed
from sn.folding import NARROWEST, fold, paragraph

READABLE = 96  # columns of a long text; chosen here: longer lines lose the eye
USUAL = 80


def terminal_width(stream: TextIO) -> int | None:
    """Return the columns of the terminal that a stream leads to; None when it leads elsewhere.

    COLUMNS holds against what the terminal says, as everywhere.
    """
    try:
        if not stream.isatty():
            return None
        told = os.environ.get("COLUMNS", "")
        found = int(told) if told.isdecimal() else os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError, AttributeError):
        # closed, or replaced by something that is no file
        found = 0
    return max(found or USUAL, NARROWEST)


def text_width(stream: TextIO) -> int:
    """Return the columns that a text may take on a stream."""
    return min(terminal_width(stream) or READABLE, READABLE)


def print_text(text: str, err: bool = False) -> None:
    """Print a sentence, folded where a terminal shows it.

    Names of programs and files may be in it: a terminal is never sent their control characters.
    """
    width = terminal_width(sys.stderr if err else sys.stdout)
    text = "\n".join(printable(line) for line in text.split("\n"))
    click.echo("\n".join(fold(text, width, "  ")), err=err)


def print_whole(text: str) -> None:
    """Print a text as it is, which other programs may read; what a terminal would obey of it is
    spelled out where a terminal shows it.
    """
    is_terminal = terminal_width(sys.stdout) is not None
    sys.stdout.write(unobeyed(text) if is_terminal else text)


def print_fact(name: str, value: str, column: int) -> None:
    """Print a named value; values begin at `column`, and go on there when folded."""
    lead = f"{printable(name):<{column}}"
    print(paragraph(lead, printable(value), text_width(sys.stdout)))
