"""The training loop: passes over the training set, scores after each, a record at the end.

It presents the patterns in chunks, so that a bar moves and Ctrl-C is heard; what it computes
does not depend on the chunks. A weight that is not finite stops the run and is traced back to
the pattern and the layer.

Read next: engines.py for what a presentation is, observer.py for who watches.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sn.errors import Notice, TrainError
from sn.net.init import philox_key
from sn.net.table import ConnectionTable
from sn.optim.rules import Curvature
from sn.results.folder import Outcome, RunFolder, RunHeader
from sn.results.record import DataUsed, NetCounts, PassRecord, RunRecord, Scores
from sn.train.cautions import all_saturated, of_end
from sn.train.criteria import Criterion
from sn.train.engines import Engine, Floats32, Order
from sn.train.experiment import ExperimentSpec
from sn.train.failing import failing_formula
from sn.train.observer import Observer
from sn.train.scoring import score
from sn.train.state import EngineState, to_arrays

HINT = "lower the learning rate, or start from smaller weights"
FORMULA_HINT = "write it so that it is finite there: (if TEST ... ...) chooses between two formulas"
CHUNK = 512  # presentations between two looks at the weights; chosen here: a few milliseconds


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A run that is ready to start.

    `targets` has for each set what is desired, (n, n_outputs) float32; `criterion` says which
    patterns are misses; `warnings` were told before the run starts.
    """

    spec: ExperimentSpec
    table: ConnectionTable
    engine: Engine
    data: DataUsed
    targets: dict[str, Floats32]
    criterion: Criterion
    optimizer: str
    seed: int
    passes: int
    compile_seconds: float
    source: str
    warnings: tuple[Notice, ...] = ()


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
    table, spec = job.table, job.spec
    count = len(job.targets["train"])
    net = NetCounts(table.name, table.counted_units, table.n_rows, table.n_weights)
    files = None
    if folder is not None:
        files = RunFolder.create(folder, table.name)
        options = spec.options(job.optimizer)
        header = RunHeader(net, job.data, job.optimizer, options, job.seed, job.passes)
        files.start(header, job.source)
    job.engine.set_weights(spec.init.draw(table, job.seed))
    for observer in observers:
        observer.started(count * job.passes, job.passes)
    train_seconds = evaluate_seconds = 0.0
    passes: list[PassRecord] = []
    saturated: list[bool] = []
    try:
        # without a pass there is a score still, numbered 0: that of the untrained net
        for number in range(1, job.passes + 1) or (0,):
            seconds = _one_pass(job, number, count, observers) if number else 0.0
            started = time.perf_counter()
            scores, is_saturated = _scores(job)
            saturated = [*saturated[-1:], is_saturated]
            evaluate_seconds += time.perf_counter() - started
            train_seconds += seconds
            record = PassRecord(number, scores["train"], scores["test"], seconds)
            passes.append(record)
            if files is not None:
                files.add_pass(record)
                files.write_checkpoint(
                    to_arrays(job.engine.get_state()),
                    {"pass": str(number), "seed": str(job.seed)},
                )
            for observer in observers:
                observer.pass_finished(record)
    except KeyboardInterrupt:
        if files is not None:
            files.stop(Outcome.INTERRUPTED)
        for observer in observers:
            observer.interrupted()
        raise
    except Exception as error:
        if files is not None:
            files.stop(Outcome.FAILED, str(error))
        raise
    warnings: tuple[Notice, ...] = ()
    if passes[-1].number:  # a net that was not trained need not be good at anything
        warnings = of_end(scores, job.targets, job.criterion, spec.cost, all(saturated))
    for observer in observers:
        for warning in warnings:
            observer.warned(warning)
    weights = job.engine.get_weights()
    result = RunRecord(
        net,
        job.data,
        job.optimizer,
        spec.options(job.optimizer),
        job.seed,
        tuple(passes),
        job.compile_seconds,
        train_seconds,
        evaluate_seconds,
        train_seconds / max(count * job.passes, 1) * 1e6,
        {parameter.name: weights[parameter.wid] for parameter in table.parameters},
        spec.reference,
        files.path if files is not None else None,
        tuple(warning.message for warning in (*job.warnings, *warnings)),
    )
    if files is not None:
        files.finish(result)
    for observer in observers:
        observer.finished(result)
    return result


