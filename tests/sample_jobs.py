"""Small jobs for any engine and optimizer: made-up patterns for a net with windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sn.data import NamedData
from sn.kernels import Kernels, compile_net
from sn.lower.recognise import lower
from sn.net.init import Init
from sn.net.reference import Reference
from sn.net.table import ConnectionTable, freeze
from sn.optim.base import Optimizer
from sn.optim.rules import UpdateRule
from sn.results.arrays import content_hash
from sn.results.origin import Origin
from sn.results.record import DataUsed, PassRecord, RunRecord
from sn.train.criteria import largest
from sn.train.engines import Engine, KernelEngine
from sn.train.experiment import ExperimentSpec
from sn.train.historical import HistoricalEngine
from sn.train.keeping import Keeping
from sn.train.loop import Job, train
from sn.train.observer import Observer
from sn.train.phases import PHASES, Phase, PhasedEngine
from sn.train.stopping import Stop
from sn.train.twin import ReferenceEngine
from tests.sample_nets import described, lms

NET = """(defnet sample (layer in (6 6) (border -1)) (layer h (3 3 3) (border 0)) (layer out (4))
  (connect in h (conv (kernel 3 3) (stride 2 2))) (connect h out (full)))"""
COUNT = 24
ENGINES = ("kernels", "reference", "historical")


@cache
def table() -> ConnectionTable:
    """The connections of NET."""
    return freeze(described(NET))


@cache
def patterns() -> tuple[dict[str, NDArray[np.float32]], dict[str, NDArray[np.float32]]]:
    """Inputs and desired outputs of each set."""
    rng = np.random.default_rng(0)
    sizes = {"train": COUNT, "test": 11}
    inputs = {n: rng.uniform(-1, 1, (size, 36)).astype(np.float32) for n, size in sizes.items()}
    labels = {name: rng.integers(0, 4, size) for name, size in sizes.items()}
    targets = {n: (2 * np.eye(4)[some] - 1).astype(np.float32) for n, some in labels.items()}
    return inputs, targets


@cache
def kernels(rule: UpdateRule) -> Kernels:
    """The kernels of NET for a rule."""
    return compile_net(lower(table()), lms(table()), rule)


def engine(kind: str, rule: Optimizer) -> Engine:
    """An engine for NET."""
    inputs, targets = patterns()
    error = lms(table())
    if kind == "kernels":
        return KernelEngine(kernels, table(), rule, inputs, targets["train"], error)
    if kind == "reference":
        return ReferenceEngine(Reference(table(), error), table(), rule, inputs, targets["train"])
    return HistoricalEngine(table(), error, rule, inputs, targets["train"])


def job(
    kind: str,
    rule: Optimizer,
    *,
    passes: int = 4,
    order: str = "shuffled",
    seed: int = 3,
    stop: Stop | None = None,
    init: Init | None = None,
) -> Job:
    """A run of NET that is ready to start."""
    spec = ExperimentSpec(
        "sample",
        NamedData(("made up",)),
        lms(table()),
        {"it": rule},
        order=order,
        stop=stop or Stop(),
        init=init or Init(),
    )
    return Job(
        spec=spec,
        table=table(),
        engine=engine(kind, rule),
        data=DataUsed("made up", "0123456789abcdef0123"),
        targets=patterns()[1],
        criterion=largest(),
        optimizer="it",
        seed=seed,
        passes=passes,
        compile_seconds=0.0,
        origin=Origin(kind, source=NET),
    )


def phased_job(kind: str, row: Sequence[tuple[int, Optimizer]]) -> Job:
    """A run of NET through phases: so many passes with each optimizer."""
    rules = {f"rule {index}": rule for index, (_, rule) in enumerate(row)}
    phases = tuple(Phase(count, name) for (count, _), name in zip(row, rules, strict=True))
    some = job(kind, row[0][1], passes=sum(count for count, _ in row))
    return replace(
        some,
        spec=replace(some.spec, optimizers=rules, phases=phases),
        engine=PhasedEngine([(count, engine(kind, rule)) for count, rule in row]),
        optimizer=PHASES,
    )


class StopAt(Observer):
    """Presses Ctrl-C as soon as so many patterns were presented, those before a resume included."""

    def __init__(self, presentations: int) -> None:
        self.left = presentations
        self.passes: list[int] = []

    def advanced(self, presentations: int) -> None:
        self.left -= presentations
        if self.left <= 0:
            raise KeyboardInterrupt

    def pass_finished(self, record: PassRecord) -> None:
        self.passes.append(record.number)


def stopped(some: Job, folder: Path, at: int, keeping: Keeping | None = None) -> None:
    """Run a job until it is stopped at so many presentations."""
    try:
        train(some, folder, [StopAt(at)], keeping)
    except KeyboardInterrupt:
        return
    raise AssertionError("the run came to its end")


def sha256(record: RunRecord) -> str:
    """The hash of the weights of a run."""
    return content_hash(record.weights)


def without_times(record: RunRecord) -> list[object]:
    """What the passes of a run have to say, but for how long they took."""
    return [(one.number, one.train, one.test, one.validation) for one in record.passes]


def resumed(some: Job, folder: Path, **options: object) -> RunRecord:
    """Go on with the run in a folder."""
    return train(some, None, [], Keeping(resume=folder, **options))  # type: ignore[arg-type]
