"""Two runs at once in one folder: exactly one proceeds, and the other says why."""

from __future__ import annotations

import tempfile
from pathlib import Path

from scripts.stress.processes import Command, Tally, half_written

WHY = ("already holds a run", "is going on: process", "already holds a comparison")
RUN = ("run", ["run", "xor", "--passes", "5"])
COMPARE = ("compare", ["compare", "xor", "--seeds", "1", "--passes", "2", "--jobs", "1"])
KINDS = (RUN, COMPARE)


def races(kind: tuple[str, list[str]], count: int) -> Tally:
    """Start two commands in one folder at the same time, so often."""
    name, words = kind
    tally = Tally(f"two at once, {name}")
    with tempfile.TemporaryDirectory(prefix="sn-stress-") as base:
        environment = {"SN_CACHE": str(Path(base, "cache"))}
        Command([*words, "--out", "warm"], Path(base), environment).ended()
        for number in range(count):
            folder = Path(base, f"{number}")
            both = [Command([*words, "--out", str(folder)], Path(base), environment) for _ in "12"]
            ended = sorted((one.ended() for one in both), key=lambda one: one.code)
            codes = [one.code for one in ended]
            if codes != [0, 1]:
                said = [one.err[-300:] for one in ended]
                tally.faults.append(f"{name} {number}: exit codes {codes}: {said}")
                continue
            told = " ".join(ended[1].err.split())
            reason = next((why for why in WHY if why in told), None)
            tally.counts[f"refused: {reason}"] += 1
            if reason is None or "Traceback" in told:
                tally.faults.append(f"{name} {number}: no reason given: {told[-300:]!r}")
            tally.faults += [f"{name} {number}: {one}" for one in half_written(folder)]
            if (folder / ".lock").exists():
                tally.faults.append(f"{name} {number}: the lock is left")
    return tally
