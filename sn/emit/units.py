"""Unit sections: patterns in, biases, non-linearities, output gradients, full connections.

Vectors run along the units of a layer as it lies in memory, pads included; pads of states,
slopes and gradients are 0, so full connections may run over them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sn.emit.copies import pieces
from sn.emit.functions import compile_expression
from sn.emit.layout import LayerLayout
from sn.emit.tiles import REGISTERS
from sn.emit.update import Row, Rule
from sn.net.expr import Expr
from sn.simd import LANES, PARTIAL, Builder, Index, Memories, Vec


def load_pattern(k: Builder, m: Memories, layer: LayerLayout, example: Index) -> None:
    """Copy one pattern into the states of the input layer, and have the next one brought near.

    Patterns are used far apart in time, so that the CPU sees no stream of them (1989 net: -2 %).
    """
    size = layer.maps * layer.positions
    for plane in k.loop(layer.maps):
        source = example * size + plane * layer.positions
        target = plane * layer.pitch + layer.state
        whole = layer.positions // LANES * LANES
        if whole:
            for some, i in k.sweep(whole):
                some.store(some.load(m.x, source + i), m.s, target + i)
        for rest in range(whole, layer.positions):
            k.store1(k.load1(m.x, source + rest), m.s, target + rest)
    for i in k.loop(size, PARTIAL):
        k.prefetch(m.x, (example + 1) * size + i)


def zero(k: Builder, m: Memories, at: int, size: int) -> None:
    """Set `size` elements (whole vectors) to 0."""
    for some, i in k.sweep(size):
        some.store(some.constant(0), m.s, i + at)


def bias_per_unit(k: Builder, m: Memories, layer: LayerLayout, weights: int) -> None:
    """sum[j] = bias[j]."""
    for some, i in k.sweep(layer.size):
        some.store(some.load(m.w, i + weights), m.s, i + layer.state)


def bias_per_map(k: Builder, m: Memories, layer: LayerLayout, weights: int) -> None:
    """sum[map, p] = bias[map]."""
    for plane in k.loop(layer.maps):
        value = k.load1(m.w, plane + weights)
        for some, i in k.sweep(layer.pitch):
            some.store(some.splat(value), m.s, plane * layer.pitch + i + layer.state)


def update_bias_per_unit(
    k: Builder, m: Memories, layer: LayerLayout, weights: int, rule: Rule
) -> None:
    """d_bias[j] = grad[j]."""
    for some, i in k.sweep(layer.size):
        curv = some.load(m.s, i + layer.curv) if rule.second else None
        rule.apply(some, i + weights, some.load(m.s, i + layer.grad), curv)


def update_bias_per_map(
    k: Builder, m: Memories, layer: LayerLayout, weights: int, rule: Rule
) -> None:
    """d_bias[map] = sum over p of grad[map, p]."""

    def totals(first: int, count: int, start: int) -> Vec:
        def add(k: Builder, at: Index, sums: list[Vec]) -> list[Vec]:
            places = [at + (start + (first + n) * layer.pitch) for n in range(count)]
            return [total + k.load(m.s, place) for total, place in zip(sums, places, strict=True)]

        return k.dots(count, layer.pitch, add)

    for first in range(0, layer.maps, k.lanes):
        count = min(k.lanes, layer.maps - first)
        some = k if count > LANES else k.narrow()
        curv = totals(first, count, layer.curv) if rule.second else None
        rule.apply(some, weights + first, totals(first, count, layer.grad), curv)


@dataclass(frozen=True, slots=True)
class Functions:
    """What becomes of a sum a: the state f(a), and the derivatives that training needs."""

    value: Expr
    slope: Expr
    bend: Expr | None = None


def activate(k: Builder, m: Memories, layer: LayerLayout, f: Functions) -> None:
    """State = f(sum), slope = f'(sum), bend = f''(sum), map by map; pads become 0."""
    tail = layer.positions % LANES
    whole = layer.pitch - (LANES if tail else 0)

    def one(k: Builder, at: Index, keep: int = LANES) -> None:
        finish(k, m, layer, f, at, k.load(m.s, at + layer.state), keep)

    if not tail:
        for some, i in k.sweep(layer.size):
            one(some, i, some.lanes)
        return
    for plane in k.loop(layer.maps):
        if whole:
            for some, i in k.sweep(whole):
                one(some, plane * layer.pitch + i, some.lanes)
        one(k.narrow(), plane * layer.pitch + whole, tail)


def finish(
    k: Builder, m: Memories, layer: LayerLayout, f: Functions, at: Index, total: Vec, keep: int
) -> None:
    """Store what becomes of the sums of a vector of units at `at`: 0 beyond the first `keep`."""
    memo: dict[Expr, Vec] = {}
    for target, formula in ((layer.state, f.value), (layer.slope, f.slope), (layer.bend, f.bend)):
        if formula is None:
            continue
        result = compile_expression(k, formula, {"a": total}, memo)
        k.store(_kept(k, result, keep), m.s, at + target)


