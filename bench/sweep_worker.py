"""What a run of a sweep costs a worker beside training: to evaluate, freeze, lower, emit, compile.

    python bench/sweep_worker.py

Of the net of 1989 with a rate that varies, and of bench/sweep-1989.sn, whose table of maps is drawn
in Lisp. A run that differs from one before in its seed alone needs its program no more; another
rate evaluates it, and finds the table that it had; another table is lowered and compiled. Units:
milliseconds of this process's CPU, medians, less what scoring took by the clock at its quickest.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from sn.contest import Source
from sn.lisp.gate import Allow
from sn.pool.perform import Keeper
from sn.pool.runs import Ended, Run, bundle_of

ROOT = Path(__file__).resolve().parents[1]
TIMES = 9  # of each kind of run


def zipcode(folder: Path) -> Path:
    """Write the net of 1989 with a variable for its rate, and return the file."""
    text = (ROOT / "nets" / "zipcode.sn").read_text(encoding="utf-8")
    whole = "(setq rate 0.0005)\n" + text.replace("(learning-rate 0.0005)", "(learning-rate rate)")
    assert "(learning-rate rate)" in whole
    file = folder / "zipcode.sn"
    file.write_text(whole, encoding="utf-8")
    return file


class Worker:
    """A worker with a program and its data, which trains for no pass: that is scored once."""

    def __init__(self, program: Path) -> None:
        experiment = Source(program).experiment()
        dataset, _ = experiment.spec.data.load()
        bundle = bundle_of(experiment, dataset.hash, Allow(), True)
        self._program, self._keeper = bundle.hash, Keeper()
        self.scoring: list[float] = []
        self._keeper.put(bundle.hash, bundle)
        self._keeper.put(dataset.hash, dataset)

    def spent(self, seed: int = 0, **settings: str) -> float:
        """Return the milliseconds that a run takes, its scoring included."""
        said = tuple((name.replace("_", "-"), text) for name, text in settings.items())
        start = time.process_time()
        found = self._keeper.do(Run(self._program, said, "sgd", 0, seed))
        spent = time.process_time() - start
        assert isinstance(found, Ended) and not found.outcome.error, found
        self.scoring.append(1000 * found.outcome.train_seconds)
        return 1000 * spent

    def show(self, what: str, times: Iterable[float]) -> None:
        """Print the median, without scoring."""
        print(f"  {what:<12} {statistics.median(times) - min(self.scoring):6.0f} ms")


def main() -> None:
    """Measure both programs."""
    if hasattr(os, "sched_setaffinity"):  # as a worker has one core
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        for program in (zipcode(Path(folder)), ROOT / "bench" / "sweep-1989.sn"):
            worker = Worker(program)
            worker.spent(rate="0.001")
            print(program.name)
            numbers = range(2, TIMES + 2)
            worker.show("another seed", [worker.spent(n, rate="0.001") for n in numbers])
            worker.show("another rate", [worker.spent(rate=f"0.00{n}") for n in numbers])
            if program.parent.name == "bench":
                tables = [str(n) for n in range(40, 40 + TIMES)]
                for what, some in (("a new table", tables), ("a kept one", tables[::-1])):
                    times = [worker.spent(rate="0.001", table_seed=n) for n in some]
                    worker.show(what, times)


if __name__ == "__main__":
    main()
