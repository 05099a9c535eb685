"""Style: the colours and lines of charts as one sheet of CSS, and a chart that stands alone.

Every rule begins with `.sn-chart`: inside of a page a chart changes nothing around it. Text and
grid have the colour of the text around them. Curves have hues for light and for dark, or, where it
is not known which of the two they stand on, as in a notebook, hues that can be read on both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sn.svg import Element, element

# Hues: light, dark. Chosen here: contrast with the paper of at least 4.5; in this order, neighbours
# stay apart for those who do not see red and green apart.
HUES = (
    ("#0072b2", "#67b7ea"),
    ("#c24e00", "#ff9248"),
    ("#00805c", "#4ccaa0"),
    ("#a34880", "#e39bc6"),
    ("#966300", "#f0b94a"),
    ("#6a4fb3", "#b9a5f5"),
)
# the same hues between the two. Chosen here: contrast of at least 3 with white and with black.
BETWEEN = ("#2f86c5", "#d55e00", "#00936a", "#c06a9c", "#b07d00", "#8068d0")
PAPER, INK = ("#ffffff", "#14171c"), ("#16191d", "#eceff3")

_FIXED = (
    "text{fill:currentColor;font-size:12px}",
    ".title{opacity:.7}",
    ".grid{stroke:currentColor;stroke-opacity:.18}",
    ".level{stroke:currentColor;stroke-opacity:.65;stroke-dasharray:6 4;fill:none}",
    "text.level{stroke:none;fill:currentColor;opacity:.7}",
    ".curve{fill:none;stroke-width:2;stroke-linejoin:round}",
    ".curve.turn1{stroke-dasharray:9 3}",
    ".curve.turn2{stroke-dasharray:3 3}",
    ".lead{fill:none;opacity:.6;stroke-dasharray:none}",
    ".trial{fill:none;opacity:.3}",
    ".trial.best{opacity:1;stroke-width:2.4}",
    ".dot{fill-opacity:.65}",
    ".dot.best{fill-opacity:1}",
    ".band{stroke:none;opacity:.18}",
)


def sheet() -> str:
    """Return the rules of charts in a page that is light or dark as its reader wants."""
    light, dark = (_coloured([pair[theme] for pair in HUES]) for theme in (0, 1))
    return f"{_fixed()}\n{light}\n@media (prefers-color-scheme:dark){{{dark}}}"


def alone(picture: Element, wide: int | None = None) -> str:
    """Return a chart as a text that needs no page.

    It is a file on paper of its own; with `wide`, a picture of so many pixels inside of whatever
    page there is, which its text and grid take their colour from.
    """
    if wide is None:
        papers = zip(PAPER, INK, strict=True)
        light, dark = (f".sn-chart:root{{background:{a};color:{b}}}" for a, b in papers)
        rules = f"{sheet()}\n{light}\n@media (prefers-color-scheme:dark){{{dark}}}"
        width, height = f"{picture.attributes['viewBox']}".split()[2:]
        sides = {"width": width, "height": height}
    else:
        rules = f"{_fixed()}\n{_coloured(BETWEEN)}\n.sn-chart{{max-width:100%;height:auto}}"
        sides = {"width": f"{wide}"}
    rules += "\n.sn-chart text{font-family:sans-serif}"
    whole = element(
        "svg",
        element("style", rules),
        *picture.children,
        xmlns="http://www.w3.org/2000/svg",
    )
    whole.attributes |= {**picture.attributes, **sides}
    return f"{whole}"


def _fixed() -> str:
    return "".join(f".sn-chart {rule}" for rule in _FIXED)


def _coloured(hues: Sequence[str]) -> str:
    return "".join(_rules(hues))


def _rules(hues: Sequence[str]) -> Iterator[str]:
    for number, hue in enumerate(hues):
        lines = ",".join(f".sn-chart .{one}.hue{number}" for one in ("curve", "lead", "trial"))
        areas = ",".join(f".sn-chart .{one}.hue{number}" for one in ("bar", "band", "dot", "name"))
        yield f"{lines}{{stroke:{hue}}}{areas}{{fill:{hue}}}"
