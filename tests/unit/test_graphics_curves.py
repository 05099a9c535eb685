"""Curves: where plotting ports and axes put real numbers, measured in the picture."""

from __future__ import annotations

import io
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sn.describe import new_interpreter
from sn.errors import SnError
from sn.figure.letters import text_width
from sn.graphics.picture import pictures_of
from tests.drawings import SVG, elements, lines, run, told, value

LIB = Path(__file__).resolve().parents[2] / "sn" / "lib"

PORT = "(setq plot-port (new-plot-port '(10 10 90 50) '(0 0 8 4) {}))"


def test_a_port_puts_real_numbers_where_they_belong() -> None:
    """(0 0) is the lower left corner of the rectangle, (8 4) the upper right one."""
    program = PORT.format("object-nil") + "(plt-draw 0 0) (plt-draw 8 4) (plt-draw 4 0)"
    assert lines(program) == [(10, 50, 90, 10), (90, 10, 50, 50)]


@pytest.mark.parametrize("rects", ["'(10 50 90 10) '(0 0 8 4)", "'(10 10 90 50) '(0 4 8 0)"])
def test_larger_numbers_are_higher_up_whatever_end_comes_first(rects: str) -> None:
    program = f"(setq plot-port (new-plot-port {rects} ())) (plt-move 0 0) (plt-draw 8 4)"
    assert lines(program) == [(10, 50, 90, 10)]


def test_the_pen_of_each_port_is_its_own() -> None:
    program = (
        "(setq a (new-plot-port '(10 10 90 50) '(0 0 8 4) ())) (setq b (copy-plot-port a))"
        "(let ((plot-port a)) (plt-draw 0 0)) (let ((plot-port b)) (plt-draw 0 4))"
        "(let ((plot-port a)) (plt-draw 8 0)) (let ((plot-port b)) (plt-draw 8 4))"
    )
    assert lines(program) == [(10, 50, 90, 50), (10, 10, 90, 10)]


def test_plt_clear_begins_another_curve() -> None:
    program = "(plt-draw 0 0) (plt-draw 8 0) (plt-clear) (plt-draw 0 4) (plt-draw 8 4)"
    assert lines(PORT.format("()") + program) == [(10, 50, 90, 50), (10, 10, 90, 10)]


def test_an_object_is_drawn_without_moving_the_pen() -> None:
    found = elements(PORT.format("open-circle") + "(plt-draw 0 0) (plt-plot 4 2) (plt-draw 8 0)")
    assert [told(one)["tag"] for one in found] == ["circle", "path"]
    assert (found[0].get("cx"), found[0].get("cy")) == ("50", "30")
    assert found[1].get("d") == "M10 50L90 50"


def test_what_lies_outside_of_a_port_is_cut() -> None:
    program = PORT.format("closed-square") + "(plt-draw 0 0) (plt-draw 8 8) (plt-plot 8 8)"
    assert lines(program) == [(10, 50, 50, 10)]
    assert len(elements(program)) == 1  # no square
    assert not lines(PORT.format("()") + "(plt-draw 0 9) (plt-draw 8 9)")


@pytest.mark.parametrize(
    ("object", "tags"),
    [
        ("object-nil", []),
        ("()", []),
        ("open-circle", ["circle"]),
        ("closed-circle", ["circle"]),
        ("open-square", ["rect"]),
        ("closed-square", ["rect"]),
        ("open-up-triangle", ["path"]),
        ("closed-up-triangle", ["polygon"]),
        ("open-down-triangle", ["path"]),
        ("closed-down-triangle", ["polygon"]),
        ("'open-circle", ["circle"]),
        ("(lambda (x y) (draw-line x y (+ x 1) y))", ["path"]),
    ],
)
def test_each_object_is_drawn_by_plt_plot(object: str, tags: list[str]) -> None:
    found = elements(PORT.format(object) + "(plt-plot 4 2)")
    assert [told(one)["tag"] for one in found] == tags
    closed = [one.get("fill") != "none" for one in found]
    assert closed == ["closed" in object] * len(found)


