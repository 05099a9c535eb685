"""Checking: the storage of a sweep, opened and looked through: its folder may be a stranger's.

    storage = open_storage(url, folder)
    check_trials(study.get_trials(), kinds)

Optuna takes what it reads for what it wrote. So a journal that is a link is not written through,
and a trial that is not one of the sweep is told before anything goes by it.
"""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

import optuna
from optuna.distributions import BaseDistribution
from optuna.storages import BaseStorage, JournalStorage
from optuna.trial import FrozenTrial, TrialState

from sn.errors import DataError, TrainError
from sn.memory.files import claim
from sn.results.sweeps import JOURNAL
from sn.sweep.journal import Journal

HELD = 20  # bytes of memory for one of the journal; chosen here: 12 were measured
_COUNTED = (TrialState.COMPLETE, TrialState.PRUNED)


def open_storage(url: str | None, folder: Path) -> BaseStorage:
    """Return the storage at a URL, or the journal in the folder, without what a kill left there.

    Raises: TrainError for a journal that is a link or no file; DataError for one that is damaged,
    or more than memory allows; else what Optuna raises.
    """
    if url is not None:
        return optuna.storages.get_storage(url)
    path = folder / JOURNAL
    if os.path.lexists(path):
        _refuse_others(path, os.lstat(path))
    try:
        return JournalStorage(Journal(path))
    except OSError:
        raise
    except Exception as error:  # it was damaged, and Optuna went by it
        raise damaged(path, f"{type(error).__name__}: {error}") from error


def _refuse_others(path: Path, found: os.stat_result) -> None:
    """Refuse what must not be written to, or cannot be read."""
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        raise TrainError(
            f"'{path}' is a link, or something else than the journal of a sweep",
            hint="SN leaves nothing of the kind in a folder: remove it if you know whose it is",
        )
    claim(HELD * found.st_size, "the trials in it", f"'{path}'")


def check_trials(
    trials: Sequence[FrozenTrial], kinds: Mapping[str, BaseDistribution], place: str
) -> None:
    """Demand that trials are of a sweep over `kinds`, with numbers alone beside them.

    Raises: DataError.
    """
    for number, one in enumerate(trials):
        wrong = _wrong(one, number, kinds)
        if wrong:
            raise damaged(place, f"trial {number} {wrong}")


def _wrong(one: FrozenTrial, number: int, kinds: Mapping[str, BaseDistribution]) -> str:
    """Return what is wrong with a trial, or nothing."""
    if one.number != number:
        return f"has the number {one.number}"
    for name, kind in one.distributions.items():
        if kinds.get(name) != kind:
            return "varies what the sweep does not vary"
        if not _is_inside(kind, one.params[name]):
            return "lies outside what varies"
    if one.state is TrialState.WAITING:
        return "waits, as no trial of a sweep does"
    if one.state in _COUNTED and one.distributions.keys() != kinds.keys():
        return "says nothing about some of what varies"
    figures = [*(one.values or ()), *one.intermediate_values.values()]
    if not all(isinstance(step, int) and 0 <= step < 2**53 for step in one.intermediate_values):
        return "has figures of no pass"
    # other things than numbers would be pickles of Optuna's, or what it takes for constraints
    if not all(map(_is_number, (*figures, *one.system_attrs.values()))):
        return "has something else than numbers for its figures"
    if one.state is TrialState.COMPLETE and len(one.values or ()) != 1:
        return "has no value"
    return ""


def _is_inside(kind: BaseDistribution, value: object) -> bool:
    return bool(kind._contains(kind.to_internal_repr(value)))


def _is_number(value: object) -> bool:
    is_real = isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**53)
    return is_real and not math.isnan(value)  # type: ignore[arg-type]


def damaged(place: object, why: str) -> DataError:
    """Return the error for trials that are not what Optuna kept of a sweep."""
    return DataError(
        f"the trials in '{place}' cannot be read: {why[:300]}",
        hint="they are damaged, or of something else; sweep anew",
    )
