"""Optimizers whose step adapts to the gradients that a weight has seen."""

from __future__ import annotations

from dataclasses import dataclass

from sn.limits import DECAY, MOMENTUM, POSITIVE, RATE, setting
from sn.net.expr import call, const
from sn.optim import rules
from sn.optim.base import Scale, optimizer
from sn.optim.batched import Batched
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


@optimizer("adagrad")
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Adagrad(Batched):
    """(adagrad [(learning-rate R)] [(eps E)] ...): steps that shrink as squares add up.

    After each pattern, with d the descent: s = s + d^2, w = w + R d / (sqrt s + E). R is 0.01 and
    E 1e-10 unless said otherwise.
    Source: Duchi, Hazan and Singer 2011, the diagonal form.
    """

    learning_rate: float = setting(RATE, 0.01)
    eps: float = setting(POSITIVE, 1e-10)

    @property
    def own_rule(self) -> UpdateRule:
        """A sum of squares per weight; a step per weight where fan-ins scale it."""
        return adagrad_rule(self.scale is not Scale.NONE)

    @property
    def own_hyper(self) -> Hyper:
        """What keeps divisors from 0."""
        return Hyper(eps=self.eps)


def adagrad_rule(has_steps: bool = False) -> UpdateRule:
    """Return Adagrad's rule."""
    squares, step = Slot("squares"), Slot(STEPS)
    sum_ = squares.old + DESCENT * DESCENT
    rate = step.old if has_steps else rules.RATE
    moved = WEIGHT + call("over", rate * DESCENT, call("sqrt", sum_) + EPS)
    return UpdateRule(moved, (Slot(squares.name, sum_), *((step,) if has_steps else ())))


@optimizer("rmsprop")
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RmsProp(Batched):
    """(rmsprop [(learning-rate R)] [(rho B)] [(eps E)] [(momentum A)] ...): steps of about R.

    After each pattern, with d the descent: s = B s + (1 - B) d^2, u = d / (sqrt s + E); then
    w = w + R u, or with momentum v = A v + u, w = w + R v. R is 0.01, B 0.99, E 1e-8 and A 0
    unless said otherwise, as in PyTorch, which calls B alpha.
    Source: Tieleman and Hinton 2012, lecture 6.5.
    """

    learning_rate: float = setting(RATE, 0.01)
    rho: float = setting(MOMENTUM, 0.99)
    eps: float = setting(POSITIVE, 1e-8)
    momentum: float = setting(MOMENTUM, 0.0)

    @property
    def own_rule(self) -> UpdateRule:
        """A mean square per weight, and a velocity with momentum."""
        return rmsprop_rule(self.uses("momentum"), self.scale is not Scale.NONE)

    @property
    def own_hyper(self) -> Hyper:
        """The weights of the averages, and what keeps divisors from 0."""
        return Hyper(momentum=self.momentum, beta2=self.rho, eps=self.eps)


def rmsprop_rule(momentum: bool = False, has_steps: bool = False) -> UpdateRule:
    """Return the rule of RMSprop."""
    square, velocity, step = Slot("square"), Slot("velocity"), Slot(STEPS)
    new_square = average(BETA2, square.old, DESCENT * DESCENT)
    delta = call("over", DESCENT, call("sqrt", new_square) + EPS)
    slots = [Slot(square.name, new_square)]
    if momentum:
        delta = call("fma", rules.MOMENTUM, velocity.old, delta)
        slots.append(Slot(velocity.name, delta))
    rate = step.old if has_steps else rules.RATE
    return UpdateRule(WEIGHT + rate * delta, (*slots, *((step,) if has_steps else ())))


@optimizer("adam")
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Adam(Batched):
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
    def own_rule(self) -> UpdateRule:
        """Means of descents and of their squares; a step per weight where fan-ins scale it."""
        return adam_rule(self.scale is not Scale.NONE)

    @property
    def own_hyper(self) -> Hyper:
        """The weights of the averages, and what keeps divisors from 0."""
        return Hyper(beta1=self.beta1, beta2=self.beta2, eps=self.eps)


@optimizer("adamw")
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AdamW(Adam):
    """(adamw [(decay D)] [(learning-rate R)] [(beta1 A)] [(beta2 B)] ...): adam with decay.

    Weights shrink by R D besides, apart from the averages: w = (1 - R D) w + the step of adam. D is
    0.01 unless said otherwise, as in PyTorch.
    Source: Loshchilov and Hutter 2019, algorithm 2.
    """

    decay: float = setting(DECAY, 0.01)

    @property
    def own_rule(self) -> UpdateRule:
        """That of adam, with decay."""
        return adam_rule(self.scale is not Scale.NONE, self.uses("decay"))

    @property
    def own_hyper(self) -> Hyper:
        """Those of adam, and the decay."""
        return Hyper(decay=self.decay, beta1=self.beta1, beta2=self.beta2, eps=self.eps)


def adam_rule(has_steps: bool = False, decay: bool = False) -> UpdateRule:
    """Return Adam's rule, with decoupled decay if asked for.

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
    kept = call("fma", -(rules.DECAY * rate), WEIGHT, WEIGHT) if decay else WEIGHT
    return UpdateRule(
        kept + call("over", (rate / mean_total.old) * new_mean, root + EPS),
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
