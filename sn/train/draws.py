"""Draws: what chance changes in each presentation, the same for every engine.

Patterns are moved, turned, scaled and made noisy on their way in (`Augmentation`), and units of
layers with a dropout are left out. Every number is that of a counter (loops.py): the seed of the
run, the number of the presentation, what it is for. So a run that was stopped goes on with the
same draws, and kernels and twin are shown the same patterns.

Source: Srivastava et al. 2014 for dropout, in the form that scales while training.
Read next: loops.py.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from sn.limits import COUNT, NOT_NEGATIVE, Limit, check_fields, setting
from sn.net.table import ConnectionTable
from sn.train import loops

Floats32 = NDArray[np.float32]
Order = NDArray[np.int32]
Array = NDArray[np.generic]

SMOOTH = Limit(0, 100, is_open_below=True)
CHUNK = 128  # presentations drawn at once; chosen here: patterns of 256 stay in the cache
COUNTER = "drawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """How far patterns are changed at random when they are shown; 0 is not at all.

    `down` and `across`: whole pixels, up to so many either way; `rotate`: degrees either way;
    `scale`: the part of the size by which it grows or shrinks; `noise`: the deviation of a Gaussian
    that is added to each input; `elastic`: displacements of pixels, drawn from -1 to 1, made smooth
    by a Gaussian of deviation `smooth` in pixels, and multiplied by so many pixels. What comes in
    from outside is `fill`, None for the background, or with `wraps` what went out on the other
    side. Patterns that are turned, scaled or bent are read between four pixels (bilinear).
    Source: of elastic distortions Simard, Steinkraus and Platt 2003.
    Raises: SettingError for a number outside its limits.
    """

    down: int = setting(COUNT, 0)
    across: int = setting(COUNT, 0)
    rotate: float = setting(Limit(0, 180), 0.0)
    scale: float = setting(Limit(0, 1, is_open_above=True), 0.0)
    noise: float = setting(NOT_NEGATIVE, 0.0)
    elastic: float = setting(NOT_NEGATIVE, 0.0)
    smooth: float = setting(SMOOTH, 4.0)
    fill: float | None = setting(Limit(), None)
    wraps: bool = False

    def __post_init__(self) -> None:
        check_fields(self)

    def __str__(self) -> str:
        said = [f"shift {self.down} {self.across}"] if self.down or self.across else []
        numbers = (("rotate", self.rotate), ("scale", self.scale), ("noise", self.noise))
        said += [f"{name} {number:g}" for name, number in numbers if number]
        said += [f"elastic {self.elastic:g} {self.smooth:g}"] if self.elastic else []
        said += ["wrap"] if self.wraps else []
        said += [] if self.fill is None else [f"fill {self.fill:g}"]
        return ", ".join(said) or "nothing"


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Some presentations.

    Shapes: patterns: (n, n_inputs); targets: (n, n_outputs); masks: (n, units of layers with a
    dropout); all float32.
    """

    patterns: Floats32
    targets: Floats32
    masks: Floats32


class Draws:
    """What chance does to the patterns of one run; counts the presentations that it has drawn.

    `background` is what an augmentation fills with where it does not say; `phase`: which of several
    phases, each with draws of its own.
    """

    def __init__(
        self,
        table: ConnectionTable,
        augmentation: Augmentation | None,
        seed: int,
        background: float = 0.0,
        phase: int = 0,
    ) -> None:
        self._augmentation, self._shown = augmentation, 0
        self._purpose = phase * loops.OF_A_PHASE
        self._key = (seed & loops.LOW, seed >> 32)
        self._layers = table.dropped_layers
        self.units = np.concatenate(
            [np.arange(one.first, one.first + one.size) for one in self._layers]
            or [np.zeros(0, np.int64)]
        )
        if augmentation is not None:
            shape = table.layers[0].shape
            self._shape = np.array((*(1,) * (3 - len(shape)), *shape), np.int64)
            fill = background if augmentation.fill is None else augmentation.fill
            self._how = np.array(
                [
                    *(augmentation.down, augmentation.across, math.radians(augmentation.rotate)),
                    *(augmentation.scale, augmentation.noise, fill, augmentation.wraps),
                    augmentation.elastic,
                ],
                np.float64,
            )

            rows, cols = self._shape[1:].tolist()
            field = np.zeros(2 * rows * cols + max(rows, cols))
            self._bending = (gaussian_weights(augmentation.smooth), field)

    def compile(self) -> float:
        """Have the loops compiled before they are needed; return the seconds that it took."""
        started = time.perf_counter()
        _compiled()
        return time.perf_counter() - started

    def get_counters(self) -> dict[str, Array]:
        """Return how many presentations were drawn: (1,) float64."""
        return {COUNTER: np.array([self._shown], np.float64)}

    def set_counters(self, counters: Mapping[str, Array]) -> None:
        """Go to where `get_counters` was."""
        self._shown = int(counters[COUNTER].item())

    def coming(self, order: Order, patterns: Floats32, targets: Floats32) -> Iterator[Drawn]:
        """Yield the next presentations, which stay the next ones."""
        shown = self._shown
        yield from self.take(order, patterns, targets)
        self._shown = shown

    def take(self, order: Order, patterns: Floats32, targets: Floats32) -> Iterator[Drawn]:
        """Yield presentations of an order, some at a time, and count them."""
        for first in range(0, len(order), CHUNK):
            some = order[first : first + CHUNK]
            masks = self._masks(len(some))
            yield Drawn(self._augmented(some, patterns), targets[some], masks)
            self._shown += len(some)

    def _augmented(self, order: Order, patterns: Floats32) -> Floats32:
        if self._augmentation is None:
            return patterns[order]
        out = np.empty((len(order), patterns.shape[1]), np.float32)
        _compiled().augment(
            patterns.reshape(-1), order, out.reshape(-1), self._shape, self._how, *self._bending,
            self._purpose, self._shown, *self._key,
        )  # fmt: skip
        return out

    def _masks(self, count: int) -> Floats32:
        out = np.empty((count, len(self.units)), np.float32)
        start = 0
        for number, layer in enumerate(self._layers):
            threshold = round(layer.dropout * 2**32)
            scale = 1 / (1 - layer.dropout)
            _compiled().masks(
                out.reshape(-1), count, start, layer.size, threshold, scale,
                self._purpose + loops.DROPOUT + number, self._shown, *self._key,
            )  # fmt: skip
            start += layer.size
        return out


def gaussian_weights(deviation: float) -> NDArray[np.float64]:
    """Return the weights of a number and of its neighbours at distance 1, 2, ... up to three
    deviations, which add up to 1 with those on the other side.
    """
    far = np.arange(math.ceil(3 * deviation) + 1)
    weights = np.exp(-0.5 * (far / deviation) ** 2)
    shares = weights / (2 * weights.sum() - weights[0])
    return np.asarray(np.round(shares * 2.0**40) / 2.0**40)  # exp may differ in its last place


@cache
def _compiled() -> ModuleType:
    """The loops as machine code."""
    from sn.machine_code import compile_functions  # Numba is slow to start, as in compiled.py

    return compile_functions(Path(loops.__file__).read_text(encoding="utf-8"), "loops")
