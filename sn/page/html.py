"""HTML: elements from Python, and the only code that makes markup of a text.

    tag("p", "2 < 3", Class="note")   ->   <p class="note">2 &lt; 3</p>

A text becomes markup by `tag` or `text`, which escape it, and data by `json_data`; `sn/svg.py`
escapes those of charts. Only `Html` that these have made goes in as it is, so no name of a layer,
class or file can be more than a text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Any

from sn.charts.style import sheet
from sn.display import printable
from sn.svg import Element

_WITHOUT_END = {"br", "img", "input", "meta", "path", "line", "circle", "polyline", "polygon"}


@dataclass(frozen=True, slots=True)
class Html:
    """Markup."""

    markup: str

    def __add__(self, other: Html) -> Html:
        return Html(self.markup + other.markup)


NOTHING = Html("")


def text(words: object) -> Html:
    """Return a text as markup that shows it."""
    return Html(escape(printable(str(words))))


def tag(name: str, *children: Html | str | None, **attributes: object) -> Html:
    """Return an element; `Class` and `For` are class and for, `_` in a name is `-`.

    An attribute that is None or False is left out, one that is True stands without a value.
    """
    given = "".join(
        f" {key.lower() if key in ('Class', 'For') else key.replace('_', '-')}"
        + ("" if value is True else f'="{escape(printable(str(value)))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _WITHOUT_END:
        return Html(
            f"<{name}{given}>" if name in ("br", "img", "input", "meta") else f"<{name}{given}/>"
        )
    return Html(f"<{name}{given}>{join(children).markup}</{name}>")


def join(parts: Iterable[Html | str | None]) -> Html:
    """Return parts, one behind the other; None is nothing."""
    made = (part if isinstance(part, Html) else text(part) for part in parts if part is not None)
    return Html("".join(one.markup for one in made))


def picture(drawn: Element | None) -> Html:
    """Return a chart as markup; None is one that had nothing to draw."""
    if drawn is None:
        return tag("p", "There is nothing to draw.", Class="note")
    return Html(f"{drawn}")


def json_data(name: str, content: Any) -> Html:
    """Return data that scripts of the page find by its name; no text in it can end the element."""
    encoded = json.dumps(content, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    safe = encoded.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Html(f'<script type="application/json" id="{escape(name)}">{safe}</script>')


def asset(name: str) -> str:
    """Return a file of assets/."""
    return files("sn.page").joinpath("assets", name).read_text(encoding="utf-8")


def document(title: str, body: Html, scripts: Iterable[str]) -> str:
    """Return a whole page; `scripts` are ours, or what javascript.py makes."""
    code = "".join(f"<script>{script}</script>\n" for script in scripts)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        # nothing is fetched, whatever a text in the page may ask for
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n"
        f"<title>{text(title).markup}</title>\n<style>\n{asset('page.css')}{sheet()}\n</style>\n</head>\n"
        f"<body>\n{body.markup}\n{code}</body>\n</html>\n"
    )
