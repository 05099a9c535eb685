"""Stack: rows of layers with a column of labels on either side, for figures of nets and of units.

Beside a layer, on the left, stands what it is; below it, on the right, what leads into it.
Read next: net.py, unit.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sn.display import many
from sn.figure.layout import Box
from sn.figure.letters import fitted, folded, text_width
from sn.svg import Element, element, rect

SMALL, USUAL, NAME, TITLE = 9.5, 11.0, 12.5, 17.0  # sizes of letters
LEADING = 1.35  # from line to line, in sizes
LEFT, RIGHT = 190.0, 215.0  # the widest that the columns of labels become; chosen here
GUTTER = 22.0  # between a column and the maps
LEAST_GAP, AROUND = 40.0, 18.0  # between rows, and what of it is kept free of labels
PARTING = 52.0  # where layers are left out


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a label."""

    text: str
    size: float = USUAL
    bold: bool = False
    class_: str = "muted"

    @property
    def height(self) -> float:
        """How much room it takes."""
        return self.size * LEADING

    @property
    def width(self) -> float:
        """How wide it is at most."""
        return text_width(self.text, self.size, self.bold)


Labels = Mapping[int, Sequence[Line]]


@dataclass(frozen=True, slots=True)
class Stack:
    """Layers in their places: boxes by layer, the labels, and the area that all take from 0, 0."""

    boxes: dict[int, Box]
    labels: list[Element]
    width: float
    height: float


def name_line(text: str, width: float = LEFT) -> Line:
    """Return the line that a label begins with: a name of the program, cut off where it is long."""
    return Line(fitted(text, width, NAME, bold=True), NAME, True, "ink")


def lines(text: str, width: float, class_: str = "muted") -> list[Line]:
    """Return a text in lines of a width."""
    return [Line(one, class_=class_) for one in folded(text, width, USUAL)]


def text_at(x: float, y: float, line: Line, anchor: str = "start") -> Element:
    """Return a line as text; `y` is where it stands on."""
    return element(
        "text",
        line.text,
        class_=line.class_,
        x=x,
        y=y,
        font_size=line.size,
        font_weight="bold" if line.bold else None,
        text_anchor=None if anchor == "start" else anchor,
    )


def block(x: float, top: float, some: Sequence[Line], anchor: str = "start") -> list[Element]:
    """Return lines below each other."""
    found = []
    for line in some:
        found.append(text_at(x, top + 0.98 * line.size, line, anchor))
        top += line.height
    return found


def height_of(some: Sequence[Line]) -> float:
    """Return how much room lines take."""
    return sum(line.height for line in some)


def stacked(
    boxes: Mapping[int, Box], beside: Labels, between: Labels, names: Sequence[str]
) -> Stack:
    """Return layers below each other, the last one at the top, with their labels.

    Both labels are by layer: `beside` it, and `between` it and what feeds it. `names` are those of
    all layers, for what is told of those that have no box.
    """
    left = max((line.width for some in beside.values() for line in some), default=0.0)
    right = max((line.width for some in between.values() for line in some), default=0.0)
    middle = max(box.width for box in boxes.values())
    order = sorted(boxes, reverse=True)
    gaps = [below + 1 < above for above, below in pairwise(order)]
    left = max(left, PARTED_WIDTH) if any(gaps) else left
    center = left + GUTTER + middle / 2
    right_x = left + 2 * GUTTER + middle
    labels: list[Element] = []
    placed: dict[int, Box] = {}
    y = 0.0
    for index, below in zip(order, [*order[1:], None], strict=True):
        box, about = boxes[index], beside.get(index, ())
        row = max(box.height, height_of(about))
        placed[index] = box = box.moved(center - box.width / 2, y + (row - box.height) / 2)
        labels += block(left, y + (row - height_of(about)) / 2, about, "end")
        y += row
        into = between.get(index, ())
        is_parted = below is not None and below + 1 < index
        if below is None and not into:
            break
        gap = max(LEAST_GAP, height_of(into) + AROUND)
        # the row below may be taller than its maps: what stands in between is a little higher then
        labels += block(right_x, y + (gap - height_of(into)) / 2, into)
        y += gap
        if is_parted:
            assert below is not None
            labels += _parting(names[below + 1 : index], left, center, y)
            y += PARTING
    width = right_x + right if right else left + GUTTER + middle
    return Stack(placed, labels, width, y)


PARTED_WIDTH = 150.0


def _parting(names: Sequence[str], left: float, center: float, y: float) -> list[Element]:
    """Return what stands for layers that are not drawn."""
    about = [
        Line(f"{many(len(names), 'layer')} not drawn", class_="ink"),
        Line(fitted(f"{names[0]} to {names[-1]}", PARTED_WIDTH, USUAL)),
    ]
    dots = [rect(center - 1.5, y + 8 + 11 * i, 3, 3, "dots") for i in range(3)]
    return [*dots, *block(left, y + 6, about, "end")]
