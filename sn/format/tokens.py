"""Tokens: a program cut into words, brackets and comments, with the blanks that stood before each.

The reader cuts the forms, so that what it refuses is refused here, and in its words; comments are
found in between. Read next: `layout.py`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from sn.errors import Span
from sn.lisp.forms import Value, fold
from sn.lisp.lexer import CLOSERS, OPENERS, PREFIXES, Piece
from sn.parser import EOF, Host, Reader

OPEN, CLOSE, PREFIX, JOIN, ATOM = "open", "close", "prefix", "join", "atom"
COMMENT, BLOCK, TO_LINE_END, SURPLUS = "comment", "block comment", "to line end", "surplus )"

# what is read behind a form with one of these, the program decides while it runs
_READS_ITSELF = frozenset(("dmc", "read-string", "skip-char"))
_BETWEEN = re.compile(r"(?P<comment>;[^\n]*|#\?[^\n]*)|(?P<block>#![\s\S]*?!#)|(?P<surplus>\))")


@dataclass(slots=True)
class Token:
    """A piece of a program as it is written, and where it stood; columns count from 0.

    `newlines` are the line ends between it and the one before, `gap` the blanks where there are
    none.
    """

    kind: str
    text: str
    line: int
    column: int
    newlines: int
    gap: int

    @property
    def ends_line(self) -> bool:
        """Whether nothing may follow it on its line."""
        return self.kind in (COMMENT, TO_LINE_END)


@dataclass(slots=True)
class Scanned:
    """The tokens of a program, and the rest that only the running program can read."""

    tokens: list[Token]
    tail: str = ""
    tail_line: int | None = None


@dataclass(slots=True)
class _Lines:
    """Where the characters of a text are, tabs taken as eight columns."""

    text: str
    starts: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.starts = [0, *(match.end() for match in re.finditer("\n", self.text))]

    def place(self, position: int) -> tuple[int, int]:
        """Return the line, from 1, and the column, from 0, of a character."""
        line = bisect_right(self.starts, position)
        before = self.text[self.starts[line - 1] : position]
        return line, len(before.expandtabs(8) if "\t" in before else before)


class _Recorder(Reader):
    """A reader that keeps the pieces of what it reads."""

    def __init__(self, text: str, file: str) -> None:
        super().__init__(text, file, Host(make_matrix=_no_matrix))
        self.pieces: list[Piece] = []

    def noted(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        """Keep the pieces of a form."""
        for piece in pieces:
            self.pieces.append(piece)
            yield piece


def _no_matrix(opener: str, values: list[Value], spans: list[Span], span: Span) -> Value:
    """Stand in for a matrix, whose elements matter to nobody here."""
    return None


def scan(text: str, file: str) -> Scanned:
    """Return the tokens of a program.

    Raises: ReadError with the place when the text is not well formed.
    """
    reader = _Recorder(text, file)
    begin, end = reader.pos, len(text)
    done = 0
    while reader.next_form() is not EOF:
        if _reads_itself(reader.pieces[done:]):
            end = reader.pos
            break
        done = len(reader.pieces)
    tokens = list(_tokens(text, begin, reader.pieces, end))
    tail = text[end:]
    return Scanned(tokens, tail, _Lines(text).place(end)[0] if tail.strip() else None)


def _reads_itself(pieces: list[Piece]) -> bool:
    """Whether a form may read what follows it, character by character."""
    inside = 0  # brackets open inside of (reading FILE ...), whose input is another
    before = ""
    for piece in pieces:
        kind = piece.type
        if inside:
            inside += (kind in OPENERS) - (kind in CLOSERS)
        elif kind == "WORD":
            word = fold(piece.text)
            if word in _READS_ITSELF:
                return True
            inside = int(word == "reading" and before == "OPEN")
        before = kind
    return False


def _tokens(text: str, begin: int, pieces: list[Piece], end: int) -> Iterator[Token]:
    """Yield the pieces and what stands between them, from the start of a text to an end."""
    lines, at = _Lines(text), 0

    def token(kind: str, start: int, stop: int) -> Token:
        nonlocal at
        line, column = lines.place(start)
        newlines = text.count("\n", at, start)
        gap = 0 if newlines else column - lines.place(at)[1]
        at = stop
        shown = text[start:stop]
        if kind in (COMMENT, TO_LINE_END):
            shown = shown.rstrip(" \t\r\f\v")
        return Token(kind, shown, line, column, newlines, gap)

    def between(stop: int) -> Iterator[Token]:
        for match in _BETWEEN.finditer(text, at, stop):
            kind = {"comment": COMMENT, "block": BLOCK, "surplus": SURPLUS}[match.lastgroup or ""]
            yield token(kind, match.start(), match.end())

    if begin:
        yield token(TO_LINE_END, 0, begin)
    for piece in pieces:
        yield from between(piece.start_pos)
        yield token(_kind(piece), piece.start_pos, piece.end_pos)
    yield from between(end)


def _kind(piece: Piece) -> str:
    if piece.type in OPENERS:
        return OPEN
    if piece.type in CLOSERS:
        return CLOSE
    if piece.type in PREFIXES:
        return PREFIX
    if piece.type == "JOIN":
        return JOIN
    return TO_LINE_END if piece.type in ("LOAD", "SYSTEM") else ATOM