def _kept(k: Builder, value: Vec, keep: int) -> Vec:
    """The first `keep` lanes, the others 0."""
    if keep >= k.lanes:
        return value
    lanes = [lane if lane < keep else k.lanes for lane in range(k.lanes)]
    return k.shuffle(value, k.constant(0), lanes)


@dataclass(frozen=True, slots=True)
class Start:
    """What the sums of a section start from: 0 where `is_new`, biases where there is a `to_bias`,
    the distance from a state to its bias in the weights, else what is in memory.
    """

    is_new: bool = False
    to_bias: int | None = None

    def value(self, k: Builder, m: Memories, at: Index) -> Vec:
        """Return the sums at `at` before anything is added."""
        if self.is_new:
            return k.constant(0)
        return k.load(m.s, at) if self.to_bias is None else k.load(m.w, at + self.to_bias)


MEMORY = Start()


@dataclass(frozen=True, slots=True)
class Second:
    """What rules of second order need at a layer: the cost's second derivative (at the output
    only), and whether the term with f'' is kept (full Newton) or dropped (Gauss-Newton).
    """

    cost_bend: Expr | None
    is_full: bool


def output_grad(
    k: Builder,
    m: Memories,
    layer: LayerLayout,
    slope: Expr,
    example: Index,
    second: Second | None = None,
) -> None:
    """grad = -dE/dy * f'(a) at the output layer; the desired values are pattern `example`'s.

    curv = E'' f'(a)^2 [- (-dE/dy) f''(a)].
    """
    k = k.narrow()
    for here, desired, _ in _outputs(k, m, layer, example):
        ends = {"y": k.load(m.s, here + layer.state), "d": desired}
        k.store(compile_expression(k, -slope, ends, {}), m.s, here + layer.grad)
        if second is not None and second.cost_bend is not None:
            curv = compile_expression(k, second.cost_bend, ends, {})
            k.store(curv, m.s, here + layer.curv)
        _through(k, m, layer, here, second)


def joint_output_grad(
    k: Builder,
    m: Memories,
    layer: LayerLayout,
    grad: Expr,
    example: Index,
    curv: Expr | None = None,
) -> None:
    """Grad and curv as formulas of the total input `a`, which stands where slopes do."""
    k = k.narrow()
    for here, desired, count in _outputs(k, m, layer, example):
        ends = {"a": k.load(m.s, here + layer.slope), "d": desired}
        memo: dict[Expr, Vec] = {}
        for target, formula in ((layer.grad, grad), (layer.curv, curv)):
            if formula is not None:
                value = compile_expression(k, formula, ends, memo)
                k.store(_kept(k, value, count), m.s, here + target)


def _outputs(
    k: Builder, m: Memories, layer: LayerLayout, example: Index
) -> Iterator[tuple[Index, Vec, int]]:
    """Yield the place of each vector of output units, their desired values, how many they are."""
    size = layer.maps * layer.positions
    for plane in range(layer.maps):
        for first in range(0, layer.positions, LANES):
            count = min(LANES, layer.positions - first)
            at = example * size + (plane * layer.positions + first)
            if count == LANES:
                desired = k.load(m.y, at)
            else:
                numbers = [k.load1(m.y, at + lane) for lane in range(count)]
                desired = k.gather(numbers + [k.lane(k.constant(0), 0)] * (LANES - count))
            yield Index(k, None, plane * layer.pitch + first), desired, count


def hidden_grad(k: Builder, m: Memories, layer: LayerLayout, second: Second | None = None) -> None:
    """grad = back f'(a); curv = back_curv f'(a)^2 [- back f''(a)].

    Source: SN 2.8, update-gradient, update-lmggradient, update-ggradient.
    """
    for some, i in k.sweep(layer.size):
        _through(some, m, layer, i, second)


def _through(k: Builder, m: Memories, layer: LayerLayout, at: Index, second: Second | None) -> None:
    slope, back = k.load(m.s, at + layer.slope), k.load(m.s, at + layer.grad)
    if second is not None:
        curv = k.load(m.s, at + layer.curv) * (slope * slope)
        if second.is_full:
            curv = k.fma(-back, k.load(m.s, at + layer.bend), curv)
        k.store(curv, m.s, at + layer.curv)
    k.store(back * slope, m.s, at + layer.grad)


@dataclass(frozen=True, slots=True)
class FullWeights:
    """Packed weights of a full connection: a row of `pitch` slots per downstream unit, as both
    layers lie in memory, pads included. `panel`: rows that are updated together.
    """

    at: int
    pitch: int
    panel: int


