"""Runs: one run as values: what it is made of, its key, and what is heard of it.

What a run comes to depends on its `Run` alone: program and data are in it by the hash of their
content, so that a key that is there once need not be run again, here or elsewhere.

Read next: perform.py.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sn.data.base import Dataset
from sn.errors import SnError, TrainError
from sn.experiment import Experiment
from sn.lisp.gate import Allow
from sn.results.lines import json_line
from sn.results.origin import ReadFile, versions
from sn.results.record import RunRecord
from sn.results.sweeps import FAILED, Outcome

COMPUTE = ("sn", "numpy", "numba")  # whose versions are those of a worker


@dataclass(frozen=True, slots=True)
class Bundle:
    """A program with all that it read, as it travels to who runs it.

    `path` and `folder` are names on the machine that it comes from; `data` is what stands in for
    that of the program, None for nothing; `data_hash` is that of the data set it trains on, `order`
    that of its presentation; `versions` are those of what computes.
    """

    path: str
    folder: str
    source: str
    read: tuple[ReadFile, ...]
    settings: tuple[tuple[str, str], ...]
    data: str | None
    data_is_given: bool
    data_hash: str
    order: str
    allow: Allow
    versions: tuple[tuple[str, str], ...]

    @property
    def hash(self) -> str:
        """The sha256 of what decides about its runs: texts, settings and data."""
        digest = hashlib.sha256()
        texts = (self.source.encode(), *(one.content for one in self.read))
        for part in texts:
            digest.update(f"{len(part)}\n".encode())
            digest.update(part)
        digest.update(json_line([self.settings, self.data_hash, self.order]).encode())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Run:
    """One run: the program by its hash, what is set in it besides, and the options of a run.

    `passes` is None for those that the program says. What it leaves beside its outcome makes no
    other run of it: whether `is_recorded`, and the folder for its `events`, where those of a run
    that `is_again` begun may be.
    """

    program: str
    settings: tuple[tuple[str, str], ...]
    optimizer: str
    passes: int | None
    seed: int
    is_recorded: bool = field(default=False, compare=False)
    events: Path | None = field(default=None, compare=False)
    is_again: bool = field(default=False, compare=False)

    @property
    def key(self) -> str:
        """A name that is the same for equal runs, and for no others."""
        said = [self.program, self.settings, self.optimizer, self.passes, self.seed]
        return hashlib.sha256(json_line(said).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a worker lacks to do a run: a bundle or a data set, by its hash.

    `why`: why it does not have a data set by itself.
    """

    hash: str
    why: str = field(default="", compare=False)


def sent(thing: Bundle | Dataset, wanted: Wanted, worker: str) -> Bundle | Dataset:
    """Return what a worker is sent.

    Raises: TrainError for a data set that stays in its file.
    """
    if isinstance(thing, Dataset) and thing.is_streamed:
        raise TrainError(
            f"the data {thing.source} is streamed from its file, which does not travel, and "
            f"{worker} has another: {wanted.why}",
            hint="put the file under the same path on every worker, as on a disk that they share; "
            "(stream no) sends what is in it",
        )
    return thing


@dataclass(frozen=True, slots=True)
class Passed:
    """A pass of a run that is under way."""

    run: Run
    number: int
    figures: dict[str, int | float]


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that ended: what it came to, its record without weights where that was asked for.

    `error` is what was wrong with its program or its training, if that was why it ended.
    """

    run: Run
    outcome: Outcome
    record: RunRecord | None = None
    error: SnError | None = None


Event = Passed | Ended


def dead(run: Run, why: str, error: SnError | None = None) -> Ended:
    """Return the end of a run that no worker came to the end of, which may be repeated."""
    outcome = Outcome(
        key=run.key,
        settings=dict(run.settings),
        optimizer=run.optimizer,
        seed=run.seed,
        state=FAILED,
        passes=[],
        end=0,
        weights="",
        data="",
        bits="",
        error=why,
        is_lost=True,
    )
    return Ended(run, outcome, error=error)


def bundle_of(experiment: Experiment, data_hash: str, allow: Allow, data_is_given: bool) -> Bundle:
    """Return what the program of an experiment is made of."""
    origin = experiment.program.origin("kernels")
    return Bundle(
        origin.program,
        origin.folder,
        origin.source,
        origin.read,
        tuple(sorted(origin.settings.items())),
        origin.data,
        data_is_given,
        data_hash,
        experiment.spec.data.order,
        Allow(tuple(map(str, map(_full, allow.read))), (), allow.shell),
        compute_versions(),
    )


def _full(path: str | Path) -> Path:
    return Path(path).resolve()


def compute_versions() -> tuple[tuple[str, str], ...]:
    """Return the versions of what computes, which a worker must have."""
    here = versions()
    return tuple((name, here[name]) for name in COMPUTE)


def bits(outcome: Outcome) -> str:
    """Return the sha256 of all that a run came to but for times and places."""
    return bits_of(outcome.passes, outcome.end, outcome.weights, outcome.data)


def bits_of(passes: list[dict[str, Any]], end: int, weights: str, data: str) -> str:
    """Return the sha256 of scores after each pass, the pass that was kept, weights and data."""
    return hashlib.sha256(json_line([passes, end, weights, data]).encode()).hexdigest()
