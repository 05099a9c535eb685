"""Writer: indented lines, and the values of a program as the Python that makes them.

What a user wrote reaches a module in two ways only: as a literal that `literal` makes, and in
comments that `comment` makes. Layers are numbers in it, with their names beside them.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sn.emit.program import Call, Made, Program, Ref, qualified
from sn.lower.ir import Bias, Node, Plan, n_rows
from sn.net.expr import Expr, variable
from sn.optim.rules import UpdateRule

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


def argument(value: Any, depth: int = 0) -> str:
    """Return a value of a program as Python: a name, a number, a formula, a record, a call.

    Records that are long, and calls that make them, take several lines; fields that have their
    default are left out.
    """
    match value:
        case Ref():
            return value.name
        case Expr():
            return formula(value)
        case tuple():
            parts = [argument(part, depth + 1) for part in value]
            return _fitted("(", parts, "," if len(parts) == 1 else "", depth)
        case Made():
            words = [argument(part, depth) for part in value.args]
            words += [f"{name}={argument(part, depth)}" for name, part in value.options]
            lead = ["k", "m"] if value.in_pass else []
            return f"{qualified(value.maker)}({', '.join([*lead, *words])})"
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return literal(value)
    parts = [
        f"{field.name}={argument(getattr(value, field.name), depth + 1)}"
        for field in dataclasses.fields(value)
        if field.default is dataclasses.MISSING or getattr(value, field.name) != field.default
    ]
    return _fitted(f"{qualified(type(value))}(", parts, "", depth)


def _fitted(start: str, parts: list[str], end: str, depth: int) -> str:
    """Write parts on one line where they fit, else on one line each."""
    line = f"{start}{', '.join(parts)}{end})"
    if len(line) + 4 * depth <= WIDTH and "\n" not in line:
        return line
    pad = "    " * (depth + 1)
    return start + "\n" + "".join(f"{pad}{part},\n" for part in parts) + "    " * depth + ")"


def modules_of(program: Program) -> list[str]:
    """Return the lines that import what a program's module names."""
    calls = [made for one in program.passes for block in one.blocks for made in block.calls]
    records = [record.value for record in (*program.records, *program.batch_records)]
    found = {file for value in (*calls, *records) for file in _files(value)}
    net = {"expr"} | {file.removeprefix("sn.net.") for file in found if ".net." in file}
    files = {file.removeprefix("sn.emit.") for file in found if ".emit." in file}
    rooms = sorted(file for file in files if "." in file)
    names = sorted({file.split(".")[0] for file in files})
    return [
        *(f"import sn.emit.{file}" for file in rooms),
        f"from sn.emit import {', '.join(names)}",
        "from sn.kernels import kernel, section",
        f"from sn.net import {', '.join(sorted(net))}",
        "from sn.optim.rules import Curvature, Slot, UpdateRule",
    ]


def _files(value: Any) -> Iterator[str]:
    """Yield the modules that hold the sections and record types of a value."""
    if isinstance(value, Made | Call):
        function = value.maker if isinstance(value, Made) else value.section
        yield function.__module__
        for part in (*value.args, *(option for _, option in value.options)):
            yield from _files(part)
    elif isinstance(value, tuple):
        for part in value:
            yield from _files(part)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type | Ref | Expr | UpdateRule):
        yield type(value).__module__
        for field in dataclasses.fields(value):
            yield from _files(getattr(value, field.name))


# what a module calls the total input, the output and the desired value of a unit
VARIABLES = {variable(name): name for name in ("a", "y", "d")}


def formula(e: Expr, names: Mapping[Expr, str] = VARIABLES) -> str:
    """Return an expression as Python over what has a name in the module, and `expr.call`."""
    if e in names:
        return names[e]
    if e.op == "const":
        return f"expr.const({literal(e.value)})"
    if e.op == "var":
        return f"expr.variable({literal(e.name)})"
    infix = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
    if e.op in infix:
        left, right = (_operand(arg, names) for arg in e.args)
        if e.args[0].op == "const" and e.args[1].op == "const":
            left = formula(e.args[0], names)
        return f"({left} {infix[e.op]} {right})"
    if e.op == "neg":
        return f"-{formula(e.args[0], names)}"
    return f'expr.call("{e.op}", {", ".join(formula(arg, names) for arg in e.args)})'


def _operand(e: Expr, names: Mapping[Expr, str]) -> str:
    return literal(e.value) if e.op == "const" else formula(e, names)


def heading(plan: Plan, node: Node) -> str:
    """What stands above a node's calls: what it connects, how, and who asked for it."""
    shared = isinstance(node, Bias) and node.shared
    count = plan.layers[node.dst].size if shared else n_rows(node)
    place = f"  ({line_of(node)})" if node.span else ""
    return f"{node.label}  {node}, {count} connections{place}"


def line_of(node: Node) -> str:
    """Return the file and line that asked for a node; its name alone, whatever folder it is in."""
    return f"{Path(node.span.file).name}:{node.span.line}" if node.span else ""
