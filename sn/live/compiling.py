"""Compiling: modules of plain Python become one module of machine code.

Read next: ../machine_code.py.
"""

from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType


def machine_code(*modules: ModuleType) -> ModuleType:
    """Return the functions of modules that import one another, as one compiled module."""
    from sn.machine_code import compile_functions  # Numba is slow to start, as in compiled.py

    text = "\n".join(_text(module, {other.__name__ for other in modules}) for module in modules)
    return compile_functions(text, modules[-1].__name__)


def _text(module: ModuleType, others: set[str]) -> str:
    """Return the text of a module without what it imports of the others."""
    assert module.__file__ is not None
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    tree.body = [
        node
        for node in tree.body
        if not (isinstance(node, ast.ImportFrom) and node.module in {*others, "__future__"})
    ]
    return ast.unparse(tree)
