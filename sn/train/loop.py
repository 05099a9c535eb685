"""The training loop: passes over the training set, scores after each, a record at the end.

It presents the patterns in chunks, so that a bar moves and Ctrl-C is heard; what it computes
does not depend on the chunks. A weight that is not finite stops the run and is traced back to
the pattern and the layer.

Read next: engines.py for what a presentation is, observer.py for who watches, divergence.py for
how a number that is not finite is traced.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sn.data.rows import TargetKind
from sn.errors import Notice
from sn.net.init import philox_key
from sn.net.table import ConnectionTable
from sn.optim.rules import CURVATURE
from sn.results.folder import Outcome, RunFolder, RunHeader
from sn.results.record import DataUsed, NetCounts, PassRecord, RunRecord, Scores
from sn.results.reports import Report, class_report, label_report, value_report
from sn.train.cautions import all_saturated, of_end
from sn.train.criteria import Criterion
from sn.train.divergence import Traced, after_step, during_chunk
from sn.train.engines import Engine, Floats32, Order
from sn.train.experiment import ExperimentSpec
from sn.train.observer import Observer
from sn.train.scoring import score
from sn.train.state import Array, to_arrays
from sn.train.stopping import deciding

Keep = Callable[[Path, Array, Array | None, PassRecord], None]

CHUNK = 512  # presentations between two looks at the weights; chosen here: a few milliseconds


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A run that is ready to start.

    `targets` has for each set what is desired, (n, n_outputs) float32, of the `kind` and with the
    names of `classes` that the data has; `criterion` says which patterns are misses, None where
    nothing is right or wrong; `warnings` were told before the run starts. `keep` writes the file
    of the trained net to the folder of the run: weights, curvatures if there are, the last pass.
    """

    spec: ExperimentSpec
    table: ConnectionTable
    engine: Engine
    data: DataUsed
    targets: dict[str, Floats32]
    criterion: Criterion | None
    optimizer: str
    seed: int
    passes: int
    compile_seconds: float
    source: str
    warnings: tuple[Notice, ...] = ()
    kind: TargetKind = TargetKind.CLASSES
    classes: tuple[str, ...] = ()
    keep: Keep | None = None


def order_of_pass(kind: str, count: int, seed: int, number: int) -> Order:
    """Return the order in which pass `number` (from 1) shows `count` patterns.

    "shuffled" draws from a stream of the seed and the pass alone, so a resumed run goes on
    where it was.
    """
    if kind == "constant":
        return np.arange(count, dtype=np.int32)
    stream = np.random.Generator(np.random.Philox(key=philox_key(seed, 0x0DE2), counter=number))
    return stream.permutation(count).astype(np.int32)


def train(job: Job, folder: Path | None, observers: Sequence[Observer]) -> RunRecord:
    """Run all passes and return the record; with a folder, leave the files of a run there.

    Raises: TrainError when a weight or a state stops being finite.
    """
    files = None
    if folder is not None:
        files = RunFolder.create(folder, job.table.name)
        options = job.spec.options(job.optimizer)
        header = RunHeader(_counts(job), job.data, job.optimizer, options, job.seed, job.passes)
        files.start(header, job.source)
    return _Run(job, files, observers).go()


