"""Colours: the numbers by which programs know colours, and what SVG calls them.

Three have variables: color-fg, color-bg and color-gray. Numbers from 0 on go round a palette of
eight, for classes and curves; those from MIXED on are mixed of red, green and blue.
"""

from __future__ import annotations

FOREGROUND, BACKGROUND, GRAY = -1, -2, -3
MIXED = 1 << 24
# gray is X11's of half the screen's dots, on which black and white stand out alike
_NAMED = {FOREGROUND: "#000000", BACKGROUND: "#ffffff", GRAY: "#aaaaaa"}
# Source: Okabe and Ito 2008, told apart by all eyes; purple for their yellow, pale on white.
_PALETTE = (
    *("#000000", "#0072b2", "#d55e00", "#009e73"),
    *("#cc79a7", "#e69f00", "#56b4e9", "#6a3d9a"),
)


def mixed(red: float, green: float, blue: float) -> int:
    """Return the number of a colour; each part is a share from 0 to 1, or the nearer of them."""
    number = 0
    for share in (red, green, blue):
        number = number << 8 | grey(share)
    return MIXED + number


def grey(share: float) -> int:
    """Return a share from 0 to 1 as a level from 0 to 255; what is no number is 0."""
    return round(255 * min(max(share, 0.0), 1.0)) if share == share else 0


def css(colour: int) -> str:
    """Return what SVG calls the colour of a number; an unknown one below 0 is the foreground."""
    if colour >= MIXED:
        return f"#{colour & 0xFFFFFF:06x}"
    if colour >= 0:
        return _PALETTE[colour % len(_PALETTE)]
    return _NAMED.get(colour, _NAMED[FOREGROUND])
