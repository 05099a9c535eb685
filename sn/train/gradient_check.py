"""Gradient check: the derivatives of a user's net, each computed in two independent ways.

For every connection of a net it compares the backward passes of the float64 twin with
differences of its forward pass, and the compiled kernels with the twin. Curvatures are compared
with the squared network everywhere, and with squared Jacobians and second differences of the
cost where the diagonal estimate is exact: for weights of their own into a unit that is an
output, or feeds outputs only.

A difference counts by its share of the largest value, or by its share of what round-off may do
where that is more: a gradient of 0, or one whose terms cancel, has no digits to compare.

Read next: ../net/differences.py for the differences, roundoff.py for what float32 loses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sn.display import brief, many
from sn.errors import NetError
from sn.net.differences import Differences, Measured, Squared
from sn.net.expr import evaluate
from sn.net.layer import Ints
from sn.net.loss import Loss, ends_of
from sn.net.reference import Reference
from sn.net.table import ConnectionTable
from sn.optim.rules import Curvature, Hyper, RuleSpec, UpdateRule
from sn.train.failing import failing_formula
from sn.train.roundoff import Gathered, float32_noise, walk

if TYPE_CHECKING:
    from sn.kernels import Kernels

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]

# Largest relative difference that passes. Differences reach about 1e-9 in float64; kernels are
# float32, about 1e-7 per operation, and sums of some thousand terms stay well below this.
DIFFERENCES, KERNELS = 1e-6, 1e-5
# what kernels may lose, in units of what plain float32 loses; chosen here: their sums run otherwise
ALLOWANCE = 16
SINGLES, MIXED = 6, 2  # weights and random directions per connection; chosen here: it is quick
PATTERNS = 2


@dataclass(frozen=True, slots=True)
class ConnectionCheck:
    """Worst differences of one connection, relative to its largest value; None: not compared.

    A difference that round-off explains never exceeds the tolerance.

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

    def __repr__(self) -> str:
        verdict = "passes" if self.passes else "FAILS"
        parts = many(len(self.connections), "connection")
        return brief(f"gradient check of {self.name}: {parts} on {self.patterns}, {verdict}")


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Patterns (n, n_inputs) and desired outputs (n, n_outputs), float32, and where from."""

    patterns: Floats32
    desired: Floats32
    source: str

    def __repr__(self) -> str:
        return brief(f"{many(len(self.patterns), 'example')}: {self.source}")


def random_examples(table: ConnectionTable, seed: int) -> Examples:
    """Draw patterns and desired outputs, uniform in -1..1."""
    stream = np.random.default_rng([seed, 1])
    shapes = ((PATTERNS, n) for n in (table.n_inputs, table.n_outputs))
    patterns, desired = (stream.uniform(-1, 1, shape).astype(np.float32) for shape in shapes)
    return Examples(patterns, desired, "random patterns")


def check_gradients(
    table: ConnectionTable,
    cost: Loss,
    compiled: Callable[[UpdateRule], Kernels],
    examples: Examples,
    seed: int = 0,
    in_batches: Callable[[UpdateRule], Kernels] | None = None,
) -> GradientReport:
    """Compare all derivatives of a net at random weights, a few per connection.

    `in_batches` gives the kernels of batches, whose descents are compared too, if there are some.
    The weights are uniform in +-1.5 / sqrt(fan-in), where units are bent but not flat.
    Raises: NetError when a connection does not combine by weighted sum, or there are numbers that
    float32 does not hold.
    """
    table.demand_weighted_sums("the gradient check")
    with np.errstate(all="ignore"):  # what overflows is told
        return _checked_gradients(table, cost, compiled, examples, seed, in_batches)


def _checked_gradients(
    table: ConnectionTable,
    cost: Loss,
    compiled: Callable[[UpdateRule], Kernels],
    examples: Examples,
    seed: int,
    in_batches: Callable[[UpdateRule], Kernels] | None,
) -> GradientReport:
    """Do as `check_gradients` does."""
    stream = np.random.default_rng([seed, 2])
    width = 1.5 / np.sqrt(table.fan_in_of_weight)
    weights = (stream.uniform(-1, 1, table.n_weights) * width).astype(np.float32)
    point = _Point(table, cost, weights, examples, seed)
    kernels = [_kernel_sums(compiled, weights, examples)]
    if in_batches is not None:
        kernels.append(replace(kernels[0], descent=_batch_sum(in_batches, weights, examples)))
    if not all(map(_is_finite, kernels)) and _has_large_squares(table, cost, weights, examples):
        raise _overflow(table, examples)  # else it is a fault of the kernels
    parts = tuple(
        _check(point, kernels, index, stream)
        for index in range(len(table.groups))
        if np.any(table.group == index)
    )
    every = slice(None)
    outputs = _worst("outputs", kernels, point, every)
    return GradientReport(table.name, examples.source, parts, outputs)


class _Point:
    """The twin's sums over the examples at one point, their round-off, and differences around."""

    def __init__(
        self, table: ConnectionTable, cost: Loss, weights: Floats32, examples: Examples, seed: int
    ) -> None:
        self.table, self.weights = table, weights.astype(float)
        patterns, desired = examples.patterns.astype(float), examples.desired.astype(float)
        self.twin = walk(table, cost, self.weights, patterns, desired)
        _refuse_overflow(table, cost, weights, examples, self.twin)
        self.noise = float32_noise(
            table, cost, weights, examples.patterns, examples.desired, self.twin, seed
        )
        pairs = list(zip(patterns, desired, strict=True))
        self.differences = [Differences(table, cost, self.weights, *pair) for pair in pairs]
        self.squared = [Squared.at(table, cost, self.weights, *pair) for pair in pairs]
        self.is_exact = _exact(table, cost)


