"""The experiment form: what it keeps; what it refuses is in test_slips.py."""

from __future__ import annotations

import numpy as np
import pytest

from sn.data import NamedData
from sn.errors import SnError
from sn.net.init import Init, Uniform
from sn.session import Session
from sn.train import criteria
from sn.train.criteria import Criterion
from sn.train.experiment import ExperimentSpec
from sn.train.stopping import Stop

NET = "(defnet n (layer a (256)) (layer b (10)) (connect a b (full)))"


def spec(options: str, before: str = "") -> ExperimentSpec:
    """The experiment on NET with these options besides data and an optimizer."""
    session = Session()
    session.evaluate(
        f'{NET} {before} (experiment n (data "mnist-1989") (optimizer s (sgd (epsilon 0.1)))'
        f" {options})"
    )
    return session.world.experiments["n"]


def test_what_is_left_out_has_sn_s_defaults() -> None:
    found = spec("")
    assert found.data == NamedData(("mnist-1989",))
    assert found.targets == (-1.0, 1.0)
    assert found.init == Init(Uniform(2.4, "fan-in"))
    assert (found.cost.name, found.passes, found.order) == ("lms", 23, None)
    assert found.data.order == "constant"
    assert (found.criterion, found.stop) == (None, Stop())
    assert found.reference is None


def test_epsilon_is_the_learning_rate() -> None:
    assert spec("").optimizers["s"].learning_rate == 0.1


def test_sn_s_variables_fill_what_an_optimizer_leaves_out() -> None:
    rule = "(optimizer t (diagonal-newton (mu 0.5)))"
    found = spec(rule, "(setq alpha 0.9 gamma 0.1 mu 0.2 decay ())").optimizers
    assert (found["s"].momentum, found["s"].decay) == (0.9, 0.0)
    assert (found["t"].momentum, found["t"].gamma, found["t"].mu) == (0.9, 0.1, 0.5)


def test_an_option_and_its_other_name_cannot_both_stand() -> None:
    with pytest.raises(SnError, match="epsilon is another name"):
        spec("(optimizer t (sgd (learning-rate 0.1) (epsilon 0.2)))")


def test_optimizers_keep_their_order_and_options() -> None:
    found = spec(
        "(optimizer newton"
        " (diagonal-newton (mu 0.02) (samples 500) (curvature full) (layer b 0.1)))"
    )
    assert list(found.optimizers) == ["s", "newton"]
    newton = found.optimizers["newton"]
    assert (newton.mu, newton.samples, str(newton.curvature)) == (0.02, 500, "full")
    assert newton.layers == {"b": 0.1}


def test_options_are_evaluated() -> None:
    found = spec(
        "(passes (* 2 3)) (targets (- low) low) (order shuffled) (init (uniform (sqrt 4)))",
        "(setq low 0.8)",
    )
    assert (found.passes, found.targets, found.order) == (6, (-0.8, 0.8), "shuffled")
    assert found.init == Init(Uniform(2.0, "constant"))


def test_data_may_be_several_names_or_a_variable() -> None:
    session = Session()
    session.evaluate(
        f'{NET} (setq first "zipcode")'
        '(experiment n (data (first-available first "mnist-1989"))'
        " (optimizer s (sgd (learning-rate 1))))"
    )
    assert session.world.experiments["n"].data == NamedData(("zipcode", "mnist-1989"))


def test_a_cost_of_the_program_becomes_a_formula() -> None:
    found = spec("(cost quartic)", "(de quartic (y d) (* (- y d) (- y d) (- y d) (- y d)))")
    assert found.cost.name == "lisp"


def test_a_reference_keeps_what_it_is_told() -> None:
    found = spec('(reference "A paper" (test-misses 102) (test-error 1.8e-2))').reference
    assert found is not None
    assert (found.title, found.test_misses, found.test_error) == ("A paper", 102, 0.018)
    assert found.train_misses is None


def test_a_reference_says_which_data_it_is_of_and_what_was_rejected() -> None:
    found = spec('(reference "A paper" (test-rejected 12.1) (data "zipcode"))').reference
    assert found is not None
    assert (found.test_rejected, found.data) == (12.1, "zipcode")


@pytest.mark.parametrize(
    ("text", "criterion"),
    [
        ("max", criteria.largest()),
        ("sign", criteria.sign()),
        ("(sign -0.5 0.5)", criteria.sign(-0.5, 0.5)),
        ("quadrant", criteria.quadrant()),
        ("(tolerance (/ 1 4))", criteria.tolerance(0.25)),
        ("(mean-square 0.1)", criteria.mean_square(0.1)),
    ],
)
def test_the_criterion_is_a_choice(text: str, criterion: Criterion) -> None:
    assert spec(f"(criterion {text})").criterion == criterion


def test_a_criterion_in_lisp_gets_the_outputs_and_what_is_desired() -> None:
    found = spec(
        "(criterion near)", "(de near (y d) (< (abs (- (car y) (car d))) (nth 1 '(0.25 0.25))))"
    ).criterion
    assert found is not None and found.name == "lisp"
    right = found.right(np.array([[0.5, 9], [0.1, 0]]), np.array([[0.75, 0], [1, 0]]))
    assert right.tolist() == [False, False]
    right = found.right(np.array([[0.625, 9], [0.1, 0]]), np.array([[0.75, 0], [1, 0]]))
    assert right.tolist() == [True, False]


def test_a_run_may_stop_and_keep_the_best() -> None:
    found = spec("(stop (error 0.01) (patience 3)) (keep best)").stop
    assert found == Stop(error=0.01, patience=3, keep_best=True)
    assert spec("(keep last)").stop == Stop()


def test_a_later_experiment_replaces_the_earlier_one() -> None:
    session = Session()
    for passes in (3, 5):
        text = f'(data "mnist-1989") (optimizer s (sgd (epsilon 1))) (passes {passes})'
        session.evaluate(f"{NET if passes == 3 else ''} (experiment n {text})")
    assert session.world.experiments["n"].passes == 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("(optimizer s (sgd (epsilon 1)))", "two optimizers called 's'"),
        ("(optimizer t (sgd (layer c 0.1) (epsilon 1)))", "there is no layer 'c'"),
        ("(targets 1)", "targets needs 2 arguments, found 1"),
        ("(cost 5)", "expected a function of 2 numbers"),
        ("(reference (test-misses 1))", "a reference starts with its title"),
        ('(reference "p" (data 3))', "the data of a reference is a name"),
        ("(criterion maximum)", "there is no criterion 'maximum'"),
        ("(criterion 3)", "a criterion is a word or a function"),
        ("(criterion (tolerance -1))", "a bound of tolerance must be a number of at least 0"),
        ("(criterion (sign 1))", "sign needs 2 arguments, found 1"),
        ("(stop)", "stop needs at least 1 argument"),
        ("(stop (patience 0.5))", "the patience must be a whole number of at least 1"),
        ("(stop 0.1)", "expected an option of stop, such as"),
        ("(keep first)", "there is no pass to keep 'first'"),
    ],
)
def test_wrong_options_are_refused(options: str, message: str) -> None:
    with pytest.raises(SnError, match=message):
        spec(options)
