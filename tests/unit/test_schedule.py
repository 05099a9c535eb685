"""Schedules: their numbers worked out by hand, and what an optimizer makes of them."""

from __future__ import annotations

import math

import pytest

from sn.errors import SettingError, Span, TrainError
from sn.net.expr import call, const, variable
from sn.optim.first_order import Sgd
from sn.optim.rules import RuleSpec
from sn.optim.schedule import (
    Called,
    Cosine,
    Formula,
    Linear,
    PerPass,
    Schedule,
    Step,
    schedule,
)
from sn.optim.second_order import DiagonalNewton

PASS, SHOWN = variable("pass"), variable("presentation")


def numbers(one: Schedule, count: int) -> list[float]:
    return [one.at(number, 1) for number in range(1, count + 1)]


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (Step(0.5, 0.5, 2), [0.5, 0.5, 0.25, 0.25, 0.125]),
        (Step(1.0, 3.0, 1), [1, 3, 9, 27]),
        (Linear(3.0, 1.0, 3), [3, 2, 1, 1, 1]),
        (Linear(0.0, 8.0, 5), [0, 2, 4, 6, 8, 8]),
        # (1 + cos 60 degrees) / 2 is 3/4, (1 + cos 120 degrees) / 2 is 1/4
        (Cosine(1.0, 0.0, 4), [1, 0.75, 0.25, 0, 0]),
        (Cosine(0.5, 2.5, 3), [0.5, 1.5, 2.5, 2.5]),
        (PerPass((0.1, 0.3, 0.2)), [0.1, 0.3, 0.2, 0.2]),
        (Formula(const(6) / PASS), [6, 3, 2, 1.5]),
        (Called(lambda number, shown: number * 10 + shown, "f"), [11, 21, 31]),
    ],
    ids=str,
)
def test_the_numbers_of_a_schedule(one: Schedule, expected: list[float]) -> None:
    assert numbers(one, len(expected)) == pytest.approx(expected, rel=3e-15, abs=1e-16)


def test_the_rates_of_the_2022_ladder() -> None:
    """46 passes, 3e-4 in the first and 1e-4 in the last: a 45th less of the difference each."""
    one = Linear(3e-4, 1e-4, 46)
    assert one.at(1, 1) == 3e-4
    assert one.at(2, 1) == pytest.approx(3e-4 - 2e-4 / 45, rel=1e-14)
    assert one.at(46, 1) == 1e-4


def test_the_cosine_is_that_of_the_library() -> None:
    one = Cosine(2.0, 0.0, 1001)
    for number in range(1, 1002):
        expected = 1 + math.cos(math.pi * (number - 1) / 1000)
        assert one.at(number, 1) == pytest.approx(expected, abs=2e-15)


def test_every_schedule_is_tested() -> None:
    assert set(schedule) == {"step", "linear", "cosine", "list"}


def test_only_functions_of_the_presentation_vary_in_a_pass() -> None:
    assert not any(
        one.varies_in_pass
        for one in (Step(1, 1, 1), Linear(1, 2, 2), Cosine(1, 2, 2), PerPass((1,)), Formula(PASS))
    )
    assert Formula(PASS / SHOWN).varies_in_pass
    assert Formula(call("min", const(1), call("tanh", SHOWN))).varies_in_pass


def test_schedules_are_told_as_a_program_writes_them() -> None:
    ones = (Step(0.1, 0.5, 10), Linear(3e-4, 1e-4, 46), Cosine(1, 0, 4), PerPass((0.1, 2)))
    assert [str(one) for one in ones] == [
        "(step 0.1 0.5 10)",
        "(linear 0.0003 0.0001 46)",
        "(cosine 1 0 4)",
        "(list 0.1 2)",
    ]


def test_an_optimizer_has_the_numbers_of_a_moment() -> None:
    rule = DiagonalNewton(
        learning_rate=0.1, schedules={"learning_rate": Linear(0.1, 0.2, 2), "mu": Step(4, 0.5, 1)}
    )
    for number, rate, mu in ((1, 0.1, 4), (2, 0.2, 2), (3, 0.2, 1)):
        now = rule.at(number, 100)
        assert isinstance(now, DiagonalNewton)
        assert (now.learning_rate, now.mu, now.gamma) == (rate, mu, 0.05)
        assert (now.hyper.mu, now.rule) == (mu, rule.rule)


def test_rates_of_layers_keep_their_proportion() -> None:
    rule = Sgd(
        learning_rate=0.1,
        layers={"a": 0.2, "b": 0.0, "c": 7.0},
        schedules={"learning_rate": PerPass((0.1, 0.4)), "layer c": Step(7, 2, 1)},
    )
    assert rule.at(2, 1).layers == {"a": pytest.approx(0.8), "b": 0.0, "c": 14.0}
    alone = Sgd(learning_rate=0.1, layers={"a": 1, "b": 2}, schedules={"layer b": Step(2, 2, 1)})
    assert alone.at(2, 1).layers == {"a": 1, "b": 4}
    assert alone.at(2, 1).learning_rate == 0.1


def test_a_momentum_that_starts_at_0_has_a_velocity_from_the_start() -> None:
    rule = Sgd(learning_rate=1, schedules={"momentum": PerPass((0.0, 0.9))})
    assert isinstance(rule.rule, RuleSpec)
    assert rule.rule.momentum and rule.rule == rule.at(1, 1).rule == rule.at(2, 1).rule
    assert not Sgd(learning_rate=1).rule.momentum


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Step(1, -1, 1), "the factor of a step must be a number of at least 0, found -1"),
        (lambda: Step(1, 1, 0), "the passes of a step must be a whole number of at least 1"),
        (lambda: Linear(1, 2, 1), "must be a whole number of at least 2, found 1"),
        (lambda: Cosine(1, 2, 2.5), "must be a whole number of at least 2, found 2.5"),
        (lambda: PerPass(()), "a list of numbers, one per pass, is empty"),
        (
            lambda: Sgd(learning_rate=1, schedules={"learning_rate": Linear(1, -1, 2)}),
            "learning-rate must be a number of at least 0, found -1",
        ),
        (
            lambda: Sgd(learning_rate=1, schedules={"momentum": PerPass((0, 1))}),
            "momentum must be a number of at least 0 and below 1, found 1",
        ),
        (
            lambda: DiagonalNewton(schedules={"samples": PerPass((0, 1))}),
            "samples cannot change while a run lasts",
        ),
        (
            lambda: Sgd(learning_rate=1, schedules={"layer a": PerPass((0, 1))}),
            "layer a cannot change while a run lasts",
        ),
        (
            lambda: Sgd(
                learning_rate=0, layers={"a": 1}, schedules={"learning_rate": Linear(0, 1, 2)}
            ),
            "layer a follows the learning rate, which starts at 0",
        ),
    ],
)
def test_wrong_schedules_are_refused(make, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SettingError, match=message):
        make()


def test_a_function_that_leaves_the_limit_is_told_when_it_does() -> None:
    place = Span("here.sn", 3, 5, 3, 9)
    rule = Sgd(learning_rate=1, schedules={"learning_rate": Formula(2 - PASS, place)})
    assert rule.at(2, 9).learning_rate == 0
    with pytest.raises(
        TrainError, match="found -1 by its schedule, in pass 3 at presentation 9"
    ) as e:
        rule.at(3, 9)
    assert e.value.span == place
    endless = Sgd(learning_rate=1, schedules={"learning_rate": Formula(1 / (2 - PASS))})
    with pytest.raises(TrainError, match="learning-rate must be .*, found inf"):
        endless.at(2, 1)
