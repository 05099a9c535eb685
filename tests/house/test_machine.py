"""What special forms and builtins ask of the interpreter is written in lisp/machine.py alone."""

from __future__ import annotations

import ast
from pathlib import Path

from sn.lisp.machine import Machine
from tests.house.trees import nodes

SN = Path(__file__).resolve().parents[2] / "sn"
ROOMS = ("lisp", "builtins", "graphics", "describe")
MODULES = [path for room in ROOMS for path in sorted((SN / room).rglob("*.py"))]


def test_what_is_called_by_the_interpreter_knows_it_as_a_machine() -> None:
    found = []
    for path, node in nodes(MODULES):
        if isinstance(node, ast.FunctionDef):
            for arg in node.args.args:
                kind = ast.unparse(arg.annotation) if arg.annotation else "nothing"
                if arg.arg == "it" and kind != "Machine":
                    found.append(f"{path.relative_to(SN)}:{arg.lineno}: {node.name}(it: {kind})")
    assert not found, "\n".join(found)


def test_a_machine_promises_what_is_asked_of_it_and_no_more() -> None:
    asked = {
        node.attr
        for _, node in nodes(MODULES)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name | ast.Attribute)
        and ast.unparse(node.value) in ("it", "self.it")
    }
    promised = {name for name in vars(Machine) if not name.startswith("_")}
    promised |= Machine.__annotations__.keys()
    assert asked == promised
