"""Text: whether what was typed is whole, and how far in the next line of it begins."""

from __future__ import annotations

import re

from sn.editors.outline import around
from sn.editors.scan import Kind
from sn.errors import ReadError
from sn.format.words import BODIES
from sn.lisp.stream import UnfinishedError
from sn.parser import EOF, Host, Reader

_BODY = 2  # columns that a body stands behind its form, as `sn fmt` has it
_FIRST = re.compile(r"\(\s*\S+\s+\S")  # up to the first argument


def is_whole(text: str) -> bool:
    """Whether a text can be evaluated: no parenthesis, string or comment in it is open.

    A text that is wrong in another way is whole: evaluating it says what is wrong.
    """
    # reading makes no matrices, and calls no macro-characters of the program
    reader = Reader(text, host=Host(make_matrix=lambda *parts: None))
    reader.pos = 0  # a first line #! is that of a script in files only
    try:
        while reader.next_form() is not EOF:
            pass
    except UnfinishedError:
        return False
    except ReadError:
        return True
    return True


def indent(text: str) -> int:
    """Return the column at which a line below a text begins, by the brackets that are open."""
    text += "\n"
    frames, last = around(text, len(text))
    # the blanks would be part of a string
    if not frames or (last is not None and last.kind is Kind.OPEN_STRING):
        return 0
    frame = frames[-1]
    line = text.rfind("\n", 0, frame.start) + 1
    column = frame.start - line
    if frame.is_quoted or not frame.head:
        return column + 1
    first = _FIRST.match(text[frame.start : text.index("\n", frame.start)])
    return column + (_BODY if frame.head in BODIES or first is None else first.end() - 1)
