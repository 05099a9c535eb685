"""Gradient check: the derivatives of a user's net, each computed in two independent ways.

For every connection of a net it compares the backward passes of the float64 twin with
differences of its forward pass, and the compiled kernels with the twin. Curvatures are compared
with the squared network everywhere, and with squared Jacobians and second differences of the
cost where the diagonal estimate is exact: for weights of their own into a unit that is an
output, or feeds outputs only.

Read next: ../net/differences.py for the differences.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sn.kernels import Kernels
from sn.net.costs import Cost
from sn.net.differences import Differences, Squared
from sn.net.layer import Ints
from sn.net.reference import Reference
from sn.net.table import ConnectionTable
from sn.optim.rules import Curvature, Hyper, RuleSpec

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]

# Largest relative difference that passes. Differences reach about 1e-9 in float64; kernels are
# float32, about 1e-7 per operation, and sums of some thousand terms stay well below this.
DIFFERENCES, KERNELS = 1e-6, 1e-5
SINGLES, MIXED = 6, 2  # weights and random directions per connection; chosen here: it is quick
PATTERNS = 2


@dataclass(frozen=True, slots=True)
class ConnectionCheck:
    """Worst differences of one connection, relative to its largest value; None: not compared.

    `gradient` and `curvature` are the twin against differences and the squared network;
    `exact_curvature` against squared Jacobians and second differences of the cost; the kernels'
    against the twin. `skipped` counts directions in which every step crossed a corner.
    """

    label: str
    scheme: str
    parameters: int
    gradient: float | None
    curvature: float | None
    exact_curvature: float | None
    kernel_gradient: float
    kernel_curvature: float
    skipped: int

    @property
    def passes(self) -> bool:
        """Whether every difference is small enough."""
        twin = (self.gradient, self.curvature, self.exact_curvature)
        kernels = (self.kernel_gradient, self.kernel_curvature)
        return all(x is None or x <= DIFFERENCES for x in twin) and all(
            x <= KERNELS for x in kernels
        )


@dataclass(frozen=True, slots=True)
class GradientReport:
    """The check of a whole net; `outputs` is the batch kernel's difference from the twin."""

    name: str
    patterns: str
    connections: tuple[ConnectionCheck, ...]
    outputs: float
    differences_tolerance: float = DIFFERENCES
    kernels_tolerance: float = KERNELS

    @property
    def passes(self) -> bool:
        """The verdict."""
        return self.outputs <= KERNELS and all(part.passes for part in self.connections)


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Patterns (n, n_inputs) and desired outputs (n, n_outputs), float32, and where from."""

    patterns: Floats32
    desired: Floats32
    source: str


def random_examples(table: ConnectionTable, seed: int) -> Examples:
    """Draw patterns and desired outputs, uniform in -1..1."""
    stream = np.random.default_rng([seed, 1])
    shapes = ((PATTERNS, table.layers[i].size) for i in (0, -1))
    patterns, desired = (stream.uniform(-1, 1, shape).astype(np.float32) for shape in shapes)
    return Examples(patterns, desired, "random patterns")


def check_gradients(
    table: ConnectionTable,
    cost: Cost,
    compiled: Callable[[RuleSpec], Kernels],
    examples: Examples,
    seed: int = 0,
) -> GradientReport:
    """Compare all derivatives of a net at random weights, a few per connection.

    The weights are uniform in +-1.5 / sqrt(fan-in), where units are bent but not flat.
    """
    stream = np.random.default_rng([seed, 2])
    width = 1.5 / np.sqrt(table.fan_in_of_weight)
    weights = (stream.uniform(-1, 1, table.n_weights) * width).astype(np.float32)
    point = _Point(table, cost, weights.astype(float), examples)
    kernels = _KernelSums(compiled, weights, examples)
    parts = tuple(
        _check(point, kernels, index, stream)
        for index in range(len(table.groups))
        if np.any(table.group == index)
    )
    last = table.layers[-1].units.ravel()
    twin = Reference(table, cost)
    outputs = [twin.forward(point.weights, row.astype(float))[1][last] for row in examples.patterns]
    return GradientReport(
        table.name, examples.source, parts, _worst(kernels.outputs, np.array(outputs))
    )


class _Point:
    """The twin's sums over the examples at one point, and differences around it."""

    def __init__(
        self, table: ConnectionTable, cost: Cost, weights: Floats, examples: Examples
    ) -> None:
        self.table, self.weights = table, weights
        self.descent, self.gauss_newton, self.full = (np.zeros_like(weights) for _ in range(3))
        pairs = [
            (pattern.astype(float), desired.astype(float))
            for pattern, desired in zip(examples.patterns, examples.desired, strict=True)
        ]
        for pattern, desired in pairs:
            found = Reference(table, cost).present(weights, pattern, desired)
            self.descent += found.d_weight
            self.gauss_newton += found.curv_weight
            bent = Reference(table, cost, is_full=True).present(weights, pattern, desired)
            self.full += bent.curv_weight
        self.differences = [Differences(table, cost, weights, *pair) for pair in pairs]
        self.squared = [Squared.at(table, cost, weights, *pair) for pair in pairs]
        self.is_exact = _exact(table)


