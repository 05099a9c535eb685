"""The step of a batch: sums of gradients become descents of packed weights, which move them.

The sums of a batch lie in `g`, node by node, most of them as the weights lie.

Read next: update.py for the rule, layers_learn.py for where the sums come from.
"""

from __future__ import annotations

from sn.emit.functions import verbs
from sn.emit.layers_learn import UnitSums
from sn.emit.update import FACTOR, Rule
from sn.emit.vector import LANES, Builder, Index, Memories, Vec
from sn.net.expr import call, evaluate, variable
from sn.optim.rules import CLIP, HYPER, clip_factor


def join(k: Builder, m: Memories, size: int, stream: Index) -> None:
    """Add the `size` sums of a stream to those of the first."""
    for some, i in k.sweep(size):
        some.store(some.load(m.g, i) + some.load(m.g, stream * size + i), m.g, i)


def clear(k: Builder, m: Memories, size: int, stream: Index) -> None:
    """Set the `size` sums of a stream to 0."""
    for some, i in k.sweep(size):
        some.store(some.constant(0), m.g, stream * size + i)


def move(
    k: Builder,
    m: Memories,
    first: int,
    size: int,
    sums: int,
    rule: Rule,
    is_clipped: bool = False,
) -> None:
    """Move `size` packed weights from `first` on along the descents from `sums` on."""
    for some, i in k.sweep(size):
        descent = some.load(m.g, i + sums)
        if is_clipped:
            descent = descent * some.spread(m.h, FACTOR)
        rule.apply(some, i + first, descent, None)


def clip(k: Builder, m: Memories, places: tuple[tuple[int, int], ...]) -> None:
    """Find what keeps all descents together to their length; `places`: where they lie, how many."""
    narrow = k.narrow()
    total = narrow.constant(0)
    for at, size in places:

        def add(k: Builder, i: Index, found: list[Vec], at: int = at) -> list[Vec]:
            descent = k.load(m.g, i + at)
            return [k.fma(descent, descent, found[0])]

        total = total + narrow.splat(narrow.lane(k.dots(1, size, add), 0))
    known = {"length": total, CLIP.name: narrow.spread(m.h, HYPER.index(CLIP.name))}
    factor = clip_factor(call("sqrt", variable("length")))
    found: Vec = evaluate(factor, known, verbs(narrow), narrow.constant, {})
    narrow.store1(narrow.lane(found, 0), m.h, FACTOR)


def total_maps(k: Builder, m: Memories, units: UnitSums, sums: int) -> None:
    """sums[map] = the sum of all units of a map, for one bias a map."""

    def totals(first: int, count: int) -> Vec:
        def add(k: Builder, at: Index, found: list[Vec]) -> list[Vec]:
            places = [at + (units.at + (first + n) * units.pitch) for n in range(count)]
            return [total + k.load(m.g, place) for total, place in zip(found, places, strict=True)]

        return k.dots(count, units.pitch, add)

    for first in range(0, units.maps, k.lanes):
        count = min(k.lanes, units.maps - first)
        some = k if count > LANES else k.narrow()
        some.store(totals(first, count), m.g, sums + first)
