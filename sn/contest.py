"""Contest: the same seeds on several nets or optimizers, in one process, in many or on a cluster.

`contenders` finds in files what can be compared, `compare` trains each once per seed and returns
a `Comparison`; `compare_nets` does both, as `sn.compare`. Runs are deterministic and do not know of
each other, so what comes out does not depend on how many run at once or where, but for the times.

Read next: facts.py for what is said of an entry, pool/ for who does the runs,
results/comparison.py for what a comparison holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext, redirect_stdout
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path

from sn.codes import Code
from sn.data.base import Dataset
from sn.describe.settings import folded
from sn.errors import SettingError, SnError, TrainError, did_you_mean
from sn.experiment import Experiment
from sn.facts import facts, identity_of
from sn.interrupts import interrupts_kept
from sn.limits import PASSES, POSITIVE, SEED, Limit
from sn.lisp.gate import Allow
from sn.paths import possible
from sn.pool.runs import Bundle, Ended, Run, bundle_of
from sn.pool.workers import SECONDS, Workers, workers_at
from sn.progress import bar_for, recording
from sn.progress.watching import NOBODY, OverRuns, Watcher
from sn.results.comparison import Comparison, Diverged, Entry, default_reach, whole_entries
from sn.results.contests import NOWHERE, Competitor, ContestFolder, Nowhere, event_folders
from sn.results.record import PassRecord, RunRecord
from sn.session import Session
from sn.shipped import find_net
from sn.train.divergence import HINT
from sn.train.observer import Observer

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
    """One run of one contender; `row` is the place of the contender, `index` that of the run."""

    row: int
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
    found: list[Contender] = []
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
    scheduler: str | None = None,
    engine: str = "kernels",
) -> Comparison:
    """Train every contender once per seed, `jobs` at once, and return the comparison.

    Runs are done on the workers of the Dask `scheduler` at an address, if there is one. The
    `engine` "jax" trains all seeds at once, in one program; a run that diverges is left out. `kept`
    has the runs that are finished already, and takes the others when they end. `reach` is the test
    error that passes are counted to; see `default_reach` for None. `tensorboard` gets a folder of
    events for each entry, and in it for each seed.
    Raises: SnError from the first run that fails, with its contender and seed; SettingError for
    seeds, passes or jobs outside their limits; TrainError where no scheduler answers.
    """
    assert those and seeds, "there is nothing to compare"
    seeds = [SEED.take("a seed", seed) for seed in seeds]
    passes = None if passes is None else PASSES.take("passes", passes)
    jobs = JOBS.take("jobs", jobs)
    reach = None if reach is None else POSITIVE.take("reach", reach)
    runs = [(one, seed) for one in those for seed in seeds]
    events = event_folders([one.label for one in those], seeds, tensorboard)
    tasks = [
        _Task(
            *(index // len(seeds), index, one.label, one.source, one.optimizer, seed, passes),
            *(place, kept.goes_on),
        )
        for index, ((one, seed), place) in enumerate(zip(runs, events, strict=True))
    ]
    said = [facts(one.experiment, one.optimizer, passes) for one in those]
    planned = [one.experiment.spec.passes if passes is None else passes for one, _ in runs]
    watcher.started(len(runs), sum(planned))
    records = dict(kept.found)
    watcher.advanced(sum(len(record.passes) for record in records.values()))
    missing = [task for task in tasks if task.index not in records]
    told = _told_in_order(tasks, records, watcher)
    faults: dict[int, str] = {}
    if engine == "jax":
        finished = _at_once(tasks, [one for one, _ in runs], {*records}, watcher, faults)
    elif scheduler is None and min(jobs, len(missing)) <= 1:
        finished = _here(missing, [those[task.row].experiment for task in missing], watcher)
    else:
        bundles, things = _bundles(those)
        workers = workers_at(scheduler, min(jobs, len(missing)), things)
        if scheduler is not None:
            jobs = workers.count
        if workers.note:
            watcher.noted(workers.note)
        finished = _apart(missing, bundles, workers, watcher)
    for index, record in finished:
        kept.keep(index, record)
        records[index] = record
        told = _told_in_order(tasks, records, watcher, told)
    notes = dict.fromkeys(one.experiment.spec.data.load()[1] for one in those)
    found = [
        Entry(one.label, one.name, one.optimizer, words, ())
        for one, words in zip(those, said, strict=True)
    ]
    entries, kept_seeds = whole_entries(found, seeds, records)
    if not entries:
        first = tasks[min(faults)]
        raise TrainError(
            f"no seed is left that did not diverge: {first.label}, seed {first.seed}: "
            f"{faults[first.index]}",
            code=Code.DIVERGED,
            hint=HINT,
        )
    reach = default_reach(entries) if reach is None else reach
    lost = [(tasks[index], fault) for index, fault in faults.items()]
    diverged = tuple(Diverged(task.label, task.seed, fault) for task, fault in lost)
    return Comparison(entries, kept_seeds, reach, jobs, tuple(notes), diverged)


def _told_in_order(
    tasks: Sequence[_Task], records: Mapping[int, RunRecord], watcher: Watcher, told: int = 0
) -> int:
    """Tell of the runs that come next and are finished; return how many were told of."""
    while told in records:
        watcher.run_finished(tasks[told].label, records[told])
        told += 1
    return told


def competitors(
    those: Sequence[Contender], passes: int | None = None, engine: str = "kernels"
) -> tuple[Competitor, ...]:
    """Return what each contender is made of: two of one identity and seed train alike.

    Raises: SnError when its data is not here.
    """
    made = [identity_of(one.experiment, one.optimizer, passes, engine) for one in those]
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
    on: str | None = None,
) -> Comparison:
    """Train nets or optimizers over the same seeds, and return them side by side.

    `nets` are files, or names of nets that come with SN: one is compared with all its optimizers,
    several with the first of each, unless `optimizers` are named. `seeds` is how many, from 0, or
    which. `passes` is for all; without it each has its own. `jobs` run at once, in processes of
    their own, so that a script needs `if __name__ == "__main__":` around the call; with `on`, the
    address of a Dask scheduler such as "tcp://HOST:8786", on its workers. `reach` is the test
    error, in half squares, that passes are counted to. `settings` are Lisp text by name of a
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
            scheduler=on,
        )


