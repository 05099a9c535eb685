"""Kill runs at random moments, go on with each, and compare with a run that was left alone.

    make crash
    python scripts/crash.py [--kills 100] [--passes 2] [--every 500] [--net zipcode] [--seed 0]

Each run is a process that is `sn run`, and each kill is SIGKILL, at a moment drawn evenly from the
time that a run has its folder: from the first file in it to the last. What is left goes on with
`sn run --resume`, and half of these are killed too. Every run must end with the weights, by
sha256, and the log, but for the times, of the run that was left alone.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import sn.commands
import sn.session  # noqa: F401 - so that a copy need not
from sn.results.about import RUN, read_log
from sn.results.arrays import PART
from sn.results.checkpoints import checkpoints, position_of
from sn.results.folder import WEIGHTS
from sn.results.lock import LOCK

# a process that has imported everything, and has no threads, is copied for each run
FORK = multiprocessing.get_context("fork")
MOST = 4  # kills of one run, then it is left alone


def sha256(folder: Path) -> str:
    """Return the hash of the file of weights that a run left."""
    return hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()


def log(folder: Path) -> list[dict[str, object]]:
    """Return the log of a run without the times."""
    lines = read_log(folder)
    return [{name: x for name, x in line.items() if name != "seconds"} for line in lines]


def run(words: list[str], folder: Path, share: float | None = None) -> float | None:
    """Run a command in a folder, or kill it `share` seconds after it took the folder.

    Return the seconds that it had the folder, None if it was killed.
    """
    process = FORK.Process(target=command, args=(words, folder))
    process.start()
    while process.is_alive() and not has_lock(folder, process.pid):
        time.sleep(0.001)
    started = time.perf_counter()
    process.join(share)
    if process.exitcode is None:
        process.kill()
        process.join()
        return None
    if process.exitcode:
        raise SystemExit(f"sn {' '.join(words)} failed:\n{errors_of(folder).read_text()}")
    return time.perf_counter() - started


def command(words: list[str], folder: Path) -> None:
    """Be `sn`, with errors in a file beside the folder."""
    with open(os.devnull, "w") as nowhere, errors_of(folder).open("w") as errors:
        sys.stdout, sys.stderr = nowhere, errors
        code = sn.commands.main(words)
    sys.exit(code)


def errors_of(folder: Path) -> Path:
    """Return where the errors of runs in a folder go."""
    return folder.with_suffix(".err")


def has_lock(folder: Path, pid: int | None) -> bool:
    """Whether a process has written its number into the lock of a folder."""
    try:
        return (folder / LOCK).read_text().startswith(f"{pid} ")
    except OSError:
        return False


def main() -> None:
    """Kill, go on, compare, and say how often."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--passes", type=int, default=2)
    parser.add_argument("--every", type=int, default=500)
    parser.add_argument("--net", default="zipcode")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    moments = random.Random(given.seed)
    words = ["run", given.net, "--passes", str(given.passes)]
    words += ["--checkpoint-every", str(given.every)]
    with tempfile.TemporaryDirectory(prefix="sn-crash-") as base:
        whole, timed = Path(base, "whole"), Path(base, "timed")
        run([*words, "--out", str(whole)], whole)  # compiles
        duration = run([*words, "--out", str(timed)], timed) or 0.0
        expected = sha256(whole)
        counts: Counter[str] = Counter()
        n_runs = 0
        while counts["kills"] < given.kills:
            n_runs += 1
            folder = Path(base, f"run{n_runs}")
            kill_and_go_on(words, folder, duration, moments, counts, given.kills)
            if sha256(folder) != expected or log(folder) != log(whole):
                raise SystemExit(f"run {n_runs} is not the run that was left alone")
    print(
        f"{counts['kills']} kills of {n_runs} runs: {counts['early']} before there was a run, "
        f"{counts['within a pass']} with a checkpoint within a pass, {counts['torn']} with a file "
        f"half written; all {n_runs} ended with sha256 {expected[:16]} of the weights"
    )


def kill_and_go_on(
    words: list[str],
    folder: Path,
    duration: float,
    moments: random.Random,
    counts: Counter[str],
    most: int,
) -> None:
    """Run into a folder until the end, with kills on the way; count what they left."""
    for number in range(MOST + 1):
        is_spared = number == MOST or counts["kills"] >= most
        is_spared = is_spared or (number > 0 and moments.random() < 0.5)
        has_run = (folder / RUN).exists()
        command = ["run", "--resume", str(folder)] if has_run else [*words, "--out", str(folder)]
        command += ["--checkpoint-every", words[-1]] if has_run else []
        moment = None if is_spared else moments.uniform(0, duration)
        if run(command, folder, moment) is not None:
            return
        counts["kills"] += 1
        if not (folder / RUN).exists():
            counts["early"] += 1
            continue
        counts["torn"] += any(file.name.endswith(PART) for file in folder.iterdir())
        newest = [position_of(file) for file in checkpoints(folder)[:1]]
        counts["within a pass"] += any(place is not None and place.shown for place in newest)


if __name__ == "__main__":
    main()
