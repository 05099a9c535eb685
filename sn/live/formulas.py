"""Formulas: the non-linearities of net forms that SN 2.8 has, in its own terms and roundings.

    of_activation(activation) -> (f, f', f''), or None

Source: SN 2.8, nlf-tanh, nlf-lin and their derivatives (sn-network, 4).
Read next: functions.py.
"""

from __future__ import annotations

import math

import numpy as np

from sn.live import arithmetic
from sn.live.functions import Function, difference, of_kind
from sn.net.activations import Activation
from sn.net.expr import Expr


def of_activation(activation: Activation) -> tuple[Function, Function, Function] | None:
    """Return a non-linearity with its derivatives, f'' by differences as SN has it.

    None for what is neither A tanh(B x) + C x + D nor a straight line.
    """
    name, found = activation.name, tanh_form(activation.value)
    if found is not None:
        f = of_kind(name, arithmetic.TANH, *map(float, found))
        df = of_kind(f"{name}, f'", arithmetic.DTANH, *f.numbers)
        return f, df, difference(f"{name}, f''", f, 2)
    line = _line(activation.value)
    if line is None:
        return None
    slope, offset = line
    return (
        of_kind(name, arithmetic.LINEAR, 0.0, 0.0, slope, offset),
        of_kind(f"{name}, f'", arithmetic.LINEAR, 0.0, 0.0, 0.0, slope),
        of_kind(f"{name}, f''", arithmetic.ZERO),
    )


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


def _line(value: Expr) -> tuple[float, float] | None:
    """Return the slope and the offset of a straight line."""
    slope = offset = 0.0
    for term in _terms(value):
        factor, rest = _factor(term)
        if rest is None:
            offset += factor
        elif rest.op == "var":
            slope += factor
        else:
            return None
    return slope, offset


def _terms(e: Expr) -> list[Expr]:
    return [*_terms(e.args[0]), *_terms(e.args[1])] if e.op == "add" else [e]


def _factor(e: Expr) -> tuple[float, Expr | None]:
    """Split a product into its constant and the rest."""
    if e.op == "const":
        return e.value, None
    if e.op == "mul" and e.args[0].op == "const":
        return e.args[0].value, e.args[1]
    return 1.0, e
