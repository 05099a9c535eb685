"""Layout: the tokens of a program as text, with the blanks and line ends of the house.

One walk over the tokens with a stack of the lists that are open, so that no nest is too deep. A
line ends where the author ended it, and where it would be wider than WIDTH. Read next: `shape.py`
(what is nested how), `columns.py` (blanks inside a line), `words.py` (which forms have a body).
"""

from __future__ import annotations

from dataclasses import dataclass

from sn.folding import columns
from sn.format.columns import find_gaps, is_aligned, starts_by_line
from sn.format.shape import TOP, Shape, Widths, ends_between, glued
from sn.format.tokens import BLOCK, CLOSE, COMMENT, OPEN, PREFIX, SURPLUS, Scanned, Token
from sn.format.words import ALIGNED, BODIES, CLAUSES, PARAMETERS

WIDTH = 100  # columns; chosen here: that of SN's own Python, and nets/*.sn fit
_STEP = 2  # columns by which a body is indented


@dataclass(slots=True)
class _List:
    """A list that is open: where it starts, and how what is broken off in it is indented."""

    bracket: int  # the index of its token, TOP for the whole program
    column: int
    opener: int  # how wide its bracket is
    body: int | None  # how many arguments stand before its body, if it has one
    is_data: bool  # all its elements are alike
    is_exploded: bool = False  # each form of its body has a line
    count: int = 0  # items so far
    argument: int | None = None  # the column of its first argument, on the line of its head
    steps: bool | None = None  # whether the author indented it as a body

    def indent(self) -> int:
        """Return the column of an item that starts a line."""
        if self.bracket == TOP:
            return 0
        if self.is_data or self.count == 0:
            return self.column + self.opener
        if self.body is not None:
            return self.column + (_STEP if self.count > self.body else 2 * _STEP)
        if self.steps or self.argument is None:
            return self.column + _STEP
        return self.argument


def lay_out(scanned: Scanned, keeps_gaps: bool = True) -> str:
    """Return the text of a program; `keeps_gaps` whether columns of the author's stay."""
    return _Layout(scanned, keeps_gaps).text()