def test_plot_lists_draws_a_curve_with_its_objects() -> None:
    found = elements(PORT.format("closed-circle") + "(plot-lists '(0 4 8) [0 4 0])")
    assert found[0].get("d") == "M10 50L50 10L90 50"
    assert [(one.get("cx"), one.get("cy")) for one in found[1:]] == [
        ("10", "50"),
        ("50", "10"),
        ("90", "50"),
    ]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("(plt-draw 0 0)", "plt-draw needs a plotting port, found ()"),
        ("(let ((plot-port '(1 2))) (plt-plot 0 0))", "plt-plot needs a plotting port, found"),
        ("(let ((plot-port '(() (1 2 3) (1 2 3 4) ()))) (plt-clear))", "plt-clear needs"),
        ("(copy-plot-port '(1 2 3))", "copy-plot-port needs a plotting port"),
        ("(new-plot-port '(1 2 3) '(0 0 1 1) ())", "brect has four numbers, found 3"),
        ("(new-plot-port '(1 2 3 4) '(0 0 1) ())", "rrect has four numbers, found 3"),
        ("(progn (setup-axes 0 0 1 1) (plot-lists '(1 2) '(1)))", "found 2 and 1 numbers"),
        ("(setup-axes 0 0 0 1)", "two ends of each axis that differ"),
        ("(setup-axes -1e308 0 1e308 1)", "two ends of each axis that differ, by 1e+300 at most"),
        ("(setup-axes 0 0 1 1e-310)", "two ends of each axis that differ"),
        ("(draw-axes '(1 2 3) () ())", "brect has four numbers, found 3"),
        ("(nice-brect '(1 2))", "a rectangle has four numbers, found 2"),
    ],
)
def test_a_port_says_what_it_needs(call: str, message: str) -> None:
    with pytest.raises(SnError, match=re.escape(message)):
        run(f"(new-window) {call}")


def axes(program: str, size: str = "400 300") -> dict[str, tuple[float, float, float]]:
    """The labels of a picture: x, y and size of each text."""
    return {
        str(one.text): tuple(float(one.attrib[name]) for name in ("x", "y", "font-size"))  # type: ignore[misc]
        for one in elements(program, size)
        if one.tag == f"{SVG}text"
    }


def test_axes_measure_what_they_show() -> None:
    """Each label is at its mark, and a curve through two of them goes through both marks."""
    program = "(setup-axes 0 -1 10 1 2 0.5 \"sine\") (plot-lists '(2 8) '(-0.5 1))"
    labels = axes(program)
    assert set(labels) == {"0", "2", "4", "6", "8", "10", "-1", "-0.5", "0.5", "1", "sine"}
    *frame, (x1, y1, x2, y2) = lines(program, "400 300")
    assert x1 == pytest.approx(labels["2"][0])
    assert x2 == pytest.approx(labels["8"][0])
    # letters stand on their line, a third of their height below the mark
    assert y1 == pytest.approx(labels["-0.5"][1] - 0.35 * 12)
    assert y2 == pytest.approx(labels["1"][1] - 0.35 * 12)
    assert (56, 30, 56, 270) in frame and (56, 270, 380, 270) in frame


def test_labels_are_spread_evenly_whatever_they_are() -> None:
    labels = axes('(draw-axes \'(100 20 300 220) \'("a" "b" 7) \'(0 () "top") "t")')
    assert [labels[one][0] for one in ("a", "b", "7")] == [100, 200, 300]
    assert [labels[one][1] for one in ("0", "top")] == pytest.approx([224.2, 24.2])
    assert labels["t"][0] == 200


