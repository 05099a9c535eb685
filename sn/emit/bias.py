"""Biases: a weight per unit or per map, and the room of bias nodes.

Where the first section of a layer has all terms of its sums at hand, they start from the biases
and no call is needed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sn.emit import step
from sn.emit.layers import Start
from sn.emit.memory import LayerLayout, Layout, whole_vectors
from sn.emit.program import Call, Made, Ref, call
from sn.emit.room import BiasPlace, Decision, Learning, Lesson, Placed, Room, Site, unit_sums
from sn.emit.update import Rule
from sn.emit.vector import LANES, Builder, Index, Memories, Vec
from sn.lower.ir import Bias, Plan


class Biases(Room[Bias, Decision, Placed]):
    """Bias nodes."""

    def fits(self, node: Bias, plan: Plan, lay: Layout) -> str:
        """A bias per map needs the maps in memory."""
        layer, count = lay.layers[node.dst], len(node.wid)
        if node.shared and (count not in (1, layer.maps) or (count == 1 and layer.maps > 1)):
            return f"{plan.layers[node.dst].name} does not lie in memory map by map"
        return ""

    def decide(self, node: Bias, plan: Plan, lay: Layout, second: bool) -> Decision:
        """There is one way."""
        return Decision()

    def place(self, number: int, node: Bias, decided: Decision, site: Site, shared: Any) -> Placed:
        """Pack biases as the layer lies, or one a map."""
        lay = site.lay.layers[node.dst]
        if node.shared:
            return Placed(number, node, bias=BiasPlace(site.lay.weights.add(node.wid), 0))
        slots = np.full(lay.size, -1, np.int32)
        slots[lay.offsets()] = node.wid
        return Placed(number, node, bias=BiasPlace(site.lay.weights.add(slots), lay.pitch))

    def forward(
        self, placed: Placed, site: Site, start: Start, end: Ref | None
    ) -> tuple[Call, ...]:
        """Start the sums."""
        assert placed.bias is not None
        section = bias_per_map if placed.node.shared else bias_per_unit
        return (call(section, placed.dst, weights=placed.bias.at),)

    def update(self, placed: Placed, site: Site, rule: Made) -> tuple[Call, ...]:
        """Move biases along the gradients of their units."""
        assert placed.bias is not None
        section = update_bias_per_map if placed.node.shared else update_bias_per_unit
        return (call(section, placed.dst, placed.bias.at, rule),)

    def learn(self, placed: Placed, given: Lesson) -> Learning:
        """Take the sums of gradients of units, or of maps."""
        site, lay = given.site, given.lay
        assert placed.bias is not None
        units = unit_sums(placed.node.dst, site, lay)
        if not placed.node.shared:
            return Learning((), (), (), placed.bias.at, units.maps * units.pitch, units.at)
        size = whole_vectors(units.maps)
        at = lay.sums.take(size)
        total = call(step.total_maps, units, at)
        return Learning((), (), (), placed.bias.at, size, at, collect=(total,))


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
