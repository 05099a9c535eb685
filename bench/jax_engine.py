"""The engine of JAX beside the kernels: presentations per second, of one net and of many at once.

    python bench/jax_engine.py [--net zipcode] [--rounds 3] [--seconds 2] [--only WORDS]

Stochastic gradient descent on made-up patterns. A case runs in a process of its own, on one core or
on all that there is; cases take turns, round after round, and the median counts. On one core it is
the CPU time of the process that counts, elsewhere the time on the wall, so leave the machine alone.
Where JAX finds an accelerator, the cases of "all devices" run there, and the table names it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.machine import load, processor  # noqa: E402 - found from here, whatever runs this

COUNT = 2048  # patterns
RATE = 0.001
SCAN = "one net, JAX, one scan, one core"


@dataclass(frozen=True, slots=True)
class Case:
    """What is timed: the engine, nets at once, patterns a step (0: all), and on how much of it."""

    engine: str
    nets: int = 1
    batch: int = 1
    is_one_core: bool = True


CASES = {
    "one net, kernels, one core": Case("kernels"),
    SCAN: Case("jax"),
    "batches of 64, kernels, one core": Case("kernels", batch=64),
    "batches of 64, JAX, one core": Case("jax", batch=64),
    "all in one batch, JAX, one core": Case("jax", batch=0),
    "64 nets, JAX, one core": Case("jax", nets=64),
    "one net, JAX, all devices": Case("jax", is_one_core=False),
    "batches of 64, JAX, all devices": Case("jax", batch=64, is_one_core=False),
    "all in one batch, JAX, all devices": Case("jax", batch=0, is_one_core=False),
    "64 nets, JAX, all devices": Case("jax", nets=64, is_one_core=False),
    "1,024 nets, JAX, all devices": Case("jax", nets=1024, is_one_core=False),
}


def measured(name: str, net: str, seconds: float) -> dict[str, Any]:
    """Time a case in this process: presentations per second, and what they were computed on."""
    case = CASES[name]
    work, device = _kernels(case, net) if case.engine == "kernels" else _jax(case, net)
    clock = time.process_time if case.is_one_core else time.perf_counter
    work(64)
    count, spent = 256, 0.0
    while True:
        start = clock()
        work(count)
        spent = clock() - start
        if spent >= seconds or count >= COUNT * 64:
            break
        count = min(max(2 * count, int(count * seconds / max(spent, 1e-3))), COUNT * 64)
    return {"rate": count * case.nets / spent, "device": device}


def _ends(net: str) -> tuple[Any, dict[str, Any], Any]:
    """Return the experiment of a net, and patterns and targets for it."""
    from sn.session import Session  # Numba, which the process that starts others does without

    experiment = Session().load(net).experiment()
    rng, table = np.random.default_rng(0), experiment.table
    patterns = rng.uniform(-1, 1, (COUNT, table.n_inputs)).astype(np.float32)
    targets = rng.uniform(-1, 1, (COUNT, table.n_outputs)).astype(np.float32)
    return experiment, {"train": patterns}, targets


def _orders(count: int, nets: int) -> np.ndarray[Any, np.dtype[np.int32]]:
    rng = np.random.default_rng(1)
    whole = -(-count // COUNT)
    rows = [
        np.concatenate([rng.permutation(COUNT) for _ in range(whole)])[:count] for _ in range(nets)
    ]
    return np.stack(rows).astype(np.int32)


def _kernels(case: Case, net: str) -> tuple[Callable[[int], None], str]:
    from sn.optim.first_order import Sgd  # as above
    from sn.train.batches import BatchEngine  # as above
    from sn.train.engines import KernelEngine  # as above

    experiment, patterns, targets = _ends(net)
    rule, table = Sgd(learning_rate=RATE, batch=case.batch), experiment.table
    made, compiled = KernelEngine, experiment.compile
    if case.batch != 1:
        made, compiled = BatchEngine, experiment.compile_batches
    engine = made(compiled, table, rule, patterns, targets, experiment.spec.cost)
    engine.set_weights(experiment.spec.init.draw(table, 0))

    def work(count: int) -> None:
        engine.present(_orders(count, 1)[0])

    return work, "one core"


def _jax(case: Case, net: str) -> tuple[Callable[[int], None], str]:
    from sn.jax_engine import load_jax  # as above

    load_jax()
    from sn.jax_engine import devices  # JAX, which is ready only now
    from sn.jax_engine.function import NetFunction  # as above
    from sn.jax_engine.many import batches  # as above
    from sn.jax_engine.nets import Nets  # as above
    from sn.optim.first_order import Sgd  # as above

    if not case.is_one_core:
        devices.use_all_cores()
    experiment, patterns, targets = _ends(net)
    rules = [Sgd(learning_rate=RATE, batch=case.batch)] * case.nets
    sharing = devices.n_sharing(case.nets) if case.nets > 1 else 1
    function, cost = NetFunction(experiment.plan, experiment.spec.cost), experiment.spec.cost
    nets = Nets(function, cost, rules, patterns, targets, devices=sharing)
    fresh = [experiment.spec.init.draw(experiment.table, seed) for seed in range(case.nets)]
    nets.set_weights(np.stack(fresh))

    def work(count: int) -> None:
        nets.learn(batches(_orders(count, case.nets), nets.batch))

    used = sharing if case.nets > 1 else devices.n_of_one()
    return work, devices.device_words(used)


def run(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Time a case in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    core: set[int] | None = None
    if CASES[name].is_one_core:
        environment["JAX_PLATFORMS"] = "cpu"
        core = {min(os.sched_getaffinity(0))} if hasattr(os, "sched_getaffinity") else None
    words = [sys.executable, __file__, "--case", name]
    words += ["--net", options.net, "--seconds", str(options.seconds)]
    done = subprocess.run(
        words,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=None if core is None else lambda: os.sched_setaffinity(0, core),
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Time all cases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--net", default="zipcode", help="a file, or a net that comes with SN")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement, at least")
    parser.add_argument("--only", default="", help="cases with these words in their name")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case is not None:
        print(json.dumps(measured(options.case, options.net, options.seconds)))
        return
    names = [name for name in CASES if options.only in name]
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for turn in range(options.rounds):
        for name in names:
            print(f"round {turn + 1}: {name}", file=sys.stderr)
            found[name].append(run(name, options))
    rates = {name: median(one["rate"] for one in some) for name, some in found.items()}
    scan = rates.get(SCAN)
    print(f"net {options.net}, sgd; {processor()}, {os.cpu_count()} cores, load {load()}\n")
    print(f"{'':<36}{'presentations/s':>16}{'range':>26}{'of the scan':>13}  on")
    for name, some in found.items():
        each = [one["rate"] for one in some]
        span = f"{min(each):,.0f} to {max(each):,.0f}"
        share = "" if scan is None else f"{rates[name] / scan:.2f}"
        print(f"{name:<36}{rates[name]:>16,.0f}{span:>26}{share:>13}  {some[0]['device']}")


if __name__ == "__main__":
    main()
