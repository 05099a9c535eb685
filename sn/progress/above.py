"""Above: streams whose text is kept for a moment, to go above what is drawn on the terminal.

What is printed while a block is shown would run through it. So `Above` stands in for stdout or
stderr, and gives whole lines to the display, which prints them above the block next time it draws:
one write for many lines, so that a run of a thousand passes a second is not held up.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TextIO


class Above:
    """Stands in for a stream: `take` gets the text that is written while `is_held` says so."""

    def __init__(
        self, stream: TextIO, is_held: Callable[[], bool], take: Callable[[str], None]
    ) -> None:
        self._stream, self._is_held, self._take = stream, is_held, take
        self._partial = ""  # of a line

    def __getattr__(self, name: str) -> Any:
        """Be the stream in all else: what it is called, whether it is a terminal."""
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Keep the text, or write it where nothing is drawn."""
        if not self._is_held():
            return self._stream.write(text)
        whole, end, rest = (self._partial + text).rpartition("\n")
        self._partial = rest
        if end:
            self._take(whole + end)
        return len(text)

    def flush(self) -> None:
        """Flush the stream; what is kept waits for the display, which is not long."""
        self._stream.flush()

    def release(self) -> None:
        """Write the line that has no end yet: nothing is drawn any more."""
        if self._partial:
            self._stream.write(self._partial)
            self._partial = ""


def are_one(one: TextIO, other: TextIO) -> bool:
    """Whether both streams lead to the same terminal, as far as can be known."""
    try:
        return os.path.samestat(os.fstat(one.fileno()), os.fstat(other.fileno()))
    except (OSError, ValueError, AttributeError):
        return True  # they stand in for streams, and say that they are terminals
