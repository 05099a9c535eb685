"""The curve to 1,000 workers is what the simulation gives, and says that it is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.sweep_curve import efficiency, picture, table

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_workers_wait_once_there_are_more_than_a_run_has_units_of_asking() -> None:
    assert efficiency(1, 2.0, 0.0) == pytest.approx(1)
    # while one runs the next is asked for, but for the first
    assert efficiency(1, 2.0, 0.5) == pytest.approx(40 / 40.5, abs=0.005)
    assert efficiency(1, 1.0, 2.0) == pytest.approx(0.5, abs=0.02)
    assert efficiency(10, 2.0, 0.001) > 0.9
    # one that asks can keep ten of a hundred workers at work
    assert efficiency(100, 1.0, 0.1) == pytest.approx(0.1, abs=0.01)


def test_docs_have_the_simulated_table_and_its_picture() -> None:
    text = (DOCS / "scale.md").read_text(encoding="utf-8")
    assert "\n".join(table(0.016)) in text and "sweep_curve.py --asked-ms 16" in text
    assert (DOCS / "images" / "sweep-curve.svg").read_text(encoding="utf-8") == picture(0.016)
