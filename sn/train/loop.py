"""The training loop: passes over the training set, scores after each, a record at the end.

It presents the patterns in chunks, so that a bar moves, Ctrl-C is heard and checkpoints are
taken; what it computes does not depend on the chunks, nor on how often the run was stopped and
gone on with. A weight that is not finite stops the run and is traced back to the pattern and the
layer.

Read next: engines.py for what a presentation is, checkpoint.py for what is kept of a run,
resuming.py for how one goes on, divergence.py for how a number that is not finite is traced.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sn.data.blocks import Blocks
from sn.data.rows import TargetKind
from sn.errors import DataError, Notice
from sn.interrupts import Interrupt, interrupts_kept
from sn.net.table import ConnectionTable
from sn.results.checkpoints import Position
from sn.results.film import add_frame, is_frame
from sn.results.folder import Outcome, RunHeader
from sn.results.origin import Origin
from sn.results.record import DataUsed, NetCounts, PassRecord, RunRecord
from sn.train.cautions import of_end
from sn.train.checkpoint import RunState, Seconds, run_arrays
from sn.train.criteria import Criterion
from sn.train.divergence import Traced, after_step, during_chunk
from sn.train.engines import Engine, Floats32, Order
from sn.train.experiment import ExperimentSpec
from sn.train.feed import Feed
from sn.train.identity import identity, table_hash
from sn.train.judging import scores_of
from sn.train.keeping import Keeping, Opened, opened
from sn.train.look import Look
from sn.train.observer import Observer
from sn.train.orders import order_of_pass
from sn.train.phases import curvatures
from sn.train.preparing import judging_of
from sn.train.state import Array
from sn.train.stopping import is_best
from sn.train.tally import Judging, Tally, tallied
from sn.train.targets import Desired, judged

Keep = Callable[[Path, Array, Array | None, PassRecord], None]

# Presentations between two looks at the weights, at most and at first, and the seconds that they
# may take before they become fewer, or more; chosen here: kernels take milliseconds for the most.
CHUNK, FIRST_CHUNK = 512, 1
LONG, SHORT = 0.1, 0.02
# Seconds between two checkpoints where nothing else is said; chosen here: what may be lost.
SPARE = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A run that is ready to start.

    `targets` has for each set what is desired, (n, n_outputs) float32, of the `kind` and with the
    names of `classes` that the data has; `criterion` says which patterns are misses, None where
    nothing is right or wrong; `warnings` were told before the run starts; `origin` is where the
    run comes from, as far as the session knows, and what it starts from. `keep` writes the file of
    the trained net to the folder of the run: weights, curvatures if there are, the last pass.
    `feeds` are the sets that are streamed, by name, and `blocks` says how their training set is
    shuffled.
    """

    spec: ExperimentSpec
    table: ConnectionTable
    engine: Engine
    data: DataUsed
    targets: Mapping[str, Floats32 | Desired]
    criterion: Criterion | None
    optimizer: str
    seed: int
    passes: int
    compile_seconds: float
    warnings: tuple[Notice, ...] = ()
    kind: TargetKind = TargetKind.CLASSES
    classes: tuple[str, ...] = ()
    origin: Origin = Origin()
    keep: Keep | None = None
    feeds: Mapping[str, Feed] = field(default_factory=dict)
    blocks: Blocks | None = None

    @property
    def judging(self) -> Judging:
        """What decides what is told of a set that is streamed."""
        return judging_of(self.spec, self.table, self.criterion, self.kind, self.classes)

    @property
    def judged(self) -> slice:
        """The columns of outputs and targets that the criterion and the report look at."""
        return judged(self.table.output_layers, self.kind)

    @property
    def counts(self) -> NetCounts:
        """The size of the net."""
        table = self.table
        return NetCounts(table.name, table.counted_units, table.n_rows, table.n_weights)


