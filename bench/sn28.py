"""Time the 1989 net in SN 2.8's own words: historical, fast, and as a net form.

    python bench/sn28.py [--digits 1000] [--rounds 5]

Prints microseconds of CPU a presentation, the median of rounds that take turns, and what the fast
mode takes of the same net as a net form.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from statistics import median

import numpy as np

import sn
from sn.compiled import Compiled
from sn.net.costs import cost
from sn.net.table import freeze
from sn.optim.first_order import Sgd
from sn.optim.second_order import DiagonalNewton
from sn.shipped import nets_folder
from sn.train.engines import KernelEngine

RATE = {"learn": 0.003, "learn-lm": 0.0005}


def session_of(mode: str) -> sn.Session:
    """Return a session with the 1989 net as the live one, patterns and first weights."""
    session = sn.Session()
    session.evaluate((nets_folder() / "zipcode.sn").read_text(), "zipcode.sn")
    session.evaluate(
        f"(live-net 'zipcode) (load-dataset 'mnist-1989) (seed 1) (forget-inv 2.4)"
        f"(numeric-mode '{mode})"
    )
    return session


def form_of(session: sn.Session, driver: str) -> KernelEngine:
    """Return the engine of the same net as a net form."""
    network = session.world.networks["zipcode"]
    compiled = Compiled(network, cost.get("lms")(10))
    rate = RATE[driver]
    optimizer = DiagonalNewton(learning_rate=rate) if "lm" in driver else Sgd(learning_rate=rate)
    patterns, targets = (
        np.ascontiguousarray(session.evaluate(name).numbers(), np.float32)
        for name in ("pattern-matrix", "desired-matrix")
    )
    table = freeze(network)
    engine = KernelEngine(compiled.kernels, table, optimizer, {"train": patterns}, targets)
    engine.set_weights(session.world.live.weights[0, : table.n_weights].copy())
    return engine


def runs_of(driver: str, digits: int) -> dict[str, tuple[int, Callable[[], object]]]:
    """Return how often each way presents, and the call that does it."""
    many = 7 * digits
    found: dict[str, tuple[int, Callable[[], object]]] = {}
    for mode, count in (("historical", digits), ("fast", many)):
        session = session_of(mode)
        session.evaluate(f"(epsilon {RATE[driver]})")
        found[mode] = (count, partial(session.evaluate, f"({driver} {count})"))
    engine = form_of(session_of("fast"), driver)
    order = (np.arange(many) % 7291).astype(np.int32)

    def present() -> None:
        engine.begin_pass(order)
        engine.present(order)

    found["net form"] = (many, present)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--digits", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    for driver in RATE:
        runs = runs_of(driver, given.digits)
        found: dict[str, list[float]] = {name: [] for name in runs}
        for turn in range(given.rounds + 1):
            for name, (count, run) in runs.items():
                before = time.process_time()
                run()
                if turn:  # the first compiles
                    found[name].append((time.process_time() - before) / count * 1e6)
        times = {name: median(some) for name, some in found.items()}
        said = ", ".join(f"{name} {us:.1f} us" for name, us in times.items())
        print(f"{driver:9} {said}; fast / net form {times['fast'] / times['net form']:.2f}")


if __name__ == "__main__":
    main()
