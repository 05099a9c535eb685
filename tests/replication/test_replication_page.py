"""docs/replication.md is made from the figures beside it, and the figures from these kernels."""

from __future__ import annotations

import json
import runpy
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from scripts.replication.studies import RANDOM_TABLES, VARIANTS
from sn.session import load

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
KEPT: dict[str, Any] = json.loads((DOCS / "replication.json").read_text(encoding="utf-8"))
ENTRIES: dict[str, Any] = KEPT["entries"]

draws = pytest.mark.skipif(
    find_spec("matplotlib") is None, reason="scripts/replication draws with matplotlib"
)


def mean(name: str, measure: str) -> float:
    values = ENTRIES[name][measure]
    return float(sum(values) / len(values))


@draws
def test_the_page_is_what_the_script_writes() -> None:
    from scripts.replication.figures import Figures
    from scripts.replication.text import text

    page = (DOCS / "replication.md").read_text(encoding="utf-8")
    assert page == text(Figures(KEPT))


def test_every_variant_has_its_figures() -> None:
    names = [one.name for one in (*VARIANTS, *RANDOM_TABLES)]
    assert list(ENTRIES) == names
    assert all(len(ENTRIES[one.name]["test_misses"]) >= 10 for one in VARIANTS)


@draws
def test_variants_are_changes_that_the_nets_still_allow(tmp_path: Path) -> None:
    from scripts.replication.measure import prepare

    ready = prepare(VARIANTS, tmp_path)
    assert [one.label for one in ready] == [one.name for one in VARIANTS]


@draws
def test_the_script_names_its_options(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["replication", "--help"])
    with pytest.raises(SystemExit) as end:
        runpy.run_module("scripts.replication", run_name="__main__")
    assert end.value.code == 0
    assert "--text-only" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("measure", "low", "high"),
    # around the paper's 10, 102, 2.5e-3 and 1.8e-2; the original kernel gave 11/111 and 11/99
    [
        ("train_misses", 11, 20),
        ("test_misses", 102, 114),
        ("train_error", 2.4e-3, 3.0e-3),
        ("test_error", 1.78e-2, 1.92e-2),
    ],
)
def test_the_default_rule_gives_the_result_of_the_paper(
    measure: str, low: float, high: float
) -> None:
    assert low <= mean("newton", measure) <= high


@pytest.mark.slow
@pytest.mark.kernels
@pytest.mark.parametrize(("optimizer", "seed"), [("newton", 0), ("newton", 1), ("sgd", 0)])
def test_a_run_gives_the_figures_that_are_kept(
    optimizer: str, seed: int, folder_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SN_DATA", str(folder_of("zip.train.gz")))
    record = load(ROOT / "nets" / "zipcode.sn").experiment().train(seed=seed, optimizer=optimizer)
    assert record.data.name == "zipcode"
    kept = ENTRIES[optimizer]
    assert record.train.misses == kept["train_misses"][seed]
    assert record.test.misses == kept["test_misses"][seed]
    assert record.train.error == pytest.approx(kept["train_error"][seed], rel=1e-5)
    assert record.test.error == pytest.approx(kept["test_error"][seed], rel=1e-5)
