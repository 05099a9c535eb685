"""Formulas: an `Expr` as statements of a language with the expressions of C.

Each subexpression is computed once, in a local of its own. Read next: c.py, javascript.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sn.net.expr import Expr

INFIX = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "div": "/",
    "over": "/",
    "lt": "<",
    "le": "<=",
    "eq": "==",
}
TRUTHS = {"lt", "le", "eq"}


@dataclass(frozen=True, slots=True)
class Words:
    """How a language writes numbers, locals and calls.

    `number` writes a constant; `local` and `truth` start the statement that names a number or a
    truth value; `function` gives the name of the function that computes an operation.
    """

    number: Callable[[float], str]
    local: str
    truth: str
    function: Callable[[str], str]


def statements(e: Expr, names: Mapping[str, str], words: Words) -> tuple[list[str], str]:
    """Return the statements that compute a formula, and the text that stands for its value.

    `names` has the text of each variable.
    """
    lines: list[str] = []
    found: dict[Expr, str] = {}

    def text(e: Expr) -> str:
        if e.op == "const":
            return words.number(e.value)
        if e.op == "var":
            return names[e.name]
        if e not in found:
            args = [text(arg) for arg in e.args]
            name = f"v{len(found) + 1}"
            start = words.truth if e.op in TRUTHS else words.local
            lines.append(f"{start} {name} = {_operation(e.op, args, words)};")
            found[e] = name
        return found[e]

    value = text(e)
    return lines, value


def _operation(op: str, args: list[str], words: Words) -> str:
    if op in INFIX:
        return f"{args[0]} {INFIX[op]} {args[1]}"
    if op == "neg":
        return f"-({args[0]})"
    if op == "if":
        return f"{args[0]} ? {args[1]} : {args[2]}"
    if op == "fma":
        return f"{args[0]} * {args[1]} + {args[2]}"
    return f"{words.function(op)}({', '.join(args)})"
