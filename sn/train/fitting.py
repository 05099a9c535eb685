"""Fitting: whether a net takes the patterns of a data set, and can be told its targets."""

from __future__ import annotations

from collections.abc import Sequence

from sn.codes import Code
from sn.data.base import Dataset
from sn.data.rows import TargetKind
from sn.errors import DataError
from sn.net.layer import Layer, pattern_size
from sn.net.table import ConnectionTable
from sn.train.experiment import ExperimentSpec
from sn.train.targets import n_outputs


def check_sizes(spec: ExperimentSpec, table: ConnectionTable, dataset: Dataset) -> None:
    """Hold the input and the output layers to the sizes of the patterns and targets.

    Raises: DataError when one does not fit.
    """
    count = len(dataset.classes)
    what = {TargetKind.VALUES: "target", TargetKind.LABELS: "label"}.get(dataset.kind, "class")
    plural = {"class": "classes"}.get(what, f"{what}s")
    inputs = f"{_many(dataset.n_inputs, 'number')} a pattern"
    _fits(spec.net, dataset, table.input_layers, (dataset.n_inputs,), inputs)
    words = f"{count} {plural if count != 1 else what}"
    # each of several output layers is told the class; labels and values are dealt out to them
    groups: list[tuple[Layer, ...]] = [table.output_layers]
    if dataset.kind is TargetKind.CLASSES:
        groups = [(layer,) for layer in table.output_layers]
    for layers in groups:
        _fits(spec.net, dataset, layers, n_outputs(dataset.kind, count), words)
    told = {spec.targets_at(layer.name) for layer in table.output_layers}
    if dataset.kind is TargetKind.LABELS and len(told) > 1 and spec.criterion is None:
        raise DataError(
            f"data set {dataset.name} has labels, and the output layers of net {spec.net} "
            "have targets of their own",
            span=spec.span,
            hint="give all of them the same targets, or say a criterion",
        )


def _fits(
    net: str, dataset: Dataset, layers: Sequence[Layer], sizes: tuple[int, ...], words: str
) -> None:
    """Raise DataError unless layers have as many units between them as one of `sizes`."""
    size = pattern_size(layers) if layers[0].start is not None else sum(x.size for x in layers)
    if size in sizes:
        return
    wanted = " or ".join(str(size) for size in sizes)
    names = ", ".join(layer.name for layer in layers)
    s, has = ("", "has") if len(layers) == 1 else ("s", "have")
    raise DataError(
        f"data set {dataset.name} has {words}, layer{s} {names} of net {net} {has} "
        f"{_many(size, 'unit')}",
        code=Code.MISFIT,
        span=layers[0].span,
        hint=f"give the layer{s} {wanted}, or take other data",
    )


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
