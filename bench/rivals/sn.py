"""SN: the kernels of this project, made from Python as a program in Lisp would make them.

Beside the race's own task stand those that only SN takes part in: online Newton, AdamW, evaluation
of many patterns at once, the same net made unit by unit, and the net with other tables of maps.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench import layers, reference, sn_nets
from bench.machine import cpu_seconds
from bench.net import CONNECTIONS, MULTIPLY_ADDS, ZIPCODE, examples, initial_weights
from bench.reference import STEP, Table
from bench.rival import Rival
from bench.sn_nets import Net
from bench.task import F32, Answer, Task, Weights
from sn.data import OwnData
from sn.data.readers.npz import Npz
from sn.kernels import Kernels, Slots, compile_net
from sn.lower.recognise import lower
from sn.net.costs import mean_square
from sn.net.reference import Reference
from sn.optim.adaptive import AdamW
from sn.optim.first_order import Sgd
from sn.optim.rules import Curvature, Hyper, Memory, RuleSpec, Step, UpdateRule, advance
from sn.train.engines import KernelEngine

NEWTON = RuleSpec(step=Step.NEWTON, curvature=Curvature.GAUSS_NEWTON)
HYPER = Hyper(gamma=0.05, mu=0.05)
ADAMW = AdamW(learning_rate=0.0003)


@dataclass(frozen=True, slots=True)
class Job:
    """An update rule with its learning rate and its numbers."""

    rule: UpdateRule
    step: float
    hyper: Hyper


ONE_BY_ONE = Job(RuleSpec(), STEP, Hyper())
ONLINE_NEWTON = Job(NEWTON, 0.0005, HYPER)
# eps as large as descents of this net: what rounding leaves of smaller ones has no direction
ONLINE_ADAMW = Job(
    ADAMW.own_rule, ADAMW.learning_rate, dataclasses.replace(ADAMW.own_hyper, eps=1e-3)
)


@dataclass(slots=True)
class Trainer:
    """Presents examples one by one."""

    kernels: Kernels
    net: Net
    compile_seconds: float
    start: F32
    inputs: F32
    targets: F32
    job: Job
    slots: Slots = field(init=False)
    order: NDArray[np.int32] = field(init=False)

    def __post_init__(self) -> None:
        self.order = np.arange(len(self.inputs), dtype=np.int32)

    def run(self, count: int) -> None:
        """Train from the starting weights on the first `count` examples."""
        steps = [self.job.step] * len(self.kernels.source.nodes)
        self.slots = self.kernels.slots(self.start, steps, self.job.hyper)
        self.kernels.train(self.slots, self.inputs, self.targets, self.order[:count])

    def answer(self) -> Answer:
        """Return the weights that the last `run` left."""
        return self.net.from_order(self.kernels.unpack(self.slots.weights))


@dataclass(slots=True)
class Evaluator:
    """Computes the outputs of the examples, a batch of them at a time."""

    kernels: Kernels
    compile_seconds: float
    packed: F32
    batches: F32
    outputs: F32 = field(default_factory=lambda: np.zeros((0, 0), np.float32))

    def run(self, count: int) -> None:
        """Evaluate the first `count` examples."""
        whole = -(-count // self.kernels.source.lanes)
        self.outputs = self.kernels.evaluate(self.packed, self.batches[:whole], count)

    def answer(self) -> Answer:
        """Return the outputs of the last `run`."""
        return {"outputs": self.outputs}


def _compiled(net: Net, rule: UpdateRule, use_cache: bool) -> tuple[Kernels, float]:
    """Return the kernels and the seconds from the table to machine code."""
    start = cpu_seconds()
    cost = mean_square(net.table.layers[-1].size)
    kernels = compile_net(lower(net.table), cost, rule, use_cache=use_cache)
    return kernels, cpu_seconds() - start


def prepare_trainer(
    build: Callable[[], Net],
    job: Job,
    use_cache: bool,
    weights: Weights,
    inputs: F32,
    targets: F32,
) -> Trainer:
    """Compile the net that `build` makes; `use_cache` where the compile time is not reported."""
    net = build()
    kernels, seconds = _compiled(net, job.rule, use_cache)
    return Trainer(kernels, net, seconds, net.to_order(weights), inputs, targets, job)


def prepare_evaluator(weights: Weights, inputs: F32, targets: F32) -> Evaluator:
    """Compile the zip-code net and lay the patterns out in batches."""
    net = sn_nets.zipcode()
    kernels, seconds = _compiled(net, RuleSpec(), False)
    packed = kernels.pack(net.to_order(weights))
    return Evaluator(kernels, seconds, packed, kernels.batches(inputs))


@dataclass(slots=True)
class OwnRows:
    """Presents rows that were read from a file of a user, through the engine of a run."""

    engine: KernelEngine
    net: Net
    start: F32
    order: NDArray[np.int32]

    @property
    def compile_seconds(self) -> float:
        """Seconds from the table to machine code."""
        return self.engine.compile_seconds

    def run(self, count: int) -> None:
        """Train from the starting weights on the first `count` rows."""
        self.engine.set_weights(self.start)
        self.engine.begin_pass(self.order[:count])
        self.engine.present(self.order[:count])
        self.engine.end_pass()

    def answer(self) -> Answer:
        """Return the weights that the last `run` left."""
        return self.net.from_order(self.engine.get_weights())


def prepare_own_rows(weights: Weights, inputs: F32, targets: F32) -> OwnRows:
    """Write the examples to a file, read them as a user's data, and compile the net."""
    net = sn_nets.zipcode()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows.npz")
        np.savez(path, inputs=inputs, targets=targets)
        rows, _ = OwnData(Npz(str(path), kind="values")).load()
    cost = mean_square(10)

    def compiled(rule: UpdateRule) -> Kernels:
        return compile_net(lower(net.table), cost, rule, use_cache=False)

    part = rows.train
    engine = KernelEngine(
        compiled, net.table, Sgd(learning_rate=STEP), {"train": part.inputs}, part.targets, cost
    )
    order = np.arange(len(part), dtype=np.int32)
    return OwnRows(engine, net, net.to_order(weights), order)


