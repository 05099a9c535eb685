"""Panels: matrices with titles and numbers, set in lines below a net, and the scale of colours.

Read next: net.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sn.figure.letters import fitted, text_width
from sn.figure.matrices import Matrix
from sn.figure.stack import SMALL, USUAL, Line, block, height_of, text_at
from sn.figure.style import LEVELS, level, level_class
from sn.lower.ir import Window
from sn.svg import Element, element, group, number, path, rect

LARGE_SIDES = (12.0, 10.0)  # of a map in a table of maps, of a tap in a small matrix
SMALL_ONE = 120  # taps; chosen here
SIDES = (8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.5, 1.0)  # of a tap
TALLEST = 240.0  # a panel; chosen here
NUMBER = 8.0  # the size of the numbers of maps
BETWEEN = 34.0  # panels
MOST_FRAMES = 400  # pictures that have a frame each
LEAST = 120.0  # how wide the title of a panel may be at least


@dataclass(frozen=True, slots=True)
class Panel:
    """A picture of one connection: what is drawn, from 0, 0, and how much room it takes."""

    elements: list[Element]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where the pictures of a matrix lie, counted in taps; `across` columns stand in a line."""

    side: float
    across: int
    lines: int
    step: tuple[int, int]  # from picture to picture: rows, columns

    def place(self, row: int, column: int) -> tuple[int, int]:
        """Return the top left tap of a picture: row, column."""
        line, at = divmod(column, self.across)
        return (row + line) * self.step[0], at * self.step[1]


def panel(matrix: Matrix, names: tuple[str, str], room: float) -> Panel:
    """Return a matrix with a title; `names` are those of the layers below and above."""
    if not matrix.columns:
        return _too_large(matrix, names)
    grid = _grid(matrix, room - 40)
    wide = grid.side * (grid.across * grid.step[1])
    lead = text_width("000", NUMBER) + 3 if matrix.rows > 1 else 0.0
    title_room = min(room, max(LEAST, lead + wide + 60))
    about = [
        Line(fitted(f"{names[0]} → {names[1]}", title_room, USUAL, True), USUAL, True, "ink"),
        *(Line(fitted(text, max(title_room, 270.0), SMALL), SMALL) for text in _said(matrix)),
    ]
    top = height_of(about) + 5 + (NUMBER + 3 if _numbers(matrix.columns, grid, matrix) else 0)
    elements = block(0, 0, about)
    elements += _numbered(matrix, grid, lead, top)
    inside = _cells(matrix, grid) if not matrix.is_table else _table(matrix, grid)
    elements.append(group(lead, top, *inside, scale=grid.side))
    elements += _frames(matrix, grid, lead, top)
    high = grid.side * ((matrix.rows if grid.lines == 1 else grid.lines) * grid.step[0])
    return Panel(elements, max(lead + wide, *(line.width for line in about)), top + high)


def _too_large(matrix: Matrix, names: tuple[str, str]) -> Panel:
    """Return only the title of a matrix of which not one column can be shown."""
    many = f"{matrix.link.n_weights:,} weights, too many to show"
    title = fitted(f"{names[0]} → {names[1]}", 270.0, USUAL, True)
    about = [Line(title, USUAL, True, "ink"), Line(many, SMALL)]
    return Panel(block(0, 0, about), max(line.width for line in about), height_of(about))


def flowed(panels: Sequence[Panel], room: float) -> tuple[list[Element], float, float]:
    """Return panels side by side in lines of a width, and how much room they take."""
    found: list[Element] = []
    x = y = line = widest = 0.0
    for one in panels:
        if x and x + one.width > room:
            x, y, line = 0.0, y + line + BETWEEN, 0.0
        found.append(group(x, y, *one.elements))
        widest = max(widest, x + one.width)
        x, line = x + one.width + BETWEEN, max(line, one.height)
    return found, widest, y + line


def scale(x: float, y: float, words: str) -> tuple[list[Element], float]:
    """Return the scale of colours with what its ends are, and how wide that is."""
    side = 8.0
    found: list[Element] = []
    start = x + text_width("−m", SMALL) + 4
    found.append(text_at(x, y + 8, Line("−m", SMALL)))
    for step in range(-LEVELS, LEVELS + 1):
        bar = rect(start + (step + LEVELS) * side, y, side, 9, level_class(step))
        bar.attributes["shape-rendering"] = "crispEdges"
        found.append(bar)
    end = start + (2 * LEVELS + 1) * side
    found.append(rect(start, y, end - start, 9, "edge"))
    line = Line(f"m {words}", SMALL)
    found.append(text_at(end + 4, y + 8, line))
    return found, end + 4 + line.width - x


def _said(matrix: Matrix) -> Iterator[str]:
    if matrix.row_word:
        yield f"a row a {matrix.row_word}, a column a {matrix.column_word}"
    elif not matrix.is_table:
        yield f"one for each {matrix.column_word}"
    if isinstance(matrix.link.node, Window) and not (matrix.is_table or matrix.link.node.shared):
        yield "the window of each unit where the unit is"
    if matrix.fold:
        yield f"{matrix.fold} units in a line"
    if matrix.left_out:
        yield matrix.left_out
    if not matrix.is_table:
        yield f"m = {matrix.largest:.3g}"


