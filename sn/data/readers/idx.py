"""Idx: the files of MNIST and its kin, images in one and labels in another; packed ones too."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sn.data.containers import idx_rows, read_idx
from sn.data.readers.arrays import FilePair, rows_of
from sn.data.row_files import RowFile
from sn.data.rows import Rows, reader


@reader("idx")
@dataclass(frozen=True, slots=True)
class Idx(FilePair):
    """Two idx files, of patterns and targets; or one, of patterns alone.

    Whether a file is packed with gzip is seen in it. kind, classes: as in arrays.py
    """

    def read(self, base: Path, may_miss: bool = False) -> Rows:
        """Return all rows; the files are relative to `base`.

        Raises: DataError for a file that is no idx file, or not whole.
        """
        path = base / self.inputs
        targets = None if self.targets is None else read_idx(base / self.targets)
        return rows_of(read_idx(path), targets, str(path), self.kind, self.classes, may_miss)

    def row_file(self, path: Path, is_inputs: bool) -> RowFile | str:
        """Return the rows of one of the files, or why they cannot stay there."""
        return idx_rows(path)
