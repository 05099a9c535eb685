"""What is shown: patterns, what is desired and masks on the devices, in pieces of one size.

Without chance the whole training set lies there, and steps say which of its patterns they take.
With dropout or augmentation each net is shown its own draws (train/draws.py), which are those of
every engine. Read next: nets.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.jax_engine.formulas import Array
from sn.jax_engine.function import Floats32
from sn.jax_engine.programs import Shown, Size
from sn.train.draws import Draws

Orders = NDArray[np.int32]
Drawn = tuple[Floats32, Floats32, Floats32 | None]
EVALUATED = 1024  # patterns whose outputs are computed at once; chosen here


class Data:
    """The sets of patterns of an experiment; `put(array, is_dealt)` brings one to the devices.

    `draws`: one for each net, None where nothing is left to chance.
    """

    def __init__(
        self,
        patterns: Mapping[str, Floats32],
        targets: Floats32,
        draws: Sequence[Draws] | None,
        put: Callable[[NDArray[np.generic], bool], Array],
        is_many: bool,
    ) -> None:
        self.host, self._draws, self._put = (patterns["train"], targets), draws, put
        self._is_many = is_many
        self._all = Shown(put(patterns["train"], False), put(targets, False), None)
        self._parts = {name: list(self.cut(some)) for name, some in patterns.items()}

    def cut(self, patterns: Floats32) -> Iterator[tuple[Array, int]]:
        """Yield patterns in pieces of one size, with how many of each count."""
        size = min(EVALUATED, len(patterns))
        for first in range(0, len(patterns), size):
            some = patterns[first : first + size]
            yield self._put(_filled(some, size, 0), False), len(some)

    @property
    def sets(self) -> tuple[str, ...]:
        """The names of the sets."""
        return tuple(self._parts)

    def pieces(self, which: str) -> list[tuple[Array, int]]:
        """Return the patterns of a set in pieces, with how many of each count."""
        return self._parts[which]

    def block(
        self, batches: Sequence[Orders], size: Size
    ) -> tuple[Shown, Orders, NDArray[np.int32]]:
        """Return what a block of batches is shown: patterns, their numbers, how many count.

        Shapes: batches: (n_nets, up to size.batch) each; returns (n_nets, steps, room) and (steps,)
        int32.
        """
        n_nets = len(batches[0])
        orders = np.zeros((n_nets, size.steps, size.room), np.int32)
        counts = np.zeros(size.steps, np.int32)
        for place, batch in enumerate(batches):
            counts[place] = batch.shape[1]
            orders[:, place, : batch.shape[1]] = batch
        if self._draws is None:
            return self._all, orders, counts
        drawn = self._drawn(np.concatenate(batches, axis=1), is_taken=True)
        number, within = np.cumsum(counts) - counts, np.arange(size.room)
        each = np.where(within < counts[:, None], number[:, None] + within, 0).astype(np.int32)
        shown = self._at_hand(drawn, 0, size.steps * size.batch)
        return shown, np.tile(each, (n_nets, 1, 1)), counts

    def parts(
        self, order: Orders, room: int, is_sample: bool
    ) -> Iterator[tuple[Shown, Orders, int]]:
        """Yield what is shown of an order, (n_nets, n), so many at a time, and how many count."""
        drawn = None if self._draws is None else self._drawn(order, not is_sample)
        for first in range(0, max(order.shape[1], 1), room):
            some = order[:, first : first + room]
            count = some.shape[1]
            if drawn is None:
                yield self._all, _filled(some, room, 1), count
            else:
                each = np.tile(np.arange(room, dtype=np.int32), (len(order), 1))
                yield self._at_hand(drawn, first, room), each, count

    def _drawn(self, order: Orders, is_taken: bool) -> list[Drawn]:
        """Return what chance makes of the next presentations of each net, and count them."""
        assert self._draws is not None
        return [
            drawn_rows(draws, own, *self.host, is_taken=is_taken)
            for draws, own in zip(self._draws, order, strict=True)
        ]

    def _at_hand(self, drawn: list[Drawn], first: int, size: int) -> Shown:
        """Bring some of what was drawn to the devices."""
        columns: list[Array | None] = []
        for rows in zip(*drawn, strict=True):
            if rows[0] is None:
                columns.append(None)
                continue
            some = np.stack([_filled(one[first : first + size], size, 0) for one in rows])
            columns.append(self._put(some if self._is_many else some[0], True))
        patterns, targets, masks = columns
        return Shown(patterns, targets, masks, is_drawn=True)


def drawn_rows(
    draws: Draws, order: Orders, patterns: Floats32, targets: Floats32, is_taken: bool
) -> Drawn:
    """Return what chance makes of presentations: (n, n_inputs), (n, n_outputs), (n, masks)."""
    take = draws.take if is_taken else draws.coming
    found = list(take(order, patterns, targets))
    n_masks = len(draws.units)
    if not found:
        masks = np.zeros((0, n_masks), np.float32)
        return patterns[:0], targets[:0], masks if n_masks else None
    masks = np.concatenate([some.masks for some in found])
    return (
        np.concatenate([some.patterns for some in found]),
        np.concatenate([some.targets for some in found]),
        masks if n_masks else None,
    )


def _filled(some: NDArray[Any], size: int, axis: int) -> NDArray[Any]:
    """Return an array with zeros behind it along an axis, up to a size."""
    more = [(0, 0)] * some.ndim
    more[axis] = (0, size - some.shape[axis])
    return np.pad(some, more) if more[axis][1] else some
