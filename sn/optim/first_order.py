"""First-order optimizers, simplest first. To add one, write a frozen class and register it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sn.registry import Registry

Floats = NDArray[np.float64]

optimizer: Registry[type[Sgd]] = Registry("optimizer")


@dataclass(frozen=True, slots=True)
class Sgd:
    """(sgd (learning-rate R)): after each pattern, every weight moves R down its gradient.

    SN calls the learning rate epsilon; both names work.
    Source: SN 2.8, update-weight with alpha = decay = 0.
    """

    learning_rate: float

    # NOTE(emit): the class in emit/update.py that moves the weights
    rule = "Sgd"

    def move(self, weights: Floats, descent: Floats) -> Floats:
        """Return the weights after one presentation: w + R * descent, (n_weights,) float64."""
        return weights + self.learning_rate * descent


optimizer.add("sgd", Sgd)
