"""Criteria: which patterns count as right, by SN's definitions."""

from __future__ import annotations

import numpy as np
import pytest

from sn.data.rows import TargetKind
from sn.train import criteria
from sn.train.criteria import Criterion
from sn.train.targets import desired_outputs

# outputs, targets
ROWS = [([0.9, -0.8], [1, -1]), ([0.2, 0.3], [1, -1]), ([0.4, 0.0], [1, 0]), ([-0.9, 0.8], [1, -1])]


@pytest.mark.parametrize(
    ("criterion", "right"),
    [
        (criteria.largest(), [True, False, True, False]),
        (criteria.quadrant(), [True, False, True, False]),
        (criteria.sign(), [True, False, True, False]),
        # below -0.25, between, above 0.25
        (criteria.sign(-0.25, 0.25), [True, False, True, False]),
        (criteria.sign(-0.95, 0.95), [False, False, False, False]),
        (criteria.middle(0.5), [True, False, False, False]),
        (criteria.tolerance(0.65), [True, False, True, False]),
        (criteria.tolerance(0.59), [True, False, False, False]),
        (criteria.mean_square(0.2), [True, False, True, False]),
        (criteria.mean_square(0.1), [True, False, False, False]),
    ],
    ids=str,
)
def test_what_counts_as_right(criterion: Criterion, right: list[bool]) -> None:
    outputs, targets = (np.array(some, float) for some in zip(*ROWS, strict=True))
    assert criterion.right(outputs, targets).tolist() == right
    assert criterion.misses(outputs, targets) == right.count(False)


def test_a_target_of_zero_is_in_every_quadrant_and_an_output_of_zero_in_none() -> None:
    """Source: SN's quadrant-dist, which counts x > 0, y <= 0 and x < 0, y >= 0."""
    right = criteria.quadrant().right
    assert right(np.array([[-5.0]]), np.array([[0.0]])).all()
    assert not right(np.array([[0.0]]), np.array([[1.0]])).any()
    assert not right(np.array([[0.0]]), np.array([[-1.0]])).any()


@pytest.mark.parametrize(
    ("targets", "kind", "size", "expected"),
    [
        ([1, 0], TargetKind.CLASSES, 3, [[0.1, 0.9, 0.1], [0.9, 0.1, 0.1]]),
        ([1, 0], TargetKind.CLASSES, 1, [[0.9], [0.1]]),
        ([[True, True], [False, True]], TargetKind.LABELS, 2, [[0.9, 0.9], [0.1, 0.9]]),
        ([[2.5], [-7.0]], TargetKind.VALUES, 1, [[2.5], [-7.0]]),
    ],
)
def test_what_the_output_units_should_say(targets, kind, size, expected) -> None:
    found = desired_outputs(np.array(targets), kind, size, 0.1, 0.9)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.array(expected, np.float32))
