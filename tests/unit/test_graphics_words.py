"""The words that draw: where their shapes lie, measured in the picture; what they return."""

from __future__ import annotations

import re

import pytest

from sn.errors import SnError
from sn.figure.letters import text_width
from sn.graphics.picture import pictures_of
from tests.drawings import elements, rectangles, run, told, value

# --- shapes ---


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("(draw-line 1 2 3 4.5)", {"tag": "path", "d": "M1 2L3 4.5", "stroke": "#000000"}),
        ("(draw-rect 1 2 30 40)", {"x": "1", "y": "2", "width": "30", "height": "40"}),
        ("(draw-rect 1 2 30 40)", {"tag": "rect", "fill": "none", "stroke": "#000000"}),
        ("(fill-rect 1 2 30 40)", {"tag": "rect", "width": "30", "fill": "#000000"}),
        ("(fill-rect 31 42 -30 -40)", {"x": "1", "y": "2", "width": "30", "height": "40"}),
        ("(draw-circle 9 8 7)", {"tag": "circle", "cx": "9", "cy": "8", "r": "7", "fill": "none"}),
        ("(fill-circle 9 8 7)", {"tag": "circle", "r": "7", "fill": "#000000"}),
        ("(fill-polygon 1 2 3 4 5 6)", {"tag": "polygon", "points": "1,2 3,4 5,6"}),
        ("(fill-polygon '(1 2 3 4 5 6))", {"tag": "polygon", "points": "1,2 3,4 5,6"}),
        ('(draw-text 5 20 "a")', {"tag": "text", "x": "5", "y": "20", "text": "a"}),
        ('(draw-text 5 20 "a\\tb")', {"text": "a       b"}),
        ('(gprintf 5 20 "%d %s" 3.7 "x")', {"tag": "text", "text": "3 x", "font-size": "12"}),
        ('(font "Times-Bold-14") (draw-text 5 20 "a")', {"class": "serif", "font-size": "14"}),
        ('(font "Times-Bold-14") (draw-text 5 20 "a")', {"font-weight": "bold"}),
        ('(font "Courier-Oblique-9") (draw-text 5 9 "a")', {"class": "mono", "font-size": "9"}),
        ('(font "Courier-Oblique-9") (draw-text 5 9 "a")', {"font-style": "italic"}),
        ('(font-8) (draw-text 5 9 "a")', {"class": "sans", "font-size": "8"}),
        ('(font "x999999") (draw-text 5 9 "a")', {"font-size": "200"}),
    ],
)
def test_a_word_draws_one_shape(program: str, expected: dict[str, str]) -> None:
    (found,) = elements(program)
    assert expected.items() <= told(found).items()


@pytest.mark.parametrize(
    ("program", "ink"),
    [
        ("", "#000000"),
        ("(color color-bg)", "#ffffff"),
        ("(color color-gray)", "#aaaaaa"),
        ("(color 1)", "#0072b2"),
        ("(color 9)", "#0072b2"),  # eight colours, again and again
        ("(color-rgb 1 0.5 0)", "#ff8000"),
        ("(color-rgb 7 -1 0)", "#ff0000"),
        ("(color (alloc-color 0 0 1))", "#0000ff"),
        ("(setcolor 'fgdark)", "#aaaaaa"),
        ('(setcolor "white")', "#ffffff"),
        ("(setcolor 'black)", "#000000"),
        ("(setcolor 2)", "#d55e00"),
        ("(color 2) (gsave (color 3))", "#d55e00"),
        ("(color -99)", "#000000"),
    ],
)
def test_the_next_shape_has_the_colour_that_was_chosen(program: str, ink: str) -> None:
    (found,) = elements(f"{program} (fill-circle 9 9 9)")
    assert found.get("fill") == ink


def test_gsave_gives_the_pen_back_also_after_an_error() -> None:
    program = '(on-error () (gsave (color 2) (font "Times-9") (clip 1 1 2 2) (car 5)))'
    it = run("(new-window)")
    with pytest.raises(SnError):
        it.run(program)
    assert it.show(it.run("(list (= (color) color-fg) (font) (clip))")) == '(t "Helvetica-12" ())'
    assert value("(new-window) (gsave (color 2) 7)") == "7"
    assert value("(gsave 7)") == "7"


def test_a_clip_rectangle_cuts_what_is_drawn() -> None:
    (inside, outside) = elements(
        "(clip 10 10 20 20) (fill-rect 0 0 50 50) (clip ()) (draw-line 1 1 2 2)"
    )
    assert told(inside) == {
        "tag": "svg",
        "x": "10",
        "y": "10",
        "width": "20",
        "height": "20",
        "viewBox": "10 10 20 20",
        "overflow": "hidden",
    }
    assert [told(one)["width"] for one in inside] == ["50"]
    assert told(outside)["tag"] == "path"


def test_nothing_is_seen_in_a_clip_rectangle_without_room() -> None:
    assert elements("(clip 10 10 20 20) (addclip 50 50 9 9) (fill-rect 0 0 50 50)") == []


