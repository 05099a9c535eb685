"""Place for plain rows: lists of indices, weights in row order or packed once where shared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sn.emit.memory import BatchLayout, Layout, whole_vectors
from sn.emit.sparse.evaluate import BatchRows
from sn.emit.sparse.sections import RowList
from sn.emit.vector import LANES
from sn.lower.ir import Rows
from sn.net.layer import Ints


@dataclass(frozen=True, slots=True)
class SharedRows:
    """The weights that rows nodes share: packed once, with scratch for their gradients."""

    weights: int
    descents: int
    curvs: int
    size: int
    slot: dict[int, int]


def place_shared_rows(nodes: Sequence[Rows], lay: Layout) -> SharedRows | None:
    """Pack the weights of all shared rows nodes once; None where there are none."""
    shared = [node.wid for node in nodes if node.is_shared]
    if not shared:
        return None
    wid = np.unique(np.concatenate(shared))
    size = whole_vectors(len(wid) + 1)  # one slot at least is a pad: rows that fill up point there
    slots = np.full(size, -1, np.int32)
    slots[: len(wid)] = wid
    at = lay.weights.add(slots)
    slot = {int(weight): index for index, weight in enumerate(wid)}
    return SharedRows(at, lay.arena.take(size), lay.arena.take(size), size, slot)


def place_rows(node: Rows, lay: Layout, shared: SharedRows | None) -> tuple[RowList, Ints | None]:
    """Place plain rows, each unit's padded to whole vectors; return also which weight each has."""
    heads, order, count = row_blocks(node)
    source = np.full(count, lay.zero, np.int32)
    source[order] = lay.unit[node.src_unit]
    head = np.array([[lay.unit[unit], first, n] for unit, first, n in heads], np.int32)
    table, sources = lay.tables.add(head), lay.tables.add(source)
    if not node.is_shared:
        slots = np.full(count, -1, np.int32)
        slots[order] = node.wid
        weights = lay.weights.add(slots)
        return RowList(len(heads), table, sources, 0, weights, 0, 0, False), None
    assert shared is not None
    which = np.full(count, shared.size - 1, np.int32)
    which[order] = [shared.slot[int(weight)] for weight in node.wid]
    listed = RowList(
        len(heads),
        table,
        sources,
        lay.tables.add(which),
        shared.weights,
        shared.descents,
        shared.curvs,
        True,
    )
    return listed, which


def row_blocks(node: Rows) -> tuple[list[tuple[int, int, int]], Ints, int]:
    """Return (unit, first slot, slots) per unit, the slot of each row, and the slots in all."""
    units, starts, counts = np.unique(node.dst_unit, return_index=True, return_counts=True)
    padded = -(-counts // LANES) * LANES
    first = np.concatenate([[0], np.cumsum(padded)[:-1]])
    order = np.repeat(first - starts, counts) + np.arange(len(node.dst_unit))
    heads = [(int(u), int(f), int(n)) for u, f, n in zip(units, first, padded, strict=True)]
    return heads, order.astype(np.int32), int(padded.sum())


def place_batch_rows(
    node: Rows,
    lay: BatchLayout,
    placed: RowList,
    which: Ints | None,
) -> BatchRows:
    """Place plain rows for batches: the slots of training, the units of the net."""
    heads, order, count = row_blocks(node)
    source = np.full(count, lay.zero, np.int32)
    source[order] = node.src_unit
    counts = np.bincount(node.dst_unit, minlength=int(node.dst_unit.max()) + 1)
    head = np.array([[unit, first, counts[unit]] for unit, first, _ in heads], np.int32)
    return BatchRows(
        len(heads),
        lay.tables.add(head),
        lay.tables.add(source),
        lay.tables.add(which) if which is not None else 0,
        placed.weights,
        placed.is_shared,
    )
