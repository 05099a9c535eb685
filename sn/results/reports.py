"""Reports: what is told of one set at the end of a run, beside its error and its misses.

Of classes: which are taken for which, and how many patterns must be rejected to have few errors
among the rest. Of real values: how far off each output is. Read next: record.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.display import brief, html_table, many
from sn.results.figures import error_text, share_text

MOST_SHOWN = 30  # classes whose confusions a notebook shows; chosen here: they fit on a page
LEVEL = 0.01  # errors allowed among the patterns that are not rejected; source: LeCun et al. 1989


@dataclass(frozen=True, slots=True, eq=False)
class ClassReport:
    """How well the classes of one set are told apart.

    confusion: (k, k) counts, rows the right class, columns the answer; rejected: the share of the
    set that must be rejected for LEVEL errors among the rest, None where one unit answers
    """

    classes: tuple[str, ...]
    confusion: NDArray[np.int64]
    rejected: float | None

    @property
    def misses(self) -> NDArray[np.int64]:
        """How many patterns of each class are taken for another, (k,)."""
        found: NDArray[np.int64] = self.confusion.sum(axis=1) - self.confusion.diagonal()
        return found

    @property
    def patterns(self) -> NDArray[np.int64]:
        """How many patterns each class has, (k,)."""
        found: NDArray[np.int64] = self.confusion.sum(axis=1)
        return found

    def worst(self, most: int = 5) -> tuple[tuple[str, str, int], ...]:
        """Return the most frequent confusions: right class, answer, times."""
        wrong = self.confusion - np.diag(self.confusion.diagonal())
        order = np.argsort(-wrong, axis=None, kind="stable")[:most]
        pairs = [divmod(int(place), len(self.classes)) for place in order]
        return tuple(
            (self.classes[right], self.classes[answer], int(wrong[right, answer]))
            for right, answer in pairs
            if wrong[right, answer]
        )

    def __repr__(self) -> str:
        wrong, right = int(self.misses.sum()), int(self.patterns.sum())
        text = f"report of {many(len(self.classes), 'class')}: {many(wrong, 'miss')} of {right:,}"
        if self.rejected is not None:
            text += f", {100 * self.rejected:.1f} % to reject for {100 * LEVEL:g} % errors"
        return brief(text)

    def _repr_html_(self) -> str:
        names = self.classes
        columns = ("right", *(f"as {name}" for name in names), "missed")
        rows = [
            (name, *(str(times) if times else "" for times in row), str(misses))
            for name, row, misses in zip(
                names, self.confusion.tolist(), self.misses.tolist(), strict=True
            )
        ]
        if len(names) > MOST_SHOWN:
            columns = ("right", "missed")
            rows = [(row[0], row[-1]) for row in rows]
        return html_table(columns, rows, repr(self)[1:-1], right=columns[1:])


@dataclass(frozen=True, slots=True, eq=False)
class LabelReport:
    """How many patterns of one set each label is wrong for: misses (k,) of `patterns`."""

    labels: tuple[str, ...]
    misses: NDArray[np.int64]
    patterns: int

    def __repr__(self) -> str:
        wrong = many(int(self.misses.sum()), "miss")
        return brief(f"report of {many(len(self.labels), 'label')}: {wrong} of {self.patterns:,}")

    def _repr_html_(self) -> str:
        rows = [(name, str(wrong)) for name, wrong in zip(self.labels, self.misses, strict=True)]
        return html_table(("label", "missed"), rows, repr(self)[1:-1], right=("missed",))


@dataclass(frozen=True, slots=True, eq=False)
class ValueReport:
    """How well real values are fitted on one set.

    rms: root mean square error per output, in its own unit, (k,); explained: share of the
    variance of each output, (k,), NaN for one that does not vary; total: of all outputs together
    """

    names: tuple[str, ...]
    rms: NDArray[np.float64]
    explained: NDArray[np.float64]
    total: float

    def __repr__(self) -> str:
        total = share_text(self.total)
        return brief(f"report of {many(len(self.rms), 'value')}: {total} of the variance explained")

    def _repr_html_(self) -> str:
        rows = [
            (name, error_text(rms), share_text(share))
            for name, rms, share in zip(self.names, self.rms, self.explained, strict=True)
        ]
        columns = ("output", "root mean square error", "variance explained")
        return html_table(columns, rows, repr(self)[1:-1], right=columns[1:])


Report = ClassReport | LabelReport | ValueReport


def class_report(
    outputs: NDArray[Any], targets: NDArray[Any], names: Sequence[str], threshold: float = 0.0
) -> ClassReport:
    """Return the report of classes; outputs and targets are (n, n_outputs).

    One output answers the second of two classes from the threshold on, else the largest answers.
    """
    right, answer = classes_told(outputs, targets, threshold)
    rejected = None if outputs.shape[1] == 1 else share_to_reject(outputs, right == answer)
    count = max(len(names), outputs.shape[1])
    confusion = np.bincount(right * count + answer, minlength=count * count)
    return ClassReport(tuple(names), confusion.reshape(count, count), rejected)


def missed_classes(
    outputs: NDArray[Any], targets: NDArray[Any], count: int, threshold: float = 0.0
) -> NDArray[np.int64]:
    """Return the misses per class of a `class_report` of so many classes, without the rest."""
    right, answer = classes_told(outputs, targets, threshold)
    found = np.bincount(right[right != answer], minlength=max(count, outputs.shape[1]))
    return found.astype(np.int64)


def classes_told(
    outputs: NDArray[Any], targets: NDArray[Any], threshold: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the right class of each pattern and the one that is answered, (n,) each."""
    if outputs.shape[1] == 1:
        right, answer = ((some[:, 0] >= threshold).astype(np.int64) for some in (targets, outputs))
        return right, answer
    return targets.argmax(axis=1), outputs.argmax(axis=1)


