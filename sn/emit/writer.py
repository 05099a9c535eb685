"""Writer: indented lines, and frozen records shown as the Python that makes them.

What a user wrote reaches a module in two ways only: as a literal that `literal` makes, and in
comments that `comment` makes. Layers are numbers in it, with their names beside them.
"""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

from sn.lower.ir import Bias, Node, Plan, n_rows
from sn.net.expr import Expr

WIDTH = 96
# letters of a name, or of any other text of a user, in a comment
LONGEST = 200


class Writer:
    """Collects the lines of a module."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, line: str = "", depth: int = 0) -> None:
        """Add one line, or several at one depth."""
        for part in line.split("\n"):
            self.lines.append(("    " * depth + part).rstrip())

    def text(self) -> str:
        """Return the module."""
        return "\n".join(self.lines) + "\n"


def literal(value: object) -> str:
    """Return a text, a number, a truth value or None as Python source that means just it."""
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return ascii(value)


def comment(text: str) -> str:
    """Return a comment of one line: what no terminal shows as a character becomes `?`."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in text[: LONGEST + 1])
    return "# " + (shown if len(shown) <= LONGEST else shown[:LONGEST] + "...")


def record(value: Any, depth: int = 0) -> str:
    """Return a frozen record as the call that makes it, over several lines when it is long."""
    if isinstance(value, Expr):
        return formula(value)
    if isinstance(value, tuple):
        parts = [record(part, depth + 1) for part in value]
        line = "(" + ", ".join(parts) + ("," if len(parts) == 1 else "") + ")"
        if len(line) + 4 * depth <= WIDTH and "\n" not in line:
            return line
        pad = "    " * (depth + 1)
        return "(\n" + "".join(f"{pad}{part},\n" for part in parts) + "    " * depth + ")"
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return literal(value)
    kind = type(value)
    name = f"{kind.__module__.rsplit('.', 1)[-1]}.{kind.__name__}"
    fields = dataclasses.fields(value)
    parts = [f"{f.name}={record(getattr(value, f.name), depth + 1)}" for f in fields]
    line = f"{name}({', '.join(parts)})"
    if len(line) + 4 * depth <= WIDTH and "\n" not in line:
        return line
    pad = "    " * (depth + 1)
    return f"{name}(\n" + "".join(f"{pad}{part},\n" for part in parts) + "    " * depth + ")"


# what a module calls the total input, the output and the desired value of a unit
VARIABLES = ("a", "y", "d")


def formula(e: Expr) -> str:
    """Return an expression as Python over `a`, `y`, `d` and `expr.call`."""
    if e.op == "const":
        return f"expr.const({literal(e.value)})"
    if e.op == "var":
        assert e.name in VARIABLES, f"a module knows no variable {e.name!r}"
        return e.name
    infix = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
    if e.op in infix:
        left, right = (_operand(arg) for arg in e.args)
        if e.args[0].op == "const" and e.args[1].op == "const":
            left = formula(e.args[0])
        return f"({left} {infix[e.op]} {right})"
    if e.op == "neg":
        return f"-{formula(e.args[0])}"
    return f'expr.call("{e.op}", {", ".join(formula(arg) for arg in e.args)})'


def _operand(e: Expr) -> str:
    return literal(e.value) if e.op == "const" else formula(e)


def constant_name(layer: int) -> str:
    """What a module calls a layer: its number, as two names may differ in punctuation only."""
    return f"LAYER_{layer}"


def heading(plan: Plan, node: Node) -> str:
    """The comment above a node's section: what it connects, how, and who asked for it."""
    shared = isinstance(node, Bias) and node.shared
    count = plan.layers[node.dst].size if shared else n_rows(node)
    # the file's name alone: the same net in another folder is the same module
    place = f"  ({Path(node.span.file).name}:{node.span.line})" if node.span else ""
    return comment(f"{node.label}  {node}, {count} connections{place}")
