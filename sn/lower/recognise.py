"""Recognise: rows of a table become nodes of a plan, from the rows alone.

Layers get their grids first (grids.py). Then rows are split by downstream and upstream layer, and
by how they combine; each part is tried against the rules in `rules/` in this order: full (cheapest
to test), subsample, windows without wrap, windows with wrap. What fits none stays as rows, with the
reason. A weight must live in one node only; parts that share one become rows.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from sn.lower.expand import node_as_rows, verify
from sn.lower.grids import find_grids
from sn.lower.ir import Bias, Node, Part, Plan, Rows, laid_out
from sn.lower.parts import parts_into
from sn.lower.rules.full import match_full
from sn.lower.rules.subsample import match_subsample
from sn.lower.rules.windows import match_windows
from sn.net.layer import Ints
from sn.net.table import ConnectionTable
from sn.net.upstream import BIAS, CONSTANTS


def lower(table: ConnectionTable) -> Plan:
    """Return the plan of `table`, verified against it: grids of its layers, and nodes over them."""
    grids = find_grids(table)
    laid = laid_out(table, grids)
    nodes: list[Node] = []
    for dst in range(len(laid.layers)):
        for part in parts_into(laid, dst):
            nodes += [_combining(node, part) for node in _recognise(laid, part)]
    plan = Plan(table, tuple(_untie(laid, nodes)), grids)
    verify(plan)
    return plan


def _combining(node: Node, part: Part) -> Node:
    """Return a node that combines as the rows of its part do."""
    if isinstance(node, Bias) or node.combine == part.combine:
        return node
    return dataclasses.replace(node, combine=part.combine)


def _recognise(table: ConnectionTable, part: Part) -> list[Node]:
    if part.src == BIAS:
        return [_bias(table, part)]
    if part.src == CONSTANTS:
        return [as_rows(table, part, "only constant units feed them")]
    full = match_full(table, part)
    if full is not None:
        return [full]
    pooled = match_subsample(table, part)
    if pooled is not None:
        return [pooled]
    found, why = match_windows(table, part)
    if found is None:
        return [as_rows(table, part, why)]
    if found.held.all():
        return [found.node]
    rest = dataclasses.replace(part, rows=part.rows[~found.held])
    return [found.node, as_rows(table, rest, "the rest, which completes no window")]


def _bias(table: ConnectionTable, part: Part) -> Node:
    layer = table.layers[part.dst]
    wid = table.wid[part.rows]
    if len(part.rows) != layer.size:
        return as_rows(table, part, "some units have a bias and some have none")
    distinct = int(np.count_nonzero(np.bincount(wid)))
    if distinct == layer.size:
        return Bias(part.dst, layer.size, wid, False, part.label, part.span)
    maps = wid.reshape(distinct, -1) if layer.size % distinct == 0 else wid[None]
    if np.all(maps == maps[:, :1]) and len(layer.shape) > 1 and distinct == layer.shape[0]:
        return Bias(part.dst, layer.size, maps[:, 0].copy(), True, part.label, part.span)
    if distinct == 1 and len(layer.shape) == 1:
        return Bias(part.dst, layer.size, wid[:1].copy(), True, part.label, part.span)
    return as_rows(table, part, "biases are shared by other units than the maps")


def as_rows(table: ConnectionTable, part: Part, why: str) -> Rows:
    """Return the part as plain rows."""
    wid: Ints = table.wid[part.rows]
    shared = bool(np.bincount(wid).max() > 1)
    dst, src = table.dst[part.rows], table.src[part.rows]
    return Rows(part.dst, dst, src, wid, shared, part.label, why, part.span)


def _untie(table: ConnectionTable, nodes: list[Node]) -> list[Node]:
    """Turn every node that shares a weight with another node into rows."""
    owner = np.full(table.n_weights, -1, np.int32)
    tied: set[int] = set()
    for index, node in enumerate(nodes):
        before = owner[node.wid]
        if np.any(before >= 0):
            tied |= {index, *np.flatnonzero(np.bincount(before[before >= 0])).tolist()}
        owner[node.wid] = index
    if not tied:
        return nodes
    why = "its weights also serve other connections"
    return [
        node_as_rows(node, table, why) if index in tied else node
        for index, node in enumerate(nodes)
    ]
