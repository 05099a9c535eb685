"""Tables for people: columns that line up where they fit, blocks of lines where they do not."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from sn.commands._texts import terminal_width
from sn.display import printable
from sn.folding import columns as width_of
from sn.folding import fold, pad

GAP = 2
HIGHEST = 3  # lines of a heading; chosen here: a column of single words is hard to read
PROSE = 18  # the least columns that a last column of words is folded to; chosen here


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()
) -> None:
    """Print rows under headings to stdout; the columns named in `right` hold numbers.

    A pipe gets one row a line, however long. On a terminal headings are folded, then a last
    column of words; a table that is wider still becomes a block a row, of lines `name: value`, so
    that names and verdicts stay whole.
    """
    width = terminal_width(sys.stdout)
    columns, right = [printable(name) for name in columns], [printable(name) for name in right]
    rows = [[printable(cell) for cell in row] for row in rows]  # names come from programs and files
    for line in table_lines(columns, rows, right, width, _rule() if width else ""):
        print(line.rstrip())


def table_lines(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[str],
    width: int | None,
    rule: str = "",
) -> Iterator[str]:
    """Yield the lines of a table; `rule` is the character of a line under the headings."""
    gaps = GAP * (len(columns) - 1)
    bare = _widths([[] for _ in columns], rows)
    for height in range(1, 2 if width is None else HIGHEST + 1):
        headings = [_short(*column, height) for column in zip(columns, bare, strict=True)]
        widths = _widths(headings, rows)
        room = sum(widths) + gaps if width is None else width
        if sum(widths) + gaps <= room:
            break
    last = room - gaps - sum(widths[:-1])
    if last < widths[-1]:
        if columns[-1] in right or last < PROSE:
            yield from _blocks(columns, rows, room)
            return
        widths[-1] = last
    is_right = [name in right for name in columns]
    height = max(map(len, headings))
    # short headings stand on the rule
    for level in range(height):
        cells = [([""] * (height - len(name)) + name)[level] for name in headings]
        yield _line(cells, widths, is_right)
    if rule:
        yield rule * (sum(widths) + gaps)
    for row in rows:
        for index, part in enumerate(fold(row[-1], widths[-1])):
            names = row[:-1] if index == 0 else [""] * (len(row) - 1)
            yield _line([*names, part], widths, is_right)


def _widths(headings: Sequence[Sequence[str]], rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the columns that each column of a table needs."""
    return [
        max([width_of(part) for part in name] + [width_of(row[i]) for row in rows], default=0)
        for i, name in enumerate(headings)
    ]


def _short(name: str, least: int, height: int) -> list[str]:
    """Break a heading at blanks and hyphens into `height` lines at most.

    It is made as narrow as can be, but no narrower than the cells below it.
    """
    words = name.replace("-", "- ")
    lines = [name]
    for room in range(width_of(name), max(least, 1) - 1, -1):
        shorter = [line.replace("- ", "-") for line in fold(words, room)]
        if len(shorter) > height or max(map(width_of, shorter)) > room:
            break
        lines = shorter
    return lines


def _line(cells: Sequence[str], widths: Sequence[int], is_right: Sequence[bool]) -> str:
    return (" " * GAP).join(map(pad, cells, widths, is_right))


def _blocks(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Yield each row as its first cell and indented lines `name: value`.

    A row without a first cell goes on with the one above it: both its values stand in one line.
    """
    merged: list[list[str]] = []
    for row in rows:
        if merged and not row[0]:
            above = merged[-1]
            merged[-1] = [", ".join(filter(None, both)) for both in zip(above, row, strict=True)]
        else:
            merged.append(list(row))
    for number, row in enumerate(merged):
        if number:
            yield ""
        for index, (name, value) in enumerate(zip(columns, row, strict=True)):
            if not value:
                continue
            lead = "  " if index else ""
            text = f"{name}: {value}" if name else value
            yield from fold(lead + text, width, lead + "  ")


def _rule() -> str:
    """Return what a line is drawn with: terminals without Unicode get dashes."""
    try:
        "─".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return "-"
    return "─"
