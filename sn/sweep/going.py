"""Going: the loop of a sweep: trials are asked for, runs handed out, results kept and told.

    trials = go(plan, study, workers, files, watcher)

A run is kept before its trial is told of, and a trial that has no end yet is done when the sweep
goes on: so each trial is there once, whatever stopped the sweep and when. That its training
diverged is an end; that its workers died is none.
"""

from __future__ import annotations

import math
import statistics
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sn.interrupts import interrupts_kept
from sn.pool.runs import Bundle, Ended, Event, Passed, Run
from sn.pool.workers import SECONDS, Workers
from sn.results.sweeps import DONE, FAILED, PRUNED, Outcome, SweepFolder
from sn.sweep.space import Point, Space
from sn.sweep.study import Asked, Study


@dataclass(frozen=True, slots=True)
class Plan:
    """What is swept: program, space, seeds, what is sought (such as `test_misses`)."""

    bundle: Bundle
    space: Space
    seeds: tuple[int, ...]
    figure: str
    optimizer: str
    passes: int | None
    trials: int
    prunes: bool = False

    def runs(self, point: Point) -> tuple[Run, ...]:
        """Return the runs of a trial, one a seed."""
        names = self.space.variables
        settings = tuple(sorted((name, point[name]) for name in names))
        passes = int(point["passes"]) if "passes" in point else self.passes
        optimizer, program = point.get("optimizer", self.optimizer), self.bundle.hash
        return tuple(Run(program, settings, optimizer, passes, seed) for seed in self.seeds)


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial that has ended: what was set, and what its runs came to, one a seed.

    `value` is the mean of what is sought over the seeds, None where a run failed.
    """

    number: int
    point: Point
    state: str
    value: float | None
    runs: tuple[Outcome, ...]

    @property
    def error(self) -> str:
        """Why it failed, or nothing."""
        return next((run.error for run in self.runs if run.error), "")

    @property
    def is_lost(self) -> bool:
        """Whether it failed where it ran, and not by what it is: it is done again with --resume."""
        return any(run.is_lost for run in self.runs)

    def mean(self, figure: str) -> float | None:
        """Return the mean of a figure over its seeds."""
        values = [run.figure(figure) for run in self.runs]
        found = [value for value in values if value is not None]
        if not found or len(found) != len(values):
            return None
        try:
            return statistics.fmean(found)
        except OverflowError:
            return math.inf

    def spread(self, figure: str) -> float | None:
        """Return the standard deviation of a figure over its seeds, of at least two."""
        found = [value for run in self.runs if (value := run.figure(figure)) is not None]
        if len(found) < 2 or not all(map(math.isfinite, found)):
            return None
        try:
            return statistics.stdev(found)
        except OverflowError:
            return None


class Watcher(Protocol):
    """Who is told how a sweep goes."""

    def started(self, trials: int, runs: int, done: int) -> None:
        """Hear how many trials and runs there are, and how many runs are done."""
        ...

    def advanced(self, runs: int) -> None:
        """Hear that so many more runs are done, now and then of none."""
        ...

    def trial_finished(self, trial: Trial, best: Trial | None, left: float | None) -> None:
        """Hear of a trial, of the best one so far, and of the seconds that are left."""
        ...


@dataclass(slots=True)
class _Open:
    """A trial that is under way."""

    asked: Asked
    runs: tuple[Run, ...]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    is_pruned: bool = False
    n_told: int = 0  # runs that were told of as done


def go(
    plan: Plan, study: Study, workers: Workers, files: SweepFolder, watcher: Watcher
) -> tuple[Trial, ...]:
    """Do all trials that are missing, and return all, in order.

    Raises: KeyboardInterrupt where Ctrl-C came, TrainError where results or trials cannot be kept.
    """
    with interrupts_kept() as interrupted:
        loop = _Loop(plan, study, workers, files, watcher)
        try:
            loop.begin()
            while loop.fill():
                for event in workers.events(SECONDS):
                    loop.hear(event)
                interrupted.check()
                watcher.advanced(0)
        finally:
            workers.close()
    return tuple(loop.finished[number] for number in sorted(loop.finished))


class _Loop:
    def __init__(
        self, plan: Plan, study: Study, workers: Workers, files: SweepFolder, watcher: Watcher
    ) -> None:
        self._plan, self._study, self._workers = plan, study, workers
        self._files, self._watcher = files, watcher
        self.finished: dict[int, Trial] = {}
        self._open: dict[int, _Open] = {}
        self._queue: deque[Run] = deque()
        self._under_way: dict[str, list[int]] = {}  # trials by the key of a run
        self._n_asked = self._n_done = 0
        self._start, self._n_here = time.monotonic(), 0

    def begin(self) -> None:
        """Take up the trials that are there."""
        before = self._study.trials()
        self._n_asked = len(before)
        runs = max(self._plan.trials, len(before)) * len(self._plan.seeds)
        self._n_done = sum(len(self._plan.seeds) for one in before if one.state is not None)
        self._watcher.started(self._plan.trials, runs, self._n_done)
        for asked in before:
            if asked.state is None:
                self._take_up(asked)
            else:
                runs_of = self._plan.runs(asked.point)
                kept = {run.key: self._files.found.get(run.key) for run in runs_of}
                self.finished[asked.number] = self._trial(asked, runs_of, kept, asked.state)

    def fill(self) -> bool:
        """Hand out runs while workers are idle; return whether anything is left to do."""
        while len(self._under_way) < (room := _room(self._workers.count)):
            if self._queue:
                run = self._queue.popleft()
                if run.key not in self._under_way:
                    self._under_way[run.key] = []
                    self._workers.submit(run)
            # trials that wait for runs of others are no reason to ask for ever more of them
            elif self._n_asked < self._plan.trials and len(self._open) <= 2 * room:
                self._n_asked += 1
                self._take_up(self._study.ask())
            else:
                break
        return bool(self._open)

    def hear(self, event: Event) -> None:
        """Keep what a run came to, or decide whether it goes on."""
        if isinstance(event, Ended):
            outcome = event.outcome
            self._under_way.pop(event.run.key, None)
            if not outcome.is_lost:
                self._files.keep(outcome)
            self._n_here += 1
            for one in list(self._open.values()):
                self._settle(one, outcome)
        else:
            self._workers.answer(event.run, self._is_given_up(event))

    def _is_given_up(self, passed: Passed) -> bool:
        value = passed.figures.get(self._plan.figure)
        found = False
        for one in self._open.values():
            if value is not None and one.runs[0] == passed.run:
                found = self._study.report(one.asked.number, passed.number, value)
        return found

    def _take_up(self, asked: Asked) -> None:
        runs = self._plan.runs(asked.point)
        made = self._open[asked.number] = _Open(asked, runs)
        for run in runs:
            kept = self._files.found.get(run.key)
            if kept is not None and kept.state != PRUNED:
                made.outcomes[run.key] = kept
        self._advance(made, len(made.outcomes))
        self._ask_for_more(made)

    def _ask_for_more(self, one: _Open) -> None:
        """Queue the runs of a trial that are missing; the first alone while it may be given up."""
        missing = [run for run in one.runs if run.key not in one.outcomes]
        if not missing or one.is_pruned:
            self._end(one)
            return
        if self._plan.prunes and missing[0] is one.runs[0]:
            missing = missing[:1]
        known = {run.key for run in self._queue} | self._under_way.keys()
        self._queue.extend(run for run in missing if run.key not in known)

    def _settle(self, one: _Open, outcome: Outcome) -> None:
        """Give a trial the outcome of a run, if the run is one of its own."""
        if all(run.key != outcome.key for run in one.runs):
            return
        one.outcomes[outcome.key] = outcome
        self._advance(one, len(one.outcomes))
        one.is_pruned = outcome.state == PRUNED
        self._ask_for_more(one)

    def _advance(self, one: _Open, runs: int) -> None:
        """Tell that so many runs of a trial are done."""
        self._watcher.advanced(runs - one.n_told)
        one.n_told = runs

    def _end(self, one: _Open) -> None:
        states = {outcome.state for outcome in one.outcomes.values()}
        state = PRUNED if one.is_pruned else FAILED if FAILED in states else DONE
        trial = self._trial(one.asked, one.runs, one.outcomes, state)
        if not trial.is_lost:  # else it has no end
            self._study.tell(one.asked.number, trial.state, trial.value)
        del self._open[one.asked.number]
        self.finished[one.asked.number] = trial
        self._n_done += len(self._plan.seeds)
        self._advance(one, len(one.runs))
        self._watcher.trial_finished(trial, best_of(self.finished.values()), self._left())

    def _trial(
        self, asked: Asked, runs: tuple[Run, ...], kept: Mapping[str, Outcome | None], state: str
    ) -> Trial:
        outcomes = tuple(found for run in runs if (found := kept.get(run.key)) is not None)
        trial = Trial(asked.number, asked.point, state, None, outcomes)
        value = trial.mean(self._plan.figure) if state == DONE else None
        if state == DONE and value is None:  # nothing of the kind is counted there
            state = FAILED
        return Trial(asked.number, asked.point, state, value, outcomes)

    def _left(self) -> float | None:
        """Return the seconds that are left, as far as one can tell from the runs done here."""
        left = self._plan.trials * len(self._plan.seeds) - self._n_done
        if not self._n_here:
            return None
        return max(left, 0) * (time.monotonic() - self._start) / self._n_here


def _room(workers: int) -> int:
    """Return how many runs are handed out: a few wait, so that no worker does for the next one.

    No more than a quarter (chosen here): a search that learns knows nothing of what waits.
    """
    return workers + -(-workers // 4)


def best_of(trials: object) -> Trial | None:
    """Return the trial with the least value, the first of several; None where none has one."""
    assert hasattr(trials, "__iter__")
    found = [one for one in trials if one.value is not None]
    return min(found, key=lambda one: (one.value, one.number), default=None)
