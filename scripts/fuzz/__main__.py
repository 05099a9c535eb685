"""Run targets, each for a number of cases or of seconds; print one row each; exit 1 on findings.

python -m scripts.fuzz [TARGET ...] [--cases N] [--seconds S] [--seed K]
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from scripts.fuzz.targets import TARGETS

SLOW = 5.0  # seconds that no case may take without a limit of its own
LOST = 40.0  # seconds of the processor after which a case is taken to hang
ASLEEP = 300.0  # seconds after which one is that does nothing; a busy machine may leave it none
CHUNK = 2000  # cases of one process: what it leaks is not the next one's
COLUMNS = ("target", "cases", "signals", "faults", "wrong", f"over {SLOW:g} s", "slowest", "peak")


@dataclass
class Row:
    """What came of a target."""

    name: str
    cases: int = 0
    slowest: float = 0.0
    peak: int = 0
    found: dict[str, list[str]] = field(
        default_factory=lambda: {"signals": [], "faults": [], "wrong": [], "slow": []}
    )

    def note(self, kind: str, words: str) -> None:
        """Keep a finding, and tell it at once: a run may be stopped before its end."""
        self.found[kind].append(words)
        print(words, file=sys.stderr, flush=True)

    def cells(self) -> tuple[str, ...]:
        """Return the cells of its row in the table."""
        counts = (f"{len(some):,}" for some in self.found.values())
        return (
            self.name,
            f"{self.cases:,}",
            *counts,
            f"{self.slowest:.2f} s",
            f"{self.peak / 1e6:,.0f} MB",
        )


def fuzz(name: str, cases: int | None, seconds: float | None, seed: int) -> Row:
    """Run cases of a target until there are enough, or the time is over."""
    row, number, began = Row(name), 0, time.monotonic()
    known = TARGETS[name].cases
    last = cases if cases is not None else 10**9
    if known is not None:
        last = min(last, known())
    while number < last and (seconds is None or time.monotonic() - began < seconds):
        end = None if seconds is None else began + seconds
        number = _run(row, seed, number, min(last, number + CHUNK), end)
    return row


def _run(row: Row, seed: int, first: int, last: int, end: float | None) -> int:
    """Run cases in one process; return the number of the next."""
    words = [
        sys.executable,
        "-m",
        "scripts.fuzz.worker",
        row.name,
        str(seed),
        str(first),
        str(last),
    ]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    current, began, is_lost, rest = first, time.monotonic(), False, b""
    before = 0.0
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        while True:
            if not waiting.select(1.0):
                spent = _seconds_of(process.pid) - before
                if spent > LOST or time.monotonic() - began > ASLEEP + spent:
                    is_lost = True
                    process.kill()
                continue
            part = process.stdout.read1(65536)  # type: ignore[attr-defined]
            if not part:
                break
            *lines, rest = (rest + part).split(b"\n")
            for line in lines:
                word, number, *more = line.decode("utf-8", "replace").split(" ", 2)
                current = int(number)
                if word == "start":
                    began, before = time.monotonic(), _seconds_of(process.pid)
                elif word == "fault":
                    kind = "wrong" if more[0].startswith("FalseWrong") else "faults"
                    row.note(kind, f"{row.name} {current}: {more[0]}")
                else:
                    row.cases += 1
                    took, peak = more[0].split()
                    row.slowest = max(row.slowest, float(took))
                    row.peak = max(row.peak, int(peak))
                    if float(took) > SLOW:
                        row.note("slow", f"{row.name} {current}: {took} s")
                    current += 1
            if end is not None and time.monotonic() > end:
                process.kill()
                process.wait()
                return current
    code = process.wait()
    if current >= last:
        return last
    trace = process.stderr.read().decode("utf-8", "replace").strip().splitlines()
    if is_lost:
        row.note("slow", f"{row.name} {current}: over {LOST:g} s")
    else:
        what = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        row.note("signals", f"{row.name} {current}: {what} {' | '.join(trace[:6])}")
    row.cases += 1
    return current + 1


def _seconds_of(pid: int) -> float:
    """Return the seconds of the processor that a process took, 0 where the system does not say."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return 0.0


def fuzz_guided(cases: int | None, seconds: float | None, seed: int) -> Row:
    """Let Atheris look for texts; see guided.py. Without it there are no cases."""
    row = Row("guided")
    if importlib.util.find_spec("atheris") is None:
        print("guided: left out, for Atheris is not here: pip install atheris", file=sys.stderr)
        return row
    words = [f"-seed={seed + 1}", f"-runs={-1 if cases is None else cases}"]
    words.append(f"-max_total_time={0 if seconds is None else int(seconds)}")
    with tempfile.TemporaryFile("w+") as out:
        command = [sys.executable, "-m", "scripts.fuzz.guided", "-print_final_stats=1", *words]
        code = subprocess.run(command, stdout=out, stderr=out, check=False).returncode
        out.seek(0)
        told = out.read()
    stats = dict(re.findall(r"^stat::(\w+):\s+(\d+)", told, re.MULTILINE))
    row.cases = int(stats.get("number_of_executed_units", 0))
    row.slowest, row.peak = (
        float(stats.get("slowest_unit_time_sec", 0)),
        int(stats.get("peak_rss_mb", 0)) * 1_000_000,
    )
    if code:
        kind = "slow" if "ERROR: libFuzzer: timeout" in told else "faults"
        row.note(kind, f"guided: {told[-1500:]}")
    return row


OTHERS = {"guided": fuzz_guided}


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m scripts.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join((*TARGETS, *OTHERS)))
    parser.add_argument("--cases", type=int, help="how many of each")
    parser.add_argument("--seconds", type=float, help="how long each at most; 60 without --cases")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if unknown := set(options.targets) - {*TARGETS, *OTHERS}:
        parser.error(f"there is no target {', '.join(sorted(unknown))}")
    seconds = options.seconds
    if seconds is None and options.cases is None:
        seconds = 60.0
    rows = []
    for name in options.targets or (*TARGETS, *OTHERS):
        if name in OTHERS:
            rows.append(OTHERS[name](options.cases, seconds, options.seed))
        else:
            rows.append(fuzz(name, options.cases, seconds, options.seed))
    table = [COLUMNS, *(row.cells() for row in rows)]
    widths = [max(len(row[i]) for row in table) for i in range(len(COLUMNS))]
    for line in table:
        print("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))
    return int(any(some for row in rows for some in row.found.values()))


if __name__ == "__main__":
    sys.exit(main())
