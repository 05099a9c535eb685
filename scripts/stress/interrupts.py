"""Ctrl-C at random moments: the exit code is 130, and nothing but whole files is left."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scripts.stress.processes import ROOT, Command, Ended, Tally, half_written

# What is interrupted: a name, and the words of the command line.
RUN = ("run", ["run", "zipcode", "--passes", "2", "--out", "out"])
COMPARE = ("compare", ["compare", "xor", "--seeds", "8", "--jobs", "2", "--out", "out"])
COLD = ("cold compile", ["run", "xor", "--passes", "1", "--out", "out"])
IN_TIME = "ended with 130"
MOST = 3  # trials for each interrupt: some come too late, where a machine is busy now and then
KINDS = (RUN, COMPARE, COLD)


def interrupts(kind: tuple[str, list[str]], count: int, seed: int = 0) -> Tally:
    """Interrupt a command so often before it ends by itself.

    The moments are drawn evenly from its life, from when Python has started: what comes before
    that, Python takes as it pleases.
    Half of the interrupts reach all of its processes, as from a terminal, half the first alone.
    """
    name, words = kind
    tally, moments = Tally(f"Ctrl-C, {name}"), random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="sn-stress-") as base:
        cache = Path(base, "cache")
        whole, start = _whole(words, Path(base), cache), _start()
        for number in range(MOST * count):
            if tally.counts[IN_TIME] == count:
                break
            folder = Path(base, f"{number}")
            folder.mkdir()
            is_cold = kind is COLD
            used = folder / "cache" if is_cold else cache
            command = Command(words, folder, {"SN_CACHE": str(used)})
            moment, everybody = moments.uniform(start, whole), moments.random() < 0.5
            if command.wait(moment):
                command.interrupt(everybody)
            trial = f"{name}, after {moment:.2f} of {whole:.2f} s, {'all' if everybody else 'one'}"
            try:
                ended = command.ended()
            except subprocess.TimeoutExpired:
                tally.faults.append(f"{trial}: it does not end")
                continue
            outcome, wrong = judged(ended)
            tally.counts[outcome] += 1
            wrong += ["a process is left"] if command.has_orphans() else []
            wrong += half_written(folder)
            wrong += [] if is_cold else half_written(cache)
            tally.faults += [f"{trial}: {one}" for one in wrong]
    return tally


def judged(ended: Ended) -> tuple[str, list[str]]:
    """Return what an interrupted command came to, and what is wrong with how it ended."""
    wrong = []
    if "Traceback" in ended.err or "internal error" in ended.err or "Exception" in ended.err:
        wrong.append(f"a trace on stderr: {ended.err[-600:]!r}")
    if ended.code == 0:
        return "came too late", wrong
    if ended.code != 130:
        wrong.append(f"exit code {ended.code}: {ended.err[-600:]!r}")
    return IN_TIME, wrong


def _start() -> float:
    """Return the seconds that Python takes to start, and half of them again."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import sn.front"], cwd=ROOT, check=True)
    return 1.5 * (time.perf_counter() - started)


def _whole(words: list[str], base: Path, cache: Path) -> float:
    """Return the seconds that a command takes when it is left alone; it compiles first."""
    seconds = []
    for name in ("first", "second"):
        (base / name).mkdir()
        ended = Command(words, base / name, {"SN_CACHE": str(cache)}).ended()
        if ended.code:
            raise SystemExit(f"sn {' '.join(words)} failed:\n{ended.err}")
        seconds.append(ended.seconds)
    return seconds[0] if words == COLD[1] else seconds[1]
