"""First-order optimizers, simplest first. To add one, write a frozen class and register it."""

from __future__ import annotations

from dataclasses import dataclass

from sn.limits import DECAY, MOMENTUM, setting
from sn.net.expr import call
from sn.optim import rules
from sn.optim.base import ALL, Phases, Reduction, Scale, optimizer
from sn.optim.batched import BATCH, Batched, Parametrisation
from sn.optim.rules import (
    DESCENT,
    STEPS,
    WEIGHT,
    Decay,
    Hyper,
    RuleSpec,
    Slot,
    Step,
    UpdateRule,
    average,
)


@optimizer("sgd")
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Sgd(Batched):
    """(sgd (learning-rate R) [(momentum A)] [(decay D)] [(decay-rule plain|scaled)] ...).

    After each pattern: delta = A delta + (1 - A) R descent; w = (1 - D) w + delta, or with the
    scaled rule (1 - R D) w + delta.
    Source: SN 2.8, update-weight; plain is the decay of its iterative kernels, scaled that of
    the others; SN's names are epsilon, alpha and decay.
    """

    momentum: float = setting(MOMENTUM, 0.0)
    decay: float = setting(DECAY, 0.0)
    decay_rule: Decay = Decay.PLAIN

    @property
    def own_rule(self) -> UpdateRule:
        """One step per node, or one per weight where fan-ins scale it."""
        step = Step.NODE if self.scale is Scale.NONE else Step.WEIGHT
        decay = self.decay_rule if self.uses("decay") else Decay.NONE
        return RuleSpec(step, self.uses("momentum"), decay)

    @property
    def own_hyper(self) -> Hyper:
        """Momentum and decay."""
        return Hyper(momentum=self.momentum, decay=self.decay)


@optimizer("nesterov")
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Nesterov(Batched):
    """(nesterov (learning-rate R) [(momentum A)] ...): sgd with momentum, looking ahead.

    After each pattern: v = A v + (1 - A) R descent; w = w + A v + (1 - A) R descent. A is 0.9
    unless said otherwise. As in SN's momentum, the rate is that of the whole movement; where
    others leave (1 - A) out, their rate is (1 - A) R.
    Source: Nesterov 1983, in the form of Sutskever et al. 2013 with weights looked ahead.
    """

    momentum: float = setting(MOMENTUM, 0.9)

    @property
    def own_rule(self) -> UpdateRule:
        """A velocity per weight, and a step per weight where fan-ins scale it."""
        return nesterov_rule(self.scale is not Scale.NONE)

    @property
    def own_hyper(self) -> Hyper:
        """Momentum."""
        return Hyper(momentum=self.momentum)


def nesterov_rule(has_steps: bool = False) -> UpdateRule:
    """Return the rule of momentum whose gradient is taken where the velocity leads."""
    velocity, step = Slot("velocity"), Slot(STEPS)
    delta = (step.old if has_steps else rules.RATE) * DESCENT
    new = average(rules.MOMENTUM, velocity.old, delta)
    return UpdateRule(
        WEIGHT + call("fma", rules.MOMENTUM, new, (1 - rules.MOMENTUM) * delta),
        (Slot(velocity.name, new), *((step,) if has_steps else ())),
    )


@optimizer("batch")
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Batch(Sgd):
    """(batch (learning-rate R) [(reduction sum|mean)] ...): one step per pass.

    It follows the sum of the descents of all patterns, so a rate that serves `sgd` is too large by
    the number of patterns; with (reduction mean) it follows their mean.
    Source: SN 2.8, learn-batch, which sums.
    """

    batch: int = setting(BATCH, ALL)
    reduction: Reduction = Reduction.SUM

    @property
    def phases(self) -> Phases:
        """One step in float64, along the descents of all patterns; or one for each batch."""
        if self.batch == ALL and self.parametrisation is Parametrisation.PLAIN:
            return Phases(RuleSpec(gather=True), has_step=True)
        return self.batch_phases
