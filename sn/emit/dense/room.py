"""The room of full connections."""

from __future__ import annotations

from typing import Any

from sn.emit.dense import evaluate, learn, sections
from sn.emit.dense.place import is_one_panel, place_batch_full, place_full, place_sums
from sn.emit.layers import Start
from sn.emit.memory import Layout
from sn.emit.program import Call, Made, Record, Ref, call
from sn.emit.room import Decision, Evaluation, Learning, Lesson, Placed, Room, Site
from sn.lower.ir import Full, Plan


class Dense(Room[Full, Decision, Placed]):
    """Full nodes: one section forward, one that propagates and updates."""

    def decide(self, node: Full, plan: Plan, lay: Layout, second: bool) -> Decision:
        """Say that each sum is made in one place; small ones propagate in one panel."""
        is_flat = lay.layers[node.dst].maps == 1
        return Decision(is_one_panel(node), is_complete=True, is_at_once=is_flat)

    def place(self, number: int, node: Full, decided: Decision, site: Site, shared: Any) -> Placed:
        """Pack the weights row by row."""
        return Placed(number, node, Record(f"FULL_{number}", place_full(node, site.lay)))

    def forward(
        self, placed: Placed, site: Site, start: Start, end: Ref | None
    ) -> tuple[Call, ...]:
        """Scalar products, finished at once where `end` is given."""
        last = () if end is None else (end,)
        args = (placed.dst, placed.src, placed.ref, start, *last)
        return (call(sections.full_forward, *args),)

    def update(self, placed: Placed, site: Site, rule: Made) -> tuple[Call, ...]:
        """Propagate and move the weights in one go."""
        options: dict[str, Any] = {"propagate": site.propagates_to(placed.node.src)}
        slope = site.slope_of(placed.node.src)
        if slope is not None:
            options["slope"] = slope
        args = (placed.dst, placed.src, placed.ref, rule)
        return (call(sections.full_backward, *args, **options),)

    def evaluate(self, placed: Placed, site: Site) -> Evaluation:
        """Scalar products, a pattern a lane."""
        assert placed.record is not None
        node, weights = placed.node, placed.record.value
        value = place_batch_full(node, site.plan, site.lay, weights)
        is_whole = site.lay.layers[node.dst].maps == 1
        return Evaluation(Record(f"BATCH_{placed.number}", value), evaluate.full, is_whole)

    def learn(self, placed: Placed, given: Lesson) -> Learning:
        """Scalar products back, and sums as the weights lie."""
        site, lay, below = given.site, given.lay, given.below
        ref, sums = Ref(given.batch.name), place_sums(given.batch.value, lay, site.lay.lanes)
        record = Record(f"SUMS_{placed.number}", sums)
        back = () if below.units is None else (call(learn.back, ref, below.units, below.is_alone),)
        adding = call(learn.sums, ref, Ref(record.name), to_grad=lay.to_grad)
        first, size = given.batch.value.weights.at, sums.size
        return Learning((record,), back, (adding,), first, size, sums.at, below.is_alone)
