"""Display: what a value shows of itself at a prompt and in a notebook.

`brief` makes the line that `repr` gives. Notebooks get HTML from `html_table` and `html_bar` alone,
and pictures beside it from results/curve_svg.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from html import escape
from itertools import islice

DIGITS = 15  # of a whole number that people can still read; chosen here
LONGEST = 200  # characters of a repr; chosen here: two lines and a half of a terminal
NAME, NAMES = 40, 12  # characters of a name in a message, and names in a list; chosen here


def brief(text: str) -> str:
    """Return `<text>`, on one line of at most LONGEST characters, as the `repr` of something.

    Names come from programs: what cannot be printed in them is spelled out.
    """
    shown = printable(text)
    if len(shown) > LONGEST - 2:
        shown = f"{shown[: LONGEST - 3]}…"
    return f"<{shown}>"


def printable(text: str) -> str:
    """Return `text` with line ends, control characters and lone surrogates spelled out."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def unobeyed(text: str) -> str:
    """Return `text` with all that a terminal would obey spelled out, but line ends and tabs."""
    if text.isprintable():
        return text
    return "".join(char if char in "\n\t" else printable(char) for char in text)


def clipped(text: str) -> str:
    """Return a name or a word as a message shows it, whatever a file has there."""
    return printable(text if len(text) <= NAME else f"{text[: NAME - 1]}…")


def listed(names: Iterable[str]) -> str:
    """Return the first of some names for a message."""
    first = [clipped(name) for name in islice(names, NAMES + 1)]
    return ", ".join([*first[:NAMES], "..."] if len(first) > NAMES else first)


def shape_text(shape: Sequence[int]) -> str:
    """Return a shape as people write it: `12 x 8 x 8`."""
    return " x ".join(map(str, shape))


def many(count: int, noun: str) -> str:
    """Return a count with its noun: `1 weight`, `9,760 weights`, `2 passes`."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{number_text(count)} {noun if count == 1 else plural}"


def number_text(number: int) -> str:
    """Return a whole number for people: `9,760`; one of more than DIGITS digits as `1.2e+30`."""
    if abs(number) < 10**DIGITS:
        return f"{number:,}"
    digits = f"{min(abs(number), 10**1000)}"  # Python refuses to write out numbers without end
    return f"{'-' * (number < 0)}{digits[0]}.{digits[1:3]}e+{len(digits) - 1}"


def html_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    title: str = "",
    right: Collection[str] = (),
    below: Iterable[str] = (),
) -> str:
    """Return a table of HTML under a title, and lines of text below it; every text is escaped.

    The columns named in `right` hold numbers. There are no colours in it: those of the notebook
    hold, be it light or dark.
    """
    sides = ["right" if name in right else "left" for name in columns]
    head = _row("th", columns, sides)
    body = "".join(_row("td", row, sides) for row in rows)
    table = f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"
    return f"<div>{_lines([title] if title else [])}{table}{_lines(below)}</div>"


def html_bar(share: float | None, text: str) -> str:
    """Return a bar that is filled to a share of 1, or moves for None, with a text beside it."""
    value = "" if share is None else f' value="{share:.4f}"'
    return f"<div><progress{value}></progress> {_text(text)}</div>"


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"<div>{_text(line)}</div>" for line in lines)


def _row(tag: str, cells: Sequence[str], sides: Sequence[str]) -> str:
    pairs = zip(cells, sides, strict=True)
    return f"<tr>{''.join(_cell(tag, cell, side) for cell, side in pairs)}</tr>"


def _cell(tag: str, text: str, side: str) -> str:
    return f'<{tag} style="text-align: {side}; padding: 0.1em 0.5em">{_text(text)}</{tag}>'


def _text(text: str) -> str:
    return escape(printable(text))
