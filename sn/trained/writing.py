"""Write: a table, its weights and what is known about them become one file.

    write_trained(path, table, weights, about)

Equal nets give equal bytes: nothing in the file tells when, where or by whom it was written.
Read next: reading.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.errors import Span
from sn.net.costs import Cost
from sn.net.layer import Layer, Parameter
from sn.net.loss import split
from sn.net.table import ConnectionTable
from sn.paths import legal_name
from sn.results.arrays import write_arrays
from sn.results.lines import json_line
from sn.trained import header as h
from sn.trained.about import About
from sn.trained.formulas import to_lists

Array = NDArray[np.generic]
_HASHED = ("units/", "rows/", h.VALUES)  # what has a hash of its own


def file_name(net: str) -> str:
    """Return the name of a net's file; what no file may be called becomes `_`."""
    return legal_name(net, "net") + h.SUFFIX


def write_trained(
    path: Path,
    table: ConnectionTable,
    weights: NDArray[Any],
    about: About,
    curvature: NDArray[Any] | None = None,
) -> None:
    """Write the file of a trained net, whole or not at all.

    Shapes: weights, curvature: (n_weights,), in weight order.
    Raises: TrainError when the file cannot be written, NetError when a connection does not combine
    by weighted sum, which the file does not tell.
    """
    table.demand_weighted_sums("the file of a trained net")
    arrays = table_arrays(table)
    for parameter in table.parameters:
        arrays[h.VALUES + parameter.name] = weights[parameter.wid].astype(np.float32)
        arrays[h.NUMBERS + parameter.name] = parameter.wid
        if curvature is not None:
            arrays[h.CURVATURE + parameter.name] = curvature[parameter.wid].astype(np.float32)
    if about.scaling is not None:
        scaling = about.scaling
        for name, column in zip(
            h.SCALING, (scaling.shift, scaling.factor, scaling.fill), strict=True
        ):
            arrays[name] = column.astype(np.float64)
    sums = h.HashesPart(
        data=about.data.hash,
        table=table_hash(table),
        weights=weights_hash(weights),
        others=others_hash(arrays),
    )
    words = _header(table, about, sums)
    write_arrays(path, arrays, {h.HEADER: json_line(words)})


def table_arrays(table: ConnectionTable) -> dict[str, Array]:
    """Return the columns of a table under the names they have in a file."""
    return {
        h.CONSTANT: table.constant,
        h.DST: table.dst,
        h.SRC: table.src,
        h.WEIGHT: table.wid,
        h.GROUP: table.group,
    }


def table_hash(table: ConnectionTable) -> str:
    """Return the SHA-256 of a table's columns, one after the other."""
    return _hash(table_arrays(table).values())


def weights_hash(weights: NDArray[Any]) -> str:
    """Return the SHA-256 of the weights in weight order, as float32."""
    return _hash([weights.astype(np.float32)])


def others_hash(arrays: Mapping[str, Array]) -> str:
    """Return the SHA-256 of all arrays of a file but the table and the weights, by name."""
    names = sorted(name for name in arrays if not name.startswith(_HASHED))
    return _hash(arrays[name] for name in names)


def _hash(arrays: Iterable[Array]) -> str:
    hashed = hashlib.sha256()
    for array in arrays:
        hashed.update(array.astype(array.dtype.newbyteorder("<")).tobytes())
    return hashed.hexdigest()


def _header(table: ConnectionTable, about: About, sums: h.HashesPart) -> h.Header:
    criterion = None
    costs = [cost for _, cost in split(about.cost, table.n_outputs)]
    if about.criterion is not None:
        numbers = [float(number) for number in about.criterion.numbers]
        criterion = h.CriterionPart(name=about.criterion.name, numbers=numbers)
    return h.Header(
        format=h.FORMAT,
        name=table.name,
        layers=[_layer(layer, _role(table, layer)) for layer in table.layers],
        groups=_groups(table),
        parameters=_parameters(table),
        cost=_cost(costs[-1]),
        inputs=h.InputsPart(
            low=about.input_range[0],
            high=about.input_range[1],
            columns=[h.ColumnPart(name=one.name, values=list(one.values)) for one in about.columns],
        ),
        targets=h.TargetsPart(
            kind=about.kind,
            classes=list(about.classes),
            low=float(about.low),
            high=float(about.high),
            criterion=criterion,
        ),
        training=h.TrainingPart(
            data=about.data.name,
            optimizer=about.optimizer,
            options=about.options,
            settings=about.settings,
            seed=about.seed,
            passes=about.passes,
            scores=about.scores,
        ),
        sources=[h.SourcePart(name=one.name, text=one.text) for one in about.sources],
        versions=dict(sorted(about.versions.items())),
        hashes=sums,
        outputs=_outputs(table, about, costs),
    )


