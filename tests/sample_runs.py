"""Runs and comparisons made by hand, without a net behind them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sn.results.comparison import Comparison, Entry
from sn.results.record import DataUsed, NetCounts, PassRecord, Reference, RunRecord, Scores

NET = NetCounts("zipcode", 1256, 64660, 9760)
DATA = DataUsed("zipcode", "0123")
PAPER = Reference("paper (1989)", 2.5e-3, 10, 1.8e-2, 102, 23, 7291, 2007)


def run(
    seed: int, misses: int, optimizer: str, us: float = 20.0, data: DataUsed = DATA
) -> RunRecord:
    """A run of three passes whose test error falls to 0.03, 0.02, 0.01 and a bit per miss."""
    passes = tuple(
        PassRecord(
            number,
            Scores((4 - number) * 1e-3 + misses * 1e-5, misses, 7291),
            Scores((4 - number) * 1e-2 + misses * 1e-5, 2 * misses, 2007),
            0.1,
        )
        for number in (1, 2, 3)
    )
    return RunRecord(
        NET, data, optimizer, {}, seed, passes, 0, 1, 0, us,
        {"w": np.zeros(1, np.float32)}, PAPER,
    )  # fmt: skip


def entry(label: str, misses: tuple[int, ...], facts: dict[str, str] | None = None) -> Entry:
    runs = tuple(run(seed, count, label, 20.0 + seed) for seed, count in enumerate(misses))
    return Entry(label, "zipcode", label, facts or {"rule": label, "passes": "3"}, runs)


def comparison(*entries: Entry, reference: Reference | None = PAPER) -> Comparison:
    entries = tuple(
        replace(one, runs=tuple(replace(r, reference=reference) for r in one.runs))
        for one in entries
    )
    seeds = tuple(range(len(entries[0].runs)))
    return Comparison(entries, seeds, 0.02, 2, ("data: zipcode, from here",))


def of_values(one: Entry) -> Entry:
    """The same runs as of a net of real values, without a test set."""

    def plain(record: PassRecord) -> PassRecord:
        return replace(record, train=replace(record.train, misses=None), test=None)

    runs = (replace(r, reference=None, passes=tuple(map(plain, r.passes))) for r in one.runs)
    return replace(one, runs=tuple(runs))