@pytest.mark.parametrize("rect", ["1 2 3", "1 2 3 'a", "'(1 2 3)", "1 2 3 4 5", '"a"'])
def test_clip_says_what_it_needs(rect: str) -> None:
    with pytest.raises(SnError, match="clip needs the x, y, width and height of a rectangle"):
        run(f"(new-window) (clip {rect})")


def test_relief_is_gray_with_a_light_and_a_dark_edge() -> None:
    body, light, dark = elements("(fill-up-rect 10 20 30 10)")
    assert told(body) == {
        "tag": "rect",
        "x": "10",
        "y": "20",
        "width": "30",
        "height": "10",
        "fill": "#aaaaaa",
    }
    assert (light.get("d"), light.get("stroke")) == ("M10 30L10 20L40 20", "#ffffff")
    assert (dark.get("d"), dark.get("stroke")) == ("M40 20L40 30L10 30", "#000000")
    first, second = elements("(draw-down-rect 10 20 30 10)")
    assert (first.get("stroke"), second.get("stroke")) == ("#000000", "#ffffff")


@pytest.mark.parametrize("points", ["1 2 3 4", "1 2 3 4 5", "1 2 3 4 5 'a"])
def test_a_polygon_has_three_points_or_more(points: str) -> None:
    with pytest.raises(SnError, match="polygon needs|expected a number"):
        run(f"(new-window) (fill-polygon {points})")


def test_rect_text_is_as_wide_as_the_text_at_most() -> None:
    x, y, width, height = map(float, value('(rect-text 5 20 "units")')[1:-1].split())
    assert (x, height) == (5, 12)
    assert y == pytest.approx(20 - 0.8 * 12)
    assert text_width("units", 12) <= width


# --- Hinton diagrams and grays ---


def test_a_hinton_diagram_measures_its_values() -> None:
    """Two rows of three: the side is proportional to the value, the middle is that of the cell."""
    ground, black, white = elements("(draw-list 10 20 '(1 -1 0.5 -0.25 0 9) 3 1 20 16)")
    assert ground.get("fill") == "#aaaaaa"
    assert rectangles(ground.attrib["d"]) == [(10, 20, 60, 40)]
    assert black.get("fill") == "#000000"
    assert rectangles(black.attrib["d"]) == [(32, 22, 16, 16), (18, 48, 4, 4)]
    assert white.get("fill") == "#ffffff"
    assert rectangles(white.attrib["d"]) == [(12, 22, 16, 16), (56, 26, 8, 8), (52, 42, 16, 16)]


@pytest.mark.parametrize("values", ["'((1 -1) (0.5))", "[f 1 -1 0.5]", "[[1 -1 0.5]]"])
def test_a_hinton_diagram_takes_lists_in_lists_and_matrices(values: str) -> None:
    flat = [told(one) for one in elements("(draw-list 0 0 '(1 -1 0.5) 3 1 20 16)")]
    assert [told(one) for one in elements(f"(draw-list 0 0 {values} 3 1 20 16)")] == flat


def test_what_has_no_end_has_no_square() -> None:
    it = run("(new-window)")
    it.set_global("x", it.eval(it.read("(list 0 0)")[0]))
    it.intern("x").value.car = float("nan")
    it.intern("x").value.cdr.car = float("-inf")
    it.run("(draw-list 0 0 x 2 1 10 8)")
    (figure,) = pictures_of(it.screen).values()
    assert rectangles(figure.svg)[1:] == [(11, 1, 8, 8)]  # infinity is as large as can be


def test_a_cell_stays_empty_where_a_list_has_none() -> None:
    """So that weights from a layer lie where its units do, whichever are connected."""
    _, white = elements("(draw-list 0 0 '(1 () 1 ()) 2 1 10 8)")
    assert rectangles(white.attrib["d"]) == [(1, 1, 8, 8), (1, 11, 8, 8)]
    (cells,) = elements("(gray-draw-list 0 0 '(1 () 1 ()) 2 0 1 10)")
    assert rectangles(cells.attrib["d"]) == [(0, 0, 10, 10), (0, 10, 10, 10)]


@pytest.mark.parametrize("call", ["(draw-list 0 0 () 2 1 9 9)", "(gray-draw-list 0 0 () 2 0 1 9)"])
def test_an_empty_list_draws_nothing(call: str) -> None:
    assert not run(f"(new-window) {call}").screen.windows[0].marks


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("(draw-list 0 0 '(1 a) 2 1 9 9)", "expected a number to draw, found the symbol a"),
        ("(draw-list 0 0 '(1 2) 0 1 9 9)", "at least 1 column, found 0"),
        ('(gray-draw-list 0 0 \'(1 "b") 1 0 1 9)', "expected a number to draw, found the string"),
        ("(gray-draw-matrix 0 0 (matrix 2 2 2))", "a matrix of 1 or 2 dimensions"),
        ("(progn (setq l (list 1)) (rplaca l l) (draw-list 0 0 l 2 1 9 9))", "deep in one another"),
        ("(progn (setq l (list 1)) (rplacd l l) (draw-list 0 0 l 2 1 9 9))", "circular"),
        ("(draw-value 1 1 'a 1 1)", "draw-value needs a number as argument 3"),
    ],
)
def test_a_diagram_says_what_it_takes(call: str, message: str) -> None:
    with pytest.raises(SnError, match=re.escape(message)):
        run(f"(new-window) {call}")


