"""What programs draw, read from the SVG of their windows: shapes with their places."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

from sn.describe import new_interpreter
from sn.graphics.picture import pictures_of
from sn.interp import Interpreter

SVG = "{http://www.w3.org/2000/svg}"


def run(program: str) -> Interpreter:
    it = new_interpreter(out=io.StringIO())
    it.run(program, "drawing.sn")
    return it


def value(program: str) -> str:
    it = new_interpreter(out=io.StringIO())
    return it.show(it.run(program, "drawing.sn"))


def elements(program: str, size: str = "100 80") -> list[ElementTree.Element]:
    """What is seen in the window of a program, but its ground and its edge."""
    figures = pictures_of(run(f"(new-window {size}) {program}").screen)
    if not figures:
        return []
    (figure,) = figures.values()
    group = ElementTree.fromstring(figure.svg).find(f"{SVG}g")
    assert group is not None
    return list(group)[1:-1]


def told(element: ElementTree.Element) -> dict[str, str]:
    """The attributes of an element, with its tag and its text."""
    text = {"text": element.text} if element.text else {}
    return {"tag": element.tag.removeprefix(SVG), **element.attrib, **text}


def lines(program: str, size: str = "100 80") -> list[tuple[float, float, float, float]]:
    """The straight lines of a picture, from the commands of its paths."""
    found = []
    for one in elements(program, size):
        if one.get("fill") == "none" and one.tag == f"{SVG}path":
            pen = (0.0, 0.0)
            for letter, x, y in re.findall(r"([ML])(-?[\d.]+) (-?[\d.]+)", one.attrib["d"]):
                to = (float(x), float(y))
                if letter == "L":
                    found.append((*pen, *to))
                pen = to
    return found


def rectangles(path: str) -> list[tuple[float, ...]]:
    """The rectangles of a path as x, y, width and height."""
    number = r"(-?[\d.]+)"
    found = re.findall(rf"M{number} {number}h{number}v{number}h-[\d.]+z", path)
    return [tuple(map(float, one)) for one in found]
