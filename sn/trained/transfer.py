"""Transfer: weights of a trained net as the start of another, array by array where they fit.

Arrays fit that have one name and one shape and lead from the same maps; so kernels go over to
layers of another size. Where a table of maps was changed each kernel goes over whose pair of maps
is in both tables. The weights of a scheme of the program, and of units made one by one, fit
where their connections are the same: their shape alone says little.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sn.errors import DataError
from sn.net.layer import Parameter
from sn.net.schemes import scheme
from sn.net.table import ConnectionTable

Floats32 = NDArray[np.float32]
Wids = NDArray[np.int32]
Key = tuple[str, int, int]  # the name of an array, the map it leads to, and the map it comes from
_ROW = re.compile(r"(.+)\.([0-9]+)")


@dataclass(frozen=True, slots=True, eq=False)
class Transfer:
    """Weights to start from, (n_weights,) float32, and where they come from.

    `taken` are the names of arrays that were; `left` are the others, each with the reason. Of one
    that was taken in part it says which part was not.
    """

    weights: Floats32
    taken: tuple[str, ...]
    left: tuple[tuple[str, str], ...]


def transferred(
    old: ConnectionTable, weights: Floats32, new: ConnectionTable, fresh: Floats32
) -> Transfer:
    """Return `fresh` weights of the new net with those of the old one where they fit.

    Raises: DataError when none does.
    """
    known = {parameter.name: parameter for parameter in old.parameters}
    start, taken, left = fresh.copy(), [], []
    kernels, has_some = _kernels(old), False
    for parameter in new.parameters:
        why = _misfit(old, known.get(parameter.name), new, parameter)
        if not why:
            taken.append(parameter.name)
            start[parameter.wid] = weights[known[parameter.name].wid]
            continue
        pairs = _pairs(parameter)
        fits = [(kernels[key], wid) for key, wid in pairs if key in kernels]
        fits = [(before, wid) for before, wid in fits if before.shape == wid.shape]
        for before, wid in fits:
            start[wid] = weights[before]
        has_some = has_some or bool(fits)
        fresh_ones = len(pairs) - len(fits)
        if fits and not fresh_ones:
            taken.append(parameter.name)
        elif fits:
            why = f"{fresh_ones} of {len(pairs)} kernels: no such pair of maps there"
            left.append((parameter.name, why))
        else:
            left.append((parameter.name, why))
    if not taken and not has_some:
        reasons = ", ".join(f"{name} ({why})" for name, why in left)
        raise DataError(
            f"no weights of net {old.name} fit net {new.name}: {reasons}",
            hint="arrays go over that have the same name and shape in both nets",
        )
    return Transfer(start, tuple(taken), tuple(left))


def _misfit(
    old: ConnectionTable, found: Parameter | None, new: ConnectionTable, wanted: Parameter
) -> str:
    """Say why an array does not fit, or nothing where it does."""
    if found is None:
        return "there is none of that name"
    if found.wid.shape != wanted.wid.shape:
        return f"{_sizes(found)} there, {_sizes(wanted)} here"
    if found.maps != wanted.maps:
        return "from other maps there"
    if found.keys != wanted.keys:
        return "with other keys there"
    is_known = all(group in scheme or group == "bias" for group in _schemes(new, wanted))
    if not is_known and not np.array_equal(_places(old, found), _places(new, wanted)):
        return "of other connections there"
    return ""


def _kernels(table: ConnectionTable) -> dict[Key, Wids]:
    """Return the weights of each pair of maps of windows, by the layer and both maps."""
    return {key: wid for parameter in table.parameters for key, wid in _pairs(parameter)}


def _pairs(parameter: Parameter) -> list[tuple[Key, Wids]]:
    """Return the kernels of an array of windows; none of another.

    NOTE(schemes): rows of one length are stacked, each of others is an array that is named after
    the number of its map.
    """
    maps, wid = parameter.maps, parameter.wid
    if maps is None:
        return []
    name, rows, first = parameter.name, [*wid], 0
    if wid.shape[:2] != (len(maps), len(maps[0])):
        match = _ROW.fullmatch(name)
        if match is None or len(maps) != 1 or len(wid) != len(maps[0]):
            return []
        name, rows, first = match[1], [wid], int(match[2])
    return [
        ((name, number, source), kernel)
        for number, (sources, row) in enumerate(zip(maps, rows, strict=True), first)
        for source, kernel in zip(sources, row, strict=True)
    ]


def _sizes(parameter: Parameter) -> str:
    return " x ".join(map(str, parameter.wid.shape))


def _rows(table: ConnectionTable, parameter: Parameter) -> NDArray[np.int64]:
    """Return the numbers of the rows that use the weights of an array."""
    return np.flatnonzero(np.isin(table.wid, parameter.wid))


def _schemes(table: ConnectionTable, parameter: Parameter) -> set[str]:
    used = np.unique(table.group[_rows(table, parameter)])
    return {table.groups[number].scheme for number in used.tolist()}


def _places(table: ConnectionTable, parameter: Parameter) -> NDArray[np.int64]:
    """Return the connections of an array, unit by unit within layers, with places in the array."""
    rows = _rows(table, parameter)
    place = np.full(table.n_weights, -1, np.int64)
    place[parameter.wid.ravel()] = np.arange(parameter.wid.size)
    ends = [_within_layers(table, units[rows]) for units in (table.dst, table.src)]
    found = np.stack([*ends[0], *ends[1], place[table.wid[rows]]])
    return found[:, np.lexsort(found[::-1])]


def _within_layers(
    table: ConnectionTable, units: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the layer of each unit, -1 for constants, and its number in the layer."""
    layer = table.layer_of[units].astype(np.int64)
    first = np.array([*(one.first for one in table.layers), 0])
    # constants are numbered behind all layers, so their order is what counts
    _, rank = np.unique(units, return_inverse=True)
    return layer, np.where(layer >= 0, units - first[layer], rank)
