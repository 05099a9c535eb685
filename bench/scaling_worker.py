"""Measure one net of the scaling study, in a process of its own.

`python -m bench.scaling_worker KIND CONNECTIONS` builds the net and compiles it without the cache.
Then it answers lines with JSON objects: `measure` trains for a while, `report` gives all that was
measured. Memory is the growth of the process's peak since its libraries were loaded, so each net
needs a process.

Read next: `scaling.py`, which starts these and draws the plot.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from typing import Any

import numpy as np

from bench.machine import cpu_seconds, spread
from bench.peak import load_peak
from bench.reference import STEP
from bench.scaling_nets import CLASSES, KINDS
from bench.streams import load_streams
from sn.kernels import Kernels, compile_net
from sn.lower.ir import Plan
from sn.lower.recognise import lower
from sn.net.costs import mean_square
from sn.net.table import ConnectionTable, freeze
from sn.optim.rules import Hyper, RuleSpec

PATTERNS = 8
WORK = 100_000_000  # connections presented in a round


def main() -> None:
    """Measure the net that the arguments name."""
    kind, connections = sys.argv[1], int(sys.argv[2])
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    peak, streams = load_peak(), load_streams()
    before, start = _peak_memory(), cpu_seconds()
    table = freeze(KINDS[kind](connections))
    plan = lower(table)
    built = cpu_seconds()
    kernels = compile_net(plan, mean_square(CLASSES), RuleSpec(), use_cache=False)
    compiled = cpu_seconds()
    times, peaks, streaming = [], [], []
    present = _presenter(kernels, table)
    print("{}", flush=True)
    for line in sys.stdin:
        if line.strip() == "report":
            break
        if peak is not None:
            peaks.append(peak.measure(8))
        if streams is not None:
            streaming.append(streams.seconds_per_weight(table.n_weights) * 1e9)
        times.append(present() * 1e9)
        print("{}", flush=True)
    report: dict[str, Any] = {
        "kind": kind,
        "asked": connections,
        "connections": table.n_rows,
        "weights": table.n_weights,
        "nodes": _nodes(plan),
        "build_s": built - start,
        "compile_s": compiled - built,
        "grown_bytes": _peak_memory() - before,
        "kernel_bytes": _kernel_bytes(kernels),
        "ns": spread(times),
    }
    if peaks:
        report["peak_8"] = spread(peaks)
    if streaming:
        report["stream_ns"] = min(streaming)
    print(json.dumps(report), flush=True)


def _presenter(kernels: Kernels, table: ConnectionTable) -> Any:
    """Return a function that trains for a while and gives CPU seconds for a connection."""
    rng = np.random.default_rng(0)
    inputs = rng.uniform(-1, 1, (PATTERNS, table.layers[0].size)).astype(np.float32)
    targets = np.full((PATTERNS, CLASSES), -1, np.float32)
    width = 1 / np.sqrt(table.fan_in_of_weight)
    weights = (rng.uniform(-1, 1, table.n_weights) * width).astype(np.float32)
    slots = kernels.slots(weights, [STEP] * len(kernels.source.nodes), Hyper())
    order = np.arange(max(2, WORK // table.n_rows), dtype=np.int32) % PATTERNS
    kernels.train(slots, inputs, targets, order[:2])

    def present() -> float:
        start = time.process_time()
        kernels.train(slots, inputs, targets, order)
        return (time.process_time() - start) / (len(order) * table.n_rows)

    return present


def _nodes(plan: Plan) -> list[str]:
    return [f"{node.label}: {type(node).__name__.lower()}" for node in plan.nodes]


def _kernel_bytes(kernels: Kernels) -> int:
    """Return the bytes that a training presentation may touch: weights, states and tables."""
    source = kernels.source
    return 4 * len(source.slots) + source.states.nbytes + source.tables.nbytes


def _peak_memory() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    main()
