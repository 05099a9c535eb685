"""Stable forms in kernels: float32 vectors of either width are right from -1e4 to 1e4."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from sn.emit.functions import compile_expression
from sn.emit.vector import LANES, PARTIAL, Builder, Index, Memories
from sn.net.activations import Activation, activation, linear, tanh
from sn.net.costs import Cost
from sn.net.expr import Expr, call, evaluate, variable
from sn.net.output import output_formulas
from tests.sections import compiled
from tests.textbook import CROSS, FORMS, NAMED, expression, grid, worst

pytestmark = pytest.mark.kernels

Floats32 = NDArray[np.float32]


def run(formulas: tuple[Expr, ...], x: Floats32, d: Floats32, lanes: int) -> Floats32:
    """Compute formulas of a = y = x and d by a kernel of `lanes` lanes: (formulas, n)."""
    n = -(-len(x) // PARTIAL) * PARTIAL
    ends = [np.pad(part, (0, n - len(part)), constant_values=1) for part in (x, d)]
    out = np.empty((n // lanes, len(formulas), lanes), np.float32)
    _compiled(formulas, lanes)(*ends, out, indices=range(n // lanes))
    return out.transpose(1, 0, 2).reshape(len(formulas), n)[:, : len(x)]


@cache
def _compiled(formulas: tuple[Expr, ...], lanes: int) -> Callable[..., None]:
    def every(k: Builder, m: Memories, at: Index) -> None:
        a, memo = k.load(m.x, at * lanes), {}
        variables = {"a": a, "y": a, "d": k.load(m.y, at * lanes)}
        for number, e in enumerate(formulas):
            value = compile_expression(k, e, variables, memo)
            k.store(value, m.o, at * (lanes * len(formulas)) + number * lanes)

    return compiled(every, "x y o", lanes)


@pytest.mark.parametrize("name", FORMS)
def test_a_textbook_form_is_right_everywhere(name: str) -> None:
    """The first way of writing it; test_stable.py shows that the others become the same."""
    form, x = FORMS[name], grid()
    f = Activation(name, expression(form.texts[0]))
    parts = (f.value, f.slope, f.bend)
    narrow, wide = (run(parts, x, np.zeros_like(x), lanes) for lanes in (LANES, PARTIAL))
    assert np.array_equal(narrow.view(np.int32), wide.view(np.int32))
    for found, exact in zip(narrow, (form.value, form.slope, form.bend), strict=True):
        at = x.astype(float)
        assert worst(at, found.astype(float), exact(at)) < 1e-5


@pytest.mark.parametrize("name", NAMED)
def test_a_named_non_linearity_is_right_everywhere(name: str) -> None:
    f, x = activation.get(name)(), grid()
    parts = (f.value, f.slope, f.bend)
    narrow, wide = (run(parts, x, np.zeros_like(x), lanes) for lanes in (LANES, PARTIAL))
    assert np.array_equal(narrow.view(np.int32), wide.view(np.int32))
    at = x.astype(float)
    # gelu is x times a share, which is no normal number itself at the far end
    counts = np.abs(at) <= (13 if name == "gelu" else np.inf)
    for part, found, exact in zip(parts, narrow.astype(float), NAMED[name], strict=True):
        right = exact(at)
        assert worst(at, np.broadcast_to(evaluate(part, {"a": at}), at.shape), right) < 1e-9
        assert worst(at[counts], found[counts], right[counts]) < 1e-5
        assert found[~counts] == pytest.approx(right[~counts], rel=1e-6, abs=1e-36)


def test_special_values_of_named_non_linearities() -> None:
    names = list(NAMED)
    x = np.array([0.0, -np.inf, np.nan, 3e38, -3e38], np.float32)
    found = run(tuple(activation.get(n)().value for n in names), x, np.zeros_like(x), LANES)
    for name, part in zip(names, found, strict=True):
        with np.errstate(all="ignore"):
            exact = NAMED[name][0](x.astype(float))
        # 0 times infinity: a product with the share of what is below is none at the very end
        skip = name in ("gelu", "silu")
        assert part[skip * 2 :] == pytest.approx(exact[skip * 2 :], rel=1e-6, nan_ok=True)


@pytest.mark.parametrize("lanes", [LANES, PARTIAL])
@pytest.mark.parametrize("d", [0.0, 1.0])
def test_logistic_output_with_cross_entropy_is_y_minus_d(lanes: int, d: float) -> None:
    f = Activation("f", expression(FORMS["logistic"].texts[0]))
    joint = output_formulas(f, Cost("c", expression(CROSS, ("y", "d"))))
    assert joint is not None
    x = grid()
    desired = np.full_like(x, d)
    parts = (joint.grad, joint.full, joint.gauss_newton, joint.value)
    found = run(parts, x, desired, lanes).astype(float)
    at, side = x.astype(float), -1 if d else 1
    s, back = FORMS["logistic"].value(side * at), FORMS["logistic"].value(-side * at)
    for part, exact in zip(
        found, (-side * s, s * back, s * s, FORMS["softplus"].value(side * at)), strict=True
    ):
        assert worst(at, part, exact) < 1e-5
    # y - d itself, as float32 has it
    assert found[0] == pytest.approx(d - FORMS["logistic"].value(at), abs=3e-7)


def test_a_wide_argument_keeps_its_digits() -> None:
    """s(v) of a sum near -80 is as right as s of its exact value."""
    a = variable("a")
    v = 1.1 * a * a * a - 0.7 * a - 80.3
    x = np.linspace(-1, 1, 4001).astype(np.float32)
    (found,) = run((call("logistic", v),), x, np.zeros_like(x), LANES)
    exact = evaluate(call("logistic", v), {"a": x.astype(float)})
    assert np.abs(found / exact - 1).max() < 1e-6


@pytest.mark.parametrize("op", ["logistic", "root_logistic", "softplus", "logcosh"])
def test_special_values(op: str) -> None:
    x = np.array([0.0, np.inf, -np.inf, np.nan, 3e38, -3e38], np.float32)
    with np.errstate(all="ignore"):
        exact = np.asarray(evaluate(call(op, variable("a")), {"a": x.astype(float)}))
    (found,) = run((call(op, variable("a")),), x, np.zeros_like(x), LANES)
    assert found == pytest.approx(exact, rel=1e-6, nan_ok=True)


def test_the_least_normal_number_is_reached() -> None:
    x = np.array([-87.3365, -87.31, -87.0], np.float32)
    (found,) = run((call("exp", variable("a")),), x, np.zeros_like(x), LANES)
    assert found == pytest.approx(np.exp(x.astype(float)), rel=1e-6)


def test_the_built_in_functions_keep_their_bits() -> None:
    """The derivatives of SN's tanh are 1 - tanh^2, computed as before."""
    a = variable("a")
    t = call("tanh", a)
    x = np.linspace(-20, 20, 4096).astype(np.float32)
    zero = np.zeros_like(x)
    found = run((tanh().value, tanh().slope, linear().slope), x, zero, LANES)
    expected = run((t, 1 - t * t, linear().slope), x, zero, LANES)
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("test", ["(< (- (tanh x) (tanh x)) 1)", "(= (/ (exp x) (exp x)) 1)"])
def test_a_test_that_becomes_one_of_constants_is_decided(test: str) -> None:
    """Kernels choose by comparisons only; algebra may leave two numbers to compare."""
    f = Activation("chosen", expression(f"(if {test} x (* 2 x))"))
    assert f.value == variable("a")
    x = np.linspace(-2, 2, 16, dtype=np.float32)
    np.testing.assert_array_equal(run((f.value, f.slope), x, x, LANES)[0], x)
