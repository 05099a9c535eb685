"""Historical arithmetic: the rows of a table as the original program computes them, bit for bit.

SN 2.8 works in float32, one operation at a time: a product is rounded, then added; the incoming
connections of a unit are summed from the last made to the first, and so are the outgoing ones;
tanh is computed in double precision and rounded. Kernels and twin sum in other orders, so only
this walk can be held to the original program's trajectories with ==.

It takes the connections between two layers to be made in the order of their downstream units, as
all of SN's connecting functions do.

Source: SN 2.8 (sn-network, 4 and 5); what the text leaves open, such as (epsilon g) x before
epsilon (x g), was found by comparison with trajectories of the original program.
Read next: reference.py for what is computed, ../train/historical.py for the updates.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.net.activations import Activation
from sn.net.expr import OPERATIONS, Expr, evaluate
from sn.net.layer import Ints
from sn.net.loss import Loss, ends_of
from sn.net.table import ConnectionTable

Floats32 = NDArray[np.float32]
Function = Callable[[Floats32], Floats32]

# Source: SN 2.8, nlf-ddf-all: second derivatives are differences over this step
_STEP = np.float32(1 / 128)


@dataclass(frozen=True, slots=True)
class Functions:
    """A non-linearity and its derivatives, in SN's arithmetic."""

    value: Function
    slope: Function
    bend: Function


@dataclass(frozen=True, slots=True)
class Shown:
    """One presentation. Shapes: every array (n_units,) float32; signs are SN's, minus dE."""

    total: Floats32
    state: Floats32
    back: Floats32
    grad: Floats32
    back_curv: Floats32
    curv: Floats32


class Historical:
    """The rows of one table in SN's order, ready to be walked.

    Shapes: dst, src, wid: (n_rows,) int32: units ascending, the incoming connections of a unit
    from the last to the first.
    Raises: NetError when a connection does not combine by weighted sum.
    """

    def __init__(self, table: ConnectionTable, cost: Loss, is_full: bool = False) -> None:
        table.demand_weighted_sums("the historical engine")
        self.table, self._ends, self._is_full = table, ends_of(table, cost), is_full
        order = np.lexsort((-np.arange(table.n_rows), table.dst))
        self.dst, self.src, self.wid = table.dst[order], table.src[order], table.wid[order]
        self._functions = [functions(layer.activation) for layer in table.layers]
        layers = range(len(table.layers))
        downstream, upstream = table.layer_of[self.dst], table.layer_of[self.src]
        self._into = [self._some(np.flatnonzero(downstream == i)) for i in layers]
        # outgoing connections: the last downstream unit first
        self._out_of = [self._some(np.flatnonzero(upstream == i)[::-1]) for i in layers]

    def _some(self, rows: NDArray[np.signedinteger[Any]]) -> tuple[Ints, Ints, Ints]:
        """Columns dst, src, wid of some rows, in this order."""
        return self.dst[rows], self.src[rows], self.wid[rows]

    def forward(self, weights: Floats32, pattern: Floats32) -> tuple[Floats32, Floats32]:
        """Return total inputs and states."""
        table = self.table
        state = np.where(np.isnan(table.constant), 0, table.constant).astype(np.float32)
        total = np.zeros(table.n_units, np.float32)
        table.show(state, pattern)
        for index in table.computed:
            units = _units(table, index)
            dst, src, wid = self._into[index]
            # NOTE: ufunc.at adds one by one, in the order of its indices
            np.add.at(total, dst, weights[wid] * state[src])
            state[units] = self._functions[index].value(total[units])
        return total, state

    def present(
        self, weights: Floats32, pattern: Floats32, desired: Floats32, second: bool
    ) -> Shown:
        """Walk one pattern forward and backward; `second` asks for curvatures too."""
        table = self.table
        total, state = self.forward(weights, pattern)
        back, grad, back_curv, curv = (np.zeros(table.n_units, np.float32) for _ in range(4))
        for end in self._ends:
            ends = {"y": state[end.units], "d": desired[end.part]}
            back[end.units] = -_evaluate(end.cost.slope, ends)
            back_curv[end.units] = _evaluate(end.cost.bend, ends)
        for index in reversed(table.computed):
            units = _units(table, index)
            dst, src, wid = self._out_of[index]
            np.add.at(back, src, weights[wid] * grad[dst])
            grad[units] = back[units] * self._functions[index].slope(total[units])
        for index in reversed(table.computed) if second else ():
            units = _units(table, index)
            dst, src, wid = self._out_of[index]
            np.add.at(back_curv, src, (weights[wid] * weights[wid]) * curv[dst])
            slope = self._functions[index].slope(total[units])
            curv[units] = back_curv[units] * (slope * slope)
            if self._is_full:
                curv[units] -= back[units] * self._functions[index].bend(total[units])
        return Shown(total, state, back, grad, back_curv, curv)


