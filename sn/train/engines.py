"""Engines: the two ways to present patterns, compiled kernels and the slow float64 twin.

Both hold the weights while a run lasts, and know what an optimizer wants done around a pass:
sample the curvature before it, or take one step after it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sn.errors import SnInternalError
from sn.kernels import Kernels, Slots
from sn.net.costs import Cost
from sn.net.reference import Reference, States
from sn.net.table import ConnectionTable
from sn.net.tangent import Tangent
from sn.optim.base import Mode, Optimizer
from sn.optim.rules import Curvature, Memory, RuleSpec, Step, advance, damped

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Order = NDArray[np.int32]
Sets = dict[str, Floats32]


class Engine(Protocol):
    """What the loop needs; `state` is everything a later pass depends on, by name."""

    def get_weights(self) -> Floats32:
        """Return the weights in weight order, (n_weights,) float32."""
        ...

    def set_weights(self, weights: Floats32) -> None:
        """Start from these weights with an empty memory."""
        ...

    def get_state(self) -> dict[str, NDArray[np.generic]]:
        """Return copies of the weights and of what the optimizer remembers."""
        ...

    def set_state(self, state: dict[str, NDArray[np.generic]]) -> None:
        """Go back to a state."""
        ...

    def begin_pass(self, order: Order) -> None:
        """Prepare a pass that will show the patterns in this order."""
        ...

    def present(self, order: Order) -> None:
        """Show these patterns of the training set, one by one."""
        ...

    def end_pass(self) -> None:
        """Finish the pass."""
        ...

    def outputs(self, which: str) -> Floats32:
        """Return the outputs for all patterns of "train" or "test": (n, n_outputs)."""
        ...

    def states(self) -> NDArray[np.floating]:
        """Return the states of all units after the last presentation, (n_units,)."""
        ...


class KernelEngine:
    """Runs compiled kernels; patterns are float32 (n, n_inputs), targets (n, n_outputs).

    `compiled(rule)` gives the kernels of the net for a rule; `cost` is the one they compute, for
    optimizers that ask for the curvature along a line.
    """

    def __init__(
        self,
        compiled: Callable[[RuleSpec], Kernels],
        table: ConnectionTable,
        optimizer: Optimizer,
        patterns: Sets,
        targets: Floats32,
        cost: Cost | None = None,
    ) -> None:
        self._optimizer, self._table, self._cost = optimizer, table, cost
        gathering = optimizer.gathering
        self._gather = compiled(gathering) if gathering is not None else None
        batch = optimizer.mode is Mode.BATCH
        self._kernels = self._gather if self._gather and batch else compiled(optimizer.rule)
        self.compile_seconds = sum(k.compile_seconds for k in self._all)
        self.was_cached = all(k.was_cached for k in self._all)
        self._patterns = np.ascontiguousarray(patterns["train"], np.float32)
        self._targets = np.ascontiguousarray(targets, np.float32)
        self._batches = {name: self._kernels.batches(rows) for name, rows in patterns.items()}
        self._counts = {name: len(rows) for name, rows in patterns.items()}
        self._rates = optimizer.steps(table)
        rates = [optimizer.layer_rate(layer) for layer in self._kernels.source.node_layers]
        self._node_rates = np.array(rates, np.float32)
        self._slots = self._fresh(np.zeros(table.n_weights, np.float32))
        self._memory = Memory.empty(table.n_weights)

    @property
    def _all(self) -> list[Kernels]:
        return [self._kernels] + (
            [self._gather] if self._gather not in (None, self._kernels) else []
        )

    def _fresh(self, weights: Floats32) -> Slots:
        slots = self._kernels.slots(weights, self._node_rates, self._optimizer.hyper)
        if self._optimizer.rule.step is Step.WEIGHT:
            slots.extra = self._kernels.pack(self._rates)
        return slots

    def get_weights(self) -> Floats32:
        """Return the weights in weight order."""
        return self._kernels.unpack(self._slots.weights)

    def set_weights(self, weights: Floats32) -> None:
        """Pack the weights for the kernels."""
        self._slots = self._fresh(weights)
        self._memory = Memory.empty(len(weights))

    def get_state(self) -> dict[str, NDArray[np.generic]]:
        """Return the weights and what is kept beside them, in weight order.

        In batch mode "steps" is the descent gathered so far, and velocity and the descent of the
        pass before are float64, as the one step of a pass is taken in float64.
        """
        unpack, slots = self._kernels.unpack, self._slots
        names = {"weights": slots.weights, "velocity": slots.velocity}
        names |= {"curvature": slots.curvature, "steps": slots.extra}
        state: dict[str, NDArray[np.generic]] = {n: unpack(array) for n, array in names.items()}
        if self._optimizer.mode is Mode.BATCH:
            state["velocity"] = self._memory.velocity.copy()
            state["previous"] = self._memory.previous.copy()
        return state

    def set_state(self, state: dict[str, NDArray[np.generic]]) -> None:
        """Pack all arrays of a state."""
        pack, slots = self._kernels.pack, self._slots
        slots.weights, slots.velocity = pack(state["weights"]), pack(state["velocity"])
        slots.curvature, slots.extra = pack(state["curvature"]), pack(state["steps"])
        if self._optimizer.mode is Mode.BATCH:
            self._memory = _batch_memory(state)

    def begin_pass(self, order: Order) -> None:
        """Clear what is gathered; estimate the curvature on the first samples and freeze it."""
        optimizer, slots = self._optimizer, self._slots
        if optimizer.mode is Mode.BATCH:
            slots.extra[:] = 0
            slots.curvature[:] = 0
        elif optimizer.samples_per_pass and self._gather is not None:
            slots.extra[:] = 0
            slots.curvature[:] = 0
            some = order[: optimizer.samples_per_pass]
            self._gather.train(slots, self._patterns, self._targets, some)
            mean = self._kernels.unpack(slots.curvature).astype(np.float64) / len(some)
            steps = damped(optimizer.damped_by, self._rates, optimizer.hyper, mean)
            slots.extra = self._kernels.pack(steps)

    def present(self, order: Order) -> None:
        """Run the training kernel."""
        self._kernels.train(self._slots, self._patterns, self._targets, order)

    def end_pass(self) -> None:
        """In batch mode, take the one step of the pass."""
        if self._optimizer.mode is not Mode.BATCH:
            return
        unpack, slots = self._kernels.unpack, self._slots
        weights = unpack(slots.weights).astype(np.float64)
        weights = self._optimizer.finish_pass(
            self._rates,
            weights,
            self._memory,
            self._reduced(slots.extra),
            self._reduced(slots.curvature),
            lambda direction: self._along(weights, direction),
        )
        slots.weights = self._kernels.pack(weights)

    def _reduced(self, packed: Floats32) -> Floats:
        """Return what the step of a pass follows of a sum that the kernels gathered."""
        total = self._kernels.unpack(packed).astype(np.float64)
        return self._optimizer.reduced(total, len(self._patterns))

    def _along(self, weights: Floats, direction: Floats) -> float:
        if self._cost is None:
            raise SnInternalError("an engine whose optimizer asks for curvatures needs the cost")
        tangent = Tangent(self._table, self._cost)
        return tangent.along(weights, direction, self._patterns, self._targets)

    def outputs(self, which: str) -> Floats32:
        """Run the batch kernel."""
        packed, count = self._slots.weights, self._counts[which]
        return self._kernels.evaluate(packed, self._batches[which], count)

    def states(self) -> NDArray[np.floating]:
        """Return the states the kernel left."""
        return self._kernels.states[self._kernels.source.layout.unit]


class ReferenceEngine:
    """Walks the connection table in float64: slow, and what the kernels are held to."""

    def __init__(
        self,
        reference: Reference,
        table: ConnectionTable,
        optimizer: Optimizer,
        patterns: Sets,
        targets: Floats32,
    ) -> None:
        rule = optimizer.gathering or optimizer.rule
        if rule.curvature is Curvature.FULL:
            reference = Reference(table, reference.cost, is_full=True)
        self._reference, self._table, self._optimizer = reference, table, optimizer
        self._patterns, self._targets = patterns, targets
        self._rates = optimizer.steps(table)
        self.set_weights(np.zeros(table.n_weights, np.float32))
        self._states = np.zeros(table.n_units)

    def get_weights(self) -> Floats32:
        """Return the weights, rounded to float32."""
        return self._weights.astype(np.float32)

    def set_weights(self, weights: Floats32) -> None:
        """Take the weights in float64."""
        self._weights: Floats = weights.astype(np.float64)
        count = len(self._weights)
        self._memory = Memory.empty(count)
        self._descent, self._curvature = np.zeros(count), np.zeros(count)
        self._steps = self._rates

    def get_state(self) -> dict[str, NDArray[np.generic]]:
        """Return the weights and the memory in float64."""
        return {
            "weights": self._weights.copy(),
            "velocity": self._memory.velocity.copy(),
            "curvature": self._memory.curvature.copy(),
            "steps": self._steps.copy(),
            "previous": self._memory.previous.copy(),
            "descent": self._descent.copy(),
            "gathered": self._curvature.copy(),
        }

    def set_state(self, state: dict[str, NDArray[np.generic]]) -> None:
        """Go back to a state."""
        self._weights = state["weights"].astype(np.float64)
        self._memory = _batch_memory(state)
        self._memory.curvature = state["curvature"].astype(np.float64)
        self._steps = state["steps"].astype(np.float64)
        self._descent = state["descent"].astype(np.float64)
        self._curvature = state["gathered"].astype(np.float64)

    def begin_pass(self, order: Order) -> None:
        """Clear what is gathered; estimate the curvature on the first samples and freeze it."""
        optimizer = self._optimizer
        self._descent[:] = 0
        self._curvature[:] = 0
        if optimizer.mode is Mode.ONLINE and optimizer.samples_per_pass:
            some = order[: optimizer.samples_per_pass]
            for number in some:
                self._curvature += self._present(number).curv_weight
            mean = self._curvature / len(some)
            self._steps = damped(optimizer.damped_by, self._rates, optimizer.hyper, mean)

    def _present(self, number: np.int32) -> States:
        """Walk one pattern of the training set."""
        pattern = self._patterns["train"][number].astype(np.float64)
        desired = self._targets[number].astype(np.float64)
        found = self._reference.present(self._weights, pattern, desired)
        self._states = found.state
        return found

    def present(self, order: Order) -> None:
        """Present the patterns one by one."""
        optimizer = self._optimizer
        for number in order:
            found = self._present(number)
            if optimizer.mode is Mode.BATCH:
                self._descent += found.d_weight
                self._curvature += found.curv_weight
                continue
            self._weights = advance(
                optimizer.rule,
                optimizer.hyper,
                self._steps,
                self._weights,
                self._memory,
                found.d_weight,
                found.curv_weight,
            )

    def end_pass(self) -> None:
        """In batch mode, take the one step of the pass."""
        if self._optimizer.mode is not Mode.BATCH:
            return
        weights, count = self._weights, len(self._patterns["train"])
        self._weights = self._optimizer.finish_pass(
            self._rates,
            weights,
            self._memory,
            self._optimizer.reduced(self._descent, count),
            self._optimizer.reduced(self._curvature, count),
            lambda direction: self._along(weights, direction),
        )

    def _along(self, weights: Floats, direction: Floats) -> float:
        """Walk the whole training set along a direction."""
        pairs = zip(self._patterns["train"], self._targets, strict=True)
        return sum(
            self._reference.along(weights, direction, pattern.astype(float), desired.astype(float))
            for pattern, desired in pairs
        )

    def outputs(self, which: str) -> Floats32:
        """Compute the outputs pattern by pattern."""
        last = self._table.layers[-1]
        rows = [
            self._reference.forward(self._weights, pattern.astype(np.float64))[1]
            for pattern in self._patterns[which]
        ]
        return np.array(rows)[:, last.first : last.first + last.size].astype(np.float32)

    def states(self) -> NDArray[np.floating]:
        """Return the states of the last presentation."""
        return self._states


def _batch_memory(state: dict[str, NDArray[np.generic]]) -> Memory:
    """Return the memory of a state, with an empty curvature."""
    velocity, previous = (state[name].astype(np.float64) for name in ("velocity", "previous"))
    return Memory(velocity, np.zeros_like(velocity), previous)
