"""Softmax with cross-entropy: against a plain NumPy formula, differences, kernels and torch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

import sn.kernels
from sn.errors import EvalError, TrainError
from sn.kernels import Kernels, compile_net
from sn.lower.recognise import lower
from sn.net.costs import cost
from sn.net.expr import evaluate
from sn.net.reference import Reference
from sn.net.table import ConnectionTable, freeze
from sn.net.tangent import Tangent
from sn.optim.first_order import Sgd
from sn.optim.rules import Curvature, Hyper, RuleSpec
from sn.session import Session
from sn.train.cautions import error_of_constants
from sn.train.criteria import largest
from sn.train.gradient_check import check_gradients, random_examples
from sn.train.historical import HistoricalEngine
from sn.train.scoring import answers, score

SOFTMAX = cost.get("softmax")(5)
Floats = NDArray[np.float64]

NET = """
(defnet soft
  (layer in (6)) (layer h (7)) (layer out ({n}) {f})
  (connect in h (full)) (connect h out (full)))
(experiment soft (data "mnist-1989") {targets} (cost softmax)
  (optimizer sgd (sgd (learning-rate 0.1))))
"""


def program(n: int = 5, f: str = "(linear)", targets: str = "(targets 0 1)") -> str:
    return NET.format(n=n, f=f, targets=targets)


def table_of(n: int) -> ConnectionTable:
    session = Session()
    session.evaluate(program(n))
    return freeze(session.world.networks["soft"])


def plain(y: Floats, d: Floats) -> tuple[float, Floats, Floats]:
    """Value, gradient and Hessian in ordinary NumPy, from log-softmax."""
    top = y.max()
    log_p = y - top - np.log(np.sum(np.exp(y - top)))
    p = np.exp(log_p)
    value = -float(np.sum(np.where(d == 0, 0, d * log_p)))
    return value, d.sum() * p - d, d.sum() * (np.diag(p) - np.outer(p, p))


CASES = {
    "one of five": ([0.3, -1.0, 2.0, 0.0, 0.5], [0, 0, 1, 0, 0]),
    "shares": ([0.3, -1.0, 2.0, 0.0, 0.5], [0.1, 0.2, 0.3, 0.4, 0.0]),
    "a sum that is not 1": ([0.3, -1.0, 2.0, 0.0, 0.5], [0.5, 0.5, 1.0, 0.0, 0.25]),
    "far apart": ([1e4, -1e4, 0.0, 5.0, 1.0], [0, 1, 0, 0, 0]),
    "far and equal": ([-1e4] * 5, [0, 1, 0, 0, 0]),
}


@pytest.mark.parametrize("name", CASES)
def test_value_gradient_and_curvature(name: str) -> None:
    y, d = (np.array(part, float) for part in CASES[name])
    value, gradient, hessian = plain(y, d)
    ends = SOFTMAX.ends(y, d)
    assert np.sum(evaluate(SOFTMAX.value, ends)) == pytest.approx(value, rel=1e-14)
    assert evaluate(SOFTMAX.slope, ends) == pytest.approx(gradient, rel=1e-14, abs=1e-15)
    assert evaluate(SOFTMAX.bend, ends) == pytest.approx(np.diag(hessian), rel=1e-14, abs=1e-15)
    r = np.array([1.0, -0.5, 0.25, 2.0, 0.0])
    assert SOFTMAX.along(ends, r) == pytest.approx(r @ hessian @ r, rel=1e-13, abs=1e-15)


def test_the_curvature_along_a_line_is_that_of_the_twin() -> None:
    table, rng = table_of(5), np.random.default_rng(0)
    weights, direction = rng.uniform(-1, 1, (2, table.n_weights))
    patterns, targets = rng.uniform(-1, 1, (3, 6)), np.eye(5)[[1, 2, 2]]
    twin = Reference(table, SOFTMAX)
    expected = 0.0
    for pattern, desired in zip(patterns, targets, strict=True):
        out = table.layers[-1].units.ravel()
        ends = [twin.forward(weights + h * direction, pattern)[1][out] for h in (1e-5, -1e-5)]
        r = (ends[0] - ends[1]) / 2e-5
        y = twin.forward(weights, pattern)[1][out]
        expected += float(r @ plain(y, desired)[2] @ r)
    one_by_one = sum(
        twin.along(weights, direction, *pair) for pair in zip(patterns, targets, strict=True)
    )
    assert one_by_one == pytest.approx(expected, rel=1e-7)
    assert Tangent(table, SOFTMAX).along(weights, direction, patterns, targets) == pytest.approx(
        expected, rel=1e-6
    )


@pytest.mark.kernels
@pytest.mark.parametrize("n", [1, 2, 8, 10, 16, 17])
def test_kernels_find_what_the_twin_finds(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the same bits with 8 lanes as with 16."""
    table, rng = table_of(n), np.random.default_rng(n)
    error = cost.get("softmax")(n)
    weights = rng.uniform(-1, 1, table.n_weights).astype(np.float32)
    pattern = rng.uniform(-1, 1, (1, 6)).astype(np.float32)
    desired = rng.uniform(0, 1, (1, n)).astype(np.float32)
    twin = Reference(table, error).present(
        weights.astype(float), pattern[0].astype(float), desired[0].astype(float)
    )
    rule = RuleSpec(curvature=Curvature.GAUSS_NEWTON, gather=True)
    found = []
    for lanes in (8, 16):
        monkeypatch.setattr(sn.kernels, "lanes_of_cpu", lambda lanes=lanes: lanes)
        kernels = compile_net(lower(table), error, rule)
        slots = kernels.slots(weights, [0.0] * len(kernels.source.nodes), Hyper())
        kernels.train(slots, pattern, desired, np.zeros(1, np.int32))
        for name, expected in (("descents", twin.d_weight), ("curvatures", twin.curv_weight)):
            sums = kernels.unpack(slots[name])
            room = 2e-6 * max(np.abs(expected).max(), 1e-2)
            assert sums == pytest.approx(expected, rel=1e-5, abs=room)
        found.append(slots.memory.tobytes())
    assert found[0] == found[1]


