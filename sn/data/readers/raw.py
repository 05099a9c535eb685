"""Raw: numbers that stand one behind another in a file, without anything that says what they are.

What a header would say, the form says: the type of the numbers, the size of a pattern, the order of
their bytes, and how many bytes stand before the first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sn.data.containers import idx_rows, read_idx
from sn.data.numpy_files import npy_rows, read_npy
from sn.data.readers.arrays import Array, FilePair, check_kind, rows_of
from sn.data.row_files import RowFile
from sn.data.rows import Rows, reader
from sn.display import listed
from sn.errors import DataError, SettingError
from sn.limits import Limit, check_fields, setting
from sn.memory.files import claim, open_file

TYPES = (
    *("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"),
    *("float16", "float32", "float64"),
)
ORDERS = {"little": "<", "big": ">"}
AT_LEAST_ONE = Limit(1, 2**31 - 1, is_whole=True)
BYTES = Limit(0, 2**53, is_whole=True)


@reader("raw")
@dataclass(frozen=True, slots=True)
class Raw(FilePair):
    """A raw file of patterns and a file of targets; or one, of patterns alone.

    shape: of a pattern; type: of its numbers, one of TYPES; skip: bytes before the first pattern;
    byte_order: little or big, the first unless said. The file of targets is an npy file or an idx
    file where its name says so, else raw too, of `target_type`, `target_size` numbers a pattern.
    kind, classes: as in arrays.py
    """

    shape: tuple[int, ...] = ()
    type: str = "uint8"
    skip: int = setting(BYTES, 0)
    byte_order: str = "little"
    target_type: str = "uint8"
    target_size: int = setting(AT_LEAST_ONE, 1)
    target_skip: int = setting(BYTES, 0)

    def __post_init__(self) -> None:
        check_kind(self.kind)
        check_fields(self)
        if not self.shape or min(self.shape) < 1:
            raise SettingError(
                "raw needs the size of a pattern, which its file does not say",
                hint='(raw "FILE" (size ROWS COLS) (type uint8))',
            )
        for name in (self.type, self.target_type):
            if name not in TYPES:
                raise SettingError(f"a type of numbers is one of {listed(TYPES)}, found {name!r}")
        if self.byte_order not in ORDERS:
            raise SettingError(f"the order of bytes is little or big, found {self.byte_order!r}")

    def row_file(self, path: Path, is_inputs: bool) -> RowFile | str:
        """Return the rows of one of the files.

        Raises: DataError for one that has no whole number of rows.
        """
        if is_inputs:
            return self._rows(path, self.type, self.shape, self.skip)
        if path.suffix.lower() == ".npy":
            return npy_rows(path)
        if _is_idx(path):
            return idx_rows(path)
        shape = () if self.target_size == 1 else (self.target_size,)
        return self._rows(path, self.target_type, shape, self.target_skip)

    def _rows(self, path: Path, kind: str, shape: tuple[int, ...], skip: int) -> RowFile:
        dtype = np.dtype(ORDERS[self.byte_order] + np.dtype(kind).str[1:])
        each = math.prod(shape) * dtype.itemsize
        with open_file(path) as file:
            here = file.seek(0, 2) - skip
        if here < 0 or here % each:
            what = f"{' x '.join(map(str, shape)) or '1'} {kind}"
            left = f"{here:,} bytes" if here >= 0 else "fewer bytes than (skip ...) says"
            raise DataError(
                f"{path}: expected whole patterns of {what}, {each:,} bytes each, found {left}",
                hint="(size ...), (type ...) and (skip N) say how the file is made",
            )
        return RowFile(path, dtype, skip, here // each, shape)

    def read(self, base: Path, may_miss: bool = False) -> Rows:
        """Return all rows; the files are relative to `base`.

        Raises: DataError for a file of another size, or of patterns beyond memory.
        """
        path = base / self.inputs
        targets = None if self.targets is None else self._targets(base / self.targets)
        inputs = _whole(self._rows(path, self.type, self.shape, self.skip))
        return rows_of(inputs, targets, str(path), self.kind, self.classes, may_miss)

    def _targets(self, path: Path) -> Array:
        if path.suffix.lower() == ".npy":
            return read_npy(path)
        if _is_idx(path):
            return read_idx(path)
        rows = self.row_file(path, is_inputs=False)
        assert isinstance(rows, RowFile)
        return _whole(rows)


def _is_idx(path: Path) -> bool:
    """Whether a name is one of an idx file: labels-idx1-ubyte, y.idx, packed or not."""
    name = path.name.lower().removesuffix(".gz")
    return name.endswith(("-ubyte", ".idx"))


def _whole(rows: RowFile) -> Array:
    """Return all rows of a file."""
    claim(rows.size, f"{rows.count:,} patterns of {rows.width:,} numbers", rows.path)
    try:
        return rows.whole()
    finally:
        rows.close()
