"""SN: a small Lisp that describes neural networks, and a compiler that makes them fast.

program = sn.load("nets/zipcode.sn")
record = program.experiment().train(passes=3)
record.test.misses, record.weights["h1.weight"].shape
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sn.version import __version__

if TYPE_CHECKING:
    from sn.experiment import Experiment
    from sn.session import Program, Session, load

__all__ = ["Experiment", "Program", "Session", "__version__", "load"]


def __getattr__(name: str) -> Any:
    """Import the session only when it is asked for: it brings numba, which `--help` can spare."""
    if name in __all__:
        from sn import experiment, session  # start-up time of numba

        return getattr(experiment if name == "Experiment" else session, name)
    raise AttributeError(f"module 'sn' has no attribute '{name}'")
