"""The update rule: how one vector of weights moves, as vector code.

A section hands over the descent direction d of a weight (the sum of x_i g_j over its
connections) and, for rules of second order, its curvature h (the sum of x_i^2 h_j). With step
r, curvature average c, momentum alpha and decay:

    c' = (1 - gamma) c + gamma h          r' = r, or r / (mu + |c'|), or r / clip(|c'|)
    v' = alpha v + (1 - alpha) r' d       w' = (1 - decay [r']) w + v'

Where r is 0 the weight is frozen, and plain decay leaves it alone too.

Source: SN 2.8, update-weight, update-w-newton, update-lmggradient (sn-network, 5.3 and 5.4);
the clipped step is that of the later Torch trainers.
"""

from __future__ import annotations

from dataclasses import dataclass

from sn.emit.vector import Builder, Memories, Position, Vec

# places of the numbers that a rule reads from `h`, the hyperparameters
ALPHA, DECAY, GAMMA, MU, LIMIT = range(5)
N_HYPER = 8


@dataclass(frozen=True, slots=True)
class Row:
    """What the weights of one row have in common: gradient times step, gradient, curvature."""

    scaled: Vec
    grad: Vec
    curv: Vec | None


class Rule:
    """An update rule as sections use it.

    `step`: "node" (one step per node), "weight" (a step per weight in `e`), "newton" (divided by
    mu plus the curvature) or "clip" (by the curvature, kept between mu and LIMIT). `decay`:
    "", "plain" or "scaled" (by the step). `gather`: leave the weights alone and add descent and
    curvature up in `e` and `c`. `second`: curvatures are handed over.
    """

    def __init__(
        self,
        k: Builder,
        m: Memories,
        node: int,
        *,
        step: str = "node",
        momentum: bool = False,
        decay: str = "",
        gather: bool = False,
        second: bool = False,
    ) -> None:
        self.m = m
        self.kind, self.momentum, self.decay = step, momentum, decay
        self.gather, self.second = gather, second
        self._simple = step == "node" and not (momentum or decay or gather)
        # read once, where the rule is made, for both widths of vectors
        self._numbers = {some.lanes: _Numbers(some, m, node) for some in (k.narrow(), k)}

    def row(self, k: Builder, grad: Vec, curv: Vec | None) -> Row:
        """Prepare the gradient (and curvature) that a row of weights shares."""
        return Row(grad * self._numbers[k.lanes].step if self._simple else grad, grad, curv)

    def move(self, k: Builder, at: Position, w: Vec, row: Row, x: Vec) -> None:
        """Move the weights w at `at` for descent = gradient * x."""
        if self._simple:
            k.store(k.fma(row.scaled, x, w), self.m.w, at)
            return
        curv = row.curv * (x * x) if row.curv is not None else None
        self._general(k, at, w, row.grad * x, curv)

    def apply(self, k: Builder, at: Position, descent: Vec, curv: Vec | None) -> None:
        """Move the weights at `at` along a finished descent direction."""
        w = k.load(self.m.w, at)
        if self._simple:
            k.store(k.fma(self._numbers[k.lanes].step, descent, w), self.m.w, at)
            return
        self._general(k, at, w, descent, curv)

    def _general(self, k: Builder, at: Position, w: Vec, descent: Vec, curv: Vec | None) -> None:
        m = self.m
        if self.gather:
            k.store(k.load(m.e, at) + descent, m.e, at)
            if curv is not None:
                k.store(k.load(m.c, at) + curv, m.c, at)
            return
        numbers = self._numbers[k.lanes]
        step = self._step(k, at, curv)
        delta = step * descent
        if self.momentum:
            old = k.load(m.v, at) * numbers.hyper[ALPHA]
            delta = k.fma(numbers.rest[ALPHA], delta, old)
            k.store(delta, m.v, at)
        if self.decay == "plain":
            w = w * self._kept(k, at)
        elif self.decay == "scaled":
            w = k.fma(-(numbers.hyper[DECAY] * step), w, w)
        k.store(w + delta, m.w, at)

    def _kept(self, k: Builder, at: Position) -> Vec:
        """What plain decay leaves of a weight: 1 - decay, all of it where the step is 0."""
        numbers = self._numbers[k.lanes]
        step = k.load(self.m.e, at) if self.kind == "weight" else numbers.step
        is_frozen = k.compare("==", step, k.constant(0))
        return k.select(is_frozen, k.constant(1), numbers.rest[DECAY])

    def _step(self, k: Builder, at: Position, curv: Vec | None) -> Vec:
        m, numbers = self.m, self._numbers[k.lanes]
        if self.kind == "node":
            return numbers.step
        if self.kind == "weight":
            return k.load(m.e, at)
        assert curv is not None
        old = k.load(m.c, at) * numbers.rest[GAMMA]
        average = k.fma(numbers.hyper[GAMMA], curv, old)
        k.store(average, m.c, at)
        size = k.absolute(average)
        if self.kind == "newton":
            return numbers.step / (size + numbers.hyper[MU])
        limited = k.minimum(k.maximum(size, numbers.hyper[MU]), numbers.hyper[LIMIT])
        return numbers.step / limited


class _Numbers:
    """The step of a node and the hyperparameters (and 1 minus each) in every lane."""

    def __init__(self, k: Builder, m: Memories, node: int) -> None:
        one = k.constant(1)
        self.step = k.spread(m.r, node)
        self.hyper = {place: k.spread(m.h, place) for place in (ALPHA, DECAY, GAMMA, MU, LIMIT)}
        self.rest = {place: one - value for place, value in self.hyper.items()}
