"""Sweep kinds: the files in the folder of a sweep, and all that goes on with it or shows it.

No run is done: what each comes to is made up. Read next: data_kinds.py, which they are among.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sn.errors import DataError
from sn.page.sweep import picture_files, sweep_page
from sn.pool.runs import Run
from sn.results.sweeps import DONE, JOURNAL, PRUNED, RESULTS, RUNS, SWEEP, SweepFolder, read_sweep

VARY = ("rate=0.1..1 log", "size=2..9", "kind=a,b")
TRIALS = 12
FIGURE = "test_misses"
KINDS = (SWEEP, JOURNAL, RESULTS, "run.json of a sweep")


def files(folder: Path) -> Mapping[str, bytes]:
    """Return the files of a sweep by name, made in a folder; nothing where Optuna is not here."""
    if importlib.util.find_spec("optuna") is None:
        return {}
    folder.mkdir()
    said = {"file": "small.sn", "folder": str(folder), "program": "0" * 64, "vary": VARY,
            "trials": TRIALS, "seeds": 2, "target": "test-misses", "search": "cmaes",
            "prune": "median", "points": 3, "seed": 0, "passes": 2, "optimizer": "sgd",
            "data": None, "settings": {}, "storage": None, "study": "sn small", "versions": {},
            "command": ["sn", "sweep", "small.sn"], "format": 1}  # fmt: skip
    (folder / SWEEP).write_text(json.dumps(said))
    (folder / RUNS).mkdir()
    _go_on(folder)
    found = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    one = sorted((folder / RUNS).iterdir())[0]
    return {**found, KINDS[-1]: one.read_bytes()}


def lay(folder: Path, changed: Path) -> None:
    """Put the run of a sweep, where that was changed, in its place."""
    if changed.name == KINDS[-1].replace(" ", "-"):
        (folder / RUNS).mkdir()
        key = json.loads(changed.read_bytes())["key"]
        changed.rename(folder / RUNS / f"{key}.json")


def gone_on(changed: Path) -> None:
    """Go on with the sweep in the folder of a file."""
    folder = changed.parent
    try:
        lay(folder, changed)
    except (ValueError, KeyError, TypeError, OSError, RecursionError) as error:
        raise DataError(f"{changed.name} is so wrong that nobody looks at it") from error
    _go_on(folder)


def shown(changed: Path) -> None:
    """Make the page of the sweep, and its pictures."""
    sweep_page(changed.parent)
    picture_files(changed.parent)


def _go_on(folder: Path) -> None:
    """Do what `sn sweep` does, but for the runs."""
    from sn.commands._sweeps import earlier_space  # Optuna is an extra
    from sn.sweep import telling
    from sn.sweep.going import Plan, go
    from sn.sweep.study import Study

    said = replace(read_sweep(folder), storage=None)  # which only a command line names
    space = earlier_space(folder, said, _NoProgram())  # type: ignore[arg-type]
    plan = Plan(_Bundle(), space, tuple(range(min(said.seeds, 3))), FIGURE, said.optimizer,
                said.passes, min(said.trials, TRIALS + 3), said.prune != "none")  # type: ignore[arg-type]  # fmt: skip
    kept, wrong = SweepFolder.reopen(folder, said)
    try:
        if wrong and any(len(one) > 2000 for one in wrong):
            raise AssertionError(f"a note of {max(map(len, wrong))} letters")
        study = Study(said, space, folder, 2)
        trials = go(plan, study, _Made(), kept, _Deaf())
        found = telling.Swept(said, space, trials, study.importance())
        telling.trials_csv(found)
        telling.markdown(found)
        text = json.dumps(telling.results_object(found))
        (folder / RESULTS).write_text(text)
    finally:
        kept.release()


class _NoProgram:
    program: Any = None
    optimizers = ("sgd",)


class _Bundle:
    hash = "0" * 64


class _Deaf:
    def started(self, trials: int, runs: int, done: int) -> None:
        """Hear nothing."""

    def advanced(self, runs: int) -> None:
        """Hear nothing."""

    def trial_finished(self, trial: Any, best: Any, left: Any) -> None:
        """Hear nothing."""


class _Made:
    """Workers that make up what a run comes to."""

    count, note = 2, ""

    def __init__(self) -> None:
        self._ended: list[Any] = []

    def submit(self, run: Run) -> None:
        from sn.pool.runs import Ended
        from sn.results.sweeps import Outcome

        rate, size = (float(dict(run.settings)[name]) for name in ("rate", "size"))
        rows = [{"pass": number, FIGURE: size + rate / number + run.seed} for number in (1, 2)]
        state = PRUNED if size == 9 else DONE
        self._ended.append(Ended(run, Outcome(run.key, dict(run.settings), run.optimizer, run.seed,
                                              state, rows, 2, "1", "2", "3")))  # fmt: skip

    def answer(self, run: Run, is_given_up: bool) -> None:
        """Nobody asked."""

    def events(self, seconds: float) -> list[Any]:
        found, self._ended = self._ended, []
        return found

    def close(self) -> None:
        self._ended.clear()
