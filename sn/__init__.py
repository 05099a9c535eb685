"""SN: a small Lisp that describes neural networks, and a compiler that makes them fast.

program = sn.load("zipcode")
record = program.experiment().train(passes=3)
record.test.misses, record.weights["h1.weight"].shape
net = sn.open("runs/zipcode")
net.predict(patterns)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sn.version import __version__

if TYPE_CHECKING:
    from sn import data
    from sn.contest import compare_nets as compare
    from sn.errors import (
        DataError,
        EvalError,
        NetError,
        ReadError,
        SettingError,
        SnError,
        TrainError,
    )
    from sn.experiment import Experiment
    from sn.lisp.gate import Allow
    from sn.opened import open_run as open
    from sn.session import Program, Session, load
    from sn.trained.net import TrainedNet

__all__ = [
    "Allow",
    "DataError",
    "EvalError",
    "Experiment",
    "NetError",
    "Program",
    "ReadError",
    "Session",
    "SettingError",
    "SnError",
    "TrainError",
    "TrainedNet",
    "__version__",
    "compare",
    "data",
    "load",
    "open",
]

# The module of each name, imported when it is first asked for: `--help` can spare numba. Names
# that are absent here are errors.
_MODULES = {
    "Allow": "sn.lisp.gate",
    "Experiment": "sn.experiment",
    "Program": "sn.session",
    "Session": "sn.session",
    "TrainedNet": "sn.trained.net",
    "compare": "sn.contest",
    "load": "sn.session",
    "open": "sn.opened",
}

# what a name is called there, where that is not the same
_WITHIN = {"compare": "compare_nets", "open": "open_run"}


def __getattr__(name: str) -> Any:
    """Return one of the names above."""
    if name == "load_ipython_extension":  # %load_ext sn, which nobody else calls
        return import_module("sn.notebook").load_ipython_extension
    if name not in __all__:
        raise AttributeError(f"module 'sn' has no attribute '{name}'")
    if name == "data":
        return import_module("sn.data")
    module = import_module(_MODULES.get(name, "sn.errors"))
    return getattr(module, _WITHIN.get(name, name))


def __dir__() -> list[str]:
    """Return the names above, which are all that is meant for users."""
    return __all__