def _refuse_overflow(
    table: ConnectionTable, cost: Loss, weights: Floats32, examples: Examples, twin: Gathered
) -> None:
    """Refuse to compare numbers that float32 does not hold.

    Raises: NetError with the formula that they come from, where it is one.
    """
    parts = (getattr(twin, name) for name in Gathered.__slots__)
    if all(np.all(np.abs(part) <= np.finfo(np.float32).max) for part in parts):
        return
    for pattern, desired in zip(examples.patterns, examples.desired, strict=True):
        found = failing_formula(table, cost, weights, pattern, desired, True)
        if found is not None:
            raise NetError(f"{found}, for one of the {examples.source}")
    raise _overflow(table, examples)


def _overflow(table: ConnectionTable, examples: Examples) -> NetError:
    return NetError(
        f"net {table.name} computes numbers above 3.4e38, where float32 ends, for one of the "
        f"{examples.source}: its derivatives cannot be compared",
        hint="the non-linearities and the cost should stay around 1 for arguments around 1",
    )


def _has_large_squares(
    table: ConnectionTable, cost: Loss, weights: Floats32, examples: Examples
) -> bool:
    """Whether a state or a slope has a square that float32 does not hold: curvatures need it."""
    twin, most = Reference(table, cost), np.sqrt(float(np.finfo(np.float32).max))
    for pattern in examples.patterns:
        total, state = twin.forward(weights.astype(float), pattern.astype(float))
        slopes = [
            evaluate(layer.activation.slope, {"a": total[layer.first : layer.first + layer.size]})
            for layer in (table.layers[index] for index in table.computed)
        ]
        if any(np.max(np.abs(part), initial=0) > most for part in (state, *slopes)):
            return True
    return False


def _is_finite(found: Gathered) -> bool:
    return all(np.isfinite(getattr(found, name)).all() for name in Gathered.__slots__)


def _kernel_sums(
    compiled: Callable[[UpdateRule], Kernels], weights: Floats32, examples: Examples
) -> Gathered:
    """Gather over the examples what the kernels find."""
    order = np.arange(len(examples.patterns), dtype=np.int32)
    found = {}
    for form in (Curvature.FULL, Curvature.GAUSS_NEWTON):
        kernels = compiled(RuleSpec(curvature=form, gather=True))
        steps = np.zeros(len(kernels.source.nodes), np.float32)
        slots = kernels.slots(weights, steps, Hyper())
        kernels.train(slots, examples.patterns, examples.desired, order)
        found[form] = kernels.unpack(slots["curvatures"])
    descent = kernels.unpack(slots["descents"])
    outputs = kernels.evaluate(slots.weights, kernels.batches(examples.patterns), len(order))
    return Gathered(descent, found[Curvature.GAUSS_NEWTON], found[Curvature.FULL], outputs)


def _batch_sum(
    compiled: Callable[[UpdateRule], Kernels], weights: Floats32, examples: Examples
) -> Floats32:
    """Gather the descents of the examples as one batch."""
    kernels = compiled(RuleSpec(gather=True))
    slots = kernels.slots(weights, np.zeros(len(kernels.source.nodes), np.float32), Hyper())
    order = np.arange(len(examples.patterns), dtype=np.int32)
    kernels.learn(slots, examples.patterns, examples.desired, order, is_mean=False)
    return kernels.unpack(slots["descents"])


