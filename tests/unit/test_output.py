"""Output units whose cost has a pole: kernels and twin agree, however far they saturate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sn.kernels import compile_net
from sn.lower.recognise import lower
from sn.net.costs import Cost
from sn.net.reference import Reference
from sn.net.table import ConnectionTable, freeze
from sn.net.tangent import Tangent
from sn.optim.rules import Curvature, Hyper, RuleSpec
from sn.session import Session
from tests.sample_nets import described
from tests.textbook import CROSS, SIGNED, expression, s

CROSS_ENTROPY = Cost("c", expression(CROSS, ("y", "d")))
TOTALS = np.array([-1e4, -300, -89, -88, -30, -1, 0, 0.5, 12, 40, 95, 1e4], np.float32)


def one_layer(count: int, function: str) -> ConnectionTable:
    """One input into `count` output units without a bias: a_j = w_j x."""
    return freeze(
        described(
            f"(defnet n (layer in (1)) (layer out ({count}) {function} (bias none))"
            " (connect in out (full)))"
        )
    )


LOGISTIC = "(nlf (lambda (x) (/ 1 (+ 1 (exp (- x))))))"


@pytest.mark.kernels
@pytest.mark.parametrize("curvature", [Curvature.GAUSS_NEWTON, Curvature.FULL])
@pytest.mark.parametrize("d", [0.0, 1.0])
def test_the_kernel_gradient_is_y_minus_d_at_every_total(curvature: Curvature, d: float) -> None:
    """12 units: a whole vector of outputs, and one with pads."""
    table = one_layer(12, LOGISTIC)
    kernels = compile_net(lower(table), CROSS_ENTROPY, RuleSpec(curvature=curvature, gather=True))
    slots = kernels.slots(TOTALS, np.zeros(len(kernels.source.nodes), np.float32), Hyper())
    patterns, desired = np.ones((1, 1), np.float32), np.full((1, 12), d, np.float32)
    kernels.train(slots, patterns, desired, np.zeros(1, np.int32))
    gradient = kernels.unpack(slots["descents"]).astype(float)
    at = TOTALS.astype(float)
    y, back = s(at), s(-at)
    assert gradient == pytest.approx(back if d else -y, rel=1e-5, abs=1e-38)
    exact = y * back if curvature is Curvature.FULL else (back**2 if d else y**2)
    assert kernels.unpack(slots["curvatures"]) == pytest.approx(exact, rel=1e-5, abs=1e-38)
    twin = Reference(table, CROSS_ENTROPY, is_full=curvature is Curvature.FULL)
    with np.errstate(all="raise", under="ignore"):
        found = twin.present(at, np.ones(1), desired[0].astype(float))
    assert found.d_weight == pytest.approx(back if d else -y, rel=1e-12, abs=0)
    assert found.curv_weight == pytest.approx(exact, rel=1e-12, abs=0)
    assert found.cost == pytest.approx(float(np.sum(np.maximum(at * (1 - 2 * d), 0))), rel=1e-2)


@pytest.mark.parametrize(
    ("function", "cost"),
    [(LOGISTIC, CROSS), ("(tanh)", SIGNED)],
    ids=["logistic", "tanh"],
)
def test_the_tangent_pass_is_that_of_the_twin(function: str, cost: str) -> None:
    table = freeze(
        described(
            f"(defnet n (layer in (3)) (layer h (4) (tanh)) (layer out (2) {function})"
            " (connect in h (full)) (connect h out (full)))"
        )
    )
    error = Cost("c", expression(cost, ("y", "d")))
    rng = np.random.default_rng(0)
    weights, direction = rng.standard_normal((2, table.n_weights))
    patterns = rng.standard_normal((5, 3))
    desired = rng.choice([0.0, 1.0] if cost is CROSS else [-1.0, 1.0], (5, 2))
    twin = Reference(table, error)
    expected = sum(
        twin.along(weights, direction, x, d) for x, d in zip(patterns, desired, strict=True)
    )
    h, parts = 1e-4, 0.0
    out = table.layers[-1].units.ravel()
    for x, d in zip(patterns, desired, strict=True):
        ends = [twin.forward(weights + sign * h * direction, x)[1][out] for sign in (1, -1)]
        moved = (ends[0] - ends[1]) / (2 * h)
        y = twin.forward(weights, x)[1][out]
        if cost is CROSS:
            bend = d / y**2 + (1 - d) / (1 - y) ** 2
        else:
            bend = (1 + d) / 2 / (1 + y) ** 2 + (1 - d) / 2 / (1 - y) ** 2
        parts += float(np.sum(bend * moved**2))
    assert expected == pytest.approx(parts, rel=1e-6)
    assert Tangent(table, error).along(weights, direction, patterns, desired) == pytest.approx(
        expected, rel=1e-7
    )


PROGRAM = """
(de sig (x) (/ 1 (+ 1 (exp (- x)))))
(de cross (y d) (- (+ (* d (log y)) (* (- 1 d) (log (- 1 y))))))
(defnet own (layer in (16 16)) (layer h (2) (nlf (lambda (x) (* x x)))) (layer out (10) (nlf sig))
  (connect in h (full)) (connect h out (full)))
(experiment own (data "mnist-1989") (cost cross) (optimizer it (sgd (learning-rate 0.1))))
"""


def test_check_tells_the_formulas_of_the_program(tmp_path: Path) -> None:
    file = tmp_path / "own.sn"
    file.write_text(PROGRAM)
    found = [(f.owner, f.written, f.computed) for f in Session().check(file).formulas]
    assert found == [
        ("layer h", "(x * x)", "(x * x)"),
        ("layer out", "(1 / (1 + exp(-x)))", "logistic(x)"),
        (
            "the cost",
            "-((d * log(y)) + ((1 - d) * log((1 - y))))",
            "-((d * log(y)) + ((1 - d) * log((1 - y))))",
        ),
    ]
    plain = tmp_path / "plain.sn"
    plain.write_text("(defnet n (layer a (2)) (layer b (2) (tanh)) (connect a b (full)))")
    assert Session().check(plain).formulas == ()
