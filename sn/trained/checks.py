"""Checks: whether the parts of a trained net's file hold together.

Each raises ValueError that says what is wrong; reading.py adds the file and what to do.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sn.net.layer import group_kind
from sn.net.table import ConnectionTable
from sn.results.tensors import ArrayForm
from sn.trained import header as h

_COLUMNS = {h.CONSTANT: "F64", h.DST: "I32", h.SRC: "I32", h.WEIGHT: "I32"}
_GROUP_KINDS = {"int16": "I16", "int32": "I32"}


def check_layers(header: h.Header) -> None:
    """Hold layers to what a net's are: named once, one behind the other, an input first."""
    _once("layer", (layer.name for layer in header.layers))
    _once("parameter", (parameter.name for parameter in header.parameters))
    roles = [layer.role for layer in header.layers]
    inner = [
        "input" if layer.start is not None else "output" if layer.role == "output" else "hidden"
        for layer in header.layers[1:-1]
    ]
    expected = ["input", *inner, "output"]
    if roles != expected:
        raise ValueError(
            f"expected layers that are {', '.join(expected)}, found {', '.join(roles)}"
        )
    shown = 0
    for layer in header.layers:
        if layer.role is h.Role.INPUT:
            start = layer.start or 0
            if start > shown:
                raise ValueError(
                    f"layer {layer.name} shows the pattern from number {start} on, and no layer "
                    f"before it shows number {start - 1}"
                )
            shown = max(shown, start + math.prod(layer.shape))
    for one, other in pairwise(header.layers):
        if one.first + math.prod(one.shape) > other.first:
            raise ValueError(f"the units of layer {other.name} begin among those of {one.name}")


def check_tensors(header: h.Header, found: Mapping[str, ArrayForm]) -> None:
    """Hold names, types and shapes of tensors to the header; no number of them is read."""
    last = header.layers[-1]
    n_units = last.first + math.prod(last.shape)
    n_rows = found[h.DST].shape if h.DST in found else (0,)
    shown = (one for one in header.layers if one.role is h.Role.INPUT)
    inputs = (max((one.start or 0) + math.prod(one.shape) for one in shown),)
    group = _GROUP_KINDS[group_kind(len(header.groups)).name]
    for name, kind in {**_COLUMNS, h.GROUP: group}.items():
        form = _form(found, name, kind)
        if len(form.shape) != 1 or (name != h.CONSTANT and form.shape != n_rows):
            raise ValueError(f"expected {name} to have a row a connection, found {form}")
    if found[h.CONSTANT].shape[0] < n_units:
        raise ValueError(
            f"the layers have units up to {n_units - 1}, {h.CONSTANT} has "
            f"{found[h.CONSTANT].shape[0]}"
        )
    known = {*_COLUMNS, h.GROUP}
    has_curvature = any(name.startswith(h.CURVATURE) for name in found)
    for one in header.parameters:
        values = _form(found, h.VALUES + one.name, "F32")
        others = {h.NUMBERS: "I32"} | ({h.CURVATURE: "F32"} if has_curvature else {})
        for prefix, kind in others.items():
            form = _form(found, prefix + one.name, kind)
            if form.shape != values.shape:
                raise ValueError(f"expected {prefix}{one.name} as {values}, found {form}")
        if one.keys is not None and len(one.keys) != math.prod(values.shape):
            raise ValueError(f"{one.name} has {values} and {len(one.keys)} keys")
        known |= {prefix + one.name for prefix in (h.VALUES, *others)}
    if not found.keys().isdisjoint(h.SCALING):
        for name in h.SCALING:
            if _form(found, name, "F64").shape != inputs:
                raise ValueError(f"expected {name} to have {inputs[0]} numbers, one an input")
        known |= {*h.SCALING}
    for name in sorted(found.keys() - known):
        raise ValueError(f"there is an array '{name[:60]}' that belongs to nothing")


def check_rows(header: h.Header, table: ConnectionTable) -> None:
    """Hold rows and constants to the units, weights and groups there are.

    Raises: NetError besides, when the rows do not make a net that is computed layer by layer.
    """
    inside = table.layer_of >= 0
    if not np.array_equal(np.isnan(table.constant), inside):
        raise ValueError("units of layers have a constant state, or others have none")
    if not np.isfinite(table.constant[~inside]).all() or table.constant[0] != 1.0:
        raise ValueError("the state of unit 0 must be 1, and that of constant units finite")
    for name, column, most in (
        (h.DST, table.dst, table.n_units),
        (h.SRC, table.src, table.n_units),
        (h.WEIGHT, table.wid, table.n_weights),
        (h.GROUP, table.group, len(table.groups)),
    ):
        bad = np.flatnonzero((column < 0) | (column >= most))
        if len(bad):
            raise ValueError(
                f"row {bad[0]} of {name} is {column[bad[0]]}, "
                f"expected a number from 0 to {most - 1}"
            )
    if (np.diff(table.dst) < 0).any():
        raise ValueError("the rows are not in order of the unit that they lead into")
    if not np.isin(table.layer_of[table.dst], table.computed).all():
        raise ValueError("a connection leads into an input or into a constant unit")
    counts = zip(*(column.tolist() for column in table.group_counts), strict=True)
    for group, sizes in zip(header.groups, counts, strict=True):
        if sizes != (group.connections, group.weights):
            raise ValueError(
                f"{group.label} should have {group.connections} connections and {group.weights} "
                f"weights, found {sizes[0]} and {sizes[1]}"
            )
    table.check()


def placed(
    header: h.Header, arrays: Mapping[str, NDArray[np.generic]], prefix: str, n_weights: int
) -> NDArray[np.float32]:
    """Return the numbers of all parameters in weight order: each weight has just one place.

    Shapes: (n_weights,) float32.
    """
    values = [arrays[prefix + one.name].ravel() for one in header.parameters]
    numbers = [arrays[h.NUMBERS + one.name].ravel() for one in header.parameters]
    where = np.concatenate([np.zeros(0, np.int32), *numbers]).astype(np.int64)
    if len(where) != n_weights or not np.array_equal(np.sort(where), np.arange(n_weights)):
        raise ValueError("the parameters do not give each weight one number")
    placed = np.empty(n_weights, np.float32)
    placed[where] = np.concatenate([np.zeros(0, np.float32), *values]).astype(np.float32)
    return placed


def _once(what: str, names: Iterable[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise ValueError(f"there are {count} {what}s called '{name[:40]}'")


def _form(found: Mapping[str, ArrayForm], name: str, kind: str) -> ArrayForm:
    if name not in found:
        raise ValueError(f"the array '{name[:60]}' is missing")
    form = found[name]
    if form.kind != kind:
        raise ValueError(f"expected {name[:60]} as {kind}, found {form}")
    return form
