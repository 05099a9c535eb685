"""Told: what run.json and log.jsonl say, with types, so that a page of anyone's folder holds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from sn.errors import DataError
from sn.results.about import HINT, LOG, RUN, read_log
from sn.results.decoding import converted

Count = Annotated[int, Meta(ge=0, le=2**53)]


class Published(Struct):
    """The figures that a run is compared with; see `Reference` in sn/results/record.py."""

    title: str = ""
    train_error: float | None = None
    train_misses: Count | None = None
    test_error: float | None = None
    test_misses: Count | None = None
    passes: Count | None = None
    train_patterns: Count | None = None
    test_patterns: Count | None = None
    test_rejected: float | None = None


class SetScores(Struct):
    """The scores on one set after a pass."""

    half_squares: float
    patterns: Count
    misses: Count | None = None

    @property
    def percent(self) -> float | None:
        """Misses per hundred patterns, None where nothing is counted."""
        if self.misses is None or not self.patterns:
            return None
        return 100 * self.misses / self.patterns


class LoggedPass(Struct):
    """A line of the log."""

    number: Count = field(name="pass")
    train: SetScores
    test: SetScores | None = None
    validation: SetScores | None = None

    @property
    def sets(self) -> dict[str, SetScores]:
        """The scores by set, of those sets that there are."""
        found = {"train": self.train, "test": self.test, "validation": self.validation}
        return {which: scores for which, scores in found.items() if scores is not None}


def published(folder: Path, about: Mapping[str, Any]) -> Published:
    """Return the published figures that a run.json has.

    Raises: DataError where they are none.
    """
    try:
        return converted(about.get("reference") or {}, Published)
    except ValueError as error:
        raise DataError(f"'{folder / RUN}' cannot be read: {error}", hint=HINT) from error


def logged(folder: Path) -> list[LoggedPass]:
    """Return the passes in the log of a folder, but for one numbered 0.

    Raises: DataError for a line that is none.
    """
    found = []
    for line, said in enumerate(read_log(folder), 1):
        try:
            one = converted(said, LoggedPass)
        except ValueError as error:
            place = f"'{folder / LOG}', line {line},"
            raise DataError(f"{place} cannot be read: {error}", hint=HINT) from error
        if one.number and all(math.isfinite(some.half_squares) for some in one.sets.values()):
            found.append(one)
    return found
