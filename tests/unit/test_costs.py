"""Costs: values, slopes and bends of one output."""

from __future__ import annotations

import numpy as np
import pytest

from sn.net.costs import cost
from sn.net.expr import Expr, evaluate

ENDS = {"y": 0.25, "d": -1.0}


def test_lms_is_half_the_square() -> None:
    """Source: SN 2.8, E = 1/2 sum (d - y)^2."""
    lms = cost.get("lms")(10)
    assert evaluate(lms.value, ENDS) == 0.5 * 1.25**2
    assert evaluate(lms.slope, ENDS) == 1.25
    assert evaluate(lms.bend, ENDS) == 1


def test_mean_square_is_the_mean_over_the_outputs() -> None:
    mean = cost.get("mean-square")(10)
    assert evaluate(mean.value, ENDS) == pytest.approx(1.25**2 / 10)
    assert evaluate(mean.slope, ENDS) == pytest.approx(2 * 1.25 / 10)
    assert evaluate(mean.bend, ENDS) == pytest.approx(2 / 10)


@pytest.mark.parametrize("name", list(cost))
def test_every_cost_has_its_derivatives(name: str) -> None:
    """Of each output, with the others where they are."""
    some = cost.get(name)(3)
    at, desired, h = np.array([0.25, -0.5, 1.25]), np.array([-1.0, 0.25, 2.0]), 1e-4

    def moved(e: Expr, unit: int, by: float) -> np.ndarray:
        return np.asarray(evaluate(e, some.ends(at + by * np.eye(3)[unit], desired)))

    for unit in range(3):
        slope, bend = (np.broadcast_to(moved(e, unit, 0), 3)[unit] for e in (some.slope, some.bend))
        ends = [np.sum(moved(some.value, unit, x)) for x in (h, -h)]
        assert slope == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-7, abs=1e-7)
        ends = [moved(some.slope, unit, x)[unit] for x in (h, -h)]
        assert bend == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-7, abs=1e-7)
