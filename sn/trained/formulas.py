"""Formulas in a file: an expression as nested lists, and back.

    1.7159 tanh(0.66 a)    ["mul", 1.7159, ["tanh", ["mul", 0.66, "a"]]]

A number is a constant, a text a variable, and a list an operation with what it works on. Constants
that JSON has no number for are the texts "inf", "-inf" and "nan".
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

from sn.net.expr import OPERATIONS, Expr, const, variable

# what each operation of net/expr.py works on
_TWO = ("add", "sub", "mul", "div", "over", "min", "max", "lt", "le", "eq")
ARITIES = {op: 2 if op in _TWO else 3 if op in ("if", "fma") else 1 for op in OPERATIONS}
_COMPARISONS = ("lt", "le", "eq")
_NOT_IN_JSON = ("inf", "-inf", "nan")
# nodes of one formula; chosen here: three times what describe/formula.py lets a program write
MOST = 100_000


def to_lists(e: Expr) -> Any:
    """Return an expression as nested lists."""
    if e.op == "const":
        return e.value if math.isfinite(e.value) else str(e.value)
    if e.op == "var":
        return e.name
    return [e.op, *map(to_lists, e.args)]


def from_lists(lists: Any, names: Collection[str]) -> Expr:
    """Return the expression of nested lists, which may use the variables `names`.

    It is the same tree that `to_lists` was given, not a simplified one.
    Raises: ValueError that says what is wrong.
    """
    left = MOST

    def node(item: Any, is_test: bool = False) -> Expr:
        nonlocal left
        left -= 1
        if is_test and not (isinstance(item, list) and item and item[0] in _COMPARISONS):
            raise ValueError("the test of an 'if' in a formula compares two numbers")
        if left < 0:
            raise ValueError(f"a formula has at most {MOST:,} operations")
        if isinstance(item, int | float) and not isinstance(item, bool):
            return const(item)
        if isinstance(item, str):
            if item in _NOT_IN_JSON:
                return const(float(item))
            if item not in names:
                raise ValueError(
                    f"a formula uses '{item[:40]}', expected one of {', '.join(names)}"
                )
            return variable(item)
        if not isinstance(item, list) or not item or not isinstance(item[0], str):
            raise ValueError(
                "a formula is a number, a name or [operation, ...], found "
                + ("[]" if item == [] else type(item).__name__)
            )
        op, *args = item
        if op not in ARITIES:
            raise ValueError(f"a formula uses the operation '{op[:40]}', which there is not")
        if len(args) != ARITIES[op]:
            raise ValueError(
                f"the operation '{op}' works on {ARITIES[op]}, found {len(args)} in a formula"
            )
        if op in _COMPARISONS and not is_test:
            raise ValueError(f"'{op}' is a test and no number: in a formula it stands in an 'if'")
        return Expr(op, tuple(node(arg, op == "if" and not n) for n, arg in enumerate(args)))

    try:
        return node(lists)
    except RecursionError:
        raise ValueError("a formula is nested too deep") from None
    except OverflowError:
        raise ValueError("a formula has a number that is too large") from None
