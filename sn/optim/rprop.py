"""Rprop: one step per pass whose length depends on signs alone."""

from __future__ import annotations

from dataclasses import dataclass

from sn.errors import SettingError
from sn.limits import DECAY, POSITIVE, RATE, Limit, setting
from sn.net.expr import Expr, call, const
from sn.optim import rules
from sn.optim.base import Optimizer, Phases, Reduction, optimizer
from sn.optim.rules import (
    DESCENT,
    GROW,
    LEAST,
    LIMIT,
    SHRINK,
    WEIGHT,
    Hyper,
    RuleSpec,
    Slot,
    UpdateRule,
)

ZERO = const(0)


@optimizer("rprop")
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Rprop(Optimizer):
    """(rprop [(learning-rate R)] [(grow A)] [(shrink B)] [(least L)] [(limit M)]): a step per pass.

    With d the descent over all patterns, each weight has a step of its own, R at first: times A
    where d has the sign that it had the pass before, times B where it has the other, kept from L to
    M. The weight moves by its step along the sign of d, and not at all where the sign has changed.
    R is 0.01, A 1.2, B 0.5, L 1e-6 and M 50 unless said otherwise.
    Source: Riedmiller and Braun 1993, in the form without going back (Igel and Huesken 2000,
    iRprop-), as in PyTorch.
    """

    learning_rate: float = setting(RATE, 0.01)
    grow: float = setting(Limit(1), 1.2)
    shrink: float = setting(DECAY, 0.5)
    least: float = setting(POSITIVE, 1e-6)
    limit: float = setting(POSITIVE, 50.0)

    def __post_init__(self) -> None:
        Optimizer.__post_init__(self)
        if self.limit < self.least:
            raise SettingError(
                f"limit must be at least least, {self.least:g}, found {self.limit:g}",
                hint="steps are kept between the two",
            )

    @property
    def rule(self) -> UpdateRule:
        """The descent of the pass before, and the step, of each weight."""
        return rprop_rule()

    @property
    def hyper(self) -> Hyper:
        """Factors and ends of steps."""
        return Hyper(limit=self.limit, grow=self.grow, shrink=self.shrink, least=self.least)

    @property
    def phases(self) -> Phases:
        """One step, along the descents of all patterns."""
        return Phases(RuleSpec(gather=True), has_step=True)

    @property
    def reduction(self) -> Reduction:
        """A mean: signs are the same, and large sums do not overflow."""
        return Reduction.MEAN


def rprop_rule() -> UpdateRule:
    """Return the rule of Rprop; the step of a weight that is frozen, of rate 0, stays 0."""
    before, size = Slot("before"), Slot("size")
    agreement = before.old * DESCENT
    turned = call("lt", agreement, ZERO)
    factor = call("if", turned, SHRINK, call("if", call("lt", ZERO, agreement), GROW, const(1)))
    old = call("if", call("eq", size.old, ZERO), rules.RATE, size.old)
    kept = call("max", call("min", old * factor, LIMIT), LEAST)
    step = call("if", call("eq", rules.RATE, ZERO), ZERO, kept)
    followed = call("if", turned, ZERO, DESCENT)
    return UpdateRule(
        WEIGHT + step * _sign(followed), (Slot(before.name, followed), Slot(size.name, step))
    )


def _sign(e: Expr) -> Expr:
    return call(
        "if", call("lt", e, ZERO), const(-1), call("if", call("lt", ZERO, e), const(1), ZERO)
    )
