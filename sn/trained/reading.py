"""Read: a file becomes a table, weights and what is known about them, every word of it checked.

    read_trained(path) -> Contents

The program of the net is not evaluated, and nothing in the file is trusted: types and sizes are
held to what header.py says before numbers are taken, indices to the units and weights there are,
and the hashes to the content. Read next: checks.py, net.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from sn.data.rows import Encoding, TargetKind
from sn.data.scaling import Scaling
from sn.errors import DataError, NetError
from sn.net.activations import Activation
from sn.net.costs import Cost, Derivatives, Reduction
from sn.net.layer import Group, Layer, Parameter
from sn.net.loss import Costs, Loss
from sn.net.table import ConnectionTable
from sn.results.arrays import open_arrays
from sn.results.decoding import decoded
from sn.results.record import DataUsed
from sn.results.tensors import Tensors
from sn.train.criteria import Criterion
from sn.train.targets import judged
from sn.trained import header as h
from sn.trained.about import About, SourceText, criterion_called
from sn.trained.checks import check_layers, check_rows, check_tensors, placed
from sn.trained.formulas import from_lists
from sn.trained.writing import others_hash, table_hash, weights_hash
from sn.version import __version__

Arrays = Mapping[str, Any]  # their types are checked before their numbers are read
Floats32 = NDArray[np.float32]
LARGEST = float(np.finfo(np.float32).max)
HINT = "the file is damaged, or something else than SN wrote it: take another copy, or train again"


@dataclass(frozen=True, slots=True, eq=False)
class Contents:
    """What a file of a trained net holds.

    Shapes: weights, curvature: (n_weights,) float32; curvature is None where it was not kept.
    """

    table: ConnectionTable
    weights: Floats32
    about: About
    curvature: Floats32 | None = None


def read_trained(path: Path) -> Contents:
    """Read and check the file of a trained net.

    Raises: DataError when it is not there, is not one, or does not hold together.
    """
    with open_arrays(path) as file:
        header = _header(path, file)
        try:
            check_layers(header)
            check_tensors(header, file.forms())
            return _contents(header, file.arrays())
        except (ValueError, ArithmeticError) as error:
            raise DataError(f"'{path}': {error}", hint=HINT) from error
        except RecursionError:
            raise DataError(f"'{path}': a formula is nested too deep", hint=HINT) from None
        except NetError as error:
            raise DataError(f"'{path}': {error.message}", hint=HINT) from error


def header_object(path: Path) -> dict[str, Any]:
    """Return all that a file of a trained net says in words, as an object for JSON.

    Raises: DataError as `read_trained` does.
    """
    with open_arrays(path) as file:
        return msgspec.structs.asdict(_header(path, file))


def _header(path: Path, file: Tensors) -> h.Header:
    words = file.metadata.get(h.HEADER)
    if words is None:
        raise DataError(
            f"'{path}' is not the file of a trained net: its metadata has no entry '{h.HEADER}'",
            hint=f"a run leaves one in its folder, NAME{h.SUFFIX}",
        )
    try:
        found = decoded(words, _FormatOnly).format
        if found != h.FORMAT:
            raise DataError(
                f"'{path}' has format {found}, SN {__version__} reads format {h.FORMAT}",
                hint="read it with the version of SN that wrote it",
            )
        return decoded(words, h.Header)
    except ValueError as error:
        raise DataError(f"'{path}': its header is wrong: {error}", hint=HINT) from error


class _FormatOnly(msgspec.Struct):
    """The one word that says how to read the others."""

    format: int


def _contents(header: h.Header, arrays: Arrays) -> Contents:
    table = _table(header, arrays)
    check_rows(header, table)
    weights = placed(header, arrays, h.VALUES, table.n_weights)
    if not np.isfinite(weights).all():
        raise ValueError("some weights are not finite numbers")
    has_curvature = any(name.startswith(h.CURVATURE) for name in arrays)
    curvature = placed(header, arrays, h.CURVATURE, table.n_weights) if has_curvature else None
    about = _about(header, arrays, table)
    for what, found, expected in (
        ("table", table_hash(table), header.hashes.table),
        ("weights", weights_hash(weights), header.hashes.weights),
        ("other arrays", others_hash(arrays), header.hashes.others),
    ):
        if found != expected:
            raise ValueError(
                f"the {what} of the net are not those that were written: expected the hash "
                f"{expected[:16]}, found {found[:16]}"
            )
    return Contents(table, weights, about, curvature)


def _table(header: h.Header, arrays: Arrays) -> ConnectionTable:
    numbers = [arrays[h.NUMBERS + one.name] for one in header.parameters]
    outputs = sum(one.role is h.Role.OUTPUT for one in header.layers)
    n_weights = max((int(array.max()) + 1 for array in numbers if array.size), default=0)
    return ConnectionTable(
        name=header.name,
        layers=tuple(_layer(one, is_one_of_several=outputs > 1) for one in header.layers),
        groups=tuple(Group(one.label, one.scheme, None) for one in header.groups),
        parameters=tuple(map(_parameter, header.parameters, numbers)),
        n_units=len(arrays[h.CONSTANT]),
        n_weights=n_weights,
        constant=arrays[h.CONSTANT],
        dst=arrays[h.DST],
        src=arrays[h.SRC],
        wid=arrays[h.WEIGHT],
        group=arrays[h.GROUP],
    )


def _layer(part: h.LayerPart, is_one_of_several: bool) -> Layer:
    """Return a layer; one output layer alone is the last, and need not say that it is one."""
    one = part.function
    activation = Activation(one.name, from_lists(one.value, ["a"]), one.is_plain, one.written)
    start = (part.start or 0) if part.role is h.Role.INPUT else None
    is_output = is_one_of_several and part.role is h.Role.OUTPUT
    return Layer(
        part.name,
        tuple(part.shape),
        part.first,
        activation,
        part.border,
        start=start,
        is_output=is_output,
        dropout=part.dropout,
    )


def _parameter(part: h.ParameterPart, numbers: NDArray[np.int32]) -> Parameter:
    return Parameter(
        part.name,
        numbers,
        None if part.maps is None else tuple(map(tuple, part.maps)),
        None if part.keys is None else tuple(part.keys),
    )


def _about(header: h.Header, arrays: Arrays, table: ConnectionTable) -> About:
    targets, training = header.targets, header.training
    scaling = None
    if h.SHIFT in arrays:
        scaling = Scaling(*(arrays[name] for name in h.SCALING))
        if not np.isfinite([scaling.shift, scaling.factor]).all() or np.isinf(scaling.fill).any():
            raise ValueError("the scaling of the inputs has numbers that are not finite")
    kind = targets.kind
    named, columns = len(targets.classes), judged(table.output_layers, kind)
    size = len(range(table.n_outputs)[columns])
    if kind is TargetKind.CLASSES and size not in ((1, 2) if named == 2 else (named,)):
        raise ValueError(f"there are {named} classes and {size} output units")
    if kind is TargetKind.CLASSES and len(set(targets.classes)) < named:
        raise ValueError("a class is there twice")
    ranges = [(targets.low, targets.high), *((one.low, one.high) for one in header.outputs)]
    if kind is not TargetKind.VALUES and any(low == high for low, high in ranges):
        raise ValueError("wrong and right units have one state")
    if any(abs(state) > LARGEST for ends in ranges for state in ends):
        raise ValueError(f"the states of units are numbers up to {LARGEST:g}")
    if kind is not TargetKind.CLASSES and named not in (0, size):
        raise ValueError(f"there are {named} names of outputs and {size} output units")
    return About(
        cost=_loss(header, table),
        ranges=tuple((one.low, one.high) for one in header.outputs),
        kind=kind,
        classes=tuple(targets.classes),
        low=targets.low,
        high=targets.high,
        criterion=_criterion(targets.criterion),
        scaling=scaling,
        input_range=(header.inputs.low, header.inputs.high),
        columns=_columns(header.inputs, table.n_inputs),
        data=DataUsed(training.data, header.hashes.data),
        optimizer=training.optimizer,
        options=training.options,
        settings=training.settings,
        seed=training.seed,
        passes=training.passes,
        scores=training.scores,
        sources=tuple(SourceText(one.name, one.text) for one in header.sources),
        versions=header.versions,
    )


def _columns(part: h.InputsPart, n_inputs: int) -> tuple[Encoding, ...]:
    found = tuple(Encoding(one.name, tuple(one.values)) for one in part.columns)
    count = sum(len(one.values) or 1 for one in found)
    if found and count != n_inputs:
        raise ValueError(f"the columns make {count} inputs, and the net has {n_inputs}")
    if any(len(set(one.values)) < len(one.values) for one in found):
        raise ValueError("a column has a value twice")
    return found


def _criterion(part: h.CriterionPart | None) -> Criterion | None:
    return None if part is None else criterion_called(part.name, tuple(part.numbers))


def _loss(header: h.Header, table: ConnectionTable) -> Loss:
    """Return the cost of the output layer, or those of several."""
    layers = table.output_layers
    names = [layer.name for layer in layers] if len(layers) > 1 else []
    if [one.layer for one in header.outputs] != names:
        raise ValueError(
            f"the output layers are {', '.join(layer.name for layer in layers)}, and 'outputs' "
            f"speaks of {', '.join(one.layer[:40] for one in header.outputs) or 'none'}"
        )
    if not names:
        return _cost(header.cost)
    costs = tuple(_cost(one.cost) for one in header.outputs)
    return Costs(costs, tuple(layer.size for layer in layers))


def _cost(part: h.CostPart) -> Cost:
    names = ["y", "d"]
    reductions = []
    for one in part.reductions:
        if one.how not in ("sum", "max"):
            raise ValueError(f"a cost has the '{one.how[:40]}' of its outputs, expected sum or max")
        reductions.append(Reduction(one.name, one.how, from_lists(one.of, names)))
        names.append(one.name)
    derivatives = None
    if part.derivatives is not None:
        of = part.derivatives
        derivatives = Derivatives(
            from_lists(of.slope, names),
            from_lists(of.bend, names),
            None if of.mixed is None else from_lists(of.mixed, names),
        )
    return Cost(
        part.name,
        from_lists(part.value, names),
        part.written,
        part.is_mean,
        tuple(reductions),
        derivatives,
        None if part.share is None else from_lists(part.share, names),
    )
