"""Criteria: when a pattern counts as right, from the outputs and what is desired of them.

A criterion only counts; what is learned does not depend on it. Source of the kinds: SN 2.8's
`set-class-...` functions (sn-network, 6.6), and of MIDDLE, which SN lacks, the threshold at half
way between the two targets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats32 = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Criterion:
    """When a pattern counts as right.

    `right(outputs, targets)` takes arrays of shape (n, n_outputs) and returns (n,) of bool.
    `name` and `numbers` say which it is, for records and files.
    """

    name: str
    right: Callable[[NDArray[Any], NDArray[Any]], Flags] = field(compare=False, repr=False)
    numbers: tuple[float, ...] = ()

    def misses(self, outputs: NDArray[Any], targets: NDArray[Any]) -> int:
        """Return how many patterns are not right."""
        return int(np.count_nonzero(~self.right(outputs, targets)))

    def __str__(self) -> str:
        return " ".join((self.name, *(f"{number:g}" for number in self.numbers)))


def largest() -> Criterion:
    """The largest output is at the unit whose target is largest; of equal ones, the first."""
    return Criterion("max", lambda y, d: np.equal(y.argmax(axis=1), d.argmax(axis=1)))


def middle(threshold: float) -> Criterion:
    """Every output is on the same side of the threshold as its target; on it is above."""
    return Criterion(
        "middle", lambda y, d: np.all((y >= threshold) == (d >= threshold), axis=1), (threshold,)
    )


def sign(low: float = 0.0, high: float = 0.0) -> Criterion:
    """Every output is in the same one of three regions as its target: below, between, above.

    With both bounds 0 it is `quadrant`, as in SN.
    """
    if low == high == 0.0:
        return Criterion("sign", quadrant().right, (low, high))

    def region(some: NDArray[Any]) -> NDArray[np.int8]:
        return (some > high).astype(np.int8) - (some < low).astype(np.int8)

    return Criterion("sign", lambda y, d: np.all(region(y) == region(d), axis=1), (low, high))


def quadrant() -> Criterion:
    """Every output has the sign of its target; a target of exactly 0 is never missed."""
    return Criterion("quadrant", lambda y, d: np.all((d == 0) | (np.sign(d) * y > 0), axis=1))


def tolerance(most: float) -> Criterion:
    """Every output is at most so far from its target."""
    return Criterion(
        "tolerance", lambda y, d: np.all(np.abs(y.astype(float) - d) <= most, axis=1), (most,)
    )


def mean_square(most: float) -> Criterion:
    """The mean over outputs of the squared distance is smaller than this; without SN's half."""
    return Criterion(
        "mean-square", lambda y, d: np.mean((y.astype(float) - d) ** 2, axis=1) < most, (most,)
    )
