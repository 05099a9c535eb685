"""Contest: the same seeds on several nets or optimizers, in one process or in many.

`contenders` finds in files what can be compared, `compare` trains each once per seed and returns
a `Comparison`; `compare_nets` does both, as `sn.compare`. Runs are deterministic and do not know of
each other, so what comes out does not depend on how many run at once, but for the times.

Read next: facts.py for what is said of an entry, results/comparison.py for what a comparison holds.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext, redirect_stdout, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from io import StringIO
from pathlib import Path
from queue import Empty, SimpleQueue

from sn import memory
from sn.codes import Code
from sn.describe.settings import folded
from sn.errors import SettingError, SnError, TrainError, did_you_mean
from sn.experiment import Experiment
from sn.facts import facts, identity_of
from sn.interrupts import Interrupt, interrupts_kept
from sn.limits import PASSES, POSITIVE, SEED, Limit
from sn.lisp.gate import Allow
from sn.paths import possible
from sn.progress import bar_for, recording
from sn.progress.watching import NOBODY, OverRuns, Watcher
from sn.results.comparison import Comparison, Entry, default_reach
from sn.results.contests import NOWHERE, Competitor, ContestFolder, Nowhere, event_folders
from sn.results.record import PassRecord, RunRecord
from sn.session import Session
from sn.shipped import find_net
from sn.train.observer import Observer
from sn.watchdog import Watchdog
from sn.workers import serve, untold

JOBS = Limit(1, is_whole=True)
SEEDS = Limit(1, is_whole=True)


@dataclass(frozen=True, slots=True)
class Source:
    """A file, and what a `Session` evaluates it with."""

    path: Path
    settings: tuple[tuple[str, str], ...] = ()
    data: str | None = None
    data_is_given: bool = True
    allow: Allow = Allow()

    def experiment(self, seed: int = 0) -> Experiment:
        """Evaluate the file and return its last experiment."""
        session = Session(
            dict(self.settings),
            seed=seed,
            data=self.data,
            allow=self.allow,
            data_is_given=self.data_is_given,
        )
        return session.load(self.path).experiment()


@dataclass(frozen=True, slots=True)
class Contender:
    """What is trained: the experiment of a file with one of its optimizers.

    `label` tells it from the others; `name` is that of the file.
    """

    label: str
    name: str
    source: Source
    optimizer: str
    experiment: Experiment


@dataclass(frozen=True, slots=True)
class _Task:
    """One run of one contender, as it travels to another process."""

    index: int
    label: str
    source: Source
    optimizer: str
    seed: int
    passes: int | None
    events: Path | None = None  # the folder for events of the run
    is_again: bool = False  # whether it may have been begun before


def contenders(
    files: Sequence[str | Path],
    optimizers: Sequence[str] = (),
    settings: Mapping[str, str] | None = None,
    data: str | None = None,
    allow: Allow | None = None,
    data_is_given: bool = True,
) -> tuple[Contender, ...]:
    """Return what there is to compare in files.

    `optimizers` are taken from every file. Without them a single file takes part with all its
    optimizers, and each of several files with its first. `data`, `data_is_given` and `allow` are
    as for Session.
    Raises: SnError when a file cannot be evaluated, or has no experiment or optimizer so named.
    """
    pinned = tuple(sorted(folded(settings).items()))
    paths = tuple(dict.fromkeys(find_net(file) for file in files))
    chosen: list[tuple[Source, Experiment, str]] = []
    for path in paths:
        source = Source(path, pinned, data, data_is_given, allow or Allow())
        experiment = source.experiment()
        names = tuple(dict.fromkeys(optimizers))
        if not names:
            names = experiment.optimizers if len(paths) == 1 else experiment.optimizers[:1]
        for name in names:
            if name not in experiment.optimizers:
                hint = did_you_mean(name, experiment.optimizers)
                raise TrainError(
                    f"{path} has no optimizer '{name}'",
                    code=Code.UNKNOWN,
                    span=experiment.spec.span,
                    hint=hint or "it has: " + ", ".join(experiment.optimizers),
                )
            chosen.append((source, experiment, name))
    stems = [path.stem for path in paths]
    one_optimizer = len({name for _, _, name in chosen}) == 1
    found = []
    for source, experiment, name in chosen:
        path = source.path
        title = path.stem if stems.count(path.stem) == 1 else str(path.with_suffix(""))
        both = title if one_optimizer else f"{title} {name}"
        label = name if len(paths) == 1 else both
        found.append(Contender(label, title, source, name, experiment))
    return tuple(found)


def compare(
    those: Sequence[Contender],
    seeds: Sequence[int],
    *,
    passes: int | None = None,
    jobs: int = 1,
    reach: float | None = None,
    watcher: Watcher = NOBODY,
    kept: ContestFolder | Nowhere = NOWHERE,
    tensorboard: Path | None = None,
) -> Comparison:
    """Train every contender once per seed, `jobs` at once, and return the comparison.

    `kept` has the runs that are finished already, and takes the others when they end. `reach` is
    the test error that passes are counted to; see `default_reach` for None. `tensorboard` gets a
    folder of events for each entry, and in it for each seed.
    Raises: SnError from the first run that fails, with its contender and seed; SettingError for
    seeds, passes or jobs outside their limits.
    """
    assert those and seeds, "there is nothing to compare"
    seeds = [SEED.take("a seed", seed) for seed in seeds]
    passes = None if passes is None else PASSES.take("passes", passes)
    jobs = JOBS.take("jobs", jobs)
    reach = None if reach is None else POSITIVE.take("reach", reach)
    runs = [(one, seed) for one in those for seed in seeds]
    events = event_folders([one.label for one in those], seeds, tensorboard)
    tasks = [
        _Task(index, one.label, one.source, one.optimizer, seed, passes, place, kept.goes_on)
        for index, ((one, seed), place) in enumerate(zip(runs, events, strict=True))
    ]
    said = [facts(one.experiment, one.optimizer, passes) for one in those]
    planned = [one.experiment.spec.passes if passes is None else passes for one, _ in runs]
    watcher.started(len(runs), sum(planned))
    records = dict(kept.found)
    watcher.advanced(sum(len(record.passes) for record in records.values()))
    missing = [task for task in tasks if task.index not in records]
    told = _told_in_order(tasks, records, watcher)
    if min(jobs, len(missing)) <= 1:
        finished = _here(missing, [runs[task.index][0].experiment for task in missing], watcher)
    else:
        finished = _apart(missing, min(jobs, len(missing)), len(seeds), watcher)
    for index, record in finished:
        kept.keep(index, record)
        records[index] = record
        told = _told_in_order(tasks, records, watcher, told)
    entries = tuple(
        Entry(
            one.label,
            one.name,
            one.optimizer,
            said[row],
            tuple(records[len(seeds) * row + column] for column in range(len(seeds))),
        )
        for row, one in enumerate(those)
    )
    notes = dict.fromkeys(one.experiment.spec.data.load()[1] for one in those)
    reach = default_reach(entries) if reach is None else reach
    return Comparison(entries, tuple(seeds), reach, jobs, tuple(notes))


def _told_in_order(
    tasks: Sequence[_Task], records: Mapping[int, RunRecord], watcher: Watcher, told: int = 0
) -> int:
    """Tell of the runs that come next and are finished; return how many were told of."""
    while told in records:
        watcher.run_finished(tasks[told].label, records[told])
        told += 1
    return told


def competitors(those: Sequence[Contender], passes: int | None = None) -> tuple[Competitor, ...]:
    """Return what each contender is made of: two of one identity and seed train alike.

    Raises: SnError when its data is not here.
    """
    made = [identity_of(one.experiment, one.optimizer, passes) for one in those]
    both = zip(those, made, strict=True)
    return tuple(Competitor(one.label, one.name, one.optimizer, said) for one, said in both)


def compare_nets(
    *nets: str | Path,
    optimizers: Sequence[str] = (),
    seeds: int | Iterable[int] = 5,
    passes: int | None = None,
    jobs: int = 1,
    reach: float | None = None,
    settings: Mapping[str, str] | None = None,
    allow: Allow | None = None,
    progress: bool | None = None,
    tensorboard: str | Path | None = None,
) -> Comparison:
    """Train nets or optimizers over the same seeds, and return them side by side.

    `nets` are files, or names of nets that come with SN: one is compared with all its optimizers,
    several with the first of each, unless `optimizers` are named. `seeds` is how many, from 0, or
    which. `passes` is for all; without it each has its own. `jobs` run at once, in processes of
    their own, so that a script needs `if __name__ == "__main__":` around the call. `reach` is the
    test error, in half squares, that passes are counted to. `settings` are Lisp text by name of a
    variable and `allow` opens folders, as for `Session`; `progress` shows a bar, as in
    `Experiment.train`, and `tensorboard` is a folder for events, where each run has its own.
    Raises: SnError when a net cannot be found, described or trained, with its label and seed;
    SettingError for seeds, passes, jobs or reach outside their limits.
    """
    if not nets:
        raise SettingError("nothing was named that is to be compared", hint='compare("zipcode")')
    if isinstance(optimizers, str):
        optimizers = (optimizers,)
    if isinstance(seeds, Iterable):
        several = tuple(seeds)
    else:
        several = tuple(range(int(SEEDS.take("seeds", seeds))))
    if not several:
        raise SettingError("a comparison needs at least one seed, found none")
    those = contenders(nets, optimizers, settings, allow=allow)
    kind = bar_for(progress)
    with nullcontext() if kind is None else kind("run") as bar:
        watcher = NOBODY if bar is None else OverRuns(bar)
        return compare(
            those,
            several,
            passes=passes,
            jobs=jobs,
            reach=reach,
            watcher=watcher,
            tensorboard=None if tensorboard is None else possible(tensorboard),
        )


class _PassTeller(Observer):
    """Tells a watcher of each pass of a run in this process."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def pass_finished(self, record: PassRecord) -> None:
        """Count one."""
        self._watcher.advanced(1)


