"""Make docs/replication.md: the 1989 paper's table beside ours, and its open questions answered.

    SN_DATA=FOLDER .venv/bin/python scripts/make_replication.py            some 20 minutes
    .venv/bin/python scripts/make_replication.py --text-only               from the figures kept

All runs use the real digits, and those of the report of 1989 its own where they are here. The
figures are kept in docs/replication.json, so that words and pictures can be made again without
training; the same digits give the same file on any machine. Needs matplotlib (in the development
tools).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from replication_figures import Figures  # noqa: E402 - scripts/ is no package
from replication_studies import RANDOM_TABLES, REPORT, VARIANTS, Variant  # noqa: E402
from replication_text import CURVES, draw_curves, draw_schemes, text  # noqa: E402

from sn.compare import Contender, Nobody, compare, contenders  # noqa: E402 - after sys.path
from sn.data import is_available  # noqa: E402
from sn.errors import DataError  # noqa: E402
from sn.results.comparison import MEASURES, Comparison  # noqa: E402
from sn.results.record import RunRecord  # noqa: E402

DOCS = ROOT / "docs"
FIGURES = DOCS / "replication.json"
PAGE = DOCS / "replication.md"


class Teller(Nobody):
    """Prints a line per run."""

    def run_finished(self, label: str, record: RunRecord) -> None:
        """Print it."""
        misses = f"{record.train.misses:>4} {record.test.misses:>4}"
        print(f"{label:<16} seed {record.seed} {misses}", flush=True)


def main() -> None:
    """Measure unless told not to, then write the page and its pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text-only", action="store_true", help="train nothing")
    parser.add_argument("--seeds", type=int, default=10, help="runs per variant, from seed 0")
    parser.add_argument("--table-seeds", type=int, default=5, help="runs per random table")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if not options.text_only:
        kept = measure(options.seeds, options.table_seeds, options.jobs)
        FIGURES.write_text(json.dumps(kept) + "\n", encoding="utf-8")
    figures = Figures(json.loads(FIGURES.read_text(encoding="utf-8")))
    (DOCS / "images").mkdir(exist_ok=True)
    draw_curves(figures, DOCS / "images" / "replication-curves.svg")
    draw_schemes(figures, DOCS / "images" / "replication-schemes.svg")
    PAGE.write_text(text(figures), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)} is made")


def measure(n_seeds: int, n_table_seeds: int, jobs: int) -> dict[str, Any]:
    """Train all variants and return their figures."""
    with tempfile.TemporaryDirectory(prefix="sn-replication-") as folder:
        parts = [
            compare(prepare(variants, Path(folder)), range(count), jobs=jobs, watcher=Teller())
            for variants, count in ((VARIANTS, n_seeds), (RANDOM_TABLES, n_table_seeds))
        ]
    names = {run.data.name for part in parts for entry in part.entries for run in entry.runs}
    if names != {"zipcode"}:
        raise DataError("the page is about the real digits: `sn data get zipcode`")
    return {
        "entries": {k: v for part in parts for k, v in figures_of(part).items()},
        "report": measure_report(n_seeds, jobs),
    }


def measure_report(n_seeds: int, jobs: int) -> dict[str, Any]:
    """Train the five networks of the report; without its digits keep what was measured before."""
    if not is_available("digits-480"):
        print("digits-480 is not here: its figures stay as they are")
        before: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))["report"]
        return before
    files = [ROOT / "nets" / f"{name}.sn" for name in REPORT]
    return figures_of(compare(contenders(files), range(n_seeds), jobs=jobs, watcher=Teller()))


def prepare(variants: Sequence[Variant], folder: Path) -> tuple[Contender, ...]:
    """Write each variant to a file and return what there is to train."""
    ready: list[Contender] = []
    for variant in variants:
        source = (ROOT / "nets" / f"{variant.net}.sn").read_text(encoding="utf-8")
        for old, new in variant.edits:
            assert old in source, f"{variant.name}: nets/{variant.net}.sn does not say {old}"
            source = source.replace(old, new)
        path = folder / f"{variant.name}.sn"
        path.write_text(source, encoding="utf-8")
        (found,) = contenders([path], [variant.optimizer], dict(variant.settings))
        ready.append(replace(found, label=variant.name))
    return tuple(ready)


def figures_of(part: Comparison) -> dict[str, Any]:
    """Return what is kept of a comparison: the last figures, and some curves, to six digits."""
    kept: dict[str, Any] = {}
    for entry in part.entries:
        kept[entry.label] = {
            name: [rounded(value) for value in entry.figures(name)] for name, _, _ in MEASURES
        }
        if entry.label in CURVES:
            kept[entry.label]["curves"] = {
                name: [
                    [rounded(getattr(getattr(one, which), field)) for one in run.passes]
                    for run in entry.runs
                ]
                for name, which, field in MEASURES
            }
    return kept


def rounded(value: float) -> float:
    """Return six digits of an error, and a count of misses as it is."""
    return float(f"{value:.6g}")


if __name__ == "__main__":
    main()
