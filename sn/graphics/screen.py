"""Screen: the windows of a session, each the list of what is seen in it.

A program draws for as long as it runs, so a window forgets what is hidden (shapes.py, hiding.py)
and holds no more than MOST marks. What does not fit is counted and left out: drawing never stops a
program.
Read next: picture.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sn.display import many
from sn.errors import EvalError
from sn.graphics.colours import FOREGROUND
from sn.graphics.fonts import Font
from sn.graphics.hiding import hidden
from sn.graphics.shapes import Box, Rect, Shape
from sn.lisp.forms import Shown, Value, symbol_text

# Chosen here: together some 50 MB of memory, and 10 MB of SVG.
MOST = 100_000  # marks in all windows of a session
MOST_WINDOWS = 100
WIDTH, HEIGHT = 512.0, 512.0  # of a window that says nothing else
LARGEST = 10_000.0  # pixels of a side; chosen here: what shows PNGs takes no more


@dataclass(frozen=True, slots=True)
class Pen:
    """How a window draws: with a colour and a font, inside of a rectangle, or everywhere."""

    colour: int = FOREGROUND
    font: Font = Font()
    clip: Rect | None = None


class Screen:
    """The windows that a program opened, in order.

    `is_drawing` is false where nobody will look: windows then take what is drawn and keep nothing.
    `clock` counts what was drawn.
    """

    def __init__(self) -> None:
        self.windows: list[Window] = []
        self.is_drawing = True
        self.left = MOST  # marks that still fit
        self.opened = 0
        self.clock = 0

    def open(self, width: float = WIDTH, height: float = HEIGHT, name: str = "") -> Window:
        """Return a new window. Those beyond MOST_WINDOWS keep nothing.

        Raises: EvalError for a size that no picture has.
        """
        for what, side in (("width", width), ("height", height)):
            if not 1 <= side <= LARGEST:
                raise EvalError(
                    f"a window has a {what} from 1 to {LARGEST:,.0f} pixels, found {side:g}"
                )
        self.opened += 1
        window = Window(self, width, height, name or f"window {self.opened}")
        if len(self.windows) < MOST_WINDOWS:
            self.windows.append(window)
        else:
            window.is_kept = False
        return window

    @property
    def notes(self) -> list[str]:
        """What a reader of the pictures should know, a sentence each."""
        notes = [
            f"window '{window.name}' lacks {many(window.lost, 'mark')}: "
            f"all windows together hold {MOST:,}, until (cls) clears one"
            for window in self.windows
            if window.lost
        ]
        if self.opened > MOST_WINDOWS:
            extra = many(self.opened - MOST_WINDOWS, "window")
            notes.append(f"{extra} beyond the first {MOST_WINDOWS} left no picture")
        return notes


class Window(Shown):
    """A window: `marks` are the shapes in it in order, with their colours, by shape and clip.

    Units: width and height in pixels.
    """

    noun = "window"
    class_name = "WINDOW"

    def __init__(self, screen: Screen, width: float, height: float, name: str) -> None:
        self.screen = screen
        self.width, self.height, self.name = width, height, name
        self.marks: dict[tuple[Shape, Rect | None], tuple[Shape, int]] = {}
        self.pen = Pen()
        self.lost = 0  # marks that did not fit
        self.is_kept = True
        self.drawn_at = 0  # by the clock of the screen
        self._waits = 0  # marks that may be lost before what is hidden is looked for again

    def show(self, numbers: object) -> str:
        """Return the printed name."""
        return f"::WINDOW:{symbol_text(self.name)}"

    def draw(self, shape: Shape, colour: int | None = None) -> None:
        """Put a shape into the window, in the colour of its pen or another one."""
        if not (self.is_kept and self.screen.is_drawing):
            return
        self.screen.clock += 1
        self.drawn_at = self.screen.clock
        key = (shape, self.pen.clip)
        hidden = self.marks.pop(key, None)
        if hidden is not None:
            self.screen.left += hidden[0].cost
        elif self._is_hidden_by(shape):
            self.clear()
        if shape.cost > self.screen.left and not self._makes_room(shape.cost):
            self.lost += 1
            return
        self.screen.left -= shape.cost
        self.marks[key] = (shape, self.pen.colour if colour is None else colour)

    def clear(self) -> None:
        """Forget all that is seen."""
        for shape, _ in self.marks.values():
            self.screen.left += shape.cost
        self.marks.clear()
        self.lost = self._waits = 0

    def set(self, **changes: Value) -> None:
        """Change what the pen is like."""
        self.pen = replace(self.pen, **changes)

    @contextmanager
    def saved(self) -> Iterator[None]:
        """Give the window its pen back at the end of the block."""
        pen = self.pen
        try:
            yield
        finally:
            self.pen = pen

    def _makes_room(self, cost: int) -> bool:
        """Forget what is hidden; tell whether there is room for another mark.

        Where a look brings little, the next one waits: the time of a mark stays the same.
        """
        if self._waits:
            self._waits -= 1
            return False
        found = hidden(self.marks)
        for key in found:
            shape, _ = self.marks.pop(key)
            self.screen.left += shape.cost
        if 10 * len(found) < len(self.marks):
            self._waits = len(self.marks) // 10
        return cost <= self.screen.left

    def _is_hidden_by(self, shape: Shape) -> bool:
        """Whether a shape covers the whole window, as programs without (cls) clear it."""
        return (
            type(shape) is Box
            and shape.is_filled
            and self.pen.clip is None
            and shape.x <= 0 >= shape.y
            and shape.x + shape.width >= self.width
            and shape.y + shape.height >= self.height
        )
