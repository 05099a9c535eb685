"""Loops: the forward pass as statements that C and JavaScript have in common.

    x, t    states and totals, a number a unit     w    weights, as `Program.stored` gives them
    in      the pattern, as the net takes it       out  the states of the output layers

Each node of a plan has a nest of loops over what it connects. A `Language` says how a loop counts,
how a number is written, and whether several patterns lie side by side: then a number of a unit is a
row of them, and what is done to it stands in a loop over these.

Read next: c.py, javascript.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sn.export.formulas import Words, statements
from sn.export.portable import Computed, Program, Stored, integers
from sn.lower.ir import Bias, Full, Rows, Subsample, Window
from sn.net.combine import WEIGHTED_SUM, Combine

INDENT = "  "
LONGEST = 200  # characters of a name in a comment
_NO_PART_OF_A_COMMENT = re.compile(r"[^A-Za-z0-9 .,:;+=>%()_|#'-]")


@dataclass(frozen=True, slots=True)
class Language:
    """How a language counts and writes.

    `counter` and `whole` declare a whole number that changes and one that does not, `sum` a number
    to add to; `lanes` is the name of how many patterns lie side by side, "" of one alone; `stay` is
    the line that has a compiler leave the loop over these a loop, which it makes vectors of.
    """

    words: Words
    counter: str
    whole: str
    sum: str
    weight: str
    comment: Callable[[str], str]
    lanes: str = ""
    stay: str = ""


def table_name(stored: Stored) -> str:
    """Return the name of the table of whole numbers that a node reads."""
    return f"at{stored.offset}"


def tables(program: Program) -> Iterator[tuple[str, list[int]]]:
    """Yield the tables of whole numbers that the loops read, by their names."""
    for stored in program.nodes:
        for found in integers(stored.node).values():
            yield table_name(stored), found.ravel().tolist()
    for placed in (*program.inputs, *program.outputs):
        if placed.order is not None:
            yield f"order{placed.layer.first}", placed.order.tolist()


def one_line(text: str) -> str:
    """Return a text of a user as a comment of C or JavaScript may hold it, also in a page.

    It is one line, and what could end a comment, a line or the script of a page becomes `?`.
    """
    return _NO_PART_OF_A_COMMENT.sub("?", text[:LONGEST])


class Loops:
    """The lines of the forward pass of a program in a language, to be read off `lines`."""

    def __init__(self, program: Program, language: Language, depth: int = 1) -> None:
        self.program = program
        self.language = language
        self.lines: list[str] = []
        self._depth = depth

    def say(self, text: str) -> None:
        """Add one line."""
        self.lines.append(INDENT * self._depth + text)

    @contextmanager
    def loop(self, name: str, count: int) -> Iterator[str]:
        """Count `name` from 0; what is said within is done each time. Once takes no counter."""
        start = f"for ({self.language.counter} {name} = 0; {name} < {count}; {name}++) "
        self.say(f"{start if count > 1 else ''}{{")
        self._depth += 1
        yield name if count > 1 else "0"
        self._depth -= 1
        self.say("}")

    @contextmanager
    def each(self) -> Iterator[None]:
        """Do what is said within for each of the patterns side by side."""
        lanes = self.language.lanes
        if not lanes:
            yield
            return
        self.say(f"for ({self.language.counter} l = 0; l < {lanes}; l++) {{")
        self._depth += 1
        yield
        self._depth -= 1
        self.say("}")

    def unit(self, array: str, index: str) -> str:
        """Return the text of a number of a unit."""
        lanes = self.language.lanes
        return f"{array}[({index}) * {lanes} + l]" if lanes else f"{array}[{index}]"

    @property
    def _sum(self) -> str:
        return "s[l]" if self.language.lanes else "s"

    def run(self) -> None:
        """Say the whole pass, but the loading of the pattern and the giving of outputs."""
        for unit, state in self.program.constants:
            with self.each():
                self.say(f"{self.unit('x', str(unit))} = {self.language.words.number(state)};")
        for layer in self.program.layers:
            self.layer(layer)

    def layer(self, computed: Computed) -> None:
        """Say how one layer is computed."""
        layer = computed.layer
        self.say(self.language.comment(f"layer {one_line(layer.name)}"))
        with self.loop("i", layer.size) as i, self.each():
            self.say(f"{self.unit('t', _sum_of(layer.first, i))} = 0;")
        for stored in computed.nodes:
            node = stored.node
            self.say(self.language.comment(one_line(f"{node.label}: {node}")))
            match node:
                case Bias():
                    self.bias(stored, node)
                case Full():
                    self.full(stored, node)
                case Window():
                    self.window(stored, node)
                case Subsample():
                    self.subsample(stored, node)
                case Rows():
                    self.rows(stored, node)
        with self.loop("i", layer.size) as i, self.each():
            at = _sum_of(layer.first, i)
            lines, value = statements(
                computed.value, {"a": self.unit("t", at)}, self.language.words
            )
            for line in lines:
                self.say(line)
            self.say(f"{self.unit('x', at)} = {value};")

    def bias(self, stored: Stored, node: Bias) -> None:
        """Say how a weight is added to each unit."""
        first, per = self._first(node.dst), node.units // len(node.wid)
        with self.loop("i", len(node.wid)) as i, self.loop("j", per) as j, self.each():
            at = _sum_of(first, _product(i, per), j)
            self.say(f"{self.unit('t', at)} += w[{_sum_of(stored.offset, i)}];")

    def full(self, stored: Stored, node: Full) -> None:
        """Say how every unit sees every unit."""
        n_out, n_in = node.wid.shape
        with self.loop("i", n_out) as i:
            self._start()
            with self.loop("j", n_in) as j:
                weight = _sum_of(stored.offset, _product(i, n_in), j)
                self._add(node.combine, weight, _sum_of(self._first(node.src), j))
            self._finish(_sum_of(self._first(node.dst), i))

    def window(self, stored: Stored, node: Window) -> None:
        """Say how windows slide over maps, pair by pair."""
        grid, field, whole = node.grid, node.field, self.language.whole
        pairs = table_name(stored)
        with self.loop("p", len(node.pairs)) as p:
            to, src = (
                f"{self._first(index)} + {pairs}[{_sum_of(_product(p, 2), part)}] * {size}"
                for index, part, size in (
                    (node.dst, 0, grid.positions),
                    (node.src, 1, field.positions),
                )
            )
            self.say(f"{whole} to = {to}, from = {src};")
            with self.loop("r", grid.rows) as r, self.loop("c", grid.cols) as c:
                self._start()
                rows, cols = node.kernel
                with self.loop("u", rows) as u:
                    self._site("y", node, 0, r, u)
                    with self.loop("v", cols) as v:
                        self._site("z", node, 1, c, v)
                        site = f"from + {_sum_of(_product('y', field.cols), 'z')}"
                        if node.border is not None:
                            outside = f"y < 0 || y >= {field.rows} || z < 0 || z >= {field.cols}"
                            edge = self.program.constant(node.border)
                            site = f"{outside} ? {edge} : {site}"
                        self.say(f"{whole} at = {site};")
                        tap = f"(({p} * {rows} + {u}) * {cols} + {v})"
                        if not node.shared:
                            place = _sum_of(_product(r, grid.cols), c)
                            tap = f"{tap} * {grid.positions} + {place}"
                        self._add(node.combine, _sum_of(stored.offset, tap), "at")
                self._finish(_sum_of("to", _product(r, grid.cols), c))

    def _site(self, name: str, node: Window, axis: int, place: str, tap: str) -> None:
        """Say which row or column below a tap of a window sees."""
        step, apart, before = node.stride[axis], node.dilation[axis], node.offset[axis]
        site = _sum_of(_product(place, step), _product(tap, apart))
        site = f"{site} - {before}" if before > 0 else _sum_of(site, -before)
        if node.wrap[axis]:
            size = (node.field.rows, node.field.cols)[axis]
            site = f"(({site}) % {size} + {size}) % {size}"
        self.say(f"{self.language.whole} {name} = {site};")

    def subsample(self, stored: Stored, node: Subsample) -> None:
        """Say how windows of a map are summed up, each connection with the weight of the map."""
        grid, field = node.grid, node.field
        with (
            self.loop("p", grid.maps) as p,
            self.loop("r", grid.rows) as r,
            self.loop("c", grid.cols) as c,
        ):
            self._start()
            with self.loop("u", node.kernel[0]) as u, self.loop("v", node.kernel[1]) as v:
                row = _sum_of(_product(r, node.stride[0]), u)
                col = _sum_of(_product(c, node.stride[1]), v)
                plane = _product(p, field.positions)
                site = _sum_of(self._first(node.src), plane, _product(f"({row})", field.cols), col)
                self._add(node.combine, _sum_of(stored.offset, p), site)
            place = _sum_of(_product(p, grid.positions), _product(r, grid.cols), c)
            self._finish(_sum_of(self._first(node.dst), place))

    def rows(self, stored: Stored, node: Rows) -> None:
        """Say connection by connection what fits no rule."""
        rows, whole = table_name(stored), self.language.whole
        with self.loop("r", len(node.wid)) as r:
            self.say(f"{whole} to = {rows}[{_product(r, 2)}], from = {rows}[{_product(r, 2)} + 1];")
            self._weight(_sum_of(stored.offset, r))
            with self.each():
                value = self._term(node.combine, self.unit("x", "from"))
                self.say(f"{self.unit('t', 'to')} += {value};")

    def _first(self, layer: int) -> int:
        return self.program.plan.table.layers[layer].first

    def _start(self) -> None:
        """Declare a sum."""
        if self.language.lanes:
            self.say(f"{self.language.sum} s[{self.language.lanes}];")
            with self.each():
                self.say("s[l] = 0;")
        else:
            self.say(f"{self.language.sum} s = 0;")

    def _weight(self, index: str) -> None:
        self.say(f"{self.language.weight} weight = w[{index}];")

    def _add(self, combine: Combine, weight: str, source: str) -> None:
        """Add one connection to the sum."""
        self._weight(weight)
        if self.language.stay:
            self.say(self.language.stay)
        with self.each():
            value = self._term(combine, self.unit("x", source))
            self.say(f"{self._sum} += {value};")

    def _term(self, combine: Combine, state: str) -> str:
        """Return what a connection adds, after the statements that it takes."""
        if combine == WEIGHTED_SUM:
            return f"weight * {state}"
        lines, value = statements(combine.term, {"w": "weight", "x": state}, self.language.words)
        for line in lines:
            self.say(line)
        return value

    def _finish(self, index: str) -> None:
        """Add the sum to the total of a unit."""
        with self.each():
            self.say(f"{self.unit('t', index)} += {self._sum};")


def _sum_of(*parts: str | int) -> str:
    """Return the sum of indices as a text; what is 0 is left out."""
    kept = [str(part) for part in parts if str(part) != "0"]
    return " + ".join(kept) or "0"


def _product(index: str, factor: int) -> str:
    """Return an index times a number as a text."""
    if factor == 1 or index == "0":
        return index
    return f"{index} * {factor}"
