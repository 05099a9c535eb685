"""Comparisons that are stopped at random moments and gone on with: the results stay the same."""

from __future__ import annotations

import json
import random
import signal
import tempfile
from pathlib import Path
from typing import Any

from scripts.stress.processes import Command, Tally, half_written

WORDS = ["compare", "xor", "--seeds", "4", "--jobs", "2", "--out", "out"]
MOST = 4  # stops of one comparison, then it is left alone


def comparisons(count: int, seed: int = 0) -> Tally:
    """Stop comparisons so often, by SIGKILL and by Ctrl-C in turn, and go on with each."""
    tally, moments = Tally("compare, stopped"), random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="sn-stress-") as base:
        environment = {"SN_CACHE": str(Path(base, "cache"))}
        whole = Path(base, "whole")
        seconds = []
        for place in (Path(base, "warm"), whole):
            place.mkdir()
            seconds.append(Command(WORDS, place, environment).ended().seconds)
        expected = timeless(whole / "out")
        number = 0
        while tally.counts["stopped"] < count:
            folder = Path(base, f"{number}")
            folder.mkdir()
            _to_its_end(folder, environment, seconds[1], moments, tally)
            if tally.faults:
                break
            if timeless(folder / "out") != expected:
                tally.faults.append(f"comparison {number} is not the one that was left alone")
            tally.faults += half_written(folder)
            tally.counts["comparisons"] += 1
            number += 1
    return tally


def _to_its_end(
    folder: Path,
    environment: dict[str, str],
    whole: float,
    moments: random.Random,
    tally: Tally,
) -> None:
    """Compare in a folder until the end, with stops on the way."""
    for stop in range(MOST + 1):
        begun = (folder / "out" / "compare.json").exists()
        words = ["compare", "--resume", "out", "--jobs", "2"] if begun else WORDS
        command = Command(words, folder, environment)
        if stop < MOST and command.wait(moments.uniform(0.2, 1) * whole):
            command.stop(moments.choice((signal.SIGKILL, signal.SIGINT)))
        ended = command.ended()
        if command.has_orphans():
            tally.faults.append("a process is left")
        if ended.code in (130, -signal.SIGKILL):
            tally.counts["stopped"] += 1
            tally.counts["of them with runs kept"] += any((folder / "out").glob("run-*"))
            continue
        # the pictures may have been under way, which are drawn when all else is there
        if ended.code and "nothing is missing" not in ended.err:
            tally.faults.append(f"it does not go on: {ended.err[-300:]!r}")
        return


def timeless(folder: Path) -> dict[str, Any]:
    """Return what is in the results of a comparison but the times."""
    about = json.loads((folder / "comparison.json").read_text(encoding="utf-8"))
    for entry in about["entries"]:
        del entry["us_per_presentation"]
    lines = (folder / "comparison.csv").read_text(encoding="utf-8").splitlines()
    return {
        "comparison.json": about,
        "comparison.csv": [line.rpartition(",")[0] for line in lines],
        "passes.csv": (folder / "passes.csv").read_text(encoding="utf-8"),
    }
