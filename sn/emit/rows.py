"""Row sections: connections that fit no rule, eight at a time from lists of indices.

Unshared weights lie in row order, each unit's rows padded to whole vectors (pads point at a
state that is always 0). Shared weights lie once each, with a second list that says which; their
gradients add up in scratch and are applied after the last layer.
"""

from __future__ import annotations

from dataclasses import dataclass

from sn.emit.update import UpdateRule
from sn.simd import LANES, Builder, Index, Memories, Vec


@dataclass(frozen=True, slots=True)
class RowList:
    """Rows into `units` units. `heads` from `table` on: (state, first row, rows in vectors).

    `sources` and, when shared, `which` are tables with an entry per row. `weights` starts the
    packed weights; `descents` the scratch where the gradients of shared weights add up.
    """

    units: int
    table: int
    sources: int
    which: int
    weights: int
    descents: int
    is_shared: bool


def _head(k: Builder, m: Memories, c: RowList, unit: Index) -> tuple[Index, Index, Index]:
    at = unit * 3 + c.table
    return k.index(m.t, at), k.index(m.t, at + 1), k.index(m.t, at + 2)


def rows_forward(k: Builder, m: Memories, c: RowList) -> None:
    """sum[j] += sum of w x over the rows of j, 8 partial sums."""
    for unit in k.loop(c.units):
        state, first, count = _head(k, m, c, unit)
        total = k.cell(k.constant(0))
        for row in k.loop(count, LANES):
            here = first + row
            x = k.gather(
                [k.load1(m.s, k.index(m.t, here + (c.sources + lane))) for lane in range(LANES)]
            )
            total.set(k.fma(_weights(k, m, c, here), x, total.get()))
        k.store1(k.load1(m.s, state) + k.total(total.get()), m.s, state)


def _weights(k: Builder, m: Memories, c: RowList, here: Index) -> Vec:
    if not c.is_shared:
        return k.load(m.w, here + c.weights)
    return k.gather(
        [k.load1(m.w, k.index(m.t, here + (c.which + lane)) + c.weights) for lane in range(LANES)]
    )


def rows_backward(
    k: Builder, m: Memories, c: RowList, to_grad: int, rule: UpdateRule, propagate: bool
) -> None:
    """back[i] += w g and the update of w (unshared) or its descent (shared), row by row."""
    for unit in k.loop(c.units):
        state, first, count = _head(k, m, c, unit)
        one = k.load1(m.s, state + to_grad)
        grad = k.splat(one)
        scaled = rule.scale(k, grad)
        for row in k.loop(count, LANES):
            here = first + row
            sources = [k.index(m.t, here + (c.sources + lane)) for lane in range(LANES)]
            w = _weights(k, m, c, here)
            if propagate:
                product = w * grad
                for lane, source in enumerate(sources):
                    back = source + to_grad
                    k.store1(k.load1(m.s, back) + k.lane(product, lane), m.s, back)
            x = k.gather([k.load1(m.s, source) for source in sources])
            if not c.is_shared:
                k.store(rule.move(k, w, scaled, x), m.w, here + c.weights)
                continue
            product = grad * x
            for lane in range(LANES):
                which = k.index(m.t, here + (c.which + lane)) + c.descents
                k.store1(k.load1(m.s, which) + k.lane(product, lane), m.s, which)


def apply_descents(
    k: Builder, m: Memories, weights: int, descents: int, size: int, rule: UpdateRule
) -> None:
    """Apply the summed gradients of shared rows and clear them."""
    nothing = k.constant(0)
    for i in k.loop(size, LANES):
        rule.apply(k, i + weights, k.load(m.s, i + descents))
        k.store(nothing, m.s, i + descents)
