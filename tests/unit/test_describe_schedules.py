"""Schedules in optimizer forms: what is read, and where a wrong one is told."""

from __future__ import annotations

import pytest

from sn.errors import SnError
from sn.optim.base import Optimizer
from sn.optim.schedule import Called, Cosine, Formula, Linear, PerPass, Step
from sn.session import Session
from sn.train.experiment import ExperimentSpec

NET = "(defnet n (layer a (256)) (layer b (10)) (connect a b (full)))"


def program(rule: str, before: str = "") -> str:
    return f'{NET} {before} (experiment n (data "mnist-1989") (optimizer s {rule}))'


def spec(rule: str, before: str = "") -> ExperimentSpec:
    session = Session()
    session.evaluate(program(rule, before))
    found: ExperimentSpec = session.world.experiments["n"]
    return found


def read(rule: str, before: str = "") -> Optimizer:
    return spec(rule, before).optimizers["s"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(step 0.1 0.5 (* 2 5))", Step(0.1, 0.5, 10)),
        ("(linear 3e-4 1e-4 46)", Linear(3e-4, 1e-4, 46)),
        ("(cosine 0.1 0 23)", Cosine(0.1, 0.0, 23)),
        ("(list 0.1 0.05 (/ 0.1 4))", PerPass((0.1, 0.05, 0.025))),
        ("'(0.1 0.05)", PerPass((0.1, 0.05))),
        ("(range 1 3)", PerPass((1.0, 2.0, 3.0))),
        ("rates", PerPass((0.2, 0.1))),
    ],
)
def test_schedules_are_read(text: str, expected: object) -> None:
    found = read(f"(sgd (learning-rate {text}))", "(setq rates '(0.2 0.1))")
    assert found.schedules == {"learning_rate": expected}
    assert found.learning_rate == found.schedules["learning_rate"].at(1, 1)


@pytest.mark.parametrize("text", ["(lambda (pass n) (/ scale (+ pass n)))", "falling"])
def test_functions_become_formulas(text: str) -> None:
    before = "(setq scale 6) (de falling (p n) (/ scale (+ p n)))"
    found = read(f"(sgd (epsilon {text}))", before).schedules["learning_rate"]
    assert isinstance(found, Formula)
    assert [found.at(1, 1), found.at(1, 2), found.at(2, 1), found.at(3, 9)] == [3, 2, 2, 0.5]


def test_what_is_no_formula_is_called() -> None:
    before = "(setq rates '(4 2 1)) (de per-pass (p n) (nth (- (min p 3) 1) rates))"
    found = read("(sgd (learning-rate per-pass))", before).schedules["learning_rate"]
    assert isinstance(found, Called)
    assert [found.at(number, 1) for number in (1, 2, 3, 4)] == [4, 2, 1, 1]
    assert str(found) == "(lambda (p n) (nth (- (min p 3) 1) rates))"


def test_all_numbers_of_a_rule_and_rates_of_layers_may_change() -> None:
    found = read(
        "(diagonal-newton (learning-rate 0.1) (mu (linear 0.1 0.01 5)) (gamma (list 1 0.5))"
        " (alpha (list 0 0.9)) (decay (step 0.1 0.5 1)) (layer b (cosine 1 0.1 3)))"
    )
    assert found.schedules == {
        "mu": Linear(0.1, 0.01, 5),
        "gamma": PerPass((1.0, 0.5)),
        "momentum": PerPass((0.0, 0.9)),
        "decay": Step(0.1, 0.5, 1),
        "layer b": Cosine(1.0, 0.1, 3),
    }
    assert found.layers == {"b": 1.0}


def test_the_record_of_a_run_says_schedules_as_the_program_does() -> None:
    found = spec("(sgd (learning-rate (linear 0.1 0.01 5)))").options("s")
    assert found["learning_rate"] == 0.1
    assert found["schedules"] == {"learning-rate": "(linear 0.1 0.01 5)"}
    assert "schedules" not in spec("(sgd (learning-rate 0.1))").options("s")


@pytest.mark.parametrize(
    ("rule", "under", "message", "hint"),
    [
        ("(learning-rate (step 0.1 0.5))", "(step 0.1 0.5)", "step needs 3 arguments, found 2", ""),
        (
            "(learning-rate (lineer 0.1 1 5))",
            "lineer",
            "no schedule or function is called 'lineer'",
            "linear",
        ),
        ("(learning-rate (step 0.1 -1 5))", "-1", "the factor of a step must be", ""),
        ("(learning-rate (step 0.1 1 0))", "0", "the passes of a step must be", ""),
        ("(learning-rate (linear -0.1 1 5))", "-0.1", "the learning-rate must be", ""),
        ("(learning-rate (linear 0.1 1 1))", "1", "the passes of linear must be", ""),
        ("(learning-rate (cosine 0.1 b 3))", "b", "the learning-rate must be a number", ""),
        ("(learning-rate (list))", "(list)", "list needs at least 1 argument", "(list R1"),
        ("(learning-rate (list 1 -2))", "-2", "the learning-rate must be", ""),
        ("(learning-rate '(1 -2))", "'(1 -2)", "the learning-rate must be", ""),
        ("(learning-rate '(1 x))", "'(1 x)", "must be a number in each pass, found the", ""),
        ("(learning-rate 1) (momentum (list 0 1))", "1", "the momentum must be", ""),
        (
            "(learning-rate (lambda (x) x))",
            "(lambda (x) x)",
            "the learning-rate may be a function of two numbers, pass and presentation, found",
            "such as (lambda (pass presentation)",
        ),
        ("(learning-rate sqrt)", "sqrt", "may be a function of two numbers", "such as (lambda"),
        ("(learning-rate (lambda (p n) (- p)))", "(lambda (p n) (- p))", "found -1", ""),
        (
            '(learning-rate (lambda (p n) "fast"))',
            '"fast"',
            'a formula cannot hold the string "fast"',
            "",
        ),
        (
            "(learning-rate (linear 0 1 5)) (layer b 0.1)",
            "(sgd (learning-rate (linear 0 1 5)) (layer b 0.1))",
            "layer b follows the learning rate, which starts at 0",
            "a schedule of its own",
        ),
        ("(learning-rate 1) (layer b (list -1))", "-1", "the learning rate must be", ""),
        (
            "(learning-rate 1) (layer b 1) (layer b 2)",
            "(layer b 2)",
            "layer b has two learning rates",
            "",
        ),
        ("(learning-rate ())", "()", "the learning-rate must be a number", ""),
    ],
)
def test_wrong_schedules_are_told_at_their_place(
    rule: str, under: str, message: str, hint: str
) -> None:
    text = f"(sgd {rule})"
    with pytest.raises(SnError) as caught:
        read(text)
    error = caught.value
    assert message in error.message and hint in (error.hint or "")
    assert error.span is not None
    assert program(text)[error.span.column - 1 : error.span.end_column] == under


def test_settings_that_shape_the_run_cannot_change() -> None:
    with pytest.raises(SnError, match="samples cannot change while a run lasts"):
        read("(diagonal-newton (samples (list 1 2)))")
