"""Unit sections: patterns in, biases, non-linearities, output gradients, full connections.

Vectors run along the units of a layer as it lies in memory, pads included; pads of states,
slopes and gradients are 0, so full connections may run over them.
"""

from __future__ import annotations

from dataclasses import dataclass

from sn.emit.functions import compile_expression
from sn.emit.layout import LayerLayout
from sn.emit.update import UpdateRule
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
    k: Builder, m: Memories, layer: LayerLayout, weights: int, rule: UpdateRule
) -> None:
    """d_bias[j] = grad[j]."""
    for i in k.loop(layer.size, LANES):
        rule.apply(k, i + weights, k.load(m.s, i + layer.grad))


def update_bias_per_map(
    k: Builder, m: Memories, layer: LayerLayout, weights: int, rule: UpdateRule
) -> None:
    """d_bias[map] = sum over p of grad[map, p]."""
    for first in range(0, layer.maps, LANES):
        sums = []
        for plane in range(first, min(first + LANES, layer.maps)):
            cell = k.cell(k.constant(0))
            for i in k.loop(layer.pitch, LANES):
                cell.set(cell.get() + k.load(m.s, i + (layer.grad + plane * layer.pitch)))
            sums.append(cell.get())
        rule.apply(k, weights + first, k.totals(sums))


def activate(k: Builder, m: Memories, layer: LayerLayout, value: Expr, slope: Expr | None) -> None:
    """State = f(sum) and slope = f'(sum), map by map; pads become 0."""
    tail = layer.positions % LANES
    whole = layer.pitch // LANES - (1 if tail else 0)

    def one(at: Index, keep: int) -> None:
        memo: dict[Expr, Vec] = {}
        a = {"a": k.load(m.s, at + layer.state)}
        results = [(layer.state, value)] + ([(layer.slope, slope)] if slope else [])
        for target, formula in results:
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


def output_grad(k: Builder, m: Memories, layer: LayerLayout, slope: Expr, example: Index) -> None:
    """grad = -dE/dy * f'(a) at the output layer; the desired values are pattern `example`'s."""
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
            here = plane * layer.pitch + first
            ends = {"y": k.load(m.s, layer.state + here), "d": desired}
            error = compile_expression(k, -slope, ends, {})
            k.store(error * k.load(m.s, layer.slope + here), m.s, layer.grad + here)


def hidden_grad(k: Builder, m: Memories, layer: LayerLayout) -> None:
    """grad = (back-propagated sum) * f'(a)."""
    for i in k.loop(layer.size, LANES):
        at = i + layer.grad
        k.store(k.load(m.s, at) * k.load(m.s, i + layer.slope), m.s, at)


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
    rule: UpdateRule,
    propagate: bool,
) -> None:
    """back[i] += sum over j of w[j, i] grad[j] with the old weights, and update w[j, i].

    Weights are read and written once, row after row.
    """

    def rows(unit: Index, row: Index, count: int) -> None:
        grads = [k.spread(m.s, unit + (dst.grad + number)) for number in range(count)]
        scaled = [rule.scale(k, grad) for grad in grads]
        for i in k.loop(src.size, LANES):
            x = k.load(m.s, i + src.state)
            back = k.load(m.s, i + src.grad) if propagate else x
            for number in range(count):
                at = row * weights.pitch + i + (weights.at + number * weights.pitch)
                w = k.load(m.w, at)
                if propagate:
                    back = k.fma(w, grads[number], back)
                k.store(rule.move(k, w, scaled[number], x), m.w, at)
            if propagate:
                k.store(back, m.s, i + src.grad)

    maps, positions = _runs(dst)
    for plane in k.loop(maps):
        whole = positions // ROWS
        if whole:
            for i in k.loop(whole * ROWS, ROWS):
                rows(plane * dst.pitch + i, plane * positions + i, ROWS)
        if positions % ROWS:
            first = whole * ROWS
            rows(plane * dst.pitch + first, plane * positions + first, positions % ROWS)
