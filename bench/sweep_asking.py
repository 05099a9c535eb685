"""What a run of a sweep costs beside the run: to ask for it, hand it out, keep it and tell of it.

Workers that answer at once stand in for real ones, so that nothing else is timed.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from sn.contest import Source
from sn.lisp.gate import Allow
from sn.pool.runs import Ended, Event, Run, bundle_of
from sn.results.sweeps import DONE, Outcome, Sweep, SweepFolder
from sn.sweep.going import Plan, go
from sn.sweep.space import Space, read_axes
from sn.sweep.study import Study

TRIALS = 300


@dataclass(slots=True)
class AtOnce:
    """Workers that have done a run as soon as they are given it."""

    count: int = 2
    _ended: list[Event] = field(default_factory=list)

    def submit(self, run: Run) -> None:
        """End a run, with the figures of 23 passes."""
        passes = [{"pass": n, "test_misses": 100 + n % 7, "test_error": 0.01} for n in range(1, 24)]
        outcome = Outcome(
            run.key, dict(run.settings), run.optimizer, run.seed, DONE, passes, 23, "", "", run.key
        )
        self._ended.append(Ended(run, outcome))

    def answer(self, run: Run, is_given_up: bool) -> None:
        """Do nothing: no run tells of a pass."""

    def events(self, seconds: float) -> list[Event]:
        """Return the runs that ended."""
        found, self._ended = self._ended, []
        return found

    def close(self) -> None:
        """Do nothing."""


class _Nobody:
    def started(self, *_: object) -> None:
        """Do nothing."""

    def advanced(self, *_: object) -> None:
        """Do nothing."""

    def trial_finished(self, *_: object) -> None:
        """Do nothing."""


def seconds_a_run(program: Path) -> float:
    """Return the mean over a sweep at random, with its journal and files on this disk."""
    experiment = Source(program).experiment()
    bundle = bundle_of(experiment, "", Allow(), True)
    space = Space(read_axes(["rate=0.0001..0.01 log", "table-seed=0..99"]))
    said = Sweep(
        file=str(program),
        folder="",
        program=bundle.hash,
        vary=tuple(map(str, space.axes)),
        trials=TRIALS,
        seeds=1,
        target="test-misses",
        search="random",
        prune="none",
        points=5,
        seed=0,
        passes=23,
        optimizer="sgd",
        data=None,
        settings={},
        storage=None,
        study="asking",
        versions={},
    )
    plan = Plan(bundle, space, (0,), "test_misses", "sgd", 23, TRIALS)
    with tempfile.TemporaryDirectory() as folder:
        files = SweepFolder.create(Path(folder) / "sweep", said)
        study = Study(said, space, files.path, 23)
        start = time.perf_counter()
        go(plan, study, AtOnce(), files, _Nobody())
        seconds = time.perf_counter() - start
        files.release()
    return seconds / TRIALS


if __name__ == "__main__":
    print(f"{1000 * seconds_a_run(Path(__file__).with_name('sweep-1989.sn')):.1f} ms a run")
