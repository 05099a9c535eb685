"""Sizes: what values take, asked for before a form or function of the language makes them.

Who makes a list or a text whose length a number of the program says asks here first, and so does
who joins or copies: a dozen calls that double what they get fill any memory.
"""

from __future__ import annotations

import math
import sys

from sn.display import many
from sn.errors import EvalError, Span
from sn.memory import need

# Bytes of a Pair with the header of Python's garbage collector, and of a number; measured.
CELL, NUMBER = 64, 24
ITEM = 8  # of a Python list or of an array of values
SMALL = 10_000  # elements or characters that nobody counts; chosen here: less than a megabyte


def need_list(length: float, each: int = NUMBER, span: Span | None = None) -> None:
    """Ask for a list of so many elements, of `each` bytes beside the cells.

    Raises: MemoryLimitError above the limit.
    """
    if length > SMALL:
        # the elements stand in a Python list before they are cells
        need((CELL + ITEM + each) * length, f"a list of {_count(length)}", span)


def need_text(*parts: str, times: int = 1) -> None:
    """Ask for a text of so long parts, joined, so many times over.

    Raises: MemoryLimitError above the limit.
    """
    length = sum(map(len, parts)) * times
    if length > SMALL:
        # a character takes 1, 2 or 4 bytes, as many as the widest of the text
        width = max(1 if part.isascii() else min(4, _width(part)) for part in parts)
        need(width * length, f"a text of {many(length, 'character')}")


def turns(name: str, start: float, stop: float, step: float, span: Span | None = None) -> int:
    """Return how many numbers there are from `start` to `stop` by repeated addition of `step`.

    It may be one too many, as sums are rounded.
    Raises: EvalError when the step is so small that adding it changes nothing: there is no end.
    """
    if start > stop if step > 0 else start < stop:
        return 0
    largest = max(abs(start), abs(stop))
    if abs(step) <= math.ulp(largest) / 2:
        raise EvalError(
            f"{name} never ends: a step of {step:g} changes nothing at {largest:g}",
            span=span,
            hint="numbers have 16 digits: make the step larger",
        )
    return int(stop / step - start / step) + 1  # the difference may be too large for a number


def _count(length: float) -> str:
    return many(int(length), "element")


def _width(part: str) -> int:
    return (sys.getsizeof(part) - sys.getsizeof("")) // len(part)
