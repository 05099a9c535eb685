"""Rooms: which room each kind of node lives in."""

from __future__ import annotations

from typing import Any

from sn.emit.bias import Biases
from sn.emit.dense.room import Dense
from sn.emit.memory import Layout
from sn.emit.room import Room
from sn.emit.sparse.room import Sparse
from sn.emit.subsample.room import Subsampling
from sn.emit.windows.room import Windows
from sn.lower.expand import node_as_rows
from sn.lower.ir import Bias, Full, Node, Plan, Rows, Subsample, Window

ROOMS: dict[type[Any], Room[Any, Any, Any]] = {
    Bias: Biases(),
    Full: Dense(),
    Window: Windows(),
    Subsample: Subsampling(),
    Rows: Sparse(),
}


def room_of(node: Node) -> Room[Any, Any, Any]:
    """Return the room of a node."""
    return ROOMS[type(node)]


def fitting(node: Node, plan: Plan, lay: Layout) -> Node:
    """A node whose room lacks its combine, or the shape of its layers in memory, runs as rows."""
    why = room_of(node).misses(node) or room_of(node).fits(node, plan, lay)
    return node_as_rows(node, plan.table, why) if why else node