def train(
    job: Job,
    folder: Path | None,
    observers: Sequence[Observer],
    keeping: Keeping | None = None,
) -> RunRecord:
    """Run all passes and return the record; with a folder, leave the files of a run there.

    `keeping` says how, and which run to go on with.
    Raises: TrainError when a weight or a state stops being finite, files cannot be written, or
    the run to go on with was another one; DataError when that has no checkpoint that can be read.
    """
    keeping, spec = keeping or Keeping(), job.spec
    options = spec.options(job.optimizer)
    header = RunHeader(job.counts, job.data, job.optimizer, options, job.seed, job.passes)
    origin = replace(
        job.origin,
        table=table_hash(job.table),
        identity=identity(
            job.table, spec, job.optimizer, job.data, job.seed, job.origin.engine, job.blocks
        ),
    )
    place = opened(folder, keeping, header, origin, job.engine.get_state)
    try:
        for observer in observers:
            observer.described(header, origin)
            for notice in place.notices:
                observer.warned(notice)
        return _Run(job, place, observers, keeping.checkpoint_every).go()
    finally:
        for feed in job.feeds.values():
            feed.close()
        if place.files is not None:
            place.files.close()


class _Run:
    """A run while it lasts: what it has seen so far, and whom it tells.

    A checkpoint is written after passes, at most one in SPARE seconds, and `every` so many
    presentations. `place` is where the run is kept and goes on from.
    """

    def __init__(
        self, job: Job, place: Opened, observers: Sequence[Observer], every: int | None
    ) -> None:
        self._job, self._files, self._observers, self._every = job, place.files, observers, every
        self._count = len(job.targets["train"])
        self._chunk = min(FIRST_CHUNK, CHUNK)
        self._interrupt = Interrupt()
        self._written = time.perf_counter()
        state, start = place.state, place.start
        if state is None:
            fresh = job.spec.init.draw(job.table, job.seed) if start is None else start
            if fresh.shape != (job.table.n_weights,):
                raise DataError(
                    f"the net has {job.table.n_weights:,} weights, and the run started from "
                    f"{fresh.size:,}"
                )
            job.engine.set_weights(fresh)
            state = RunState(job.engine.get_state())
        else:
            if state.position.shown > self._count:
                raise DataError(
                    f"the state is one {state.position}, and a pass has {self._count:,} of them"
                )
            job.engine.set_state(state.engine)
        self._passes = [record for record in state.passes if record.number or not job.passes]
        self._best, self._saturated = state.best, list(state.saturated)
        self._seconds, self._position = state.seconds, state.position
        self._is_whole = True  # whether the engine is where the position says
        self._outputs: dict[str, NDArray[np.float32]] = {}  # those that were scored last
        self._tallies: dict[str, Tally] = {}  # of what is streamed, for the weights of now

    def go(self) -> RunRecord:
        """Run all passes that are left and return the record."""
        try:
            with interrupts_kept(is_patient=False) as self._interrupt:
                self._tell_start()
                self._train_and_score()
                with self._interrupt.let_through():
                    return self._finish()
        except KeyboardInterrupt:
            self._stop_where_it_is()
            raise
        except Exception as error:
            if self._files is not None:
                self._files.stop(Outcome.FAILED, str(error))
            raise

    def _tell_start(self) -> None:
        passes, before = self._job.passes, self._position
        for observer in self._observers:
            observer.started(self._count * passes, passes)
            if before != Position():
                observer.resumed(before)
                observer.advanced(before.presentations(self._count))

    def _stop_where_it_is(self) -> None:
        """Write a checkpoint, where the user did not ask twice to be let go, and tell."""
        if self._files is not None:
            try:
                if self._is_whole and not self._interrupt.came_twice:
                    self._write_checkpoint()
            finally:
                self._files.stop(Outcome.INTERRUPTED)
        for observer in self._observers:
            observer.interrupted()

    def _train_and_score(self) -> None:
        """Do what is left: the rest of a pass, its scores, further passes."""
        job = self._job
        if not job.passes and not self._passes:
            # there is a score still, numbered 0: that of the untrained net
            self._score(0)
            self._keep(is_last=True)
        while job.passes:
            number = self._position.passes
            if len(self._passes) < number:
                self._score(number)
            self._keep_frame()
            is_last = number >= job.passes or (
                bool(self._passes) and job.spec.stop.is_due(self._passes)
            )
            if number:
                self._keep(is_last)
            if is_last:
                break
            self._train(number + 1)

    def _keep_frame(self) -> None:
        """Keep the weights to look at, after some passes, and before the first."""
        passes, shown = self._position.passes, self._position.shown
        if self._files is not None and not shown and is_frame(passes):
            with self._files.told(self._files.path):
                add_frame(self._files.path, passes, self._job.engine.get_trained())

    def _keep(self, is_last: bool) -> None:
        """Write a checkpoint after a pass, unless the one before is very young."""
        is_due = self._is_due() or time.perf_counter() - self._written >= SPARE
        if self._files is None or not (is_last or is_due):
            return
        self._write_checkpoint()
        if self._job.keep is not None:
            state = self._job.engine.get_state()
            phases = [part.passes for part in self._job.spec.phases if self._phase(1)]
            curvature = curvatures(state, phases)
            with self._files.told(self._files.path):
                trained = self._job.engine.get_trained()
                self._job.keep(self._files.path, trained, curvature, self._passes[-1])

    def _write_checkpoint(self) -> None:
        assert self._files is not None
        state = RunState(
            self._job.engine.get_state(),
            self._position,
            tuple(self._passes),
            self._best,
            tuple(self._saturated),
            self._seconds,
        )
        self._files.write_checkpoint(self._position, *run_arrays(state))
        self._written = time.perf_counter()

    def _score(self, number: int) -> None:
        """Score every set after a pass, and tell."""
        started = time.perf_counter()
        with self._interrupt.let_through():  # nothing is changed, so it can be done again
            job = self._job
            self._tallies.clear()
            outputs = {
                which: job.engine.outputs(which) for which in job.targets if which not in job.feeds
            }
            scores, is_saturated = scores_of(job.judging, job.targets, outputs, self._tally)
        self._outputs = outputs
        now = self._seconds
        spent = now.evaluate + time.perf_counter() - started
        record = PassRecord(
            number,
            scores["train"],
            scores.get("test"),
            now.under_way,
            scores.get("validation"),
            self._phase(number),
        )
        self._seconds = Seconds(now.train + now.under_way, spent)
        self._passes.append(record)
        self._saturated = [*self._saturated[-1:], is_saturated]
        if self._job.spec.stop.keep_best and is_best(self._passes):
            self._best = (number, self._job.engine.get_trained())
        if self._files is not None:
            self._files.add_pass(record)
        look = Look(self._job, number, outputs.__getitem__, self._tally)
        for observer in self._observers:
            observer.pass_scored(look)
            observer.pass_finished(record)

    def _tally(self, which: str) -> Tally | None:
        """Return what is told of a set that is streamed, None of one in memory."""
        job = self._job
        if which not in job.feeds:
            return None
        if which not in self._tallies:
            self._tallies[which] = tallied(job.feeds[which], job.judging, job.engine.answer)
        return self._tallies[which]

    def _phase(self, number: int) -> int | None:
        return self._job.spec.phase_of(self._job.optimizer, number)

    def _train(self, number: int) -> None:
        """Present what is left of a pass, and take its step."""
        job, engine = self._job, self._job.engine
        kind = job.spec.order or job.spec.data.order
        order = order_of_pass(kind, self._count, job.seed, number, job.blocks)
        if not self._position.shown:
            self._is_whole = False  # until something is shown: a pass may be begun once only
            self._timed(lambda: engine.begin_pass(order))
        if "train" in job.feeds:
            job.feeds["train"].follow(order[self._position.shown :])
        at_start = engine.get_state()
        while self._position.shown < self._count:
            self._present(order, number)
        self._is_whole = False
        with np.errstate(over="ignore", invalid="ignore"):  # told below, with its layer
            self._timed(engine.end_pass)
        if not np.isfinite(engine.get_weights()).all():
            raise after_step(self._traced, at_start, order, number)
        self._position, self._is_whole = Position(number), True

    def _present(self, order: Order, number: int) -> None:
        """Present the next chunk of a pass; afterwards the run may be stopped, or kept."""
        engine, first = self._job.engine, self._position.shown
        done = self._position.presentations(self._count)
        part = order[first : first + self._size(done)]
        before = engine.get_state()
        self._is_whole = False
        seconds = self._timed(lambda: engine.present(part))
        if not np.isfinite(engine.get_weights()).all():
            raise during_chunk(self._traced, before, part, order, number, done)
        self._position, self._is_whole = Position(number - 1, first + len(part)), True
        if seconds < SHORT:
            self._chunk = min(2 * self._chunk, CHUNK)
        elif seconds > LONG:
            self._chunk = max(self._chunk // 2, 1)
        for observer in self._observers:
            observer.advanced(len(part))
        self._interrupt.check()
        # where the pass ends here, its step and scores come first
        if self._files is not None and self._is_due() and self._position.shown < self._count:
            self._write_checkpoint()

    def _is_due(self) -> bool:
        """Whether a checkpoint was asked for where the run is."""
        shown = self._position.presentations(self._count)
        return self._every is not None and shown % self._every == 0

    def _size(self, done: int) -> int:
        """Return how many patterns to present next: up to where a checkpoint is due."""
        if self._every is None:
            return self._chunk
        return min(self._chunk, self._every - done % self._every)

    def _timed(self, work: Callable[[], None]) -> float:
        """Do what counts as training of the pass under way; return the seconds it took."""
        started = time.perf_counter()
        work()
        spent, now = time.perf_counter() - started, self._seconds
        self._seconds = Seconds(now.train, now.evaluate, now.under_way + spent)
        return spent

    @property
    def _traced(self) -> Traced:
        job = self._job
        return Traced(job.spec, job.optimizer, job.table, job.engine, job.targets["train"])

    def _finish(self) -> RunRecord:
        """Return the record, with the best weights where those were to be kept."""
        job, passes, kept = self._job, self._passes, None
        self._is_whole = False  # the best weights may take the place of the last; all is written
        warnings: tuple[Notice, ...] = ()
        if passes[-1].number:  # a net that was not trained need not be good at anything
            sets, is_flat = passes[-1].sets, all(self._saturated)
            warnings = of_end(sets, job.targets, job.criterion, job.spec.cost, is_flat, job.judged)
        for observer in self._observers:
            for warning in warnings:
                observer.warned(warning)
        if self._best is not None:
            kept, weights = self._best
            job.engine.set_weights(weights)
            self._tallies.clear()
            if self._files is not None and job.keep is not None:
                best = next(record for record in passes if record.number == kept)
                with self._files.told(self._files.path):
                    job.keep(self._files.path, weights, None, best)
        weights = job.engine.get_trained()
        shown = self._count * max(passes[-1].number, 1)
        is_last = kept is None and bool(self._outputs)  # else they are those of other weights
        outputs = self._outputs.__getitem__ if is_last else job.engine.outputs
        end = Look(job, passes[-1].number, outputs, self._tally)
        result = RunRecord(
            job.counts,
            job.data,
            job.optimizer,
            job.spec.options(job.optimizer),
            job.seed,
            tuple(passes),
            job.compile_seconds,
            self._seconds.train,
            self._seconds.evaluate,
            self._seconds.train / max(shown, 1) * 1e6,
            {parameter.name: weights[parameter.wid] for parameter in job.table.parameters},
            job.spec.reference,
            self._files.path if self._files is not None else None,
            tuple(warning.message for warning in (*job.warnings, *warnings)),
            kept,
            {which: end.report(which) for which in job.targets},
        )
        if self._files is not None:
            self._files.finish(result)
        for observer in self._observers:
            observer.finished(result)
        return result
