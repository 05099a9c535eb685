"""Curves in a page: where lines and ticks stand, and what they are called."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest

from sn.results.curve_svg import BOTTOM, HEIGHT, LEFT, LINE, MOST, RIGHT, TOP, WIDTH, curve_svg

Element = ElementTree.Element
FALLING = [(number, 10.0 ** (-number)) for number in range(1, 6)]


def drawn(*curves: tuple[str, list[tuple[float, float]]]) -> Element:
    return ElementTree.fromstring(curve_svg(list(curves)))


def of(picture: Element, tag: str) -> list[Element]:
    return [one for one in picture if one.tag.endswith(f"}}{tag}")]


def points(line: Element) -> list[tuple[float, float]]:
    pairs = (pair.split(",") for pair in line.attrib["points"].split())
    return [(float(x), float(y)) for x, y in pairs]


def test_powers_of_ten_are_a_straight_line_from_corner_to_corner() -> None:
    (line,) = of(drawn(("train", FALLING)), "polyline")
    found = points(line)
    assert found[0] == (LEFT, TOP) and found[-1] == (WIDTH - RIGHT, HEIGHT - BOTTOM)
    steps = {round(b[1] - a[1], 0) for a, b in zip(found, found[1:], strict=False)}
    assert len(steps) == 1


def test_figures_that_are_not_all_positive_have_an_even_scale() -> None:
    (line,) = of(drawn(("train", [(1, 1.0), (2, 0.0), (3, -1.0)])), "polyline")
    (_, top), (_, middle), (_, bottom) = points(line)
    assert middle - top == pytest.approx(bottom - middle)


def test_ticks_stand_at_round_figures() -> None:
    texts = [one.text for one in of(drawn(("train", FALLING)), "text")]
    assert {"0.1", "0.01", "0.001", "0.0001", "1e-05"} <= set(texts)
    assert {"1", "2", "3", "4", "5", "pass", "train", "error"} <= set(texts)
    close = [one.text for one in of(drawn(("train", [(1, 0.03), (40, 0.011)])), "text")]
    assert "0.02" in close and "10" in close
    narrow = [one.text for one in of(drawn(("train", [(1, 0.049), (3, 0.021)])), "text")]
    assert {"0.03", "0.04"} <= set(narrow), "no power of ten is near"


def test_names_at_the_ends_do_not_meet() -> None:
    same = [(1, 1.0), (2, 0.5)]  # they end at the lower edge
    picture = drawn(("train", same), ("validation", same), ("test", same))
    names = {one.text: float(one.attrib["y"]) for one in of(picture, "text") if one.text}
    places = sorted(names[name] for name in ("train", "validation", "test"))
    assert all(b - a >= LINE for a, b in zip(places, places[1:], strict=False))
    assert places[-1] <= HEIGHT - BOTTOM + 4, "and not the figures below"
    assert all(
        float(one.attrib["x"]) >= WIDTH - RIGHT
        for one in of(picture, "text")
        if one.text in ("train", "validation", "test")
    )


def test_a_single_pass_is_a_dot_and_none_is_nothing() -> None:
    picture = drawn(("train", [(1, 0.5)]))
    assert len(of(picture, "circle")) == 1 and not of(picture, "polyline")
    assert curve_svg([("train", [])]) == ""
    assert curve_svg([("train", [(1, math.nan)])]) == ""


def test_long_runs_have_few_points_and_end_where_they_end() -> None:
    many = [(number, 1.0 + number % 2) for number in range(1, 100_001)]
    (line,) = of(drawn(("train", many)), "polyline")
    found = points(line)
    assert len(found) <= MOST
    assert found[-1][1] == HEIGHT - BOTTOM or found[-1][1] == TOP
    assert found == sorted(found, key=lambda point: point[0])


def test_names_are_text() -> None:
    text = curve_svg([('<b>"&\x1b\n', [(1, 1.0), (2, 2.0)])], "<i>")
    ElementTree.fromstring(text)
    assert "<b>" not in text and "<i>" not in text and "\x1b" not in text and "\n" not in text


def test_the_page_decides_on_colours_of_text_and_axes() -> None:
    text = curve_svg([("train", FALLING), ("test", FALLING)])
    assert 'fill="currentColor"' in text
    assert set(re.findall(r'stroke="([^"]+)"', text)) == {"currentColor", "#2f86c5", "#d55e00"}
