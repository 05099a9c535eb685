"""Comparisons made by hand: summaries, texts and the JSON object."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace

import pytest

from sn.results import comparison_texts as texts
from sn.results.comparison import Comparison, Entry, comparison_object, default_reach
from sn.results.lines import json_line
from sn.results.record import DataUsed, Reference
from tests.sample_runs import comparison, entry, of_values, run


@pytest.fixture
def two() -> Comparison:
    return comparison(entry("newton", (10, 12, 14)), entry("sgd", (20, 20, 26)))


def test_figures_are_those_of_the_last_pass() -> None:
    one = entry("newton", (10, 12))
    assert one.figures("test_misses") == (20.0, 24.0)
    assert one.figures("train_error") == pytest.approx((1.1e-3, 1.12e-3))


def test_the_time_is_the_median() -> None:
    assert entry("a", (1, 2, 3)).us_per_presentation == 21.0
    assert entry("a", (1, 2)).us_per_presentation == 20.5


def test_passes_are_counted_to_the_first_that_is_low_enough() -> None:
    one = entry("a", (10, 12))
    assert one.passes_to(0.0205) == (2, 2)
    assert one.passes_to(0.01011) == (3,)
    assert one.passes_to(0.001) == ()


def test_facts_that_are_equal_are_left_out(two: Comparison) -> None:
    assert two.facts_that_differ() == {"rule": {"newton": ("newton",), "sgd": ("sgd",)}}


def test_a_fact_that_one_lacks_differs() -> None:
    found = comparison(entry("a", (1,), {"mu": "0.05"}), entry("b", (1,), {"rate": "1"}))
    assert found.facts_that_differ() == {
        "mu": {"0.05": ("a",), "none": ("b",)},
        "rate": {"none": ("a",), "1": ("b",)},
    }


@pytest.mark.parametrize(
    ("published", "reach"), [(1.8e-2, 0.02), (0.02, 0.02), (1.42e-2, 0.02), (5.2, 6.0)]
)
def test_the_error_to_reach_is_a_published_one_rounded_up(published: float, reach: float) -> None:
    reference = Reference("paper", test_error=published)
    assert default_reach(comparison(entry("a", (1,)), reference=reference).entries) == reach


def test_without_a_published_error_all_entries_reach_it() -> None:
    found = comparison(entry("a", (10,)), entry("b", (900,)), reference=None)
    assert default_reach(found.entries) == 0.02


def test_the_difference_is_taken_seed_by_seed(two: Comparison) -> None:
    (misses,) = (one for one in two.differences() if one.measure == "train_misses")
    assert misses.entry.label == "sgd"
    assert misses.found.mean == 10.0
    assert texts.verdict(misses) == "higher"


def test_few_seeds_cannot_tell() -> None:
    found = comparison(entry("a", (10, 20)), entry("b", (20, 10)))
    assert {texts.verdict(one) for one in found.differences()} == {"2 seeds cannot tell"}
    one_seed = comparison(entry("a", (10,)), entry("b", (90,)))
    assert {texts.verdict(one) for one in one_seed.differences()} == {"one seed cannot tell"}


def test_two_seeds_that_agree_are_no_verdict() -> None:
    """Both differ by the same, so that their interval has no width."""
    found = comparison(entry("a", (10, 20)), entry("b", (12, 22)))
    assert {texts.verdict(one) for one in found.differences()} == {"2 seeds cannot tell"}
    assert {row[2] for row in texts.difference_rows(found)} == {""}
    written = json.loads(json_line(comparison_object(found)))
    assert {(one["low"], one["high"], one["clear"]) for one in written["differences"]} == {
        (None, None, False)
    }
    assert written["tests"] == {"count": 0, "clear_by_luck": 0}
    assert "by luck" not in " ".join(texts.remarks(found))
    three = comparison(entry("a", (10, 20, 30)), entry("b", (12, 22, 33)))
    assert "higher" in {texts.verdict(one) for one in three.differences()}


def test_seeds_that_all_differ_by_the_same_are_no_interval() -> None:
    few = comparison(entry("a", (10, 20, 30)), entry("b", (12, 22, 32)))
    assert {texts.verdict(one) for one in few.differences()} == {"3 seeds cannot tell"}
    assert {row[2] for row in texts.difference_rows(few)} == {""}
    assert few.n_tested == 0
    many = comparison(entry("a", (10,) * 6), entry("b", (12,) * 6))
    assert {texts.verdict(one) for one in many.differences()} == {"higher"}
    assert {row[2] for row in texts.difference_rows(many)} == {""}
    assert many.n_tested == 4


def test_one_pass_is_no_passes() -> None:
    runs = [replace(one, passes=one.passes[:1]) for one in entry("a", (1, 2)).runs]
    found = comparison(replace(entry("a", (1, 2)), runs=tuple(runs)))
    assert texts.heading(found).startswith("1 pass over zipcode; 2 seeds each")
    assert "\n1 pass over zipcode; 2 seeds each.\n" in texts.markdown(found)
    assert texts.heading(comparison(entry("a", (1,)))).startswith("3 passes over zipcode;")


def test_many_tests_come_with_a_word_about_luck() -> None:
    others = [entry(name, (11, 23, 30)) for name in "bcdef"]
    found = comparison(entry("a", (10, 20, 33)), *others)
    assert len(found.differences()) == found.n_tested == 20
    assert found.by_luck == pytest.approx(1.0)
    (said,) = (one for one in texts.remarks(found) if "by luck" in one)
    assert said.startswith("20 differences are tested at 95 %; where nothing differs, 1 of them")
    written = json.loads(json_line(comparison_object(found)))
    assert written["tests"] == {"count": 20, "clear_by_luck": pytest.approx(1.0)}


def with_cost(one: Entry, cost: str) -> Entry:
    """The entry with another cost: three times its half squares."""
    runs = tuple(
        replace(
            run,
            options={"cost": cost},
            passes=tuple(
                replace(
                    record,
                    train=replace(record.train, error=9.0, squares=record.train.error),
                    test=replace(record.test, error=3 * record.test.error, squares=0.5),
                )
                for record in run.passes
            ),
        )
        for run in one.runs
    )
    return replace(one, runs=runs)


def test_errors_of_different_costs_are_compared_in_half_squares() -> None:
    plain = entry("a", (10, 20, 33))
    other = with_cost(plain, "mean-square")
    found = comparison(plain, other)
    assert other.figures("train_error") == plain.figures("train_error")
    assert other.figures("test_error") == (0.5, 0.5, 0.5)
    assert other.figures("train_cost") == (9.0, 9.0, 9.0)
    (said,) = (one for one in texts.remarks(found) if "half squares" in one)
    assert "a minimises mean-square, 9.00e0 in training and 3.06e-2 in the test" in said
    written = json.loads(json_line(comparison_object(found)))["entries"]
    assert [one["cost"] for one in written] == ["lms", "mean-square"]
    assert written[1]["train_cost"]["mean"] == 9.0
    assert not any("half squares" in one for one in texts.remarks(comparison(plain, plain)))


def test_warnings_of_runs_are_told() -> None:
    one = entry("a", (10, 20, 33))
    runs = (one.runs[0], replace(one.runs[1], warnings=("it is stuck",)), one.runs[2])
    found = comparison(replace(one, runs=runs))
    assert "warning: 1 of 3 runs of a warn, seed 1: it is stuck" in texts.remarks(found)
    written = json.loads(json_line(comparison_object(found)))["entries"][0]
    assert written["warnings"] == [[], ["it is stuck"], []]


def test_equal_runs_are_called_equal() -> None:
    found = comparison(entry("a", (10, 20)), entry("b", (10, 20)))
    assert {texts.verdict(one) for one in found.differences()} == {"equal in every run"}


def test_other_data_are_not_subtracted() -> None:
    other = Entry("b", "b", "sgd", {}, (run(0, 5, "sgd", data=DataUsed("mnist", "9")),))
    found = Comparison((entry("a", (10,)), other), (0,), 0.02)
    assert found.differences() == ()
    assert any("other data than a" in said for said in texts.remarks(found))


def test_rows_of_the_first_table(two: Comparison) -> None:
    assert texts.summary_rows(two) == (
        ("newton", "(1.12 ± 0.02)e-3", "12.0 ± 2.0", "(1.01 ± 0.00)e-2", "24.0 ± 4.0"),
        ("", "(1.10 to 1.14)e-3", "10 to 14", "(1.01 to 1.01)e-2", "20 to 28"),
        ("sgd", "(1.22 ± 0.03)e-3", "22.0 ± 3.5", "(1.02 ± 0.00)e-2", "44.0 ± 6.9"),
        ("", "(1.20 to 1.26)e-3", "20 to 26", "(1.02 to 1.03)e-2", "40 to 52"),
        ("paper (1989)", "2.50e-3", "10", "1.80e-2", "102"),
    )


def test_one_seed_shows_no_spread() -> None:
    found = comparison(entry("newton", (10,)), reference=None)
    assert texts.summary_rows(found) == (("newton", "1.10e-3", "10.0", "1.01e-2", "20.0"),)
    assert "one seed" in texts.heading(found)


def test_rows_of_times_and_passes(two: Comparison) -> None:
    assert texts.speed_columns(two)[2] == "passes to test error 0.02"
    assert texts.speed_rows(two)[0] == ("newton", "21.00", "3.0", "3 of 3")


def test_nothing_differs_is_said() -> None:
    found = comparison(entry("a", (1,), {"x": "1"}), entry("b", (2,), {"x": "1"}))
    assert "nothing differs between the entries but their names" in texts.remarks(found)


def test_the_markdown_holds_tables_picture_and_differences(two: Comparison) -> None:
    text = texts.markdown(two, ("curves.svg",))
    assert text.startswith("# Comparison: newton, sgd\n")
    assert "| newton | (1.12 ± 0.02)e-3 | 12.0 ± 2.0 |" in text
    assert "![learning curves](curves.svg)" in text
    assert "* **rule**: newton: newton; sgd: sgd" in text
    tables = re.findall(r"^\|.*\|$", text, re.M)
    assert {line.count("|") for line in tables} == {5, 6}


def test_the_csv_files_are_read_back(two: Comparison) -> None:
    rows = list(csv.DictReader(texts.summary_csv(two).splitlines()))
    assert [row["optimizer"] for row in rows] == ["newton", "sgd"]
    assert float(rows[1]["train_misses_mean"]) == 22.0
    passes = list(csv.DictReader(texts.passes_csv(two).splitlines()))
    assert len(passes) == 2 * 3 * 3
    assert (passes[-1]["seed"], passes[-1]["pass"], passes[-1]["test_misses"]) == ("2", "3", "52")


def test_the_json_object_has_the_promised_form(two: Comparison) -> None:
    found = json.loads(json_line(comparison_object(two, "here")))
    assert found["type"] == "comparison"
    assert list(found["entries"][0]) == [
        "name",
        "optimizer",
        "seeds",
        "train_error",
        "train_misses",
        "test_error",
        "test_misses",
        "us_per_presentation",
        "cost",
        "train_cost",
        "test_cost",
        "warnings",
        "sha256",
    ]
    assert found["entries"][1]["train_misses"] == {
        "mean": 22.0,
        "sd": pytest.approx(12**0.5),
        "min": 20.0,
        "max": 26.0,
    }
    assert found["reach"]["entries"][0]["reached"] == 3
    assert found["folder"] == "here"


def test_a_single_seed_has_no_deviation_in_json() -> None:
    found = json.loads(json_line(comparison_object(comparison(entry("a", (1,))))))
    assert found["entries"][0]["test_error"]["sd"] is None


def test_runs_without_classes_and_test_sets_are_compared_in_what_they_have() -> None:
    one, two = of_values(entry("newton", (10, 11))), of_values(entry("sgd", (12, 13)))
    found = Comparison((one, two), (0, 1), default_reach((one, two)))
    assert found.measures == ("train_error",)
    assert texts.summary_columns(found) == ("", "train error")
    assert texts.speed_columns(found)[2].startswith("passes to training error 0.00")
    assert {d.measure for d in found.differences()} == {"train_error"}
    assert "test" not in texts.passes_csv(found).splitlines()[0]
    assert set(comparison_object(found)["entries"][0]) >= {"train_error", "train_cost"}
    assert "test_error" not in comparison_object(found)["entries"][0]


def test_names_are_no_marks_of_markdown() -> None:
    found = comparison(entry("a|b\n# c", (10, 12)), entry("<img src=x> [d](e) `f` $g$", (20, 20)))
    text = texts.markdown(found)
    assert text.startswith(
        "# Comparison: a\\|b\\\\n# c, \\<img src=x\\> \\[d\\](e) \\`f\\` \\$g\\$\n"
    )
    assert "\n# c" not in text and "| a|b" not in text
    for line in text.splitlines():
        if line.startswith("| "):
            bars = len(re.findall(r"(?<!\\)\|", line))
            assert bars in (5, 6, 7)
