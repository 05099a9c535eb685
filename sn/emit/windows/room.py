"""The room of windows: convolutions (shared.py, packed.py) and local windows (unshared.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sn.emit.layers import Start
from sn.emit.layers_learn import UnitSums
from sn.emit.memory import Layout, map_pitch, misfit
from sn.emit.program import Call, Made, Record, Ref, call
from sn.emit.room import (
    Decision,
    Evaluation,
    Learning,
    Lesson,
    Placed,
    Room,
    Site,
    propagate,
    unit_sums,
)
from sn.emit.windows import evaluate, learn, shared, unshared
from sn.emit.windows.choose import Chosen, choose
from sn.emit.windows.place import place_conv, place_local
from sn.emit.windows.place_evaluate import place_batch_window
from sn.emit.windows.place_learn import Learner
from sn.lower.ir import Plan, Window
from sn.net.layer import Ints


@dataclass(frozen=True, slots=True, eq=False)
class WindowDecision(Decision):
    """How a convolution runs; None for windows whose weights are not shared, which have one way."""

    chosen: Chosen | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PlacedWindow(Placed):
    """A window node in memory; `pairs`: where each pair's kernel starts, (n_pairs,) int32."""

    pairs: Ints | None = None


class Windows(Room[Window, WindowDecision, PlacedWindow]):
    """Window nodes."""

    def fits(self, node: Window, plan: Plan, lay: Layout) -> str:
        """Both layers must lie in memory as maps of the node's shape."""
        return misfit(node, plan, lay)

    def decide(self, node: Window, plan: Plan, lay: Layout, second: bool) -> WindowDecision:
        """Choose between vectors along positions and along taps and in maps."""
        if not node.shared:
            return WindowDecision()
        chosen = choose(node, propagates=plan.layers[node.src].start is None)
        return WindowDecision(
            finishes=chosen.finishes,
            is_complete=chosen.is_complete(lay.lanes),
            scratch=chosen.scratch_size(second),
            chosen=chosen,
        )

    def place(
        self, number: int, node: Window, decided: WindowDecision, site: Site, shared: Any
    ) -> PlacedWindow:
        """Place columns or frames, tiles and packed kernels."""
        if decided.chosen is None:
            return PlacedWindow(
                number, node, Record(f"LOCAL_{number}", place_local(node, site.lay))
            )
        value, pairs = place_conv(decided.chosen, site.lay)
        return PlacedWindow(number, node, Record(f"CONV_{number}", value), pairs=pairs)

    def forward(
        self, placed: PlacedWindow, site: Site, start: Start, end: Ref | None
    ) -> tuple[Call, ...]:
        """Correlate."""
        if placed.node.shared:
            return (call(shared.forward, placed.ref, start),)
        return (call(unshared.forward, placed.ref),)

    def backward(self, placed: PlacedWindow, site: Site) -> tuple[Call, ...]:
        """Propagate through shared windows, gradients and curvatures one after the other."""
        return propagate(shared.backward, placed, site) if placed.node.shared else ()

    def update(self, placed: PlacedWindow, site: Site, rule: Made) -> tuple[Call, ...]:
        """Sum over positions and apply; unshared windows propagate as well."""
        if placed.node.shared:
            return (call(shared.update, placed.ref, rule, to_curv=site.to_curv),)
        return (
            call(
                unshared.backward,
                placed.ref,
                to_grad=site.lay.to_grad,
                to_curv=site.to_curv,
                rule=rule,
                propagate=site.propagates_to(placed.node.src),
            ),
        )

    def evaluate(self, placed: PlacedWindow, site: Site) -> Evaluation:
        """Windows cut at the border, a pattern a lane."""
        assert placed.record is not None
        node, lay = placed.node, site.lay
        value = place_batch_window(
            node, site.plan, site.batch, placed.record.value, placed.pairs, lay.lanes
        )
        dst = lay.layers[node.dst]
        is_same = (node.grid.maps, node.grid.positions) == (dst.maps, dst.positions)
        before = evaluate.border if value.border else None
        record = Record(f"BATCH_{placed.number}", value)
        return Evaluation(record, evaluate.window, is_same and value.sums.is_complete, before)

    def learn(self, placed: PlacedWindow, given: Lesson) -> Learning:
        """Collect what comes back to each site; sums strip by strip."""
        site, lay, below = given.site, given.lay, given.below
        assert placed.record is not None
        node, value, ref = placed.node, given.batch.value, Ref(given.batch.name)
        first = site.plan.layers[node.src].first
        learner = Learner(node, value, first, placed.pairs, lay, site.lay.lanes)
        units = None
        if value.border is not None:
            of_layer, one = unit_sums(node.dst, site, lay), site.lay.layers[node.dst]
            pitch = map_pitch(one, node.grid.maps, node.grid.positions)
            assert pitch is not None
            units = UnitSums(of_layer.at, node.grid.maps, node.grid.positions, pitch)
        sums = learner.sums(units)
        records = [Record(f"SUMS_{placed.number}", sums)]
        back: tuple[Call, ...] = ()
        finishes = False
        if below.units is not None:
            places = learner.back()
            records.append(Record(f"BACK_{placed.number}", places))
            back = (call(learn.back, ref, Ref(records[1].name), below.units, below.is_alone),)
            finishes = below.is_alone and places.is_whole and value.frame is None
        adding = call(learn.sums, ref, Ref(records[0].name))
        has_more = units is not None or not value.weight_pitch
        collect = (call(learn.collect, ref, Ref(records[0].name)),) if has_more else ()
        size = sums.slots
        if value.weight_pitch:
            size = len(node.pairs) * node.taps * value.weight_pitch
        at = value.kernels.start
        return Learning(tuple(records), back, (adding,), at, size, sums.at, finishes, collect)