def _scores(job: Job) -> tuple[dict[str, Scores], bool]:
    """Score both sets; say too whether all outputs for the training set are saturated."""
    found = {}
    is_saturated = False
    for which in ("train", "test"):
        outputs = job.engine.outputs(which)
        found[which] = score(outputs, job.targets[which], job.criterion, job.spec.cost)
        if which == "train":
            is_saturated = all_saturated(job.table.layers[-1].activation, outputs)
    return found, is_saturated


def _one_pass(job: Job, number: int, count: int, observers: Sequence[Observer]) -> float:
    """Present the training set once; return the seconds spent presenting."""
    order = order_of_pass(job.spec.order, count, job.seed, number)
    at_start = job.engine.get_state()
    started = time.perf_counter()
    job.engine.begin_pass(order)
    seconds = time.perf_counter() - started
    for first in range(0, count, CHUNK):
        part = order[first : first + CHUNK]
        before = job.engine.get_state()
        started = time.perf_counter()
        job.engine.present(part)
        seconds += time.perf_counter() - started
        if not np.isfinite(job.engine.get_weights()).all():
            raise _failed_formula(job, before, part, order, number) or _diverged(
                job, before, part, number, (number - 1) * count + first
            )
        for observer in observers:
            observer.advanced(len(part))
    started = time.perf_counter()
    with np.errstate(over="ignore", invalid="ignore"):  # told below, with its layer
        job.engine.end_pass()
    seconds += time.perf_counter() - started
    weights = job.engine.get_weights()
    if not np.isfinite(weights).all():
        raise _failed_formula(job, at_start, order, order, number) or TrainError(
            f"training diverged: layer {_layer_of_bad_weight(job, weights)} has weights that are "
            f"not finite after the step of pass {number}",
            span=job.spec.span,
            hint=HINT,
        )
    return seconds


def _failed_formula(
    job: Job, before: EngineState, part: Order, order: Order, number: int
) -> TrainError | None:
    """Present patterns from a state on until a formula fails, and say which; None if none does.

    Curvatures of a sample may fail before any pattern is presented: then it is in the sample.
    """
    optimizer = job.spec.optimizers[job.optimizer]
    phases = optimizer.phases
    second = phases.curvature is not Curvature.NONE
    sample = order[: phases.sample.count if phases.sample is not None else 0]
    first = job.table.layers[0]
    job.engine.set_state(before)
    for pattern in (*part, *sample):
        weights = job.engine.get_weights()
        if not np.isfinite(weights).all():
            # what follows are samples, which were shown to the weights of the start
            job.engine.set_state(before)
            weights = job.engine.get_weights()
        with np.errstate(all="ignore"):
            job.engine.present(np.array([pattern], np.int32))
        shown = job.engine.states()[first.first : first.first + first.size]
        desired = job.targets["train"][pattern]
        found = failing_formula(
            job.table, job.spec.cost, weights, np.asarray(shown), desired, second
        )
        if found is not None:
            return TrainError(
                f"{found}, for pattern {int(pattern)} in pass {number}",
                span=job.spec.span,
                hint=FORMULA_HINT if found.is_usual else HINT,
            )
    return None


def _diverged(job: Job, before: EngineState, part: Order, number: int, done: int) -> TrainError:
    """Repeat a chunk pattern by pattern and say where the first bad number appears."""
    table = job.table
    job.engine.set_state(before)
    for index, pattern in enumerate(part):
        job.engine.present(part[index : index + 1])
        weights, states = job.engine.get_weights(), job.engine.states()
        if np.isfinite(weights).all():
            continue
        place = next(
            (
                layer.name
                for layer in table.layers
                if not np.isfinite(states[layer.first : layer.first + layer.size]).all()
            ),
            None,
        )
        if place is None:
            place = _layer_of_bad_weight(job, weights)
        step = done + index + 1
        return TrainError(
            f"training diverged: layer {place} has numbers that are not finite after pattern "
            f"{int(pattern)} (presentation {step}, pass {number})",
            span=job.spec.span,
            hint=HINT,
        )
    raise AssertionError("a chunk diverges only as a whole")


def _layer_of_bad_weight(job: Job, weights: Floats32) -> str:
    """Return the layer that the first weight which is not finite leads into."""
    table = job.table
    bad = int(np.flatnonzero(~np.isfinite(weights))[0])
    unit = int(table.dst[np.flatnonzero(table.wid == bad)[0]])
    return table.layers[int(table.layer_of[unit])].name
