"""Round-off: how far float32 can be from float64 at one point of one net.

A gradient that is a small difference of large terms has few right digits in float32, however
right the kernels are: y - d where the output is nearly right, the sum of a weight that many
places share, the slope of a saturated unit. The twin walked in float32 shows how few. It is
walked several times, because one walk may be exact by luck: weights, patterns and what functions
such as tanh give are moved within their last digit (the stochastic arithmetic of Vignes 1978).

Read next: gradient_check.py, which holds the kernels to the larger of this and a fixed share.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.net import expr
from sn.net.activations import Activation
from sn.net.expr import Expr
from sn.net.loss import Loss, ends_of
from sn.net.reference import Reference
from sn.net.table import ConnectionTable

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]

WALKS = 6  # chosen here: the largest of six is rarely below a third of what is usual
EPSILON = 2.0**-24
FUNCTIONS = (
    *("tanh", "exp", "log", "sqrt", "sin", "cos"),
    *("expm1", "normal_cdf", "logistic", "root_logistic", "softplus", "logcosh"),
)
FUNCTION_ERROR = 2.0**-22  # two units of the last digit: what the kernels' polynomials may be off


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """What one engine finds over some patterns.

    Shapes: descent, gauss_newton, full: (n_weights,); outputs: (n_patterns, n_outputs).
    """

    descent: NDArray[np.floating[Any]]
    gauss_newton: NDArray[np.floating[Any]]
    full: NDArray[np.floating[Any]]
    outputs: NDArray[np.floating[Any]]


def walk(
    table: ConnectionTable,
    cost: Loss,
    weights: NDArray[np.floating[Any]],
    patterns: NDArray[np.floating[Any]],
    desired: NDArray[np.floating[Any]],
    dtype: type[np.floating[Any]] = np.float64,
) -> Gathered:
    """Sum descents and curvatures over the patterns, by the twin."""
    plain, bent = (Reference(table, cost, full, dtype) for full in (False, True))
    sums = [np.zeros(table.n_weights, dtype) for _ in range(3)]
    outputs = []
    for pattern, target in zip(patterns, desired, strict=True):
        found = plain.present(weights, pattern, target)
        curved = bent.present(weights, pattern, target)
        parts = (found.d_weight, found.curv_weight, curved.curv_weight)
        for total, part in zip(sums, parts, strict=True):
            total += part
        outputs.append(found.state[table.output_units])
    return Gathered(sums[0], sums[1], sums[2], np.array(outputs))


def float32_noise(
    table: ConnectionTable,
    cost: Loss,
    weights: Floats32,
    patterns: Floats32,
    desired: Floats32,
    exact: Gathered,
    seed: int,
) -> Gathered:
    """Return the largest error of each number in float32; 0 where float32 has no number."""
    stream = np.random.default_rng([seed, 4])
    worst = Gathered(*(np.zeros(getattr(exact, name).shape) for name in Gathered.__slots__))
    for _ in range(WALKS):
        moved, shown = (
            (x * (1 + EPSILON * stream.uniform(-1, 1, x.shape))).astype(np.float32)
            for x in (weights, patterns)
        )
        rough = _roughened(table, cost, stream)
        # where float32 overflows here but not in the kernels, there is nothing to allow for
        with np.errstate(all="ignore"):
            found = walk(rough, cost, moved, shown, desired, np.float32)
            for name in Gathered.__slots__:
                error = np.abs(getattr(found, name).astype(float) - getattr(exact, name))
                error[~np.isfinite(error)] = 0
                np.maximum(getattr(worst, name), error, out=getattr(worst, name))
    return worst


@dataclass(frozen=True)
class _Rough(Activation):
    """A non-linearity with formulas of its own for both derivatives."""

    first: Expr = expr.const(0)
    second: Expr = expr.const(0)

    @property
    def slope(self) -> Expr:
        return self.first

    @property
    def bend(self) -> Expr:
        return self.second


def _roughened(table: ConnectionTable, cost: Loss, stream: np.random.Generator) -> ConnectionTable:
    """Return the table with a small error in each function that its non-linearities call."""

    def moved(e: Expr) -> Expr:
        same = replace(e, args=tuple(moved(arg) for arg in e.args))
        if e.op not in FUNCTIONS:
            return same
        return same * (1 + FUNCTION_ERROR * float(stream.uniform(-1, 1)))

    layers = []
    joint = [end.layer.name for end in ends_of(table, cost) if end.joint is not None]
    for layer in table.layers:
        f = layer.activation
        if layer.name in joint:
            # the joint formulas hold for the exact function only
            layers.append(layer)
            continue
        formulas = moved(f.value), moved(f.slope), moved(f.bend)
        rough = _Rough(f.name, formulas[0], True, "", *formulas[1:])
        layers.append(replace(layer, activation=rough))
    return replace(table, layers=tuple(layers))
