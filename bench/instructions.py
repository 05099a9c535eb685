"""Count the instructions of the main kernels, and compare them with the baseline.

    python bench/instructions.py [--update]

Times move with the machine's mood, instructions do not: valgrind's callgrind executes the compiled
kernels and counts. A presentation costs the difference between 2 N and N presentations, divided by
N. The code is made for AVX2 and multiply-add, whatever this CPU has, because valgrind knows no
AVX-512. Exit code 1 when a kernel executes over 2 % more than `baseline.json` says.

Read next: `instructions_worker.py`, the process that is counted.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # run as a script, only this folder would be importable

BASELINE = Path(__file__).with_name("baseline.json")
TOLERANCE = 0.02
HEADER = Path("/usr/include/valgrind/callgrind.h")

# The same code on every CPU; a named CPU would keep batches of 16 lanes where the host has them.
CPU = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "+avx,+avx2,+fma,+bmi,+bmi2,+popcnt"}


def unavailable() -> str | None:
    """Return why instructions cannot be counted here, or None."""
    for program in ("valgrind", "gcc"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    return None if HEADER.exists() else f"{HEADER} is missing: valgrind's headers are not installed"


def count() -> dict[str, int]:
    """Return the instructions of a presentation (of a pattern, for evaluation) by kernel."""
    with tempfile.TemporaryDirectory(prefix="sn-instructions-") as name:
        folder = Path(name)
        requests = folder / "callgrind.so"
        source = ROOT / "bench" / "rivals" / "callgrind.c"
        subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", requests, source], check=True)
        environment = {
            **os.environ,
            **CPU,
            "SN_CACHE": str(folder / "cache"),
            "PYTHONPATH": str(ROOT),
            "PYTHONHASHSEED": "0",
        }
        worker = [sys.executable, "-m", "bench.instructions_worker"]
        print("compiling", file=sys.stderr)
        subprocess.run([*worker, "compile"], check=True, cwd=ROOT, env=environment)
        print("counting", file=sys.stderr)
        out = folder / "counts"
        valgrind = ["valgrind", "--tool=callgrind", "--instr-atstart=no", "-q"]
        subprocess.run(
            [*valgrind, f"--callgrind-out-file={out}", *worker, "count", str(requests)],
            check=True,
            cwd=ROOT,
            env=environment,
            stderr=subprocess.PIPE,
        )
        return _read(folder)


def _read(folder: Path) -> dict[str, int]:
    """Return the counts in the files that callgrind wrote, one for each `write_count`."""
    found: dict[tuple[str, int], int] = {}
    for path in folder.glob("counts.*"):
        text = path.read_text(encoding="utf-8", errors="replace")
        said = re.search(r"desc: Trigger: Client Request: (.+)/(\d+)$", text, re.MULTILINE)
        total = re.search(r"^(?:totals|summary): (\d+)", text, re.MULTILINE)
        if said and total:
            found[said[1], int(said[2])] = int(total[1])
    counts = {}
    for kernel in dict.fromkeys(kernel for kernel, _ in found):
        (less, low), (more, high) = sorted((n, c) for (k, n), c in found.items() if k == kernel)
        counts[kernel] = round((high - low) / (more - less))
    return dict(sorted(counts.items()))


def _versions() -> dict[str, str]:
    """Return what the code depends on beside SN's own text."""
    return {name: version(name) for name in ("numba", "llvmlite")}


def compare(counts: dict[str, int], baseline: dict[str, Any]) -> tuple[list[str], bool]:
    """Return a line for each kernel, and whether none executes more than it may."""
    lines = [f"{'instructions for a presentation':<34}{'baseline':>12}{'found':>12}{'change':>9}"]
    is_good = True
    for kernel, wanted in baseline["instructions"].items():
        found = counts.get(kernel)
        if found is None:
            lines.append(f"{kernel:<34}{wanted:>12,}{'none':>12}")
            is_good = False
            continue
        change = found / wanted - 1
        note = ""
        if change > TOLERANCE:
            note, is_good = "  more than it may", False
        elif change < -TOLERANCE:
            note = "  fewer: --update keeps this"
        lines.append(f"{kernel:<34}{wanted:>12,}{found:>12,}{change:>9.1%}{note}")
    if baseline["versions"] != _versions():
        lines.append(f"the baseline was counted with {baseline['versions']}, this is {_versions()}")
    return lines, is_good


def main() -> int:
    """Count and compare; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--update", action="store_true", help="make this the baseline")
    options = parser.parse_args()
    reason = unavailable()
    if reason is not None:
        print(f"instructions are not counted: {reason}")
        return 0
    counts = count()
    if options.update:
        baseline = {"cpu": CPU, "versions": _versions(), "instructions": counts}
        BASELINE.write_text(json.dumps(baseline, indent=1) + "\n", encoding="utf-8")
    elif not BASELINE.exists():
        print(f"there is no {BASELINE.name}; --update makes one", file=sys.stderr)
        return 1
    lines, is_good = compare(counts, json.loads(BASELINE.read_text(encoding="utf-8")))
    print("\n".join(lines))
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
