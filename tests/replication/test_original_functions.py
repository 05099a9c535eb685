"""Non-linearities of SN 2.8: f, f' and its numerical f'' at 1,001 places, bit for bit.

The tables are hashes in tests/golden/original, and each hundredth row.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from sn.live.formulas import of_activation
from sn.live.functions import Function
from sn.net.activations import Activation, linear, nlf_tanh
from sn.net.expr import evaluate
from sn.sn28.nonlinear import Nlf
from tests.replication.original import kept, quiet, sha256

X = np.linspace(-5, 5, 1001).astype(np.float32)
NAMES = ("f", "df", "ddf")

TANHS = {
    "default": nlf_tanh(),
    "tanh_0.66666666_0": nlf_tanh(0.66666666, 0),
    "tanh_0.66666666_0.1": nlf_tanh(0.66666666, 0.1),
    "tanh_0.66666666_0_1.7159": nlf_tanh(0.66666666, 0, 1.7159),
    "tanh_0.5_0.05_2_0.25": nlf_tanh(0.5, 0.05, 2, 0.25),
    "tanh_0.5_0_0.5_0.5": nlf_tanh(0.5, 0, 0.5, 0.5),
    "tanh_0.6666_0": nlf_tanh(0.6666, 0),
    "tanh_0.666_0": nlf_tanh(0.666, 0),
    "tanh_0.66_0": nlf_tanh(0.66, 0),
    "tanh_0.6_0": nlf_tanh(0.6, 0),
    "tanh_1_0_1": nlf_tanh(1, 0, 1),
}


# the tables whose functions are formulas of net forms, exact but for the last digits
FORMULAS = {**TANHS, "lin_1_1": linear(1)}
SPLINES = {
    "spline_5knots": "(nlf-spline '(-3 -1 0 1 3) '(-1 -0.5 0.25 0.5 1))",
    "spline_tanh_0.6666_-4_4_0.05": """
        (let ((f (nlf-tanh 0.6666 0)) (x -4) (xs ()))
          (repeat 161 (setq xs (cons x xs)) (incr x 0.05))
          (setq xs (reverse xs))
          (nlf-spline xs (all ((x xs)) (f x))))""",
}
# SN's own words; the numbers of others stand in their names: nlf-WORD A B ...
WORDS = {
    "default": "",
    "bell": "(nlf-bell)",
    "tanh_0.66666666_0_dfall": "(nlf-tanh 0.66666666 0) (setq dnlf (nlf-df-all nlf))",
}


def test_the_tables_are_all_here() -> None:
    assert set(TANHS) < set(kept("nlf"))
    assert len(kept("nlf")) == 22


def table(functions: tuple[Function, ...]) -> NDArray[np.float32]:
    """Return the values of functions at all places: (1001, n)."""
    return np.array([[f(float(x)) for f in functions] for x in X], np.float32)


def check(name: str, found: NDArray[np.float32]) -> None:
    """Demand that all bits are the original's."""
    golden = kept("nlf")[name]
    for row, wanted in zip(found[::100], golden["some"], strict=True):
        assert row.tolist() == wanted[1:], wanted[0]
    for column, field in zip(found.T, NAMES, strict=True):
        assert sha256(np.ascontiguousarray(column)) == golden[field], field


def of(activation: Activation) -> tuple[Function, Function, Function]:
    found = of_activation(activation)
    assert found is not None
    return found


@pytest.mark.parametrize("name", TANHS)
def test_historical_functions_are_the_originals_bit_for_bit(name: str) -> None:
    check(name, table(of(TANHS[name])))


@cache
def original(name: str) -> NDArray[np.float32]:
    """Return the table of the original: that of SN's own words, which has its hashes."""
    kind, *numbers = name.split("_")
    session = quiet()
    session.evaluate(WORDS.get(name, f"(nlf-{kind} {' '.join(numbers)})"))
    values = [session.evaluate(word) for word in ("nlf", "dnlf", "ddnlf")]
    assert all(isinstance(one, Nlf) for one in values)
    found = table(tuple(one.function for one in values))
    check(name, found)
    return found


@pytest.mark.parametrize("name", [name for name in kept("nlf") if not name.startswith("spline")])
def test_functions_of_lisp_are_the_originals_bit_for_bit(name: str) -> None:
    assert original(name).shape == (1001, 3)


@pytest.mark.parametrize("name", SPLINES)
def test_splines_are_the_originals_but_for_a_last_bit(name: str) -> None:
    """The second derivatives have all bits; in what order f and f' are computed is not known."""
    session = quiet()
    session.evaluate(SPLINES[name])
    found = table(tuple(session.evaluate(word).function for word in ("nlf", "dnlf", "ddnlf")))
    golden = kept("nlf")[name]
    assert sha256(np.ascontiguousarray(found[:, 2])) == golden["ddf"]
    for row, wanted in zip(found[::100], golden["some"], strict=True):
        assert row == pytest.approx(wanted[1:], rel=2e-7, abs=1e-12)
    assert ("tanh" not in name) or sha256(np.ascontiguousarray(found[:, 0])) == golden["f"]


@pytest.mark.parametrize("name", FORMULAS)
def test_formulas_are_the_originals_but_for_its_differences(name: str) -> None:
    """It differentiates in float32 with a step of 1/128: an ulp of f becomes 3e-5 of f', where f'
    is a difference too, and once more 8e-3 of f''.
    """
    f, x = FORMULAS[name], X.astype(float)
    parts = zip((f.value, f.slope, f.bend), original(name).T, (3e-7, 2e-4, 2e-2), strict=True)
    for part, column, room in parts:
        assert np.broadcast_to(evaluate(part, {"a": x}), x.shape) == pytest.approx(column, abs=room)