def _role(table: ConnectionTable, layer: Layer) -> h.Role:
    if layer.start is not None:
        return h.Role.INPUT
    is_output = layer.name in [one.name for one in table.output_layers]
    return h.Role.OUTPUT if is_output else h.Role.HIDDEN


def _outputs(table: ConnectionTable, about: About, costs: list[Cost]) -> list[h.OutputPart]:
    """Return what is said of each of several output layers."""
    if len(costs) == 1:
        return []
    both = zip(table.output_layers, about.ranges_of(table), costs, strict=True)
    return [
        h.OutputPart(layer=layer.name, low=low, high=high, cost=_cost(cost))
        for layer, (low, high), cost in both
    ]


def _layer(layer: Layer, role: h.Role) -> h.LayerPart:
    function = h.FunctionPart(
        name=layer.activation.name,
        value=to_lists(layer.activation.value),
        is_plain=layer.activation.is_plain,
        written=layer.activation.written,
    )
    return h.LayerPart(
        name=layer.name,
        shape=[int(size) for size in layer.shape],
        first=layer.first,
        role=role,
        function=function,
        border=layer.border,
        start=layer.start,
        dropout=layer.dropout,
    )


def _groups(table: ConnectionTable) -> list[h.GroupPart]:
    counts = zip(*(column.tolist() for column in table.group_counts), strict=True)
    return [
        h.GroupPart(
            label=group.label,
            scheme=group.scheme,
            connections=connections,
            weights=weights,
            place=_place(group.span),
        )
        for group, (connections, weights) in zip(table.groups, counts, strict=True)
    ]


def _place(span: Span | None) -> str:
    """Return where a form stands, without the folder that the file was in."""
    return f"{Path(span.file).name}:{span.line}:{span.column}" if span else ""


def _parameters(table: ConnectionTable) -> list[h.ParameterPart]:
    of_weight = np.full(table.n_weights, -1)
    for number, parameter in enumerate(table.parameters):
        of_weight[parameter.wid] = number
    # which groups use each array
    n_groups = max(1, len(table.groups))
    pairs = np.unique(of_weight[table.wid] * n_groups + table.group)
    used: list[list[int]] = [[] for _ in table.parameters]
    for pair in pairs[pairs >= 0].tolist():
        used[pair // n_groups].append(pair % n_groups)
    return [_parameter(table, *both) for both in zip(table.parameters, used, strict=True)]


def _parameter(
    table: ConnectionTable, parameter: Parameter, used: Sequence[int]
) -> h.ParameterPart:
    return h.ParameterPart(
        name=parameter.name,
        connects=[table.groups[number].label for number in used],
        maps=None if parameter.maps is None else [list(map(int, row)) for row in parameter.maps],
        keys=None if parameter.keys is None else list(parameter.keys),
    )


def _cost(cost: Cost) -> h.CostPart:
    derivatives = None
    if cost.derivatives is not None:
        derivatives = h.DerivativesPart(
            slope=to_lists(cost.derivatives.slope),
            bend=to_lists(cost.derivatives.bend),
            mixed=None if (u := cost.derivatives.mixed) is None else to_lists(u),
        )
    return h.CostPart(
        name=cost.name,
        value=to_lists(cost.value),
        written=cost.written,
        is_mean=cost.is_mean,
        reductions=[
            h.ReductionPart(name=one.name, how=one.how, of=to_lists(one.of))
            for one in cost.reductions
        ],
        derivatives=derivatives,
        share=None if cost.share is None else to_lists(cost.share),
    )
