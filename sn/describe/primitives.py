"""Primitives: the Lisp functions of numbers that a kernel can compute, as expressions.

Read next: formula.py, which walks functions made of these.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from sn.net import expr
from sn.net.expr import Expr

_DIRECT = {"tanh", "exp", "log", "sqrt", "sin", "cos", "abs"}


def primitive(name: str, args: list[Expr]) -> Expr | None:
    """Return a primitive applied to expressions, or None when kernels lack it."""
    if name in _DIRECT and len(args) == 1:
        return expr.call(name, args[0])
    match name, args:
        case "+", _:
            return _fold(expr.add, args, 0.0)
        case "*", _:
            return _fold(expr.mul, args, 1.0)
        case "-", [a]:
            return -a
        case "-", [a, b]:
            return a - b
        case "/", [a]:
            return 1.0 / a
        case "/", [a, b]:
            return a / b
        case "1+", [a]:
            return a + 1.0
        case "1-", [a]:
            return a - 1.0
        case "2*", [a]:
            return 2.0 * a
        case "2/", [a]:
            return a / 2.0
        case "sgn", [a]:
            return expr.call("if", expr.call("lt", a, expr.const(0)), expr.const(-1), expr.const(1))
        case "cosh", [a]:
            return 0.5 * (expr.call("exp", a) + expr.call("exp", -a))
        case "tan", [a]:
            return expr.call("sin", a) / expr.call("cos", a)
        case "log10", [a]:
            return expr.call("log", a) / math.log(10)
        case "min" | "max", [first, *rest]:
            for other in rest:
                first = expr.call(name, first, other)
            return first
        case "**", [a, b] if b.op == "const" and b.value == int(b.value) and abs(b.value) <= 64:
            return expr.power(a, int(b.value))
        case "**", [a, b]:
            return expr.call("exp", b * expr.call("log", a))
    return None


def _fold(step: Callable[[Expr, Expr], Expr], args: Sequence[Expr], start: float) -> Expr:
    total = expr.const(start)
    for arg in args:
        total = step(total, arg)
    return total
