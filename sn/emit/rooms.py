"""Rooms: which room each kind of node lives in."""

from __future__ import annotations

from typing import Any

from sn.emit.bias import Biases
from sn.emit.dense.room import Dense
from sn.emit.room import Room
from sn.emit.sparse.room import Sparse
from sn.emit.subsample.room import Subsampling
from sn.emit.windows.room import Windows
from sn.lower.ir import Bias, Full, Node, Rows, Subsample, Window

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
