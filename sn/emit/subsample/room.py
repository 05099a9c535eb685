"""The room of subsampling: windows of each map added up, times one coefficient a map."""

from __future__ import annotations

from typing import Any

from sn.emit.layers import Start
from sn.emit.memory import Layout, misfit, whole_vectors
from sn.emit.program import Call, Made, Record, Ref, call
from sn.emit.room import Decision, Evaluation, Learning, Lesson, Placed, Room, Site, propagate
from sn.emit.subsample import evaluate, learn, sections
from sn.emit.subsample.place import place_batch, place_subsample
from sn.lower.ir import Plan, Subsample


class Subsampling(Room[Subsample, Decision, Placed]):
    """Subsample nodes."""

    def fits(self, node: Subsample, plan: Plan, lay: Layout) -> str:
        """Both layers must lie in memory as maps of the node's shape."""
        return misfit(node, plan, lay)

    def decide(self, node: Subsample, plan: Plan, lay: Layout, second: bool) -> Decision:
        """There is one way; back-propagation writes each gradient once."""
        return Decision(finishes=True)

    def place(
        self, number: int, node: Subsample, decided: Decision, site: Site, shared: Any
    ) -> Placed:
        """Pack coefficients side by side; make room for the sums of windows."""
        return Placed(number, node, Record(f"SUBSAMPLE_{number}", place_subsample(node, site.lay)))

    def forward(
        self, placed: Placed, site: Site, start: Start, end: Ref | None
    ) -> tuple[Call, ...]:
        """Add up windows, times the coefficient."""
        return (call(sections.forward, placed.ref),)

    def backward(self, placed: Placed, site: Site) -> tuple[Call, ...]:
        """Spread gradients over the windows, curvatures after them."""
        return propagate(sections.backward, placed, site)

    def update(self, placed: Placed, site: Site, rule: Made) -> tuple[Call, ...]:
        """Move the coefficients."""
        return (call(sections.update, placed.ref, rule, to_curv=site.to_curv),)

    def evaluate(self, placed: Placed, site: Site) -> Evaluation:
        """Windows of a batch, a pattern a lane."""
        assert placed.record is not None
        node, dst = placed.node, site.lay.layers[placed.node.dst]
        record = Record(f"BATCH_{placed.number}", place_batch(node, site.plan, placed.record.value))
        is_whole = (node.grid.maps, node.grid.positions) == (dst.maps, dst.positions)
        return Evaluation(record, evaluate.subsample, is_whole)

    def learn(self, placed: Placed, given: Lesson) -> Learning:
        """Spread gradients over the windows; sums map by map."""
        lay, below = given.lay, given.below
        ref, size = Ref(given.batch.name), whole_vectors(given.batch.value.maps)
        at = lay.sums.take(size)
        back = () if below.units is None else (call(learn.back, ref, below.units),)
        adding = call(learn.sums, ref, at, to_grad=lay.to_grad)
        return Learning((), back, (adding,), given.batch.value.weights, size, at)
