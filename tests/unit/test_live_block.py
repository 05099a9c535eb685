"""What is shown of a run while it goes: its course, curves as characters, a block of lines."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import pytest
from rich.text import Text

from sn.progress.block import block
from sn.progress.course import MOST, Course, Curve, duration
from sn.progress.plot import plot
from sn.results.record import PassRecord, Scores
from tests.sample_runs import run

SIZES = [(59, 10), (79, 12), (119, 12), (199, 12), (40, 6), (79, 4), (30, 1), (20, 3)]


def scores(error: float, misses: int | None = 5) -> Scores:
    return Scores(error, misses, 200)


def course(passes: int = 9, misses: int | None = 5) -> Course:
    """Return a run after some of its 20 passes of 200 patterns."""
    found = Course()
    found.title = "zipcode newton"
    found.start(20 * 200, 20)
    for number in range(1, passes + 1):
        found.advance(200)
        found.goes_on(number + 1)
        error = 0.1 * math.exp(-number)
        found.finish(PassRecord(number, scores(error, misses), scores(error + 0.02, misses), 0.002))
    return found


def texts(lines: list[Text]) -> list[str]:
    return [line.plain.rstrip() for line in lines]


# --- curves ---


def line(*figures: float) -> Curve:
    curve = Curve("train")
    for number, figure in enumerate(figures, 1):
        curve.add(number, figure)
    return curve


def drawn(curves: list[Curve], width: int, height: int, is_plain: bool = True) -> list[str]:
    rows = plot(curves, width, height, is_plain).rows
    return ["".join(char for char, _ in row) for row in rows]


def test_a_straight_line_is_one() -> None:
    assert drawn([line(4, 3, 2, 1)], 4, 4) != drawn([line(0, 3, 2, 1)], 4, 4)
    assert drawn([line(3, 2, 1, 0)], 4, 4) == ["*   ", " *  ", "  * ", "   *"]


def test_positive_figures_are_on_a_scale_of_powers() -> None:
    assert drawn([line(1000, 100, 10, 1)], 4, 4) == ["*   ", " *  ", "  * ", "   *"]


def test_a_steep_line_has_no_holes() -> None:
    assert drawn([line(0, 3)], 2, 4) == [" *", " *", " *", "* "]


def test_dots_stand_where_unicode_says() -> None:
    # two columns and four rows of dots: a diagonal up, over eight dots of two characters
    assert drawn([line(0, 1, 2, 3)], 2, 1, is_plain=False) == ["⡠⠊"]
    assert drawn([line(5)], 1, 1, is_plain=False)[0] in "⠁⠂⠄⡀⠃⠉⠒⠤⣀⠑⠊"


def test_the_last_curve_lies_above() -> None:
    same = line(2, 1, 0)
    rows = plot([same, same], 3, 3, True)
    assert {index for row in rows.rows for char, index in row if char != " "} == {1}
    assert "o" not in "".join(drawn([same, same], 3, 3))
    assert drawn([line(2, 2), line(1, 1), line(0, 0)], 2, 3) == ["++", "oo", "**"]


def test_a_level_line_and_a_single_pass_are_drawn() -> None:
    assert "**" in drawn([line(0.5, 0.5)], 2, 3)
    assert "*" in "".join(drawn([line(0.0)], 2, 3))


def test_a_plot_says_what_its_ends_are() -> None:
    found = plot([line(100, 1)], 10, 4)
    assert (found.top, found.bottom) == pytest.approx((100, 1))
    assert found.ends == (3,)


def test_figures_that_are_not_finite_are_left_out() -> None:
    assert line(1, math.nan, math.inf, 2).whole == [(1, 1), (4, 2)]


def test_a_curve_has_few_points_whatever_a_run_has() -> None:
    curve = line(*(number % 2 for number in range(100_001)))
    assert len(curve.points) <= MOST
    assert curve.whole[-1] == (100_001, 0)
    # means of neighbours: noise goes, the level stays
    assert all(figure == pytest.approx(0.5) for _, figure in curve.points)
    assert [at for at, _ in curve.points] == sorted(at for at, _ in curve.points)


# --- the course ---


def test_time_left_is_in_proportion(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    found = Course()
    found.start(1000, 10)
    assert found.left is None
    now = 110.0
    found.advance(250)
    assert found.left == 30.0
    now = 112.0  # nothing is told meanwhile, and time passes
    found.advance(0)
    assert found.left == 28.0
    now = 200.0
    assert found.left == 0.0


def test_what_was_done_before_says_nothing_of_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    found = Course()
    found.start(1000, 10)
    found.resume()
    found.advance(900)
    assert found.left is None and found.share == 0.9
    now = 5.0
    found.advance(50)
    assert found.left == 5.0


def test_the_validation_set_says_which_pass_is_best() -> None:
    found = Course()
    for number, error in enumerate([3.0, 1.0, 5.0, math.nan], 1):
        found.finish(PassRecord(number, scores(0), scores(0), 0.1, scores(error)))
    assert found.best is not None and found.best.number == 2
    found = Course()
    found.finish(PassRecord(1, scores(1), scores(1), 0.1))
    assert found.best is None, "the test set decides nothing"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (99, "99 s"), (185, "3:05 min"), (7384, "2:03:04 h"), (5999, "99:59 min")],
)
def test_durations_are_for_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text


# --- the block ---


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("is_plain", [False, True])
def test_a_block_fits(width: int, height: int, is_plain: bool) -> None:
    for passes in (0, 1, 2, 9, 20):
        some = course(passes)
        some.which, some.classes = "test", tuple("0123456789")
        some.missed = tuple(range(90, 100))
        lines = block(some, width, height, is_plain)
        assert 1 <= len(lines) <= height
        assert all(line.cell_len <= width for line in lines)
        assert f"pass {min(passes + 1, 20)}/20" in lines[0].plain
        if is_plain:
            assert all(line.plain.replace("µ", "u").isascii() for line in lines)


def test_a_block_says_how_far_and_how_good_a_run_is() -> None:
    some = course(9)
    some.which, some.classes, some.missed = "test", ("a", "b"), (3, 0)
    found = "\n".join(texts(block(some, 79, 12)))
    assert "zipcode newton  pass 10/20" in found and "45 %" in found
    assert "train  1.23e-5    5 misses   2.50 %" in found
    assert "test   2.00e-2    5 misses   2.50 %" in found
    assert "10 µs per presentation" in found
    assert found.endswith("missed  a: 3  b: 0")


def test_the_best_pass_is_told_once_it_is_past() -> None:
    some = Course()
    some.start(400, 2)
    some.finish(PassRecord(1, scores(1), None, 0.1, scores(0.5)))
    assert not any(text.startswith("best") for text in texts(block(some, 50, 12)))
    some.finish(PassRecord(2, scores(1), None, 0.1, scores(0.75)))
    assert "best   5.00e-1  pass 1 (validation)" in texts(block(some, 50, 12))


def test_values_are_not_missed() -> None:
    found = "\n".join(texts(block(course(3, misses=None), 79, 12)))
    assert "miss" not in found and "test   2.50e-2" in found


def test_of_many_classes_the_worst_are_told() -> None:
    some = course(2)
    some.which, some.classes = "test", tuple(f"class {number}" for number in range(100))
    some.missed = tuple(range(100))
    lines = texts(block(some, 79, 12))
    assert lines[-1].startswith("missed most  class 99: 99  class 98: 98")
    assert not any("class 1:" in line for line in lines)


def test_classes_without_names_have_numbers() -> None:
    some = course(2)
    some.which, some.missed = "test", (1, 0)
    assert texts(block(some, 79, 12))[-1] == "missed  0: 1  1: 0"


def test_no_name_is_obeyed_or_breaks_a_line() -> None:
    some = course(2)
    some.title = "\x1b[31m\nevil" * 9
    some.which, some.classes, some.missed = "test", ("\x1b]0;x\x07\n", "日本語"), (1, 2)
    for line in block(some, 59, 12):
        assert line.plain.isprintable()
        assert line.cell_len <= 59


def test_without_colours_marks_say_which_curve_is_which() -> None:
    found = texts(block(course(9), 79, 12, is_plain=True))
    whole = "\n".join(found)
    assert "o train  1.23e-5" in whole and "* test   2.00e-2" in whole
    assert not any(0x2800 <= ord(char) <= 0x28FF for char in whole)


def test_a_comparison_has_a_line_and_a_curve_for_each_entry() -> None:
    some = Course("run")
    some.start(12, 4)
    for number, (label, seed, misses) in enumerate(
        [("sgd", 0, 14), ("sgd", 1, 16), ("newton", 0, 9)], 1
    ):
        some.advance(3)
        some.finish_run(label, run(seed, misses, label))
        some.goes_on(number + 1)
    found = "\n".join(texts(block(some, 79, 12)))
    assert "run 4/4" in found and "75 %" in found
    assert "sgd            2x" in found and "newton         1x" in found
    assert set(some.curves) == {"sgd", "newton"}
    first = [one.passes[0].test for one in (run(0, 14, "sgd"), run(1, 16, "sgd"))]
    mean = sum(one.error for one in first if one is not None) / 2
    assert some.curves["sgd"].whole[0] == (1, pytest.approx(mean))


def test_a_run_that_ended_counts_on_with_its_last_error() -> None:
    some, short = Course("run"), run(0, 14, "sgd")
    whole, ended = run(1, 14, "sgd"), replace(short, passes=short.passes[:1])
    some.finish_run("a", ended)
    some.finish_run("a", whole)
    assert ended.test is not None and whole.test is not None
    (number, error) = some.curves["a"].whole[-1]
    assert number == len(whole.passes)
    assert error == pytest.approx((ended.test.error + whole.test.error) / 2)


def test_a_long_figure_has_room_beside_the_curves() -> None:
    some = Course()
    some.start(100, 10)
    for number in (1, 2, 3):
        some.finish(PassRecord(number, scores(10.0 ** (-4 * number)), None, 0.1))
    lines = texts(block(some, 79, 12))
    assert any(line.startswith("1.00e-12 ") for line in lines)


def test_nothing_beside_the_curves_is_cut() -> None:
    some = Course("run")
    some.start(12, 4)
    some.finish_run("a very long label of an entry", run(0, 1234, "sgd"))
    for is_plain in (False, True):
        found = texts(block(some, 79, 12, is_plain))
        assert any(line.endswith(".0 misses") for line in found)
