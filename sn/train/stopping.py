"""Stopping: when a run ends before its last pass, and which weights it keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sn.limits import NOT_NEGATIVE, Limit, check_fields, setting
from sn.results.record import PassRecord, Scores

PATIENCE = Limit(1, is_whole=True)


@dataclass(frozen=True, slots=True)
class Stop:
    """When a run ends early, by the error on the validation set, or without one the training set.

    error: end when it is no larger; patience: end when so many passes brought no smaller one than
    the best; keep_best: keep the weights of the pass with the smallest one, not those of the last.
    """

    error: float | None = setting(NOT_NEGATIVE, None)
    patience: int | None = setting(PATIENCE, None)
    keep_best: bool = False

    def __post_init__(self) -> None:
        check_fields(self)

    def is_due(self, passes: Sequence[PassRecord]) -> bool:
        """Whether the run ends after these passes."""
        errors = [deciding(record).error for record in passes]
        if self.error is not None and errors[-1] <= self.error:
            return True
        if self.patience is None:
            return False
        best = errors.index(min(errors))
        return len(errors) - 1 - best >= self.patience


def deciding(record: PassRecord) -> Scores:
    """Return the scores that decide: those on the validation set, or without one the training set.

    The test set never does: it would no longer tell how well the net does on patterns it has
    not met.
    """
    return record.validation or record.train


def is_best(passes: Sequence[PassRecord]) -> bool:
    """Whether the last pass is better than every one before it."""
    last = deciding(passes[-1]).error
    return all(last < deciding(earlier).error for earlier in passes[:-1])
