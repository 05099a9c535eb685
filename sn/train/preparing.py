"""Preparing: what an experiment makes of a data set before its nets are shown any of it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from sn.data import Dataset, Part
from sn.data.rows import TargetKind
from sn.data.streamed import Streamed
from sn.net.table import ConnectionTable
from sn.train.criteria import Criterion
from sn.train.draws import Draws
from sn.train.engines import Floats32
from sn.train.experiment import ExperimentSpec
from sn.train.tally import Judging
from sn.train.targets import Desired, desired_at, judged


def desired_of(
    spec: ExperimentSpec, table: ConnectionTable, dataset: Dataset, targets: Any
) -> Floats32:
    """Return what the outputs should be for some targets of a data set: (n, n_outputs)."""
    layers = table.output_layers
    ranges = [spec.targets_at(layer.name) for layer in layers]
    return desired_at(layers, targets, dataset.kind, ranges)


def wanted_of(
    spec: ExperimentSpec, table: ConnectionTable, dataset: Dataset, part: Part
) -> Floats32 | Desired:
    """Return what is desired of a set; of one that is streamed, when it is asked for."""
    if not isinstance(part.inputs, Streamed):
        return desired_of(spec, table, dataset, part.targets)
    make = partial(desired_of, spec, table, dataset)
    return Desired(part.targets, dataset.kind, len(dataset.classes), table.n_outputs, make)


def criterion_of(
    spec: ExperimentSpec, table: ConnectionTable, kind: TargetKind
) -> Criterion | None:
    """Return which patterns are misses, None where nothing is right or wrong."""
    count = len(range(table.n_outputs)[judged(table.output_layers, kind)])
    return spec.criterion_for(kind, count)


def judging_of(
    spec: ExperimentSpec,
    table: ConnectionTable,
    criterion: Criterion | None,
    kind: TargetKind,
    classes: tuple[str, ...],
) -> Judging:
    """Return what decides what is told of outputs."""
    middle = sum(spec.targets) / 2
    return Judging(criterion, spec.cost, kind, classes, middle, table.output_layers)


def draws_of(
    spec: ExperimentSpec, table: ConnectionTable, dataset: Dataset, seed: int, phase: int
) -> Draws | None:
    """Return what chance does to the presentations of a phase, None for nothing."""
    if spec.augmentation is None and not table.dropped_layers:
        return None
    border = table.layers[0].border
    if dataset.ends is not None:
        least = dataset.ends[-1]
    else:
        least = float(np.nanmin(np.asarray(dataset.train.inputs), initial=np.inf))
    background = border if border is not None else least if np.isfinite(least) else 0.0
    return Draws(table, spec.augmentation, seed, background, phase)
