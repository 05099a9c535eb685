"""SN: a small Lisp that describes neural networks, and a compiler that makes them fast.

program = sn.load("nets/zipcode.sn")
record = program.experiment().train(passes=3)
record.test.misses, record.weights["h1.weight"].shape
net = sn.open("runs/zipcode")
net.predict(patterns)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sn.version import __version__

if TYPE_CHECKING:
    from sn.experiment import Experiment
    from sn.session import Program, Session, load
    from sn.trained.net import TrainedNet
    from sn.trained.net import open_trained as open

__all__ = ["Experiment", "Program", "Session", "TrainedNet", "__version__", "load", "open"]


def __getattr__(name: str) -> Any:
    """Import the session only when it is asked for: it brings NumPy, which `--help` can spare."""
    if name in ("TrainedNet", "open"):
        from sn.trained import net  # start-up time of NumPy

        return getattr(net, {"open": "open_trained"}.get(name, name))
    if name in __all__:
        from sn import experiment, session  # start-up time of NumPy

        return getattr(experiment if name == "Experiment" else session, name)
    raise AttributeError(f"module 'sn' has no attribute '{name}'")
