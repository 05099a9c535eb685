"""Format: the text of a program to the same text in the house layout.

    text = format_text(text, "zipcode.sn")

The layout is that of nets/*.sn. An author's lines stay lines: a line is broken where it is wider
than WIDTH columns, never joined with the next; what is settled here is the indentation, the blanks
inside a line, blank lines, and the columns of `layer`, `connect` and `optimizer`. Words, numbers,
strings and comments stay as they are written, to the letter. Knows the reader and no interpreter.

What a macro-character (`dmc`) or `read-string` makes of a text, only the program knows: from the
first form that has one of them on, a text is left as it is. Read next: `tokens.py`, `layout.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sn.errors import ReadError, SnInternalError
from sn.format.layout import WIDTH, lay_out
from sn.format.tokens import Scanned, scan

__all__ = ["WIDTH", "Formatted", "format_program", "format_text"]

_ROUNDS = 20  # chosen here: a second round settles what the first one moved; more are rare


@dataclass(frozen=True, slots=True)
class Formatted:
    """A text in the house layout, and the line from which on it is as it was, if there is one."""

    text: str
    left_from: int | None


def format_text(text: str, file: str = "<text>") -> str:
    """Return a program in the house layout: the same forms and comments.

    Raises: ReadError with the place when the text is not well formed.
    """
    return format_program(text, file).text


def format_program(text: str, file: str = "<text>") -> Formatted:
    """Return a program in the house layout, and from where on it was left.

    Formatting it again changes nothing. Raises: ReadError as `format_text` does.
    """
    scanned = scan(text, file)
    before, left_from = _content(scanned), scanned.tail_line
    # an alignment may hold until what it was aligned with has moved; in the end none is kept
    for number in range(2 * _ROUNDS):
        new = lay_out(scanned, keeps_gaps=number < _ROUNDS)
        if new == text:
            break
        text, scanned = new, _scan_again(new, file)
        if _content(scanned) != before:
            raise SnInternalError(f"formatting '{file}' would have changed what it says")
    return Formatted(text, left_from)


def _scan_again(text: str, file: str) -> Scanned:
    try:
        return scan(text, file)
    except ReadError as error:
        raise SnInternalError(f"formatting '{file}' would have broken it: {error}") from error


def _content(scanned: Scanned) -> tuple[list[tuple[str, str]], str]:
    """Return what formatting may not change: words, brackets and comments, and the rest."""
    return [(token.kind, token.text) for token in scanned.tokens], scanned.tail
