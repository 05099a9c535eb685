"""What a run costs beside itself, of a sweep of 300 short ones, here and on a Dask scheduler.

    python bench/sweep_cluster.py

Scheduler and worker are processes of this machine, on loopback. Units: milliseconds from the end
of a run to the end of the next one, less what the worker says that it took: the mean, without the
first runs, which compile.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DASK = [sys.executable, "-m", "dask"]
TRIALS, FIRST = 300, 20
NET = """\
(setq rate 0.1)
(defnet xor (layer input (2)) (layer hidden (2)) (layer output (1))
  (connect input hidden (full)) (connect hidden output (full)))
(experiment xor (data (patterns '((-1 -1) (-1 1) (1 -1) (1 1)) '((-1) (1) (1) (-1))))
  (criterion sign) (optimizer sgd (sgd (learning-rate rate))) (passes 3))
"""


def beside(folder: Path, out: str, *where: str) -> str:
    """Sweep, and return what a run cost beside itself, in words."""
    words = ["sweep", "xor.sn", "--vary", "rate=0.1..0.2", "--search", "random"]
    words += ["--trials", str(TRIALS), "--out", out, *where]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([sys.executable, str(ROOT / "cli.py"), *words], check=True, cwd=folder, **silent)
    ends = sorted(path.stat().st_mtime for path in (folder / out / "runs").iterdir())[FIRST:]
    trials = json.loads((folder / out / "results.json").read_text(encoding="utf-8"))["trials"]
    busy = [trial["seconds"] for trial in trials[FIRST:]]
    wall, own = (ends[-1] - ends[0]) / (len(ends) - 1), sum(busy) / len(busy)
    return f"{1000 * (wall - own):.1f} ms beside {1000 * own:.1f} ms of the worker"


def main() -> None:
    """Measure both."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "xor.sn").write_text(NET, encoding="utf-8")
        print(f"a process here: {beside(folder, 'here', '--jobs', '1')}")
        file = folder / "scheduler.json"
        options = ["--scheduler-file", str(file), "--no-dashboard"]
        started = []
        try:
            for words in (["scheduler", "--host", "127.0.0.1"], ["worker", "--nthreads", "1"]):
                command = [*DASK, *words, *(["--port", "0"] if len(started) == 0 else []), *options]
                started.append(subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL))
                while not file.exists():
                    time.sleep(0.05)
            address = json.loads(file.read_text(encoding="utf-8"))["address"]
            print(f"a worker of Dask: {beside(folder, 'there', '--on', address)}")
        finally:
            for process in reversed(started):
                process.terminate()
                process.wait()


if __name__ == "__main__":
    main()
