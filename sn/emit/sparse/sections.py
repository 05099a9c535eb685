"""Row sections: connections that fit no rule, eight at a time from lists of indices.

Unshared weights lie in row order, each unit's rows padded to whole vectors (pads point at a
state that is always 0). Shared weights lie once each, with a second list that says which; their
gradients add up in scratch and are applied after the last layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sn.emit.update import Rule
from sn.emit.vector import LANES, Builder, Index, Memories, Vec


@dataclass(frozen=True, slots=True)
class RowList:
    """Rows into `units` units. `heads` from `table` on: (state, first row, rows in vectors).

    `sources` and, when shared, `which` are tables with an entry per row. `weights` starts the
    packed weights; `descents` and `curvs` the scratch where the gradients and
    curvatures of shared weights add up.
    """

    units: int
    table: int
    sources: int
    which: int
    weights: int
    descents: int
    curvs: int
    is_shared: bool


def _head(k: Builder, m: Memories, c: RowList, unit: Index) -> tuple[Index, Index, Index]:
    at = unit * 3 + c.table
    return k.index(m.t, at), k.index(m.t, at + 1), k.index(m.t, at + 2)


def rows_forward(k: Builder, m: Memories, c: RowList) -> None:
    """sum[j] += sum of w x over the rows of j, 8 partial sums."""
    k = k.narrow()
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
    k: Builder,
    m: Memories,
    c: RowList,
    to_grad: int,
    to_curv: int,
    rule: Rule,
    propagate: bool,
) -> None:
    """back[i] += w g and the update of w (unshared) or its descent (shared), row by row."""
    k = k.narrow()
    for unit in k.loop(c.units):
        state, first, count = _head(k, m, c, unit)
        grad = k.splat(k.load1(m.s, state + to_grad))
        curv = k.splat(k.load1(m.s, state + (to_grad + to_curv))) if rule.second else None
        shared_row = rule.row(k, grad, curv)
        for row in k.loop(count, LANES):
            here = first + row
            sources = [k.index(m.t, here + (c.sources + lane)) for lane in range(LANES)]
            w = _weights(k, m, c, here)
            if propagate:
                _scatter_add(k, m, [source + to_grad for source in sources], w * grad)
                if curv is not None:
                    places = [source + (to_grad + to_curv) for source in sources]
                    _scatter_add(k, m, places, w * w * curv)
            x = k.gather([k.load1(m.s, source) for source in sources])
            if not c.is_shared:
                rule.move(k, here + c.weights, w, shared_row, x)
                continue
            which = [k.index(m.t, here + (c.which + lane)) for lane in range(LANES)]
            _scatter_add(k, m, [weight + c.descents for weight in which], grad * x)
            if curv is not None:
                _scatter_add(k, m, [weight + c.curvs for weight in which], curv * (x * x))


def _scatter_add(k: Builder, m: Memories, places: Sequence[Index], values: Vec) -> None:
    """Add one lane after the other, so that places may repeat."""
    for lane, place in enumerate(places):
        k.store1(k.load1(m.s, place) + k.lane(values, lane), m.s, place)


def apply_descents(
    k: Builder, m: Memories, weights: int, descents: int, curvs: int, size: int, rule: Rule
) -> None:
    """Apply the summed gradients of shared rows and clear them."""
    for some, i in k.sweep(size):
        curv = some.load(m.s, i + curvs) if rule.second else None
        rule.apply(some, i + weights, some.load(m.s, i + descents), curv)
        some.store(some.constant(0), m.s, i + descents)
        if rule.second:
            some.store(some.constant(0), m.s, i + curvs)
