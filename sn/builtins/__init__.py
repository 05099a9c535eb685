"""Builtins: the functions of the language, one file per topic, each documented by its docstring.

`new_interpreter` makes an interpreter with all of them; a file added to this folder is found by
itself. They know nothing of networks: the forms that describe one are in `describe/`.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from sn.interp import Interpreter
from sn.lisp.calls import builtins
from sn.lisp.waiting import install
from sn.registry import load_folder


def new_interpreter(**options: Any) -> Interpreter:
    """Return an interpreter that knows every builtin; `options` are those of `Interpreter`."""
    load_folder(sys.modules[__name__])
    make_matrix = importlib.import_module(f"{__name__}.arrays").make_matrix
    it = Interpreter(builtins, **{"make_matrix": make_matrix, **options})
    importlib.import_module(f"{__name__}.classes").define_classes(it)
    install(it)
    return it
