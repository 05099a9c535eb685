"""Cautions: a run that learned nothing says so, one that learned does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import sn
from sn.commands import main
from sn.data import Dataset, Part
from sn.data.rows import TargetKind
from sn.errors import Notice
from sn.net.activations import activation
from sn.net.costs import Cost, cost
from sn.results.record import Scores
from sn.shipped import nets_folder
from sn.train.cautions import (
    all_saturated,
    error_of_constants,
    misses_of_guessing,
    of_end,
    of_order,
)
from sn.train.criteria import largest, middle, tolerance
from sn.train.scoring import error_of, score

TANH = activation.get("nlf-tanh")(0.66666666, 0.0)
LMS = cost.get("lms")(2)
# three of class 0, one of class 1
TARGETS = np.array([[1, -1], [1, -1], [1, -1], [-1, 1]], np.float32)
NET = """
(setq rate 0.001)
(defnet n (layer in (16 16)) (layer out (10)) (connect in out (full)))
(experiment n (data "mnist-1989")
  (optimizer sgd (sgd (learning-rate rate)))
  (optimizer all (batch (learning-rate rate)))
  (optimizer mean (batch (learning-rate rate) (reduction mean)))
  (optimizer small (batch (learning-rate (/ rate 7291))))
  (optimizer scaled (batch (learning-rate rate) (layer out 0.02) (scale fan-in)))
  (optimizer line (conjugate-gradient))
  (optimizer newton (batch-newton (learning-rate 1)))
  (passes 1))
