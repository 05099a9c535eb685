"""Plain rows, learning: a block of patterns, one pattern a lane."""

from __future__ import annotations

from sn.emit.layers_learn import BLOCK, add
from sn.emit.sparse.evaluate import BatchRows
from sn.emit.vector import LANES, Builder, Memories


def back(k: Builder, m: Memories, c: BatchRows, to_grad: int) -> None:
    """back[i] += w grad[j] for each row from i to j.

    Rows from units that take no gradients add to places that nothing reads.
    """
    for number in k.loop(c.units):
        head = number * 3 + c.table
        grad = k.load(m.s, (k.index(m.t, head) + to_grad) * BLOCK)
        first, count = k.index(m.t, head + 1), k.index(m.t, head + 2)
        for row in k.loop(count):
            at = (k.index(m.t, first + row + c.sources) + to_grad) * BLOCK
            which = k.index(m.t, first + row + c.which) if c.is_shared else first + row
            total = k.fma(grad, k.spread(m.w, which + c.weights), k.load(m.s, at))
            k.store(total, m.s, at)


def sums(k: Builder, m: Memories, c: BatchRows, at: int, to_grad: int) -> None:
    """d_w += the sum over the patterns of grad[j] x[i], of each row, or of each shared weight.

    Rows of a unit are padded to whole vectors with rows from a place that is always 0.
    """
    for number in k.loop(c.units):
        head = number * 3 + c.table
        grad = k.load(m.s, (k.index(m.t, head) + to_grad) * BLOCK)
        first, count = k.index(m.t, head + 1), k.index(m.t, head + 2)
        if not c.is_shared:
            for row in k.loop(count, LANES):
                here = first + row
                places = [k.index(m.t, here + (c.sources + i)) for i in range(LANES)]
                products = [grad * k.load(m.s, place * BLOCK) for place in places]
                add(k, m, k.totals(products), here + at)
            continue
        for row in k.loop(count):
            x = k.load(m.s, k.index(m.t, first + row + c.sources) * BLOCK)
            to = k.index(m.t, first + row + c.which) + at
            one = k.lane(k.totals([grad * x]), 0)
            k.store1(k.load1(m.g, to) + one, m.g, to)