def full_forward(
    k: Builder,
    m: Memories,
    dst: LayerLayout,
    src: LayerLayout,
    weights: FullWeights,
    start: Start,
    end: Functions | None = None,
) -> None:
    """sum[j] += sum over i of w[j, i] x[i]; as many rows at a time as there are lanes.

    `start`: what the sums start from. With `end` nothing else adds to them, in a layer of one
    map, and they are finished at once.
    """

    def block(wide: Builder, row: Index, keep: int) -> None:
        def add(k: Builder, at: Index, sums: list[Vec]) -> list[Vec]:
            x = k.load(m.s, at + src.state)
            here = row * weights.pitch + at + weights.at
            w = [k.load(m.w, here + number * weights.pitch) for number in range(len(sums))]
            return [k.fma(value, x, total) for value, total in zip(w, sums, strict=True)]

        first = start.value(wide, m, row + dst.state)
        total = first + k.dots(wide.lanes, src.size, add)
        if end is None:
            wide.store(total, m.s, row + dst.state)
        else:
            finish(wide, m, dst, end, row, total, keep)

    if end is None:
        for wide, row in k.sweep(dst.size):
            block(wide, row, wide.lanes)
        return
    whole = dst.positions // k.lanes * k.lanes
    if whole:
        for row in k.loop(whole, k.lanes):
            block(k, row, k.lanes)
    for wide, at in pieces(k, dst.size - whole):
        block(wide, Index(k, None, whole + at), min(wide.lanes, dst.positions - whole - at))


# registers of a column of weights while rows go by: its states and the errors that add up
COLUMN = {False: 2, True: 3}  # with curvatures one more


def full_backward(
    k: Builder,
    m: Memories,
    dst: LayerLayout,
    src: LayerLayout,
    weights: FullWeights,
    rule: Rule,
    propagate: bool,
    slope: int = -1,
) -> None:
    """back[i] += sum over j of w[j, i] grad[j] with the old weights, and update w[j, i].

    Curvatures likewise, with squared weights. In a panel of rows as many columns as fit the
    registers go down together; each weight is read and written once. With `slope`, where the
    slopes of the layer below lie, nothing else adds to its gradients, all rows are one panel, and
    they are finished: back * slope.
    """
    room = (REGISTERS[k.lanes] - 6) // COLUMN[rule.second]
    has_pads = dst.pitch > dst.positions
    for plane in k.loop(dst.maps if has_pads else 1):
        for row, height in k.blocks(dst.positions if has_pads else dst.size, weights.panel):
            for column, size in k.blocks(src.size, room * k.lanes):
                cuts = [(some, column + at) for some, at in pieces(k, size)]
                columns = _Columns(k, m, dst, src, weights, rule, propagate, slope, cuts)
                columns.go_down(plane * dst.pitch + row, height)


class _Columns:
    """Columns of the weights of a full connection, as many vectors side by side as `cuts` has."""

    def __init__(
        self,
        k: Builder,
        m: Memories,
        dst: LayerLayout,
        src: LayerLayout,
        weights: FullWeights,
        rule: Rule,
        propagate: bool,
        slope: int,
        cuts: Sequence[tuple[Builder, Index]],
    ) -> None:
        self.k, self.m, self.dst, self.weights, self.rule = k, m, dst, weights, rule
        self.slope, self.cuts = slope, cuts
        self.states = [some.load(m.s, at + src.state) for some, at in cuts]
        places = [src.grad, src.curv] if rule.second else [src.grad]
        self.backs = {
            place: [some.cell(self._first(some, at + place)) for some, at in cuts]
            for place in (places if propagate else [])
        }

    def _first(self, k: Builder, at: Index) -> Vec:
        return k.load(self.m.s, at) if self.slope < 0 else k.constant(0)

    def go_down(self, first: Index, height: int) -> None:
        """Walk `height` rows from `first` on, and store what they add up to."""
        m = self.m
        # two rows a turn take 0.97 of the time of one
        for row, count in self.k.blocks(height, 2):
            for number in range(count):
                self._row(first + row + number)
        for place, cells in self.backs.items():
            for cell, (some, at) in zip(cells, self.cuts, strict=True):
                total = cell.get()
                if self.slope >= 0:
                    total = total * some.load(m.s, at + self.slope)
                some.store(total, m.s, at + place)

    def _row(self, row: Index) -> None:
        m, rule = self.m, self.rule
        mine: dict[int, Row] = {}
        for some in {some.lanes: some for some, _ in self.cuts}.values():
            curv = some.spread(m.s, row + self.dst.curv) if rule.second else None
            mine[some.lanes] = rule.row(some, some.spread(m.s, row + self.dst.grad), curv)
        here = row * self.weights.pitch + self.weights.at
        for number, ((some, at), x) in enumerate(zip(self.cuts, self.states, strict=True)):
            shared = mine[some.lanes]
            w = some.load(m.w, here + at)
            terms = (w, shared.grad), (w * w if rule.second else w, shared.curv)
            for cells, (a, b) in zip(self.backs.values(), terms, strict=False):
                assert b is not None
                cells[number].set(some.fma(a, b, cells[number].get()))
            rule.move(some, here + at, w, shared, x)
