"""Rules: what an update does to a weight, apart from its numbers.

An optimizer names a `RuleSpec`; the emitter compiles it into the kernels, and numbers such as
momentum and mu are read at run time. `advance` is the same update in float64, for the twin.

Read next: first_order.py, second_order.py, conjugate.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Step(StrEnum):
    """How large a step is: per node of the plan, per weight, or divided by a curvature."""

    NODE = "node"
    WEIGHT = "weight"
    NEWTON = "newton"
    CLIP = "clip"


class Decay(StrEnum):
    """How weights decay: not, by `decay` (SN's iterative kernels), or by decay times the step."""

    NONE = ""
    PLAIN = "plain"
    SCALED = "scaled"


class Curvature(StrEnum):
    """Which second derivatives are computed: none, Gauss-Newton (never negative), or full."""

    NONE = "none"
    GAUSS_NEWTON = "gauss-newton"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """An update rule. `gather` leaves the weights alone and adds descents and curvatures up."""

    step: Step = Step.NODE
    momentum: bool = False
    decay: Decay = Decay.NONE
    curvature: Curvature = Curvature.NONE
    gather: bool = False

    @property
    def second(self) -> bool:
        """Whether curvatures are computed."""
        return self.curvature is not Curvature.NONE


@dataclass(frozen=True, slots=True)
class Hyper:
    """The numbers of a rule, as kernels read them; see emit/update.py for their places."""

    momentum: float = 0.0
    decay: float = 0.0
    gamma: float = 0.0
    mu: float = 0.0
    limit: float = 0.0


Floats = NDArray[np.float64]


@dataclass(slots=True)
class Memory:
    """What a rule remembers per weight: arrays (n_weights,) float64, in weight order.

    `previous` is the descent of the pass before, for rules that compare the two.
    """

    velocity: Floats
    curvature: Floats
    previous: Floats

    @classmethod
    def empty(cls, count: int) -> Memory:
        """Return the memory before the first update."""
        return cls(*(np.zeros(count) for _ in range(3)))


def advance(
    rule: RuleSpec,
    hyper: Hyper,
    steps: Floats,
    weights: Floats,
    memory: Memory,
    descent: Floats,
    curvature: Floats,
) -> Floats:
    """Return the weights after one update and change `memory`: the twin of emit/update.py.

    Shapes: all (n_weights,) float64; `steps` the learning rate of each weight; `descent` the sum
    of x_i g_j, `curvature` of x_i^2 h_j over a weight's connections. A weight whose step is 0
    is frozen: plain decay leaves it alone too, where SN 2.8 decays it.
    Source: SN 2.8, sn-network 5.3 and 5.4.
    """
    plain = np.where(steps == 0, 0.0, hyper.decay)
    if rule.step in (Step.NEWTON, Step.CLIP):
        memory.curvature = (1 - hyper.gamma) * memory.curvature + hyper.gamma * curvature
        steps = damped(rule.step, steps, hyper, memory.curvature)
    delta = steps * descent
    if rule.momentum:
        memory.velocity = hyper.momentum * memory.velocity + (1 - hyper.momentum) * delta
        delta = memory.velocity
    factor = {
        Decay.NONE: np.zeros(1),
        Decay.PLAIN: plain,
        Decay.SCALED: hyper.decay * steps,
    }
    moved: Floats = weights * (1 - factor[rule.decay]) + delta
    return moved


def damped(how: Step, steps: Floats, hyper: Hyper, curvature: Floats) -> Floats:
    """Return steps divided by mu + |c| (SN 2.8), or by |c| kept between mu and the limit."""
    size = np.abs(curvature)
    divisor = np.clip(size, hyper.mu, hyper.limit) if how is Step.CLIP else hyper.mu + size
    divided: Floats = steps / divisor
    return divided
