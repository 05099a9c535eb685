"""Streams: a text and the place up to which it has been read.

`load` reads its program from one, and the program may take characters from the same one
(`read-string`, `skip-char`), so nothing may be read ahead. Read next: `lexer.py`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Collection
from typing import NoReturn

from sn.codes import Code
from sn.errors import ReadError, Span

_BLANK = re.compile(r"(?:[\s\ufeff]+|;[^\n]*)*")


class UnfinishedError(ReadError):
    """The text ends inside a form; more text could complete it."""


class Stream:
    """A text being read. `more()` gives further text of a terminal, or "" at its end."""

    macros: Collection[str] = ()  # the macro-characters of the program, which go before comments

    def __init__(self, text: str, file: str, more: Callable[[], str] | None = None) -> None:
        self.text = text
        self.file = file
        self.pos = 0
        self._more = more
        self._line_starts = _line_starts(text)
        self._skip_first_line()

    def peek(self) -> str:
        """Return the next character without taking it, "" at the end."""
        if self.pos >= len(self.text):
            self.fill()
        return self.text[self.pos : self.pos + 1]

    def take(self) -> str:
        """Take and return the next character, "" at the end."""
        char = self.peek()
        self.pos += len(char)
        return char

    def take_while(self, accepts: Callable[[str], bool]) -> str:
        """Take and return the characters up to the first that `accepts` refuses."""
        start = self.pos
        while (char := self.peek()) and accepts(char):
            self.pos += 1
        return self.text[start : self.pos]

    def fill(self) -> bool:
        """Ask for more text; tell whether there was some."""
        chunk = self._more() if self._more else ""
        if chunk:
            self.text += chunk
            self._line_starts = _line_starts(self.text)
        return bool(chunk)

    def skip_blank(self) -> None:
        """Pass over blanks and comments; a line that starts with #? documents what follows (SN).

        Raises: UnfinishedError when a comment is not closed.
        """
        while True:
            blank = _BLANK.match(self.text, self.pos)
            self.pos = blank.end() if blank else self.pos
            if self.text.startswith("#?", self.pos) and "#?" not in self.macros:
                end = self.text.find("\n", self.pos)
                self.pos = len(self.text) if end < 0 else end
                continue
            if not self.text.startswith("#!", self.pos):
                return
            end = self.text.find("!#", self.pos + 2)
            if end < 0:
                span = self.span(self.pos, self.pos + 2)
                raise UnfinishedError(
                    "this comment is not closed",
                    code=Code.BRACKET,
                    span=span,
                    hint="write !# after it",
                )
            self.pos = end + 2

    def span(self, start: int, end: int) -> Span:
        """Return the span of the characters from `start` up to, not including, `end`."""
        starts = self._line_starts
        last = max(start, end - 1)
        line = bisect_right(starts, start)
        end_line = line
        if line < len(starts) and last >= starts[line]:
            end_line = bisect_right(starts, last)
        column, end_column = start - starts[line - 1] + 1, last - starts[end_line - 1] + 1
        return Span(self.file, line, column, end_line, end_column)

    def fail(
        self,
        message: str,
        start: int,
        end: int,
        hint: str | None = None,
        code: Code = Code.CHARACTER,
    ) -> NoReturn:
        """Raise a ReadError about the characters from `start` up to `end`."""
        raise ReadError(message, span=self.span(start, end), hint=hint, code=code)

    def _skip_first_line(self) -> None:
        """Pass over a first line that only names the program to run the script with."""
        if not self.text.startswith("#!"):
            return
        line_end = self.text.find("\n")
        line_end = len(self.text) if line_end < 0 else line_end
        comment_end = self.text.find("!#", 2)
        next_comment = self.text.find("#!", line_end)
        # a comment starts here only if a !# follows, and that one does not end a later comment
        if comment_end < 0 or 0 <= next_comment < comment_end:
            self.pos = line_end


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer("\n", text))]
