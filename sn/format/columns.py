"""Columns: how many blanks stand before a token, so that what is alike stands below one another.

Rows of `layer`, `connect` and `optimizer` have columns in any case. Elsewhere more than one blank
stays where it was made for a column: where the token stands below or above the start of another.
Read next: `layout.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from sn.folding import columns
from sn.format.shape import Shape, Widths, glued
from sn.format.tokens import BLOCK, COMMENT, Token
from sn.format.words import ROWS

_ALIGNED = (2, 3)  # the second and third argument of a row
_NARROWEST = 4  # columns that a row is indented by, at least, with what is counted for brackets


def find_gaps(shape: Shape, keeps: bool, width: int) -> list[int]:
    """Return the blanks before each token; `keeps` whether columns of the author's stay."""
    starts = starts_by_line(shape.tokens)
    gaps, before = [], None
    for token in shape.tokens:
        if before is None or glued(before, token):
            gaps.append(0)
        else:
            stays = keeps and token.gap > 1 and is_aligned(token, starts)
            gaps.append(token.gap if stays else 1)
        before = token
    for rows in _tables(shape, Widths(shape, gaps)):
        _align(rows, shape, gaps, width)
    return gaps


def starts_by_line(tokens: list[Token]) -> dict[int, set[int]]:
    """Return the columns where tokens start, by line."""
    starts: dict[int, set[int]] = {}
    for token in tokens:
        starts.setdefault(token.line, set()).add(token.column)
    return starts


def is_aligned(token: Token, starts: dict[int, set[int]]) -> bool:
    """Whether another token starts right above or below this one."""
    return any(token.column in starts.get(token.line + step, ()) for step in (-1, 1))


def _tables(shape: Shape, widths: Widths) -> Iterator[list[int]]:
    """Yield the rows of each table: lists with the same head, a line each, without a blank line."""
    tokens = shape.tokens
    for bracket in shape.items:
        words = ROWS.get(shape.head(bracket) or "")
        if words is None:
            continue
        rows: list[int] = []
        for item in shape.items[bracket]:
            head = shape.head(item) if item in shape.items else None
            fits = head in words and widths.is_flat(item)
            joins = fits and rows and shape.head(rows[-1]) == head
            if not (joins and _follows(tokens, shape.end[rows[-1]], item)):
                yield rows
                rows = []
            if fits:
                rows.append(item)
        yield rows


def _follows(tokens: list[Token], end: int, start: int) -> bool:
    """Whether a row starts on the line below another, comments between not counted."""
    steps = [token.newlines for token in tokens[end + 1 : start + 1]]
    kinds = {token.kind for token in tokens[end + 1 : start]}
    return max(steps) == 1 and kinds <= {COMMENT, BLOCK} and tokens[start].newlines == 1


def _align(rows: list[int], shape: Shape, gaps: list[int], width: int) -> None:
    """Set the gaps of a table's rows, unless one would be too wide with its columns."""
    if len(rows) < 2:
        return
    tables = [shape.items[row] for row in rows]
    for items in tables:
        for item in items[1:]:
            gaps[item] = 1
    new: dict[int, int] = {}
    for place in _ALIGNED:
        reached = [(items, _width(shape, gaps, new, items, place)) for items in tables]
        some = [(items, wide) for items, wide in reached if len(items) > place]
        furthest = max((wide for _, wide in some), default=0)
        new |= {items[place]: 1 + furthest - wide for items, wide in some}
    widest = max(_width(shape, gaps, new, items, len(items)) for items in tables)
    if widest + _NARROWEST <= width:
        for item, gap in new.items():
            gaps[item] = gap


def _width(shape: Shape, gaps: list[int], new: dict[int, int], items: list[int], place: int) -> int:
    """Return how wide the first items of a row are, with new gaps before some of them."""
    if not items[:place]:
        return 0
    start, end = items[0], shape.end[items[min(place, len(items)) - 1]]
    return sum(
        (new.get(i, gaps[i]) if i > start else 0) + columns(shape.tokens[i].text)
        for i in range(start, end + 1)
    )
