"""Writer: indented lines, and frozen records shown as the Python that makes them."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

from sn.lower.ir import Bias, Node, Plan, n_rows
from sn.net.expr import Expr

WIDTH = 96


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
        return repr(value)
    kind = type(value)
    name = f"{kind.__module__.rsplit('.', 1)[-1]}.{kind.__name__}"
    fields = dataclasses.fields(value)
    parts = [f"{f.name}={record(getattr(value, f.name), depth + 1)}" for f in fields]
    line = f"{name}({', '.join(parts)})"
    if len(line) + 4 * depth <= WIDTH and "\n" not in line:
        return line
    pad = "    " * (depth + 1)
    return f"{name}(\n" + "".join(f"{pad}{part},\n" for part in parts) + "    " * depth + ")"


def formula(e: Expr) -> str:
    """Return an expression as Python over `a`, `y`, `d` and `expr.call`."""
    if e.op == "const":
        return f"expr.const({e.value!r})"
    if e.op == "var":
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
    return repr(e.value) if e.op == "const" else formula(e)


def constant_name(layer: str) -> str:
    """A layer's name as a Python constant."""
    return "L_" + re.sub(r"\W", "_", layer).upper()


def heading(plan: Plan, node: Node) -> str:
    """The comment above a node's section: what it connects, how, and who asked for it."""
    shared = isinstance(node, Bias) and node.shared
    count = plan.layers[node.dst].size if shared else n_rows(node)
    # the file's name alone: the same net in another folder is the same module
    place = f"  ({Path(node.span.file).name}:{node.span.line})" if node.span else ""
    return f"# {node.label}  {node}, {count} connections{place}"
