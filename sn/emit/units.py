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
            for i in k.loop(whole, LANES):
                k.store(k.load(m.x, source + i), m.s, target + i)
        for rest in range(whole, layer.positions):
            k.store1(k.load1(m.x, source + rest), m.s, target + rest)


def zero(k: Builder, m: Memories, at: int, size: int) -> None:
    """Set `size` elements (whole vectors) to 0."""
    nothing = k.constant(0)
    for i in k.loop(size, LANES):
        k.store(nothing, m.s, i + at)


def bias_per_unit(k: Builder, m: Memories, layer: LayerLayout, weights: int) -> None:
    """sum[j] = bias[j]."""
    for i in k.loop(layer.size, LANES):
        k.store(k.load(m.w, i + weights), m.s, i + layer.state)


def bias_per_map(k: Builder, m: Memories, layer: LayerLayout, weights: int) -> None:
    """sum[map, p] = bias[map]."""
    for plane in k.loop(layer.maps):
        value = k.spread(m.w, plane + weights)
        for i in k.loop(layer.pitch, LANES):
            k.store(value, m.s, plane * layer.pitch + i + layer.state)


def update_bias_per_unit(
    k: Builder, m: Memories, layer: LayerLayout, weights: int, rule: Rule
) -> None:
    """d_bias[j] = grad[j]."""
    for i in k.loop(layer.size, LANES):
        curv = k.load(m.s, i + layer.curv) if rule.second else None
        rule.apply(k, i + weights, k.load(m.s, i + layer.grad), curv)


def update_bias_per_map(
    k: Builder, m: Memories, layer: LayerLayout, weights: int, rule: Rule
) -> None:
    """d_bias[map] = sum over p of grad[map, p]."""

    def totals(planes: range, start: int) -> Vec:
        sums = []
        for plane in planes:
            cell = k.cell(k.constant(0))
            for i in k.loop(layer.pitch, LANES):
                cell.set(cell.get() + k.load(m.s, i + (start + plane * layer.pitch)))
            sums.append(cell.get())
        return k.totals(sums)

    for first in range(0, layer.maps, LANES):
        planes = range(first, min(first + LANES, layer.maps))
        curv = totals(planes, layer.curv) if rule.second else None
        rule.apply(k, weights + first, totals(planes, layer.grad), curv)


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
    whole = layer.pitch // LANES - (1 if tail else 0)
    formulas = [(layer.state, value), (layer.slope, slope), (layer.bend, bend)]

    def one(at: Index, keep: int) -> None:
        memo: dict[Expr, Vec] = {}
        a = {"a": k.load(m.s, at + layer.state)}
        for target, formula in formulas:
            if formula is None:
                continue
            result = compile_expression(k, formula, a, memo)
            if keep < LANES:
                lanes = [lane if lane < keep else LANES for lane in range(LANES)]
                result = k.shuffle(result, k.constant(0), lanes)
            k.store(result, m.s, at + target)

    if not tail:
        for i in k.loop(layer.size, LANES):
            one(i, LANES)
        return
    for plane in k.loop(layer.maps):
        if whole:
            for i in k.loop(whole * LANES, LANES):
                one(plane * layer.pitch + i, LANES)
        one(plane * layer.pitch + whole * LANES, tail)


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
    for i in k.loop(layer.size, LANES):
        _through(k, m, layer, i, second)


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
    """Packed weights of a full connection: a row of `pitch` slots per downstream unit."""

    at: int
    pitch: int


def full_forward(
    k: Builder, m: Memories, dst: LayerLayout, src: LayerLayout, weights: FullWeights
) -> None:
    """sum[j] += sum over i of w[j, i] x[i]; 8 rows at a time."""

    def rows(unit: Index, row: Index, count: int) -> None:
        sums = [k.cell(k.constant(0)) for _ in range(count)]
        for i in k.loop(src.size, LANES):
            x = k.load(m.s, i + src.state)
            for number, cell in enumerate(sums):
                at = row * weights.pitch + i + (weights.at + number * weights.pitch)
                cell.set(k.fma(k.load(m.w, at), x, cell.get()))
        total = k.totals([cell.get() for cell in sums])
        at = unit + dst.state
        k.store(k.load(m.s, at) + total, m.s, at)

    maps, positions = _runs(dst)
    for plane in k.loop(maps):
        whole = positions // LANES
        if whole:
            for i in k.loop(whole * LANES, LANES):
                rows(plane * dst.pitch + i, plane * positions + i, LANES)
        if positions % LANES:
            first = whole * LANES
            rows(plane * dst.pitch + first, plane * positions + first, positions % LANES)


def _runs(layer: LayerLayout) -> tuple[int, int]:
    """Maps without pads are one run of units."""
    if layer.pitch == layer.positions:
        return 1, layer.size
    return layer.maps, layer.positions


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

    def rows(unit: Index, row: Index, count: int) -> None:
        grads = [k.spread(m.s, unit + (dst.grad + number)) for number in range(count)]
        curvs: list[Vec | None] = [None] * count
        if rule.second:
            curvs = [k.spread(m.s, unit + (dst.curv + number)) for number in range(count)]
        scaled = [rule.row(k, grad, curv) for grad, curv in zip(grads, curvs, strict=True)]
        for i in k.loop(src.size, LANES):
            x = k.load(m.s, i + src.state)
            back = k.load(m.s, i + src.grad) if propagate else x
            back_curv = k.load(m.s, i + src.curv) if propagate and rule.second else x
            for number in range(count):
                at = row * weights.pitch + i + (weights.at + number * weights.pitch)
                w = k.load(m.w, at)
                if propagate:
                    back = k.fma(w, grads[number], back)
                curv = curvs[number]
                if propagate and curv is not None:
                    back_curv = k.fma(w * w, curv, back_curv)
                rule.move(k, at, w, scaled[number], x)
            if propagate:
                k.store(back, m.s, i + src.grad)
                if rule.second:
                    k.store(back_curv, m.s, i + src.curv)

    maps, positions = _runs(dst)
    for plane in k.loop(maps):
        whole = positions // ROWS
        if whole:
            for i in k.loop(whole * ROWS, ROWS):
                rows(plane * dst.pitch + i, plane * positions + i, ROWS)
        if positions % ROWS:
            first = whole * ROWS
            rows(plane * dst.pitch + first, plane * positions + first, positions % ROWS)
