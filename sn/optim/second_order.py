"""Second-order optimizers: steps divided by a diagonal estimate of the curvature.

The curvature of a weight is the sum of x_i^2 h_j over its connections, h from a second backward
pass. "gauss-newton" drops the term with f'', so that it is never negative (SN's learn-lm, the
Levenberg-Marquardt form); "full" keeps it (learn-newton).

Source: LeCun 1989; SN 2.8, learn-lm, learn-newton, learn-batch-lm; gblearn2,
compute-diaghessian for `samples`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sn.errors import SettingError
from sn.limits import AVERAGE, COUNT, DECAY, MOMENTUM, NOT_NEGATIVE, POSITIVE, RATE, setting
from sn.optim.base import Optimizer, Phases, Reduction, Sampling, optimizer
from sn.optim.rules import Curvature, Decay, Hyper, RuleSpec, Step, UpdateRule


class Damping(StrEnum):
    """How a curvature h becomes a step: R / (mu + |h|), or R / |h| with |h| in [mu, limit]."""

    ADD = "add"
    CLIP = "clip"


class Form(StrEnum):
    """Which curvature: Gauss-Newton, or with the second derivative of the units."""

    GAUSS_NEWTON = "gauss-newton"
    FULL = "full"


@optimizer("diagonal-newton")
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DiagonalNewton(Optimizer):
    """(diagonal-newton [(learning-rate R)] [(mu M)] [(gamma G)] [(samples N)] [(curvature C)]).

    After each pattern every weight moves R / (M + c) down its gradient. c is a running average
    of the curvature, c = (1 - G) c + G h; with `samples` it is the mean over the first N
    patterns of each pass, then frozen. C is gauss-newton or full; (damping add|clip),
    (limit L), (momentum A), (decay D) and (decay-rule plain|scaled) as named.
    Source: SN 2.8: learning rate .0005, mu = gamma = .05 are its manual's advice.
    """

    learning_rate: float = setting(RATE, 0.0005)
    mu: float = setting(NOT_NEGATIVE, 0.05)
    gamma: float = setting(AVERAGE, 0.05)
    samples: int = setting(COUNT, 0)
    curvature: Form = Form.GAUSS_NEWTON
    damping: Damping = Damping.ADD
    limit: float = setting(POSITIVE, 50.0)
    momentum: float = setting(MOMENTUM, 0.0)
    decay: float = setting(DECAY, 0.0)
    decay_rule: Decay = Decay.PLAIN

    def __post_init__(self) -> None:
        Optimizer.__post_init__(self)
        if self.damping is Damping.CLIP and self.limit < self.mu:
            raise SettingError(
                f"limit must be at least mu, {self.mu:g}, found {self.limit:g}",
                hint="(damping clip) keeps a curvature between mu and limit",
            )

    @property
    def _decay(self) -> Decay:
        return self.decay_rule if self.uses("decay") else Decay.NONE

    @property
    def rule(self) -> UpdateRule:
        """Divided by the running curvature; with samples, a frozen step per weight."""
        if self.samples:
            return self._decaying(RuleSpec(Step.WEIGHT, self.uses("momentum"), self._decay))
        step = Step.CLIP if self.damping is Damping.CLIP else Step.NEWTON
        momentum, form = self.uses("momentum"), Curvature(self.curvature)
        return self._decaying(RuleSpec(step, momentum, self._decay, form))

    @property
    def _gathering(self) -> RuleSpec:
        return RuleSpec(curvature=Curvature(self.curvature), gather=True)

    @property
    def phases(self) -> Phases:
        """Curvatures first, where they are sampled; weights move after each pattern."""
        if not self.samples:
            return Phases(self.rule)
        damping = Step.CLIP if self.damping is Damping.CLIP else Step.NEWTON
        return Phases(self.rule, Sampling(self.samples, self._gathering, damping))

    @property
    def hyper(self) -> Hyper:
        """All numbers."""
        return Hyper(self.momentum, self.decay, self.gamma, self.mu, self.limit)


@optimizer("batch-newton")
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BatchNewton(DiagonalNewton):
    """(batch-newton [(learning-rate R)] [(mu M)] [(reduction sum|mean)] ...): one step per pass.

    Descents and curvatures are summed over all patterns; each weight moves R / (M + |sum h|).
    With (reduction mean) both are divided by their number, so that M is as for one pattern.
    Source: SN 2.8, learn-batch-lm, learn-batch-newton (gamma is 1 there).
    """

    gamma: float = setting(AVERAGE, 1.0)
    reduction: Reduction = Reduction.SUM

    @property
    def phases(self) -> Phases:
        """One step, from the descents and curvatures of all patterns."""
        return Phases(self._gathering, has_step=True)
