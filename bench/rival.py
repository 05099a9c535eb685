"""What a rival offers to the benchmark: a name, whether it can run here, and a runner.

A rival is one entry in the `RIVALS` of a module in `rivals/`; it runs in a process of its own
(`worker.py`), so no rival's threads or memory disturb another's. To add one, write such a
module: nothing else needs to know it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bench.net import ZIPCODE
from bench.task import F32, Answer, Task, Weights


class Runner(Protocol):
    """A rival made ready for its job: everything is compiled, examples are where it wants them."""

    @property
    def compile_seconds(self) -> float:
        """CPU seconds from source to something that runs, compilers that were started included."""

    def run(self, count: int) -> None:
        """Do the task, from the starting weights on the first `count` examples, and finish.

        Called with the number of all examples when timed; a small `count` serves the check.
        """

    def answer(self) -> Answer:
        """Return what the last `run` came to: what the task's reference returns."""


@dataclass(frozen=True, slots=True)
class Rival:
    """One way to do a task.

    `available` returns None, or the reason why it cannot run on this machine;
    `environment` is set before its process starts, because libraries read it when loaded;
    `cores` limits the process to that many cores of the machine, 0 leaves all;
    `share` is the part of a pass that is timed, less than 1 for a rival so slow that its time
    for each presentation is as well known from fewer.
    """

    name: str
    available: Callable[[], str | None]
    prepare: Callable[[Weights, F32, F32], Runner]
    environment: Mapping[str, str] = field(default_factory=dict)
    cores: int = 0
    share: float = 1.0
    task: Task = ZIPCODE


def needs(package: str) -> Callable[[], str | None]:
    """Return a check that `package` can be imported."""

    def reason() -> str | None:
        return None if importlib.util.find_spec(package) else f"{package} is not installed"

    return reason