def _grid(matrix: Matrix, room: float) -> _Grid:
    """Return the largest grid that fits; a single row of pictures goes on in the next line."""
    high, wide = matrix.size
    is_tight = matrix.rows * matrix.columns == 1
    gap = 0 if is_tight else (0 if matrix.is_table else 1)
    step = (high + gap, wide + gap)
    if matrix.rows == 1 and not is_tight:
        step = (high + gap + (1 if high > 1 else 0), wide + gap)
    is_small = matrix.columns * matrix.rows * high * wide <= SMALL_ONE
    for side in (*LARGE_SIDES, *SIDES) if matrix.is_table or is_small else SIDES:
        across = matrix.columns
        if matrix.rows == 1:
            across = min(across, max(1, int(room / (side * step[1]))))
        lines = -(-matrix.columns // across)
        rows = matrix.rows if lines == 1 else lines
        if across * step[1] * side <= room and rows * step[0] * side <= TALLEST:
            return _Grid(side, across, lines, step)
    side = min(1.0, room / (step[1] * matrix.columns)) if matrix.rows > 1 else 1.0
    across = matrix.columns if matrix.rows > 1 else max(1, int(room / step[1]))
    return _Grid(side, across, -(-matrix.columns // across), step)


def _cells(matrix: Matrix, grid: _Grid) -> list[Element]:
    """Return the taps of all pictures, those of a level as one path, in runs along rows."""
    largest = matrix.largest or 1.0
    paths: dict[int, list[str]] = {}
    for (row, column), picture in sorted(matrix.pictures.items(), key=lambda item: item[0]):
        top, left = grid.place(row, column)
        for y, taps in enumerate(picture.tolist()):
            x = 0
            levels = [None if v != v else level(v / largest) for v in taps]
            while x < len(levels):
                end = x + 1
                while end < len(levels) and levels[end] == levels[x]:
                    end += 1
                if (one := levels[x]) is not None:
                    run = f"M{left + x} {top + y}h{end - x}v1h{x - end}z"
                    paths.setdefault(one, []).append(run)
                x = end
    return [
        element(
            "path", class_=level_class(one), d="".join(paths[one]), shape_rendering="crispEdges"
        )
        for one in sorted(paths)
    ]


def _table(matrix: Matrix, grid: _Grid) -> list[Element]:
    """Return a filled square for each pair of maps that is there."""
    runs = []
    for row, column in sorted(matrix.pictures):
        y, x = grid.place(row, column)
        runs.append(f"M{x}.1 {y}.1h.8v.8h-.8z")
    return [path("".join(runs), "there")]


def _frames(matrix: Matrix, grid: _Grid, left: float, top: float) -> list[Element]:
    """Return lines around pictures, or the lines of a table."""
    side = grid.side
    if matrix.is_table:
        start, over = number(left), number(top)
        wide, high = number(matrix.columns * side), number(matrix.rows * side)
        down = [f"M{number(left + i * side)} {over}v{high}" for i in range(matrix.columns + 1)]
        across = [f"M{start} {number(top + i * side)}h{wide}" for i in range(matrix.rows + 1)]
        return [path("".join(down + across), "lines")] if side >= 4 else []
    if len(matrix.pictures) > MOST_FRAMES:
        return []
    tall, broad = (number(side * size) for size in matrix.size)
    commands = []
    for row, column in sorted(matrix.pictures):
        y, x = grid.place(row, column)
        start = f"M{number(left + x * side)} {number(top + y * side)}"
        commands.append(f"{start}h{broad}v{tall}h-{broad}z")
    return [path("".join(commands), "edge")]


def _numbers(count: int, grid: _Grid, matrix: Matrix) -> bool:
    """Whether maps are numbered along the top: they are where they stand in one line."""
    return grid.lines == 1 and count > 1 and matrix.size[1] > 0


def _numbered(matrix: Matrix, grid: _Grid, left: float, top: float) -> list[Element]:
    """Return the numbers of maps, as many as there is room for, from 0 on."""
    found: list[Element] = []
    if _numbers(matrix.columns, grid, matrix):
        wide = grid.side * grid.step[1]
        every = _every(text_width(str(matrix.columns - 1), NUMBER) + 3, wide)
        for column in range(0, matrix.columns, every):
            x = left + column * wide + grid.side * matrix.size[1] / 2
            found.append(text_at(x, top - 3, Line(str(column), NUMBER), "middle"))
    if matrix.rows > 1:
        high = grid.side * grid.step[0]
        for row in range(0, matrix.rows, _every(1.25 * NUMBER, high)):
            y = top + row * high + grid.side * matrix.size[0] / 2 + 0.36 * NUMBER
            found.append(text_at(left - 3, y, Line(str(row), NUMBER), "end"))
    return found


def _every(needed: float, step: float) -> int:
    """Return at every which map there is room for a number."""
    return next((n for n in (1, 2, 5, 10, 20, 50, 100, 200) if n * step >= needed), 500)
