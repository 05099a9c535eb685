"""Terminal: diagnostics in words, with the lines of source and carets, and in colours.

`errors.render` makes the words; colours are put into its lines when they have their width, so that
a text is the same with and without. Colours are those 16 that a terminal has by its theme.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import TextIO

from sn.diagnostics import Problem
from sn.errors import render

_RED, _YELLOW, _BLUE, _CYAN = "\x1b[1;31m", "\x1b[1;33m", "\x1b[34m", "\x1b[36m"
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"
COLOURS = (_RED, _YELLOW, _BLUE, _CYAN, _BOLD, _PLAIN)
_KINDS = {"error": _RED, "internal error": _RED, "warning": _YELLOW, "note": _CYAN}
_HEAD = re.compile(
    r"(?P<place>.*?:\d+:\d+: )?(?P<kind>internal error|error|warning|note)(?P<code>\[SN\d+\])?:"
)
_SOURCE = re.compile(r"(?P<gutter>\s*\d+ \|)(?P<text> .*)?$")
_CARETS = re.compile(r"(?P<gutter>\s+\|)(?P<blank>\s*)(?P<carets>\^+)$")
_BELOW = re.compile(r"(?P<lead>  (?:hint|in))(?P<rest>[: ].*)$")


def text(problem: Problem, width: int | None = None, colours: bool = False) -> str:
    """Return one problem as a person reads it, with its code; those besides are told apart."""
    shown = render(problem, width=width, shows_code=True)
    return coloured(shown) if colours else shown


def has_colours(stream: TextIO) -> bool:
    """Whether a stream leads to a terminal that shows colours, and they are wanted.

    Source: no-color.org: any value of NO_COLOR but an empty one says no.
    """
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    try:
        return stream.isatty()
    except (ValueError, AttributeError):  # closed, or no file
        return False


def coloured(shown: str) -> str:
    """Return the text of `render` with colours: place, kind, carets and hints apart."""
    lines = shown.split("\n")
    return "\n".join(_line(line, number == 0) for number, line in enumerate(lines))


def _line(line: str, is_first: bool) -> str:
    for pattern, paint in _RULES:
        match = pattern.match(line)
        if match is not None and (is_first or pattern is not _HEAD or match["kind"] == "note"):
            return paint(match, line)
    return line


def _head(match: re.Match[str], line: str) -> str:
    place, code = match["place"] or "", match["code"] or ""
    kind = f"{_KINDS[match['kind']]}{match['kind']}{code}{_PLAIN}:"
    rest = line[match.end() :]
    return (f"{_BOLD}{place}{_PLAIN}" if place else "") + kind + rest


def _source(match: re.Match[str], line: str) -> str:
    return f"{_BLUE}{match['gutter']}{_PLAIN}{match['text'] or ''}"


def _carets(match: re.Match[str], line: str) -> str:
    return f"{_BLUE}{match['gutter']}{_PLAIN}{match['blank']}{_RED}{match['carets']}{_PLAIN}"


def _below(match: re.Match[str], line: str) -> str:
    return f"{_CYAN}{match['lead']}{_PLAIN}{match['rest']}"


_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], str], str]], ...] = (
    (_CARETS, _carets),
    (_SOURCE, _source),
    (_BELOW, _below),
    (_HEAD, _head),
)
