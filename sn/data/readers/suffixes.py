"""Suffixes: from the name of a file to the reader that it most likely needs."""

from __future__ import annotations

from pathlib import PurePath

from sn.data.readers.csv import Csv
from sn.data.readers.idx import Idx
from sn.data.readers.matrices import Matrices
from sn.data.readers.npz import Npy, Npz
from sn.data.rows import Reader

_BY_SUFFIX = {
    ".csv": Csv,
    ".tsv": Csv,
    ".txt": Csv,
    ".data": Csv,
    ".npz": Npz,
    ".npy": Npy,
    ".mat": Matrices,
}


def guessed(file: str) -> Reader | None:
    """Return the reader for a file by its suffix, None for one that says nothing."""
    if PurePath(file).name.removesuffix(".gz").endswith("-ubyte"):
        return Idx(file)
    make = _BY_SUFFIX.get(PurePath(file).suffix.lower())
    reader: Reader | None = None if make is None else make(file)
    return reader
