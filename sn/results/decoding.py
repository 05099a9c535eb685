"""Decoding: JSON that anyone may have written, to objects of a type.

A decoder goes down into what it reads, so what is nested too deep is found before.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

DEEPEST = 900  # lists and objects in one another; chosen here: Python's own limit is 1000
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")
_MOST_WORDS = 300  # letters of a reason; chosen here


def decoded(raw: bytes | str, kind: type[T], deepest: int = DEEPEST) -> T:
    """Return what a JSON text holds, of which no more than `deepest` things are in one another.

    Raises: ValueError that says in lower case what is wrong with it.
    """
    content = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
    if _is_deeper(content, deepest):
        raise ValueError(f"lists and objects are nested more than {deepest} deep")
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(reason(error)) from error


def converted(found: Any, kind: type[T]) -> T:
    """Return decoded objects as a type; ValueError as `decoded` has it."""
    try:
        return msgspec.convert(found, type=kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise ValueError(reason(error)) from error


def reason(error: Exception) -> str:
    """Return what a decoder says of its text, as our messages have it."""
    text = str(error)[:_MOST_WORDS]
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def _is_deeper(raw: bytes, most: int) -> bool:
    """Whether brackets are nested deeper than `most`."""
    if raw.count(b"[") + raw.count(b"{") <= most:
        return False
    depth = 0
    for found in _BRACKET.finditer(_STRING.sub(b"", raw)):
        depth += 1 if found[0] in b"[{" else -1
        if depth > most:
            return True
    return False
