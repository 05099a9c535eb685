"""Who takes part: every rival of every module in `rivals/`.

Read next: `worker.py`, in which a rival runs.
"""

from __future__ import annotations

import importlib
import pkgutil

from bench import rivals
from bench.rival import Rival


def roster() -> list[Rival]:
    """Return all rivals, in order of their modules' names.

    A module that cannot be imported is left out: `rivals/sn.py` where SN is not installed.
    """
    found: list[Rival] = []
    for info in sorted(pkgutil.iter_modules(rivals.__path__), key=lambda item: item.name):
        try:
            module = importlib.import_module(f"bench.rivals.{info.name}")
        except ImportError:
            continue
        found += module.RIVALS
    return found
