"""Records: what a run leaves behind, in memory.

The training loop fills these in, `folder.py` writes them to disk, `lines.py` turns them into the
objects that programs read and `table.py` into the rows that people read.
Read next: folder.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.charts.inline import inline
from sn.display import brief, html_table, many
from sn.results.arrays import content_hash
from sn.results.figures import error_text, misses_text
from sn.results.frames import frame
from sn.results.reports import Report

MOST_ROWS = 30  # passes that a table in a notebook has; chosen here: they fit on a page


@dataclass(frozen=True, slots=True)
class Scores:
    """How well a net does on one set of patterns.

    Units: `error` is the experiment's own cost per output, averaged over patterns; `squares` are
    SN's half squares, half the squared difference averaged over outputs and patterns, None where
    the cost is that already; `misses` are counted, None where nothing is right or wrong.
    """

    error: float
    misses: int | None
    patterns: int
    squares: float | None = None

    @property
    def half_squares(self) -> float:
        """SN's half squares, in which the 1989 paper's errors are, whatever the cost was."""
        return self.error if self.squares is None else self.squares

    @property
    def percent(self) -> float | None:
        """Misses per hundred patterns; 0 for a set without patterns, None without misses."""
        if self.misses is None:
            return None
        return 100.0 * self.misses / self.patterns if self.patterns else 0.0

    def __repr__(self) -> str:
        return brief(f"{self.words()} of {many(self.patterns, 'pattern')}")

    def words(self) -> str:
        """Return the figures in words: `error 1.81e-2, 102 misses`."""
        error = f"error {error_text(self.error)}"
        return error if self.misses is None else f"{error}, {many(self.misses, 'miss')}"


@dataclass(frozen=True, slots=True)
class PassRecord:
    """One pass over the training set; `number` counts from 1, `seconds` are wall time.

    Number 0 is no pass: it has the scores of the untrained net. `test` and `validation` are None
    where there is no such set, `phase` counts from 1 and is None where there are no phases.
    """

    number: int
    train: Scores
    test: Scores | None
    seconds: float
    validation: Scores | None = None
    phase: int | None = None

    def scores(self, which: str) -> Scores | None:
        """Return the scores on "train", "validation" or "test", None where there is no such set."""
        return {"train": self.train, "validation": self.validation, "test": self.test}[which]

    @property
    def sets(self) -> dict[str, Scores]:
        """The scores on each set that there is."""
        found = {which: self.scores(which) for which in ("train", "validation", "test")}
        return {which: scores for which, scores in found.items() if scores is not None}

    @property
    def telling(self) -> str:
        """The set that tells most: test before validation before training."""
        return list(self.sets)[-1]

    def __repr__(self) -> str:
        return brief(f"pass {self.number}: {self.words()}")

    def words(self) -> str:
        """Return the scores on each set in words."""
        return "; ".join(f"{which} {scores.words()}" for which, scores in self.sets.items())

    def row(self) -> dict[str, int | float]:
        """Return the figures by name, such as `test_misses`: those that there are.

        Units: `error` is in the cost of the run, `half_squares` in SN's, `percent` of misses;
        seconds of wall time.
        """
        found: dict[str, int | float] = {"pass": self.number}
        for which, scores in self.sets.items():
            for name in ("error", "half_squares", "misses", "percent"):
                figure = getattr(scores, name)
                if figure is not None:
                    found[f"{which}_{name}"] = figure
        return {**found, "seconds": self.seconds}


@dataclass(frozen=True, slots=True)
class NetCounts:
    """The size of a net, as papers give it: a bias is a connection and a parameter."""

    name: str
    units: int
    connections: int
    parameters: int


@dataclass(frozen=True, slots=True)
class DataUsed:
    """Which data set a run saw; `hash` is that of its decoded content."""

    name: str
    hash: str


@dataclass(frozen=True, slots=True)
class Reference:
    """Published figures to compare a run with; None where the source is silent.

    Units: errors are SN's half squares per output, whatever cost an experiment has.
    `train_patterns` and `test_patterns` are the sizes of the sets the misses were counted on;
    `test_rejected` is the percentage of test patterns rejected for 1 % errors among the rest;
    `data` names the data set that the figures are of.
    """

    title: str
    train_error: float | None = None
    train_misses: int | None = None
    test_error: float | None = None
    test_misses: int | None = None
    passes: int | None = None
    train_patterns: int | None = None
    test_patterns: int | None = None
    test_rejected: float | None = None
    data: str | None = None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A whole run: what was trained, how, on what, how it went, and the weights at its end.

    Units: seconds of wall time; `us_per_presentation` is microseconds of training (forward,
    backward, update) per pattern shown. `weights` maps a name to an array that the record owns;
    `folder` is None for a run that was not written to disk; `warnings` are what the run warned of.
    `kept` is the number of the pass whose weights these are, `reports` what is told of each set
    beside its scores; `sha256` is that of weights that stayed behind.
    """

    net: NetCounts
    data: DataUsed
    optimizer: str
    options: dict[str, Any]
    seed: int
    passes: tuple[PassRecord, ...]
    compile_seconds: float
    train_seconds: float
    evaluate_seconds: float
    us_per_presentation: float
    weights: dict[str, NDArray[np.generic]] = field(compare=False, repr=False)
    reference: Reference | None = None
    folder: Path | None = None
    warnings: tuple[str, ...] = ()
    kept: int | None = None
    reports: Mapping[str, Report] = field(default_factory=dict, compare=False)
    sha256: str = ""

    def __post_init__(self) -> None:
        assert self.passes, "a run has at least one score"

    @property
    def cost(self) -> str:
        """The name of the cost that errors are in."""
        return str(self.options.get("cost", "lms"))

    @property
    def n_passes(self) -> int:
        """How many passes it had; none for a net that was scored untrained."""
        return self.passes[-1].number

    @property
    def end(self) -> PassRecord:
        """The pass whose weights were kept: the last one, unless the best was to be kept."""
        if self.kept is None:
            return self.passes[-1]
        return next(record for record in self.passes if record.number == self.kept)

    @property
    def train(self) -> Scores:
        """The scores on the training set at the end."""
        return self.end.train

    @property
    def validation(self) -> Scores | None:
        """The scores on the validation set at the end, None where there is none."""
        return self.end.validation

    @property
    def test(self) -> Scores | None:
        """The scores on the test set at the end, None where there is none."""
        return self.end.test

    def without_weights(self) -> RunRecord:
        """Return the record with the sha256 of its weights in their place."""
        return replace(self, weights={}, sha256=content_hash(self.weights))

    def rows(self) -> list[dict[str, Any]]:
        """Return the figures of each pass by name, as `PassRecord.row` does."""
        return [record.row() for record in self.passes]

    def frame(self) -> Any:
        """Return `rows` as a pandas DataFrame, a row a pass.

        Raises: SnError when pandas is not here.
        """
        return frame(self.rows())

    def __repr__(self) -> str:
        how = f"{many(self.n_passes, 'pass')} of {self.optimizer} on {self.data.name}, "
        return brief(f"run of {self.net.name}: {how}seed {self.seed}; {self.end.words()}")

    def _repr_html_(self) -> str:
        sets = self.end.sets
        columns = ["pass"]
        for which, scores in sets.items():
            columns += [f"{which} error"] + [f"{which} misses"] * (scores.misses is not None)
        rows = []
        for record in self._told:
            cells = [f"{record.number}"]
            for scores in record.sets.values():
                cells.append(error_text(scores.error))
                if scores.misses is not None:
                    cells.append(misses_text(scores.misses, scores.patterns))
            rows.append(cells)
        below = [f"{self.us_per_presentation:.2f} µs per presentation"] if self.n_passes else []
        if self.folder is not None:
            below.append(f"folder {self.folder}")
        below += [f"warning: {warning}" for warning in self.warnings]
        table = html_table(columns, rows, repr(self)[1:-1], right=columns, below=below)
        return self._curves() + table if len(self.passes) > 1 else table

    @property
    def _told(self) -> list[PassRecord]:
        """The passes that a table has: of many the 1st, 2nd, 5th, 10th and so on, and the end."""
        if len(self.passes) <= MOST_ROWS:
            return list(self.passes)
        ends = {self.n_passes, self.end.number}
        return [
            one
            for one in self.passes
            if one.number in ends or f"{one.number}".rstrip("0") in {"1", "2", "5"}
        ]

    def _curves(self) -> str:
        sets = self.end.sets
        points = {
            name: [(one.number, one.sets[name].error) for one in self.passes] for name in sets
        }
        return inline(list(points.items()))


def mean_errors(runs: Sequence[RunRecord], which: str) -> list[tuple[int, float]]:
    """Return the mean error of runs on one set after each pass, half squares.

    A run that ended before others counts on with its last error: a mean of those alone that go on
    would rise where good ones stop.
    """
    numbers = sorted({record.number for run in runs for record in run.passes})
    total = [0.0] * len(numbers)
    for run in runs:
        errors = {record.number: record.sets[which].half_squares for record in run.passes}
        last = run.passes[0].sets[which].half_squares
        for place, number in enumerate(numbers):
            last = errors.get(number, last)
            total[place] += last
    return [(number, error / len(runs)) for number, error in zip(numbers, total, strict=True)]
