"""Stability: how large a learning rate of gradient descent may be, from the curvature of the cost.

Down a quadratic cost with the largest curvature L a step of rate R overshoots its minimum from
1 / L on, and grows from 2 / L on; with momentum A in SN's form, from 2 (1 + A) / ((1 - A) L) on.
L is that of the Gauss-Newton matrix, the mean over some patterns of J' E'' J, with J the
derivatives of the outputs by the weights: the twin walks each pattern once per output. The matrix
has the size of the weights, and the same largest eigenvalue as the small one between patterns.

Source: LeCun, Bottou, Orr and Mueller 1998, "Efficient BackProp", 5.1 and 7; Polyak 1964.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sn.display import many
from sn.memory import need
from sn.net.expr import evaluate
from sn.net.loss import Loss, default_loss, ends_of
from sn.net.reference import Reference, States
from sn.net.table import ConnectionTable
from sn.optim.first_order import Sgd
from sn.train.gradient_check import Examples

Floats = NDArray[np.float64]

PATTERNS, WALKS = 32, 320  # of the twin, a walk for each output; chosen here
ROWS = 100_000_000  # that it walks in all; chosen here: some ten seconds
NUMBERS = 30_000_000  # slopes that are kept, twice; chosen here: half a gigabyte
FEWEST = 4  # patterns below which an estimate says nothing


@dataclass(frozen=True, slots=True)
class Stability:
    """What an estimate says of an optimizer's learning rate; `source` is of what and how many.

    `curvature` is the largest one, per unit of the learning rate where rates differ between
    weights; `largest_rate` is where steps begin to grow.
    """

    optimizer: str
    rate: float
    curvature: float
    largest_rate: float
    source: str

    @property
    def is_stable(self) -> bool:
        """Whether the rate is below the largest one."""
        return self.rate <= self.largest_rate


def wanted_patterns(table: ConnectionTable) -> int:
    """Return how many patterns an estimate takes, 0 where the net has too many outputs or rows."""
    walks = min(WALKS, ROWS // max(1, table.n_rows), NUMBERS // max(1, table.n_weights))
    count = walks // table.n_outputs
    return min(count, PATTERNS) if count >= FEWEST else 0


def jacobian(
    table: ConnectionTable, cost: Loss, weights: NDArray[np.float32], examples: Examples
) -> Floats:
    """Return the derivatives of the outputs, each times the root of the curvature of its cost.

    Shapes: (n_patterns * n_outputs, n_weights).
    """
    count = len(examples.patterns) * table.n_outputs
    need(
        16 * count * table.n_weights, f"{many(count, 'slope')} of {many(table.n_weights, 'weight')}"
    )
    # at half squares -dE/dy is d - y: with d = y + e the twin's descent is the slope of one output
    twin = Reference(table, default_loss(table.layers))
    exact = weights.astype(np.float64)
    outputs = np.concatenate([np.arange(table.n_units)[end.units] for end in ends_of(table, cost)])
    rows = []
    with np.errstate(all="ignore"):  # what is not finite is not estimated
        for pattern, desired in zip(examples.patterns, examples.desired, strict=True):
            total, state = twin.forward(exact, pattern)
            bends = _bends(table, cost, total, state, desired.astype(np.float64))
            for index, bend in enumerate(bends):
                if bend > 0:
                    aim = state[outputs].copy()
                    aim[index] += 1
                    found: States = twin.present(exact, pattern, aim)
                    rows.append(found.d_weight * math.sqrt(bend))
    return np.array(rows).reshape(len(rows), table.n_weights)


def _bends(
    table: ConnectionTable, cost: Loss, total: Floats, state: Floats, desired: Floats
) -> Floats:
    """Return the curvature of the cost by each output's state, (n_outputs,).

    Where cost and non-linearity are one formula, it is by the total input, and 0 where the unit is
    at its limit and does not answer.
    """
    parts = []
    for end in ends_of(table, cost):
        if end.joint is None:
            found = evaluate(end.cost.bend, end.ends(state, desired))
        else:
            ends = {"a": total[end.units], "d": desired[end.part]}
            slope = evaluate(end.layer.activation.slope, {"a": total[end.units]})
            slope = np.broadcast_to(np.asarray(slope, np.float64), (end.layer.size,))
            bend = np.asarray(evaluate(end.joint.gauss_newton, ends), np.float64)
            found = np.where(slope != 0, bend / np.where(slope != 0, slope, 1) ** 2, 0.0)
        parts.append(np.broadcast_to(np.asarray(found, np.float64), (end.layer.size,)))
    return np.concatenate(parts)


def _patterns_of_a_step(rule: Sgd, n_patterns: int) -> int:
    """Return over how many patterns a step sums at most."""
    return n_patterns if rule.phases.has_step else min(rule.phases.batch or n_patterns, n_patterns)


def estimate(
    name: str,
    rule: Sgd,
    table: ConnectionTable,
    slopes: Floats,
    examples: Examples,
    n_patterns: int,
) -> Stability | None:
    """Return what `jacobian` says of an optimizer; None where the cost is flat, or not finite.

    `n_patterns` are those of the training set, which a step along a sum may take all.
    """
    steps = rule.steps(table)
    scaled = slopes * np.sqrt(steps)
    with np.errstate(over="ignore", invalid="ignore"):
        small = scaled @ scaled.T / len(examples.patterns)
    if not len(small) or not np.isfinite(small).all():
        return None
    overshoot = float(np.linalg.eigvalsh(small)[-1])  # rate times curvature
    if overshoot <= 0:
        return None
    if rule.steps_along_sum:
        overshoot *= _patterns_of_a_step(rule, n_patterns)
    bound = 2 * (1 + rule.momentum) / (1 - rule.momentum)
    rate = rule.learning_rate
    source = f"at the initial weights, on {len(examples.patterns)} {examples.source}"
    return Stability(name, rate, overshoot / rate, rate * bound / overshoot, source)
