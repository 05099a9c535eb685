"""Engines: the two ways to present patterns, compiled kernels and the slow float64 twin.

Both hold the weights while a run lasts; the loop asks them to present, to score and to hand
the weights out.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sn.kernels import Kernels
from sn.net.reference import Reference
from sn.net.table import ConnectionTable
from sn.optim.first_order import Sgd

Floats32 = NDArray[np.float32]
Order = NDArray[np.int32]


class Engine(Protocol):
    """What the loop needs. `weights` are in weight order, (n_weights,)."""

    def get_weights(self) -> Floats32:
        """Return the weights, (n_weights,) float32."""
        ...

    def set_weights(self, weights: Floats32) -> None:
        """Put weights in place."""
        ...

    def present(self, order: Order) -> None:
        """Train on these patterns of the training set, one by one."""
        ...

    def outputs(self, which: str) -> Floats32:
        """Return the outputs for all patterns of "train" or "test": (n, n_outputs)."""
        ...

    def totals(self) -> NDArray[np.floating]:
        """Return the states of all units after the last presentation, (n_units,)."""
        ...


class KernelEngine:
    """Runs the compiled kernels; patterns are float32 (n, n_inputs), targets (n, n_outputs)."""

    def __init__(
        self,
        kernels: Kernels,
        optimizer: Sgd,
        patterns: dict[str, Floats32],
        targets: Floats32,
    ) -> None:
        self._kernels = kernels
        self._patterns = np.ascontiguousarray(patterns["train"], np.float32)
        self._targets = np.ascontiguousarray(targets, np.float32)
        self._batches = {name: kernels.batches(rows) for name, rows in patterns.items()}
        self._counts = {name: len(rows) for name, rows in patterns.items()}
        self._step = np.full(len(kernels.source.nodes), optimizer.learning_rate, np.float32)
        self._packed = kernels.pack(np.zeros(kernels.n_weights, np.float32))

    def get_weights(self) -> Floats32:
        """Return the weights in weight order."""
        return self._kernels.unpack(self._packed)

    def set_weights(self, weights: Floats32) -> None:
        """Pack the weights for the kernels."""
        self._packed = self._kernels.pack(weights)

    def present(self, order: Order) -> None:
        """Run the training kernel."""
        self._kernels.train(
            self._packed, self._step, self._patterns, self._targets, order, 0, len(order)
        )

    def outputs(self, which: str) -> Floats32:
        """Run the batch kernel."""
        return self._kernels.evaluate(self._packed, self._batches[which], self._counts[which])

    def totals(self) -> NDArray[np.floating]:
        """Return the states the kernel left."""
        return self._kernels.states[self._kernels.source.layout.unit]


class ReferenceEngine:
    """Walks the connection table in float64: slow, and what the kernels are held to."""

    def __init__(
        self,
        reference: Reference,
        table: ConnectionTable,
        optimizer: Sgd,
        patterns: dict[str, Floats32],
        targets: Floats32,
    ) -> None:
        self._reference, self._table, self._optimizer = reference, table, optimizer
        self._patterns, self._targets = patterns, targets
        self._weights = np.zeros(table.n_weights)
        self._states = np.zeros(table.n_units)

    def get_weights(self) -> Floats32:
        """Return the weights, rounded to float32."""
        return self._weights.astype(np.float32)

    def set_weights(self, weights: Floats32) -> None:
        """Take the weights in float64."""
        self._weights = weights.astype(np.float64)

    def present(self, order: Order) -> None:
        """Present the patterns one by one."""
        for number in order:
            pattern = self._patterns["train"][number].astype(np.float64)
            desired = self._targets[number].astype(np.float64)
            found = self._reference.present(self._weights, pattern, desired)
            self._states = found.state
            self._weights = self._optimizer.move(self._weights, found.d_weight)

    def outputs(self, which: str) -> Floats32:
        """Compute the outputs pattern by pattern."""
        last = self._table.layers[-1]
        rows = [
            self._reference.forward(self._weights, pattern.astype(np.float64))[1]
            for pattern in self._patterns[which]
        ]
        return np.array(rows)[:, last.first : last.first + last.size].astype(np.float32)

    def totals(self) -> NDArray[np.floating]:
        """Return the states of the last presentation."""
        return self._states
