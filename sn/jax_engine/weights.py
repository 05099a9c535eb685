"""Weights of a node: where they stand in the row of all weights, in the order of the nodes.

The row is laid out so that the weights of a node stand side by side wherever no other node has
them too: they are then a slice, and the derivative of a slice is cheap. Read next: nodes.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from sn.jax_engine.formulas import Array
from sn.jax_engine.gather import picked
from sn.net.layer import Ints


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Gives a node its weights out of the row of all: (n_weights,) -> `shape`."""

    start: int
    count: int
    inner: Callable[[Array], Array] | None
    shape: tuple[int, ...]

    def __call__(self, weights: Array) -> Array:
        """Return the weights of the node."""
        own = weights[self.start : self.start + self.count]
        return (own if self.inner is None else self.inner(own)).reshape(self.shape)


class Layout:
    """Lays the row out while nodes ask for their places, one after the other."""

    def __init__(self, n_weights: int) -> None:
        self._place = np.full(n_weights, -1, np.int32)
        self._used = 0

    def place(self, wid: Ints) -> Placed:
        """Return where the weights of a node stand; those that are new get the next places."""
        flat = wid.ravel()
        fresh = flat[self._place[flat] < 0]
        _, first = np.unique(fresh, return_index=True)
        fresh = fresh[np.sort(first)]
        start = self._used
        self._place[fresh] = start + np.arange(len(fresh), dtype=np.int32)
        self._used += len(fresh)
        places = self._place[flat]
        if len(fresh) == len(np.unique(flat)):  # no other node has them
            inner = places - start
            plain = np.array_equal(inner, np.arange(len(fresh)))
            pick = None if plain else picked(inner, len(fresh))
            return Placed(start, len(fresh), pick, wid.shape)
        return Placed(0, len(self._place), _taken(places), wid.shape)

    def order(self) -> Ints:
        """Return which weight stands at each place: (n_weights,) int32; unused ones stand last."""
        left = np.flatnonzero(self._place < 0)
        self._place[left] = self._used + np.arange(len(left))
        self._used += len(left)
        return np.argsort(self._place).astype(np.int32)


def _taken(places: Ints) -> Callable[[Array], Array]:
    return lambda weights: jnp.take(weights, places, mode="clip")