@pytest.mark.parametrize("size", ["60 40", "120 90", "200 150", "512 512", "1000 300"])
def test_labels_never_meet_nor_leave_the_window(size: str) -> None:
    """Measured with the widest letters that a reader may have."""
    wide, high = map(float, size.split())
    program = (
        '(draw-axes (nice-brect) (range 0 100000 5000) (range 0 1 0.01) "a title, rather long")'
    )
    boxes = []
    for one in elements(program, size):
        if one.tag == f"{SVG}text":
            letters = float(one.attrib["font-size"])
            width = text_width(one.text or "", letters)
            anchor = {"middle": 0.5, "end": 1.0}.get(one.get("text-anchor", ""), 0.0)
            left = float(one.attrib["x"]) - anchor * width
            y = float(one.attrib["y"])
            boxes.append((left, y - 0.75 * letters, left + width, y))
    for left, top, right, low in boxes:
        assert 0 <= left and right <= wide and 0 <= top and low <= high, (size, boxes)
    for n, one in enumerate(boxes):
        for other in boxes[n + 1 :]:
            apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1]
            assert apart or other[3] <= one[1], (one, other)


def test_a_number_is_never_written_without_its_end() -> None:
    labels = axes("(draw-axes (nice-brect) '(0 1) '(0 123456 999999))", "120 90")
    assert "0" in labels
    assert not any("…" in label for label in labels)


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ("0 10", ["0", "2", "4", "6", "8", "10"]),
        ("-1.7 1.7", ["-1.5", "-1", "-0.5", "0", "0.5", "1", "1.5"]),
        ("0 0.003", ["0", "0.0005", "0.001", "0.0015", "0.002", "0.0025", "0.003"]),
        ("10 0", ["10", "8", "6", "4", "2", "0"]),
        ("97 103", ["97", "98", "99", "100", "101", "102", "103"]),
    ],
)
def test_axes_find_round_steps(ends: str, expected: list[str]) -> None:
    start, end = ends.split()
    found = [
        one.text
        for one in elements(f"(setup-axes {start} 0 {end} 1)", "800 300")
        if one.get("text-anchor") == "middle"
    ]
    assert found == expected


def test_a_tiny_step_does_not_fill_the_window() -> None:
    assert len(lines("(setup-axes 0 0 1 1 1e-9 1e-9)")) < 500
    assert len(lines("(draw-axes (nice-brect) (range 1 5000) ())")) < 500


def test_nice_brect_leaves_room_in_the_window_or_in_a_rectangle() -> None:
    assert value("(new-window 400 300) (nice-brect)") == "(56 30 380 270)"
    assert value("(new-window 400 300) (nice-brect ())") == "(56 30 380 270)"
    assert value("(nice-brect '(0 0 400 300))") == "(56 30 380 270)"
    assert value("(nice-brect 0 0 400 300)") == "(56 30 380 270)"
    assert value("(nice-brect (new-window 400 300))") == "(56 30 380 270)"
    assert value("(nice-brect '(500 600 400 300))") == "(556 630 880 870)"  # x y width height


# --- plot-nlf ---


def plot_nlf(call: str) -> tuple[str, str]:
    it = new_interpreter(out=io.StringIO(), path=[LIB])
    text = it.show(it.run(f'(libload "plot-nlf") {call}', "drawing.sn"))
    (figure,) = pictures_of(it.screen).values()
    return text, figure.svg


def test_plot_nlf_draws_functions_and_keeps_the_window() -> None:
    program = '(setq old (new-window "old")) (de f (x) (* x x)) (de g (x) x) (plot-nlf f g -2 2)'
    text, svg = plot_nlf(program + "(== window old)")
    assert text == "t"
    assert svg.count('stroke="#0072b2"') == 1 and svg.count('stroke="#d55e00"') == 1
    picture = ElementTree.fromstring(svg)
    assert {"-2", "2", "4", "f", "f'"} <= {str(one.text) for one in picture.iter(f"{SVG}text")}


def test_plot_nlf_draws_the_functions_of_the_units() -> None:
    text, svg = plot_nlf("(setq nlf (lambda (x) (if (> x 0) 1 -1)) dnlf () ddnlf ()) (plot-nlf)")
    assert text == "::WINDOW:nlf"
    assert svg.count('stroke="#0072b2"') == 1 and "#d55e00" not in svg


def test_plot_nlf_without_a_function_says_so() -> None:
    it = new_interpreter(out=io.StringIO(), path=[LIB])
    with pytest.raises(SnError, match="there is no function to draw"):
        it.run('(setq nlf () dnlf () ddnlf ()) (libload "plot-nlf") (plot-nlf)')
