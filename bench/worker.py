"""The process in which one rival runs: commands come in on stdin, answers go out on stdout.

`python -m bench.worker NAME COUNT` prepares the rival for `COUNT` examples and answers
`{"compile_s": ...}`; then, for each line `N` on stdin, it does its task on the first N examples
and answers `{"wall_s": ..., "cpu_s": ...}`; for `check N`, it answers the largest difference of
any number from the float64 reference after N presentations. It ends with its stdin.
"""

from __future__ import annotations

import json
import os
import sys
import time

import numpy as np

from bench.rival import Rival, Runner
from bench.roster import roster

SEED = 0


def _limit_cores(rival: Rival) -> None:
    if rival.cores and hasattr(os, "sched_setaffinity"):
        # the last core: the first one serves most interrupts
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, allowed[-rival.cores :])


def _clock(runner: Runner, count: int) -> dict[str, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    runner.run(count)
    return {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}


def main() -> None:
    """Serve one rival until stdin ends."""
    name, count = sys.argv[1], int(sys.argv[2])
    # libraries may print; only answers go to the real stdout
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    rival = next(rival for rival in roster()[0] if rival.name == name)
    _limit_cores(rival)
    task = rival.task
    _, inputs, targets = task.examples(count)
    runner = rival.prepare(task.start(SEED), inputs, targets)
    print(json.dumps({"compile_s": runner.compile_seconds}), file=answers)
    for line in sys.stdin:
        match line.split():
            case ["check", n]:
                k = int(n)
                runner.run(k)
                have = runner.answer()
                want = task.reference(task.start(SEED), inputs[:k], targets[:k])
                worst = max(float(np.abs(want[key] - have[key]).max()) for key in want)
                print(json.dumps({"difference": worst}), file=answers)
            case [n]:
                if task.clock == "wall":
                    runner.run(int(n))  # a core that slept takes as long to wake as a short pass
                print(json.dumps(_clock(runner, int(n))), file=answers)


if __name__ == "__main__":
    main()
