"""Records, their JSON lines and the final table."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from sn.results.figures import error_text
from sn.results.lines import json_line, pass_object, result_object
from sn.results.record import DataUsed, NetCounts, PassRecord, Reference, RunRecord, Scores
from sn.results.table import TableRow, final_table

PASSES = (
    PassRecord(1, Scores(0.08, 700, 7291), Scores(0.09, 210, 2007), 0.07),
    PassRecord(2, Scores(0.0023, 11, 7291), Scores(0.0181, 111, 2007), 0.06),
)
RECORD = RunRecord(
    net=NetCounts("zipcode", 1256, 64660, 9760),
    data=DataUsed("zipcode", "64380a7e"),
    optimizer="newton",
    options={"mu": 0.05},
    seed=3,
    passes=PASSES,
    compile_seconds=2.5,
    train_seconds=1.5,
    evaluate_seconds=0.1,
    us_per_presentation=7.25,
    weights={"h1.bias": np.zeros((12, 8, 8), np.float32)},
)
PAPER = Reference("paper (1989)", 2.5e-3, 10, 1.8e-2, 102, 23, 7291, 2007)


def test_the_scores_of_a_run_are_those_of_its_last_pass() -> None:
    assert RECORD.train is PASSES[1].train
    assert RECORD.test is PASSES[1].test


def test_percent_counts_misses_per_hundred_patterns() -> None:
    assert Scores(0.0, 102, 2007).percent == pytest.approx(5.0822, abs=1e-4)
    assert Scores(0.0, 0, 0).percent == 0.0


def test_records_without_passes_are_refused() -> None:
    with pytest.raises(AssertionError):
        replace(RECORD, passes=())


def test_the_lines_are_the_promised_objects() -> None:
    assert json.loads(json_line(pass_object(PASSES[0]))) == {
        "type": "pass",
        "pass": 1,
        "train": {"error": 0.08, "half_squares": 0.08, "misses": 700, "patterns": 7291},
        "test": {"error": 0.09, "half_squares": 0.09, "misses": 210, "patterns": 2007},
        "seconds": 0.07,
    }
    assert json.loads(json_line(result_object(RECORD))) == {
        "type": "result",
        "net": {"units": 1256, "connections": 64660, "parameters": 9760},
        "data": {"name": "zipcode", "hash": "64380a7e"},
        "optimizer": "newton",
        "seed": 3,
        "cost": "lms",
        "train": {"error": 0.0023, "half_squares": 0.0023, "misses": 11, "patterns": 7291},
        "test": {"error": 0.0181, "half_squares": 0.0181, "misses": 111, "patterns": 2007},
        "reports": {},
        "compile_seconds": 2.5,
        "train_seconds": 1.5,
        "us_per_presentation": 7.25,
        "warnings": [],
        "run": None,
    }


def test_numbers_that_json_lacks_become_null() -> None:
    assert json_line({"error": float("nan")}) == '{"error":null}'


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (0.0025, "2.50e-3"),
        (0.0, "0.00e0"),
        (12.0, "1.20e1"),
        (1e-12, "1.00e-12"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_errors_are_written_as_in_papers(error: float, text: str) -> None:
    assert error_text(error) == text


def test_the_final_table_sets_published_figures_beside_ours() -> None:
    assert final_table(replace(RECORD, reference=PAPER)) == (
        TableRow("train error", "2.30e-3", "2.50e-3"),
        TableRow("train misses", "11 (0.15 %)", "10 (0.14 %)"),
        TableRow("test error", "1.81e-2", "1.80e-2"),
        TableRow("test misses", "111 (5.53 %)", "102 (5.08 %)"),
        TableRow("passes", "2", "23"),
    )


def test_another_cost_has_a_row_beside_the_half_squares_that_are_published() -> None:
    last = PassRecord(2, Scores(0.5, 11, 7291, 0.0023), Scores(0.7, 111, 2007, 0.0181), 0.06)
    record = replace(RECORD, passes=(last,), options={"cost": "mean-square"}, reference=PAPER)
    assert final_table(record)[0] == TableRow("train error, mean-square", "5.00e-1", "")
    assert final_table(record)[1] == TableRow("train error, half squares", "2.30e-3", "2.50e-3")
    assert final_table(record)[4] == TableRow("test error, half squares", "1.81e-2", "1.80e-2")
    own = replace(record, options={"cost": "lisp"})
    assert final_table(own)[3].label == "test error, its own cost"
    result = result_object(record)
    assert (result["cost"], result["test"]["error"], result["test"]["half_squares"]) == (
        "mean-square",
        0.7,
        0.0181,
    )


def test_the_final_table_leaves_out_what_the_source_does_not_say() -> None:
    assert [row.published for row in final_table(RECORD)] == [""] * 5
    partly = replace(RECORD, reference=Reference("a note", test_misses=7))
    assert [row.published for row in final_table(partly)] == ["", "", "", "7", ""]
