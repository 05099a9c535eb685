"""Failing formulas: which non-linearity or cost gave a number that is not finite, and where.

When training meets such a number, the pattern is walked once more, in the precision of the
engine. A formula that has no finite value for a finite argument is told from weights that grew
out of bounds: no learning rate mends (log x) at -1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.net.expr import Expr, evaluate
from sn.net.loss import Loss, ends_of
from sn.net.table import ConnectionTable

Floats = NDArray[np.floating[Any]]
# beyond, the argument is what went wrong; chosen here: stable forms are right up to there
USUAL = 1e4


@dataclass(frozen=True, slots=True)
class FailingFormula:
    """A formula, its derivative that failed, and the arguments at which it did, by name."""

    formula: str
    part: str
    arguments: Mapping[str, float]

    @property
    def is_usual(self) -> bool:
        """Whether the arguments are of a size that a formula should take."""
        return all(abs(value) <= USUAL for value in self.arguments.values())

    def __str__(self) -> str:
        at = " and ".join(f"{name} = {value:.6g}" for name, value in self.arguments.items())
        return f"{self.formula} has no finite {self.part} at {at}"


def failing_formula(
    table: ConnectionTable,
    cost: Loss,
    weights: Floats,
    pattern: Floats,
    desired: Floats,
    second: bool,
) -> FailingFormula | None:
    """Walk a pattern forward and return the first formula that fails, or None.

    Everything is computed in the precision of `pattern`; `second` asks for second derivatives
    too. Shapes: weights: (n_weights,); pattern: (n_inputs,); desired: (n_outputs,).
    """
    with np.errstate(all="ignore"):
        return next(_failures(table, cost, weights, pattern, desired, second), None)


def _failures(
    table: ConnectionTable,
    cost: Loss,
    weights: Floats,
    pattern: Floats,
    desired: Floats,
    second: bool,
) -> Iterator[FailingFormula]:
    state = np.where(np.isnan(table.constant), 0.0, table.constant).astype(pattern.dtype)
    total = np.zeros_like(state)
    table.show(state, pattern)
    bends: list[FailingFormula] = []
    for layer in table.computed_layers:
        units = slice(layer.first, layer.first + layer.size)
        rows = slice(*np.searchsorted(table.dst, [units.start, units.stop]))
        terms = table.combined("term", weights.astype(state.dtype), state, rows)
        np.add.at(total, table.dst[rows], terms)
        f, ends = layer.activation, {"a": total[units]}
        title = f"the non-linearity of layer {layer.name}, {f},"
        yield from _failure(title, "value", f.value, ends)
        yield from _failure(title, "slope", f.slope, ends)
        if second:
            bends += _failure(title, "second derivative", f.bend, ends)
        state[units] = evaluate(f.value, ends, constant=state.dtype.type)
    for end in ends_of(table, cost):
        title = f"the cost at layer {end.layer.name}, {end.cost.written or end.cost.plain},"
        wanted = desired[end.part].astype(state.dtype)
        if end.joint is None:
            found = end.cost.ends(state[end.units], wanted)
            ends = {name: np.broadcast_to(value, len(wanted)) for name, value in found.items()}
            slope, curved = end.cost.slope, end.cost.bend
        else:
            ends = {"a": total[end.units], "d": wanted}
            slope, curved = end.joint.grad, end.joint.gauss_newton
        yield from _failure(title, "slope", slope, ends)
        if second:
            yield from _failure(title, "second derivative", curved, ends)
    yield from bends


def _failure(
    title: str, part: str, e: Expr, ends: Mapping[str, Floats]
) -> Iterator[FailingFormula]:
    first = next(iter(ends.values()))
    found = np.broadcast_to(evaluate(e, ends, constant=first.dtype.type), first.shape)
    finite = np.all([np.isfinite(values) for values in ends.values()], axis=0)
    bad = np.flatnonzero(finite & ~np.isfinite(found))
    if len(bad):
        names = {"a": "x"}  # as people write it
        arguments = {names.get(n, n): float(values[bad[0]]) for n, values in ends.items()}
        yield FailingFormula(title, part, arguments)
