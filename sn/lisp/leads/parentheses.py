"""Parentheses: where one is missing, guessed by indentation, as a person would look for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sn.lisp.leads.writing import LONGEST

_PIECE = re.compile(
    r'"(?:[^"\\]|\\[\s\S])*"|\|[^|\n]*\||;[^\n]*|\#\?[^\n]*|\#![\s\S]*?!\#|[(\[]|\#?[)\]]|\n'
)
_HIDDEN = re.compile(r";\s*\)[\s)]*")


@dataclass(frozen=True, slots=True)
class Guess:
    """Where a `)` is missing: the form it should close starts at `opener`, and at `beside`, on a
    line `line`, something starts that is no part of it. `hint` says what to write.
    """

    opener: int
    beside: int
    hint: str


def missing(text: str, start: int) -> Guess | None:
    """Return where the form at `start`, which is never closed, misses a `)`.

    What stands in a form is indented more than the form: the first line that is not tells.
    """
    stack: list[tuple[int, int]] = []  # place and column of what is open
    line = text.rfind("\n", 0, start) + 1
    for match in _PIECE.finditer(text, start):
        piece, place = match[0], match.start()
        if piece == "\n":
            line = match.end()
        elif piece[0] in "([":
            column = place - line
            if stack and not text[line:place].strip():
                around = next((one for one in stack if one[1] >= column), None)
                if around is not None:
                    return Guess(around[0], place, _hint(text, around[0], place))
            stack.append((place, column))
        elif piece[-1] in ")]" and len(piece) <= 2 and stack:
            stack.pop()
        elif "\n" in piece:
            line = match.start() + piece.rindex("\n") + 1
    return None


def hidden(text: str, start: int) -> int | None:
    """Return the place of a `;` that hides a `)`, as in `(setq a 2;)`."""
    for match in _PIECE.finditer(text, start):
        place = match.start()
        if _HIDDEN.fullmatch(match[0]) and not text[place - 1 : place].isspace():
            return place
    return None


def _hint(text: str, opener: int, beside: int) -> str:
    """Return the hint with the end of the form as it may have been meant."""
    number = text.count("\n", 0, beside) + 1
    words = f"a ')' is missing, perhaps before line {number}, by its indentation"
    form = text[opener:beside].rstrip()
    last = re.sub(r"\s*;[^\n]*$", "", form.split("\n")[-1].strip())
    if "\n" not in form and len(last) < LONGEST and '"' not in last:
        missing = last.count("(") - last.count(")")
        words += f": {last}{')' * missing}"
    return words
