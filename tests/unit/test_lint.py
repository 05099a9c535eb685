"""Lint: rates that overshoot, by the largest curvature; classes that come one after the other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sn.codes import Code
from sn.commands import main
from sn.lint import lint
from sn.net.loss import default_loss
from sn.net.tangent import Tangent
from sn.session import Program, Session
from sn.train.gradient_check import random_examples
from sn.train.stability import jacobian, wanted_patterns

# one linear unit sees x and 1: the curvature is the largest eigenvalue of the mean of (x, 1)(x, 1)'
LINE = """(defnet line (layer in (2)) (layer out (1) (linear)) (connect in out (full)))
(experiment line
  (data (patterns '((1 0) (0 2) (-1 1) (3 1)) '((1) (2) (0) (1)) (kind values)))
  (cost lms)
  (init (uniform 0.1))
  (optimizer all (batch (learning-rate {rate}) (momentum {momentum}) (reduction mean)))
  (optimizer sums (batch (learning-rate 0.001)))
  (passes 400)
  (order constant))
"""
INPUTS = np.array([[1, 0, 1], [0, 2, 1], [-1, 1, 1], [3, 1, 1]], float)
LARGEST = float(np.linalg.eigvalsh(INPUTS.T @ INPUTS / 4)[-1])
SORTED = """(defnet n (layer in (1)) (layer out (2)) (connect in out (full)))
(setq rows (all ((i (range 1 24))) (list i)))
(experiment n
  (data (patterns rows (all ((i (range 1 24))) (if (< i 13) 0 1)) (kind classes)))
  (optimizer sgd (sgd (learning-rate 0.01)))
  (order constant))
"""
Capture = pytest.CaptureFixture[str]


def program(text: str) -> Program:
    """Return a program as `sn check` has it."""
    return Session().load_text(Path("t.sn"), text, Path())


def line(rate: float, momentum: float = 0.0) -> str:
    return LINE.format(rate=rate, momentum=momentum)


def test_the_largest_curvature_of_a_linear_net_is_the_eigenvalue_of_its_inputs() -> None:
    _, rates = lint(program(line(0.1)).experiments, looks_deep=True)
    one, sums = rates
    assert (one.optimizer, one.rate) == ("all", 0.1)
    assert one.curvature == pytest.approx(LARGEST, rel=1e-6)
    assert one.largest_rate == pytest.approx(2 / LARGEST, rel=1e-6)
    assert one.source == "at the initial weights, on 4 patterns of t.sn"
    assert sums.curvature == pytest.approx(4 * LARGEST, rel=1e-6), "a sum over four patterns"


def test_momentum_lets_the_rate_be_larger() -> None:
    _, (one, _) = lint(program(line(0.1, 0.5)).experiments, looks_deep=True)
    assert one.largest_rate == pytest.approx(2 * 1.5 / 0.5 / LARGEST, rel=1e-6)


@pytest.mark.parametrize("momentum", [0.0, 0.5])
@pytest.mark.parametrize(("share", "grows"), [(0.9, False), (1.1, True)])
def test_training_grows_above_the_largest_rate_only(
    momentum: float, share: float, grows: bool
) -> None:
    rate = share * 2 * (1 + momentum) / (1 - momentum) / LARGEST
    found = program(line(rate, momentum))
    notices, _ = lint(found.experiments, looks_deep=True)
    assert [one.code for one in notices] == [Code.RATE] * grows
    record = found.experiment().train(passes=60, reference=True)
    errors = [one.train.error for one in record.passes]
    assert (errors[-1] > 2 * errors[0]) is grows


@pytest.mark.parametrize("text", ["(tanh)", "(linear)", "(logistic)"])
def test_no_direction_has_more_curvature_than_the_largest(text: str) -> None:
    found = program(
        f"(defnet n (layer in (3)) (layer h (4)) (layer out (2) {text})"
        "(connect in h (full)) (connect h out (full)))"
    )
    table, cost = found.table, default_loss(found.network.layers)
    examples = random_examples(table, 1)
    weights = np.random.default_rng(2).normal(size=table.n_weights).astype(np.float32)
    slopes = jacobian(table, cost, weights, examples)
    tangent = Tangent(table, cost)
    _, values, directions = np.linalg.svd(slopes)
    for value, direction in zip(values, directions, strict=False):
        bend = tangent.along(weights.astype(float), direction, examples.patterns, examples.desired)
        assert bend == pytest.approx(value**2, rel=1e-4, abs=1e-6)


def test_a_net_of_many_outputs_is_not_estimated(tmp_path: Path, capsys: Capture) -> None:
    text = "(defnet n (layer a (2)) (layer b (99)) (connect a b (full)))"
    assert wanted_patterns(program(text).table) == 0
    (tmp_path / "n.sn").write_text(text)
    assert main(["check", str(tmp_path / "n.sn"), "--lint"]) == 0
    assert "no learning rate was estimated" in capsys.readouterr().out


def test_a_net_of_many_connections_takes_fewer_patterns(monkeypatch: pytest.MonkeyPatch) -> None:
    table = program("(defnet n (layer a (9)) (layer b (2)) (connect a b (full)))").table
    assert (table.n_rows, wanted_patterns(table)) == (20, 32)
    monkeypatch.setattr("sn.train.stability.ROWS", 20 * 2 * 5)
    assert wanted_patterns(table) == 5
    monkeypatch.setattr("sn.train.stability.ROWS", 20 * 2 * 3)
    assert wanted_patterns(table) == 0


def test_sorted_classes_in_a_constant_order_are_told(tmp_path: Path, capsys: Capture) -> None:
    notices, rates = lint(program(SORTED).experiments)
    assert [one.code for one in notices] == [Code.ORDER] and rates == []
    assert lint(program(SORTED.replace("constant", "shuffled")).experiments)[0] == []
    path = tmp_path / "sorted.sn"
    path.write_text(SORTED)
    assert main(["check", str(path)]) == 0
    err = capsys.readouterr().err
    assert f"{path}:3:1: warning[SN0703]: the patterns of" in err and "up to 12 of one class" in err


def test_files_of_data_are_read_where_asked_only(tmp_path: Path, capsys: Capture) -> None:
    rows = "\n".join(f"{i},{'a' if i < 12 else 'b'}" for i in range(24))
    (tmp_path / "rows.csv").write_text(rows)
    path = tmp_path / "sorted.sn"
    path.write_text(
        "(defnet n (layer in (1)) (layer out (2)) (connect in out (full)))\n"
        '(experiment n (data (csv "rows.csv" (label 1) (header no))) (order constant)\n'
        "  (optimizer sgd (sgd (learning-rate 100))))\n"
    )
    assert main(["check", str(path)]) == 0
    assert capsys.readouterr().err == ""
    assert main(["check", str(path), "--lint"]) == 0
    out, err = capsys.readouterr()
    assert "warning[SN0703]" in err and "warning[SN0702]: the learning rate 100 of" in err
    assert "sgd: rates below " in out
    assert main(["check", str(path), "--lint", "--json"]) == 0
    assert "SN07" not in capsys.readouterr().out


def test_data_that_is_wrong_is_left_to_who_trains(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "n.sn"
    data = SORTED[SORTED.index("(patterns") : SORTED.index("(kind")]
    path.write_text(SORTED.replace(f"{data}(kind classes)", '(csv "absent.csv" (label 1)'))
    assert main(["check", str(path), "--lint"]) == 0
    assert "error" not in capsys.readouterr().err