def share_to_reject(
    outputs: NDArray[Any], is_right: NDArray[np.bool_], level: float = LEVEL
) -> float:
    """Return the least share of patterns to reject so that at most `level` of the rest is wrong.

    A pattern is rejected when its two largest outputs differ by less than a threshold, which is
    chosen on these patterns themselves. outputs: (n, at least 2).
    Source: LeCun et al. 1989, who report 12.1 % of the test set for 1 % errors.
    """
    count = len(outputs)
    if not count:
        return 0.0
    two = np.partition(outputs.astype(np.float64), -2, axis=1)[:, -2:]
    margin = two[:, 1] - two[:, 0]
    order = np.argsort(-margin, kind="stable")
    kept = np.arange(1, count + 1)
    wrong = np.cumsum(~is_right[order])
    # a threshold takes patterns of equal difference all or none
    is_end = np.append(np.diff(margin[order]) != 0, True)
    fits = is_end & (wrong <= level * kept)
    return float(1 - kept[fits].max(initial=0) / count)


def label_report(
    outputs: NDArray[Any], targets: NDArray[Any], names: Sequence[str], threshold: float
) -> LabelReport:
    """Return the report of several labels at once; a label is given from the threshold on."""
    return LabelReport(tuple(names), missed_labels(outputs, targets, threshold), len(targets))


def missed_labels(
    outputs: NDArray[Any], targets: NDArray[Any], threshold: float
) -> NDArray[np.int64]:
    """Return how many patterns each label is wrong for, (k,)."""
    wrong = (outputs >= threshold) != (targets >= threshold)
    found: NDArray[np.int64] = np.count_nonzero(wrong, axis=0)
    return found


def value_report(outputs: NDArray[Any], targets: NDArray[Any], names: Sequence[str]) -> ValueReport:
    """Return the report of real values; outputs and targets are (n, n_outputs)."""
    desired = targets.astype(np.float64)
    residual = ((outputs - desired) ** 2).sum(axis=0)
    spread = ((desired - desired.mean(axis=0)) ** 2).sum(axis=0) if len(desired) else residual
    return values_told(names, residual, spread, len(desired))


def values_told(
    names: Sequence[str],
    residual: NDArray[np.float64],
    spread: NDArray[np.float64],
    count: int,
) -> ValueReport:
    """Return the report of `count` patterns from sums of squares per output, (k,) each.

    `residual`: of the errors; `spread`: of what is desired, around its mean.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        explained = 1 - residual / spread
        explained[spread == 0] = np.nan
        total = float(1 - residual.sum() / spread.sum()) if spread.sum() else np.nan
    return ValueReport(tuple(names), np.sqrt(residual / max(count, 1)), explained, total)


def report_object(report: Report) -> dict[str, Any]:
    """Return the JSON object of a report."""
    if isinstance(report, ClassReport):
        return {
            "classes": list(report.classes),
            "misses_per_class": report.misses.tolist(),
            "confusion": report.confusion.tolist(),
            "rejected_for_1_percent": report.rejected,
        }
    if isinstance(report, LabelReport):
        return {"labels": list(report.labels), "misses_per_label": report.misses.tolist()}
    return {
        "outputs": list(report.names),
        "rms": report.rms.tolist(),
        "variance_explained": report.explained.tolist(),
        "variance_explained_total": report.total,
    }
