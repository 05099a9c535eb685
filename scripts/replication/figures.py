"""Figures of docs/replication.md: looked up by variant, compared, written as text, drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from sn.results.comparison import MEASURES, Comparison, Entry
from sn.results.figures import error_text, mean_text, range_text
from sn.results.plots import COLOURS, curves
from sn.results.record import DataUsed, NetCounts, PassRecord, Reference, RunRecord, Scores
from sn.results.statistics import PairedDifference, Summary

PAPER = Reference("LeCun et al. 1989", 2.5e-3, 10, 1.8e-2, 102, 23, 7291, 2007, 12.1)
# of the fully connected network with 40 hidden units the paper gives percentages
PAPER_FORTY = Reference("LeCun et al. 1989", None, 117, None, 163, None, 7291, 2007, 19.4)
CURVES = tuple(one for one in MEASURES if one[2] != "rejected")
STYLE = {"svg.hashsalt": "sn", "svg.fonttype": "none"}


def words_of(measure: str) -> str:
    """Return what the page calls a measure."""
    return "rejected, %" if measure == "test_rejected" else measure.replace("_", " ")


def published_text(measure: str, figure: float | None) -> str:
    """Return a published figure, or nothing where there is none."""
    if figure is None:
        return ""
    return error_text(figure) if measure.endswith("error") else f"{figure:g}"


class Figures:
    """What was measured, by the name of the variant."""

    def __init__(self, kept: dict[str, Any]) -> None:
        self._entries: dict[str, dict[str, Any]] = kept["entries"] | kept["report"]
        self.tables: list[list[float]] = kept["tables"]  # test misses of a sweep, by table and seed

    def values(self, name: str, measure: str) -> list[float]:
        """Return a measure of all runs of a variant, in order of seeds."""
        found: list[float] = self._entries[name][measure]
        return found

    def summary(self, name: str, measure: str) -> Summary:
        """Return the mean and spread of a measure."""
        return Summary.of(self.values(name, measure))

    def mean(self, name: str, measure: str) -> float:
        """Return the mean of a measure."""
        return self.summary(name, measure).mean

    def error(self, name: str, measure: str, factor: float = 1.0) -> str:
        """Return a mean error as text, in another unit when a factor is given."""
        return error_text(factor * self.mean(name, measure))

    def difference(self, name: str, base: str, measure: str = "test_misses") -> str:
        """Return a paired difference and its interval; bold when the seeds can tell."""
        a, b = self.values(base, measure), self.values(name, measure)
        count = min(len(a), len(b))
        found = PairedDifference.of(a[:count], b[:count])
        text, *ends = (
            error_text(value) if measure.endswith("error") else f"{value:+.1f}"
            for value in (found.mean, *(found.interval or ()))
        )
        if ends:
            text += f" ({' to '.join(ends)})"
        return f"**{text}**" if found.is_clear else text

    def table(self, rows: Sequence[tuple[str, str]], base: str) -> str:
        """Return a Markdown table of variants (what they are, name) against a base."""
        head = [words_of(name) for name, _, _ in MEASURES]
        lines = [["", *head, "test misses, difference"], ["---"] * (len(head) + 2)]
        for words, name in rows:
            cells = [mean_text(measure, self.summary(name, measure)) for measure, _, _ in MEASURES]
            lines.append([words, *cells, "" if name == base else self.difference(name, base)])
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)

    def main_table(self, rows: Sequence[tuple[str, str]], paper: Reference = PAPER) -> str:
        """Return the table of the paper: its figures, and the means and ranges of variants."""
        head = [words_of(name) for name, _, _ in MEASURES]
        published = [published_text(name, getattr(paper, name)) for name, _, _ in MEASURES]
        lines = [["", *head], ["---"] * (len(head) + 1), ["paper, one run", *published]]
        for words, name in rows:
            found = [(measure, self.summary(name, measure)) for measure, _, _ in MEASURES]
            lines.append([words, *(mean_text(measure, s) for measure, s in found)])
            lines.append(["", *(range_text(measure, s) for measure, s in found)])
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)

    def draw_curves(self, labels: dict[str, str], path: Path) -> None:
        """Draw the learning curves of variants under the given labels."""
        entries = []
        for name, label in labels.items():
            kept = self._entries[name]["curves"]
            runs = [
                _run([kept[measure][seed] for measure, _, _ in CURVES])
                for seed in range(len(kept["test_error"]))
            ]
            entries.append(Entry(label, "zipcode", label, {}, tuple(runs)))
        seeds = tuple(range(len(entries[0].runs)))
        with matplotlib.rc_context(STYLE):
            picture = curves(Comparison(tuple(entries), seeds, 0.02))
            picture.savefig(path, metadata={"Date": None, "Creator": None})

    def draw_dots(self, labels: dict[str, str], path: Path) -> None:
        """Draw the test misses of variants: a dot per run, a bar at their mean."""
        figure = Figure(figsize=(8.4, 0.9 + 0.3 * len(labels)), layout="constrained")
        axes = figure.subplots()
        for row, name in enumerate(labels):
            values = self.values(name, "test_misses")
            # equal counts stand above each other
            shifts = [0.09 * values[:index].count(value) for index, value in enumerate(values)]
            heights = [row - 0.12 + shift for shift in shifts]
            axes.plot(values, heights, "o", color=COLOURS[0], alpha=0.6, ms=4.5, mec="none")
            mean = math.fsum(values) / len(values)
            axes.plot([mean, mean], [row - 0.33, row + 0.33], color=COLOURS[1], lw=2)
        paper = PAPER.test_misses or 0
        axes.axvline(paper, color="black", lw=1, ls=(0, (6, 3)))
        axes.annotate(
            "the paper",
            (paper, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=9,
        )
        axes.set_yticks(range(len(labels)), list(labels.values()))
        axes.set_ylim(len(labels) - 0.4, -1.1)
        axes.set_xlabel("test misses of 2,007: a dot per seed, a bar at the mean")
        axes.grid(True, axis="x", color="#dddddd", lw=0.6)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        with matplotlib.rc_context(STYLE):
            figure.savefig(path, metadata={"Date": None, "Creator": None})


def _run(kept: Sequence[Sequence[float]]) -> RunRecord:
    """Return a record with the curves of one run, in the order of CURVES."""
    passes = tuple(
        PassRecord(number, Scores(a, int(b), 7291), Scores(c, int(d), 2007), 0.0)
        for number, (a, b, c, d) in enumerate(zip(*kept, strict=True), 1)
    )
    net = NetCounts("zipcode", 1256, 64660, 9760)
    data = DataUsed("zipcode", "")
    return RunRecord(net, data, "", {}, 0, passes, 0.0, 0.0, 0.0, 0.0, {}, PAPER)