def functions(activation: Activation) -> Functions:
    """Return a non-linearity in SN's arithmetic; what SN has no form for is only rounded."""
    found = tanh_form(activation.value)
    if found is None:
        parts = (activation.value, activation.slope, activation.bend)
        value, slope, bend = (_rounded(part) for part in parts)
        return Functions(value, slope, bend)
    a, b, c, d = found

    def tanh(x: Floats32) -> Floats32:
        return np.tanh((b * x).astype(np.float64)).astype(np.float32)

    def f(x: Floats32) -> Floats32:
        return (a * tanh(x) + d) + c * x

    def df(x: Floats32) -> Floats32:
        t = tanh(x)
        return (a * b + c) - (a * b) * (t * t)

    def ddf(x: Floats32) -> Floats32:
        around = f(x - _STEP) + f(x + _STEP)
        return np.asarray((around - np.float32(2) * f(x)) / (_STEP * _STEP), np.float32)

    return Functions(f, df, ddf)


def tanh_form(value: Expr) -> tuple[np.float32, np.float32, np.float32, np.float32] | None:
    """Return A, B, C, D when `value` is A tanh(B a) + C a + D, else None.

    Where A is the scale that makes f(1) = 1, it is computed as SN does, from a rounded tanh(B).
    """
    found = {"scale": 0.0, "inner": 1.0, "linear": 0.0, "offset": 0.0}
    for term in _terms(value):
        factor, rest = _factor(term)
        if rest is None:
            found["offset"] += factor
        elif rest.op == "var":
            found["linear"] += factor
        elif rest.op == "tanh" and not found["scale"]:
            inner, argument = _factor(rest.args[0])
            if argument is None or argument.op != "var":
                return None
            found["scale"], found["inner"] = factor, inner
        else:
            return None
    if not found["scale"]:
        return None
    a, b, c, d = (np.float32(number) for number in found.values())
    if found["scale"] == 1 / (math.tanh(found["inner"]) + found["linear"]):
        at_one = np.float32(np.tanh(np.float64(b))) + c
        a = np.float32(1 / np.float64(at_one))
    return a, b, c, d


def _terms(e: Expr) -> list[Expr]:
    return [*_terms(e.args[0]), *_terms(e.args[1])] if e.op == "add" else [e]


def _factor(e: Expr) -> tuple[float, Expr | None]:
    """Split a product into its constant and the rest."""
    if e.op == "const":
        return e.value, None
    if e.op == "mul" and e.args[0].op == "const":
        return e.args[0].value, e.args[1]
    return 1.0, e


def _rounded(e: Expr) -> Function:
    return lambda x: np.broadcast_to(_evaluate(e, {"a": x}), x.shape)


def _evaluate(e: Expr, variables: dict[str, Floats32]) -> Floats32:
    """Compute an expression in float32, each function in double precision and rounded."""
    found: Floats32 = np.asarray(evaluate(e, variables, _OPERATIONS, np.float32), np.float32)
    return found


def _rounding(op: str) -> Callable[..., Any]:
    def run(*args: Any) -> Any:
        names = [f"x{i}" for i in range(len(args))]
        e = Expr(op, tuple(Expr("var", name=name) for name in names))
        exact = {
            name: arg if np.asarray(arg).dtype == bool else np.asarray(arg, np.float64)
            for name, arg in zip(names, args, strict=True)
        }
        result = np.asarray(evaluate(e, exact))
        return result if result.dtype == bool else result.astype(np.float32)

    return run


# one operation of two float32 numbers in double precision, rounded, is the float32 operation
_OPERATIONS = {op: _rounding(op) for op in OPERATIONS}


def _units(table: ConnectionTable, index: int) -> slice:
    layer = table.layers[index]
    return slice(layer.first, layer.first + layer.size)
