"""SVG: elements with attributes, and the only code that writes them as text.

Every word of a program goes through `_escaped`, here and nowhere else. Numbers are written with two
decimals at most, so that the same picture gives the same bytes on any machine.

Source: W3C, Scalable Vector Graphics (SVG) 1.1, Second Edition.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape

from sn.display import printable

Attribute = str | float


@dataclass(slots=True)
class Element:
    """One element: its tag, attributes in the order in which they are written, and what is inside.

    A string among the children is text that a reader sees.
    """

    tag: str
    attributes: dict[str, Attribute] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    def add(self, *children: Element | str) -> Element:
        """Put something inside, behind what is there, and return this element."""
        self.children.extend(children)
        return self

    def __str__(self) -> str:
        return "".join(_written(self))


def element(tag: str, *children: Element | str, **attributes: Attribute | None) -> Element:
    """Return an element; `class_` is the attribute class, `_` in a name stands for a hyphen."""
    named = {
        name.rstrip("_").replace("_", "-"): value
        for name, value in attributes.items()
        if value is not None
    }
    return Element(tag, named, list(children))


def rect(x: float, y: float, width: float, height: float, class_: str) -> Element:
    """Return a rectangle whose look a class says."""
    return element("rect", class_=class_, x=x, y=y, width=width, height=height)


def path(commands: str, class_: str) -> Element:
    """Return a path of commands that `number` wrote the numbers of."""
    return element("path", class_=class_, d=commands)


def polygon(points: Iterable[tuple[float, float]], class_: str) -> Element:
    """Return a closed polygon."""
    written = " ".join(f"{number(x)},{number(y)}" for x, y in points)
    return element("polygon", class_=class_, points=written)


def group(x: float = 0.0, y: float = 0.0, *children: Element | str, scale: float = 1.0) -> Element:
    """Return a group that is moved to a place, and scaled there."""
    moves = [f"translate({number(x)} {number(y)})"] if x or y else []
    moves += [f"scale({number(scale)})"] if scale != 1.0 else []
    return element("g", *children, transform=" ".join(moves) or None)


def number(value: float) -> str:
    """Return a number as SVG has it, with two decimals at most."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _written(one: Element | str) -> Iterator[str]:
    if isinstance(one, str):
        yield _escaped(one)
        return
    yield f"<{one.tag}"
    for name, value in one.attributes.items():
        yield f' {name}="{_escaped(value) if isinstance(value, str) else number(value)}"'
    if not one.children:
        yield "/>"
        return
    yield ">"
    for child in one.children:
        yield from _written(child)
    yield f"</{one.tag}>"
    if one.tag in ("g", "text", "svg", "style", "title"):
        yield "\n"


def _escaped(text: str) -> str:
    """Return a text as XML can hold it: nothing in it ends the text, no character is refused."""
    lines = text.split("\n")
    return escape("\n".join(one if one.isprintable() else printable(one) for one in lines))
