"""Curves for notebooks: where lines and ticks stand, what they are called, their colours."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest

from sn.charts.inline import PIXELS, inline
from sn.charts.lines import BOTTOM, HEIGHT, LEFT, LINE, MOST_POINTS, RIGHT, TOP, WIDTH

Element = ElementTree.Element
FALLING = [(number, 10.0 ** (-number)) for number in range(1, 6)]


def drawn(*curves: tuple[str, list[tuple[float, float]]]) -> Element:
    return ElementTree.fromstring(inline(list(curves)))


def of(picture: Element, tag: str, name: str = "") -> list[Element]:
    found = [one for one in picture if one.tag.endswith(f"}}{tag}")]
    return [one for one in found if one.get("class", "").startswith(name)]


def points(line: Element) -> list[tuple[float, float]]:
    pairs = (pair.split(",") for pair in line.attrib["points"].split())
    return [(float(x), float(y)) for x, y in pairs]


def test_powers_of_ten_are_a_straight_line_over_the_whole_width() -> None:
    (line,) = of(drawn(("train", FALLING)), "polyline", "curve")
    found = points(line)
    assert found[0][0] == LEFT and found[-1][0] == WIDTH - RIGHT
    assert TOP <= found[0][1] < TOP + 5 and HEIGHT - BOTTOM - 5 < found[-1][1] <= HEIGHT - BOTTOM
    steps = [b[1] - a[1] for a, b in zip(found, found[1:], strict=False)]
    assert steps == pytest.approx([steps[0]] * 4, abs=0.11)


def test_figures_that_are_not_all_positive_have_an_even_scale() -> None:
    (line,) = of(drawn(("train", [(1, 1.0), (2, 0.0), (3, -1.0)])), "polyline", "curve")
    (_, top), (_, middle), (_, bottom) = points(line)
    assert middle - top == pytest.approx(bottom - middle, abs=0.11)


def test_ticks_stand_at_round_figures() -> None:
    texts = {one.text for one in of(drawn(("train", FALLING)), "text")}
    assert {"0.1", "0.01", "1e-3", "1e-4", "1e-5"} <= texts
    assert {"1", "2", "3", "4", "5", "pass", "train", "error"} <= texts
    close = {one.text for one in of(drawn(("train", [(1, 0.03), (40, 0.011)])), "text")}
    assert "0.02" in close and "10" in close
    narrow = {one.text for one in of(drawn(("train", [(1, 0.049), (3, 0.021)])), "text")}
    assert {"0.03", "0.04"} <= narrow, "no power of ten is near"


def test_names_at_the_ends_do_not_meet() -> None:
    same = [(1, 1.0), (2, 0.5)]  # they end at the lower edge
    picture = drawn(("train", same), ("validation", same), ("test", same))
    names = of(picture, "text", "name")
    assert {one.text for one in names} == {"train", "validation", "test"}
    places = sorted(float(one.attrib["y"]) for one in names)
    assert all(b - a >= LINE - 0.2 for a, b in zip(places, places[1:], strict=False))
    assert all(float(one.attrib["x"]) >= WIDTH - RIGHT for one in names)


def test_a_single_pass_is_a_dot_and_none_is_nothing() -> None:
    assert len(of(drawn(("train", [(1, 0.5)])), "circle")) == 1
    assert inline([("train", [])]) == inline([]) == ""
    assert inline([("train", [(1, math.nan)])]) == ""
    (line,) = of(drawn(("train", [(1, 0.5), (2, math.nan), (3, 0.1)])), "polyline", "curve")
    assert len(points(line)) == 2, "and a pass without a number leaves out a point"


def test_long_runs_have_few_points_and_end_where_they_end() -> None:
    many = [(float(number), 1.0 + number % 2) for number in range(1, 100_001)]
    (line,) = of(drawn(("train", many)), "polyline", "curve")
    found = points(line)
    assert len(found) <= MOST_POINTS + 1
    assert found[-1][0] == WIDTH - RIGHT
    assert found == sorted(found, key=lambda point: point[0])


def test_names_are_text() -> None:
    text = inline([('<b>"&\x1b\n', [(1, 1.0), (2, 2.0)])], "<i>")
    ElementTree.fromstring(text)
    assert "<b>" not in text and "<i>" not in text and "\x1b" not in text


def test_the_page_around_decides_on_colours_of_text_and_grid() -> None:
    """Nothing asks whether the reader's system is dark: a notebook may be what that is not."""
    picture = drawn(("train", FALLING), ("test", FALLING))
    assert picture.attrib["width"] == str(PIXELS)
    (style,) = of(picture, "style")
    rules = style.text or ""
    assert "text{fill:currentColor" in rules and "prefers-color-scheme" not in rules
    assert all(one.startswith(".sn-chart") for one in re.split(r"[},]\s*(?=\.)", rules))
    hues = [one.attrib["class"].split()[1] for one in of(picture, "polyline", "curve")]
    assert hues == ["hue0", "hue1"] and ".hue1{stroke:#d55e00}" in rules
