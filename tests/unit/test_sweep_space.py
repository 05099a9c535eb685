"""What a sweep varies: texts of --vary, the form (sweep ...), points of a grid and at random."""

from __future__ import annotations

import math
import re

import pytest

from sn.describe.axes import Axis, Choices, Range
from sn.errors import SettingError, SnError
from sn.session import Session
from sn.sweep.space import Space, read_axes, read_axis


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("rate=0.0001..0.01 log", Range(0.0001, 0.01, is_log=True)),
        ("rate = 1e-4 .. 1e-2  log", Range(0.0001, 0.01, is_log=True)),
        ("table-seed=0..99", Range(0, 99, is_whole=True)),
        ("width=1..64 log", Range(1, 64, is_log=True, is_whole=True)),
        ("mu=0..1 real", Range(0, 1)),
        ("mu=0.0..1", Range(0, 1)),
        ("shift=-3..3", Range(-3, 3, is_whole=True)),
        ("optimizer=newton,sgd", Choices(("newton", "sgd"))),
        ("maps=(0 1),(2 3)", Choices(("(0 1)", "(2 3)"))),
        ('file="a,b","c"', Choices(('"a,b"', '"c"'))),
        ("rate=0.1,0.2", Choices(("0.1", "0.2"))),
        ("rate=0.1", Choices(("0.1",))),
    ],
)
def test_a_text_says_what_varies(text: str, values: Range | Choices) -> None:
    assert read_axis(text).values == values


def test_names_are_those_of_lisp() -> None:
    assert read_axis("Table_Seed=0..9").name == "table-seed"


def test_what_varies_reads_back_from_its_own_text() -> None:
    for text in ("a=0..99", "a=0.0001..0.01 log", "a=0..1 real", "a=1..64 log", "a=x,(1 2)"):
        axis = read_axis(text)
        assert read_axis(str(axis)) == axis


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("rate", "rate", "expected NAME=LOW..HIGH"),
        ("=0..1", "=0..1", "expected NAME=LOW..HIGH"),
        ("my rate=0..1", "my rate", "no name of a variable"),
        ("rate=0.1..0.01", "0.1..0.01", "from its lowest number to its highest"),
        ("rate=0..1 log", "0..1 log", "a logarithmic range lies above 0"),
        ("rate=0.1..1 lin", "lin", "behind a range stand log and real"),
        ("rate=0.1..1 log log", "log", "at most once"),
        ("rate=0.1..", "0.1..", "a range has two numbers as its ends"),
        ("rate=a..0.1", "a..0.1", "a range has two numbers as its ends"),
        ("optimizer=sgd,,newton", ",", "a value is missing here"),
        ("optimizer=sgd,sgd", "sgd", "sgd is there twice"),
        ("seed=0..9", "seed", "seeds are no setting of a sweep"),
        ("rate=0..1e999", "0..1e999", "two finite ends"),
    ],
)
def test_a_slip_is_told_at_its_place(text: str, place: str, words: str) -> None:
    with pytest.raises(SettingError, match=re.escape(words)) as caught:
        read_axis(text)
    span = caught.value.span
    assert span is not None
    assert text[span.column - 1 : span.end_column].strip() == place
    assert caught.value.texts == {"--vary": text}


def test_a_name_varies_once() -> None:
    with pytest.raises(SettingError, match="'rate' is varied twice"):
        read_axes(["rate=0..1", "rate=0..2"])


def of(text: str) -> tuple[Axis, ...]:
    """Return what a program says is varied."""
    session = Session()
    session.evaluate(text)
    return session.world.sweep


def test_the_form_says_the_same_as_the_texts() -> None:
    found = of(
        "(sweep (rate 0.0001 0.01 log) (table-seed 0 99) (optimizer newton sgd) (mu 0 1 real)"
        " (steps 1 2 4) (maps (0 1) (2 3)) (size (one-of 3 5)) (w 1 64 log))"
    )
    texts = [
        "rate=0.0001..0.01 log",
        "table-seed=0..99",
        "optimizer=newton,sgd",
        "mu=0..1 real",
        "steps=1,2,4",
        "maps=(0 1),(2 3)",
        "size=3,5",
        "w=1..64 log",
    ]
    assert found == read_axes(texts)


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("(sweep rate)", 8, "expected what is varied"),
        ("(sweep (rate))", 8, "rate needs at least 1 argument"),
        ("(sweep (rate 0.1 0.01))", 8, "from its lowest number to its highest"),
        ("(sweep (rate 0 1 log))", 8, "a logarithmic range lies above 0"),
        ("(sweep (rate 1 2 lin))", 18, "behind a range stand log and real"),
        ("(sweep (rate 1 2 3 3))", 18, "each choice stands once"),
        ("(sweep (rate 1 2) (rate 1 3))", 19, "sweep has 'rate' twice"),
    ],
)
def test_a_slip_in_the_form_is_told_at_its_place(text: str, column: int, words: str) -> None:
    with pytest.raises(SnError, match=re.escape(words)) as caught:
        of(text)
    assert caught.value.span is not None
    assert caught.value.span.column == column


def space(*texts: str) -> Space:
    return Space(read_axes(texts))


def test_a_grid_has_every_combination_once() -> None:
    made = space("optimizer=newton,sgd", "rate=0.001..0.1 log", "k=0..2")
    assert made.grid(3) == 2 * 3 * 3
    points = [made.on_grid(number, 3) for number in range(18)]
    assert len({tuple(point.items()) for point in points}) == 18
    assert points[0] == {"optimizer": "newton", "rate": "0.001", "k": "0"}
    assert points[1]["k"] == "1"
    assert points[17] == {"optimizer": "sgd", "rate": "0.1", "k": "2"}
    assert float(points[3]["rate"]) == pytest.approx(0.01)


def test_points_at_random_are_those_of_their_number() -> None:
    made = space("rate=0.0001..0.01 log", "k=0..9", "optimizer=a,b,c")
    points = [made.at_random(0, number) for number in range(300)]
    assert points == [made.at_random(0, number) for number in range(300)]
    assert points[0] != made.at_random(1, 0)
    rates = [float(point["rate"]) for point in points]
    assert all(0.0001 <= rate <= 0.01 for rate in rates)
    # even by ratios: half of them below the geometric mean
    assert 110 < sum(rate < math.sqrt(0.0001 * 0.01) for rate in rates) < 190
    assert {point["k"] for point in points} == {str(k) for k in range(10)}
    assert {point["optimizer"] for point in points} == {"a", "b", "c"}


def test_a_grid_nobody_tries_is_refused() -> None:
    with pytest.raises(SettingError, match="more than anybody tries"):
        space("k=0..100000000").grid(5)
