"""Freeing: values inside one another are let go one after the other.

What an object of a C library holds, it frees by recursion; Python 3.13 stops that only after
10,000 levels, which is more than the C stack holds.
"""

from __future__ import annotations

from typing import Any


class _Waiting:
    """What is to be freed, and whether that goes on."""

    def __init__(self) -> None:
        self.held: list[list[Any]] = []
        self.is_busy = False


_waiting = _Waiting()


def free(held: list[Any]) -> None:
    """Let go what a list holds, once all that is being freed already is.

    Whoever calls this in its `__del__` keeps no reference of its own.
    """
    _waiting.held.append(held)
    if _waiting.is_busy:
        return
    _waiting.is_busy = True
    try:
        while _waiting.held:
            _waiting.held.pop().clear()
    finally:
        _waiting.is_busy = False
