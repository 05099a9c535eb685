"""Reads figures back: the labels of an SVG with the room that each takes, in the whole picture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from sn.figure.letters import text_width

SVG = "{http://www.w3.org/2000/svg}"
ASCENT, DESCENT = 0.93, 0.24  # of DejaVu Sans, in sizes of its letters


@dataclass(frozen=True)
class Label:
    """A text and its corners."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Label) -> bool:
        """Whether both lie on each other somewhere."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


def parsed(svg: str) -> ElementTree.Element:
    """Read an SVG, which must be well-formed."""
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    return root


def labels(svg: str) -> list[Label]:
    """Return all labels of a picture."""
    return list(_labels(parsed(svg), 1.0, 0.0, 0.0))


def words(svg: str) -> list[str]:
    """Return what the labels say."""
    return [label.text for label in labels(svg)]


def overlaps(svg: str) -> list[tuple[str, str]]:
    """Return the labels that lie on each other, those that leave the picture, and empty ones."""
    found = [label for label in labels(svg) if label.text]
    root = parsed(svg)
    wide, high = float(root.attrib["width"]), float(root.attrib["height"])
    bad = [
        (one.text, other.text)
        for index, one in enumerate(found)
        for other in found[:index]
        if one.meets(other)
    ]
    outside = [
        (one.text, "the edge")
        for one in found
        if one.left < 0 or one.top < 0 or one.right > wide or one.bottom > high
    ]
    return bad + outside


def _labels(element: ElementTree.Element, scale: float, x: float, y: float) -> Iterator[Label]:
    transform = element.attrib.get("transform", "")
    if moved := re.search(r"translate\((\S+) (\S+)\)", transform):
        x, y = x + scale * float(moved[1]), y + scale * float(moved[2])
    if scaled := re.search(r"scale\((\S+)\)", transform):
        scale *= float(scaled[1])
    if element.tag == f"{SVG}text":
        yield _label(element, scale, x, y)
    for child in element:
        yield from _labels(child, scale, x, y)


def _label(element: ElementTree.Element, scale: float, x: float, y: float) -> Label:
    text = element.text or ""
    size = scale * float(element.attrib["font-size"])
    wide = text_width(text, size, element.attrib.get("font-weight") == "bold")
    left = x + scale * float(element.attrib["x"])
    left -= {"end": wide, "middle": wide / 2}.get(element.attrib.get("text-anchor", ""), 0.0)
    base = y + scale * float(element.attrib["y"])
    return Label(text, left, base - ASCENT * size, left + wide, base + DESCENT * size)
