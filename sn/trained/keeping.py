"""Keep: the file of a net in the folder of the run that trains it, anew after each pass."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sn.data.base import Dataset
from sn.net.table import ConnectionTable
from sn.results.lines import scores_object
from sn.results.record import PassRecord
from sn.train.state import Array
from sn.trained.about import About, SourceText
from sn.trained.writing import file_name, write_trained


@dataclass(frozen=True, slots=True, eq=False)
class Keeper:
    """Writes the file of one run; `about` is what is known before its first pass."""

    table: ConnectionTable
    about: About

    def __call__(
        self, folder: Path, weights: Array, curvature: Array | None, record: PassRecord
    ) -> None:
        """Write weights, as they are after a pass, to the folder of the run.

        Raises: TrainError when the file cannot be written.
        """
        scores = {which: scores_object(some) for which, some in record.sets.items()}
        about = replace(self.about, passes=record.number, scores=scores)
        path = folder / file_name(self.table.name)
        write_trained(path, self.table, weights, about, curvature)


def sources_of(
    program: Path, source: str, loaded: Collection[str], texts: Mapping[str, str]
) -> tuple[SourceText, ...]:
    """Return a program and the files that it loaded, named as seen from its folder.

    `loaded` are the full names of files, `texts` what was read under which name.
    """
    found = [SourceText(program.name, source)]
    folder, whole = program.parent.resolve(), program.resolve()
    for name, text in texts.items():
        path = Path(name).resolve()
        if path != whole and str(path) in loaded:
            found.append(SourceText(_seen_from(folder, path), text))
    return tuple(found)


def _seen_from(folder: Path, path: Path) -> str:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # on another drive of Windows
        return path.name


def input_range(dataset: Dataset) -> tuple[float, float]:
    """Return the least and the largest input of the training set, before they were scaled."""
    if dataset.ends is not None:
        return dataset.ends[:2]
    inputs, scaling = np.asarray(dataset.train.inputs), dataset.scaling
    if not inputs.size:
        return 0.0, 1.0
    raw = inputs if scaling is None else inputs / scaling.factor + scaling.shift
    return float(np.float32(raw.min())), float(np.float32(raw.max()))
