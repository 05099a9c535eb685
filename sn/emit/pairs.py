"""Pairs: polynomials in twice the digits of float32, where a logistic function takes them.

e^v multiplies the error of v: of v = 80, rounded to float32, the last place is 8e-6, and so is
the relative error of e^v. So sums and products below a logistic function are computed as a
number and what rounding took from it, and the function is corrected to first order.

Source: Dekker 1971, Knuth (The Art of Computer Programming, 4.2.2): exact errors of + and *.
Read next: functions.py, which computes all else.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from sn.emit.vector import Builder, Vec
from sn.net.expr import Expr

Compute = Callable[[Expr], Vec]
Pair = tuple[Vec, Vec | None]  # a number, and what to add to it; None for nothing
_FAR = 200.0  # beyond, the function is 0 or 1


def refine(k: Builder, e: Expr, memo: dict[Expr, Vec], compute: Compute) -> None:
    """Put the logistic functions of sums and products in `e` into `memo`, the inner ones first.

    `compute` gives the value of an expression as it is.
    """
    for arg in e.args:
        refine(k, arg, memo, compute)
    if e.op not in ("logistic", "root_logistic") or e in memo:
        return
    high, low = _pair(k, e.args[0], compute)
    value = compute(e)
    if low is None:
        return
    is_near = k.compare("<", k.absolute(high), k.constant(_FAR))
    low = k.select(is_near, low, k.constant(0))
    if e.op == "logistic":
        change = (k.constant(1) - value) * low
    else:
        change = k.constant(0.5) * (k.constant(1) - value * value) * low
    memo[e] = k.fma(value, change, value)


def _pair(k: Builder, e: Expr, compute: Compute) -> Pair:
    if e.op == "const":
        rounded = float(np.float32(e.value))
        low = None if rounded == e.value else k.constant(e.value - rounded)
        return k.constant(rounded), low
    if e.op not in ("neg", "add", "sub", "mul"):
        return compute(e), None
    parts = [_pair(k, arg, compute) for arg in e.args]
    if e.op == "neg":
        high, low = parts[0]
        return -high, None if low is None else -low
    (a, a_low), (b, b_low) = parts
    if e.op == "mul":
        product = a * b
        if a_low is None and b_low is None and _only_scales(e):
            return product, None
        error = k.fma(a, b, -product)
        for low, other in ((a_low, b), (b_low, a)):
            error = error if low is None else k.fma(low, other, error)
        return product, error
    if e.op == "sub":
        b, b_low = -b, None if b_low is None else -b_low
    total = a + b
    second = total - a
    error = (a - (total - second)) + (b - second)
    for low in (a_low, b_low):
        error = error if low is None else error + low
    return total, error


def _only_scales(e: Expr) -> bool:
    """Whether a product with a power of two rounds nothing."""
    return any(arg.op == "const" and math.frexp(abs(arg.value))[0] == 0.5 for arg in e.args)
