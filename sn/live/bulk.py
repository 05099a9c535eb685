"""Bulk: one operation on a field of many units or connections, as if it went one by one.

    fill(Places(row, at), operation, Places(...), ...) -> the values in their order

A unit may be listed twice, and connections may share a weight: then the second comes after the
first has been written, as in the original program's loops. Everything is float32.

Source: SN 2.8 (sn-network, 5.6).
Read next: ../sn28/bulk.py, the words that ask for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from sn.live.net import Floats32, Ints


@dataclass(frozen=True, slots=True)
class Places:
    """A field of some units, connections or weights: `row` (all of them,), `at` (which,).

    `row` is the live net's own and may be written.
    """

    row: Floats32
    at: Ints


def fill(to: Places, operation: Callable[..., Floats32], *of: Places) -> Floats32:
    """Write what an operation makes of fields, element by element, and return it: (n,).

    An operation takes float32 arrays of equal length and gives one; all of `of` have as many
    places as `to`.
    """
    made = [np.zeros(0, np.float32)]
    with np.errstate(all="ignore"):
        for part in _parts(to, of):
            values = operation(*(field.row[field.at[part]] for field in of))
            to.row[to.at[part]] = values
            made.append(values)
    return np.concatenate(made)


def _parts(to: Places, of: tuple[Places, ...]) -> Iterator[slice]:
    """Yield parts, in order, in which nothing is read or written that was written in them."""
    # a field that is read at the place that is written harms nobody
    read = [
        field.at
        for field in of
        if np.may_share_memory(field.row, to.row) and not np.array_equal(field.at, to.at)
    ]
    n = len(to.at)
    if len(np.unique(to.at)) == n and not any(np.isin(at, to.at).any() for at in read):
        yield slice(0, n)
        return
    written: set[int] = set()
    first = 0
    columns = [at.tolist() for at in (to.at, *read)]
    for k, places in enumerate(zip(*columns, strict=True)):
        if not written.isdisjoint(places):
            yield slice(first, k)
            first, written = k, set()
        written.add(places[0])
    yield slice(first, n)


def add_in_turn(values: Floats32) -> float:
    """Return the sum of numbers, added one by one in float32."""
    if not len(values):
        return 0.0
    with np.errstate(all="ignore"):
        return float(np.add.accumulate(values, dtype=np.float32)[-1])
