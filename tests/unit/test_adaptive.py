"""Adam and its like, Nesterov's momentum, Rprop: against their papers in plain NumPy, and torch."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sn.errors import SettingError, SnError
from sn.optim.adaptive import Adagrad, Adam, AdamW, RmsProp
from sn.optim.base import Optimizer
from sn.optim.first_order import Nesterov
from sn.optim.rprop import Rprop
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


def test_decay_of_adamw_stays_out_of_the_averages() -> None:
    """Source: Loshchilov and Hutter 2019, algorithm 2, with the schedule in the rate."""
    theta, m, v = np.linspace(-1, 1, SIZE), np.zeros(SIZE), np.zeros(SIZE)
    for t, descent in enumerate(descents(), 1):
        m = 0.9 * m - 0.1 * descent
        v = 0.999 * v + 0.001 * descent**2
        theta = theta - 0.01 * 0.3 * theta
        theta = theta - 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    assert trained(AdamW(decay=0.3), descents()) == pytest.approx(theta, rel=1e-12)
    assert np.array_equal(trained(AdamW(decay=0), descents()), trained(Adam(), descents()))


def test_adagrad_divides_by_the_root_of_all_squares() -> None:
    theta, s = np.linspace(-1, 1, SIZE), np.zeros(SIZE)
    for descent in descents():
        s += descent**2
        theta += 0.01 * descent / (np.sqrt(s) + 1e-10)
    assert trained(Adagrad(), descents()) == pytest.approx(theta, rel=1e-12)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_rmsprop_divides_by_the_root_of_a_mean_of_squares(momentum: float) -> None:
    theta, s, v = np.linspace(-1, 1, SIZE), np.zeros(SIZE), np.zeros(SIZE)
    for descent in descents():
        s = 0.99 * s + 0.01 * descent**2
        v = momentum * v + descent / (np.sqrt(s) + 1e-8)
        theta += 0.01 * v
    found = trained(RmsProp(momentum=momentum), descents())
    assert found == pytest.approx(theta, rel=1e-12)


def test_rprop_follows_signs() -> None:
    """Igel and Huesken 2000, iRprop-, weight by weight."""
    theta, size, before = np.linspace(-1, 1, SIZE), np.full(SIZE, 0.01), np.zeros(SIZE)
    for row in descents():
        descent = row.copy()
        for i in range(SIZE):
            agreement = before[i] * descent[i]
            if agreement > 0:
                size[i] = min(size[i] * 1.2, 0.03)
            elif agreement < 0:
                size[i] = max(size[i] * 0.5, 1e-3)
                descent[i] = 0
            theta[i] += size[i] * np.sign(descent[i])
            before[i] = descent[i]
    found = trained(Rprop(least=1e-3, limit=0.03), descents())
    assert found == pytest.approx(theta, rel=1e-12)


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


@pytest.mark.parametrize(
    "optimizer", [Adam(), AdamW(), Adagrad(), RmsProp(), Rprop(), Nesterov(learning_rate=0.1)]
)
def test_a_frozen_weight_stays_to_the_bit(optimizer: Optimizer) -> None:
    rates = np.where(np.arange(SIZE) % 2, 0.01, 0.0)
    moved = trained(optimizer, descents()[:, ::-1], rates) - np.linspace(-1, 1, SIZE)
    assert np.array_equal(moved != 0, rates != 0)


@pytest.mark.parametrize("name", ["adam", "adamw", "adagrad", "rmsprop", "rprop", "nesterov"])
def test_torch_takes_the_same_steps(name: str) -> None:
    torch = pytest.importorskip(
        "torch", reason="torch's own optimizers need torch, which is not installed (extra `bench`)"
    )
    weights = torch.tensor(np.linspace(-1, 1, SIZE), requires_grad=True)
    if name != "nesterov":
        made = {"adam": Adam, "adamw": AdamW, "adagrad": Adagrad, "rmsprop": RmsProp}
        torch_name = {"adamw": "AdamW", "rmsprop": "RMSprop"}.get(name, name.capitalize())
        theirs = getattr(torch.optim, torch_name)([weights], lr=0.01)
        ours = trained(made.get(name, Rprop)(), descents())
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
    session.evaluate(NET.format("(adamw (decay (linear 0.1 0.01 5)) (layer out 0.1))"))
    found = session.world.experiments["n"].optimizers["a"]
    assert (found.at(1, 1).hyper.decay, found.at(5, 1).hyper.decay) == (0.1, 0.01)
    for text, made in (
        ("(rmsprop (rho 0.9) (momentum 0.5))", RmsProp(rho=0.9, momentum=0.5)),
        ("(adagrad (learning-rate 0.1))", Adagrad(learning_rate=0.1)),
        ("(rprop (grow 1.5) (shrink 0.4))", Rprop(grow=1.5, shrink=0.4)),
    ):
        session.evaluate(NET.format(text))
        assert session.world.experiments["n"].optimizers["a"] == made
    session.evaluate(NET.format("(nesterov (learning-rate 0.1))"))
    found = session.world.experiments["n"].optimizers["a"]
    assert found == Nesterov(learning_rate=0.1, momentum=0.9)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("(adam (beta1 1))", "beta1 must be a number of at least 0 and below 1, found 1"),
        ("(adam (eps 0))", "eps must be a number above 0, found 0"),
        ("(rprop (grow 0.9))", "grow must be a number of at least 1, found 0.9"),
        ("(rprop (least 2) (limit 1))", "limit must be at least least, 2, found 1"),
        ("(nesterov)", "needs \\(learning-rate X\\)"),
    ],
)
def test_a_number_outside_its_limit_is_shown(text: str, words: str) -> None:
    with pytest.raises(SnError, match=words) as caught:
        Session().evaluate(NET.format(text))
    assert caught.value.span is not None
    with pytest.raises(SettingError, match="eps"):
        Adam(eps=0.0)
