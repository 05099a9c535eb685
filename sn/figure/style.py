"""Style: the colours and letters of figures, for light and dark, as one sheet of CSS.

What a program reads that knows no media queries, such as the one that makes a PNG, is light. Every
rule begins with `.sn-figure`: inside of a page a figure changes nothing around it.
"""

from __future__ import annotations

from collections.abc import Iterator

# Those of Mac, Windows and Linux by name: what makes a PNG knows no sans-serif.
FONT = (
    "Helvetica Neue,Helvetica,Arial,Liberation Sans,DejaVu Sans,Noto Sans,Segoe UI,Roboto,Verdana,"
    "sans-serif"
)
LEVELS = 10  # steps from zero to the largest weight, on either side; chosen here

# Colour: light, dark. Chosen here: contrast with the paper of at least 7 for text, 4.5 for what is
# muted; what a unit is and sees has a hue of its own, apart from those of the weights.
PAPER = ("#ffffff", "#14171c")
INK = ("#16191d", "#eceff3")
MUTED = ("#59636e", "#9aa5b1")
UNITS = ("#eef1f4", "#262c34")
EDGE = ("#6b7783", "#7d8a97")
LINES = ("#d3dae0", "#39424c")
SEEN = ("#00795c", "#3fd0a6")
# Source: the ends of RdBu, Brewer and Harrower 2003, lightened for dark paper.
NEGATIVE = ("#2166ac", "#6cb0ff")
ZERO = ("#f7f7f7", "#20252b")
POSITIVE = ("#b2182b", "#ff7a68")

_RULES = (
    ("paper", "fill", PAPER),
    ("ink", "fill", INK),
    ("muted", "fill", MUTED),
    ("units", "fill", UNITS),
    ("units", "stroke", EDGE),
    ("lines", "stroke", LINES),
    ("edge", "stroke", EDGE),
    ("dots", "fill", EDGE),
    ("cone", "fill", SEEN),
    ("cone", "stroke", SEEN),
    ("seen", "fill", SEEN),
    ("frame", "stroke", SEEN),
    ("rim", "stroke", SEEN),
    ("unit", "fill", SEEN),
    ("unit", "stroke", PAPER),
    ("there", "fill", INK),
)
_FIXED = (
    ".units{stroke-width:.8}",
    ".lines{fill:none;stroke-width:.5}",
    ".edge{fill:none;stroke-width:.6}",
    ".cone{fill-opacity:.09;stroke-opacity:.4;stroke-width:.6;stroke-linejoin:round}",
    ".seen{fill-opacity:.4}",
    ".frame{fill:none;stroke-width:1.2}",
    ".rim{fill:none;stroke-width:1;stroke-dasharray:2 1.6}",
    ".unit{stroke-width:.8}",
    ".there{fill-opacity:.75}",
)


def style_sheet() -> str:
    """Return the rules for light, and inside a media query those for dark."""
    fixed = "".join(f".sn-figure {rule}" for rule in _FIXED)
    light, dark = ("".join(_themed(theme)) for theme in (0, 1))
    font = f".sn-figure text{{font-family:{FONT}}}"
    return f"{font}{fixed}\n{light}\n@media (prefers-color-scheme:dark){{{dark}}}"


def level(share: float) -> int:
    """Return the level of a weight, given as a share of the largest one."""
    return round(LEVELS * max(-1.0, min(1.0, share)))


def level_class(number: int) -> str:
    """Return the class that has the colour of a level."""
    return f"w{'n' * (number < 0)}{abs(number)}"


def _themed(theme: int) -> Iterator[str]:
    for name, what, colours in _RULES:
        yield f".sn-figure .{name}{{{what}:{colours[theme]}}}"
    for number in range(-LEVELS, LEVELS + 1):
        end = (NEGATIVE if number < 0 else POSITIVE)[theme]
        colour = _between(ZERO[theme], end, abs(number) / LEVELS)
        yield f".sn-figure .{level_class(number)}{{fill:{colour}}}"


def _between(start: str, end: str, share: float) -> str:
    """Return the colour that lies at a share of the way from one to another."""
    pairs = zip(*(bytes.fromhex(colour[1:]) for colour in (start, end)), strict=True)
    return "#" + "".join(f"{round(low + share * (high - low)):02x}" for low, high in pairs)
