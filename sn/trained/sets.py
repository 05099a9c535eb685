"""Sets: data brought to what a trained net takes, to see how well it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.data.base import Dataset, NamedData, Part, dataset
from sn.data.own import OwnData, data_source
from sn.data.rows import Rows, TargetKind, held_to
from sn.data.scaling import Scale
from sn.display import clipped, listed
from sn.errors import DataError
from sn.net.table import ConnectionTable
from sn.results.record import Scores
from sn.results.reports import Report
from sn.train.feed import Feed
from sn.train.tally import Judging, tallied
from sn.train.targets import n_outputs
from sn.trained.about import About

Floats32 = NDArray[np.float32]


def own_data(table: ConnectionTable, about: About) -> Dataset:
    """Return the data set that a net was trained on, inputs as the net takes them.

    Raises: DataError when it has no name that SN knows, is not here or holds something else now.
    """
    used = about.data
    if used.name not in dataset:
        raise DataError(
            f"net {table.name} was trained on '{used.name}', which SN cannot find by that name",
            hint="say where it is: --data, or data=... in Python",
        )
    found, _ = NamedData((used.name,)).load()
    if found.hash != used.hash:
        raise DataError(
            f"the data set {used.name} is not what net {table.name} was trained on: expected the "
            f"hash {used.hash[:16]}, found {found.hash[:16]}",
            hint="say which data to take: --data, or data=... in Python",
        )
    return found


def other_data(table: ConnectionTable, about: About, given: Any) -> Dataset:
    """Return other data, inputs as the net takes them, classes numbered as the net has them.

    `given` is what `Experiment.train` takes as data. What the net learnt of its inputs is used:
    scale and mean values of the data itself are not looked at.
    Raises: DataError when it is not here, or does not fit the net.
    """
    source = data_source(given)
    known = about.scaling
    if isinstance(source, OwnData):
        found, _ = _held(source, table, about).load(known)
    else:
        found, _ = source.load()
    size = table.n_inputs
    if found.n_inputs != size:
        raise DataError(
            f"data set {found.name} has {found.n_inputs} numbers a pattern, net {table.name} "
            f"takes {size}"
        )
    if found.kind is not about.kind:
        raise DataError(
            f"data set {found.name} has {found.kind}, net {table.name} tells {about.kind}"
        )
    sets = found.sets
    if known is not None and found.scaling is None:
        sets = {
            which: Part(known(np.asarray(part.inputs)), part.targets)
            for which, part in sets.items()
        }
    if found.kind is TargetKind.CLASSES:
        sets = _renumbered(found, sets, table, about)
    elif table.n_outputs not in n_outputs(found.kind, len(found.classes)):
        raise DataError(
            f"data set {found.name} has {len(found.classes)} {found.kind}, net {table.name} has "
            f"{table.n_outputs} outputs"
        )
    return Dataset(
        name=found.name,
        title=found.title,
        sets=sets,
        kind=found.kind,
        classes=about.classes,
        shape=found.shape,
        hash=found.hash,
        source=found.source,
        scaling=known,
        blocks=found.blocks,
        ends=found.ends,
    )


def tallied_part(
    table: ConnectionTable, about: About, feed: Feed, answer: Callable[[Floats32], Floats32]
) -> tuple[Scores, Report]:
    """Return scores and report of a set that is streamed, whose outputs are not kept."""
    middle, layers = (about.low + about.high) / 2, table.output_layers
    how = Judging(about.known_criterion, about.cost, about.kind, about.classes, middle, layers)
    found = tallied(feed, how, answer)
    return found.scores, found.report()


def _held(source: OwnData, table: ConnectionTable, about: About) -> OwnData:
    """Return data that is read as that of the training was: its classes, values and gaps."""
    has_text = any(column.values for column in about.columns)
    trained = Rows(
        np.zeros((0, table.n_inputs), np.float32),
        None,
        about.kind,
        about.classes,
        place=f"the training of net {table.name}",
        encodings=about.columns if has_text else (),
    )
    return replace(
        source,
        source=held_to(source.source, trained),
        test=source.test and held_to(source.test, trained),
        validation=source.validation and held_to(source.validation, trained),
        scale=Scale(),
        may_miss=about.fills,
    )


def _renumbered(found: Dataset, sets: Any, table: ConnectionTable, about: About) -> dict[str, Part]:
    """Return sets with the class numbers of the net."""
    numbers = {name: number for number, name in enumerate(about.classes)}
    number_of = np.array([numbers.get(name, -1) for name in found.classes], np.int32)
    for which, part in sets.items():
        strange = np.flatnonzero(number_of[part.targets] < 0)
        if len(strange):
            row = int(strange[0])
            raise DataError(
                f"data set {found.name} has the class '{clipped(found.classes[part.targets[row]])}'"
                f", net {table.name} tells {listed(about.classes)}; it is in row {row} of the "
                f"{which} set, counted from 0"
            )
    return {which: Part(part.inputs, number_of[part.targets]) for which, part in sets.items()}
