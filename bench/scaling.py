"""Scaling study: time and memory per connection for nets from 10^3 to 10^7 connections.

    python bench/scaling.py [--rounds 25] [--largest 10000000] [--kinds full,mask,table,sparse]
                            [--output FILE] [--plot FILE]

Each net is built and compiled in a process of its own; then the nets of a kind take turns, so
that a change of the machine's clock or load meets them all. The table goes to stdout, progress to
stderr, everything measured to `results.json`, and a plot to docs/images/scaling.png when
matplotlib is installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # run as a script, only this folder would be importable

from bench.aims import of_scaling, verdicts  # noqa: E402
from bench.machine import RESULTS, heading, keep, load  # noqa: E402

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
KINDS = "full,mask,table,sparse"
PLOT = ROOT / "docs" / "images" / "scaling.png"


def _measure(kind: str, sizes: Sequence[int], rounds: int) -> list[dict[str, Any]]:
    """Return what the workers say of the nets of one kind."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    workers = []
    try:
        for size in sizes:
            print(f"preparing {kind}, {size:,} connections", file=sys.stderr)
            command = [sys.executable, "-m", "bench.scaling_worker", kind, str(size)]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            workers.append(subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **pipes))
            _answer(workers[-1])
        for turn in range(rounds):
            print(f"{kind}, round {turn + 1} of {rounds}", file=sys.stderr)
            for worker in workers:
                _ask(worker, "measure")
        return [_ask(worker, "report") for worker in workers]
    finally:
        for worker in workers:
            worker.kill()


def _ask(worker: subprocess.Popen[str], line: str) -> dict[str, Any]:
    """Send a line to a worker and return its answer."""
    assert worker.stdin is not None
    worker.stdin.write(line + "\n")
    worker.stdin.flush()
    return _answer(worker)


def _answer(worker: subprocess.Popen[str]) -> dict[str, Any]:
    assert worker.stdout is not None
    line = worker.stdout.readline()
    if not line:
        raise ChildProcessError(f"a worker ended with exit code {worker.wait()}; see above")
    answer: dict[str, Any] = json.loads(line)
    return answer


def _table(report: dict[str, Any]) -> str:
    """Return the report as text."""
    lines = [
        f"{report['processor']}, {report['cores']} cores; load before {report['load_before']}, "
        f"after {report['load_after']}",
        f"{'':12}{'connections':>12}{'weights':>12}  {'ns/connection':<24}{'streaming':>10}"
        f"{'kernel B/c':>12}{'grown MB':>10}{'build s':>9}{'compile s':>11}",
    ]
    for row in report["nets"]:
        ns = row["ns"]
        times = f"{ns['median']:.3f} ({ns['min']:.3f} .. {ns['max']:.3f})"
        lines.append(
            f"{row['kind']:12}{row['connections']:>12,}{row['weights']:>12,}  {times:<24}"
            f"{row.get('stream_ns', float('nan')):>10.3f}"
            f"{row['kernel_bytes'] / row['connections']:>12.1f}{row['grown_bytes'] / 1e6:>10.0f}"
            f"{row['build_s']:>9.1f}{row['compile_s']:>11.1f}"
        )
    return "\n".join(lines)


def main() -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="connections")
    parser.add_argument("--kinds", default=KINDS)
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--plot", type=Path, default=PLOT)
    options = parser.parse_args()
    before, nets = load(), []
    sizes = [size for size in SIZES if size <= options.largest]
    for kind in options.kinds.split(","):
        nets += _measure(kind, sizes, options.rounds)
    report = {
        **heading(),
        "rounds": options.rounds,
        "load_before": before,
        "load_after": load(),
        "nets": nets,
    }
    aims = of_scaling(report)
    report["aims"] = [aim.as_dict() for aim in aims]
    keep(options.output, "scaling", report)
    print(_table(report))
    print(verdicts(aims))
    if importlib.util.find_spec("matplotlib") is None:
        print("no plot: matplotlib is not installed", file=sys.stderr)
        return
    from bench.scaling_plot import draw  # matplotlib is optional

    draw(report, options.plot)


if __name__ == "__main__":
    main()
