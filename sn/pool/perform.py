"""Perform: one run in a worker, with nothing but what the worker was sent.

A worker keeps programs and data sets by the hash of their content. What it lacks for a run it asks
for; a data set that is on its machine already, under its own name, is known by its hash and not
asked for.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from io import StringIO
from typing import TypeVar

from sn.compiled import Nets, Tables
from sn.data.base import Dataset
from sn.emit.streams import on_cores
from sn.errors import MemoryLimitError, SnError, TrainError
from sn.experiment import Experiment
from sn.pool.runs import Bundle, Ended, Run, Wanted, bits_of, compute_versions, dead
from sn.progress import recording
from sn.results.arrays import content_hash
from sn.results.origin import Origin
from sn.results.record import PassRecord, RunRecord
from sn.results.sweeps import DONE, FAILED, PRUNED, Outcome
from sn.session import Session
from sn.train.experiment import DataSource
from sn.train.observer import Observer

# Told of each pass of a run; returns whether the run is given up.
Report = Callable[[Run, PassRecord], bool]
K = TypeVar("K")
V = TypeVar("V")
EVALUATED, HELD = 4, 8  # programs and things sent that a worker keeps; chosen here


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A data set in memory, presented in the order of where it came from."""

    dataset: Dataset
    order: str

    def is_here(self) -> bool:
        return True

    def load(self) -> tuple[Dataset, str]:
        return self.dataset, ""


class _GivenUp(Exception):  # noqa: N818 - it is no error
    """Raised in a run that is given up."""


class _Watching(Observer):
    """Keeps the passes of a run, and gives it up where that is asked."""

    def __init__(self, run: Run, report: Report | None) -> None:
        self.passes: list[PassRecord] = []
        self._run, self._report = run, report

    def pass_finished(self, record: PassRecord) -> None:
        """Keep it, and ask."""
        self.passes.append(record)
        if self._report is not None and self._report(self._run, record):
            raise _GivenUp


@dataclass(slots=True)
class Keeper:
    """What one worker was sent, and the programs and tables of nets that it had last."""

    held: OrderedDict[str, Bundle | Dataset] = field(default_factory=OrderedDict)
    evaluated: OrderedDict[tuple[object, ...], Experiment] = field(default_factory=OrderedDict)
    tables: Tables = field(default_factory=Tables)

    def put(self, name: str, thing: Bundle | Dataset) -> None:
        """Keep what was sent, by its hash."""
        _kept(self.held, name, thing, HELD)

    def do(self, run: Run, report: Report | None = None) -> Ended | Wanted:
        """Train once, and return what came of it, or what is lacking.

        What is wrong with the program or its run is told in the outcome.
        Raises: TrainError where other versions compute here than where the run is asked for.
        """
        bundle = self.held.get(run.program)
        if not isinstance(bundle, Bundle):
            return Wanted(run.program)
        _check_versions(bundle)
        start, watching = time.perf_counter(), _Watching(run, report)
        try:
            with redirect_stdout(StringIO()), on_cores(1):
                experiment = self._experiment(bundle, run)
                found = self._data(bundle, experiment)
                if isinstance(found, Wanted):
                    return found
                record = _train(experiment, found, run, watching)
        except _GivenUp:
            return Ended(run, _outcome(run, PRUNED, watching.passes, start))
        except MemoryLimitError as error:  # another worker may have more
            return dead(run, error.message, error)
        except SnError as error:
            hint = f" ({error.hint})" if error.hint else ""
            failed = _outcome(run, FAILED, watching.passes, start)
            return Ended(run, replace(failed, error=error.message + hint), error=error)
        except Exception as error:  # of one run, and the others go on
            return dead(run, f"{type(error).__name__}: {error}")
        outcome = _outcome(run, DONE, list(record.passes), start, record)
        return Ended(run, outcome, record.without_weights() if run.is_recorded else None)

    def _experiment(self, bundle: Bundle, run: Run) -> Experiment:
        """Return the experiment of a run; one that draws nothing from its seed serves all seeds."""
        key = (run.program, run.settings)
        for asked in (key, (*key, run.seed)):
            found = self.evaluated.get(asked)
            if found is not None:
                self.evaluated.move_to_end(asked)
                return found
        made = _evaluated(bundle, run.settings, run.seed, self.tables)
        own = made.program.depends_on_seed
        _kept(self.evaluated, (*key, run.seed) if own else key, made, EVALUATED)
        return made

    def _data(self, bundle: Bundle, experiment: Experiment) -> _Loaded | Wanted | None:
        """Return the data of a run; None where what varies is the data itself."""
        if not _same(experiment.spec.data, self._base(bundle).spec.data):
            return None
        held = self.held.get(bundle.data_hash)
        if held is None:
            try:
                held, _ = experiment.spec.data.load()
            except SnError as error:  # not here, or not to be read from here
                return Wanted(bundle.data_hash, error.message)
            if held.hash != bundle.data_hash:  # another of several, or files that changed
                found = f"its hash is {held.hash[:16]}, expected {bundle.data_hash[:16]}"
                return Wanted(bundle.data_hash, found)
            self.put(bundle.data_hash, held)
        assert isinstance(held, Dataset)
        return _Loaded(held, bundle.order)

    def _base(self, bundle: Bundle) -> Experiment:
        """Return the experiment as it is where nothing varies."""
        return self._experiment(bundle, Run(bundle.hash, (), "", None, 0))


