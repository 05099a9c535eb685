"""Identity: in words, all that decides what comes out of a run, so that a change has a name.

Two runs of one identity are equal bit for bit, pass by pass; how many passes there are is not part
of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from sn.data.blocks import Blocks
from sn.net import expr
from sn.net.activations import Activation
from sn.net.costs import Cost
from sn.net.loss import split
from sn.net.table import ConnectionTable
from sn.results.record import DataUsed
from sn.train.experiment import ExperimentSpec

SHOWN = 16  # of the digits of a hash


def table_hash(table: ConnectionTable) -> str:
    """Return the sha256 of a table: units, constants and rows, in the order of the table."""
    digest = hashlib.sha256(f"{table.n_units} {table.n_weights}\n".encode())
    for layer in table.layers:
        digest.update(f"{layer.name!r} {layer.shape} {layer.first} {layer.border}\n".encode())
    for array in (table.constant, table.dst, table.src, table.wid):
        digest.update(np.ascontiguousarray(array).tobytes())
    if len(table.other_rows):
        terms = [f"{one.name} {expr.show(one.term)}" for one in table.combines]
        digest.update(repr(terms).encode() + table.combine_of_row.tobytes())
    return digest.hexdigest()


def identity(
    table: ConnectionTable,
    spec: ExperimentSpec,
    optimizer: str,
    data: DataUsed,
    seed: int,
    engine: str,
    blocks: Blocks | None = None,
) -> dict[str, str]:
    """Return what a run is made of, by the name of each thing."""
    said = {"engine": engine, "seed": str(seed), "data": f"{data.name} {data.hash[:SHOWN]}"}
    for layer in table.layers:
        size = " x ".join(map(str, layer.shape))
        border = "" if layer.border is None else f", border {layer.border:g}"
        is_input = layer.start is not None
        kind = table.input_text(layer) if is_input else _formula(layer.activation)
        left_out = f", dropout {layer.dropout:g}" if layer.dropout else ""
        said[f"layer {layer.name}"] = f"{size}, {kind}{border}{left_out}"
    said["connections"] = f"{table.n_rows} {table_hash(table)[:SHOWN]}"
    said["parameters"] = str(table.n_weights)
    costs = [_formula(one) for _, one in split(spec.cost, table.n_outputs)]
    said["cost formula"] = ", ".join(costs)
    said |= {f"output {name}": str(one.targets) for name, one in spec.outputs.items()}
    said["optimizer name"] = optimizer
    said |= dict(_flat(spec.options(optimizer)))
    if blocks is not None:
        said["stream"] = str(blocks)
    return said


def _formula(named: Activation | Cost) -> str:
    """Return a formula as the program calls it, and a hash of what it comes to."""
    digest = hashlib.sha256(expr.show(named.value).encode()).hexdigest()
    return f"{named.written or named.name} {digest[:8]}"


def _flat(options: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Yield options by name; those within one follow its name."""
    for name, value in options.items():
        words = f"{above} {name}".strip().replace("_", "-")
        if isinstance(value, Mapping) and value:
            yield from _flat(value, words)
        else:
            yield words, json.dumps(value, default=str)


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Say in what two identities differ, each by its name."""
    names = [*before, *(name for name in now if name not in before)]
    return [
        _changed(name, before.get(name), now.get(name))
        for name in names
        if before.get(name) != now.get(name)
    ]


def _changed(name: str, before: str | None, now: str | None) -> str:
    was = f"there was no {name}" if before is None else f"{name} was {before}"
    return f"{was}, now {'there is none' if now is None else f'it is {now}'}"