@pytest.mark.kernels
def test_kernels_stay_finite_where_exponentials_overflow() -> None:
    table = table_of(5)
    kernels = compile_net(lower(table), SOFTMAX, RuleSpec(gather=True))
    weights = np.full(table.n_weights, 1e4, np.float32)
    slots = kernels.slots(weights, [0.0] * len(kernels.source.nodes), Hyper())
    desired = np.eye(5, dtype=np.float32)[:1]
    kernels.train(slots, np.ones((1, 6), np.float32), desired, np.zeros(1, np.int32))
    last = table.layers[-1].units.ravel()
    lay = kernels.source.layout
    gradient = kernels.states[lay.unit[last] + lay.to_grad]
    assert gradient == pytest.approx([0.8, -0.2, -0.2, -0.2, -0.2], rel=1e-6)


@pytest.mark.kernels
def test_the_gradient_check_passes() -> None:
    table = table_of(5)

    def compiled(rule: RuleSpec) -> Kernels:
        return compile_net(lower(table), SOFTMAX, rule)

    assert check_gradients(table, SOFTMAX, compiled, random_examples(table, 0)).passes


def test_the_error_is_the_cross_entropy_per_pattern() -> None:
    outputs = np.array([[1.0, 2.0, 3.0, 0.0, 0.0], [0.0] * 5], np.float32)
    targets = np.eye(5, dtype=np.float32)[[2, 0]]
    expected = np.mean([plain(*pair)[0] for pair in zip(outputs, targets, strict=True)])
    found = score(outputs, targets, largest(), SOFTMAX)
    assert found.error == pytest.approx(expected, rel=1e-6)
    assert found.misses == 0


def test_guessing_costs_the_entropy_of_the_classes() -> None:
    targets = np.eye(5, dtype=np.float32)[[0, 0, 1, 2]]
    entropy = -(0.5 * np.log(0.5) + 2 * 0.25 * np.log(0.25))
    assert error_of_constants(targets, SOFTMAX) == pytest.approx(entropy, rel=1e-6)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (program(f=""), "linear"),
        (program(targets=""), "targets -1 and 1"),
        (program(targets="(targets -0.5 1)"), "targets -0.5 and 1"),
    ],
)
def test_what_the_cost_needs_is_said_at_its_option(text: str, words: str) -> None:
    with pytest.raises(EvalError, match=words) as caught:
        Session().evaluate(text)
    assert caught.value.span is not None
    assert caught.value.hint


def test_the_historical_arithmetic_has_none() -> None:
    table = table_of(5)
    rows = np.zeros((1, 6), np.float32)
    with pytest.raises(TrainError, match="softmax"):
        HistoricalEngine(
            table, SOFTMAX, Sgd(learning_rate=0.1), {"train": rows}, np.eye(5, dtype=np.float32)[:1]
        )


def test_torch_agrees() -> None:
    torch = pytest.importorskip(
        "torch", reason="the autograd oracle needs torch, which is not installed (extra `bench`)"
    )
    rng = np.random.default_rng(3)
    for y, d in zip(rng.normal(0, 3, (5, 5)), rng.uniform(0, 1, (5, 5)), strict=True):
        desired = torch.tensor(d)

        def error(outputs: object, desired: object = desired) -> object:
            return -(desired * torch.log_softmax(outputs, 0)).sum()

        wanted: Callable[..., object] = torch.autograd.functional.hessian
        at = torch.tensor(y, requires_grad=True)
        error(at).backward()  # type: ignore[attr-defined]
        hessian = wanted(error, torch.tensor(y))
        ends = SOFTMAX.ends(y, d)
        assert evaluate(SOFTMAX.slope, ends) == pytest.approx(at.grad.numpy(), rel=1e-12)
        assert evaluate(SOFTMAX.bend, ends) == pytest.approx(np.diag(hessian), rel=1e-12)


def test_outputs_of_a_softmax_are_compared_with_targets_as_shares() -> None:
    outputs = np.array([[0.0, np.log(3)], [np.log(4), 0.0]])
    np.testing.assert_allclose(answers(outputs, SOFTMAX), [[0.25, 0.75], [0.8, 0.2]])
    targets = np.array([[0.0, 1.0], [1.0, 0.0]], np.float32)
    found = score(outputs.astype(np.float32), targets, None, SOFTMAX)
    assert found.half_squares == pytest.approx((2 * 0.25**2 + 2 * 0.2**2) / 2 / 4)
    assert answers(outputs, None) is outputs
