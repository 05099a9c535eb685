"""The twin against an autograd oracle, torch in float64: gradients and curvatures to 1e-10.

The oracle knows the rows of a table and the formulas, and no derivative: those of the cost come
from autograd through the net, and curvatures from autograd through the squared network, whose
weights are w^2 and whose slopes are f'^2, f' and f'' by autograd again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from sn.net import expr
from sn.net.costs import Cost, cost
from sn.net.expr import Expr
from sn.net.reference import Reference
from sn.net.table import ConnectionTable, freeze
from tests.sample_nets import FAMILIES, Presentation, family, has_corner, lms, presentation

torch = pytest.importorskip(
    "torch", reason="the autograd oracle needs torch, which is not installed (extra `bench`)"
)

RELATIVE = 1e-10

_TORCH = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "over": lambda a, b: a / b,
    "neg": lambda a: -a,
    "tanh": torch.tanh,
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "sin": torch.sin,
    "cos": torch.cos,
    "abs": torch.abs,
    "min": torch.minimum,
    "max": torch.maximum,
    "lt": torch.lt,
    "le": torch.le,
    "eq": torch.eq,
    "if": torch.where,
    "fma": lambda a, b, c: a * b + c,
    "expm1": torch.expm1,
    "normal_cdf": torch.special.ndtr,
    "logistic": torch.sigmoid,
    "root_logistic": lambda v: torch.exp(torch.nn.functional.logsigmoid(v) / 2),
    "softplus": lambda v: torch.logaddexp(v, torch.zeros_like(v)),
    "logcosh": lambda u: torch.logaddexp(u, -u) - math.log(2.0),
}


def _float64(values: Any) -> Any:
    return torch.tensor(np.asarray(values), dtype=torch.float64)


def value_of(e: Expr, variables: dict[str, Any]) -> Any:
    """Compute an expression with torch, shaped like its variables."""
    shape = next(iter(variables.values())).shape
    return expr.evaluate(e, variables, _TORCH, _float64).expand(shape)


def slope_of(value: Any, of: Any) -> Any:
    """d value / d of, element by element; 0 where autograd sees no dependence."""
    if not value.requires_grad:
        return torch.zeros_like(of)
    found = torch.autograd.grad(value.sum(), of, create_graph=True, allow_unused=True)[0]
    return torch.zeros_like(of) if found is None else found


@dataclass(frozen=True)
class Oracle:
    """What autograd says. Shapes: per weight (n_weights,), per unit (n_units,)."""

    descent: np.ndarray
    grad: np.ndarray
    gauss_newton: np.ndarray
    full: np.ndarray
    unit_gauss_newton: np.ndarray
    unit_full: np.ndarray


def ask(table: ConnectionTable, error: Cost, shown: Presentation) -> Oracle:
    """Differentiate the net, then the squared network."""
    weights = _float64(shown.weights).requires_grad_()
    # what is added to totals and states, to be differentiated by
    on_total, on_state = (
        torch.zeros(table.n_units, dtype=torch.float64, requires_grad=True) for _ in range(2)
    )
    constant = np.where(np.isnan(table.constant), 0.0, table.constant)
    table.show(constant, shown.pattern)
    state = _float64(constant)
    slope, bend = (torch.zeros(table.n_units, dtype=torch.float64) for _ in range(2))
    for layer, (dst, src, wid) in zip(table.computed_layers, _rows(table), strict=True):
        units = torch.tensor(layer.units.ravel(), dtype=torch.long)
        zero = torch.zeros(table.n_units, dtype=torch.float64)
        total = (zero.index_add(0, dst, weights[wid] * state[src]) + on_total)[units]
        state = state.index_copy(
            0, units, value_of(layer.activation.value, {"a": total}) + on_state[units]
        )
        alone = total.detach().requires_grad_()
        first = slope_of(value_of(layer.activation.value, {"a": alone}), alone)
        slope[units] = first.detach()
        bend[units] = slope_of(first, alone).detach()
    out = torch.tensor(table.layers[-1].units.ravel(), dtype=torch.long)
    desired = _float64(shown.desired)
    loss = value_of(error.value, {"y": state[out], "d": desired}).sum()
    d_weight, d_total, d_state = torch.autograd.grad(loss, [weights, on_total, on_state])
    y = state[out].detach().requires_grad_()
    cost_bend = slope_of(slope_of(value_of(error.value, {"y": y, "d": desired}), y), y).detach()
    gauss_newton = torch.zeros(table.n_units, dtype=torch.float64)
    gauss_newton[out] = cost_bend * slope[out] ** 2
    sources = (gauss_newton, gauss_newton + d_state * bend)
    weight, unit = _squared(table, weights.detach(), state.detach(), slope, sources)
    return Oracle(-d_weight.numpy(), -d_total.numpy(), *(part.numpy() for part in (*weight, *unit)))


def _squared(
    table: ConnectionTable, weights: Any, state: Any, slope: Any, sources: tuple[Any, Any]
) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Differentiate sum of sources * u by the squared network's inputs, u being linear in them."""
    on_weight = torch.zeros(table.n_weights, dtype=torch.float64, requires_grad=True)
    on_unit = torch.zeros(table.n_units, dtype=torch.float64, requires_grad=True)
    moved = torch.zeros(table.n_units, dtype=torch.float64)
    for layer, (dst, src, wid) in zip(table.computed_layers, _rows(table), strict=True):
        units = torch.tensor(layer.units.ravel(), dtype=torch.long)
        terms = weights[wid] ** 2 * slope[src] ** 2 * moved[src] + on_weight[wid] * state[src] ** 2
        zero = torch.zeros(table.n_units, dtype=torch.float64)
        moved = moved.index_copy(0, units, (zero.index_add(0, dst, terms) + on_unit)[units])
    found = [
        torch.autograd.grad((moved * source).sum(), [on_weight, on_unit], retain_graph=True)
        for source in sources
    ]
    return (found[0][0], found[1][0]), (found[0][1], found[1][1])


