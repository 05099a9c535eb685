"""The words of docs/replication.md on the tables of maps, around figures as in text.py."""

from __future__ import annotations

import math

from scripts.replication.figures import Figures
from scripts.replication.studies import RANDOM_TABLES
from sn.results.statistics import Summary

SCHEMES = {
    "newton": "three blocks (zipcode)",
    "overlap": "runs of eight (zipcode-overlap)",
    "lenet": "later LeNets (zipcode-lenet)",
    "all": "all twelve (zipcode-full)",
    **{one.name: one.name.replace("random-", "random, table-seed ") for one in RANDOM_TABLES},
}


def scheme(f: Figures) -> str:
    """Return what the page says of the tables of maps."""
    rows = tuple((words, name) for name, words in SCHEMES.items())
    tables = [one.name for one in RANDOM_TABLES]
    means = Summary.of([f.mean(name, "test_misses") for name in tables])
    per_table = len(f.values(tables[0], "test_misses"))
    within = math.sqrt(
        math.fsum((f.summary(name, "test_misses").sd or 0) ** 2 for name in tables) / len(tables)
    )
    alone = within / math.sqrt(per_table)
    between = max(0.0, (means.sd or 0) ** 2 - alone**2)
    every = Summary.of([f.mean(name, "test_misses") for name in SCHEMES])
    return f"""
## 9. Which maps of h1 feed which maps of h2?

This stays unknown. The paper says that each map of h2 sees eight of the twelve maps of h1 by a
scheme that it does not give, and no source known to us has it; every such scheme has 64,660
connections. What can be measured is how much it matters: three more tables, and ten drawn at
random with equal use of every map, these with {per_table}
seeds each.

{f.table(rows, "newton")}

![Test misses per scheme](images/replication-schemes.svg)

The means of the ten random tables spread with a standard deviation of {means.sd:.1f} test
misses. Runs of one table spread with {within:.1f}, so means of {per_table} runs spread with
{alone:.1f} even if all tables were equal: what is left for the tables is about
{math.sqrt(between):.1f}. Over all {len(SCHEMES)} schemes the means go from {every.least:.0f} to
{every.most:.0f} test misses. So the missing table can hide a few misses, no more than a seed
does.
{_hundred(f)}"""


def _hundred(f: Figures) -> str:
    """What a sweep over a hundred random tables came to, by analysis of variance with one factor.

    Source: Searle 1971, Linear Models, chapter 9, for the shares of tables and of seeds.
    """
    count, seeds = len(f.tables), len(f.tables[0])
    means = Summary.of([math.fsum(one) / seeds for one in f.tables])
    within = math.fsum((Summary.of(one).sd or 0) ** 2 for one in f.tables) / count
    between = (means.sd or 0) ** 2 - within / seeds
    ratio = seeds * (means.sd or 0) ** 2 / within
    left = f"{between**0.5:.1f} are left" if between > 0 else "nothing is left"
    return f"""
A sweep has asked {count} random tables, with {seeds} seeds each:
`python bench/sweep.py --parts tables`. Their means go from {means.least:.1f} to {means.most:.1f}
test misses, {means.mean:.1f} on average, with a standard deviation of {means.sd:.1f}. Between the
seeds of one table it is {within**0.5:.1f}, which alone would spread such means by
{(within / seeds) ** 0.5:.1f}; {left} for the tables
(F = {ratio:.2f} with {count - 1} and {count * (seeds - 1)} degrees of freedom). Which table it was
matters less than which seed.
"""
