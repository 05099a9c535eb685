"""Reports of a set: confusions, rejection, real values."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from sn.results.lines import json_line
from sn.results.reports import (
    class_report,
    label_report,
    report_object,
    share_to_reject,
    value_report,
)


def test_the_confusion_has_the_right_class_in_rows_and_the_answer_in_columns() -> None:
    answers = np.array([0, 1, 1, 2, 1, 0])
    right = np.array([0, 1, 2, 2, 2, 2])
    found = class_report(np.eye(3)[answers], np.eye(3)[right], ("a", "b", "c"))
    assert found.confusion.tolist() == [[1, 0, 0], [0, 1, 0], [1, 2, 1]]
    assert (found.misses.tolist(), found.patterns.tolist()) == ([0, 0, 3], [1, 1, 4])
    assert found.worst() == (("c", "b", 2), ("c", "a", 1))
    assert found.worst(1) == (("c", "b", 2),)


def test_one_unit_answers_the_second_class_from_the_threshold_on() -> None:
    found = class_report(
        np.array([[0.5], [0.49], [0.9]]), np.array([[1.0], [0], [0]]), ("no", "yes"), 0.5
    )
    assert found.confusion.tolist() == [[1, 1], [0, 1]]
    assert found.rejected is None


def outputs(margins: list[float]) -> np.ndarray:
    return np.array([[margin, 0.0, -1.0] for margin in margins])


@pytest.mark.parametrize(
    ("margins", "right", "level", "share"),
    [
        # nothing is wrong: nothing is rejected
        ([0.1, 0.2, 0.3], [1, 1, 1], 0.01, 0.0),
        # the least sure one is wrong
        ([0.1, 0.2, 0.3, 0.4], [0, 1, 1, 1], 0.01, 0.25),
        # the surest is wrong: all must go
        ([0.1, 0.2, 0.3, 0.4], [1, 1, 1, 0], 0.01, 1.0),
        # one of four may be wrong
        ([0.1, 0.2, 0.3, 0.4], [0, 1, 1, 0], 0.34, 0.25),
        ([0.1, 0.2, 0.3, 0.4], [0, 1, 1, 0], 0.5, 0.0),
        # equals go together
        ([0.2, 0.2, 0.3, 0.4], [0, 1, 1, 1], 0.01, 0.5),
        ([], [], 0.01, 0.0),
    ],
)
def test_the_share_to_reject_is_the_least_that_leaves_few_errors(
    margins: list[float], right: list[int], level: float, share: float
) -> None:
    found = share_to_reject(outputs(margins).reshape(-1, 3), np.array(right, bool), level)
    assert found == pytest.approx(share)


def test_labels_are_counted_one_by_one() -> None:
    given = np.array([[0.9, 0.1], [0.2, 0.6], [0.5, 0.4]])
    right = np.array([[1.0, 0], [1, 0], [1, 1]])
    found = label_report(given, right, ("wet", "cold"), 0.5)
    assert (found.misses.tolist(), found.patterns) == ([1, 2], 3)


def test_real_values_have_a_root_mean_square_and_a_share_of_variance() -> None:
    desired = np.array([[0.0, 5], [2, 5], [4, 5]])
    given = desired + np.array([[1.0, 2], [-1, 2], [1, 2]])
    found = value_report(given, desired, ("x", "y"))
    assert found.rms.tolist() == pytest.approx([1.0, 2.0])
    # the squares about the mean of x are 4 + 0 + 4, the errors 3; y does not vary
    assert found.explained[0] == pytest.approx(1 - 3 / 8)
    assert math.isnan(found.explained[1])
    assert found.total == pytest.approx(1 - 15 / 8)
    assert json.loads(json_line(report_object(found)))["variance_explained"][1] is None
