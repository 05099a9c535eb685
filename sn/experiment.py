"""Experiment: one experiment of a program, ready to be trained.

Here net, data, optimizer and engine come together; what a run is stands in train/loop.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sn.codes import Code
from sn.compiled import Compiled
from sn.data import Dataset, Part
from sn.data.own import data_source
from sn.errors import DataError, Notice, SettingError, TrainError, did_you_mean
from sn.jax_engine import engine_on_jax, many_on_jax
from sn.jax_engine.jobs import Outcome, check_in_memory, many_job
from sn.limits import PASSES, SEED, engine_named
from sn.lower.ir import Plan
from sn.net.layer import Network
from sn.net.reference import Reference
from sn.net.table import ConnectionTable
from sn.optim.conjugate import ConjugateGradient
from sn.optim.rules import UpdateRule
from sn.paths import possible
from sn.progress import with_progress
from sn.results.folder import CHECKPOINTS_KEPT
from sn.results.origin import Origin, versions
from sn.results.record import DataUsed, RunRecord
from sn.train.batches import BatchEngine, NormalisedEngine
from sn.train.cautions import of_start
from sn.train.draws import Draws
from sn.train.engines import Engine, KernelEngine
from sn.train.experiment import ExperimentSpec
from sn.train.feed import Feed, feeds_of
from sn.train.fitting import check_sizes
from sn.train.gradient_check import PATTERNS, Examples
from sn.train.historical import HistoricalEngine
from sn.train.keeping import Keeping, StartedWith, started_with
from sn.train.loop import Job, train
from sn.train.observer import Observer
from sn.train.phases import AT_LEAST_ONE, PhasedEngine
from sn.train.preparing import criterion_of, desired_of, draws_of, wanted_of
from sn.train.targets import Desired
from sn.train.twin import ReferenceEngine
from sn.trained.about import About, SourceText
from sn.trained.keeping import Keeper, input_range
from sn.trained.net import TrainedNet, open_trained
from sn.trained.reading import Contents
from sn.trained.transfer import transferred

if TYPE_CHECKING:
    from sn.jax_engine.engine import JaxEngine
    from sn.kernels import Kernels


class Described(Protocol):
    """What an experiment asks of the program that describes it; session.py has it."""

    @property
    def networks(self) -> Mapping[str, Network]:
        """Every net, by name."""
        ...

    @property
    def observers(self) -> Sequence[Observer]:
        """Who watches."""
        ...

    def watch(self, *observers: Observer) -> None:
        """Let these watch, and nobody else."""
        ...

    @property
    def depends_on_seed(self) -> bool:
        """Whether it drew random numbers from the seed of the run."""
        ...

    def origin(self, engine: str) -> Origin:
        """Return where a run on an engine comes from."""
        ...

    @property
    def sources(self) -> tuple[SourceText, ...]:
        """Its file and those that it loaded."""
        ...

    def compiled(self, name: str) -> Compiled:
        """Return a net, by name, with what the compiler makes of it."""
        ...


@dataclass(frozen=True)
class Experiment:
    """One experiment of a program, ready to be trained."""

    program: Described
    spec: ExperimentSpec

    def __repr__(self) -> str:
        return repr(self.spec)

    @property
    def name(self) -> str:
        """The name of its net."""
        return self.spec.net

    @property
    def network(self) -> Network:
        """Its net."""
        return self.program.networks[self.spec.net]

    @property
    def optimizers(self) -> tuple[str, ...]:
        """The names of its optimizers, before them "phases" if it has some; the default first."""
        return self.spec.runs

    @property
    def _net(self) -> Compiled:
        return self.program.compiled(self.spec.net)

    @property
    def warnings(self) -> tuple[Notice, ...]:
        """What is odd about its net, with places in the program."""
        return self._net.warnings

    @property
    def table(self) -> ConnectionTable:
        """The connection table that is trained."""
        return self._net.table

    @property
    def plan(self) -> Plan:
        """What the compiler recognises in the table."""
        return self._net.plan

    def compile(self, rule: UpdateRule) -> Kernels:
        """Return the kernels of the net for an update rule after each pattern."""
        return self._net.kernels(rule)

    def compile_batches(self, rule: UpdateRule) -> Kernels:
        """Return the kernels of the net for an update rule after each batch."""
        return self._net.kernels(rule, in_batches=True)

    def _optimizer(self, name: str | None) -> str:
        if name is None:
            return self.optimizers[0]
        if not isinstance(name, str):
            raise SettingError(f"optimizer must be a name, found {name!r}")
        if name not in self.optimizers:
            hint = did_you_mean(name, self.optimizers) or "it has: " + ", ".join(self.optimizers)
            raise TrainError(
                f"experiment {self.name} has no optimizer '{name}'",
                code=Code.UNKNOWN,
                span=self.spec.span,
                hint=hint,
            )
        return name

    @with_progress
    def train(
        self,
        passes: int | None = None,
        seed: int | None = None,
        optimizer: str | None = None,
        folder: str | Path | None = None,
        reference: bool = False,
        historical: bool = False,
        data: Any = None,
        start: str | Path | TrainedNet | NDArray[np.float32] | None = None,
        *,
        resume: str | Path | None = None,
        fork: bool = False,
        checkpoint_every: int | None = None,
        keep_checkpoints: int = CHECKPOINTS_KEPT,
        progress: bool | None = None,
        tensorboard: str | Path | None = None,
        engine: str | None = None,
    ) -> RunRecord:
        """Train from fresh weights and return the record of the run.

        `folder` keeps the files of the run; instead of running kernels, the `engine` "reference"
        walks the rows in float64, "historical" in the arithmetic of SN 2.8, bit for bit, and "jax"
        trains by JAX; `reference` and `historical` are other words for two of them. No passes score
        the untrained net. The seed is 0; what the program drew itself follows that of its session.
        `data` stands in for that of the program: the name of a data set, a pair of arrays
        (inputs (n, n_inputs), targets), a reader such as `sn.data.csv(...)`, or a `Dataset`.
        `start` is a trained net, or the folder or file of one, whose weights stand in for fresh
        ones where they fit, or all weights in weight order, (n_weights,) float32.
        `resume` goes on with the run in a folder, or from one of its checkpoints, with what it was
        started with; with `fork` in another folder, or none, and that may differ. A checkpoint
        is kept after passes, and each `checkpoint_every` presentations; the last
        `keep_checkpoints` stay.
        `progress` shows a bar: True always, False never, None where nobody else watches and stderr
        is a terminal or this is a notebook. `tensorboard` is a folder for events of the run, which
        TensorBoard shows.
        Raises: SettingError for passes or a seed outside their limits, DataError when no data set
        is here or no weight of `start` fits, TrainError when training diverges, files cannot be
        written, or the run to go on with was another one.
        """
        spec = self.spec if data is None else replace(self.spec, data=data_source(data))
        place = None if resume is None else Path(resume)
        keeping = Keeping(checkpoint_every, keep_checkpoints, place, fork)
        before = StartedWith(spec.passes) if place is None else started_with(place)
        passes = before.passes if passes is None else PASSES.take("passes", passes)
        seed = before.seed if seed is None else SEED.take("seed", seed)
        chosen = self._optimizer(before.optimizer if optimizer is None else optimizer)
        kind = engine_named(engine, reference, historical) or before.engine
        if start is not None and place is not None:
            raise SettingError(
                "a run that goes on has its weights: it cannot start from others",
                hint="leave out either --resume or --from (resume, start)",
            )
        begun = None if start is None else self._begun(start, seed)
        dataset, note = spec.data.load()
        for observer in self.program.observers:
            observer.data_chosen(dataset.name, note)
        check_sizes(spec, self.table, dataset)
        wanted = partial(wanted_of, spec, self.table, dataset)
        targets = {name: wanted(part) for name, part in dataset.sets.items()}
        feeds = feeds_of(dataset, targets)
        warnings = of_start(spec, chosen, self.table, dataset)
        for notice in (*self.warnings, *warnings):
            for observer in self.program.observers:
                observer.warned(notice)
        made, seconds = self._engine(chosen, dataset, feeds, targets["train"], kind, seed)
        job = Job(
            spec=spec,
            table=self.table,
            engine=made,
            data=DataUsed(dataset.name, dataset.hash),
            targets=targets,
            criterion=criterion_of(spec, self.table, dataset.kind),
            optimizer=chosen,
            seed=seed,
            passes=passes,
            compile_seconds=seconds,
            origin=replace(self.program.origin(kind), start=begun),
            warnings=warnings,
            kind=dataset.kind,
            classes=dataset.classes,
            keep=Keeper(self.table, self._about(spec, chosen, dataset, seed)),
            feeds=feeds,
            blocks=dataset.blocks,
        )
        files = None if folder is None else possible(folder)
        return train(job, files, self.program.observers, keeping)

    def train_many(
        self,
        seeds: int | Iterable[int],
        learning_rates: Iterable[float] = (),
        *,
        optimizer: str | None = None,
        passes: int | None = None,
        told: Callable[[int], None] = lambda passes: None,
    ) -> list[Outcome]:
        """Train nets at once by JAX: one for each of `seeds`, from 0 where these are a number, at
        each of the learning rates; return what became of each, in this order.

        They are one program, on all devices that JAX has. `told` hears how many passes were done
        since the last call, those of all nets together.
        Raises: SettingError for seeds, rates or passes outside their limits, DataError when no data
        set is here, TrainError when JAX is not here or the nets of seeds may differ.
        """
        several = range(AT_LEAST_ONE.take("seeds", seeds)) if isinstance(seeds, int) else [*seeds]
        name = self._optimizer(optimizer)
        rated = [self.spec.at_rate(rate, name) for rate in learning_rates] or [self.spec]
        runs = [(one, SEED.take("a seed", seed)) for one in rated for seed in several]
        return self.train_runs(runs, name, passes, told)

    def train_runs(
        self,
        runs: Sequence[tuple[ExperimentSpec, int]],
        optimizer: str,
        passes: int | None,
        told: Callable[[int], None],
    ) -> list[Outcome]:
        """Train nets at once by specs that differ in numbers of optimizers, and from seeds.

        Raises: as `train_many`.
        """
        spec = self.spec
        if self.program.depends_on_seed:
            raise TrainError(
                "the program draws random numbers from the seed, so that nets may differ: they "
                "cannot be trained at once",
                span=spec.span,
                hint="(seed N) before it draws them makes the nets alike; other engines train them "
                "one after the other",
            )
        dataset, _ = spec.data.load()
        check_sizes(spec, self.table, dataset)
        passes = spec.passes if passes is None else PASSES.take("passes", passes)
        return many_on_jax(many_job(self.plan, runs, optimizer, passes, dataset), told)

    def _begun(
        self, start: str | Path | TrainedNet | NDArray[np.float32], seed: int
    ) -> NDArray[np.float32]:
        """Return the weights to start from, those of a trained net where they fit."""
        if isinstance(start, np.ndarray):
            if start.shape != (self.table.n_weights,):
                raise DataError(
                    f"net {self.name} has {self.table.n_weights:,} weights, found an array of "
                    f"{' x '.join(map(str, start.shape))} numbers to start from"
                )
            return start.astype(np.float32)
        old = start if isinstance(start, TrainedNet) else open_trained(start)
        fresh = self.spec.init.draw(self.table, seed)
        found = transferred(old.table, old.weight_vector, self.table, fresh)
        for observer in self.program.observers:
            observer.weights_taken(old.name, found.taken, found.left)
        return found.weights

    def trained(
        self,
        weights: NDArray[np.generic],
        optimizer: str | None = None,
        seed: int = 0,
        passes: int = 0,
    ) -> TrainedNet:
        """Return the net with weights in weight order, (n_weights,), as so many passes left them.

        Raises: DataError when no data set is here, TrainError for an optimizer that it has not.
        """
        dataset, _ = self.spec.data.load()
        about = self._about(self.spec, self._optimizer(optimizer), dataset, seed)
        return TrainedNet(
            Contents(self.table, weights.astype(np.float32), replace(about, passes=passes))
        )

    def _about(self, spec: ExperimentSpec, optimizer: str, dataset: Dataset, seed: int) -> About:
        """Return what the file of the trained net says before the first pass."""
        low, high = spec.targets
        return About(
            cost=spec.cost,
            kind=dataset.kind,
            classes=dataset.classes,
            low=low,
            high=high,
            ranges=tuple(spec.targets_at(layer.name) for layer in self.table.output_layers),
            criterion=criterion_of(spec, self.table, dataset.kind),
            scaling=dataset.scaling,
            input_range=input_range(dataset),
            columns=dataset.columns,
            data=DataUsed(dataset.name, dataset.hash),
            optimizer=optimizer,
            options=spec.options(optimizer),
            settings=dict(self.program.origin("").settings),
            seed=seed,
            sources=self.program.sources,
            versions=versions(),
        )

    def _engine(
        self,
        optimizer: str,
        dataset: Dataset,
        feeds: Mapping[str, Feed],
        targets: NDArray[np.float32] | Desired,
        kind: str,
        seed: int,
    ) -> tuple[Engine, float]:
        """Return what presents the patterns, and the seconds that compiling it took."""
        parts = self.spec.parts(optimizer)
        draws = [
            draws_of(self.spec, self.table, dataset, seed, number) for number in range(len(parts))
        ]
        if optimizer not in self.spec.optimizers:
            made = [
                self._engine_for(part.optimizer, dataset, feeds, targets, kind, one)
                for part, one in zip(parts, draws, strict=True)
            ]
            both = zip(parts, made, strict=True)
            engine = PhasedEngine([(part.passes, one) for part, (one, _) in both])
            return engine, sum(seconds for _, seconds in made)
        return self._engine_for(parts[0].optimizer, dataset, feeds, targets, kind, draws[0])

    def _engine_for(
        self,
        optimizer: str,
        dataset: Dataset,
        feeds: Mapping[str, Feed],
        targets: NDArray[np.float32] | Desired,
        kind: str,
        draws: Draws | None,
    ) -> tuple[Engine, float]:
        """Return an engine for one optimizer, and the seconds that compiling it took."""
        rule, cost = self.spec.optimizers[optimizer], self.spec.cost
        patterns: dict[str, NDArray[np.float32] | Feed] = {
            name: feeds.get(name) or np.asarray(part.inputs) for name, part in dataset.sets.items()
        }
        if draws is not None and (kind == "historical" or isinstance(rule, ConjugateGradient)):
            who = "SN's own arithmetic" if kind == "historical" else "conjugate-gradient"
            raise TrainError(
                f"{who} has no dropout and no augmentation",
                hint="leave both out, or take another optimizer or engine",
            )
        if kind == "historical":
            whole = {name: np.asarray(part.inputs) for name, part in dataset.sets.items()}
            return HistoricalEngine(self.table, cost, rule, whole, np.asarray(targets)), 0.0
        if kind == "reference":
            twin = Reference(self.table, cost)
            return ReferenceEngine(twin, self.table, rule, patterns, targets, draws), 0.0
        for observer in self.program.observers:
            observer.compile_started(self.name)
        data = (self.table, rule, patterns, targets, cost, draws)
        seconds = 0.0 if draws is None else draws.compile()
        engine: KernelEngine | JaxEngine
        if kind == "jax":
            check_in_memory(dataset)
            whole = {name: np.asarray(part.inputs) for name, part in dataset.sets.items()}
            wanted = np.asarray(targets)
            engine, note = engine_on_jax(self.plan, cost, rule, whole, wanted, draws)
            self._tell(note)
        elif not rule.phases.in_batches:
            engine = KernelEngine(self.compile, *data)
        else:
            made = NormalisedEngine if rule.phases.is_normalised else BatchEngine
            engine = made(self.compile_batches, *data)
        seconds += engine.compile_seconds
        for observer in self.program.observers:
            observer.compile_finished(seconds, engine.was_cached)
        return engine, seconds

    def _tell(self, note: str) -> None:
        for observer in self.program.observers:
            observer.noted(note)

    def examples(self, seed: int = 0, count: int = PATTERNS) -> Examples:
        """Draw a few patterns of the training set, `count` at most, with their desired outputs.

        Raises: DataError when no data set is here.
        """
        seed = SEED.take("seed", seed)
        dataset, _ = self.spec.data.load()
        check_sizes(self.spec, self.table, dataset)
        stream = np.random.default_rng([seed, 3])
        total = len(dataset.train)
        chosen = stream.choice(total, min(count, total), replace=False)
        some = Part(dataset.train.inputs[chosen], dataset.train.targets[chosen])
        desired = desired_of(self.spec, self.table, dataset, some.targets)
        return Examples(np.asarray(some.inputs), desired, f"patterns of {dataset.name}")
