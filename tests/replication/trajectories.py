"""Runs of the original program, followed by any engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sn.kernels import compile_net
from sn.lower.ir import Rows
from sn.lower.recognise import lower
from sn.net.costs import cost
from sn.net.reference import Reference
from sn.net.table import ConnectionTable
from sn.optim.base import Optimizer
from sn.train.engines import Engine, KernelEngine
from sn.train.historical import HistoricalEngine
from sn.train.twin import ReferenceEngine

Floats32 = NDArray[np.float32]


@dataclass(frozen=True)
class Run:
    """A net, its training set and an optimizer; `name` is that of the trajectory."""

    name: str
    table: ConnectionTable
    patterns: Floats32
    targets: Floats32
    optimizer: Optimizer

    def engine(self, kind: str, test: Floats32 | None = None) -> Engine:
        error = cost.get("lms")(self.table.layers[-1].size)
        sets = {"train": self.patterns} | ({} if test is None else {"test": test})
        arguments = (self.table, self.optimizer, sets, self.targets)
        if kind == "historical":
            return HistoricalEngine(self.table, error, *arguments[1:])
        if kind == "twin":
            return ReferenceEngine(Reference(self.table, error), *arguments)
        plan = lower(self.table)
        assert not any(isinstance(node, Rows) for node in plan.nodes)
        return KernelEngine(lambda rule: compile_net(plan, error, rule), *arguments, error)


def present(engine: Engine, run: Run, first: int, last: int) -> None:
    """Show presentations first, ..., last - 1, the training set again and again."""
    engine.present((np.arange(first, last) % len(run.patterns)).astype(np.int32))
