"""Gathers whose transpose is a gather too.

JAX turns the derivative of `x[index]` into a scatter that adds. Which places of the result come
from a place of `x` is known beforehand here, so the derivative gathers these and sums them up: the
same order of a sum on every device, where scatters of accelerators add as they come.

Read next: nodes.py.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from sn.jax_engine.formulas import Array
from sn.net.layer import Ints

# A place that is seen more often than so many times the average makes the list of who sees it
# longer than is worth while; chosen here.
UNEVEN = 8
MOST_TERMS = 64  # that are added one by one; chosen here: a window of 7 by 7 has 49


def picked(index: Ints, size: int) -> Callable[[Array], Array]:
    """Return the function from x to x[..., index].

    Shapes: index: any, with numbers from 0 to `size` - 1, or -1 for a place that is 0; the function
    takes (..., size) and gives (..., *index.shape).
    """
    inside = index >= 0
    places = np.where(inside, index, 0)

    def take(x: Array) -> Array:
        found = jnp.take(x, places, axis=-1, mode="clip")
        return found if inside.all() else jnp.where(inside, found, 0)

    seen_by = _inverse(index.ravel(), size)
    if seen_by is None:
        return take

    @jax.custom_vjp
    def pick(x: Array) -> Array:
        return take(x)

    def forward(x: Array) -> tuple[Array, None]:
        return take(x), None

    def backward(_: None, back: Array) -> tuple[Array]:
        flat = back.reshape(*back.shape[: back.ndim - index.ndim], index.size)
        some = jnp.take(flat, np.maximum(seen_by, 0), axis=-1, mode="clip")
        return (added_up(jnp.where(seen_by >= 0, some, 0)),)

    pick.defvjp(forward, backward)
    found: Callable[[Array], Array] = pick
    return found


@jax.custom_vjp
def added_up(x: Array) -> Array:
    """Return the sums over the last axis but one: (..., n, m) -> (..., m).

    A few terms are added one by one: XLA sums an axis up in a loop of its own, which took several
    times as long on a core.
    """
    count = x.shape[-2]
    if count > MOST_TERMS:
        return x.sum(-2)
    total = x[..., 0, :]
    for place in range(1, count):
        total = total + x[..., place, :]
    return total


def _added(x: Array) -> tuple[Array, int]:
    return added_up(x), x.shape[-2]


def _spread(count: int, back: Array) -> tuple[Array]:
    return (jnp.broadcast_to(back[..., None, :], (*back.shape[:-1], count, back.shape[-1])),)


added_up.defvjp(_added, _spread)


def _inverse(index: Ints, size: int) -> Ints | None:
    """Return which places of `index` have each number, -1 where no more do: (most, size); None
    where some numbers stand far more often than others.
    """
    counts = np.bincount(index[index >= 0], minlength=size)
    most = int(counts.max(initial=0))
    if most * size > UNEVEN * max(len(index), size):
        return None
    order = np.argsort(index, kind="stable")[int(np.sum(index < 0)) :]
    number = index[order]
    rank = np.arange(len(order)) - (np.cumsum(counts) - counts)[number]
    found = np.full((max(most, 1), size), -1, np.int32)
    found[rank, number] = order
    return found
