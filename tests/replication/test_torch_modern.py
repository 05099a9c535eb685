"""What came after 1989 against torch: costs over the layer, lengths and directions, clipping."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sn.net.expr import evaluate
from sn.net.table import freeze
from sn.optim.batched import ALL, Parametrisation
from sn.optim.first_order import Sgd
from sn.optim.normalised import Normalised
from sn.optim.rules import Memory, advance
from tests.sample_nets import described
from tests.unit.test_layer_costs import COSTS, made

torch = pytest.importorskip(
    "torch", reason="torch's own needs torch, which is not installed (extra `bench`)"
)

Error = Callable[[Any, Any], Any]
# what the functions of COSTS say, in torch
ERRORS: dict[str, Error] = {
    "squares": lambda y, d: ((y - d) ** 2).sum(),
    "softmax": lambda y, d: -(d * torch.log_softmax(y, 0)).sum(),
    "spread": lambda y, d: (
        ((y - y.mean()) ** 2).sum() / len(y) + torch.sqrt(1 + (y * y * d * d).sum())
    ),
    "margin": lambda y, d: torch.relu(1 + y.max() - (y * d).sum()) ** 2 + (y * y).min(),
}


@pytest.mark.parametrize("name", COSTS)
def test_a_cost_in_lisp_has_the_derivatives_of_autograd(name: str) -> None:
    cost, rng = made(name), np.random.default_rng(4)
    assert cost.derivatives is not None
    for y, d in zip(rng.normal(0, 1, (6, 4)), rng.uniform(0, 1, (6, 4)), strict=True):
        at, desired = torch.tensor(y, requires_grad=True), torch.tensor(d)
        ERRORS[name](at, desired).backward()
        hessian = torch.autograd.functional.hessian(
            lambda outputs, desired=desired: ERRORS[name](outputs, desired), torch.tensor(y)
        )
        ends = cost.ends(y, d)
        slope = np.broadcast_to(evaluate(cost.slope, ends), y.shape)
        bend = np.broadcast_to(evaluate(cost.bend, ends), y.shape)
        assert slope == pytest.approx(at.grad.numpy(), rel=1e-10, abs=1e-12)
        assert bend == pytest.approx(np.diag(hessian), rel=1e-10, abs=1e-12)


def test_lengths_and_directions_move_as_those_of_torch() -> None:
    """torch.nn.utils.parametrizations.weight_norm, one row of a matrix a unit."""
    table = freeze(
        described(
            "(defnet n (layer in (5)) (layer out (3) (linear) (bias none)) (connect in out (full)))"
        )
    )
    rule = Sgd(learning_rate=0.1, batch=ALL, parametrisation=Parametrisation.WEIGHT_NORM)
    rng = np.random.default_rng(2)
    weights = rng.normal(size=15)
    ours = Normalised(rule, table)
    ours.start(weights)
    linear = torch.nn.Linear(5, 3, bias=False, dtype=torch.float64)
    (parameter,) = table.parameters
    with torch.no_grad():
        linear.weight.copy_(torch.tensor(weights[parameter.wid]))
    torch.nn.utils.parametrizations.weight_norm(linear, dim=0)
    theirs = torch.optim.SGD(linear.parameters(), lr=0.1)
    for _ in range(5):
        slope = rng.normal(size=15)
        theirs.zero_grad()
        (linear.weight * torch.tensor(slope[parameter.wid])).sum().backward()
        theirs.step()
        found = ours.step(rule, np.full(15, 0.1), -slope)
        expected = linear.weight.detach().numpy()
        assert np.asarray(found)[parameter.wid] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("limit", [0.05, 100.0])
def test_clipping_is_that_of_torch(limit: float) -> None:
    optimizer = Sgd(learning_rate=0.5, clip_norm=limit)
    rng = np.random.default_rng(3)
    weights = rng.normal(size=9)
    theirs = torch.tensor(weights, requires_grad=True)
    step = torch.optim.SGD([theirs], lr=0.5)
    memory = Memory.empty(9)
    for _ in range(4):
        descent = rng.normal(size=9)
        theirs.grad = torch.tensor(-descent)
        torch.nn.utils.clip_grad_norm_([theirs], limit)
        step.step()
        rates = np.full(9, 0.5)
        weights = advance(
            optimizer.rule, optimizer.hyper, rates, weights, memory, descent, np.zeros(9)
        )
        # torch adds 1e-6 to the length that it divides by
        assert weights == pytest.approx(theirs.detach().numpy(), rel=1e-4)