def _check_versions(bundle: Bundle) -> None:
    """Demand that what computes here is what computes where the runs are asked for.

    Raises: TrainError.
    """
    wanted, here = dict(bundle.versions), dict(compute_versions())
    if wanted != here:
        others = [name for name in here if here[name] != wanted[name]]
        there, words = (
            ", ".join(f"{name} {said[name]}" for name in others) for said in (here, wanted)
        )
        raise TrainError(
            f"a worker has {there}, where {words} is expected",
            hint="a worker needs the same: pip install 'sn[sweep]'",
        )


def _same(data: DataSource, base: DataSource) -> bool:
    """Whether two programs name the same data, or made the same by themselves."""
    try:
        return data == base
    except ValueError:  # NumPy's arrays, which programs made, are not compared as a whole
        return data.load()[0].hash == base.load()[0].hash


def _kept(into: OrderedDict[K, V], name: K, thing: V, most: int) -> None:
    """Keep a thing as the last of `most`."""
    into[name] = thing
    into.move_to_end(name)
    while len(into) > most:
        into.popitem(last=False)


def _evaluated(
    bundle: Bundle, settings: tuple[tuple[str, str], ...], seed: int, tables: Tables
) -> Experiment:
    """Evaluate a program with the files that it read as they were."""
    pinned = {**dict(bundle.settings), **dict(settings)}
    session = Session(
        pinned,
        seed=seed,
        data=bundle.data,
        allow=bundle.allow,
        data_is_given=bundle.data_is_given,
    )
    session.nets = Nets(tables)
    origin = Origin(
        data=bundle.data,
        settings=pinned,
        program=bundle.path,
        folder=bundle.folder,
        source=bundle.source,
        read=bundle.read,
        seed=seed,
        argv=(bundle.path,),
    )
    return session.load_again(origin).experiment()


def plain(record: PassRecord) -> dict[str, int | float]:
    """Return the figures after a pass by name, but for the time, which no other run will take."""
    return {name: value for name, value in record.row().items() if name != "seconds"}


def _train(experiment: Experiment, data: _Loaded | None, run: Run, watching: Observer) -> RunRecord:
    spec = experiment.spec if data is None else replace(experiment.spec, data=data)
    experiment.program.watch(watching)
    with recording(experiment.program, run.events, run.is_again):
        return Experiment(experiment.program, spec).train(
            passes=run.passes, seed=run.seed, optimizer=run.optimizer or None, progress=False
        )


def _outcome(
    run: Run,
    state: str,
    passes: list[PassRecord],
    start: float,
    record: RunRecord | None = None,
) -> Outcome:
    """Return what a run came to; a record is there where it came to its end."""
    rows = [plain(one) for one in passes]
    end = 0 if not passes else passes[-1].number
    weights = data = ""
    if record is not None:
        end, weights, data = record.end.number, content_hash(record.weights), record.data.hash
    return Outcome(
        key=run.key,
        settings=dict(run.settings),
        optimizer=run.optimizer,
        seed=run.seed,
        state=state,
        passes=rows,
        end=end,
        weights=weights,
        data=data,
        bits=bits_of(rows, end, weights, data),
        seconds=time.perf_counter() - start,
        train_seconds=0.0 if record is None else record.train_seconds + record.evaluate_seconds,
        compile_seconds=0.0 if record is None else record.compile_seconds,
    )
