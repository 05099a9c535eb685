"""Costs in Lisp over the list of outputs: exact derivatives, the same in twin and kernels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import sn
from sn.errors import SnError
from sn.net.costs import Cost, cost
from sn.net.expr import evaluate
from sn.session import Session

NET = """(defnet n (layer in (6)) (layer h (5)) (layer out (4) (linear))
  (connect in h (full)) (connect h out (full)))
{}
(experiment n (data (patterns '((1 2 3 4 5 6)) '((0 1 0 0)))) (targets 0 1) (cost layer {})
  (optimizer newton (diagonal-newton (learning-rate 0.01)))
  (optimizer b (adam (batch 4))))"""
SOFTMAX = """(de entropy (ys ds)
  (let* ((top (apply max ys)) (powers (mapcar (lambda (y) (exp (- y top))) ys)))
    (- (* (sum ds) (+ top (log (sum powers)))) (sum (mapcar '* ds ys)))))"""
COSTS = {
    "squares": ("", "(lambda (ys ds) (sum (mapcar (lambda (y d) (* (- y d) (- y d))) ys ds)))"),
    "softmax": (SOFTMAX, "entropy"),
    "spread": (
        "",
        """(lambda (ys ds) (let ((m (mean ys)))
             (+ (/ (sum (mapcar (lambda (y) (* (- y m) (- y m))) ys)) (length ys))
                (sqrt (+ 1 (sum (mapcar (lambda (y d) (* y y d d)) ys ds)))))))""",
    ),
    "margin": (
        "(de loss (x) (if (> x 0) (* x x) 0))",
        """(lambda (ys ds)
             (+ (loss (+ 1 (- (apply 'max ys) (sum (mapcar * ys ds)))))
                (apply 'min (mapcar (lambda (y) (* y y)) ys))))""",
    ),
}


def made(name: str) -> Cost:
    before, function = COSTS[name]
    session = Session()
    session.evaluate(NET.format(before, function))
    found = session.world.experiments["n"].cost
    assert isinstance(found, Cost)
    return found


def value(one: Cost, outputs: np.ndarray, desired: np.ndarray) -> float:
    ends = one.ends(outputs, desired)
    return float(np.broadcast_to(evaluate(one.value, ends), outputs.shape).sum())


@pytest.mark.parametrize("name", COSTS)
def test_derivatives_are_those_of_differences(name: str) -> None:
    one, stream = made(name), np.random.default_rng(1)
    assert one.derivatives is not None
    for _ in range(5):
        outputs, desired = stream.standard_normal(4), np.eye(4)[stream.integers(4)]
        ends = one.ends(outputs, desired)
        slopes = np.broadcast_to(evaluate(one.slope, ends), (4,))
        bends = np.broadcast_to(evaluate(one.bend, ends), (4,))
        for unit, step in enumerate(np.eye(4) * 1e-4):
            up, here, down = (value(one, outputs + s * step, desired) for s in (1, 0, -1))
            assert slopes[unit] == pytest.approx((up - down) / 2e-4, abs=1e-6)
            assert bends[unit] == pytest.approx((up - 2 * here + down) / 1e-8, abs=1e-5)
        moved = stream.standard_normal(4)
        up, here, down = (value(one, outputs + s * 1e-4 * moved, desired) for s in (1, 0, -1))
        assert one.along(ends, moved) == pytest.approx((up - 2 * here + down) / 1e-8, abs=1e-4)


def test_the_softmax_of_lisp_is_that_of_sn() -> None:
    ours, known, stream = made("softmax"), cost.get("softmax")(4), np.random.default_rng(2)
    for size in (1, 30, 300):
        outputs, desired = stream.standard_normal(4) * size, np.eye(4)[stream.integers(4)]
        for formula in ("value", "slope", "bend"):
            found, expected = (
                np.broadcast_to(evaluate(getattr(one, formula), one.ends(outputs, desired)), (4,))
                for one in (ours, known)
            )
            if formula == "value":
                found, expected = found.sum(), expected.sum()
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.kernels
@pytest.mark.parametrize("name", COSTS)
def test_kernels_and_twin_agree(name: str, tmp_path: Path) -> None:
    """Gradients and curvatures, against differences too, pattern by pattern and in batches."""
    file = tmp_path / "n.sn"
    file.write_text(NET.format(*COSTS[name]))
    program = Session().load(file)
    for seed in range(3):
        report = program.check_gradients(seed)
        assert report.passes, report


@pytest.mark.kernels
def test_a_trained_net_keeps_its_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SN_CACHE", str(tmp_path / "cache"))
    file = tmp_path / "n.sn"
    file.write_text(NET.format(*COSTS["spread"]))
    experiment = Session().load(file).experiment()
    experiment.train(passes=1, folder=tmp_path / "run")
    kept, own = sn.open(tmp_path / "run").about.cost, made("spread")
    assert isinstance(kept, Cost)
    outputs, desired, moved = np.array([[1.0, 2, -3, 4], [0, 1, 0, 0], [1, -1, 2, 0.5]])
    numbers = [value(one, outputs, desired) for one in (kept, own)]
    numbers += [float(one.along(one.ends(outputs, desired), moved)) for one in (kept, own)]
    assert numbers[::2] == numbers[1::2]


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("(lambda (ys) 1)", "expected a function of outputs and desired values, two lists"),
        ("(lambda (ys ds) ys)", "a formula needs a number here, found a list with a number"),
        ("(lambda (ys ds) (nth 0 ys))", "a formula needs a number here, found a list"),
        ("(lambda (ys ds) (sum 3))", "expected a list with a number for each output"),
        ("(lambda (ys ds) (apply '- ys))", "only \\+ max and min are applied to all outputs"),
        ("(lambda (ys ds) (sum (mapcar 'print ys)))", "that a kernel can compute"),
        ("(lambda (ys ds) (sum (mapcar (lambda (a b) a) ys)))", "a function of 1 number here"),
        ("7", "expected a function of outputs and desired values"),
    ],
)
def test_what_is_no_cost_is_told(function: str, message: str) -> None:
    with pytest.raises(SnError, match=message):
        Session().evaluate(NET.format("", function))