def _rows(table: ConnectionTable) -> list[tuple[Any, Any, Any]]:
    """Columns dst, src, wid of the rows into each layer."""
    found = []
    for layer in table.computed_layers:
        mine = np.flatnonzero(np.isin(table.dst, layer.units))
        found.append(
            tuple(
                torch.tensor(column[mine], dtype=torch.long)
                for column in (table.dst, table.src, table.wid)
            )
        )
    return found


def compare(table: ConnectionTable, error: Cost, shown: Presentation) -> None:
    """Demand equality to RELATIVE of the largest value of each kind."""
    oracle = ask(table, error, shown)
    twin = Reference(table, error).present(shown.weights, shown.pattern, shown.desired)
    full = Reference(table, error, is_full=True).present(
        shown.weights, shown.pattern, shown.desired
    )
    units = np.concatenate([layer.units.ravel() for layer in table.computed_layers])
    pairs = {
        "d_weight": (twin.d_weight, oracle.descent),
        "grad": (twin.grad[units], oracle.grad[units]),
        "curv_weight": (twin.curv_weight, oracle.gauss_newton),
        "curv": (twin.curv[units], oracle.unit_gauss_newton[units]),
        "full curv_weight": (full.curv_weight, oracle.full),
        "full curv": (full.curv[units], oracle.unit_full[units]),
    }
    for name, (found, expected) in pairs.items():
        # units of relu may all be off for a pattern
        assert has_corner(table) or np.abs(expected).max() > 0, name
        room = RELATIVE * np.abs(expected).max()
        assert found == pytest.approx(expected, rel=RELATIVE, abs=room), name


@pytest.mark.parametrize("name", FAMILIES)
def test_every_scheme_and_non_linearity_agrees_with_autograd(name: str) -> None:
    table = freeze(family(name))
    for seed in range(3):
        compare(table, lms(table), presentation(table, seed))


@pytest.mark.parametrize("name", ["lms", "mean-square", "lisp"])
def test_every_cost_agrees_with_autograd(name: str) -> None:
    table = freeze(family("conv with a table of maps"))
    y, d = expr.variable("y"), expr.variable("d")
    user = Cost("lisp", expr.call("log", 1 + expr.call("exp", -(d * y))))
    error = user if name == "lisp" else cost.get(name)(table.layers[-1].size)
    compare(table, error, presentation(table, 3))
