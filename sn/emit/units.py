"""Unit sections: patterns in, biases, non-linearities, output gradients, full connections.

Vectors run along the units of a layer as it lies in memory, pads included; pads of states,
slopes and gradients are 0, so full connections may run over them.
"""

from __future__ import annotations

from dataclasses import dataclass

from sn.emit.functions import compile_expression
from sn.emit.layout import LayerLayout
from sn.emit.update import Rule
from sn.net.expr import Expr
from sn.simd import LANES, Builder, Index, Memories, Vec


def load_pattern(k: Builder, m: Memories, layer: LayerLayout, example: Index) -> None:
    """Copy one pattern into the states of the input layer."""
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


def activate(
    k: Builder,
    m: Memories,
    layer: LayerLayout,
    value: Expr,
    slope: Expr | None = None,
    bend: Expr | None = None,
) -> None:
    """State = f(sum), slope = f'(sum), bend = f''(sum), map by map; pads become 0."""
    tail = layer.positions % LANES
    whole = layer.pitch - (LANES if tail else 0)
    formulas = [(layer.state, value), (layer.slope, slope), (layer.bend, bend)]

    def one(k: Builder, at: Index, keep: int) -> None:
        memo: dict[Expr, Vec] = {}
        a = {"a": k.load(m.s, at + layer.state)}
        for target, formula in formulas:
            if formula is None:
                continue
            result = compile_expression(k, formula, a, memo)
            if keep:
                lanes = [lane if lane < keep else LANES for lane in range(LANES)]
                result = k.shuffle(result, k.constant(0), lanes)
            k.store(result, m.s, at + target)

    if not tail:
        for some, i in k.sweep(layer.size):
            one(some, i, 0)
        return
    for plane in k.loop(layer.maps):
        if whole:
            for some, i in k.sweep(whole):
                one(some, plane * layer.pitch + i, 0)
        one(k.narrow(), plane * layer.pitch + whole, tail)


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
    size = layer.maps * layer.positions
    k = k.narrow()
    for plane in range(layer.maps):
        for first in range(0, layer.positions, LANES):
            count = min(LANES, layer.positions - first)
            at = example * size + (plane * layer.positions + first)
            if count == LANES:
                desired = k.load(m.y, at)
            else:
                numbers = [k.load1(m.y, at + lane) for lane in range(count)]
                desired = k.gather(numbers + [k.lane(k.constant(0), 0)] * (LANES - count))
            here = Index(k, None, plane * layer.pitch + first)
            ends = {"y": k.load(m.s, here + layer.state), "d": desired}
            k.store(compile_expression(k, -slope, ends, {}), m.s, here + layer.grad)
            if second is not None and second.cost_bend is not None:
                curv = compile_expression(k, second.cost_bend, ends, {})
                k.store(curv, m.s, here + layer.curv)
            _through(k, m, layer, here, second)


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
    layers lie in memory, pads included.
    """

    at: int
    pitch: int


def full_forward(
    k: Builder, m: Memories, dst: LayerLayout, src: LayerLayout, weights: FullWeights
) -> None:
    """sum[j] += sum over i of w[j, i] x[i]; as many rows at a time as there are lanes."""
    for wide, row in k.sweep(dst.size):

        def add(k: Builder, at: Index, sums: list[Vec], row: Index = row) -> list[Vec]:
            x = k.load(m.s, at + src.state)
            here = row * weights.pitch + at + weights.at
            w = [k.load(m.w, here + number * weights.pitch) for number in range(len(sums))]
            return [k.fma(value, x, total) for value, total in zip(w, sums, strict=True)]

        at = row + dst.state
        total = k.dots(wide.lanes, src.size, add)
        wide.store(wide.load(m.s, at) + total, m.s, at)


ROWS = 4  # rows of a full connection walked together: 8 registers for gradients and steps


def full_backward(
    k: Builder,
    m: Memories,
    dst: LayerLayout,
    src: LayerLayout,
    weights: FullWeights,
    rule: Rule,
    propagate: bool,
) -> None:
    """back[i] += sum over j of w[j, i] grad[j] with the old weights, and update w[j, i].

    Curvatures likewise, with squared weights. Weights are read and written once, row after row.
    """

    def block(k: Builder, i: Index, row: Index, some: _Rows) -> None:
        x = k.load(m.s, i + src.state)
        back = k.load(m.s, i + src.grad) if propagate else x
        back_curv = k.load(m.s, i + src.curv) if propagate and rule.second else x
        for number, (grad, curv) in enumerate(zip(some.grads, some.curvs, strict=True)):
            at = row * weights.pitch + i + (weights.at + number * weights.pitch)
            w = k.load(m.w, at)
            if propagate:
                back = k.fma(w, grad, back)
            if propagate and curv is not None:
                back_curv = k.fma(w * w, curv, back_curv)
            rule.move(k, at, w, some.scaled[number], x)
        if propagate:
            k.store(back, m.s, i + src.grad)
            if rule.second:
                k.store(back_curv, m.s, i + src.curv)

    has_pads = dst.pitch > dst.positions
    for plane in k.loop(dst.maps if has_pads else 1):
        for first in k.loop(dst.positions if has_pads else dst.size, ROWS):
            row = plane * dst.pitch + first
            places = [row + (dst.grad + number) for number in range(ROWS)]
            widths = {some.lanes: _Rows(some, m, dst, places, rule) for some in (k.narrow(), k)}
            for some, i in k.sweep(src.size):
                block(some, i, row, widths[some.lanes])


class _Rows:
    """Gradients (and curvatures) of some rows in every lane, and what the rule makes of them."""

    def __init__(
        self, k: Builder, m: Memories, dst: LayerLayout, places: list[Index], rule: Rule
    ) -> None:
        self.grads = [k.spread(m.s, place) for place in places]
        self.curvs: list[Vec | None] = [None] * len(places)
        if rule.second:
            self.curvs = [k.spread(m.s, place + (dst.curv - dst.grad)) for place in places]
        both = zip(self.grads, self.curvs, strict=True)
        self.scaled = [rule.row(k, grad, curv) for grad, curv in both]
