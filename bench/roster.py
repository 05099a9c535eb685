"""Who takes part: every rival of every module in `rivals/`.

Read next: `worker.py`, in which a rival runs.
"""

from __future__ import annotations

import importlib
import pkgutil

from bench import rivals
from bench.rival import Rival


def roster() -> tuple[list[Rival], dict[str, str]]:
    """Return all rivals in order of their modules' names, and why a module is left out.

    A module is left out when it cannot be imported: `rivals/sn.py` where SN is not installed.
    """
    found: list[Rival] = []
    missing: dict[str, str] = {}
    for info in sorted(pkgutil.iter_modules(rivals.__path__), key=lambda item: item.name):
        try:
            module = importlib.import_module(f"bench.rivals.{info.name}")
        except ImportError as error:
            missing[info.name] = str(error)
            continue
        found += module.RIVALS
    return found, missing