class _Layout:
    """One walk over the tokens of a program."""

    def __init__(self, scanned: Scanned, keeps_gaps: bool) -> None:
        self.tokens, self.tail = scanned.tokens, scanned.tail
        self.shape = Shape(self.tokens)
        self.starts = starts_by_line(self.tokens)
        self.gaps = find_gaps(self.shape, keeps_gaps, WIDTH)
        self.widths = Widths(self.shape, self.gaps)
        self.is_item = {i for items in self.shape.items.values() for i in items}
        self.lists = [_List(TOP, 0, 0, None, True)]
        self.quoted: list[bool] = [False]  # by open list: is it below a quote?
        self.parts: list[str] = []
        self.column = 0
        self.begins_line = True
        self.comment_column: int | None = None  # of a comment that others go on below

    def text(self) -> str:
        """Return the whole text."""
        for i in range(len(self.tokens)):
            self._separate(i)
            self._put(i)
        found = "".join(self.parts)
        if self.tail.strip():
            return found + self.tail
        return found + "\n" if found else ""

    def _separate(self, i: int) -> None:
        """Write the blanks or the line ends before a token."""
        token = self.tokens[i]
        if i == 0:
            return
        before = self.tokens[i - 1]
        if token.kind in (COMMENT, BLOCK):
            self._separate_comment(i)
        elif ends_between(before, token):
            self._end_line(token, self._indent(i))
        elif not glued(before, token):
            if i in self.is_item and self._must_break(i):
                self._end_line(None, self._indent(i))
            else:
                self._blanks(self.gaps[i])

    def _separate_comment(self, i: int) -> None:
        token, before = self.tokens[i], self.tokens[i - 1]
        if ends_between(before, token):
            below = before.kind == COMMENT and before.column == token.column
            if below and token.newlines == 1 and self.comment_column is not None:
                self._end_line(token, self.comment_column)
            else:
                self.comment_column = None
                self._end_line(token, self.lists[-1].indent())
        elif before.kind != OPEN:
            self._blanks(self._comment_gap(token, before))
            self.comment_column = self.column

    def _comment_gap(self, token: Token, before: Token) -> int:
        """Return the blanks before a comment at the end of a line."""
        if self.column == token.column - token.gap:
            return max(1, token.gap)
        if is_aligned(token, self.starts):
            return max(1, token.column - self.column)
        return min(2, max(1, token.gap))

    def _indent(self, i: int) -> int:
        """Return the column of a token that starts a line."""
        token, top = self.tokens[i], self.lists[-1]
        if token.kind == CLOSE:
            return top.column
        if i not in self.is_item or top.bracket == TOP:
            return top.indent()
        if top.steps is None and token.newlines:
            opener = self.tokens[top.bracket]
            top.steps = token.column - opener.column == _STEP
        return top.indent()

    def _must_break(self, i: int) -> bool:
        """Whether an item needs a line of its own, where the author gave it none."""
        top, widths = self.lists[-1], self.widths
        if top.is_exploded and top.body is not None and top.count > top.body:
            return True
        if top.count == 0:
            return False
        wide, indent = widths.first_line(i), top.indent()
        if self.column + self.gaps[i] + wide <= WIDTH or indent >= self.column + self.gaps[i]:
            return False
        # the first argument stays beside the head, unless that is what makes it too wide
        return top.is_data or top.count > 1 or indent + wide <= WIDTH

    def _put(self, i: int) -> None:
        """Write a token, and note which lists it opens and ends."""
        token, top = self.tokens[i], self.lists[-1]
        start = self.column
        if i in self.is_item and top.count == 1 and not self.begins_line:
            top.argument = start
        self._write(token.text)
        if token.kind == CLOSE:
            self.lists.pop()
            self.quoted.pop()
        elif token.kind == OPEN:
            self._open(i, start)
            return
        if token.kind not in (COMMENT, BLOCK, SURPLUS, PREFIX):
            self._count(i)

    def _open(self, i: int, column: int) -> None:
        """Note that a list is open."""
        shape, outer = self.shape, self.lists[-1]
        token = self.tokens[i]
        head = shape.head(i)
        outer_head = shape.head(outer.bracket)
        body = BODIES.get(head or "")
        if outer_head in CLAUSES or (PARAMETERS.get(outer_head or "") == outer.count):
            head = body = None
        quoted = self.quoted[-1] or (i > 0 and self.tokens[i - 1].text == "'")
        is_data = head is None or (quoted and body is None)
        steps = False if head in ALIGNED else None
        opened = _List(i, column, columns(token.text), body, is_data, steps=steps)
        flat = self.widths.is_flat(i) and body is not None
        opened.is_exploded = flat and column + self.widths.first_line(i) > WIDTH
        self.lists.append(opened)
        self.quoted.append(quoted)

    def _count(self, i: int) -> None:
        """Count an item of the innermost list when its last token is written."""
        top = self.lists[-1]
        items = self.shape.items[top.bracket]
        if top.count < len(items) and self.shape.end[items[top.count]] == i:
            top.count += 1

    def _end_line(self, token: Token | None, indent: int) -> None:
        """Begin a line, below an empty one where the author left one or more."""
        is_apart = token is not None and token.newlines > 1 and token.kind != CLOSE
        self.parts.append(("\n\n" if is_apart else "\n") + " " * indent)
        self.column, self.begins_line = indent, True

    def _blanks(self, count: int) -> None:
        self.parts.append(" " * count)
        self.column += count

    def _write(self, text: str) -> None:
        self.parts.append(text)
        self.begins_line = False
        last = text.rpartition("\n")[2]
        self.column = columns(last) if "\n" in text else self.column + columns(text)
