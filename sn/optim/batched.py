"""Optimizers of first order that can move weights once for several patterns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from sn.limits import MOMENTUM, NOT_NEGATIVE, Limit, setting
from sn.optim.base import ALL, Optimizer, Phases, Reduction
from sn.optim.rules import Hyper, RuleSpec, UpdateRule

BATCH = Limit(ALL, is_whole=True)


class Parametrisation(StrEnum):
    """What a step moves: the weights, or their lengths and directions."""

    PLAIN = "plain"
    WEIGHT_NORM = "weight-norm"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Batched(Optimizer):
    """An optimizer with a `batch`: so many patterns a step, or ALL of a pass.

    A step follows the mean of the descents of its patterns, or their sum. The last batch of a pass
    has the patterns that are left. With a `clip_norm`, the descents of all weights of a step are
    kept to that length together. With an `average` B, what answers is a running average of the
    weights after each step, a = B a + (1 - B) w, which starts from their first values. The
    `parametrisation` weight-norm moves lengths and directions of weights (normalised.py).
    Source: Polyak and Juditsky 1992, in the exponential form.
    """

    batch: int = setting(BATCH, 1)
    reduction: Reduction = Reduction.MEAN
    clip_norm: float = setting(NOT_NEGATIVE, 0.0)
    average: float = setting(MOMENTUM, 0.0)
    parametrisation: Parametrisation = Parametrisation.PLAIN

    @property
    def own_rule(self) -> UpdateRule:
        """What becomes of a weight, clipping and average aside."""
        raise NotImplementedError

    @property
    def own_hyper(self) -> Hyper:
        """The numbers of that rule."""
        return Hyper()

    @property
    def rule(self) -> UpdateRule:
        """The whole rule."""
        found = self._decaying(self.own_rule)
        found = found.clipped() if self.uses("clip_norm") else found
        return found.averaged() if self.uses("average") else found

    @property
    def hyper(self) -> Hyper:
        """All its numbers."""
        return replace(self.own_hyper, clip=self.clip_norm, average=self.average)

    @property
    def phases(self) -> Phases:
        """Weights move after each batch."""
        return self.batch_phases

    @property
    def batch_phases(self) -> Phases:
        """What a pass is where weights move after each batch."""
        if self.parametrisation is Parametrisation.WEIGHT_NORM:
            return Phases(RuleSpec(gather=True), batch=self.batch, is_normalised=True)
        return Phases(self.rule, batch=self.batch)

    @property
    def steps_along_sum(self) -> bool:
        """Whether batches are summed."""
        return self.batch != 1 and self.reduction is Reduction.SUM
