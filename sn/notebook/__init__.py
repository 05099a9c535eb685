"""Notebook: SN Lisp in the cells of a notebook.

    %load_ext sn

    %%sn --run
    (defnet ...)
    (experiment ...)

All cells share one session, `session()`; `%sn EXPRESSION` gives Python a value of it.
Read next: magics.py, which is what `%%sn` and `%sn` are; cells.py for the session.
"""

from __future__ import annotations

from typing import Any

from sn.notebook.cells import Cells, begin, cells, session
from sn.notebook.picture import Picture

__all__ = ["Cells", "Picture", "begin", "cells", "load_ipython_extension", "session"]


def load_ipython_extension(shell: Any) -> None:
    """Give a shell of IPython the magics; `%load_ext sn` calls it."""
    from sn.notebook.magics import SnMagics  # IPython, which is here when this is called

    shell.register_magics(SnMagics)
