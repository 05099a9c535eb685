"""Stress, all of it: a line of figures for each kind of trial, and each fault in words.

make stress
python -m scripts.stress [--interrupts 50] [--caches 20] [--races 50] [--stops 50] [--seed 0]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from scripts.stress.caches import KINDS as DAMAGES
from scripts.stress.caches import caches
from scripts.stress.comparisons import comparisons
from scripts.stress.interrupts import KINDS as COMMANDS
from scripts.stress.interrupts import interrupts
from scripts.stress.processes import Tally
from scripts.stress.races import KINDS as RIVALS
from scripts.stress.races import races


def tallies(
    n_interrupts: int, n_caches: int, n_races: int, n_stops: int, seed: int
) -> Iterator[Tally]:
    """Yield what each kind of trial came to; none of a kind whose number is 0."""
    for command in COMMANDS if n_interrupts else ():
        yield interrupts(command, n_interrupts, seed)
    for kind in DAMAGES if n_caches else ():
        yield caches(kind, n_caches, seed)
    for rival in RIVALS if n_races else ():
        yield races(rival, n_races)
    if n_stops:
        yield comparisons(n_stops, seed)


def main() -> int:
    """Do the trials, print the table, return whether there were faults."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--interrupts", type=int, default=50)
    parser.add_argument("--caches", type=int, default=20)
    parser.add_argument("--races", type=int, default=50)
    parser.add_argument("--stops", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    n_faults = 0
    for tally in tallies(given.interrupts, given.caches, given.races, given.stops, given.seed):
        print(tally.row(), flush=True)
        for fault in tally.faults:
            print(f"    {fault}", flush=True)
        n_faults += len(tally.faults)
    return int(n_faults > 0)


if __name__ == "__main__":
    sys.exit(main())
