"""Surveys: one pass over a file of rows, for all that must be known of it before it is streamed.

That is the hash of its content, that all numbers are finite, and the moments of the rows of the
training set, from which scales are learnt. What a large file came to is kept in the user's cache
under its name, size and time, so that a second run need not read it twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sn.data.copies import keep, recall
from sn.data.row_files import Array, RowFile
from sn.data.scaling import Moments

KEPT = 2**26  # bytes of a file from which on a survey is kept; chosen here: it takes longer then
_DIGEST = 32  # bytes of a sha256

Check = Callable[[Array, int], object]  # raises for rows that cannot be; the number of the first


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """Which rows of a file are for training: `numbers`, or `count` of them from `first` on."""

    first: int
    count: int
    numbers: NDArray[np.int32] | None = None

    def of(self, first: int, rows: Array) -> Array:
        """Return those of some rows, which stand from `first` on in the file."""
        if self.numbers is None:
            begin = min(max(self.first - first, 0), len(rows))
            return rows[begin : max(begin, min(self.first + self.count - first, len(rows)))]
        begin, end = np.searchsorted(self.numbers, [first, first + len(rows)])
        return rows[self.numbers[begin:end] - first]

    def key(self) -> str:
        """Return what tells it from another choice."""
        if self.numbers is None:
            return f"{self.first} {self.count}"
        return hashlib.sha256(self.numbers.tobytes()).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """What a pass over a file found: the sha256 of its rows, and moments of those for training."""

    hash: str
    moments: Moments


def survey(file: RowFile, chosen: Chosen, check: Check, is_whole: bool = True) -> Survey:
    """Return what a pass over a file finds, or what one found before.

    `check` raises for rows that cannot be; with not `is_whole` means and squares are left out.
    Raises: DataError as `check` and the file do.
    """
    key = _key(file, chosen, is_whole, check)
    if file.size >= KEPT and (known := _recalled(key, file.width)) is not None:
        return known
    digest = hashlib.sha256(f"{file.dtype.str} {file.count} {file.shape}".encode())
    found = Moments.none(file.width)
    for first, rows in file.blocks():
        digest.update(rows.data)
        check(rows, first)
        some = chosen.of(first, rows)
        if len(some):
            found = found + Moments.of(_in_float32(some), is_whole)
    done = Survey(digest.hexdigest(), found)
    if file.size >= KEPT:
        keep(key, _packed(done))
    return done


def _in_float32(rows: Array) -> Array:
    """Return rows as a set in memory has them, but for those that float32 holds as they are."""
    is_short = rows.dtype.kind in "biu" and rows.dtype.itemsize <= 2
    return rows.view(np.uint8) if rows.dtype == bool else rows if is_short else _rounded(rows)


def _rounded(rows: Array) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        return rows.astype(np.float32)


def _key(file: RowFile, chosen: Chosen, is_whole: bool, check: Check) -> str:
    said = [
        *(str(file.path.resolve()), *file.state, file.dtype.str, file.offset, file.count),
        *(file.width, chosen.key(), is_whole, repr(check)),
    ]
    return "survey-" + hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _packed(done: Survey) -> NDArray[np.float64]:
    found = done.moments
    digest = np.frombuffer(bytes.fromhex(done.hash), np.uint8).astype(np.float64)
    parts = (found.known, found.mean, found.squares, found.low, found.high)
    return np.concatenate([digest, [found.count], *parts])


def _recalled(key: str, width: int) -> Survey | None:
    known = recall(key)
    if known is None or known.shape != (_DIGEST + 1 + 5 * width,) or known.dtype != np.float64:
        return None
    digest = known[:_DIGEST].astype(np.uint8).tobytes().hex()
    known_, mean, squares, low, high = known[_DIGEST + 1 :].reshape(5, width)
    return Survey(digest, Moments(int(known[_DIGEST]), known_, mean, squares, low, high))
