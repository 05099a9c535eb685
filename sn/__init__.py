"""SN: a small Lisp that describes neural networks, and a compiler that makes them fast.

program = sn.load("nets/zipcode.sn")
record = program.experiment().train(passes=3)
record.test.misses, record.weights["h1.weight"].shape
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sn.version import __version__

if TYPE_CHECKING:
    from sn.session import Experiment, Program, Session, load

__all__ = ["Experiment", "Program", "Session", "__version__", "load"]


def __getattr__(name: str) -> Any:
    """Import the session only when it is asked for: it brings numba, which `--help` can spare."""
    if name in __all__:
        from sn import session  # start-up time of numba

        return getattr(session, name)
    raise AttributeError(f"module 'sn' has no attribute '{name}'")
