"""Scoring: from outputs and targets to errors and misses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.data.rows import TargetKind
from sn.net import expr
from sn.net.costs import Cost
from sn.net.loss import Loss, split
from sn.results.record import Scores
from sn.results.reports import (
    Report,
    class_report,
    label_report,
    missed_classes,
    missed_labels,
    value_report,
)
from sn.train.criteria import Criterion

Floats32 = NDArray[np.float32]


def score(
    outputs: Floats32,
    targets: Floats32,
    criterion: Criterion | None,
    cost: Loss | None = None,
    judged: slice = slice(None),
) -> Scores:
    """Return mean error and misses, which are the patterns that the criterion finds wrong, if any.

    Units: the error is the cost per output, averaged over patterns: a cost that is a sum over the
    outputs is divided by their number, one that is a mean over them is taken as it is. SN's half
    squares, half the squared difference averaged over outputs and patterns, are the error of `lms`
    and of no cost at all, and stand beside that of another one.
    Of several output layers the error is the sum of theirs, each times its weight; misses and half
    squares are of the columns that are `judged`, which are `answers` first.
    Source: SN 2.8, perf; half squares are the unit of the 1989 paper's figures.
    """
    given, desired = answers(outputs, cost)[:, judged], targets[:, judged]
    difference = given.astype(np.float64) - desired
    squares = 0.5 * float(np.mean(difference * difference)) if difference.size else 0.0
    misses = None if criterion is None else criterion.misses(given, desired)
    if cost is None or (isinstance(cost, Cost) and cost.name == "lms"):
        return Scores(squares, misses, len(targets))
    return Scores(error_of(cost, outputs, targets), misses, len(targets), squares)


def answers(outputs: NDArray[Any], cost: Loss | None) -> NDArray[Any]:
    """Return outputs as they compare with targets: (n, n_outputs).

    The outputs of a layer whose cost is a cross-entropy become shares, from 0 to 1; all others
    are as they are.
    """
    if cost is None or not outputs.size:
        return outputs
    parts = list(split(cost, outputs.shape[1]))
    if all(one.share is None for _, one in parts):
        return outputs
    return np.hstack([one.answers(outputs[:, part]) for part, one in parts])


def report(
    outputs: NDArray[Any],
    targets: NDArray[Any],
    kind: TargetKind,
    names: Sequence[str],
    threshold: float,
) -> Report:
    """Return what else is told of a set, for its kind of targets; outputs are `answers`.

    Shapes: outputs, targets: (n, n_outputs); `threshold` is half way between the two targets.
    """
    if kind is TargetKind.CLASSES:
        return class_report(outputs, targets, names, threshold)
    if kind is TargetKind.LABELS:
        return label_report(outputs, targets, names, threshold)
    return value_report(outputs, targets, names)


def missed(
    outputs: NDArray[Any], targets: NDArray[Any], kind: TargetKind, count: int, threshold: float
) -> NDArray[np.int64]:
    """Return the misses of each of `count` classes or labels, (k,), as in `report`, but at once.

    Shapes: outputs, targets: (n, n_outputs).
    """
    if kind is TargetKind.CLASSES:
        return missed_classes(outputs, targets, count, threshold)
    return missed_labels(outputs, targets, threshold)


def error_of(cost: Loss, outputs: Floats32, targets: Floats32) -> float:
    """Return the cost per output, averaged over patterns; infinite or NaN where a cost is."""
    if not outputs.size:
        return 0.0
    parts = split(cost, outputs.shape[1])
    return sum(_error_of(one, outputs[:, part], targets[:, part]) for part, one in parts)


def _error_of(cost: Cost, outputs: Floats32, targets: Floats32) -> float:
    with np.errstate(all="ignore"):
        ends = cost.ends(outputs.astype(np.float64), targets.astype(np.float64))
        values = np.broadcast_to(expr.evaluate(cost.value, ends), outputs.shape)
        return float(np.mean(np.sum(values, axis=1))) / divisor(cost, outputs.shape[1])


def divisor(cost: Cost, n_outputs: int) -> int:
    """Return what the cost of a pattern is divided by to be one per output."""
    return 1 if cost.is_mean else n_outputs
