"""Adam and Nesterov's momentum: against the papers' formulas in plain NumPy, and torch."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sn.errors import SettingError, SnError
from sn.optim.adaptive import Adam
from sn.optim.base import Optimizer
from sn.optim.first_order import Nesterov
from sn.optim.rules import Memory, advance
from sn.session import Session

Floats = NDArray[np.float64]
STEPS, SIZE = 30, 7


def descents() -> Floats:
    """Descents of very different sizes, and one weight that has none."""
    sizes = np.array([1e-6, 1e-3, 0.1, 1.0, 10.0, 1e4, 0.0])
    return np.random.default_rng(0).normal(0.3, 1, (STEPS, SIZE)) * sizes


def trained(optimizer: Optimizer, shown: Floats, rates: Floats | float = 0.01) -> Floats:
    weights, memory = np.linspace(-1, 1, SIZE), Memory.empty(SIZE)
    steps, nothing = np.broadcast_to(np.asarray(rates, float), SIZE), np.zeros(SIZE)
    for descent in shown:
        weights = advance(optimizer.rule, optimizer.hyper, steps, weights, memory, descent, nothing)
    return weights


def test_adam_is_algorithm_1_of_its_paper() -> None:
    """Source: Kingma and Ba 2015, algorithm 1, with powers of both betas."""
    theta, m, v = np.linspace(-1, 1, SIZE), np.zeros(SIZE), np.zeros(SIZE)
    for t, descent in enumerate(descents(), 1):
        g = -descent
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        theta = theta - 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    assert trained(Adam(), descents()) == pytest.approx(theta, rel=1e-12)


def test_the_first_step_of_adam_is_the_rate_whatever_the_descent() -> None:
    first = trained(Adam(eps=1e-30), descents()[:1])
    moved = first - np.linspace(-1, 1, SIZE)
    assert np.abs(moved[:-1]) == pytest.approx(0.01, rel=1e-12)
    assert moved[-1] == 0


def test_nesterov_takes_the_gradient_where_the_velocity_leads() -> None:
    """In the variables of Sutskever et al. 2013, where weights are not looked ahead."""
    k, rate, mu = np.linspace(0.1, 2, SIZE), 0.1, 0.9
    start = np.linspace(-1, 1, SIZE)
    theta, v = start.copy(), np.zeros(SIZE)
    ahead = theta
    for _ in range(STEPS):
        v = mu * v - rate * k * (theta + mu * v)
        theta = theta + v
        ahead = theta + mu * v
    optimizer, weights, memory = Nesterov(learning_rate=1.0), start, Memory.empty(SIZE)
    for _ in range(STEPS):
        steps = np.full(SIZE, rate / (1 - mu))
        descent = -k * weights
        weights = advance(
            optimizer.rule, optimizer.hyper, steps, weights, memory, descent, np.zeros(SIZE)
        )
    assert weights == pytest.approx(ahead, rel=1e-12)


@pytest.mark.parametrize("optimizer", [Adam(), Nesterov(learning_rate=0.1)])
def test_a_frozen_weight_stays_to_the_bit(optimizer: Optimizer) -> None:
    rates = np.where(np.arange(SIZE) % 2, 0.01, 0.0)
    moved = trained(optimizer, descents()[:, ::-1], rates) - np.linspace(-1, 1, SIZE)
    assert np.array_equal(moved != 0, rates != 0)


@pytest.mark.parametrize("name", ["adam", "nesterov"])
def test_torch_takes_the_same_steps(name: str) -> None:
    torch = pytest.importorskip(
        "torch", reason="torch's own optimizers need torch, which is not installed (extra `bench`)"
    )
    weights = torch.tensor(np.linspace(-1, 1, SIZE), requires_grad=True)
    if name == "adam":
        theirs = torch.optim.Adam([weights], lr=0.01)
        ours = trained(Adam(), descents())
    else:
        # torch leaves the factor 1 - momentum out
        theirs = torch.optim.SGD([weights], lr=0.001, momentum=0.9, nesterov=True)
        ours = trained(Nesterov(learning_rate=0.01), descents())
    for descent in descents():
        weights.grad = torch.tensor(-descent)
        theirs.step()
    assert ours == pytest.approx(weights.detach().numpy(), rel=1e-12)


NET = """(defnet n (layer in (2)) (layer out (10)) (connect in out (full)))
(experiment n (data "mnist-1989") (optimizer a {}))"""


def test_a_program_names_them() -> None:
    session = Session()
    session.evaluate(NET.format("(adam (beta1 0.8) (beta2 0.99) (eps 1e-6) (layer out 0))"))
    found = session.world.experiments["n"].optimizers["a"]
    assert found == Adam(beta1=0.8, beta2=0.99, eps=1e-6, layers={"out": 0.0})
    session.evaluate(NET.format("(nesterov (learning-rate 0.1))"))
    found = session.world.experiments["n"].optimizers["a"]
    assert found == Nesterov(learning_rate=0.1, momentum=0.9)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("(adam (beta1 1))", "beta1 must be a number of at least 0 and below 1, found 1"),
        ("(adam (eps 0))", "eps must be a number above 0, found 0"),
        ("(nesterov)", "needs \\(learning-rate X\\)"),
    ],
)
def test_a_number_outside_its_limit_is_shown(text: str, words: str) -> None:
    with pytest.raises(SnError, match=words) as caught:
        Session().evaluate(NET.format(text))
    assert caught.value.span is not None
    with pytest.raises(SettingError, match="eps"):
        Adam(eps=0.0)
