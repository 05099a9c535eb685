"""Initial weights: one uniform draw per weight, scaled by the fan-in of the unit it feeds.

Source: SN 2.8, forget (constant), forget-inv (x / F), forget-sqrt (x / sqrt F); F counts the
bias, and biases are drawn like the other weights. LeCun 1989 prints +-2.4/F.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sn.limits import NOT_NEGATIVE, check_fields, setting
from sn.net.table import ConnectionTable
from sn.registry import Registry

fan_in_law: Registry[Callable[[NDArray[np.float64]], NDArray[np.float64]]] = Registry("init law")


@fan_in_law("constant")
def constant(fan_in: NDArray[np.float64]) -> NDArray[np.float64]:
    """U(-x, x)."""
    return np.ones_like(fan_in)


@fan_in_law("fan-in")
def fan_in(fan_in: NDArray[np.float64]) -> NDArray[np.float64]:
    """U(-x/F, x/F)."""
    return 1 / fan_in


@fan_in_law("sqrt-fan-in")
def sqrt_fan_in(fan_in: NDArray[np.float64]) -> NDArray[np.float64]:
    """U(-x/sqrt F, x/sqrt F)."""
    return 1 / np.sqrt(fan_in)


def philox_key(seed: int, purpose: int) -> NDArray[np.uint64]:
    """Return the key of the stream that serves one purpose under a seed of 64 bits.

    The type is said, because NumPy makes floats of a seed from 2^63 on beside a small number.
    """
    return np.array([seed, purpose], np.uint64)


@dataclass(frozen=True, slots=True)
class Init:
    """A uniform law: half-width `scale` times the law's function of the fan-in.

    Raises: SettingError for a scale that is no width.
    """

    scale: float = setting(NOT_NEGATIVE, 2.4)
    law: str = "fan-in"

    def __post_init__(self) -> None:
        check_fields(self)

    def draw(self, table: ConnectionTable, seed: int) -> NDArray[np.float32]:
        """Return initial weights in weight order: (n_weights,) float32.

        The stream depends on the seed alone (Philox, counter-based), one draw per weight.
        """
        stream = np.random.Generator(np.random.Philox(key=philox_key(seed, 0x1989)))
        width = self.scale * fan_in_law.get(self.law)(table.fan_in_of_weight.astype(float))
        return (stream.uniform(-1.0, 1.0, table.n_weights) * width).astype(np.float32)
