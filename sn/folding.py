"""Folding: how wide a text is on a terminal, and how it is brought into a width.

Wide characters (East Asian) take two columns, combining ones none. Words stay whole, so that a
path or a number can be copied; one that is wider than the line stands alone on it.
"""

from __future__ import annotations

import unicodedata

TAB = 8
LONGEST_LINE = 1000  # characters of a line of source that are looked at; chosen here
WIDEST = 160  # columns that are shown of it where no width is known
NARROWEST = 20  # chosen here: below it a terminal cannot show a sentence, whatever is done


def columns(text: str) -> int:
    """Return how many columns of a terminal `text` takes; tabs are not expanded."""
    if text.isascii():
        return len(text)
    return sum(_column(char) for char in text)


def _column(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def pad(text: str, width: int, right: bool = False) -> str:
    """Fill `text` with blanks to a width in columns, on its right or on its left."""
    blanks = " " * max(0, width - columns(text))
    return blanks + text if right else text + blanks


def fold(text: str, width: int | None, indent: str = "") -> list[str]:
    """Break each line of `text` at blanks so that it fits; what is folded gets an `indent`.

    Without a width the lines are left as they are. Blanks inside a line that fits stay.
    """
    lines: list[str] = []
    for line in text.split("\n"):
        if width is None or columns(line) <= width:
            lines.append(line)
            continue
        body = line.lstrip(" ")
        now = line[: len(line) - len(body)]
        is_bare = True
        for word in body.split():
            if not is_bare and columns(now) + 1 + columns(word) > width:
                lines.append(now)
                now, is_bare = indent, True
            now, is_bare = now + ("" if is_bare else " ") + word, False
        lines.append(now)
    return lines


def clip(text: str, most: int) -> str:
    """Return a text of at most `most` bytes in UTF-8: of a longer one its head and its tail."""
    if len(text) <= most // 4:
        return text
    raw = text.encode("utf-8", "replace")
    if len(raw) <= most:
        return text
    left = most - len("…".encode())
    head, tail = raw[: left - left // 3], raw[-(left // 3) :]
    return f"{head.decode(errors='ignore')}…{tail.decode(errors='ignore')}"


def paragraph(lead: str, text: str, width: int | None) -> str:
    """Return `lead` and `text` beside it, or below it where too little room is left."""
    if width is not None and columns(lead) > width // 2:
        return "\n".join([lead.rstrip(), *fold(f"  {text}", width, "  ")])
    room = None if width is None else width - columns(lead)
    first, *others = fold(text, room)
    return "\n".join([lead + first, *(" " * columns(lead) + line for line in others)])


def excerpt(
    row: str, first: int, last: int, gutter: int = 0, width: int | None = None
) -> tuple[str, str]:
    """Return a line of source and the carets below its characters `first` to `last`, from 0.

    `gutter` columns stand before the line. One that is too long for the width is clipped around
    the carets, with an ellipsis where text is missing; tabs are then blanks.
    """
    if len(row) > LONGEST_LINE:
        row, first, last = _around(row, first, last)
        width = min(width or WIDEST, WIDEST)
    shown, starts = _expanded(row, gutter)
    starts += [starts[-1] + n for n in range(1, last + 3 - len(starts))]
    start, end = starts[first], max(starts[last + 1], starts[first] + 1)
    if width is not None and gutter + max(columns(shown), end) > width:
        return _clipped(shown, start, end, width - gutter)
    # the lead has the tabs of the source, so that the carets stay below it at any stop
    lead = "".join("\t" if char == "\t" else " " * _column(char) for char in row[:first])
    return row, lead + " " * (first - len(row)) + "^" * (end - start)


def _around(row: str, first: int, last: int) -> tuple[str, int, int]:
    """Return the part of a long line around a character, and where the carets are in it."""
    start = max(0, first - LONGEST_LINE // 2)
    end = start + LONGEST_LINE
    lead, rest = "…" if start else "", "…" if end < len(row) else ""
    shift = start - len(lead)
    return lead + row[start:end] + rest, first - shift, min(last - shift, LONGEST_LINE)


def _expanded(row: str, gutter: int) -> tuple[str, list[int]]:
    """Return `row` with blanks for its tabs, and the column where each character starts."""
    parts: list[str] = []
    starts = [0]
    for char in row:
        size = TAB - (gutter + starts[-1]) % TAB if char == "\t" else _column(char)
        parts.append(" " * size if char == "\t" else char)
        starts.append(starts[-1] + size)
    return "".join(parts), starts


def _clipped(shown: str, start: int, end: int, width: int) -> tuple[str, str]:
    """Cut columns off both sides of a line; the carets' start, and their end if it fits, stay."""
    room = max(1, width - 2)
    total = max(columns(shown), end)
    # a third of what is spare stands before the carets: what follows tells more
    left = max(0, min(start - max(0, room - (end - start)) // 3, total - room))
    lead = "…" if left > 1 else ""
    left = left if lead else 0
    right = left + room + (1 - len(lead))
    text, at, before = "", 0, 0
    for char in shown:
        size = _column(char)
        if left <= at and at + size <= right:
            text += char
        elif at < left:
            before = at + size
        at += size
    line = lead + text + ("…" if right < columns(shown) else "")
    blanks = len(lead) + max(0, start - before)
    return line, " " * blanks + "^" * max(1, min(end, right) - start)
