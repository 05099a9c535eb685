"""Picture: a finished figure, as SVG text, as a display of notebooks, as PNG, as a file.

SVG needs nothing. PNG is made by resvg, an extra. Several figures stand side by side in one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sn.display import brief, clipped
from sn.errors import SnError
from sn.figure.style import FONT, style_sheet
from sn.svg import Element, element, group, number, rect

MARGIN = 24.0
BETWEEN, ACROSS = 48.0, 3  # figures side by side, and how many of them; chosen here
ZOOM = 2  # pixels of a PNG for each unit of the figure; chosen here: sharp on today's screens
# what resvg makes the same picture of where it finds no font, and says nothing
_BLANK = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
_LETTERS = _BLANK.replace("/>", f'><text y="9" font-family="{FONT}">W</text></svg>')


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure of `width` and `height`, with a title and a description in words.

    Around it is a `margin`. One that brings its own style `sheet` brings its own paper too.
    """

    title: str
    description: str
    elements: tuple[Element, ...]
    width: float
    height: float
    margin: float = MARGIN
    sheet: str | None = None

    @cached_property
    def svg(self) -> str:
        """The figure as the text of an SVG file."""
        margin = self.margin
        wide, high = (round(side + 2 * margin) for side in (self.width, self.height))
        paper = () if self.sheet is not None else (rect(0, 0, wide, high, "paper"),)
        whole = element(
            "svg",
            element("title", clipped(self.title)),
            element("desc", self.description),
            element("style", style_sheet() if self.sheet is None else self.sheet),
            *paper,
            group(margin, margin, *self.elements),
            xmlns="http://www.w3.org/2000/svg",
            class_="sn-figure",
            role="img",
            width=wide,
            height=high,
            viewBox=f"0 0 {number(wide)} {number(high)}",
        )
        return f"{whole}"

    def _repr_svg_(self) -> str:
        return self.svg

    def png(self, zoom: float = ZOOM) -> bytes:
        """Return the figure as a PNG of `zoom` pixels for each unit of the SVG, on white; of a
        very large one fewer, see raster.py.

        Raises: SnError where resvg is not installed, MemoryLimitError above the limit.
        """
        check_png()
        from sn.figure.raster import rendered  # start-up time: most figures are SVG

        wide, high = (round(side + 2 * self.margin) for side in (self.width, self.height))
        return rendered(self.svg, wide, high, zoom)

    def content(self, suffix: str) -> bytes:
        """Return what a file with a suffix holds, `.svg` or `.png`.

        Raises: SnError for any other suffix, and as `png` does.
        """
        match suffix.lower():
            case ".svg":
                return self.svg.encode()
            case ".png":
                return self.png()
        raise SnError(
            f"expected the name of a file .svg or .png, found '{clipped(suffix)}' at its end"
        )

    def save(self, path: str | Path) -> None:
        """Write the figure to a file whose name ends with .svg or .png.

        Raises: SnError for another name, for a file that cannot be written, and as `png` does.
        """
        path = Path(path)
        content = self.content(path.suffix)
        try:
            path.write_bytes(content)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise SnError(f"cannot write '{path}': {reason}") from error

    def __repr__(self) -> str:
        return brief(f"figure of {self.title}: {self.width:.0f} x {self.height:.0f}")


def check_png() -> None:
    """Find out whether PNGs can be made here.

    Raises: SnError where resvg is not installed, or finds no font.
    """
    try:
        import resvg_py  # an extra: only who wants a PNG needs it
    except ImportError as error:
        raise SnError(
            "a PNG is made by resvg-py, which is not installed",
            hint="pip install 'sn[draw]' brings it; an .svg needs nothing",
        ) from error
    if resvg_py.svg_to_bytes(svg_string=_LETTERS) == resvg_py.svg_to_bytes(svg_string=_BLANK):
        raise SnError(
            "a PNG would have no text: no font is installed here",
            hint="install one, such as the package fonts-dejavu-core, or write an .svg",
        )


def side_by_side(figures: Sequence[Figure]) -> Figure:
    """Return figures beside each other, ACROSS in a line."""
    placed: list[Element] = []
    widest = y = 0.0
    for start in range(0, len(figures), ACROSS):
        x = 0.0
        line = figures[start : start + ACROSS]
        for one in line:
            placed.append(group(x, y, *one.elements))
            x += one.width + BETWEEN
        widest, y = max(widest, x), y + max(one.height for one in line) + BETWEEN
    titles = ", ".join(clipped(one.title) for one in figures)
    told = " ".join(one.description for one in figures)
    return Figure(titles, told, tuple(placed), widest - BETWEEN, y - BETWEEN)
