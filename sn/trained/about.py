"""About: all that a trained net's file says beside its table and its weights.

Read next: writing.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sn.data.rows import Encoding, TargetKind
from sn.data.scaling import Scaling
from sn.display import brief, many
from sn.errors import DataError
from sn.net.loss import Loss
from sn.net.table import ConnectionTable
from sn.results.record import DataUsed
from sn.train import criteria
from sn.train.criteria import Criterion


@dataclass(frozen=True, slots=True)
class SourceText:
    """A file of the program that described the net: the name it was read under, and its text."""

    name: str
    text: str

    def __repr__(self) -> str:
        return brief(f"source {self.name}: {many(len(self.text.splitlines()), 'line')}")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class About:
    """What a net was trained for, on what and how; every field stands in the file.

    `classes` are the names of the classes, of the labels or of the values; `low` and `high` are
    what wrong and right units should say. Of several output layers these are those of the last,
    which answers, and `ranges` has both of each. `criterion` says which patterns are misses, None
    where nothing is right or wrong; `input_range` has the least and the largest input of the
    training set, before they were scaled; `columns` are those of the file that inputs came from,
    where they had names or held text. `options` are those of the experiment, `settings` the
    variables of the program that were set from outside, `scores` the scores at the end, by set;
    `sources` are the program and what it loaded; `versions` says with what it was trained.
    """

    cost: Loss
    kind: TargetKind = TargetKind.CLASSES
    classes: tuple[str, ...] = ()
    low: float = -1.0
    high: float = 1.0
    ranges: tuple[tuple[float, float], ...] = ()
    criterion: Criterion | None = None
    scaling: Scaling | None = None
    input_range: tuple[float, float] = (0.0, 1.0)
    columns: tuple[Encoding, ...] = ()
    data: DataUsed = DataUsed("", "")
    optimizer: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    seed: int = 0
    passes: int = 0
    scores: dict[str, Any] = field(default_factory=dict)
    sources: tuple[SourceText, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)

    def ranges_of(self, table: ConnectionTable) -> tuple[tuple[float, float], ...]:
        """Return what wrong and right units of each output layer should say."""
        return self.ranges or ((self.low, self.high),) * len(table.outputs)

    @property
    def fills(self) -> bool:
        """Whether the net has values to put where inputs are missing."""
        return self.scaling is not None and not np.isnan(self.scaling.fill).any()

    @property
    def known_criterion(self) -> Criterion | None:
        """The criterion, None where it is a function of the program, which is not evaluated."""
        is_known = self.criterion is not None and self.criterion.name in _CRITERIA
        return self.criterion if is_known else None

    def __repr__(self) -> str:
        how = f"{many(self.passes, 'pass')} of {self.optimizer}" if self.passes else "untrained"
        return brief(f"about a net for {self.kind} of {self.data.name or 'no data'}: {how}")


# NOTE(describe/judging.py): the name of a criterion that is a function of the program
OF_PROGRAM = "lisp"
_CRITERIA: dict[str, Callable[..., Criterion]] = {
    "max": criteria.largest,
    "middle": criteria.middle,
    "sign": criteria.sign,
    "quadrant": criteria.quadrant,
    "tolerance": criteria.tolerance,
    "mean-square": criteria.mean_square,
}


def _unknown(outputs: Any, targets: Any) -> Any:
    raise DataError("the criterion of this net is a function of its program, which is not here")


def criterion_called(name: str, numbers: tuple[float, ...]) -> Criterion:
    """Return a criterion by its name and numbers.

    One that is a function of the program has its name only: nothing here evaluates programs.
    Raises: ValueError when there is none such.
    """
    if name == OF_PROGRAM:
        return Criterion(name, _unknown)
    if name not in _CRITERIA:
        raise ValueError(f"there is no criterion '{name[:40]}'")
    try:
        return _CRITERIA[name](*numbers)
    except TypeError:
        raise ValueError(f"the criterion '{name}' does not take {len(numbers)} numbers") from None
