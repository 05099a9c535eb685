"""Looks: what an observer may ask of a run right after the scores of a pass.

Nothing is worked out before it is asked for, so a run that nobody looks into pays nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sn.data.rows import TargetKind
from sn.net.table import ConnectionTable
from sn.results.reports import Report
from sn.train.engines import Engine
from sn.train.experiment import ExperimentSpec
from sn.train.scoring import answers, missed, report
from sn.train.tally import Tally
from sn.train.targets import Desired

Floats32 = NDArray[np.float32]


class Scored(Protocol):
    """A run by what is asked of it here; loop.py has it."""

    @property
    def spec(self) -> ExperimentSpec:
        """The experiment."""
        ...

    @property
    def optimizer(self) -> str:
        """Which of its optimizers, or its phases."""
        ...

    @property
    def table(self) -> ConnectionTable:
        """The connections of the net."""
        ...

    @property
    def engine(self) -> Engine:
        """What holds the weights."""
        ...

    @property
    def targets(self) -> Mapping[str, Floats32 | Desired]:
        """What is desired, (n, n_outputs), of each set."""
        ...

    @property
    def kind(self) -> TargetKind:
        """What the targets are."""
        ...

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of classes, labels or values; none where data has none."""
        ...

    @property
    def judged(self) -> slice:
        """The columns of outputs and targets that a report looks at."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A run at the end of pass `number`, 0 for an untrained net.

    It holds while its observer is being told, not longer. `outputs(which)` gives those that were
    scored, (n, n_outputs); of sets that are streamed it is `tally(which)` that is known.
    """

    job: Scored
    number: int
    outputs: Callable[[str], Floats32]
    tally: Callable[[str], Tally | None] = lambda _: None

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes or labels, or those of the values; none where data has none."""
        return self.job.classes

    @property
    def judges_classes(self) -> bool:
        """Whether outputs are right or wrong one by one: those of classes and of labels are."""
        return self.job.kind is not TargetKind.VALUES

    def report(self, which: str) -> Report:
        """Return what else is told of a set, by its name, as at the end of the run."""
        job, tally = self.job, self.tally(which)
        if tally is not None:
            return tally.report()
        given, desired = self._judged(which)
        return report(given, desired, job.kind, job.classes, self._middle)

    def missed(self, which: str) -> NDArray[np.int64]:
        """Return how many patterns of each class of a set are taken for another, (k,).

        Of labels, how many patterns each is wrong for. They are the figures of `report`.
        """
        assert self.judges_classes, "values are not missed"
        tally = self.tally(which)
        if tally is not None:
            return tally.missed
        given, desired = self._judged(which)
        return missed(given, desired, self.job.kind, len(self.job.classes), self._middle)

    def weights(self) -> dict[str, Floats32]:
        """Return copies of the weights that answer, by the names that the record has."""
        trained = self.job.engine.get_trained()
        return {one.name: trained[one.wid] for one in self.job.table.parameters}

    @property
    def learning_rate(self) -> float:
        """That of the last presentation, which schedules may have changed."""
        spec, name = self.job.spec, self.job.optimizer
        number = max(self.number, 1)
        phase = spec.phase_of(name, number) or 1
        # a schedule begins with its phase
        within = number - sum(part.passes for part in spec.parts(name)[: phase - 1])
        shown = within * len(self.job.targets["train"])
        return spec.rule_of(name, number).at(within, shown).learning_rate

    @property
    def _middle(self) -> float:
        return sum(self.job.spec.targets) / 2

    def _judged(self, which: str) -> tuple[Floats32, Floats32]:
        job = self.job
        given = answers(self.outputs(which), job.spec.cost)[:, job.judged]
        return given, np.asarray(job.targets[which])[:, job.judged]