def _here(
    tasks: Sequence[_Task], experiments: Sequence[Experiment], watcher: Watcher
) -> Iterator[tuple[int, RunRecord]]:
    """Run the tasks one after the other in this process."""
    for task, loaded in zip(tasks, experiments, strict=True):
        experiment = loaded
        if loaded.program.depends_on_seed:
            with redirect_stdout(StringIO()):  # what the program prints was printed already
                experiment = task.source.experiment(task.seed)
        experiment.program.watch(_PassTeller(watcher))
        yield task.index, _train(experiment, task)


def _apart(
    tasks: Sequence[_Task], jobs: int, n_seeds: int, watcher: Watcher
) -> Iterator[tuple[int, RunRecord]]:
    """Run the tasks in fresh processes: one of each contender, then the others.

    So each net is compiled once, and what comes after finds its kernels in the cache.
    """
    context = multiprocessing.get_context("spawn")
    limit = (memory.limit(),)
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=serve, initargs=limit)
    finished: SimpleQueue[Future[RunRecord]] = SimpleQueue()
    pending: dict[Future[RunRecord], int] = {}

    rest: dict[int, list[_Task]] = {}  # of each contender, after its first
    for task in tasks:
        rest.setdefault(task.index // n_seeds, []).append(task)

    def submit(some: Sequence[_Task]) -> None:
        for task in some:
            with untold():
                future = pool.submit(_run, task)
            pending[future] = task.index
            future.add_done_callback(finished.put)

    others = set(multiprocessing.active_children())
    # raised inside the pool, Ctrl-C leaves a lock taken, and the pool waits for it for ever
    with interrupts_kept() as interrupted:
        try:
            submit([some.pop(0) for some in rest.values()])
            while pending:
                future = _next(finished, interrupted, watcher)
                index, record = pending.pop(future), future.result()
                submit(rest.pop(index // n_seeds, []))
                watcher.advanced(len(record.passes))
                yield index, record
        except KeyboardInterrupt:
            for worker in set(multiprocessing.active_children()) - others:
                worker.terminate()  # where it was not told itself, it would end its run first
            raise
        except BrokenProcessPool as error:
            if interrupted.came:  # a terminal interrupts the workers too
                raise KeyboardInterrupt from error
            raise TrainError(
                "a process of the comparison ended before its run did",
                hint="with --jobs 1 all runs stay in one process, and need less memory",
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _next(
    finished: SimpleQueue[Future[RunRecord]], interrupted: Interrupt, watcher: Watcher
) -> Future[RunRecord]:
    """Wait for the next run that ends. Raises: KeyboardInterrupt where Ctrl-C came."""
    while not interrupted.came:
        with suppress(Empty):
            return finished.get(timeout=0.1)
        watcher.advanced(0)  # who tells how much time is left may do so meanwhile
    raise KeyboardInterrupt


def _run(task: _Task) -> RunRecord:
    """Train once in a worker, which a program may make grow with one seed and not another."""
    with Watchdog(None, memory.limit()):
        experiment = _load_once(task.source)
        if experiment.program.depends_on_seed:
            experiment = task.source.experiment(task.seed)
        return _train(experiment, task)


def _train(experiment: Experiment, task: _Task) -> RunRecord:
    """Train once. The weights stay behind: a comparison does not need them."""
    try:
        with recording(experiment.program, task.events, task.is_again):
            record = experiment.train(
                passes=task.passes, seed=task.seed, optimizer=task.optimizer, progress=False
            )
    except SnError as error:
        error.message = f"{task.label}, seed {task.seed}: {error.message}"
        error.args = (error.message,)
        raise
    return replace(record, weights={})


@lru_cache
def _load_once(source: Source) -> Experiment:
    """Return the experiment of a file, which a worker evaluates once for all its runs."""
    return source.experiment()