def _exact(table: ConnectionTable, cost: Loss) -> NDArray[np.bool_]:
    """Whether the diagonal curvature of each weight is exact: (n_weights,).

    A cost over the layer mixes the outputs, so only what feeds an output itself is.
    """
    ends = ends_of(table, cost)
    final = [end.index for end in ends if not end.feeds]
    leads_on = np.zeros(table.n_units, bool)
    leads_on[table.src[~np.isin(table.layer_of[table.dst], final)]] = True
    if any(end.cost.reductions for end in ends):
        leads_on[~np.isin(table.layer_of, final)] = True
    alone = np.bincount(table.wid, minlength=table.n_weights) == 1
    exact = np.zeros(table.n_weights, bool)
    exact[table.wid] = ~leads_on[table.dst]
    exact &= alone
    return exact


def _check(
    point: _Point, kernels: Sequence[Gathered], index: int, stream: np.random.Generator
) -> ConnectionCheck:
    table = point.table
    group, mine = table.groups[index], np.unique(table.wid[table.group == index])
    singles = stream.permutation(mine)[:SINGLES]
    gradient, curvature, exact = _Worst(), _Worst(), _Worst()
    for weight in singles:
        direction = np.zeros_like(point.weights)
        direction[weight] = 1
        _compare(point, direction, gradient, curvature)
        if point.is_exact[weight]:
            squares = [some.squares(direction) for some in point.differences]
            exact.add(point.twin.gauss_newton[weight], _sum(squares))
            bends = [some.bend(direction) for some in point.differences]
            exact.add(point.twin.full[weight], _sum(bends))
    for _ in range(MIXED):
        direction = np.zeros_like(point.weights)
        mixed = stream.standard_normal(len(mine))
        direction[mine] = mixed / np.linalg.norm(mixed)
        _compare(point, direction, gradient, curvature)
    return ConnectionCheck(
        group.label,
        group.scheme,
        len(mine),
        gradient.relative,
        curvature.relative,
        exact.relative,
        _worst("descent", kernels, point, mine),
        max(_worst(name, kernels, point, mine) for name in ("gauss_newton", "full")),
        gradient.skipped,
    )


def _compare(point: _Point, direction: Floats, gradient: _Worst, curvature: _Worst) -> None:
    """Compare the twin's gradient and curvatures along a direction with what they should be."""
    slopes = [some.slope(direction) for some in point.differences]
    gradient.add(-float(point.twin.descent @ direction), _sum(slopes))
    answers = [some.answers(direction) for some in point.squared]
    curvature.add(float(point.twin.gauss_newton @ direction), _sum([a for a, _ in answers]))
    curvature.add(float(point.twin.full @ direction), _sum([b for _, b in answers]))


class _Worst:
    """The largest difference among pairs of numbers, relative to the largest number."""

    def __init__(self) -> None:
        self._differences: list[tuple[float, float]] = []
        self._size = 0.0
        self.skipped = 0

    def add(self, found: float, expected: Measured | None) -> None:
        if expected is None:
            self.skipped += 1
            return
        self._differences.append((abs(found - expected.value), expected.noise))
        self._size = max(self._size, abs(expected.value))

    @property
    def relative(self) -> float | None:
        if not self._differences:
            return None
        differences, noise = np.array(self._differences).T
        return _ratio(differences, self._size, noise, DIFFERENCES)


def _worst(name: str, kernels: Sequence[Gathered], point: _Point, mine: Ints | slice) -> float:
    """Return the largest difference of any kernels, relative to the twin's largest value."""
    expected, noise, *found = (
        getattr(some, name)[mine].astype(float) for some in (point.twin, point.noise, *kernels)
    )
    size = float(np.abs(expected).max(initial=0))
    # one weight's walks may all be lucky: those of its connection speak for it
    most = ALLOWANCE * float(noise.max(initial=0))
    differences = np.max([np.abs(one - expected) for one in found], axis=0)
    return _ratio(differences, size, np.asarray(most), KERNELS)


def _ratio(differences: Floats, size: float, noise: Floats, tolerance: float) -> float:
    """Return the largest share of `size`; what lies within the noise is no more than tolerable."""
    if not np.all(np.isfinite(differences)):
        return float("inf")
    # where nothing flows at all, what is not 0 stays in sight: 1e-30 is 0 in float32 too, nearly
    shares = differences / max(size, 1e-30)
    within = differences <= noise
    return float(np.where(within, np.minimum(shares, tolerance), shares).max(initial=0))


def _sum(parts: Sequence[Measured | None]) -> Measured | None:
    """Add numbers over the patterns, and their round-off; None where one is missing."""
    there = [part for part in parts if part is not None]
    if len(there) < len(parts):
        return None
    return Measured(sum(part.value for part in there), sum(part.noise for part in there))
