"""How far a sweep goes, by simulation: the efficiency of 1 to 1,000 workers.

    python bench/sweep_curve.py [--asked-ms 16] [-o docs/images/sweep-curve.svg]

One process asks for runs, keeps what they came to and tells of it, one after the other: what that
takes a run is measured here (sweep_asking.py), unless it is said. A few runs wait beside those
that are under way, and workers that find none are idle. All else is simulated, event by event: no
machine but this one took part. A sweep has 20 runs for each worker; their lengths spread by a tenth
around their mean.
"""

from __future__ import annotations

import argparse
import heapq
import random
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORKERS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
RUNS = (2.0, 20.0)  # seconds
EACH = 20  # runs of a worker
SPREAD = 0.1  # of the length of a run: its standard deviation


def efficiency(workers: int, run: float, asked: float) -> float:
    """Return the share of their time that workers run, the start and the end of a sweep included.

    Units: seconds that a run takes in the mean, and that the process that asks takes for one.
    """
    stream = random.Random(f"{workers} {run}")
    ahead = workers + -(-workers // 4)  # as sn/sweep/going.py hands them out
    ready = deque(asked * number for number in range(1, ahead + 1))  # when runs can begin
    free = [0.0] * workers  # since when workers are
    asker, busy, end = ready[-1], 0.0, 0.0
    for _ in range(workers * EACH):
        since = heapq.heappop(free)
        if since:  # a run has ended: it is kept, and another one is asked for
            asker = max(asker, since) + asked
            ready.append(asker)
        start = max(since, ready.popleft())
        length = stream.gammavariate(SPREAD**-2, run * SPREAD**2)
        busy, end = busy + length, max(end, start + length)
        heapq.heappush(free, start + length)
    return busy / (workers * end)


def table(asked: float, runs: Sequence[float] = RUNS) -> list[str]:
    """Return the efficiencies as lines of Markdown."""
    heads = [f"runs of {run:g} s" for run in runs]
    lines = [f"| workers (simulated) | {' | '.join(heads)} |", "|---:|" + "---:|" * len(runs)]
    for workers in WORKERS:
        cells = [f"{efficiency(workers, run, asked):.2f}" for run in runs]
        lines.append(f"| {workers:,} | {' | '.join(cells)} |")
    return lines


def picture(asked: float) -> str:
    """Return the curves as SVG, by the charts of the pages."""
    sys.path.insert(0, str(ROOT))  # run as a script, only this folder would be importable
    from sn.charts.lines import Line, chart
    from sn.charts.style import alone

    fine = sorted({*WORKERS, *range(10, 1000, 10)})
    lines = [
        Line(
            f"runs of {run:g} s",
            tuple((float(workers), efficiency(workers, run, asked)) for workers in fine),
            hue,
        )
        for hue, run in enumerate(RUNS)
    ]
    drawn = chart(lines, "workers, simulated", "efficiency", zero=True)
    assert drawn is not None, "there are curves"
    return alone(drawn)


def asking() -> float:
    """Return the seconds that the process that asks and tells spends on a run, measured here."""
    sys.path.insert(0, str(ROOT))  # as above
    from bench.sweep_asking import seconds_a_run

    return seconds_a_run(ROOT / "bench" / "sweep-1989.sn")


def main() -> None:
    """Print the table, and draw the curves."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--asked-ms", type=float)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    asked = asking() if options.asked_ms is None else options.asked_ms / 1000
    print(f"simulated; to ask for a run, keep it and tell of it: {1000 * asked:.1f} ms\n")
    print("\n".join(table(asked)))
    if options.output is not None:
        options.output.write_text(picture(asked), encoding="utf-8")


if __name__ == "__main__":
    main()
