"""Make docs/replication.md: the 1989 paper's table beside ours, and its open questions answered.

    SN_DATA=FOLDER .venv/bin/python -m scripts.replication            some 20 minutes
    .venv/bin/python -m scripts.replication --text-only               from the figures kept
    .venv/bin/python -m scripts.replication --text-only --tables runs/sweep-1989/tables/results.json

All runs use the real digits, and those of the report of 1989 its own where they are here. The
figures are kept in docs/replication.json, so that words and pictures can be made again without
training; the same digits give the same file on any machine. Needs matplotlib (in the development
tools).
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from scripts.replication.figures import Figures
from scripts.replication.measure import FIGURES, ROOT, measure
from scripts.replication.text import draw_curves, draw_schemes, text

DOCS = ROOT / "docs"
PAGE = DOCS / "replication.md"


def main() -> None:
    """Measure unless told not to, then write the page and its pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text-only", action="store_true", help="train nothing")
    parser.add_argument("--seeds", type=int, default=10, help="runs per variant, from seed 0")
    parser.add_argument("--table-seeds", type=int, default=5, help="runs per random table")
    parser.add_argument("--only", nargs="+", default=[], help="variants to train; others stay")
    parser.add_argument("--tables", type=Path, help="results.json of the sweep over tables")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if not options.text_only:
        kept = measure(options.seeds, options.table_seeds, options.jobs, options.only)
        FIGURES.write_text(json.dumps(kept) + "\n", encoding="utf-8")
    if options.tables is not None:
        kept = json.loads(FIGURES.read_text(encoding="utf-8"))
        trials = json.loads(options.tables.read_text(encoding="utf-8"))["trials"]
        kept["tables"] = [[run["value"] for run in one["runs"]] for one in trials]
        FIGURES.write_text(json.dumps(kept) + "\n", encoding="utf-8")
    figures = Figures(json.loads(FIGURES.read_text(encoding="utf-8")))
    (DOCS / "images").mkdir(exist_ok=True)
    draw_curves(figures, DOCS / "images" / "replication-curves.svg")
    draw_schemes(figures, DOCS / "images" / "replication-schemes.svg")
    PAGE.write_text(text(figures), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)} is made")


if __name__ == "__main__":
    main()
