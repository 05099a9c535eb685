"""Costs: values, slopes and bends of one output."""

from __future__ import annotations

import pytest

from sn.net.costs import cost
from sn.net.expr import evaluate

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
    some = cost.get(name)(3)
    h = 1e-4

    def moved(e: object, by: float) -> float:
        return float(evaluate(e, {"y": 0.25 + by, "d": -1.0}))  # type: ignore[arg-type]

    for f, df in ((some.value, some.slope), (some.slope, some.bend)):
        difference = (moved(f, h) - moved(f, -h)) / (2 * h)
        assert moved(df, 0) == pytest.approx(difference, rel=1e-7, abs=1e-7)
