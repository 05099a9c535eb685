"""Positions: from characters of a text to the lines and units of an editor, and back.

An editor counts from 0, and inside a line in units of an encoding that it chooses: UTF-16, unless
both agree on another. A line ends where SN ends it, at a line feed.
"""

from __future__ import annotations

from bisect import bisect_right

from lsprotocol import types

from sn.lsp.findings import Place

_WIDTHS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


class Lines:
    """The lines of one text, in the units of one editor."""

    def __init__(self, text: str, encoding: str = "utf-16") -> None:
        self._rows = text.split("\n")
        self._starts = [0]
        for row in self._rows:
            self._starts.append(self._starts[-1] + len(row) + 1)
        self._codec, self._width = _WIDTHS.get(encoding, _WIDTHS["utf-16"])

    def offset(self, position: types.Position) -> int:
        """Return the number of the character at a position; beyond a line, its end."""
        if position.line >= len(self._rows):
            return self._starts[-1] - 1
        row = self._rows[position.line]
        units = row.encode(self._codec, "surrogatepass")[: position.character * self._width]
        before = units.decode(self._codec, "ignore")
        return self._starts[position.line] + min(len(before), len(row))

    def position(self, offset: int) -> types.Position:
        """Return the position of a character."""
        line = min(bisect_right(self._starts, offset), len(self._rows)) - 1
        before = self._rows[line][: max(0, offset - self._starts[line])]
        return types.Position(line, len(before.encode(self._codec, "surrogatepass")) // self._width)

    def range(self, start: int, end: int) -> types.Range:
        """Return the range of the characters from `start` up to, not including, `end`."""
        return types.Range(self.position(start), self.position(end))

    def range_of(self, place: Place) -> types.Range:
        """Return the range of a place that the reader gave; it may be of an older text."""
        return self.range(
            self._character(place.line, place.column - 1),
            self._character(place.end_line, place.end_column),
        )

    def _character(self, line: int, column: int) -> int:
        """Return the number of a character by its line, from 1 on, and the column from 0 on."""
        if line > len(self._rows):
            return self._starts[-1] - 1
        return self._starts[line - 1] + min(column, len(self._rows[line - 1]))
