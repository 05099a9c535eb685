"""Time one training pass of the 1989 zip-code network: SN's kernels and everybody else's.

    python bench/zipcode.py [--rounds 7] [--count 7291] [--only TEXT] [--output FILE]

Every rival starts from the same weights and is first checked against a float64 reference.
Then the rivals take turns (A B C A B C ...), so that a change of the machine's clock or load
meets them all; what counts is CPU time, for one presentation (forward, backward, update).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # run as a script, only this folder would be importable

from bench.net import CONNECTIONS, MULTIPLY_ADDS, examples  # noqa: E402
from bench.peak import Peak, load_peak  # noqa: E402
from bench.rival import Rival  # noqa: E402
from bench.roster import roster  # noqa: E402

CHECKED = 20  # presentations after which the weights are compared
# float32 sums of up to 200 terms in some order; rivals stay below 3e-7 from the reference
TOLERANCE = 2e-6
OURS = "SN"  # the rival that the others are compared with, once its name starts so


@dataclass(slots=True)
class Entrant:
    """A rival in its own process, and the microseconds for a presentation in each round."""

    rival: Rival
    process: subprocess.Popen[str]
    count: int
    messages: IO[str]
    compile_s: float = 0.0
    difference: float = 0.0
    cpu_us: list[float] = field(default_factory=list)
    wall_us: list[float] = field(default_factory=list)

    def ask(self, line: str) -> dict[str, float]:
        """Send a line to the process and return its answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self) -> dict[str, float]:
        """Wait for the next answer; an ended process is an error that names the rival."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            code = self.process.wait()
            self.messages.seek(0)
            last = self.messages.read().strip().rpartition("\n")[2]
            raise ChildProcessError(f"it ended with exit code {code}: {last}")
        answer: dict[str, float] = json.loads(line)
        return answer


def _start(rival: Rival, count: int) -> Entrant:
    environment = {**os.environ, **rival.environment, "PYTHONPATH": str(ROOT)}
    messages = tempfile.TemporaryFile("w+")  # what it says beside answers; shown if it fails
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.worker", rival.name, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=messages,
        env=environment,
        cwd=ROOT,
        text=True,
    )
    return Entrant(rival, process, max(CHECKED, round(count * rival.share)), messages)


def _enter(rivals: list[Rival], count: int) -> tuple[list[Entrant], dict[str, str]]:
    """Start, prepare and check each rival; return those that take part and why others do not."""
    entrants, absent = [], {}
    for rival in rivals:
        reason = rival.available()
        if reason is None:
            print(f"preparing {rival.name}", file=sys.stderr)
            entrant = _start(rival, count)
            try:
                entrant.compile_s = entrant.answer()["compile_s"]
                entrant.difference = entrant.ask(f"check {CHECKED}")["difference"]
            except ChildProcessError as error:
                reason = str(error)
            else:
                if entrant.difference <= TOLERANCE:
                    entrants.append(entrant)
                    continue
                entrant.process.kill()
                reason = f"wrong: a weight differs by {entrant.difference:.1e} from the reference"
        absent[rival.name] = reason
    return entrants, absent


def _race(entrants: list[Entrant], peak: Peak | None, rounds: int) -> dict[int, list[float]]:
    """Let all take turns; return the peaks by lanes, in multiply-adds per second."""
    peaks: dict[int, list[float]] = {lanes: [] for lanes in (peak.lanes if peak else ())}
    for turn in range(rounds):
        print(f"round {turn + 1} of {rounds}", file=sys.stderr)
        for entrant in entrants:
            if peak is not None:
                for lanes, values in peaks.items():
                    values.append(peak.measure(lanes))
            times = entrant.ask(str(entrant.count))
            entrant.cpu_us.append(times["cpu_s"] / entrant.count * 1e6)
            entrant.wall_us.append(times["wall_s"] / entrant.count * 1e6)
    return peaks


def _load() -> float | None:
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    rows = (row.partition(":")[2].strip() for row in text.splitlines() if "model name" in row)
    return next(rows, platform.machine())


def _spread(values: list[float]) -> dict[str, float]:
    return {"median": median(values), "min": min(values), "max": max(values)}


def _summary(entrants: list[Entrant], peaks: dict[int, list[float]]) -> list[dict[str, Any]]:
    """Return what is reported of each rival, fastest first."""
    ours = next((e for e in entrants if e.rival.name.startswith(OURS)), None)
    rows = []
    for entrant in sorted(entrants, key=lambda e: median(e.cpu_us)):
        row: dict[str, Any] = {
            "name": entrant.rival.name,
            "presentations": entrant.count,
            "cpu_us": _spread(entrant.cpu_us),
            "wall_us": _spread(entrant.wall_us),
            "connections_per_s": CONNECTIONS / median(entrant.cpu_us) * 1e6,
            "compile_s": entrant.compile_s,
            "difference": entrant.difference,
        }
        for lanes, values in peaks.items():
            row[f"of_peak_{lanes}"] = MULTIPLY_ADDS / median(entrant.cpu_us) * 1e6 / median(values)
        if ours is not None:
            # of the same round, so that what slowed both cancels
            row["to_ours"] = _spread(
                [theirs / own for theirs, own in zip(entrant.cpu_us, ours.cpu_us, strict=True)]
            )
        rows.append(row)
    return rows


def _table(report: dict[str, Any]) -> str:
    """Return the report as text."""
    lines = [
        f"One pass over {report['count']:,} examples ({report['examples']}), {report['rounds']} "
        "rounds; microseconds for a presentation, CPU time: median (min .. max)",
        f"{report['processor']}, {report['cores']} cores; load before {report['load_before']}, "
        f"after {report['load_after']}",
    ]
    for lanes, peak in report["peaks"].items():
        floor = MULTIPLY_ADDS / peak["median"] * 1e6
        lines.append(
            f"peak of one core, {lanes} lanes: {peak['median'] / 1e9:.1f} "
            f"({peak['min'] / 1e9:.1f} .. {peak['max'] / 1e9:.1f}) thousand million multiply-adds "
            f"a second; a presentation's {MULTIPLY_ADDS:,} in {floor:.2f} us"
        )
    lanes = list(report["peaks"])
    heads = "".join(f"{f'of peak {n}':>12}" for n in lanes)
    lines.append(
        f"\n{'':36}{'CPU us':>26}{'wall us':>10}{'conn/s':>9}{heads}{'compile':>9}  times ours"
    )
    for row in report["rivals"]:
        cpu = row["cpu_us"]
        times = f"{cpu['median']:.2f} ({cpu['min']:.2f} .. {cpu['max']:.2f})"
        parts = "".join(f"{row[f'of_peak_{n}']:>12.1%}" for n in lanes)
        ratio = row.get("to_ours")
        ours = f"{ratio['median']:.2f} ({ratio['min']:.2f} .. {ratio['max']:.2f})" if ratio else "-"
        lines.append(
            f"{row['name']:<36}{times:>26}{row['wall_us']['median']:>10.2f}"
            f"{row['connections_per_s']:>9.1e}{parts}{row['compile_s']:>8.1f}s  {ours}"
        )
    lines += [f"{name:<36}{reason}" for name, reason in report["absent"].items()]
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark and write its report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--count", type=int, default=7291, help="presentations in a pass")
    parser.add_argument("--only", default="", help="rivals whose name contains this text")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("results.json"))
    options = parser.parse_args()
    before = _load()
    found, missing = roster()
    rivals = [rival for rival in found if options.only.lower() in rival.name.lower()]
    entrants, absent = _enter(rivals, options.count)
    peaks = _race(entrants, load_peak(), options.rounds)
    report = {
        "examples": examples(1)[0],
        "count": options.count,
        "rounds": options.rounds,
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load_before": before,
        "load_after": _load(),
        "peaks": {str(lanes): _spread(values) for lanes, values in peaks.items() if values},
        "rivals": _summary(entrants, peaks),
        "absent": {**absent, **missing},
    }
    for entrant in entrants:
        entrant.process.kill()
    options.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(_table(report))


if __name__ == "__main__":
    main()
