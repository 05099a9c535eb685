"""Jobs: nets that are to be trained at once, and what became of them; JAX is not needed to say so.

Read next: many.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sn.data import Dataset
from sn.data.rows import TargetKind
from sn.errors import TrainError
from sn.lower.ir import Plan
from sn.net.table import ConnectionTable
from sn.results.record import DataUsed, RunRecord
from sn.train.cautions import of_start
from sn.train.criteria import Criterion
from sn.train.draws import Draws
from sn.train.engines import Floats32
from sn.train.experiment import ExperimentSpec
from sn.train.preparing import criterion_of, desired_of, draws_of, judging_of
from sn.train.tally import Judging
from sn.train.targets import judged


@dataclass(frozen=True, slots=True)
class One:
    """One of the nets: its seed, its experiment, and what chance does to it in each phase.

    The experiments of all differ in numbers of their optimizers alone.
    """

    seed: int
    spec: ExperimentSpec
    draws: tuple[Draws | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ManyJob:
    """Nets that are ready to be trained; see `Job` in train/loop.py for what is not told here.

    `optimizer` is one of the optimizers of the experiments, or their phases.
    """

    plan: Plan
    ones: tuple[One, ...]
    optimizer: str
    passes: int
    data: DataUsed
    patterns: dict[str, Floats32]
    targets: dict[str, Floats32]
    criterion: Criterion | None
    kind: TargetKind
    classes: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    @property
    def spec(self) -> ExperimentSpec:
        """The experiment of the first."""
        return self.ones[0].spec

    @property
    def table(self) -> ConnectionTable:
        """The connections of every net."""
        return self.plan.original

    @property
    def judging(self) -> Judging:
        """What decides what is told of outputs."""
        return judging_of(self.spec, self.table, self.criterion, self.kind, self.classes)

    @property
    def judged(self) -> slice:
        """The columns of outputs and targets that criterion and report look at."""
        return judged(self.table.output_layers, self.kind)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one net: its record, or None and how it diverged."""

    seed: int
    record: RunRecord | None
    fault: str = ""


def check_in_memory(dataset: Dataset) -> None:
    """Hold a data set to what JAX can be shown.

    Raises: TrainError for one that stays in its file.
    """
    if dataset.is_streamed:
        raise TrainError(
            f"the engine of JAX has all patterns on its devices, and {dataset.name} is streamed",
            hint="(stream no) in (data ...) reads it into memory; kernels train from the file",
        )


def many_job(
    plan: Plan,
    runs: Sequence[tuple[ExperimentSpec, int]],
    optimizer: str,
    passes: int,
    dataset: Dataset,
) -> ManyJob:
    """Return the job of training one table by specs, which differ in numbers of their optimizers
    alone, each from a seed.
    """
    spec, table = runs[0][0], plan.original
    phases = range(len(spec.parts(optimizer)))
    ones = [
        One(seed, one, tuple(draws_of(one, table, dataset, seed, phase) for phase in phases))
        for one, seed in runs
    ]
    check_in_memory(dataset)
    return ManyJob(
        plan=plan,
        ones=tuple(ones),
        optimizer=optimizer,
        passes=passes,
        data=DataUsed(dataset.name, dataset.hash),
        patterns={name: np.asarray(part.inputs) for name, part in dataset.sets.items()},
        targets={
            name: desired_of(spec, table, dataset, part.targets)
            for name, part in dataset.sets.items()
        },
        criterion=criterion_of(spec, table, dataset.kind),
        kind=dataset.kind,
        classes=dataset.classes,
        warnings=tuple(one.message for one in of_start(spec, optimizer, table, dataset)),
    )
