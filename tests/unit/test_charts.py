"""Charts and histograms of numbers that are extreme: what is drawn, and that something is."""

from __future__ import annotations

import re

import numpy as np
import pytest

from sn.charts import lines as charts
from sn.charts.lines import Line, chart
from sn.net.table import freeze
from sn.page.weights import spreads
from sn.svg import Element
from tests.sample_nets import described

FALLING = Line("a", ((1, 0.2), (2, 0.1)))


def points(drawn: Element | None) -> list[str]:
    (found,) = re.findall(r'points="([^"]*)" class="curve', f"{drawn}")
    return found.split()


def ticks(drawn: Element | None) -> list[str]:
    """The words beside the upright axis."""
    return re.findall(r'text-anchor="end">([^<]*)<', f"{drawn}")


@pytest.mark.parametrize("level", [0.0, -1.0, 1e308])
def test_a_level_that_an_axis_has_no_place_for_is_left_out(level: float) -> None:
    found = chart([FALLING, Line("paper", (), level=level)], "x", "y", is_log=True)
    assert points(found) == points(chart([FALLING], "x", "y", is_log=True))
    assert "paper" not in f"{found}"


@pytest.mark.parametrize("is_log", [True, False])
@pytest.mark.parametrize("value", [1.7e308, -1.7e308, 5e-324])
def test_numbers_at_the_ends_of_all_numbers_are_no_error(value: float, is_log: bool) -> None:
    line = Line("a", ((1, value), (2, 0.1), (3, 0.2)), 0, ((-1, 1), (0, 1.7e308), (-1e308, 1)))
    found = points(chart([line], "x", "y", is_log=is_log))
    assert len(found) in (2, 3)
    assert all(0 <= float(y) <= charts.HEIGHT for _, y in (one.split(",") for one in found))


def test_words_of_ticks_differ_whatever_the_range() -> None:
    for low, high in ((1.0, 1.0 + 2e-16), (1e15, 1e15 + 1), (0.5, 0.500001), (3.0, 3.0)):
        found = ticks(chart([Line("a", ((1, low), (2, high)))], "x", "y"))
        assert len(found) == len(set(found)) >= 3, (low, high)


def test_many_powers_of_ten_have_few_ticks() -> None:
    found = ticks(chart([Line("a", ((1, 1e-200), (2, 1e200)))], "x", "y", is_log=True))
    assert 3 <= len(found) <= 8


@pytest.mark.parametrize("zero", [True, False])
def test_no_misses_at_all_lie_on_an_axis_from_0(zero: bool) -> None:
    drawn = chart([Line("a", ((1, 0.0), (2, 0.0)))], "x", "misses", zero=zero)
    assert ticks(drawn)[0] == "0" and not [one for one in ticks(drawn) if one.startswith("-")]
    assert {one.split(",")[1] for one in points(drawn)} == {f"{charts.HEIGHT - charts.BOTTOM:.1f}"}


def test_a_long_curve_keeps_its_peaks_and_its_ends() -> None:
    values = np.linspace(2.0, 1.0, 100_000)
    values[77_777] = 5.0
    line = Line("a", tuple((float(n + 1), float(v)) for n, v in enumerate(values)))
    found = [tuple(map(float, one.split(","))) for one in points(chart([line], "x", "y"))]
    assert len(found) <= charts.MOST_POINTS + 1
    assert found[0][0] == charts.LEFT and found[-1][0] == charts.WIDTH - charts.RIGHT
    highest = min(found, key=lambda point: point[1])
    across = charts.LEFT + (charts.WIDTH - charts.RIGHT - charts.LEFT) * 77_777 / 99_999
    assert abs(highest[0] - across) <= 0.1


def test_a_picture_of_many_curves_has_room_for_their_names() -> None:
    lines = [Line(f"curve {n}", ((1, 1.0), (2, 1 + n / 1e4)), n) for n in range(40)]
    drawn = f"{chart(lines, 'x', 'y')}"
    (height,) = re.findall(r'viewBox="0 0 \d+ (\d+)"', drawn)
    found = sorted(float(y) for y in re.findall(r'y="([-0-9.]+)" class="name', drawn))
    assert len(found) == 40 and min(np.diff(found)) >= charts.LINE - 0.2
    assert found[0] > 8 and found[-1] < int(height)


def test_long_names_that_begin_alike_stay_apart() -> None:
    lines = [Line(f"zipcode-with-shared-weights-{n}", ((1, 1.0), (2, n)), n) for n in (1, 2)]
    drawn = f"{chart(lines, 'x', 'y')}"
    names = re.findall(r"</title>([^<]*)</text>", drawn)
    assert len(names) == len(set(names)) == 2
    assert "<title>zipcode-with-shared-weights-1</title>" in drawn


def test_weights_as_near_as_numbers_can_be_have_histograms() -> None:
    table = freeze(described("(defnet n (layer in (3)) (layer out (2)) (connect in out (full)))"))
    one = np.ones(table.n_weights, np.float32)
    near = one.copy()
    near[0] = np.nextafter(np.float32(1), np.float32(2))
    far = np.where(np.arange(len(one)) % 2, 3e38, -3e38).astype(np.float32)
    options = {"learning_rate": 0.1, "mu": 0.02, "damping": "add"}
    for weights, curvature in ((near, near), (far, one * np.float32(1e-17)), (one * np.inf, one)):
        drawn = spreads(table, one, weights, curvature, options).markup
        assert drawn.count("weights after") == 2 and drawn.count("step, log10") == 2
    counted = re.findall(r"<title>(\d+)</title>", spreads(table, None, near, None, {}).markup)
    assert sum(map(int, counted)) == table.n_weights
