"""Comparison: runs of several nets or optimizers, over the same seeds, side by side.

An `Entry` is one net with one optimizer and its runs, a `Comparison` all entries. What people
read of it is in comparison_texts.py, the curves are in plots.py; the object that programs read
is made here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sn.charts.inline import inline
from sn.display import brief, html_table, many
from sn.results.figures import mean_text, measure_words
from sn.results.frames import frame
from sn.results.record import PassRecord, Reference, RunRecord, mean_errors
from sn.results.reports import ClassReport
from sn.results.statistics import CONFIDENCE, PairedDifference, Summary

# What is compared at the end of a run, as in the 1989 paper: name, set and figure. Errors are half
# squares, whatever the costs, so that entries with different costs can be compared. What a run
# has no figure for, for want of a test set or of classes, is left out of the comparison.
MEASURES = (
    ("train_error", "train", "half_squares"),
    ("train_misses", "train", "misses"),
    ("test_error", "test", "half_squares"),
    ("test_misses", "test", "misses"),
    ("test_rejected", "test", "rejected"),
)
# What each entry minimised itself.
COSTS = (("train_cost", "train", "error"), ("test_cost", "test", "error"))


@dataclass(frozen=True, slots=True)
class Entry:
    """One net with one optimizer, and a run per seed.

    `label` names the entry among the others; `facts` says in words what it is made of, so that
    what differs between entries can be told.
    """

    label: str
    name: str
    optimizer: str
    facts: Mapping[str, str]
    runs: tuple[RunRecord, ...]

    def figures(self, measure: str) -> tuple[float, ...]:
        """Return one of MEASURES or COSTS for each run that has it, in order of seeds."""
        which, field = next((w, f) for name, w, f in (*MEASURES, *COSTS) if name == measure)
        found = (run_figure(run, which, field) for run in self.runs)
        return tuple(figure for figure in found if figure is not None)

    def has(self, measure: str) -> bool:
        """Whether every run has a figure of this measure."""
        return len(self.figures(measure)) == len(self.runs)

    def summary(self, measure: str) -> Summary:
        """Return the mean and spread of a measure that every run has."""
        return Summary.of(self.figures(measure))

    @property
    def us_per_presentation(self) -> float:
        """The median over the runs: another program that took the machine does not count."""
        times = sorted(run.us_per_presentation for run in self.runs)
        middle = len(times) // 2
        return times[middle] if len(times) % 2 else (times[middle - 1] + times[middle]) / 2

    @property
    def cost(self) -> str:
        """The name of the cost that it minimised."""
        return self.runs[0].cost

    def passes_to(self, error: float) -> tuple[int, ...]:
        """Return, for the runs whose error falls to `error`, the first pass where it does.

        The error is that on the test set, or where there is none on the training set.
        """
        firsts = (
            next((record.number for record in run.passes if _tested(record) <= error), None)
            for run in self.runs
        )
        return tuple(first for first in firsts if first is not None)

    def __repr__(self) -> str:
        return brief(f"{self.label}: {many(len(self.runs), 'run')} of {self.optimizer}")


def _tested(record: PassRecord) -> float:
    return (record.test or record.train).half_squares


def run_figure(run: RunRecord, which: str, field: str) -> float | None:
    """Return a figure of one set at the end of a run, None where the run has none."""
    if field == "rejected":
        report = run.reports.get(which)
        share = report.rejected if isinstance(report, ClassReport) else None
        return None if share is None else 100 * share
    return pass_figure(run.end, which, field)


def pass_figure(record: PassRecord, which: str, field: str) -> float | None:
    """Return a figure of one set after a pass, None where there is none."""
    scores = record.scores(which)
    found = None if scores is None else getattr(scores, field)
    return None if found is None else float(found)


@dataclass(frozen=True, slots=True)
class Difference:
    """How an entry differs from the first one in one measure, over pairs of equal seeds."""

    entry: Entry
    measure: str
    found: PairedDifference


@dataclass(frozen=True, slots=True)
class Diverged:
    """A run that has no figures: of which entry, from which seed, and what became of it."""

    label: str
    seed: int
    fault: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """All entries over the same seeds.

    `reach` is the test error that passes are counted to; `jobs` is how many runs shared the
    machine while they were timed; `notes` say which data were taken, and how to get better ones.
    Seeds of runs that `diverged` are left out of all entries.
    """

    entries: tuple[Entry, ...]
    seeds: tuple[int, ...]
    reach: float
    jobs: int = 1
    notes: tuple[str, ...] = ()
    diverged: tuple[Diverged, ...] = ()

    @property
    def first(self) -> Entry:
        """The entry that the others are compared with."""
        return self.entries[0]

    def references(self) -> tuple[Reference, ...]:
        """Return the published figures that entries name, each once."""
        found = dict.fromkeys(entry.runs[0].reference for entry in self.entries)
        return tuple(reference for reference in found if reference is not None)

    @property
    def measures(self) -> tuple[str, ...]:
        """The MEASURES that every run of every entry has."""
        return tuple(
            name for name, _, _ in MEASURES if all(entry.has(name) for entry in self.entries)
        )

    def comparable(self, entry: Entry) -> bool:
        """Whether an entry saw the patterns that the first one saw."""
        return entry.runs[0].data == self.first.runs[0].data

    def differences(self) -> tuple[Difference, ...]:
        """Compare every other entry that saw the same patterns with the first, per measure."""
        return tuple(
            Difference(entry, name, PairedDifference.of(self.first.figures(name), figures))
            for entry in self.entries[1:]
            if self.comparable(entry)
            for name, figures in ((name, entry.figures(name)) for name in self.measures)
        )

    def rows(self) -> list[dict[str, Any]]:
        """Return the figures of each pass of each run by name, in order of entries and seeds.

        Beside those of `PassRecord.row` a row has `entry`, `name`, `optimizer` and `seed`.
        """
        return [
            {
                "entry": entry.label,
                "name": entry.name,
                "optimizer": entry.optimizer,
                "seed": run.seed,
                **row,
            }
            for entry in self.entries
            for run in entry.runs
            for row in run.rows()
        ]

    def frame(self) -> Any:
        """Return `rows` as a pandas DataFrame.

        Raises: SnError when pandas is not here.
        """
        return frame(self.rows())

    def __repr__(self) -> str:
        names = ", ".join(entry.label for entry in self.entries)
        return brief(f"comparison of {names}: {many(len(self.seeds), 'seed')} each")

    def _repr_html_(self) -> str:
        columns = ("", *(measure_words(name) for name in self.measures), "µs per presentation")
        rows = [
            (
                entry.label,
                *(mean_text(name, entry.summary(name)) for name in self.measures),
                f"{entry.us_per_presentation:.2f}",
            )
            for entry in self.entries
        ]
        table = html_table(columns, rows, repr(self)[1:-1], right=columns[1:], below=self.notes)
        which = self.first.runs[0].end.telling
        curves = [(entry.label, mean_errors(entry.runs, which)) for entry in self.entries]
        if max(len(points) for _, points in curves) < 2:
            return table
        return inline(curves, f"{which} error, mean of {many(len(self.seeds), 'seed')}") + table

    @property
    def n_tested(self) -> int:
        """How many differences have seeds enough for a verdict."""
        return sum(one.found.is_tested for one in self.differences())

    @property
    def by_luck(self) -> float:
        """How many of the tested ones would be clear by luck on average, if nothing differed."""
        return (1 - CONFIDENCE) * self.n_tested

    def facts_that_differ(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """Return each fact in which entries differ: its values, and who has them.

        A fact that an entry lacks has the value "none".
        """
        known = dict.fromkeys(fact for entry in self.entries for fact in entry.facts)
        differing: dict[str, dict[str, tuple[str, ...]]] = {}
        for fact in known:
            values: dict[str, tuple[str, ...]] = {}
            for entry in self.entries:
                value = entry.facts.get(fact, "none")
                values[value] = (*values.get(value, ()), entry.label)
            if len(values) > 1:
                differing[fact] = values
        return differing


def whole_entries(
    entries: Sequence[Entry], seeds: Sequence[int], records: Mapping[int, RunRecord]
) -> tuple[tuple[Entry, ...], tuple[int, ...]]:
    """Return entries with their runs, and the seeds of these: those that are there for every entry.

    `records` are by number: those of the first entry in the order of the seeds, then the next. An
    entry without any is left out; nothing is left where no seed is there for all others.
    """
    count = len(seeds)
    of_entry = [
        {n: records[count * row + n] for n in range(count) if count * row + n in records}
        for row in range(len(entries))
    ]
    pairs = [(one, runs) for one, runs in zip(entries, of_entry, strict=True) if runs]
    kept = [n for n in range(count) if pairs and all(n in runs for _, runs in pairs)]
    if not kept:
        return (), ()
    found = tuple(replace(one, runs=tuple(runs[n] for n in kept)) for one, runs in pairs)
    return found, tuple(seeds[n] for n in kept)


def default_reach(entries: tuple[Entry, ...]) -> float:
    """Return a test error to count passes to: a published one, or one that all entries reach.

    It is rounded up to one digit, so that runs that end just above the figure count as well:
    the paper's 1.8e-2 becomes 0.02.
    """
    references = (entry.runs[0].reference for entry in entries)
    published = [one.test_error for one in references if one and one.test_error is not None]
    measure = "test_error" if all(one.has("test_error") for one in entries) else "train_error"
    error = max(published or [entry.summary(measure).mean for entry in entries])
    if error <= 0:
        return 0.0
    unit = 10.0 ** math.floor(math.log10(error))
    return float(f"{math.ceil(round(error / unit, 9)) * unit:.0e}")


def summary_object(summary: Summary) -> dict[str, Any]:
    """Return the JSON object of a summary; a single run has no `sd`."""
    return {"mean": summary.mean, "sd": summary.sd, "min": summary.least, "max": summary.most}


def comparison_object(comparison: Comparison, folder: str | None = None) -> dict[str, Any]:
    """Return the JSON object of a comparison; `folder` is where its files are, or null."""
    first = comparison.first
    return {
        "type": "comparison",
        "entries": [_entry_object(entry) for entry in comparison.entries],
        "seeds": list(comparison.seeds),
        "jobs": comparison.jobs,
        "data": [
            {"name": name, "hash": digest}
            for name, digest in dict.fromkeys(
                (entry.runs[0].data.name, entry.runs[0].data.hash) for entry in comparison.entries
            )
        ],
        "reach": {
            "test_error": comparison.reach,
            "entries": [_reach_object(entry, comparison.reach) for entry in comparison.entries],
        },
        "against": {"name": first.name, "optimizer": first.optimizer},
        "differences": [
            {
                "name": one.entry.name,
                "optimizer": one.entry.optimizer,
                "measure": one.measure,
                "mean": one.found.mean,
                "low": one.found.interval[0] if one.found.interval else None,
                "high": one.found.interval[1] if one.found.interval else None,
                "pairs": one.found.pairs,
                "clear": one.found.is_clear,
            }
            for one in comparison.differences()
        ],
        "tests": {"count": comparison.n_tested, "clear_by_luck": comparison.by_luck},
        "differs": [
            {"what": fact, "values": {value: list(labels) for value, labels in values.items()}}
            for fact, values in comparison.facts_that_differ().items()
        ],
        "notes": list(comparison.notes),
        **_diverged_object(comparison),
        "folder": folder,
    }


def _entry_object(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "optimizer": entry.optimizer,
        "seeds": len(entry.runs),
        **{n: summary_object(entry.summary(n)) for n, _, _ in MEASURES if entry.has(n)},
        "us_per_presentation": entry.us_per_presentation,
        "cost": entry.cost,
        **{n: summary_object(entry.summary(n)) for n, _, _ in COSTS if entry.has(n)},
        "warnings": [list(run.warnings) for run in entry.runs],
        "sha256": [run.sha256 for run in entry.runs],
    }


def _diverged_object(comparison: Comparison) -> dict[str, Any]:
    """Return what is told of runs that diverged, where some did."""
    found = [
        {"entry": one.label, "seed": one.seed, "fault": one.fault} for one in comparison.diverged
    ]
    return {"diverged": found} if found else {}


def _reach_object(entry: Entry, error: float) -> dict[str, Any]:
    passes = entry.passes_to(error)
    return {
        "name": entry.name,
        "optimizer": entry.optimizer,
        "reached": len(passes),
        "passes": summary_object(Summary.of(passes)) if passes else None,
    }
