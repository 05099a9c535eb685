"""Loose ends: parts of a net that train but cannot matter, told with the place that made them.

Such a net is legal, and a table of maps with a slip in it looks just like this: a map that feeds
nothing, a map or a unit that sees nothing or only border, a statement that connects nothing.
Everything is counted over the rows at once: a million of them take some tens of milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sn.codes import Code
from sn.errors import Notice, Span
from sn.net.layer import Layer
from sn.net.table import ConnectionTable

Flags = NDArray[np.bool_]

SHOWN = 6  # maps or units that a message lists; chosen here: they fit a line


def loose_ends(table: ConnectionTable) -> tuple[Notice, ...]:
    """Return what a person should know before training, in the order of the program's layers."""
    inside = table.layer_of >= 0
    from_unit = inside[table.src]
    feeds = _any(table.src, table.n_units)
    sees = _any(table.dst[from_unit], table.n_units)
    sees_border = _any(table.dst[~from_unit & (table.src != 0)], table.n_units)
    found = [
        Notice(
            f"{group.label} makes no connections",
            group.span,
            "its scheme returned no rows, or its table lists no maps: change it, or leave the "
            "statement out",
            Code.LOOSE_END,
        )
        for group, rows in zip(
            table.groups, np.bincount(table.group, minlength=len(table.groups)), strict=True
        )
        if not rows
    ]
    for index, layer in enumerate(table.layers):
        units = slice(layer.first, layer.first + layer.size)
        if layer.start is None:
            blind = ~sees[units]
            bordered = blind & sees_border[units]
            place = _Place(table, index, is_into=True)
            found += _told(layer, blind & ~bordered, place, ("sees nothing", "see nothing"), BLIND)
            only = ("sees only border", "see only border")
            found += _told(layer, bordered, place, only, BORDERED)
        if index not in table.outputs:
            place = _Place(table, index, is_into=False)
            hint = IDLE if layer.start is None else UNSEEN
            idle = ~(feeds[units] | _sliced(table, index))
            found += _told(layer, idle, place, ("feeds nothing", "feed nothing"), hint)
    return tuple(found)


UNSEEN = "the net never sees this part of the pattern: if it should, let the windows cover it"
IDLE = (
    "nothing depends on it: list it in the table of maps, let the windows cover it, or leave it out"
)
BLIND = "its state is the same for every pattern: connect it, or leave it out"
BORDERED = (
    "its state is the same for every pattern: change the offset, the kernel or the size of the "
    "layer"
)


class _Place:
    """Where a message about a layer points: at the one statement that connects it, if it is one."""

    def __init__(self, table: ConnectionTable, index: int, is_into: bool) -> None:
        self._table, self._index, self._is_into = table, index, is_into

    @property
    def span(self) -> Span | None:
        table, layer = self._table, self._table.layers[self._index]
        ends = table.dst if self._is_into else table.src
        mine = (ends >= layer.first) & (ends < layer.first + layer.size) & (table.src != 0)
        spans = {table.groups[group].span for group in np.unique(table.group[mine])}
        return spans.pop() if len(spans) == 1 else layer.span


def _sliced(table: ConnectionTable, index: int) -> Flags:
    """Return which units of a layer a layer after it shows again: (size,)."""
    layer = table.layers[index]
    again = np.zeros(layer.size, bool)
    if layer.start is not None:
        covered = np.zeros(table.n_inputs, bool)
        for other in table.layers[index + 1 :]:
            if other.start is not None:
                covered[other.shown] = True
        again |= covered[layer.shown]
    return again


def _any(units: NDArray[np.int32], n_units: int) -> Flags:
    """Return which units occur in a column of rows: (n_units,)."""
    found = np.zeros(n_units, bool)
    found[units] = True
    return found


def _told(
    layer: Layer, flags: Flags, place: _Place, verbs: tuple[str, str], hint: str
) -> list[Notice]:
    """Word what holds for some units of a layer: whole maps together, the rest apart."""
    if not flags.any():
        return []
    found = []
    alone = flags
    if len(layer.shape) == 3 and layer.shape[0] > 1:
        whole = flags.reshape(layer.shape[0], -1).all(axis=1)
        if whole.any():
            names = _listed("map", np.flatnonzero(whole).tolist())
            verb = verbs[int(whole.sum() > 1)]
            found.append(
                Notice(f"{names} of {layer.name} {verb}", place.span, hint, Code.LOOSE_END)
            )
        alone = flags & ~np.repeat(whole, layer.size // layer.shape[0])
    count = int(alone.sum())
    if count:
        numbers = np.flatnonzero(alone)
        text = f"{_listed('unit', numbers.tolist())} of {layer.name} {verbs[int(count > 1)]}"
        found.append(
            Notice(text + _site(layer, int(numbers[0]), count), place.span, hint, Code.LOOSE_END)
        )
    return found


def _listed(word: str, numbers: Sequence[int]) -> str:
    """Return `map 3`, `maps 3 and 5`, or `40 maps` where they are many."""
    if len(numbers) == 1:
        return f"{word} {numbers[0]}"
    if len(numbers) > SHOWN:
        return f"{len(numbers)} {word}s"
    *most, last = map(str, numbers)
    return f"{word}s {', '.join(most)} and {last}"


def _site(layer: Layer, unit: int, count: int) -> str:
    """Return where in its layer a unit is, in words."""
    lead = ": " if count == 1 else ": the first is "
    if len(layer.shape) == 1:
        return f"{lead}unit {unit}" if count > SHOWN else ""
    names = ("map", "row", "column")[-len(layer.shape) :]
    site = np.unravel_index(unit, layer.shape)
    return lead + ", ".join(f"{name} {at}" for name, at in zip(names, site, strict=True))
