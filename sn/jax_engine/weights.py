"""Weights of a node: which of the pieces of all weights it reads, pieces in the order of the nodes.

Every node has a piece of its own, of the weights that no node before it has: so that hardly
anything is cut out of a row of all weights, or put together again, between one step and the next.
Read next: nodes.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import jax.numpy as jnp
import numpy as np

from sn.jax_engine.formulas import Array
from sn.jax_engine.gather import picked
from sn.net.layer import Ints

Pieces: TypeAlias = tuple[Array, ...]  # (n,) each, all weights together


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Gives a node its weights, of a `shape`: one piece, or with None some of all."""

    piece: int | None
    inner: Callable[[Array], Array] | None
    shape: tuple[int, ...]

    def __call__(self, weights: Pieces) -> Array:
        """Return the weights of the node."""
        own = jnp.concatenate(weights) if self.piece is None else weights[self.piece]
        return (own if self.inner is None else self.inner(own)).reshape(self.shape)


class Layout:
    """Deals weights out to pieces while nodes ask for theirs, one after the other."""

    def __init__(self, n_weights: int) -> None:
        self._place = np.full(n_weights, -1, np.int32)
        self._sizes: list[int] = []

    def place(self, wid: Ints) -> Placed:
        """Return where the weights of a node stand; those that are new are its piece."""
        flat, start = wid.ravel(), sum(self._sizes)
        fresh = flat[self._place[flat] < 0]
        _, first = np.unique(fresh, return_index=True)
        fresh = fresh[np.sort(first)]
        if len(fresh):
            self._place[fresh] = start + np.arange(len(fresh), dtype=np.int32)
            self._sizes.append(len(fresh))
        places = self._place[flat]
        if len(fresh) == len(np.unique(flat)):  # no other node has them
            inner = places - start
            is_plain = np.array_equal(inner, np.arange(len(fresh)))
            pick = None if is_plain else picked(inner, len(fresh))
            return Placed(len(self._sizes) - 1, pick, wid.shape)
        return Placed(None, _taken(places), wid.shape)

    def order(self) -> tuple[Ints, Ints]:
        """Return which weight stands at each place of the pieces side by side, (n_weights,) int32,
        and where one ends and the next begins; weights that nobody uses are the last piece.
        """
        left, used = np.flatnonzero(self._place < 0), sum(self._sizes)
        self._place[left] = used + np.arange(len(left))
        bounds = np.cumsum(self._sizes if len(left) else self._sizes[:-1])
        return np.argsort(self._place).astype(np.int32), bounds.astype(np.int32)


def _taken(places: Ints) -> Callable[[Array], Array]:
    return lambda weights: jnp.take(weights, places, mode="clip")
