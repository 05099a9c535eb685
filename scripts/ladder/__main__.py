"""Make docs/ladder.md: the rungs of nets/ladder over several seeds, beside the published figures.

    SN_DATA=FOLDER .venv/bin/python -m scripts.ladder                    some 30 minutes
    SN_DATA=FOLDER .venv/bin/python -m scripts.ladder --only rungs       a part: rungs, ours, search
    .venv/bin/python -m scripts.ladder --text-only                       from the figures kept

Each rung is trained on the stand-in digits and, where they are here, on the real ones. The misses
are kept in docs/ladder.json; the same digits give the same file on any machine. Needs matplotlib
(in the development tools).
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable
from typing import Any

from scripts.ladder.page import FOURTH, LARGE, MANY, OURS, ROOT, RUNGS, SETS, draw, text
from scripts.ladder.search import search
from sn.contest import compare, contenders
from sn.data import is_available
from sn.progress.watching import Nobody
from sn.results.record import RunRecord

FIGURES, PAGE = ROOT / "docs" / "ladder.json", ROOT / "docs" / "ladder.md"
PICTURE = ROOT / "docs" / "images" / "ladder.svg"
PARTS = ("rungs", "ours", "search")


class Teller(Nobody):
    """Prints a line per run."""

    def run_finished(self, label: str, record: RunRecord) -> None:
        """Print it."""
        misses = f"{record.train.misses:>4} {record.test.misses:>4}"
        print(f"{label:<16} seed {record.seed} {misses}", flush=True)


def main() -> None:
    """Measure unless told not to, then write page and picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text-only", action="store_true", help="train nothing")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="what to train")
    parser.add_argument("--seeds", type=int, default=5, help="runs per rung, from seed 0")
    parser.add_argument("--our-seeds", type=int, default=10, help="runs of rungs 4 and 7")
    parser.add_argument("--search-seeds", type=int, default=3, help="runs per candidate")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    if not options.text_only:
        if "rungs" in options.only:
            for name, rungs in (*((name, RUNGS) for name in SETS), (MANY, LARGE)):
                measure(figures, name, rungs, options.seeds, options.jobs)
        if "ours" in options.only:
            for name in SETS:
                ours = figures.setdefault("ours", {})
                measure(ours, name, (FOURTH, OURS), options.our_seeds, options.jobs)
        if "search" in options.only:
            figures["search"] = search(options.search_seeds, options.jobs)
        FIGURES.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    draw(figures, PICTURE)
    PAGE.write_text(text(figures), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)} is made")


def measure(
    figures: dict[str, Any], name: str, rungs: Iterable[str], n_seeds: int, jobs: int
) -> None:
    """Train rungs on a set, if it is here; put the misses by rung into `figures`."""
    if not is_available(name):
        print(f"{name} is not here: its figures stay as they are")
        return
    files = [ROOT / "nets" / "ladder" / f"{rung}.sn" for rung in rungs]
    named = contenders(files, settings={"digits": f'"{name}"'})
    found = compare(named, range(n_seeds), jobs=jobs, watcher=Teller())
    figures[name] = {
        rung: {
            "train": [run.train.misses for run in entry.runs],
            "test": [run.test.misses for run in entry.runs],
        }
        for rung, entry in zip(rungs, found.entries, strict=True)
    }


if __name__ == "__main__":
    main()
