"""Npz and npy: arrays of NumPy, several in one file or each in its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sn.data.numpy_files import Archive, npy_rows, read_npy
from sn.data.readers.arrays import FilePair, check_kind, rows_of
from sn.data.row_files import RowFile
from sn.data.rows import Rows, reader
from sn.display import listed
from sn.errors import DataError

# What people call them; the first that is there is taken.
_INPUTS = ("x", "X", "inputs", "images", "data", "x_train", "X_train", "train_inputs")
_TARGETS = ("y", "Y", "targets", "labels", "label", "y_train", "Y_train", "train_labels")


@reader("npz")
@dataclass(frozen=True, slots=True)
class Npz:
    """Arrays of an npz file, by name; without names, those with the usual ones.

    kind, classes: as in arrays.py
    """

    file: str
    inputs: str | None = None
    targets: str | None = None
    kind: str | None = None
    classes: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        check_kind(self.kind)

    def files(self, base: Path) -> Iterator[Path]:
        """Yield what is read."""
        yield base / self.file

    def read(self, base: Path, may_miss: bool = False) -> Rows:
        """Return all rows; `file` is relative to `base`.

        Raises: DataError for a file that is damaged, or holds objects, or lacks an array.
        """
        path = base / self.file
        with Archive(path) as archive:
            inputs = self.inputs or _usual(archive, _INPUTS)
            if inputs is None:
                raise DataError(
                    f"{path}: which array are the inputs? it has {listed(archive.names)}",
                    hint='(npz FILE (inputs "NAME") (targets "NAME"))',
                )
            targets = self.targets or _usual(archive, _TARGETS)
            patterns = archive.read(inputs)
            desired = None if targets is None else archive.read(targets)
        return rows_of(patterns, desired, str(path), self.kind, self.classes, may_miss)


@reader("npy")
@dataclass(frozen=True, slots=True)
class Npy(FilePair):
    """Two npy files, of inputs and targets; or one, of inputs alone.

    kind, classes: as in arrays.py
    """

    def read(self, base: Path, may_miss: bool = False) -> Rows:
        """Return all rows; the files are relative to `base`.

        Raises: DataError for a file that is damaged or holds objects.
        """
        path = base / self.inputs
        targets = None if self.targets is None else read_npy(base / self.targets)
        return rows_of(read_npy(path), targets, str(path), self.kind, self.classes, may_miss)

    def row_file(self, path: Path, is_inputs: bool) -> RowFile | str:
        """Return the rows of one of the files, or why they cannot stay there."""
        return npy_rows(path)


def _usual(archive: Archive, names: tuple[str, ...]) -> str | None:
    """Return the first of some names that an archive has; of one array alone, its own."""
    if len(archive.names) == 1 and names is _INPUTS:
        return archive.names[0]
    return next((name for name in names if name in archive.names), None)
