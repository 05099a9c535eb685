"""Report: a plan becomes the words and numbers of `sn check`.

Connections are told as the program groups them, each with the nodes that hold its rows, so that a
reader sees which statement the compiler made loops of, and which it walks row by row.

Read next: ../results/check_report.py for what a report holds.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sn.errors import Notice
from sn.lower.ir import Plan
from sn.lower.parts import parts_into
from sn.net.expr import substitute, variable
from sn.net.layer import Layer
from sn.net.loss import Loss, split
from sn.net.table import ConnectionTable
from sn.results.check_report import CheckReport, ConnectionReport, FormulaReport, LayerReport


def check_report(plan: Plan, cost: Loss, warnings: tuple[Notice, ...]) -> CheckReport:
    """Return layers in the shapes of their grids, connections, formulas and totals of a net."""
    table = plan.original
    layers = tuple(
        LayerReport(layer.name, layer.shape, layer.size, _kind(table, layer) + _left_out(layer))
        for layer in plan.layers
    )
    return CheckReport(
        table.name,
        layers,
        tuple(_connections(plan)),
        table.counted_units,
        table.n_rows,
        table.n_weights,
        tuple(_formulas(plan, cost)),
        warnings,
    )


def _left_out(layer: Layer) -> str:
    """Return in words which share of a layer training leaves out."""
    return f", dropout {layer.dropout:g}" if layer.dropout else ""


def _kind(table: ConnectionTable, layer: Layer) -> str:
    """Return what the units of a layer do: their non-linearity, or what they show of a pattern."""
    if layer.start is not None:
        return table.input_text(layer)
    return f"{layer.activation}{', output' if layer.is_output else ''}"


def _connections(plan: Plan) -> Iterator[ConnectionReport]:
    """Yield what each statement of the program connects, and the nodes that hold its rows."""
    table = plan.table
    nodes: dict[str, list[str]] = {}
    for node in plan.nodes:
        nodes.setdefault(node.label, []).append(str(node))
    holders = _holders(table)
    counts = zip(*(column.tolist() for column in table.group_counts), strict=True)
    for index, (group, (n_rows, n_weights)) in enumerate(zip(table.groups, counts, strict=True)):
        found = "no connections"
        if n_rows:
            # what border units feed is in the windows of another connection
            label = holders[index]
            found = "; ".join(nodes[label]) if label == group.label else f"with {label}"
        yield ConnectionReport(group.label, group.scheme, n_rows, n_weights, n_rows, found)


def _holders(table: ConnectionTable) -> dict[int, str]:
    """The label of the part that most rows of each group are in, which its nodes bear too."""
    counts: dict[int, dict[str, int]] = {}
    for dst in range(len(table.layers)):
        for part in parts_into(table, dst):
            groups, sizes = np.unique(table.group[part.rows], return_counts=True)
            for group, count in zip(groups.tolist(), sizes.tolist(), strict=True):
                counts.setdefault(group, {})[part.label] = count
    return {group: max(labels, key=lambda one: labels[one]) for group, labels in counts.items()}


def _formulas(plan: Plan, cost: Loss) -> Iterator[FormulaReport]:
    """Yield the formulas of the net's layers, and of its cost, that the program wrote in Lisp."""
    for layer in plan.layers:
        if (f := layer.activation).written:
            computed = str(substitute(f.value, "a", variable("x")))
            yield FormulaReport(f"layer {layer.name}", f.written, computed)
    for layer, (_, one) in zip(plan.table.output_layers, split(cost, 0), strict=False):
        if one.written:
            name = "the cost" if cost is one else f"the cost at {layer.name}"
            computed = one.written if one.reductions else str(one.plain)
            yield FormulaReport(name, one.written, computed)
