"""Sweeps of the net of 1989: 300 trainings on two cores, tables of maps, what sweeping costs.

    python bench/sweep.py [--passes 23] [--trials 300] [--tables 100] [--seeds 3] [--jobs 2]
                          [--folder runs/sweep-1989] [--parts best,tables,scale]

`best`: at random over rate, rule and table, then the best setting on ten fresh seeds. `tables`: as
many random tables of maps, each with so many seeds: how tables differ, and how seeds do. `scale`:
the same sweep with one worker and with all, and by simulation the curve to 1,000 workers, each run
costing the process that asks and tells what was measured here (sweep_curve.py). Give it a machine
with nothing else to do. Folders that are there are gone on with.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = ROOT / "bench" / "sweep-1989.sn"
FRESH = 10  # seeds that confirm the best setting
SCALED = 48  # runs of the sweep that is done with one worker, and with all


def sweep(folder: Path, *words: str) -> tuple[dict[str, Any], float]:
    """Run a sweep, or go on with one; return its results and the seconds that it took now."""
    command = [sys.executable, str(ROOT / "cli.py"), "sweep"]
    if (folder / "sweep.json").is_file():
        command += ["--resume", str(folder)]
    else:
        command += [str(PROGRAM), *words, "--out", str(folder)]
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - start
    results: dict[str, Any] = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return results, seconds


def values(results: dict[str, Any]) -> list[list[float]]:
    """Return what the runs of each trial came to, a list a trial."""
    done = [one for one in results["trials"] if one["state"] == "done"]
    return [[float(run["value"]) for run in one["runs"]] for one in done]


def best(options: argparse.Namespace) -> None:
    """Sweep over rate, rule and table, and confirm the best setting on fresh seeds."""
    common = ("--jobs", str(options.jobs), "--passes", str(options.passes))
    trials = ("--search", "random", "--trials", str(options.trials))
    results, seconds = sweep(options.folder / "best", *trials, *common)
    count = len(results["trials"])
    print(f"{count} trainings of {options.passes} passes: {seconds / 60:.1f} min")
    found = results["trials"][results["best"]]
    print(f"best: {found['settings']}, {results['target']} {found['value']:g} with seed 0")
    fixed = [f"--vary={name}={text}" for name, text in found["settings"].items()]
    seeds = ("--search", "grid", "--seeds", str(FRESH + 1))
    again, _ = sweep(options.folder / "confirmed", *fixed, *seeds, *common)
    fresh = values(again)[0][1:]  # seed 0 chose it
    print(f"on {FRESH} fresh seeds: {statistics.fmean(fresh):.1f} ± {statistics.stdev(fresh):.1f}")


def tables(options: argparse.Namespace) -> None:
    """Sweep over tables of maps; say how much of the differences is theirs."""
    varied = [f"--vary=table-seed=0..{options.tables - 1}", "--vary=rate=0.0005"]
    varied += ["--vary=optimizer=newton", "--search", "grid", "--seeds", str(options.seeds)]
    common = ("--jobs", str(options.jobs), "--passes", str(options.passes))
    results, seconds = sweep(options.folder / "tables", *varied, *common)
    found = values(results)
    means = [statistics.fmean(one) for one in found]
    print(f"{len(found)} tables, {options.seeds} seeds each: {seconds / 60:.1f} min")
    print(f"{results['target']}: mean {statistics.fmean(means):.2f}, of the tables' means ", end="")
    print(f"{min(means):.1f} to {max(means):.1f}, sd {statistics.stdev(means):.2f}")
    if options.seeds > 1:
        within = statistics.fmean([statistics.variance(one) for one in found])
        # one-way analysis of variance, both as components: Searle 1971, chapter 9
        between = statistics.variance(means) - within / options.seeds
        print(f"between seeds of a table: sd {within**0.5:.2f}")
        print(f"between tables beyond that: sd {max(between, 0.0) ** 0.5:.2f}")
        print(f"F = {options.seeds * statistics.variance(means) / within:.2f}")


def scale(options: argparse.Namespace) -> None:
    """Time the same sweep with one worker and with all; simulate more by what asking costs."""
    varied = ["--vary=rate=0.0001..0.01 log", "--vary=table-seed=1", "--vary=optimizer=sgd"]
    varied += ["--search", "random", "--passes", str(options.passes)]
    sweep(
        options.folder / "compiled", *varied, "--trials", "1"
    )  # else one worker would wait for it
    varied += ["--trials", str(SCALED)]
    took = {}
    for jobs in (1, options.jobs):
        folder = options.folder / f"scale-{jobs}"
        results, took[jobs] = sweep(folder, *varied, "--jobs", str(jobs))
        busy = sum(one["seconds"] for one in results["trials"])
        print(f"{jobs} workers: {took[jobs]:.1f} s, of which runs {busy / jobs:.1f} s on each")
    print(f"efficiency with {options.jobs}: {took[1] / (options.jobs * took[options.jobs]):.2f}")
    run = busy / SCALED
    sys.path.insert(0, str(ROOT))  # run as a script, only this folder would be importable
    from bench.sweep_curve import asking, table  # an extra, and slow to import

    asked = asking()
    print(f"a run: {run:.2f} s; to ask, keep and tell: {1000 * asked:.1f} ms, one at a time")
    print("\n".join(table(asked, (round(run, 1), 20.0))))


def main() -> None:
    """Read the options, and do the parts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--passes", type=int, default=23)
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--tables", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=Path("runs/sweep-1989"))
    parser.add_argument("--parts", default="best,tables,scale")
    options = parser.parse_args()
    for part in options.parts.split(","):
        {"best": best, "tables": tables, "scale": scale}[part](options)


if __name__ == "__main__":
    main()
