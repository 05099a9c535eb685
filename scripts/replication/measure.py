"""Measure: each variant is written to a file of its own, trained over the seeds, and summed up."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from scripts.replication.figures import CURVES as CURVED
from scripts.replication.studies import RANDOM_TABLES, REPORT, VARIANTS, Variant
from scripts.replication.text import CURVES
from sn.contest import Contender, compare, contenders
from sn.data import is_available
from sn.errors import DataError
from sn.progress.watching import Nobody
from sn.results.comparison import Comparison
from sn.results.record import RunRecord

ROOT = Path(__file__).resolve().parents[2]
FIGURES = ROOT / "docs" / "replication.json"


class Teller(Nobody):
    """Prints a line per run."""

    def run_finished(self, label: str, record: RunRecord) -> None:
        """Print it."""
        misses = f"{record.train.misses:>4} {record.test.misses:>4}"
        print(f"{label:<16} seed {record.seed} {misses}", flush=True)


def measure(
    n_seeds: int, n_table_seeds: int, jobs: int, only: Sequence[str] = ()
) -> dict[str, Any]:
    """Train all variants, or those named, and return the figures of all."""
    if only:
        return _anew(n_seeds, jobs, only)
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
        "tables": json.loads(FIGURES.read_text(encoding="utf-8"))["tables"],  # of a sweep
    }


def _anew(n_seeds: int, jobs: int, names: Sequence[str]) -> dict[str, Any]:
    """Train some variants, and keep what was measured of the others before."""
    kept: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))
    chosen = [one for one in VARIANTS if one.name in names]
    unknown = set(names) - {one.name for one in chosen}
    if unknown:
        raise SystemExit(f"no variant is called {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="sn-replication-") as folder:
        part = compare(prepare(chosen, Path(folder)), range(n_seeds), jobs=jobs, watcher=Teller())
    found = kept["entries"] | figures_of(part)
    known = (one.name for one in (*VARIANTS, *RANDOM_TABLES))
    kept["entries"] = {name: found[name] for name in known if name in found}
    return kept


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
            name: [rounded(value) for value in entry.figures(name)] for name in part.measures
        }
        if entry.label in CURVES:
            kept[entry.label]["curves"] = {
                name: [
                    [rounded(getattr(getattr(one, which), field)) for one in run.passes]
                    for run in entry.runs
                ]
                for name, which, field in CURVED
            }
    return kept


def rounded(value: float) -> float:
    """Return six digits of an error, and a count of misses as it is."""
    return float(f"{value:.6g}")
