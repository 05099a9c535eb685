"""Describe: the forms that describe nets and experiments, where the two columns meet.

`new_interpreter` makes a session's interpreter, which knows them and all of `builtins/`; a file
added to this folder is found by itself. Thin by rule: what networks compute is in `net/` and
`train/`. Read next: network.py.
"""

from __future__ import annotations

import sys
from typing import Any

from sn import builtins
from sn.graphics import open_screen
from sn.interp import Interpreter
from sn.registry import load_folder


def new_interpreter(**options: Any) -> Interpreter:
    """Return an interpreter that knows every word of SN; `options` are those of `Interpreter`."""
    load_folder(sys.modules[__name__])
    it = builtins.new_interpreter(**options)
    open_screen(it)
    return it
