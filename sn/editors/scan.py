"""Scan: any text to tokens, whether it is a program yet or not.

The reader (`sn/parser.py`) stops at the first fault; what colours a text, lists its definitions or
completes a word looks at one that is just being written. So nothing is refused here, and the
tokens together are the text. Read next: `outline.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sn.lisp.forms import NUMBER


class Kind(StrEnum):
    """What a piece of text is."""

    BLANK = "blank"
    COMMENT = "comment"
    STRING = "string"
    OPEN_STRING = "open string"  # to the end of its line
    NAME = "name"  # |Exact Name|
    NUMBER = "number"
    WORD = "word"
    OPEN = "open"
    CLOSE = "close"
    PREFIX = "prefix"  # what stands before a form
    DOT = "dot"
    COMMAND = "command"  # ^Lfile, ^!command
    ODD = "odd"  # a character that starts nothing


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a text: the characters from `start` up to, not including, `end`."""

    kind: Kind
    text: str
    start: int

    @property
    def end(self) -> int:
        """Where the next piece starts."""
        return self.start + len(self.text)


# NOTE(grammar): the terminals of lisp/grammar.lark, and what its reader passes over; a test holds
# the two together.
_PIECES = {
    Kind.BLANK: r"[\s\ufeff]+",
    Kind.COMMENT: r";[^\n]*|\#\?[^\n]*|\#!(?:[^!]|!(?!\#))*(?:!\#|\Z)",
    Kind.STRING: r'"[^"\\\n]*(?:\\[\s\S][^"\\\n]*)*"',
    Kind.OPEN_STRING: r'"[^"\\\n]*(?:\\[\s\S][^"\\\n]*)*\\?',
    Kind.NAME: r"\|[^|\n]*\|",
    Kind.OPEN: r"\(|\[|\#\[",
    Kind.CLOSE: r"\)|\]|\#\]",
    Kind.COMMAND: r"\^[Ll][^)\n]*|\^![^)\n]*",
    Kind.PREFIX: r",@|[',`~:]|\^[Pp]|\x10",
    Kind.WORD: r"""[^\s\x00-\x20\x7f\ufeff()\[\]"|;\#^'`,~:]+""",
    Kind.ODD: r"[\s\S]",
}
_GROUPS = {kind.name: kind for kind in _PIECES}
_PATTERN = re.compile("|".join(f"(?P<{kind.name}>{piece})" for kind, piece in _PIECES.items()))


def scan(text: str) -> Iterator[Token]:
    """Yield the pieces of a text; their texts together are the whole."""
    start = _end_of_first_line(text)
    if start:
        yield Token(Kind.COMMENT, text[:start], 0)
    while start < len(text):
        match = _PATTERN.match(text, start)
        assert match is not None and match.lastgroup is not None  # ODD takes anything
        kind, piece = _GROUPS[match.lastgroup], match.group()
        if kind is Kind.WORD:
            kind = _kind_of_word(piece)
        yield Token(kind, piece, start)
        start = match.end()


def _kind_of_word(word: str) -> Kind:
    if word == ".":
        return Kind.DOT
    return Kind.NUMBER if NUMBER.fullmatch(word) else Kind.WORD


def _end_of_first_line(text: str) -> int:
    """Return how long a first line is that only names the program to run the script with.

    NOTE(stream): as `Stream` passes over it.
    """
    if not text.startswith("#!"):
        return 0
    line_end = text.find("\n")
    line_end = len(text) if line_end < 0 else line_end
    comment_end, next_comment = text.find("!#", 2), text.find("#!", line_end)
    return line_end if comment_end < 0 or 0 <= next_comment < comment_end else 0
