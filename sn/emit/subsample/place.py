"""Place for subsampling: the numbers and the packed weights of sections.

Read next: pool.py for the geometry, sections.py and evaluate.py for what runs.
"""

from __future__ import annotations

import numpy as np

from sn.emit.memory import Layout, map_pitch, whole_vectors
from sn.emit.subsample.evaluate import BatchSubsample
from sn.emit.subsample.pool import Pool
from sn.emit.subsample.sections import Subsample
from sn.lower import ir


def pool_of(node: ir.Subsample) -> Pool:
    """The part of a node that concerns one map; there is one way to run it."""
    return Pool(
        (node.grid.rows, node.grid.cols),
        (node.field.rows, node.field.cols),
        node.kernel,
        node.stride,
    )


def place_subsample(node: ir.Subsample, lay: Layout) -> Subsample:
    """Place a node that fits its layers: coefficients side by side, sums of windows map by map."""
    pool = pool_of(node)
    dst, src = lay.layers[node.dst], lay.layers[node.src]
    dst_pitch = map_pitch(dst, node.grid.maps, node.grid.positions)
    src_pitch = map_pitch(src, node.field.maps, node.field.positions)
    assert dst_pitch is not None and src_pitch is not None
    maps = node.grid.maps
    slots = np.full(whole_vectors(maps), -1, np.int32)
    slots[:maps] = node.wid
    return Subsample(
        pool,
        maps,
        src.state,
        src.grad,
        src_pitch,
        dst.state,
        dst.grad,
        dst_pitch,
        lay.arena.take(maps * pool.width),
        lay.arena.take(maps * pool.width),
        lay.weights.add(slots),
    )


def place_batch(node: ir.Subsample, plan: ir.Plan, placed: Subsample) -> BatchSubsample:
    """Place a node for batches; the packed coefficients are those of training."""
    first, source = (plan.layers[index].first for index in (node.dst, node.src))
    return BatchSubsample(placed.pool, placed.maps, first, source, placed.weights)
