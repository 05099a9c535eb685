"""What every optimizer has: a learning rate, rates of single layers, and a rule to run.

The engines ask an optimizer for the rule that its kernels follow, the numbers of that rule and
the step of each weight; what happens around a pass (sampling the curvature, one batch step)
follows from its `Mode`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from sn.net.init import fan_in_law
from sn.net.table import ConnectionTable
from sn.optim.rules import Hyper, RuleSpec, Step
from sn.registry import Registry

Floats = NDArray[np.float64]


class Mode(StrEnum):
    """When weights move: after each pattern, or once per pass over the whole set."""

    ONLINE = "online"
    BATCH = "batch"


class Scale(StrEnum):
    """What divides the learning rate of a weight: nothing, F, sqrt F, or sqrt(F c).

    F is the fan-in of the unit it feeds, bias included, c how many connections share it.
    Source: SN 2.8, epsi, epsi-sqrt, mask-epsi.
    """

    NONE = "none"
    FAN_IN = "fan-in"
    SQRT_FAN_IN = "sqrt-fan-in"
    MASK = "mask"


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimizer:
    """Fields shared by all; `layers` gives single layers a learning rate of their own."""

    learning_rate: float
    scale: Scale = Scale.NONE
    layers: Mapping[str, float] = field(default_factory=dict)

    @property
    def rule(self) -> RuleSpec:
        """What the training kernel does to a weight."""
        raise NotImplementedError

    @property
    def hyper(self) -> Hyper:
        """The numbers of the rule."""
        return Hyper()

    @property
    def mode(self) -> Mode:
        """When weights move."""
        return Mode.ONLINE

    @property
    def samples_per_pass(self) -> int:
        """Patterns on which curvatures are estimated before each pass; 0 for none."""
        return 0

    @property
    def damped_by(self) -> Step:
        """How a curvature that was gathered becomes a step."""
        return Step.NEWTON

    @property
    def gathering(self) -> RuleSpec | None:
        """The rule of a second kernel that only adds descents and curvatures up, or None."""
        return None

    def layer_rate(self, layer: str) -> float:
        """Return the learning rate of the connections into a layer, before `scale`."""
        return self.layers.get(layer, self.learning_rate)

    def steps(self, table: ConnectionTable) -> Floats:
        """Return the learning rate of each weight: (n_weights,) float64."""
        rates = np.array([self.layer_rate(layer.name) for layer in table.layers])
        steps = np.full(table.n_weights, self.learning_rate)
        steps[table.wid] = rates[table.layer_of[table.dst]]
        fan_in = table.fan_in_of_weight.astype(float)
        if self.scale is Scale.MASK:
            shared = np.bincount(table.wid, minlength=table.n_weights)
            masked: Floats = steps / np.sqrt(fan_in * np.maximum(shared, 1))
            return masked
        law = {Scale.NONE: "constant", Scale.FAN_IN: "fan-in", Scale.SQRT_FAN_IN: "sqrt-fan-in"}
        scaled: Floats = steps * fan_in_law.get(law[self.scale])(fan_in)
        return scaled


optimizer: Registry[type[Optimizer]] = Registry("optimizer")
