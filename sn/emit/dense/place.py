"""Place for full connections: where a full node's weights lie, in training and in batches."""

from __future__ import annotations

import numpy as np

from sn.emit.dense.evaluate import BatchFull
from sn.emit.dense.learn import FullSums
from sn.emit.dense.sections import FullWeights
from sn.emit.memory import Layout, LearnLayout
from sn.emit.vector import LANES, PARTIAL
from sn.lower.ir import Full, Plan

# Weights of a full node that fit in L1, and rows that are updated together where they do not: so
# many runs of memory are read at a time (256-512-512-10 from L3: 0.96 of the time with 4 rows,
# 1.05 with 32, 1.09 with all)
IN_L1 = 8192


PANEL = 8


def place_full(node: Full, lay: Layout) -> FullWeights:
    """Place a full node: a row of slots per downstream unit, as both layers lie.

    Long rows start on a cache line: loads that straddle two take half as long again.
    """
    src, dst = lay.layers[node.src], lay.layers[node.dst]
    pitch = src.size if src.size < PARTIAL else -(-src.size // PARTIAL) * PARTIAL
    slots = np.full((dst.size, pitch), -1, np.int32)
    slots[dst.offsets()[:, None], src.offsets()] = node.wid
    return FullWeights(lay.weights.add(slots), pitch, dst.size if is_one_panel(node) else PANEL)


def is_one_panel(node: Full) -> bool:
    """Whether all rows of a full node are updated together, column by column."""
    return node.wid.size <= IN_L1


def place_batch_full(node: Full, plan: Plan, lay: Layout, weights: FullWeights) -> BatchFull:
    """Place a full node for batches."""
    src, dst = lay.layers[node.src], lay.layers[node.dst]
    return BatchFull(
        plan.layers[node.dst].first,
        (dst.maps, dst.positions, dst.pitch),
        plan.layers[node.src].first,
        (src.maps, src.positions, src.pitch),
        weights,
    )


# rows and vectors of 16 weights whose sums are in registers, by lanes of the CPU
SUMMED = {LANES: (3, 1), PARTIAL: (6, 3)}


def place_sums(batch: BatchFull, lay: LearnLayout, lanes: int) -> FullSums:
    """Place the sums of descents as the weights lie, and room for states turned round."""
    (planes, _, pitch), (maps, _, run) = batch.rows, batch.columns
    row = -(-maps * run // PARTIAL) * PARTIAL
    size = planes * pitch * batch.weights.pitch
    return FullSums(lay.sums.take(size), lay.batch.arena.take(row), row, *SUMMED[lanes], size)
