"""Tables: from a record to the rows that a person compares, ours beside the published ones."""

from __future__ import annotations

from dataclasses import dataclass

from sn.results.record import Reference, RunRecord, Scores

HALF_SQUARES = "half squares"


@dataclass(frozen=True, slots=True)
class TableRow:
    """One figure, ready to print; `published` is empty where the source gives none."""

    label: str
    ours: str
    published: str


def final_table(record: RunRecord) -> tuple[TableRow, ...]:
    """Return the four figures of a run and its number of passes, beside its reference's.

    Where the cost is not SN's, the error has two rows: in that cost, and in half squares, the unit
    of published errors.
    """
    train, test = record.train, record.test
    paper = record.reference or Reference("")
    return (
        *_error_rows("train", record, train, paper.train_error),
        TableRow(
            "train misses",
            misses_text(train.misses, train.patterns),
            _misses(paper.train_misses, paper.train_patterns),
        ),
        *_error_rows("test", record, test, paper.test_error),
        TableRow(
            "test misses",
            misses_text(test.misses, test.patterns),
            _misses(paper.test_misses, paper.test_patterns),
        ),
        TableRow("passes", str(record.n_passes), "" if paper.passes is None else str(paper.passes)),
    )


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


def error_text(error: float) -> str:
    """Return an error with three digits, as papers write it: 0.00234 is `2.34e-3`."""
    mantissa, _, exponent = f"{error:.2e}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def misses_text(misses: int, patterns: int) -> str:
    """Return misses with their share of the patterns: `99 (4.93 %)`."""
    return f"{misses} ({100.0 * misses / patterns:.2f} %)" if patterns else str(misses)


def _error(error: float | None) -> str:
    return "" if error is None else error_text(error)


def _misses(misses: int | None, patterns: int | None) -> str:
    return "" if misses is None else misses_text(misses, patterns or 0)
