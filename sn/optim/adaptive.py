"""Optimizers whose step adapts to the gradients that a weight has seen."""

from __future__ import annotations

from dataclasses import dataclass

from sn.limits import MOMENTUM, POSITIVE, RATE, setting
from sn.net.expr import call, const
from sn.optim import rules
from sn.optim.base import Optimizer, Scale, optimizer
from sn.optim.rules import (
    BETA1,
    BETA2,
    DESCENT,
    EPS,
    STEPS,
    WEIGHT,
    Hyper,
    Slot,
    UpdateRule,
    average,
)


@optimizer("adam")
@dataclass(frozen=True, slots=True, kw_only=True)
class Adam(Optimizer):
    """(adam [(learning-rate R)] [(beta1 A)] [(beta2 B)] [(eps E)] ...): steps of about R.

    After each pattern, with d the descent: m = A m + (1 - A) d, s = B s + (1 - B) d^2,
    w = w + R m' / (sqrt s' + E), where m' and s' are m and s divided by 1 - A^t and 1 - B^t at
    presentation t. R is 0.001, A 0.9, B 0.999 and E 1e-8 unless said otherwise. SN calls the
    learning rate epsilon, so the small number is eps.
    Source: Kingma and Ba 2015, algorithm 1.
    """

    learning_rate: float = setting(RATE, 0.001)
    beta1: float = setting(MOMENTUM, 0.9)
    beta2: float = setting(MOMENTUM, 0.999)
    eps: float = setting(POSITIVE, 1e-8)

    @property
    def rule(self) -> UpdateRule:
        """Means of descents and of their squares; a step per weight where fan-ins scale it."""
        return adam_rule(self.scale is not Scale.NONE)

    @property
    def hyper(self) -> Hyper:
        """The weights of the averages, and what keeps divisors from 0."""
        return Hyper(beta1=self.beta1, beta2=self.beta2, eps=self.eps)


def adam_rule(has_steps: bool = False) -> UpdateRule:
    """Return Adam's rule.

    1 - beta^t is the same average as that of the descents, of ones instead: it is kept as a
    counter, c = beta c + (1 - beta) from 0 on, which needs no power, is exact at the first step
    and loses no digits where beta^t is near 1.
    """
    mean, square = Slot("mean"), Slot("square")
    mean_total, square_total = Slot("mean_total"), Slot("square_total")
    step = Slot(STEPS)
    new_mean = average(BETA1, mean.old, DESCENT)
    new_square = average(BETA2, square.old, DESCENT * DESCENT)
    root = call("sqrt", new_square * (const(1) / square_total.old))
    rate = step.old if has_steps else rules.RATE
    return UpdateRule(
        WEIGHT + (rate / mean_total.old) * new_mean / (root + EPS),
        (
            Slot(mean.name, new_mean),
            Slot(square.name, new_square),
            *((step,) if has_steps else ()),
        ),
        (
            Slot(mean_total.name, average(BETA1, mean_total.old, const(1))),
            Slot(square_total.name, average(BETA2, square_total.old, const(1))),
        ),
    )
