"""Means, deviations and Student's t against printed tables and by hand."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sn.results.statistics import PairedDifference, Summary, t_coverage, t_quantile

# Two-sided 95 % points, from the table that every textbook prints.
TABLE = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 9: 2.262, 10: 2.228, 30: 2.042}
FIGURES = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30)


@pytest.mark.parametrize(("degrees", "t"), TABLE.items())
def test_quantiles_are_those_of_the_printed_table(degrees: int, t: float) -> None:
    assert t_quantile(0.95, degrees) == pytest.approx(t, abs=5e-4)


def test_other_coverages_are_those_of_the_printed_table() -> None:
    assert t_quantile(0.99, 9) == pytest.approx(3.250, abs=5e-4)
    assert t_quantile(0.90, 4) == pytest.approx(2.132, abs=5e-4)


def test_one_degree_is_the_cauchy_distribution() -> None:
    assert t_coverage(1.0, 1) == pytest.approx(0.5)


def test_many_degrees_are_the_normal_distribution() -> None:
    assert t_coverage(1.96, 20001) == pytest.approx(math.erf(1.96 / math.sqrt(2)), abs=1e-4)


@given(FIGURES)
def test_a_summary_agrees_with_the_standard_library(values: list[float]) -> None:
    summary = Summary.of(values)
    assert summary.mean == pytest.approx(statistics.fmean(values), rel=1e-9, abs=1e-6)
    assert summary.sd == pytest.approx(statistics.stdev(values), rel=1e-6, abs=1e-6)
    assert (summary.least, summary.most) == (min(values), max(values))


def test_one_figure_has_no_deviation() -> None:
    assert Summary.of([3.0]) == Summary(3.0, None, 3.0, 3.0)


def test_a_paired_difference_by_hand() -> None:
    # differences 1, 2, 3: mean 2, sd 1, t(2) = 4.303
    found = PairedDifference.of([10, 20, 30], [11, 22, 33])
    assert (found.mean, found.pairs) == (2.0, 3)
    assert found.low == pytest.approx(2 - 4.3027 / math.sqrt(3), abs=1e-3)
    assert found.high == pytest.approx(2 + 4.3027 / math.sqrt(3), abs=1e-3)
    assert not found.is_clear


def test_pairs_see_what_two_spreads_hide() -> None:
    before = [10.0, 20.0, 30.0, 40.0]
    assert PairedDifference.of(
        before, [value + 1 + 0.1 * (value > 20) for value in before]
    ).is_clear


def test_equal_runs_do_not_differ() -> None:
    found = PairedDifference.of([1.0, 2.0], [1.0, 2.0])
    assert (found.mean, found.low, found.high, found.is_clear) == (0, 0, 0, False)


def test_one_pair_tells_nothing() -> None:
    found = PairedDifference.of([1.0], [5.0])
    assert (found.mean, found.low, found.high, found.is_clear) == (4.0, None, None, False)


@pytest.mark.parametrize("pairs", [2, 3, 5])
def test_equal_differences_show_no_spread(pairs: int) -> None:
    """Counts are whole numbers, so that a few seeds may well differ by the same."""
    found = PairedDifference.of([10.0] * pairs, [12.0] * pairs)
    assert (found.mean, found.low, found.high, found.interval) == (2.0, None, None, None)
    assert (found.is_tested, found.is_clear) == (False, False)


def test_six_equal_differences_have_a_sign() -> None:
    """Six signs that agree come by luck in 2 of 64 cases, five in 2 of 32."""
    found = PairedDifference.of([1.0, 2, 3, 4, 5, 6], [0.0, 1, 2, 3, 4, 5])
    assert (found.mean, found.interval, found.is_tested, found.is_clear) == (-1, None, True, True)


def test_rounding_is_no_spread() -> None:
    before = [0.1, 1 / 3, 0.9]
    after = [value + 0.01 for value in before]
    assert len({b - a for a, b in zip(before, after, strict=True)}) > 1
    assert PairedDifference.of(before, after).interval is None
