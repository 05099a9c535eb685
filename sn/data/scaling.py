"""Scaling: inputs brought to one range, learnt on the training set and kept with the net."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.display import brief, many
from sn.errors import SettingError

Floats = NDArray[np.float64]

STANDARD, UNIT, NONE = "standard", "unit", "none"


@dataclass(frozen=True, slots=True)
class Scale:
    """How inputs are scaled, column by column.

    kind: "none"; "standard", to mean 0 and standard deviation 1; or "range", so that the least
    value becomes `low` and the largest `high` ("unit" is the range 0 to 1)
    """

    kind: str = NONE
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        if self.kind == "range" and not self.low < self.high:
            raise SettingError(
                f"a range has two ends, the lower first, found {self.low:g} and {self.high:g}"
            )

    @staticmethod
    def named(word: str) -> Scale:
        """Return the scale that a word stands for: standard, unit or none."""
        return Scale("range") if word == UNIT else Scale(word)

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}" if self.kind == "range" else self.kind


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """What a scale learnt: x becomes (x - shift) * factor, a missing x first becomes `fill`.

    Shapes: shift, factor, fill: (n_inputs,) float64; `fill` is NaN where nothing may be missing.
    """

    shift: Floats
    factor: Floats
    fill: Floats

    def __call__(self, inputs: NDArray[Any]) -> NDArray[np.float32]:
        """Return inputs scaled: (n, n_inputs) float32, C order."""
        values = np.where(np.isnan(inputs), self.fill, inputs)
        with np.errstate(over="ignore", invalid="ignore"):  # who calls looks for what is infinite
            return np.ascontiguousarray((values - self.shift) * self.factor, np.float32)

    def __repr__(self) -> str:
        return brief(f"scaling of {many(len(self.shift), 'input')}")

    @property
    def is_identity(self) -> bool:
        """Whether it leaves every number as it is."""
        return bool((self.shift == 0).all() and (self.factor == 1).all())


def learn(scale: Scale, inputs: NDArray[Any], fills: bool = False) -> Scaling:
    """Return the scaling for the training inputs, (n, n_inputs); NaN is a missing value.

    A column that does not vary is only shifted. With `fills`, missing values become the mean of
    their column.
    """
    values = inputs.astype(np.float64)
    count = values.shape[1]
    fill = np.full(count, np.nan)
    if fills:
        known = ~np.isnan(values)
        sums = np.where(known, values, 0.0).sum(axis=0)
        fill = sums / np.maximum(known.sum(axis=0), 1)
        values = np.where(known, values, fill)
    if scale.kind == NONE:
        return Scaling(np.zeros(count), np.ones(count), fill)
    if scale.kind == STANDARD:
        centre, spread, low, width = values.mean(axis=0), values.std(axis=0), 0.0, 1.0
    else:
        centre, spread = values.min(axis=0), np.ptp(values, axis=0)
        low, width = scale.low, scale.high - scale.low
    # the mean of equal numbers can differ from them by rounding
    is_flat = np.ptp(values, axis=0) == 0
    factor = np.where(is_flat, 1.0, width / np.where(is_flat, 1.0, spread))
    return Scaling(centre - low / factor, factor, fill)
