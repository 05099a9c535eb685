"""Shape: how the tokens of a program are nested, how wide what is, and where lines end in it.

An item is a word or a list with the prefixes before it, as in `'(1 2)`; it is named by the index of
its first token. Read next: `columns.py`, `layout.py`.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from sn.folding import columns
from sn.format.tokens import ATOM, BLOCK, CLOSE, COMMENT, JOIN, OPEN, PREFIX, SURPLUS, Token
from sn.lisp.forms import NUMBER, fold

TOP = -1  # the list that all items outside of lists are in


@dataclass(slots=True)
class Shape:
    """The nesting of `tokens`: of each item its last token, of each list its items."""

    tokens: list[Token]
    end: list[int] = field(init=False)  # of the item that starts at a token
    items: dict[int, list[int]] = field(init=False)  # by the list's opening bracket, or TOP

    def __post_init__(self) -> None:
        self.end = list(range(len(self.tokens)))
        self.items = {TOP: []}
        waiting: list[int] = []  # prefixes and brackets whose ends are to come
        lists = [TOP]
        for i, token in enumerate(self.tokens):
            if token.kind in (COMMENT, BLOCK, SURPLUS):
                continue
            if token.kind == CLOSE:
                lists.pop()
                self._complete(waiting.pop(), i, waiting)
                continue
            if not self._goes_on(i):
                self.items[lists[-1]].append(i)
            if token.kind == OPEN:
                self.items[i] = []
                lists.append(i)
                waiting.append(i)
            elif token.kind == PREFIX:
                waiting.append(i)
            elif token.kind != JOIN:
                self._complete(i, i, waiting)

    def _goes_on(self, i: int) -> bool:
        """Whether a token belongs to the item that a prefix or a colon before it began."""
        if self.tokens[i].kind == JOIN:
            return True
        i -= 1
        while i >= 0 and self.tokens[i].kind in (COMMENT, BLOCK):
            i -= 1
        return i >= 0 and self.tokens[i].kind in (PREFIX, JOIN)

    def _complete(self, start: int, last: int, waiting: list[int]) -> None:
        """Note where an item ends, and with it the prefixes that waited for it."""
        tokens = self.tokens
        self.end[start] = last
        joins = last + 1 < len(tokens) and tokens[last + 1].kind == JOIN
        while waiting and tokens[waiting[-1]].kind == PREFIX:
            if joins and tokens[waiting[-1]].text == ":":
                return
            self.end[waiting.pop()] = last

    def head(self, bracket: int) -> str | None:
        """Return the word that a list begins with, as the reader takes it, if it is one."""
        items = self.items[bracket]
        if bracket == TOP or not items or self.tokens[bracket].text != "(":
            return None
        first = self.tokens[items[0]]
        is_word = first.kind == ATOM and first.text[0] not in '"|'
        return fold(first.text) if is_word and not NUMBER.fullmatch(first.text) else None


def glued(before: Token, after: Token) -> bool:
    """Whether two tokens stand together without a blank."""
    if before.ends_line:
        return False
    if after.kind in (CLOSE, JOIN, SURPLUS) or before.kind == OPEN:
        return True
    if after.kind in (COMMENT, BLOCK):
        return False
    if before.text == "]" and after.text == "[":
        return not after.newlines and not after.gap  # rows as SN prints them, [[1 2][3 4]]
    # `, @x` is an element called @x, `,@x` splices
    return before.kind == JOIN or (
        before.kind == PREFIX and not (before.text == "," and after.text.startswith("@"))
    )


@dataclass(slots=True)
class Widths:
    """How wide the items are with these blanks between, and whether a line ends in them.

    `gaps[i]` are the blanks before token i where no line ends.
    """

    shape: Shape
    gaps: list[int]
    starts: list[int] = field(init=False)  # columns, were all on one line
    ends: list[int] = field(init=False)
    breaks: list[int] = field(init=False)  # how many lines end before a token
    closed: list[int] = field(init=False)  # the last of the brackets that end behind a token

    def __post_init__(self) -> None:
        self.starts, self.ends, self.breaks = [], [], []
        column = breaks = 0
        before: Token | None = None
        for token, gap in zip(self.shape.tokens, self.gaps, strict=True):
            breaks += before is not None and ends_between(before, token)
            column += gap
            self.starts.append(column)
            column += columns(token.text.partition("\n")[0])
            self.ends.append(column)
            self.breaks.append(breaks)
            breaks += "\n" in token.text
            before = token
        tokens = self.shape.tokens
        self.closed = list(range(len(tokens)))
        for i in range(len(tokens) - 2, -1, -1):
            if tokens[i + 1].kind == CLOSE:
                self.closed[i] = self.closed[i + 1]

    def is_flat(self, start: int) -> bool:
        """Whether the item that starts here has one line."""
        end = self.shape.end[start]
        has_line = "\n" in self.shape.tokens[end].text
        return self.breaks[end] == self.breaks[start] and not has_line

    def first_line(self, start: int) -> int:
        """Return how wide an item is with the brackets behind it, up to its first line end."""
        last = self.shape.end[start]
        if not self.is_flat(start):
            stop = bisect_right(self.breaks, self.breaks[start], start, last + 1) - 1
            return self.ends[stop] - self.starts[start]
        return self.ends[self.closed[last]] - self.starts[start]


def ends_between(before: Token, after: Token) -> bool:
    """Whether a line ends between two tokens: where the author ended it, or must."""
    if before.ends_line:
        return not (before.kind != COMMENT and after.kind == CLOSE and after.text == ")")
    if after.kind in (COMMENT, BLOCK):
        return after.newlines > 0 and before.kind != OPEN
    return after.newlines > 0 and not glued(before, after)