def test_values_are_squares_and_circles_around_a_point() -> None:
    (white,) = elements("(draw-value 50 40 0.5 1 20)")
    assert rectangles(white.attrib["d"]) == [(45, 35, 10, 10)]
    assert (white.get("fill"), white.get("stroke")) == ("#ffffff", "#000000")
    (black,) = elements("(draw-round-value 50 40 -2 1 20)")
    assert black.get("d") == "M40 40a10 10 0 1 1 20 0a10 10 0 1 1 -20 0z"
    assert black.get("fill") == "#000000"
    (gray,) = elements("(gray-draw-value 50 40 0.5 0 1 20)")
    assert rectangles(gray.attrib["d"]) == [(40, 30, 20, 20)]
    assert gray.get("fill") == "#808080"


def test_grays_go_from_black_to_white_in_cells() -> None:
    found = {
        one.get("fill"): rectangles(one.attrib["d"])
        for one in elements("(gray-draw-list 10 10 '(-1 0 0 1 5 -7) 3 -1 1 8)")
    }
    assert found == {
        "#000000": [(10, 10, 8, 8), (26, 18, 8, 8)],
        "#808080": [(18, 10, 16, 8)],  # two cells side by side are one rectangle
        "#ffffff": [(10, 18, 16, 8)],
    }


def test_a_gray_matrix_lies_as_it_is_printed() -> None:
    found = {
        one.get("fill"): rectangles(one.attrib["d"])
        for one in elements("(gray-draw-matrix 10 20 [[0 1][1 0]] 0 1 4 6)")
    }
    assert found == {
        "#000000": [(10, 20, 4, 6), (14, 26, 4, 6)],
        "#ffffff": [(14, 20, 4, 6), (10, 26, 4, 6)],
    }


def test_grays_find_their_ends_where_none_are_told() -> None:
    for ends in ("", "() ()", "2 6"):
        found = [one.get("fill") for one in elements(f"(gray-draw-matrix 0 0 [2 4 6] {ends})")]
        assert found == ["#000000", "#808080", "#ffffff"]
    assert [one.get("fill") for one in elements("(gray-draw-matrix 0 0 [2 6] 6 2)")] == [
        "#000000",
        "#ffffff",
    ]
    assert [one.get("fill") for one in elements("(gray-draw-matrix 0 0 [2 6] 6 6)")] == [
        "#000000",
        "#ffffff",
    ]


# --- rectangles, mouse, classes ---


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("(point-in-rect 0 0 '(0 0 2 2))", "t"),
        ("(point-in-rect 2 1 '(0 0 2 2))", "()"),
        ("(point-in-rect 1 -0.1 '(0 0 2 2))", "()"),
        ("(rect-in-rect '(0 0 2 2) '(0 0 2 2))", "t"),
        ("(rect-in-rect '(0 0 2 3) '(0 0 2 2))", "()"),
        ("(expand-rect '(5 5 10 10) -1 2)", "(6 3 8 14)"),
        ("(collide-rect '(0 0 5 5) '(5 0 5 5))", "()"),
        ("(collide-rect '(0 0 9 9) '(2 3 4 5))", "(2 3 4 5)"),
        ("(bounding-rect '(5 5 1 1) '(0 9 1 1))", "(0 5 6 5)"),
        ("(get-click)", "()"),
        ("(check-event)", "()"),
        ("(hilite 0 1 2 3 4)", "()"),
        ("(invert)", "()"),
        ("(x11-configure 1)", "()"),
        ("(ogre)", "()"),
        ('(ogre-ask-file "a" "b" "c")', "()"),
        ("(colorp)", "t"),
        ("(graphics-batch)", "()"),
        ("(== (classof (new-window)) |WINDOW|)", "t"),
        ('(new-window "a b")', "::WINDOW:|a b|"),
        ("(setq window ()) (setq color 3)", "3"),
        ("(progn (de draw-list (x) (1+ x)) (draw-list 4))", "5"),
        ("(let ((clip 5) (font 6)) (list clip font))", "(5 6)"),
        ("(new-window 30 40 ()) (list (xsize) (ysize))", "(30 40)"),
        ('(new-window 30 40 "a") (window-title "b") (window-title)', '"b"'),
        ("(functionp draw-list)", "::DX:draw-list"),
    ],
)
def test_a_word_answers(call: str, expected: str) -> None:
    assert value(call) == expected


@pytest.mark.parametrize("call", ["(point-in-rect 1 1 '(1 2 3))", "(expand-rect () 1 1)"])
def test_a_rectangle_has_four_numbers(call: str) -> None:
    with pytest.raises(SnError, match="a rectangle has four numbers"):
        run(call)
