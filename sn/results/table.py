"""Tables: from a record to the rows that a person compares, ours beside the published ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sn.results.figures import error_text, misses_text, share_text
from sn.results.record import Reference, RunRecord, Scores
from sn.results.reports import ClassReport, ValueReport

HALF_SQUARES = "half squares"
REJECTED = "rejected for 1 % errors"


@dataclass(frozen=True, slots=True)
class TableRow:
    """One figure, ready to print; `published` is empty where the source gives none."""

    label: str
    ours: str
    published: str


def final_table(record: RunRecord) -> tuple[TableRow, ...]:
    """Return the figures of a run and its number of passes, beside its reference's.

    Where the cost is not SN's, the error has two rows: in that cost, and in half squares, the unit
    of published errors. Rows stand only for what there is: a test set, classes to miss.
    """
    paper = record.reference or Reference("")
    rows: list[TableRow] = []
    for which, scores in record.end.sets.items():
        published = {} if which == "validation" else _published(paper, which)
        rows += _error_rows(which, record, scores, published.get("error"))
        if scores.misses is not None:
            counts = (published.get("misses"), published.get("patterns"))
            rows.append(
                TableRow(
                    f"{which} misses", misses_text(scores.misses, scores.patterns), _misses(*counts)
                )
            )
        report = record.reports.get(which)
        if which == "test" and isinstance(report, ClassReport) and report.rejected is not None:
            theirs = "" if paper.test_rejected is None else f"{paper.test_rejected:g} %"
            rows.append(TableRow(REJECTED, f"{100 * report.rejected:.1f} %", theirs))
        if isinstance(report, ValueReport):
            rows.append(TableRow(f"{which} variance explained", share_text(report.total), ""))
    passes = "" if paper.passes is None else str(paper.passes)
    kept = "" if record.kept in (None, record.n_passes) else f", the best is {record.kept}"
    return (*rows, TableRow("passes", f"{record.n_passes}{kept}", passes))


def _published(paper: Reference, which: str) -> dict[str, Any]:
    """Return the published figures of one set by what they are."""
    return {name: getattr(paper, f"{which}_{name}") for name in ("error", "misses", "patterns")}


def _error_rows(
    which: str, record: RunRecord, scores: Scores, published: float | None
) -> tuple[TableRow, ...]:
    """Return the error on one set, in the run's cost and in half squares."""
    theirs = _error(published)
    if record.cost == "lms":
        return (TableRow(f"{which} error", error_text(scores.error), theirs),)
    return (
        TableRow(f"{which} error, {cost_words(record.cost)}", error_text(scores.error), ""),
        TableRow(f"{which} error, {HALF_SQUARES}", error_text(scores.half_squares), theirs),
    )


def cost_words(cost: str) -> str:
    """Return what a reader calls a cost: its name, or that it is the program's own."""
    return "its own cost" if cost == "lisp" else cost


def _error(error: float | None) -> str:
    return "" if error is None else error_text(error)


def _misses(misses: int | None, patterns: int | None) -> str:
    return "" if misses is None else misses_text(misses, patterns or 0)
