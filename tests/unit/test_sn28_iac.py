"""Interactive activation and competition, and adaptive resonance, step by step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sn.errors import SnError
from sn.live import net as rows
from sn.session import Session

F = np.float32
ALPHA, BETA, GAMMA, LEAST, MOST, REST, DECAY = map(F, (0.1, 0.2, 0.4, -0.2, 1, -0.1, 0.1))
NUMBERS = " ".join(f"{x:g}" for x in (ALPHA, BETA, GAMMA, LEAST, MOST, REST, DECAY))


def start(n: int = 6) -> Session:
    session = Session()
    session.evaluate(f"(setq l (newneurons {n})) (connect l l)")
    net, rng = session.world.live, np.random.default_rng(3)
    net.weights[rows.WEIGHT, : n * n] = rng.normal(size=n * n)
    for row in (rows.VAL, rows.SUM):
        net.units[row, 1 : n + 1] = rng.normal(size=n)
    return session


def inputs(session: Session, sign: int) -> list[float]:
    """Sums over the connections with a sign, from the last made on, rounded at every step."""
    net, found = session.world.live, []
    for unit in range(1, net.n_units):
        total = F(0)
        for conn in reversed(net.into[unit]):
            w = net.weights[rows.WEIGHT, net.wid[conn]]
            if w * sign > 0:
                total = F(total + F(w * net.units[rows.VAL, net.src[conn]]))
        found.append(float(total))
    return found


@pytest.mark.parametrize(("word", "sign", "row"), [("excitation", 1, 0), ("inhibition", -1, 1)])
def test_weights_of_one_sign_are_summed(word: str, sign: int, row: int) -> None:
    session = start()
    session.evaluate(f"(update-{word} l)")
    assert session.world.live.units[rows.SPARE + row, 1:7].tolist() == inputs(session, sign)


def iac(a: F, x: F, excited: F, inhibited: F) -> F:
    net = F(F(F(GAMMA * x) + F(ALPHA * excited)) + F(BETA * inhibited))
    room = F(MOST - a) if net > 0 else F(a - LEAST)
    return F(a + F(F(net * room) - F(DECAY * F(a - REST))))


def art(a: F, x: F, excited: F, inhibited: F) -> F:
    up, down = F(F(GAMMA * x) + F(ALPHA * excited)), F(BETA * inhibited)
    change = F(F(up * F(MOST - a)) + F(down * F(a - LEAST)))
    return F(a + F(change - F(DECAY * F(a - REST))))


@pytest.mark.parametrize(("word", "step"), [("iac", iac), ("art", art)])
def test_activations_move_by_a_step(word: str, step: Callable[[F, F, F, F], F]) -> None:
    session = start()
    session.evaluate("(update-excitation l) (update-inhibition l)")
    u = session.world.live.units[:, 1:7].copy()
    columns = (u[rows.SUM], u[rows.VAL], u[rows.SPARE], u[rows.SPARE + 1])
    expected = [float(step(*some)) for some in zip(*columns, strict=True)]
    session.evaluate(f"(update-{word}-activation l {NUMBERS})")
    assert session.world.live.units[rows.SUM, 1:7].tolist() == expected
    assert len(set(expected)) == 6


def test_two_units_compete() -> None:
    session = Session()
    session.evaluate("""(setq l (newneurons 2)) (connect 1 2 -1) (connect 2 1 -1)
    (setq over (nlf-f-lisp (lambda (a) (max a 0))))
    (de cycle () (update-inhibition l) (nspare1 1 0.3) (nspare1 2 0.25)
      (update-iac-activation l 0.4 0.4 0 -0.2 1 -0.1 0.1) (update-state-only over l))
    (repeat 200 (cycle))""")
    first, second = (session.evaluate(f"(nsum {i})") for i in (1, 2))
    assert first > 0.4
    assert second < first / 2
    assert -0.2 <= second


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("(update-excitation '(9))", "there is no unit 9"),
        ("(update-iac-activation l 1 1 1 0 1 0)", "needs 8 arguments"),
        ("(update-art-activation l 1 1 1 0 1 0 1e60)", "must fit 32 bits"),
        ("(update-iac-activation l 1 1 1 0 1 0 'x)", "needs a number"),
    ],
)
def test_what_cannot_be_done_is_refused(form: str, message: str) -> None:
    session = start()
    with pytest.raises(SnError) as caught:
        session.evaluate(form)
    assert message in caught.value.message
    assert caught.value.span is not None
