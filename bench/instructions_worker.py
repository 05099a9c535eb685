"""The process whose instructions are counted: the main kernels, N and 2 N presentations each.

`python -m bench.instructions_worker compile` fills the cache of kernels; `... count LIBRARY` runs
them from there under callgrind, and has it write each count down as "KERNEL/PRESENTATIONS".
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator

import numpy as np

from bench import layers, sn_nets
from bench.reference import STEP
from bench.rivals.sn import HYPER, NEWTON
from bench.scaling_nets import sparse
from sn.kernels import Kernels, compile_net
from sn.lower.recognise import lower
from sn.net.costs import mean_square
from sn.net.table import ConnectionTable, freeze
from sn.optim.rules import RuleSpec

SPARSE = 30_000  # connections
TURNS = 20  # presentations
PATTERNS = 64  # patterns of an evaluation: whole batches

Run = Callable[[int], None]


def _compiled(table: ConnectionTable, rule: RuleSpec) -> Kernels:
    return compile_net(lower(table), mean_square(10), rule)


def _training(table: ConnectionTable, kernels: Kernels) -> Run:
    """Return what presents so many patterns."""
    rng = np.random.default_rng(0)
    inputs = rng.uniform(-1, 1, (4, table.layers[0].size)).astype(np.float32)
    targets = rng.uniform(-1, 1, (4, table.layers[-1].size)).astype(np.float32)
    weights = rng.uniform(-0.1, 0.1, table.n_weights).astype(np.float32)
    slots = kernels.slots(weights, [STEP] * len(kernels.source.nodes), HYPER)

    def run(count: int) -> None:
        kernels.train(slots, inputs, targets, np.arange(count, dtype=np.int32) % 4)

    return run


def _evaluation(table: ConnectionTable, kernels: Kernels) -> Run:
    """Return what evaluates so many patterns."""
    rng = np.random.default_rng(0)
    inputs = rng.uniform(-1, 1, (2 * PATTERNS, table.layers[0].size)).astype(np.float32)
    batches = kernels.batches(inputs)
    packed = kernels.pack(rng.uniform(-0.1, 0.1, table.n_weights))

    def run(count: int) -> None:
        kernels.evaluate(packed, batches[: count // kernels.source.lanes], count)

    return run


def runs() -> Iterator[tuple[str, Run, int]]:
    """Yield the name, the work and N of each kernel that is counted."""
    zipcode = sn_nets.zipcode().table
    sgd = _compiled(zipcode, RuleSpec())
    yield "zipcode, SGD", _training(zipcode, sgd), TURNS
    yield "zipcode, evaluation", _evaluation(zipcode, sgd), PATTERNS
    yield "zipcode, online Newton", _training(zipcode, _compiled(zipcode, NEWTON)), TURNS
    for name, table in (
        ("full 256-512-512-10, SGD", sn_nets.full(layers.SIZES).table),
        ("random rows, 30,000, SGD", freeze(sparse(SPARSE))),
    ):
        yield name, _training(table, _compiled(table, RuleSpec())), TURNS


def main() -> None:
    """Compile, or count."""
    prepared = list(runs())
    if sys.argv[1] == "compile":
        return
    callgrind = ctypes.CDLL(sys.argv[2])
    for name, run, count in prepared:
        run(count)  # what happens once is not counted
        for turns in (count, 2 * count):
            callgrind.start_counting()
            run(turns)
            callgrind.write_count(f"{name}/{turns}".encode())


if __name__ == "__main__":
    main()
