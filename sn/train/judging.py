"""Judging: from the outputs of a net for all sets to its scores and reports.

One loop trains a net, another many at once (sn/jax_engine/many.py); what they say of a net is said
here. Read next: tally.py, scoring.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from sn.results.record import Scores
from sn.results.reports import Report
from sn.train.engines import Floats32
from sn.train.scoring import answers, report
from sn.train.tally import Judging, Tally, measured
from sn.train.targets import Desired


def scores_of(
    how: Judging,
    targets: Mapping[str, Floats32 | Desired],
    given: Mapping[str, Floats32],
    tally: Callable[[str], Tally | None] = lambda which: None,
) -> tuple[dict[str, Scores], bool]:
    """Return the scores of all sets from their outputs, (n, n_outputs), or from what `tally` has
    of one that is streamed; and whether all outputs for the training set are saturated.
    """
    is_saturated, found = False, {}
    for which, desired in targets.items():
        added = tally(which)
        if added is not None:
            found[which], flag = added.scores, added.is_saturated
        else:
            found[which], flag = measured(given[which], np.asarray(desired), how)
        is_saturated = flag if which == "train" else is_saturated
    return found, is_saturated


def report_of(how: Judging, desired: Floats32, outputs: Floats32) -> Report:
    """Return what else is told of a set: (n, n_outputs) each."""
    given = answers(outputs, how.cost)[:, how.judged]
    return report(given, desired[:, how.judged], how.kind, how.classes, how.middle)
