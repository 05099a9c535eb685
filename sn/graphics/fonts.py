"""Fonts: how programs name them, `Helvetica-12` or `Times-Bold-10`, and what SVG needs to know.

A name that says nothing known is sans-serif; its number, where it has one, is the size.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SIZE = 12.0  # where a name says none; chosen here
_SMALLEST, _LARGEST = 4.0, 200.0  # sizes that can be read, and fit; chosen here
_SERIF = ("times", "serif", "roman", "schoolbook", "palatino", "georgia", "charter", "bookman")
_MONO = ("courier", "mono", "fixed", "terminal", "typewriter", "console")
LONGEST = 60  # letters of a name that are kept; chosen here


@dataclass(frozen=True, slots=True)
class Font:
    """A font by its name; `family` is "sans", "serif" or "mono", `size` in pixels."""

    name: str = f"Helvetica-{SIZE:.0f}"
    family: str = "sans"
    size: float = SIZE
    is_bold: bool = False
    is_italic: bool = False


def font_named(name: str) -> Font:
    """Return the font of a name."""
    name = name[:LONGEST]
    words = name.lower()
    family = "sans"
    if any(word in words for word in _MONO):
        family = "mono"
    elif any(word in words for word in _SERIF) and "sans" not in words:
        family = "serif"
    sizes = re.findall(r"[0-9]+(?:\.[0-9]+)?", words)
    size = min(max(float(sizes[-1]), _SMALLEST), _LARGEST) if sizes else SIZE
    is_italic = "italic" in words or "oblique" in words
    return Font(name, family, size, "bold" in words, is_italic)
