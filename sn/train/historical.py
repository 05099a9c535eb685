"""The historical engine: an optimizer in the arithmetic of the original program, bit for bit.

SN keeps a running curvature for every connection, even where connections share a weight, and a
learning rate for every unit; gradients and curvatures of a shared weight are summed over its
connections, units ascending. It is slow, and there to be compared with.

Source: SN 2.8, update-acc, update-delta, update-wghtonly, update-hess, hessian-scale
(sn-network, 5.3 and 5.4).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sn.errors import TrainError
from sn.net.historical import Historical, Shown
from sn.net.loss import Costs, Loss
from sn.net.table import ConnectionTable
from sn.optim.base import Optimizer, Reduction
from sn.optim.conjugate import ConjugateGradient
from sn.optim.rules import Curvature, Decay, RuleSpec, Step
from sn.train.clock import Clock
from sn.train.engines import Floats32, Order, Sets
from sn.train.state import EngineState, checked

_ONE = np.float32(1)


class HistoricalEngine:
    """Walks the connection table as SN 2.8 did; patterns and targets as in the other engines.

    Raises: TrainError for an optimizer that SN 2.8 does not have in this form.
    """

    def __init__(
        self,
        table: ConnectionTable,
        cost: Loss,
        optimizer: Optimizer,
        patterns: Sets,
        targets: Floats32,
    ) -> None:
        _refuse(optimizer, cost)
        self._optimizer, self._table, self._clock = optimizer, table, Clock(optimizer)
        curvature = optimizer.phases.curvature
        self._second = curvature is not Curvature.NONE
        self._has_step = optimizer.phases.has_step
        self._walk = Historical(table, cost, curvature is Curvature.FULL)
        self._patterns, self._targets = patterns, targets
        self._follow(optimizer)
        self._states = np.zeros(table.n_units, np.float32)
        self.set_weights(np.zeros(table.n_weights, np.float32))

    def _follow(self, now: Optimizer) -> None:
        """Take the numbers of a moment."""
        self._now = now
        self._epsilon = now.unit_steps(self._table).astype(np.float32)

    def get_weights(self) -> Floats32:
        """Return a copy of the weights."""
        return self._weights.copy()

    def get_trained(self) -> Floats32:
        """Return the weights, which answer themselves."""
        return self.get_weights()

    def set_weights(self, weights: Floats32) -> None:
        """Start from these weights with an empty memory."""
        self._weights = weights.astype(np.float32)
        zeros = np.zeros_like(self._weights)
        self._delta, self._acc, self._hess = zeros, zeros.copy(), zeros.copy()
        self._sigma = np.zeros(self._table.n_rows, np.float32)
        self._clock.reset()

    def get_state(self) -> EngineState:
        """Return copies of SN's fields: delta, acc and hess per weight, sigma per connection.

        Connections are in the order of the table.
        """
        slots = {"delta": self._delta, "acc": self._acc, "hess": self._hess, "sigma": self._sigma}
        kept = {name: array.copy() for name, array in slots.items()}
        return EngineState(self._weights.copy(), kept, self._clock.get_counters())

    def set_state(self, state: EngineState) -> None:
        """Go back to a state; TrainError when it is not one of this engine."""
        state = checked(state, self.get_state())
        names = ("delta", "acc", "hess", "sigma")
        fields = [state.slots[name].astype(np.float32) for name in names]
        self._weights = state.weights.astype(np.float32)
        self._delta, self._acc, self._hess, self._sigma = fields
        self._clock.set_counters(state.counters)

    @np.errstate(all="ignore")  # what is no number is told by the loop, with its layer
    def begin_pass(self, order: Order) -> None:
        """Clear what is gathered."""
        self._clock.begin_pass()
        self._clear()

    @np.errstate(all="ignore")  # what is no number is told by the loop, with its layer
    def present(self, order: Order) -> None:
        """Present the patterns one by one."""
        for now, part in self._clock.parts(order):
            if self._clock.runs:
                self._follow(now)
            self._present(part)

    def _present(self, order: Order) -> None:
        for number in order:
            pattern, desired = self._patterns["train"][number], self._targets[number]
            shown = self._walk.present(self._weights, pattern, desired, self._second)
            self._states = shown.state
            if not self._has_step:
                self._clear()
            self._gather(shown)
            if not self._has_step:
                self._update()

    @np.errstate(all="ignore")  # what is no number is told by the loop, with its layer
    def end_pass(self) -> None:
        """In batch mode, take the one step of the pass."""
        if self._has_step:
            self._follow(self._clock.of_pass())
            self._update()

    @np.errstate(all="ignore")  # what is no number is told by the loop, with its layer
    def outputs(self, which: str) -> Floats32:
        """Compute the outputs pattern by pattern."""
        rows = [self._walk.forward(self._weights, row)[1] for row in self._patterns[which]]
        return np.array(rows)[:, self._table.output_units]

    def states(self) -> NDArray[np.floating]:
        """Return the states of the last presentation."""
        return self._states

    def _clear(self) -> None:
        self._acc = np.zeros_like(self._weights)
        self._hess = np.zeros_like(self._weights)

    def _gather(self, shown: Shown) -> None:
        """acc += (epsilon g) x; sigma = (1 - gamma) sigma + (gamma h) (x x); hess += sigma."""
        walk = self._walk
        x = shown.state[walk.src]
        np.add.at(self._acc, walk.wid, (self._epsilon * shown.grad)[walk.dst] * x)
        if not self._second:
            return
        gamma = np.float32(self._now.hyper.gamma)
        self._sigma = (_ONE - gamma) * self._sigma + (gamma * shown.curv)[walk.dst] * (x * x)
        np.add.at(self._hess, walk.wid, self._sigma)

    def _update(self) -> None:
        """delta = alpha delta + (1 - alpha) acc / (mu + |hess|); w = (1 - decay) w + delta."""
        hyper, rule = self._now.hyper, self._optimizer.rule
        assert isinstance(rule, RuleSpec)
        alpha, decay, mu = (np.float32(x) for x in (hyper.momentum, hyper.decay, hyper.mu))
        divisor = mu + np.abs(self._hess)
        acc = self._acc / divisor if self._second else self._acc
        self._delta = alpha * self._delta + (_ONE - alpha) * acc if rule.momentum else acc
        weights = self._weights
        if rule.decay is Decay.PLAIN:
            weights = (_ONE - decay) * weights
        elif rule.decay is Decay.SCALED:
            step = np.zeros_like(weights)
            step[self._walk.wid] = self._epsilon[self._walk.dst]
            step = step / divisor if self._second else step
            weights = (_ONE - step * decay) * weights
        self._weights = weights + self._delta


def _refuse(optimizer: Optimizer, cost: Loss) -> None:
    """Raise TrainError for what the original program cannot do."""
    asked = None
    if isinstance(optimizer, ConjugateGradient):
        asked = "conjugate-gradient in float32"
    elif optimizer.phases.sample is not None:
        asked = "(samples N)"
    elif not isinstance(optimizer.rule, RuleSpec):
        asked = "such rule"
    elif optimizer.rule.is_clipped or optimizer.rule.has_average:
        asked = "(clip-norm C) and no (average B)"
    elif optimizer.phases.batch != 1:
        asked = f"(batch {optimizer.phases.batch or 'all'})"
    elif optimizer.phases.has_step and optimizer.reduction is Reduction.MEAN:
        asked = "(reduction mean)"
    elif optimizer.rule.step is Step.CLIP:
        asked = "(damping clip)"
    if optimizer.decays:
        asked = "decays of single layers or biases"
    if isinstance(cost, Costs):
        asked = "nets with several output layers"
    elif cost.reductions:
        asked = f"(cost {cost.name})"
    if asked is not None:
        raise TrainError(
            f"the historical arithmetic has no {asked}",
            hint="train with the kernels or with the float64 twin",
        )
