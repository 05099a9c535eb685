"""Reports on the terminal: misses per class and confusions, or how far off each output is."""

from __future__ import annotations

from sn.commands._tables import print_table
from sn.commands._texts import print_fact, print_text
from sn.results.figures import error_text, share_text
from sn.results.record import RunRecord
from sn.results.reports import ClassReport, LabelReport, Report, ValueReport

WIDTH = 12
MOST = 30  # classes that are listed; of more, only those that are missed


def last_report(record: RunRecord) -> tuple[str, Report] | None:
    """Return the report of the set that tells most, test before validation before training."""
    for which in ("test", "validation", "train"):
        if which in record.reports:
            return which, record.reports[which]
    return None


def print_report(which: str, report: Report) -> None:
    """Print the facts of one set: misses per class and the worst confusions, or a table."""
    if isinstance(report, ValueReport):
        rows = [
            (name or f"output {number}", error_text(rms), share_text(explained))
            for number, (name, rms, explained) in enumerate(
                zip(report.names, report.rms, report.explained, strict=True)
            )
        ]
        columns = (which, "root mean square error", "variance explained")
        print_table(columns, rows, right=columns[1:])
        return
    names = report.classes if isinstance(report, ClassReport) else report.labels
    counted = list(zip(names, report.misses.tolist(), strict=True))
    if len(counted) > MOST:
        counted = [(name, misses) for name, misses in counted if misses]
    said = "  ".join(f"{name}: {misses}" for name, misses in counted) or "none"
    print_fact("per class" if isinstance(report, ClassReport) else "per label", said, WIDTH)
    if isinstance(report, ClassReport) and (worst := report.worst()):
        said = ", ".join(f"{right} as {answer} ({times})" for right, answer, times in worst)
        print_fact("mistaken", said, WIDTH)


def print_confusion(which: str, report: Report) -> None:
    """Print the whole table of confusions: a row per right class, a column per answer."""
    if not isinstance(report, ClassReport):
        kind = "labels" if isinstance(report, LabelReport) else "values"
        print_text(f"there is no confusion of {kind}: only classes are mistaken for each other")
        return
    columns = (f"{which}: right", *(f"as {name}" for name in report.classes), "missed")
    rows = [
        (name, *(str(times) if times else "." for times in row), str(misses))
        for name, row, misses in zip(
            report.classes, report.confusion.tolist(), report.misses.tolist(), strict=True
        )
    ]
    print_table(columns, rows, right=columns[1:])