"""


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "n.sn"
    path.write_text(NET)
    return path


def test_guessing_misses_all_but_the_most_frequent_class() -> None:
    assert misses_of_guessing(TARGETS, largest()) == 1
    assert misses_of_guessing(TARGETS[:3], largest()) == 0
    assert misses_of_guessing(TARGETS[:0], largest()) == 0
    # one unit for two classes, and real values within a tolerance
    assert misses_of_guessing(TARGETS[:, :1], middle(0.0)) == 1
    assert misses_of_guessing(np.array([[0.0], [0.1], [0.9]], np.float32), tolerance(0.2)) == 1


def test_the_best_constants_are_the_means_of_the_targets() -> None:
    """Half the variance: targets are 1 three times of four, so 1/2 4 3/4 1/4."""
    assert error_of_constants(TARGETS, LMS) == pytest.approx(0.375)
    mean_square = cost.get("mean-square")(2)
    assert error_of_constants(TARGETS, mean_square) == pytest.approx(0.75)
    constant = np.broadcast_to(TARGETS.mean(axis=0), TARGETS.shape)
    assert error_of(mean_square, constant, TARGETS) == pytest.approx(0.75)
    assert error_of_constants(np.zeros((0, 2), np.float32), LMS) is None


def told(misses: int, error: float, test_misses: int = 0, is_stuck: bool = False) -> str:
    found = {"train": Scores(error, misses, 4), "test": Scores(0.1, test_misses, 4)}
    targets = {"train": TARGETS, "test": TARGETS}
    warnings = of_end(found, targets, largest(), LMS, is_stuck)
    assert all(isinstance(one, Notice) for one in warnings)
    return "; ".join(one.message for one in warnings)


def test_a_net_that_learned_is_not_warned_of() -> None:
    assert told(0, 0.1) == ""
    assert told(0, 0.1, is_stuck=True) == ""


def test_a_net_that_guesses_is_told() -> None:
    assert "it misses 1 of 4 training patterns; the most frequent" in told(1, 0.1)
    assert "it misses 3 of 4 test patterns" in told(0, 0.1, test_misses=3)
    assert "error, 0.4, is no better than that of constant outputs, 0.375" in told(0, 0.4)
    assert "every output is saturated" in told(1, 0.4, is_stuck=True)


@pytest.mark.parametrize(
    ("kind", "outputs", "is_saturated"),
    [
        (TANH, [[1.7159, -1.7159], [1.7158, 1.7159]], True),
        (TANH, [[1.7159, -1.7159], [1.7159, 1.0]], False),
        (TANH, [[1, -1], [-1, 1]], False),
        (activation.get("tanh")(), [[1, -1]], True),
        (activation.get("relu")(), [[0, 0]], True),
        (activation.get("relu")(), [[0, 0.1]], False),
        (activation.get("linear")(), [[0, 1e6]], False),
        (activation.get("nlf-tanh")(0.5, 0.1), [[100, -100]], False),
    ],
)
def test_outputs_at_the_limits_of_their_unit_are_saturated(kind, outputs, is_saturated) -> None:
    assert all_saturated(kind, np.array(outputs, np.float32)) is is_saturated


def test_the_error_is_in_the_cost_of_the_experiment() -> None:
    outputs = np.array([[0.5, -1], [1, 1]], np.float32)
    targets = np.array([[1, -1], [-1, 1]], np.float32)
    squares = 0.5 * (0.25 + 4) / 4
    plain = score(outputs, targets, largest(), LMS)
    assert (plain.error, plain.half_squares) == (squares, squares)
    assert plain == score(outputs, targets, largest())
    mean = score(outputs, targets, largest(), cost.get("mean-square")(2))
    assert mean.error == pytest.approx(2 * squares)
    assert mean.half_squares == squares
    # a cost of the program is a sum over the outputs: twice the half square, per output
    own = Cost("lisp", 2 * LMS.value)
    assert score(outputs, targets, largest(), own).error == pytest.approx(2 * squares)
    assert score(outputs, targets, largest(), own).half_squares == squares


def sorted_digits(order: str) -> tuple[str, ...]:
    """What is said of patterns that come class by class."""
    labels = np.repeat([0, 1, 2], 20).astype(np.int32)
    part = Part(np.zeros((60, 1), np.float32), labels)
    found = Dataset("s.csv", "", {"train": part}, TargetKind.CLASSES, ("a", "b", "c"), (1,), "")
    return tuple(one.message for one in of_order(order, found, None))


def test_classes_on_end_are_told_where_the_order_keeps_them() -> None:
    (said,) = sorted_digits("constant")
    assert said == (
        "the patterns of s.csv come class by class, up to 20 of one class on end, and "
        "(order constant) keeps that"
    )
    assert sorted_digits("shuffled") == ()


@pytest.mark.kernels
def test_a_rate_far_too_large_is_told_at_the_end(
    net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(net), "--no-folder", "--set", "rate=50"]) == 0
    out, err = capsys.readouterr()
    assert "warning[SN0704]: the training error" in err and "hint: lower the learning rate" in err
    assert "every output is saturated for every training pattern" in err
    assert "warning" not in out


@pytest.mark.kernels
def test_a_run_that_learns_has_no_warnings(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    experiment = sn.load(net).experiment()
    assert experiment.train().warnings == ()
    assert experiment.train(passes=0).warnings == ()
    assert main(["run", str(net), "--no-folder"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.kernels
@pytest.mark.parametrize("name", sorted(path.stem for path in nets_folder().glob("zip*.sn")))
def test_no_net_that_comes_with_sn_warns_of_more_than_its_digits(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SN_DATA", raising=False)
    experiment = sn.load(nets_folder() / f"{name}.sn").experiment()
    for optimizer in experiment.optimizers:
        warnings = experiment.train(passes=1, optimizer=optimizer).warnings
        # the digits of the package are not those of the 1989 paper
        paper = experiment.spec.reference
        is_other = paper is not None and paper.data == "zipcode"
        assert len(warnings) == is_other
        assert all(one.endswith("those of this run are of mnist-1989") for one in warnings)


@pytest.mark.kernels
def test_a_rate_for_single_patterns_on_their_sum_is_told_at_its_place(
    net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(net), "--no-folder", "--optimizer", "all"]) == 0
    err = capsys.readouterr().err
    assert (
        f"{net}:6:3: warning[SN0702]: the learning rate 0.001 of optimizer all applies to the sum"
        in err
    )
    assert "as 7.291 would to their mean" in err
    assert "(reduction mean)" in err
    experiment = sn.load(net).experiment()
    for name in ("mean", "small", "scaled", "line", "newton", "sgd"):
        warnings = experiment.train(passes=1, optimizer=name).warnings
        assert not any("to the sum" in one for one in warnings), name
    assert "to the sum" in experiment.train(passes=0, optimizer="all").warnings[0]