def walked(job: Job, weights: Weights, inputs: F32, targets: F32) -> Answer:
    """Return the weights after a job on the zip-code net, by the float64 walk of the twin."""
    net = sn_nets.zipcode()
    twin = Reference(net.table, mean_square(10))
    flat = net.to_order(weights).astype(np.float64)
    memory, steps = Memory.empty(len(flat)), np.full(len(flat), job.step)
    for image, target in zip(inputs, targets, strict=True):
        shown = twin.present(flat, image.astype(np.float64), target.astype(np.float64))
        found = shown.d_weight, shown.curv_weight
        flat = advance(job.rule, job.hyper, steps, flat, memory, *found)
    return {name: flat[number] for name, number in net.numbers.items()}


def random_tables(count: int) -> list[Table]:
    """Return tables of eight of twelve maps, drawn at random."""
    rng = np.random.default_rng(1989)
    return [
        tuple(tuple(sorted(rng.choice(12, 8, replace=False).tolist())) for _ in range(12))
        for _ in range(count)
    ]


def _with_table(number: int, table: Table) -> Rival:
    train = partial(reference.train, connected=table)
    task = Task(
        "zipcode, random tables", CONNECTIONS, MULTIPLY_ADDS, initial_weights, examples, train
    )
    prepare = partial(prepare_trainer, partial(sn_nets.zipcode, table), ONE_BY_ONE, True)
    return Rival(f"SN, random table {number} of {N_TABLES}", _here, prepare, cores=1, task=task)


def _here() -> None:
    return None


# curvatures are propagated and summed as gradients are
NEWTON_TASK = Task(
    "zipcode, online Newton",
    CONNECTIONS,
    MULTIPLY_ADDS + 108_120,
    initial_weights,
    examples,
    partial(walked, ONLINE_NEWTON),
)
ADAMW_TASK = Task(
    "zipcode, AdamW",
    CONNECTIONS,
    MULTIPLY_ADDS,
    initial_weights,
    examples,
    partial(walked, ONLINE_ADAMW),
)
EVALUATION = Task(
    "zipcode, evaluation", CONNECTIONS, 63_660, initial_weights, examples, reference.outputs
)
N_TABLES = 20

SGD = partial(prepare_trainer, sn_nets.zipcode, ONE_BY_ONE, False)
BY_HAND = partial(prepare_trainer, sn_nets.zipcode_by_hand, ONE_BY_ONE, False)
BY_NEWTON = partial(prepare_trainer, sn_nets.zipcode, ONLINE_NEWTON, False)
BY_ADAMW = partial(prepare_trainer, sn_nets.zipcode, ONLINE_ADAMW, False)
FULL = partial(prepare_trainer, partial(sn_nets.full, layers.SIZES), ONE_BY_ONE, False)

RIVALS = (
    Rival("SN, SGD", _here, SGD, cores=1),
    Rival("SN, rows of a user's file", _here, prepare_own_rows, cores=1, task=ZIPCODE),
    Rival("SN, raw connect loops", _here, BY_HAND, cores=1, task=ZIPCODE),
    Rival("SN, online Newton", _here, BY_NEWTON, cores=1, task=NEWTON_TASK),
    Rival("SN, AdamW", _here, BY_ADAMW, cores=1, task=ADAMW_TASK),
    Rival("SN, batch evaluation", _here, prepare_evaluator, cores=1, task=EVALUATION),
    *(_with_table(number, table) for number, table in enumerate(random_tables(N_TABLES), 1)),
    Rival("SN, full layers", _here, FULL, cores=1, task=layers.FULL),
)
