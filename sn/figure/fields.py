"""Fields: what one unit of a net sees, in the layer below and through all layers down to the input.

A walk over the rows of the table, layer by layer from the unit down; so it holds for any net,
whatever the compiler made of it. Read next: unit.py, which draws it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sn.display import clipped, listed, shape_text
from sn.errors import SettingError, did_you_mean
from sn.net.layer import Ints, Layer
from sn.net.table import ConnectionTable


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """All that feeds a unit, directly or through others.

    seen: (n_units,) bool, constants and the unit itself included; direct: (n_direct,) the rows
    into the unit.
    """

    unit: int
    seen: NDArray[np.bool_]
    direct: slice

    def of_layer(self, layer: Layer) -> NDArray[np.intp]:
        """Return the positions within a layer of the units that are seen, sorted."""
        return np.flatnonzero(self.seen[layer.first : layer.first + layer.size])


def field_of(table: ConnectionTable, unit: int) -> Field:
    """Return what a unit of a table sees."""
    seen = np.zeros(table.n_units, bool)
    seen[unit] = True
    # rows lead from layers to later ones: each layer is complete when its turn has come
    for layer in reversed(table.layers):
        rows = rows_into(table, layer.first, layer.size)
        feeding = seen[table.dst[rows]]
        seen[table.src[rows][feeding]] = True
    return Field(unit, seen, rows_into(table, unit))


def rows_into(table: ConnectionTable, first: int, size: int = 1) -> slice:
    """Return which rows of a table lead into some units, whose numbers follow each other."""
    # of the type of the column, or NumPy makes a copy of that
    ends = np.array([first, first + size], table.dst.dtype)
    low, high = np.searchsorted(table.dst, ends).tolist()
    return slice(low, high)


def find_unit(table: ConnectionTable, text: str) -> int:
    """Return the number of the unit that a text such as `h2:3:1:2` names.

    The indices are those of the layer's shape, each from 0.
    Raises: SettingError when there is no such layer or unit, saying what there is.
    """
    name, *indices = text.split(":")
    # a layer may have colons in its name: the longest that fits is meant
    for layer in sorted(table.layers, key=lambda one: -len(one.name)):
        if text == layer.name or text.startswith(f"{layer.name}:"):
            rest = text[len(layer.name) + 1 :]
            return layer.first + _inside(layer, rest.split(":") if rest else [])
    names = [layer.name for layer in table.layers]
    hint = did_you_mean(name, names) or f"its layers are {listed(names)}"
    raise SettingError(
        f"net {clipped(table.name)} has no layer '{clipped(name)}', and no unit '{clipped(text)}'",
        hint=hint,
    )


def unit_name(table: ConnectionTable, unit: int) -> str:
    """Return how a unit is named on a command line: `h2:3:1:2`."""
    layer = table.layers[int(table.layer_of[unit])]
    at: Ints = np.array(np.unravel_index(unit - layer.first, layer.shape), np.int32)
    return ":".join([layer.name, *map(str, at.tolist())])


def _inside(layer: Layer, words: list[str]) -> int:
    """Return the place in a layer that indices name.

    Raises: SettingError when they name none.
    """
    last = ":".join([clipped(layer.name), *(str(size - 1) for size in layer.shape)])
    first = ":".join([clipped(layer.name), *("0" for _ in layer.shape)])
    hint = f"its {shape_text(layer.shape)} units are {first} to {last}"
    if len(words) != len(layer.shape):
        many = "index" if len(layer.shape) == 1 else "indices"
        raise SettingError(
            f"a unit of {clipped(layer.name)} has {len(layer.shape)} {many}, found {len(words)}",
            hint=hint,
        )
    place = 0
    for word, size in zip(words, layer.shape, strict=True):
        is_number = word.isascii() and word.isdecimal() and len(word) < 12
        if not is_number or int(word) >= size:
            raise SettingError(
                f"expected an index from 0 to {size - 1}, found '{clipped(word)}'", hint=hint
            )
        place = place * size + int(word)
    return place
