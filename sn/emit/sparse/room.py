"""The room of plain rows; weights that several of them share are packed, and updated, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sn.emit.layers import Start
from sn.emit.memory import Layout
from sn.emit.program import Block, Call, Made, Record, Ref, call
from sn.emit.room import Decision, Evaluation, Learning, Lesson, Placed, Room, Site
from sn.emit.sparse import evaluate, learn, sections
from sn.emit.sparse.place import (
    SharedRows,
    place_batch_rows,
    place_rows,
    place_shared_rows,
    row_blocks,
)
from sn.errors import LowerError
from sn.lower.ir import Plan, Rows
from sn.net.layer import Ints


@dataclass(frozen=True, slots=True, eq=False)
class PlacedRows(Placed):
    """Rows in memory; `which`: the packed weight of each row where they are shared."""

    which: Ints | None = None


class Sparse(Room[Rows, Decision, PlacedRows]):
    """Rows nodes: lists of indices, gathered and scattered."""

    def decide(self, node: Rows, plan: Plan, lay: Layout, second: bool) -> Decision:
        """There is one way.

        Raises: LowerError for a combine without a section: no room after this one computes it.
        """
        if self.misses(node):
            raise LowerError(
                f"{node.label} combines by {node.combine.name}, which kernels do not compute",
                span=node.span,
                hint="the reference engine computes it",
            )
        return Decision()

    def share(self, nodes: Sequence[Rows], site: Site) -> SharedRows | None:
        """Pack the weights that rows share."""
        return place_shared_rows(nodes, site.lay)

    def place(
        self, number: int, node: Rows, decided: Decision, site: Site, shared: SharedRows | None
    ) -> PlacedRows:
        """List the rows unit by unit."""
        value, which = place_rows(node, site.lay, shared)
        return PlacedRows(number, node, Record(f"ROWS_{number}", value), which=which)

    def forward(
        self, placed: PlacedRows, site: Site, start: Start, end: Ref | None
    ) -> tuple[Call, ...]:
        """Gathered products."""
        return (call(sections.rows_forward, placed.ref),)

    def update(self, placed: PlacedRows, site: Site, rule: Made) -> tuple[Call, ...]:
        """Propagate, and move weights or gather their descents."""
        return (
            call(
                sections.rows_backward,
                placed.ref,
                to_grad=site.lay.to_grad,
                to_curv=site.to_curv,
                rule=rule,
                propagate=_propagates(placed.node, site),
            ),
        )

    def after(self, shared: SharedRows | None, rule: Made) -> Block | None:
        """Apply what shared rows gathered."""
        if shared is None:
            return None
        args = (shared.weights, shared.descents, shared.curvs, shared.size, rule)
        return Block("weights that several rows share", (call(sections.apply_descents, *args),))

    def evaluate(self, placed: PlacedRows, site: Site) -> Evaluation:
        """Row by row, a pattern a lane."""
        assert placed.record is not None
        value = place_batch_rows(placed.node, site.batch, placed.record.value, placed.which)
        return Evaluation(Record(f"BATCH_{placed.number}", value), evaluate.rows, False)

    def learn(self, placed: PlacedRows, given: Lesson) -> Learning:
        """Row by row; the sums of weights that several nodes share are in one place."""
        site, lay = given.site, given.lay
        assert placed.record is not None
        ref, weights = Ref(given.batch.name), placed.record.value.weights
        if placed.node.is_shared:
            size = given.shared.size
            at = lay.once(Rows, size)
        else:
            size = row_blocks(placed.node)[2]
            at = lay.sums.take(size)
        back: tuple[Call, ...] = ()
        if _propagates(placed.node, site):
            back = (call(learn.back, ref, to_grad=lay.to_grad),)
        adding = call(learn.sums, ref, at, to_grad=lay.to_grad)
        return Learning((), back, (adding,), weights, size, at)


def _propagates(node: Rows, site: Site) -> bool:
    """Whether some row comes from a unit that wants a gradient."""
    owners = site.plan.table.layer_of[node.src_unit]
    return bool(np.isin(owners, site.plan.table.computed).any())