class _PassTeller(Observer):
    """Tells a watcher of each pass of a run in this process."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def pass_finished(self, record: PassRecord) -> None:
        """Count one."""
        self._watcher.advanced(1)


def _at_once(
    tasks: Sequence[_Task],
    those: Sequence[Contender],
    known: set[int],
    watcher: Watcher,
    faults: dict[int, str],
) -> Iterator[tuple[int, RunRecord]]:
    """Train the runs of each source and optimizer as one program; tell how some diverged.

    Where some of them are known the others are trained with them again: the bits of a net may
    depend on how many there are beside it.
    """
    together: dict[tuple[Source, str], list[tuple[_Task, Contender]]] = {}
    for task, one in zip(tasks, those, strict=True):
        together.setdefault((task.source, task.optimizer), []).append((task, one))
    for some in together.values():
        if known >= {task.index for task, _ in some}:
            continue
        first, experiment = some[0][0], some[0][1].experiment
        runs = [(one.experiment.spec, task.seed) for task, one in some]
        outcomes = experiment.train_runs(runs, first.optimizer, first.passes, watcher.advanced)
        for (task, _), outcome in zip(some, outcomes, strict=True):
            if outcome.record is None:
                faults[task.index] = outcome.fault
            elif task.index not in known:
                yield task.index, replace(outcome.record, weights={})


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


def _bundles(
    those: Sequence[Contender],
) -> tuple[list[Bundle], dict[str, Bundle | Dataset]]:
    """Return what each contender is made of, and all that workers may be sent, by hash."""
    made, things = [], dict[str, Bundle | Dataset]()
    for one in those:
        dataset, _ = one.experiment.spec.data.load()
        said = one.source
        bundle = bundle_of(one.experiment, dataset.hash, said.allow, said.data_is_given)
        made.append(bundle)
        things |= {bundle.hash: bundle, dataset.hash: dataset}
    return made, things


def _apart(
    tasks: Sequence[_Task], bundles: Sequence[Bundle], workers: Workers, watcher: Watcher
) -> Iterator[tuple[int, RunRecord]]:
    """Have workers do the tasks: one of each contender, then the others.

    So each net is compiled once, and what comes after finds its kernels in the cache.
    """
    waiting = list(tasks)
    under_way: dict[str, _Task] = {}
    compiling: dict[int, str] = {}  # by contender, the run that compiles it, until that has ended
    begun: set[int] = set()

    def hand_out() -> None:
        for task in tuple(waiting):
            run = _run_of(task, bundles[task.row])
            if task.row in compiling or run.key in under_way:  # equal contenders have equal runs
                continue
            if task.row not in begun:
                compiling[task.row] = run.key
                begun.add(task.row)
            under_way[run.key] = task
            waiting.remove(task)
            workers.submit(run)

    with interrupts_kept() as interrupted:
        try:
            hand_out()
            while under_way:
                for event in workers.events(SECONDS):
                    if isinstance(event, Ended):
                        task = under_way.pop(event.run.key)
                        if compiling.get(task.row) == event.run.key:
                            del compiling[task.row]
                        record = _record(task, event)
                        watcher.advanced(len(record.passes))
                        yield task.index, record
                interrupted.check()
                hand_out()
                watcher.advanced(0)  # who tells how much time is left may do so meanwhile
        finally:
            workers.close()


def _run_of(task: _Task, bundle: Bundle) -> Run:
    return Run(
        *(bundle.hash, (), task.optimizer, task.passes, task.seed),
        is_recorded=True,
        events=task.events,
        is_again=task.is_again,
    )


def _record(task: _Task, ended: Ended) -> RunRecord:
    """Return the record of a run that a worker did.

    Raises: SnError of the run, with its contender and seed.
    """
    if ended.record is not None:
        return ended.record
    raise _named(task, ended.error or TrainError(ended.outcome.error))


def _named(task: _Task, error: SnError) -> SnError:
    """Return the error of a run with its contender and seed."""
    error.message = f"{task.label}, seed {task.seed}: {error.message}"
    error.args = (error.message,)
    return error


def _train(experiment: Experiment, task: _Task) -> RunRecord:
    """Train once, here. The weights stay behind: a comparison does not need them."""
    try:
        with recording(experiment.program, task.events, task.is_again):
            record = experiment.train(
                passes=task.passes, seed=task.seed, optimizer=task.optimizer, progress=False
            )
    except SnError as error:
        raise _named(task, error) from error.__cause__
    return record.without_weights()