class _Run:
    """A run while it lasts: what it has seen so far, and whom it tells."""

    def __init__(self, job: Job, files: RunFolder | None, observers: Sequence[Observer]) -> None:
        self._job, self._files, self._observers = job, files, observers
        self._count = len(job.targets["train"])
        self._passes: list[PassRecord] = []
        self._saturated: list[bool] = []
        self._best: tuple[int, Floats32] | None = None
        self._train_seconds = self._evaluate_seconds = 0.0

    def go(self) -> RunRecord:
        """Run all passes and return the record."""
        job = self._job
        job.engine.set_weights(job.spec.init.draw(job.table, job.seed))
        for observer in self._observers:
            observer.started(self._count * job.passes, job.passes)
        try:
            # without a pass there is a score still, numbered 0: that of the untrained net
            for number in range(1, job.passes + 1) or (0,):
                self._pass(number)
                if job.spec.stop.is_due(self._passes):
                    break
        except KeyboardInterrupt:
            if self._files is not None:
                self._files.stop(Outcome.INTERRUPTED)
            for observer in self._observers:
                observer.interrupted()
            raise
        except Exception as error:
            if self._files is not None:
                self._files.stop(Outcome.FAILED, str(error))
            raise
        return self._finish()

    def _pass(self, number: int) -> None:
        """Train once over the training set, score every set, and tell."""
        seconds = self._train(number) if number else 0.0
        started = time.perf_counter()
        scores = self._scores()
        self._evaluate_seconds += time.perf_counter() - started
        self._train_seconds += seconds
        record = PassRecord(
            number, scores["train"], scores.get("test"), seconds, scores.get("validation")
        )
        self._passes.append(record)
        if self._job.spec.stop.keep_best and self._is_best(record):
            self._best = (number, self._job.engine.get_weights())
        if self._files is not None:
            self._files.add_pass(record)
            state = self._job.engine.get_state()
            self._files.write_checkpoint(
                to_arrays(state), {"pass": str(number), "seed": str(self._job.seed)}
            )
            if self._job.keep is not None:
                curvature = state.slots.get(CURVATURE.name)
                self._job.keep(self._files.path, state.weights, curvature, record)
        for observer in self._observers:
            observer.pass_finished(record)

    def _train(self, number: int) -> float:
        """Present the training set once; return the seconds spent presenting."""
        job, engine = self._job, self._job.engine
        order = order_of_pass(job.spec.order or job.spec.data.order, self._count, job.seed, number)
        at_start = engine.get_state()
        started = time.perf_counter()
        engine.begin_pass(order)
        seconds = time.perf_counter() - started
        for first in range(0, self._count, CHUNK):
            part = order[first : first + CHUNK]
            before = engine.get_state()
            started = time.perf_counter()
            engine.present(part)
            seconds += time.perf_counter() - started
            if not np.isfinite(engine.get_weights()).all():
                done = (number - 1) * self._count + first
                raise during_chunk(self._traced, before, part, order, number, done)
            for observer in self._observers:
                observer.advanced(len(part))
        started = time.perf_counter()
        with np.errstate(over="ignore", invalid="ignore"):  # told below, with its layer
            engine.end_pass()
        seconds += time.perf_counter() - started
        if not np.isfinite(engine.get_weights()).all():
            raise after_step(self._traced, at_start, order, number)
        return seconds

    @property
    def _traced(self) -> Traced:
        job = self._job
        return Traced(job.spec, job.optimizer, job.table, job.engine, job.targets["train"])

    def _is_best(self, record: PassRecord) -> bool:
        return all(
            deciding(record).error < deciding(earlier).error for earlier in self._passes[:-1]
        )

    def _scores(self) -> dict[str, Scores]:
        """Score all sets; note too whether all outputs for the training set are saturated."""
        job = self._job
        found = {}
        for which, targets in job.targets.items():
            outputs = job.engine.outputs(which)
            found[which] = score(outputs, targets, job.criterion, job.spec.cost)
            if which == "train":
                is_saturated = all_saturated(job.table.layers[-1].activation, outputs)
                self._saturated = [*self._saturated[-1:], is_saturated]
        return found

    def _finish(self) -> RunRecord:
        """Return the record, with the best weights where those were to be kept."""
        job, passes, kept = self._job, self._passes, None
        warnings: tuple[Notice, ...] = ()
        if passes[-1].number:  # a net that was not trained need not be good at anything
            warnings = of_end(
                passes[-1].sets, job.targets, job.criterion, job.spec.cost, all(self._saturated)
            )
        for observer in self._observers:
            for warning in warnings:
                observer.warned(warning)
        if self._best is not None:
            kept, weights = self._best
            job.engine.set_weights(weights)
            if self._files is not None and job.keep is not None:
                best = next(record for record in passes if record.number == kept)
                job.keep(self._files.path, weights, None, best)
        weights = job.engine.get_weights()
        shown = self._count * max(passes[-1].number, 1)
        result = RunRecord(
            _counts(job),
            job.data,
            job.optimizer,
            job.spec.options(job.optimizer),
            job.seed,
            tuple(passes),
            job.compile_seconds,
            self._train_seconds,
            self._evaluate_seconds,
            self._train_seconds / max(shown, 1) * 1e6,
            {parameter.name: weights[parameter.wid] for parameter in job.table.parameters},
            job.spec.reference,
            self._files.path if self._files is not None else None,
            tuple(warning.message for warning in (*job.warnings, *warnings)),
            kept,
            self._reports(),
        )
        if self._files is not None:
            self._files.finish(result)
        for observer in self._observers:
            observer.finished(result)
        return result

    def _reports(self) -> dict[str, Report]:
        """Return what else is told of each set."""
        job, names = self._job, self._job.classes
        middle = sum(job.spec.targets) / 2
        found: dict[str, Report] = {}
        for which, targets in job.targets.items():
            outputs = job.engine.outputs(which)
            if job.kind is TargetKind.CLASSES:
                found[which] = class_report(outputs, targets, names, middle)
            elif job.kind is TargetKind.LABELS:
                found[which] = label_report(outputs, targets, names, middle)
            else:
                found[which] = value_report(outputs, targets, names)
        return found


def _counts(job: Job) -> NetCounts:
    table = job.table
    return NetCounts(table.name, table.counted_units, table.n_rows, table.n_weights)