class _KernelSums:
    """What the kernels gather over the examples: descents and both curvatures per weight."""

    def __init__(
        self, compiled: Callable[[RuleSpec], Kernels], weights: Floats32, examples: Examples
    ) -> None:
        order = np.arange(len(examples.patterns), dtype=np.int32)
        for form in (Curvature.FULL, Curvature.GAUSS_NEWTON):
            kernels = compiled(RuleSpec(curvature=form, gather=True))
            steps = np.zeros(len(kernels.source.nodes), np.float32)
            slots = kernels.slots(weights, steps, Hyper())
            kernels.train(slots, examples.patterns, examples.desired, order)
            curvature = kernels.unpack(slots.curvature)
            if form is Curvature.FULL:
                self.full = curvature
            else:
                self.gauss_newton, self.descent = curvature, kernels.unpack(slots.extra)
                batches = kernels.batches(examples.patterns)
                self.outputs = kernels.evaluate(slots.weights, batches, len(order))


def _exact(table: ConnectionTable) -> NDArray[np.bool_]:
    """Whether the diagonal curvature of each weight is exact: (n_weights,)."""
    last = len(table.layers) - 1
    leads_on = np.zeros(table.n_units, bool)
    leads_on[table.src[table.layer_of[table.dst] != last]] = True
    alone = np.bincount(table.wid, minlength=table.n_weights) == 1
    exact = np.zeros(table.n_weights, bool)
    exact[table.wid] = ~leads_on[table.dst]
    exact &= alone
    return exact


def _check(
    point: _Point, kernels: _KernelSums, index: int, stream: np.random.Generator
) -> ConnectionCheck:
    table = point.table
    group, mine = table.groups[index], np.unique(table.wid[table.group == index])
    gradient, curvature, exact = _Worst(), _Worst(), _Worst()
    for direction in _directions(point, mine, stream):
        slopes = [some.slope(direction) for some in point.differences]
        gradient.add(-point.descent @ direction, _sum(slopes))
        answers = [some.answers(direction) for some in point.squared]
        curvature.add(point.gauss_newton @ direction, sum(a for a, _ in answers))
        curvature.add(point.full @ direction, sum(b for _, b in answers))
        if np.count_nonzero(direction) == 1 and point.is_exact[direction.argmax()]:
            rows = [(some.jacobian(direction), some.output_bend()) for some in point.differences]
            squares = [None if j is None else float(np.sum(e * j * j)) for j, e in rows]
            exact.add(point.gauss_newton @ direction, _sum(squares))
            bends = [some.bend(direction) for some in point.differences]
            exact.add(point.full @ direction, _sum(bends))
    return ConnectionCheck(
        group.label,
        group.scheme,
        len(mine),
        gradient.relative,
        curvature.relative,
        exact.relative,
        _worst(kernels.descent[mine], point.descent[mine]),
        max(
            _worst(kernels.gauss_newton[mine], point.gauss_newton[mine]),
            _worst(kernels.full[mine], point.full[mine]),
        ),
        gradient.skipped,
    )


def _directions(point: _Point, mine: Ints, stream: np.random.Generator) -> list[Floats]:
    """Return some unit vectors along single weights and some across all of a connection's."""
    chosen = stream.permutation(mine)[:SINGLES]
    some = [np.zeros_like(point.weights) for _ in range(len(chosen) + MIXED)]
    for direction, weight in zip(some, chosen, strict=False):
        direction[weight] = 1
    for direction in some[len(chosen) :]:
        mixed = stream.standard_normal(len(mine))
        direction[mine] = mixed / np.linalg.norm(mixed)
    return some


class _Worst:
    """The largest difference among pairs of numbers, relative to the largest number."""

    def __init__(self) -> None:
        self._difference = self._size = 0.0
        self._count = self.skipped = 0

    def add(self, found: Floats | float, expected: float | None) -> None:
        if expected is None:
            self.skipped += 1
            return
        self._count += 1
        self._difference = max(self._difference, abs(float(found) - expected))
        self._size = max(self._size, abs(expected))

    @property
    def relative(self) -> float | None:
        if not self._count:
            return None
        return _ratio(self._difference, self._size)


def _worst(found: NDArray[np.floating], expected: Floats) -> float:
    """Return the largest difference, relative to the largest expected value."""
    difference = np.abs(found.astype(float) - expected).max(initial=0)
    return _ratio(float(difference), float(np.abs(expected).max(initial=0)))


def _ratio(difference: float, size: float) -> float:
    """Divide; a connection through which nothing flows must agree to round-off."""
    if not np.isfinite(difference):
        return float("inf")
    return difference / size if size > 1e-30 else difference


def _sum(parts: list[float | None]) -> float | None:
    total = 0.0
    for part in parts:
        if part is None:
            return None
        total += part
    return total
