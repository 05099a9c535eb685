"""Expand: nodes of a plan give their rows back, in the net's own unit numbers.

`verify` demands that they equal the rows of the table, each once: recognition never changes a net.

Read next: ir.py for the nodes, recognise.py for where they come from.
"""

from __future__ import annotations

import numpy as np

from sn.errors import SnInternalError
from sn.lower.ir import Bias, Full, Node, Plan, Rows, Subsample, Window
from sn.net.layer import Ints
from sn.net.table import ConnectionTable


def expand(node: Node, plan: Plan) -> tuple[Ints, Ints, Ints]:
    """Return the rows of a node as columns dst, src, wid, in the net's own unit numbers.

    A constant upstream unit is given as -1 - its class, see `constant_class`: constants of one
    value are interchangeable.
    """
    dst, src, wid = _rows_on_grids(node, plan.table)
    if plan.is_plain:
        return dst, src, wid
    # a class is negative: it stays what it is
    return plan.order[dst], np.where(src < 0, src, plan.order[src]), wid


def _rows_on_grids(node: Node, table: ConnectionTable) -> tuple[Ints, Ints, Ints]:
    """Return the rows of a node as `expand` does, in grid positions."""
    layer = table.layers[node.dst]
    units = layer.first + np.arange(layer.size, dtype=np.int32)
    match node:
        case Bias():
            wid = np.repeat(node.wid, layer.size // len(node.wid))
            return units, np.full(layer.size, -1 - _class_of(table, 1.0), np.int32), wid
        case Full():
            src_layer = table.layers[node.src]
            src = src_layer.first + np.arange(src_layer.size, dtype=np.int32)
            return (
                np.repeat(units, src_layer.size),
                np.tile(src, layer.size),
                node.wid.ravel(),
            )
        case Window():
            return _expand_window(node, table)
        case Subsample():
            return _expand_subsample(node, table)
        case Rows():
            return node.dst_unit, constant_class(table)[node.src_unit], node.wid


def _expand_window(node: Window, table: ConnectionTable) -> tuple[Ints, Ints, Ints]:
    grid, field = node.grid, node.field
    rows, cols = node.sites()
    shape = (len(node.pairs), *node.kernel, grid.rows, grid.cols)
    site_row = np.broadcast_to(rows.T[None, :, None, :, None], shape)
    site_col = np.broadcast_to(cols.T[None, None, :, None, :], shape)
    pairs = np.array(node.pairs, np.int32)
    src_map = pairs[:, 1].reshape(-1, 1, 1, 1, 1)
    inside = (site_row >= 0) & (site_row < field.rows) & (site_col >= 0) & (site_col < field.cols)
    first = table.layers[node.src].first
    src = first + src_map * field.positions + site_row * field.cols + site_col
    if node.border is not None:
        src = np.where(inside, src, -1 - _class_of(table, node.border))
    position = np.arange(grid.positions).reshape(grid.rows, grid.cols)
    dst_map = pairs[:, 0].reshape(-1, 1, 1, 1, 1)
    dst = table.layers[node.dst].first + dst_map * grid.positions + position[None, None, None]
    wid = node.wid[..., None, None] if node.shared else node.wid
    return (
        np.broadcast_to(dst, shape).astype(np.int32).ravel(),
        src.astype(np.int32).ravel(),
        np.broadcast_to(wid, shape).ravel(),
    )


def _expand_subsample(node: Subsample, table: ConnectionTable) -> tuple[Ints, Ints, Ints]:
    grid, field = node.grid, node.field
    rows, cols = node.sites()
    site = rows[:, None, :, None] * field.cols + cols[None, :, None, :]
    plane = np.arange(grid.maps, dtype=np.int32).reshape(-1, 1, 1, 1, 1)
    unit = np.arange(grid.maps * grid.positions, dtype=np.int32)
    columns = np.broadcast_arrays(
        table.layers[node.dst].first + unit.reshape(grid.maps, grid.rows, grid.cols, 1, 1),
        table.layers[node.src].first + plane * field.positions + site,
        node.wid.reshape(-1, 1, 1, 1, 1),
    )
    dst, src, wid = (column.ravel().astype(np.int32) for column in columns)
    return dst, src, wid


def node_as_rows(node: Node, table: ConnectionTable, why: str) -> Rows:
    """Return any node as plain rows whose weights may serve others too."""
    dst, src, wid = _rows_on_grids(node, table)
    constant = np.flatnonzero(~np.isnan(table.constant))
    of_class = np.zeros(len(constant) + 1, np.int32)
    of_class[-1 - constant_class(table)[constant]] = constant
    src = np.where(src < 0, of_class[-1 - np.minimum(src, -1)], src).astype(np.int32)
    order = np.argsort(dst, kind="stable")
    columns = dst[order], src[order], wid[order]
    return Rows(node.dst, *columns, True, node.label, why, node.span, node.combine)


def constant_class(table: ConnectionTable) -> Ints:
    """Return, per unit, its own number, or -1 - class for a constant: (n_units,) int32."""
    code = np.arange(table.n_units, dtype=np.int32)
    constant = ~np.isnan(table.constant)
    _, classes = np.unique(table.constant[constant], return_inverse=True)
    code[constant] = -1 - classes.astype(np.int32)
    return code


def _class_of(table: ConnectionTable, value: float) -> int:
    values = np.unique(table.constant[~np.isnan(table.constant)])
    return int(np.searchsorted(values, value))


def verify(plan: Plan) -> None:
    """Demand that the plan's rows are those of the net's own table, each once, combined alike.

    Raises: SnInternalError otherwise; recognition must never change a net.
    """
    table = plan.original
    wanted = [table.dst, constant_class(table)[table.src], table.wid]
    none = np.zeros(0, np.int32)
    for number, combine in enumerate(table.combines):
        parts = [expand(node, plan) for node in plan.nodes if node.combine == combine]
        found = [np.concatenate([part[i] for part in parts]) if parts else none for i in range(3)]
        mine = wanted
        if len(table.combines) > 1:
            mine = [column[table.combine_of_row == number] for column in wanted]
        if len(found[0]) != len(mine[0]) or not _same_rows(table, found, mine):
            raise SnInternalError(f"the plan of net {table.name} does not expand to its table")


def _same_rows(table: ConnectionTable, found: list[Ints], wanted: list[Ints]) -> bool:
    """Whether columns of unit, code of `constant_class` and weight hold the same rows."""
    limits = (table.n_units, table.n_units, table.n_weights)
    for column, other, limit in zip(found, wanted, limits, strict=True):
        if len(column) and (column.min() < other.min() or column.max() >= limit):
            return False
    codes = 2 * table.n_units
    if table.n_units * codes * table.n_weights >= 2**63:
        return all(
            np.array_equal(a, b) for a, b in zip(_ordered(found), _ordered(wanted), strict=True)
        )
    # one number a row sorts many times faster than three columns
    packed = [
        np.sort((dst.astype(np.int64) * codes + code + table.n_units) * table.n_weights + wid)
        for dst, code, wid in (found, wanted)
    ]
    return bool(np.array_equal(packed[0], packed[1]))


def _ordered(columns: list[Ints]) -> list[Ints]:
    order = np.lexsort((columns[2], columns[1], columns[0]))
    return [column[order] for column in columns]
