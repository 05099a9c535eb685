"""Blocks: an order of many patterns that reads their file in long runs.

The patterns are cut into blocks of `block` that stand side by side in the file. For each pass the
blocks come in a random order, and the patterns of each `buffer` of them, a window, are shuffled
together. Where one window holds all patterns, that is the shuffle of data in memory, bit for bit.

How far it is from a full shuffle: let r be the correlation of two patterns within a block (r = 0:
the file is in random order; r = 1: all patterns of a block are alike). A window of W = block *
buffer patterns then varies from window to window like a random sample of

    W / (1 + (block - 1) r)

patterns: of W where r is 0, of `buffer` where r is 1.
Source: of the formula Kish 1965, Survey Sampling, the design effect of samples of whole clusters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sn.limits import Limit, check_fields, setting

BLOCK_BYTES = 2**20  # of a block in the file, unless said; chosen here: see row_files.PIECE
BUFFER = 64  # blocks of a window, unless said; chosen here: 64 MB, of which two are in memory
AT_LEAST_ONE = Limit(1, 2**31 - 1, is_whole=True)
MOST = 2**31 - 1  # patterns, as an order is of int32


@dataclass(frozen=True, slots=True)
class Blocks:
    """How many patterns a block has, and how many blocks are shuffled together."""

    block: int = setting(AT_LEAST_ONE)
    buffer: int = setting(AT_LEAST_ONE, BUFFER)

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def window(self) -> int:
        """How many patterns are shuffled together."""
        return self.block * self.buffer

    def __str__(self) -> str:
        return f"blocks of {self.block:,}, {self.buffer:,} shuffled together"

    def order(self, count: int, stream: np.random.Generator) -> NDArray[np.int32]:
        """Return an order of `count` patterns drawn from a stream: (count,) int32."""
        if count <= self.window:
            return stream.permutation(count).astype(np.int32)
        n_blocks = -(-count // self.block)
        found, at = np.empty(count, np.int32), 0
        blocks = stream.permutation(n_blocks).tolist()
        for begin in range(0, n_blocks, self.buffer):
            start = at
            for one in blocks[begin : begin + self.buffer]:
                first = one * self.block
                last = min(first + self.block, count)
                found[at : at + last - first] = np.arange(first, last, dtype=np.int32)
                at += last - first
            stream.shuffle(found[start:at])
        return found


@dataclass(frozen=True, slots=True)
class Streaming:
    """What a user says of streaming; None is what SN decides.

    `is_wanted`: whether patterns stay in their file; `block`, `buffer`: see `Blocks`.
    """

    is_wanted: bool | None = None
    block: int | None = setting(AT_LEAST_ONE, None)
    buffer: int = setting(AT_LEAST_ONE, BUFFER)

    def __post_init__(self) -> None:
        check_fields(self)

    def blocks(self, row_bytes: int) -> Blocks:
        """Return the blocks for rows of so many bytes in the file."""
        return Blocks(self.block or max(1, BLOCK_BYTES // max(row_bytes, 1)), self.buffer)
