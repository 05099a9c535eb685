"""SN with batches: the kernels that move weights once for several examples."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from bench import sn_nets
from bench.batches import SIZES, TASKS, title
from bench.machine import cpu_seconds
from bench.reference import STEP
from bench.rival import Rival
from bench.sn_nets import Net
from bench.task import F32, Answer, Weights
from sn.kernels import Kernels, Slots, compile_net
from sn.lower.recognise import lower
from sn.net.costs import mean_square
from sn.optim.rules import Hyper, RuleSpec


@dataclass(slots=True)
class BatchTrainer:
    """Presents examples, `batch` for each step."""

    kernels: Kernels
    net: Net
    compile_seconds: float
    start: F32
    inputs: F32
    targets: F32
    batch: int
    slots: Slots = field(init=False)
    order: NDArray[np.int32] = field(init=False)

    def __post_init__(self) -> None:
        self.order = np.arange(len(self.inputs), dtype=np.int32)

    def run(self, count: int) -> None:
        """Train from the starting weights on the first `count` examples."""
        steps = [STEP] * len(self.kernels.source.nodes)
        self.slots = self.kernels.slots(self.start, steps, Hyper())
        for first in range(0, count, self.batch):
            some = self.order[first : min(first + self.batch, count)]
            self.kernels.learn(self.slots, self.inputs, self.targets, some)

    def answer(self) -> Answer:
        """Return the weights that the last `run` left."""
        return self.net.from_order(self.kernels.unpack(self.slots.weights))


def prepare(batch: int, weights: Weights, inputs: F32, targets: F32) -> BatchTrainer:
    """Compile the net for batches."""
    net, start = sn_nets.zipcode(), cpu_seconds()
    plan = lower(net.table)
    kernels = compile_net(plan, mean_square(10), RuleSpec(), use_cache=False, in_batches=True)
    seconds = cpu_seconds() - start
    return BatchTrainer(kernels, net, seconds, net.to_order(weights), inputs, targets, batch)


RIVALS = tuple(
    Rival(
        f"SN, {title(size, cores)}",
        lambda: None,
        partial(prepare, SIZES[size]),
        cores=cores,
        task=task,
    )
    for (size, cores), task in TASKS.items()
)
