"""Divided data: a data set by name, of whose training set a share is set apart for validation.

So settings can be chosen on patterns that are neither trained on nor in the test set, which stays
as it is. Which patterns that are depends on the seed of the split and the data alone: the same
shares of each class, as for data of the user.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sn.data.base import TRAIN, VALIDATION, Dataset, NamedData, Part
from sn.data.own import Shares, hash_of_sets
from sn.data.rows import TargetKind
from sn.errors import DataError


@dataclass(frozen=True, slots=True)
class DividedData:
    """Data sets by name, of which the first that is here is taken, and its training set divided."""

    source: NamedData
    split: Shares

    @property
    def order(self) -> str:
        """The order of presentation unless the experiment says one."""
        return self.source.order

    def is_here(self) -> bool:
        """Whether one of them is on this machine."""
        return self.source.is_here()

    def load(self) -> tuple[Dataset, str]:
        """Return the first that is here, divided, and a note that says which.

        Raises: DataError when none is here, it has a validation set already, or a set is empty.
        """
        found, note = self.source.load()
        if VALIDATION in found.sets:
            raise DataError(
                f"the data set {found.name} has a validation set already",
                hint="leave its (split ...) out",
            )
        whole = found.train
        is_classes = found.kind is TargetKind.CLASSES
        classes = np.asarray(whole.targets) if is_classes else None
        sets = {
            name: Part(whole.inputs[rows], whole.targets[rows])
            for name, rows in self.split.indices(len(whole), classes).items()
        }
        if not len(sets[TRAIN]):
            raise DataError(f"the data set {found.name}: the train set has no rows")
        sets |= {name: part for name, part in found.sets.items() if name != TRAIN}
        sizes = ", ".join(f"{len(sets[name]):,} for {name}" for name in sets if name != TRAIN)
        sizes = f"{len(sets[TRAIN]):,} of {len(whole):,} for training, {sizes}"
        divided = replace(
            found,
            name=f"{found.name} split",  # figures of the whole are none of it
            title=f"{found.title}, split",
            sets=sets,
            hash=hash_of_sets(sets, found.classes),
        )
        return divided, f"{note}; split: {sizes}"
