"""Figures: how single numbers of results are written for people.

Read next: record.py and comparison.py, whose numbers these are; table.py has whole rows.
"""

from __future__ import annotations

import math

from sn.results.statistics import Summary


def error_text(error: float) -> str:
    """Return an error with three digits, as papers write it: 0.00234 is `2.34e-3`."""
    mantissa, _, exponent = f"{error:.2e}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def misses_text(misses: int, patterns: int) -> str:
    """Return misses with their share of the patterns: `99 (4.93 %)`."""
    return f"{misses} ({100.0 * misses / patterns:.2f} %)" if patterns else str(misses)


def share_text(share: float) -> str:
    """Return a share of the variance: `98.3 %`, or a dash where there is none to explain."""
    return f"{100 * share:.1f} %" if math.isfinite(share) else "-"


def setting_text(text: str) -> str:
    """Return the text of a setting as a table shows it: numbers with five digits."""
    try:
        return text if text.lstrip("-").isdecimal() else f"{float(text):.5g}"
    except ValueError:
        return text


def measure_words(measure: str) -> str:
    """Return what a reader calls a measure; rejection is for errors of 1 % among the rest."""
    return "rejected, %" if measure == "test_rejected" else measure.replace("_", " ")


def mean_text(measure: str, summary: Summary) -> str:
    """Return a mean and its deviation with their common power of ten: `(2.70 ± 0.12)e-3`."""
    if not measure.endswith("error"):
        return f"{summary.mean:.1f}" + (f" ± {summary.sd:.1f}" if summary.sd is not None else "")
    if summary.sd is None:
        return error_text(summary.mean)
    unit, suffix = _power(summary.mean)
    return f"({summary.mean / unit:.2f} ± {summary.sd / unit:.2f}){suffix}"


def range_text(measure: str, summary: Summary) -> str:
    """Return the smallest and largest figure: `12 to 19`, `(2.54 to 2.91)e-3`."""
    if not measure.endswith("error"):
        digits = 0 if measure.endswith("misses") else 1
        return f"{summary.least:.{digits}f} to {summary.most:.{digits}f}"
    unit, suffix = _power(summary.mean)
    return f"({summary.least / unit:.2f} to {summary.most / unit:.2f}){suffix}"


def _power(mean: float) -> tuple[float, str]:
    exponent = int(f"{abs(mean):.2e}".partition("e")[2])
    return 10.0**exponent, f"e{exponent}" if exponent else ""
