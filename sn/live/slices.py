"""Slices: sums over lists of connections, dealt to the lanes of vectors.

    slices(start, a, b, conn, ends, spare) -> Slices

16 sums of the same length make a slice, those that lie side by side where possible. In each turn
of a slice the lanes read 16 numbers of `a` and 16 of `b`; turns of one pattern (lanes.py) make a
segment. What is left over of a slice, and turns that a shorter sum of it does not have, read a
number that is 0, which leaves the bits of a sum as they are.

Read next: lanes.py, which reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.live.lanes import ANY, LANES, MODES, RUN, SAME
from sn.live.net import Ints

_Wide = NDArray[np.int64]
Whole = NDArray[np.signedinteger[Any]]


@dataclass(frozen=True, slots=True)
class Slices:
    """Sums as the lanes read them.

    Shapes: head (n_slices, 5) int32: where a slice's segments begin and how many they are, where
    its indices begin in `stream`, where its turns begin, and whether its sums lie side by side;
    segments (n, 2) int32: mode, turns; stream (n,) int32; ends (n_slices * 16,) int32: where each
    sum goes, -1 for none; conn (n_turns * 16,) int32: the connection each lane reads in a turn, -1
    for none.
    """

    head: Ints
    segments: Ints
    stream: Ints
    ends: Ints
    conn: Ints

    @property
    def n_slices(self) -> int:
        """The number of slices."""
        return len(self.head)

    def turns_before(self, number: int) -> int:
        """Return where the turns of a slice begin in arrays of connections."""
        return int(self.head[number, 3])


def joined(parts: Sequence[Slices]) -> Slices:
    """Return slices one after the other as one."""
    heads, shift = [], np.zeros(5, np.int64)
    for part in parts:
        heads.append(part.head + shift)
        shift = shift + (len(part.segments), 0, len(part.stream), len(part.conn), 0)
    return Slices(
        _joined(heads, (0, 5)),
        _joined([part.segments for part in parts], (0, 2)),
        _joined([part.stream for part in parts], (0,)),
        _joined([part.ends for part in parts], (0,)),
        _joined([part.conn for part in parts], (0,)),
    )


def slices(
    start: Whole, a: Whole, b: Whole, conn: Whole, ends: Whole, zeros: tuple[int, int]
) -> Slices:
    """Deal sums to lanes.

    Sum i adds the products of a and b at start[i] up to start[i + 1] and goes to ends[i]; `zeros`
    are indices of numbers that are 0, of what a and of what b index.
    """
    counts = np.diff(start)
    # a last connection for those who have none
    a, b, conn = np.append(a, zeros[0]), np.append(b, zeros[1]), np.append(conn, -1)
    order = np.argsort(-counts, kind="stable")  # sums of a length side by side
    heads, segments, streams, all_ends, conns = [], [], [], [], []
    n_segments = n_stream = n_turns = 0
    for first in range(0, len(order), LANES):
        some = order[first : first + LANES]
        turns = max(1, int(counts[some].max()))
        rows = np.minimum(np.arange(turns)[:, None] + start[some], len(a) - 1)
        live = np.arange(turns)[:, None] < counts[some]
        grids = [np.where(live, x[rows], zero) for x, zero in zip((a, b), zeros, strict=True)]
        modes = [_modes(grid, len(some)) for grid in grids]
        mode = modes[0] * MODES + modes[1]
        edges = np.flatnonzero(np.diff(mode, prepend=-1))
        lengths = np.diff(np.append(edges, turns))
        stream = _stream([_padded(grid) for grid in grids], modes)
        here = ends[some]
        is_run = len(some) == LANES and bool((np.diff(here) == 1).all())
        heads.append((n_segments, len(edges), n_stream, n_turns * LANES, int(is_run)))
        segments.append(np.stack([mode[edges], lengths], axis=1))
        streams.append(stream)
        all_ends.append(np.concatenate([here, np.full(LANES - len(some), -1)]))
        taken = np.where(live, conn[rows], -1)
        filler = np.full((turns, LANES - len(some)), -1)
        conns.append(np.concatenate([taken, filler], axis=1).ravel())
        n_segments, n_stream, n_turns = (
            n_segments + len(edges), n_stream + len(stream), n_turns + turns,
        )  # fmt: skip
    return Slices(
        np.array(heads, np.int32).reshape(-1, 5),
        _joined(segments, (0, 2)),
        _joined(streams, (0,)),
        _joined(all_ends, (0,)),
        _joined(conns, (0,)),
    )


def _modes(grid: _Wide, n: int) -> _Wide:
    """Return the mode of each turn, from the lanes that are used."""
    is_same = (grid == grid[:, :1]).all(axis=1)
    is_run = (grid == grid[:, :1] + np.arange(n)).all(axis=1)
    return np.where(is_same, SAME, np.where(is_run, RUN, ANY))


def _padded(grid: _Wide) -> _Wide:
    """Fill the lanes that are not used: what they add up is not looked at."""
    n = grid.shape[1]
    return np.concatenate([grid, np.repeat(grid[:, :1], LANES - n, axis=1)], axis=1)


def _stream(grids: list[_Wide], modes: list[_Wide]) -> Ints:
    """Return the indices in the order in which they are read: turn by turn, those of a first."""
    turns = len(grids[0])
    both = np.concatenate(grids, axis=1)
    taken = np.zeros((turns, 2 * LANES), bool)
    for i, mode in enumerate(modes):
        taken[:, i * LANES] = True
        taken[:, i * LANES : (i + 1) * LANES] |= (mode == ANY)[:, None]
    return both[taken].astype(np.int32)


def _joined(parts: list[NDArray[Any]], shape: tuple[int, ...]) -> Ints:
    if not parts:
        return np.zeros(shape, np.int32)
    return np.ascontiguousarray(np.concatenate(parts), np.int32)
