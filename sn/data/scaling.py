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
    def key(self) -> bytes:
        """What tells it from others: its numbers, little-endian."""
        numbers = (self.shift, self.factor, self.fill)
        return b"".join(one.astype("<f8").tobytes() for one in numbers)

    @property
    def is_identity(self) -> bool:
        """Whether it leaves every number as it is."""
        return bool((self.shift == 0).all() and (self.factor == 1).all())


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """What scales are learnt from, column by column, of the numbers that are known.

    Shapes: (n_inputs,) float64 each; squares: the sum of squared distances from the mean; low,
    high: the ends; known: how many there are of `count` rows.
    """

    count: int
    known: Floats
    mean: Floats
    squares: Floats
    low: Floats
    high: Floats

    @staticmethod
    def none(width: int) -> Moments:
        """Return those of no rows."""
        nothing, inf = np.zeros(width), np.full(width, np.inf)
        return Moments(0, nothing, nothing, nothing, inf, -inf)

    @staticmethod
    def of(values: NDArray[Any], is_whole: bool = True) -> Moments:
        """Return those of rows, (n, n_inputs); with not `is_whole`, their ends alone."""
        count = len(values)
        if values.dtype.kind == "f" and np.isnan(values.min(initial=np.inf)):
            is_known = ~np.isnan(values)
            known = is_known.sum(axis=0).astype(np.float64)
            filled = np.where(is_known, values, 0).astype(np.float64)
            low = np.fmin.reduce(np.where(is_known, values, np.inf), axis=0).astype(np.float64)
            high = np.fmax.reduce(np.where(is_known, values, -np.inf), axis=0).astype(np.float64)
            mean = filled.sum(axis=0) / np.maximum(known, 1)
            squares = (np.where(is_known, filled - mean, 0.0) ** 2).sum(axis=0)
            return Moments(count, known, mean, squares, low, high)
        low, high = (end(axis=0).astype(np.float64) for end in (values.min, values.max))
        known = np.full(values.shape[1], float(count))
        if not is_whole:
            return Moments(count, known, low, low, low, high)
        numbers = values.astype(np.float64)
        mean = numbers.sum(axis=0) / count
        numbers -= mean
        return Moments(count, known, mean, np.einsum("ij,ij->j", numbers, numbers), low, high)

    def __add__(self, other: Moments) -> Moments:
        """Return those of both.

        mean = mean_a + d n_b / n, squares = squares_a + squares_b + d^2 n_a n_b / n, with n the
        number of both and d = mean_b - mean_a.
        Source: Chan, Golub and LeVeque 1979, Updating formulae and a pairwise algorithm for
        computing sample variances, eq. 2.1.
        """
        known = self.known + other.known
        share = other.known / np.maximum(known, 1)
        apart = other.mean - self.mean
        return Moments(
            self.count + other.count,
            known,
            self.mean + apart * share,
            self.squares + other.squares + apart * apart * self.known * share,
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
        )


def learn_from(scale: Scale, found: Moments, fills: bool = False) -> Scaling:
    """Return the scaling for training inputs of which these are known; see `learn`.

    The spread may differ from that of `learn` in its last place, as it was added up block by block.
    """
    none = found.known == 0
    mean = np.where(none, 0.0, found.mean)
    fill = mean if fills else np.full(len(mean), np.nan)
    if scale.kind == NONE:
        return Scaling(np.zeros(len(mean)), np.ones(len(mean)), fill)
    low, high = (np.where(none, 0.0, end) for end in (found.low, found.high))
    # what is missing is the mean, so that it adds nothing to the squares
    spread = np.sqrt(found.squares / found.count) if scale.kind == STANDARD else high - low
    return _scaling(scale, mean if scale.kind == STANDARD else low, spread, high == low, fill)


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
    # the mean of equal numbers can differ from them by rounding
    is_flat = np.ptp(values, axis=0) == 0
    if scale.kind == STANDARD:
        return _scaling(scale, values.mean(axis=0), values.std(axis=0), is_flat, fill)
    return _scaling(scale, values.min(axis=0), np.ptp(values, axis=0), is_flat, fill)


def _scaling(
    scale: Scale, centre: Floats, spread: Floats, is_flat: NDArray[np.bool_], fill: Floats
) -> Scaling:
    """Return what brings `centre` to the low end, or to 0, and `spread` to the width, or to 1."""
    is_range = scale.kind != STANDARD
    low, width = (scale.low, scale.high - scale.low) if is_range else (0.0, 1.0)
    factor = np.where(is_flat, 1.0, width / np.where(is_flat, 1.0, spread))
    return Scaling(centre - low / factor, factor, fill)
