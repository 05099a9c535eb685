"""The words of SN 2.8's kernels, over the net that a program makes and changes unit by unit.

`new_interpreter` makes a session's interpreter, which knows them beside the net forms and all of
`builtins/`; a file added to this folder is found by itself. What they compute is in `live/`.

Source: SN 2.8 (sn-network).
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from sn import describe
from sn.interp import Interpreter
from sn.registry import load_folder


def new_interpreter(**options: Any) -> Interpreter:
    """Return an interpreter that knows every word of SN; `options` are those of `Interpreter`."""
    load_folder(sys.modules[__name__])
    it = describe.new_interpreter(**options)
    importlib.import_module(f"{__name__}.variables").define_variables(it)
    return it
