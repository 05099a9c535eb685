"""Axes: stride, offset and taps of windows along one axis, from the sites that they reach.

The window of position p starts at site p * stride - offset. `guess` needs windows that the
edge does not cut; `cut` lists what fits when it cuts most of them; `wrapped` is for a circle,
on which some window `leaves` the sites at one end and goes on at the other.

Read next: windows.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sn.net.layer import Ints


class Axis(NamedTuple):
    """Windows along one axis."""

    stride: int
    offset: int
    taps: int

    def from_within(self, seen: Reach) -> Axis:
        """The same windows on a circle, the first of them counted from one of the sites."""
        return self._replace(offset=-(-self.offset % seen.size))

    def leaves(self, seen: Reach) -> bool:
        """Whether some window ends behind the last of the sites."""
        last = (seen.positions - 1) * self.stride - self.from_within(seen).offset
        return last + self.taps > seen.size

    def is_seen(self, seen: Reach) -> bool:
        """Whether on a circle each window is seen from end to end: no border cuts it."""
        first = (np.arange(seen.positions) * self.stride - self.offset) % seen.size
        is_split = first + self.taps > seen.size
        low = np.where(is_split, 0, first)
        high = np.where(is_split, seen.size, first + self.taps) - 1
        whole = len(seen.position) == seen.positions
        return whole and bool(np.all(seen.low <= low) and np.all(seen.high >= high))


class Reach(NamedTuple):
    """How far windows reach: of `positions`, those in `position` see some of `size` sites.

    low, high: the lowest and the highest site that each of them sees.
    """

    position: NDArray[np.int64]
    low: Ints
    high: Ints
    positions: int
    size: int


def reach(site: Ints, position: Ints, count: int, size: int) -> Reach:
    """Return how far each position sees."""
    low, high = np.full(count, size, np.int32), np.full(count, -1, np.int32)
    if len(site):
        # rows of one position follow each other, so that most of the work is done run by run
        starts = np.flatnonzero(np.diff(position, prepend=-1))
        np.minimum.at(low, position[starts], np.minimum.reduceat(site, starts))
        np.maximum.at(high, position[starts], np.maximum.reduceat(site, starts))
    some = np.flatnonzero(high >= 0)
    return Reach(some, low[some], high[some], count, size)


def guess(seen: Reach) -> Axis | None:
    """Return the axis that most windows show; those at the edges may be cut."""
    position, low, high, count, size = seen
    if len(low) == 0:
        return None
    if count == 1:
        return Axis(1, -int(low[0]), int(high[0] - low[0] + 1))
    free = [
        np.diff(edge)[(edge[:-1] != clipped) & (edge[1:] != clipped)]
        for edge, clipped in ((low, 0), (high, size - 1))
    ]
    steps = np.concatenate(free)
    if not len(steps):
        steps = np.concatenate([np.diff(high)[high[:-1] < size - 1], np.diff(low)[low[1:] > 0]])
        steps = steps[steps == steps.max(initial=0)]
    step = most(steps)
    if step is None or step < 1:
        return None
    starts, ends = low - position * step, high - position * step
    # a window that is not cut shows where all start and end; else take the widest that fits
    start = int(starts[low > 0].max() if np.any(low > 0) else starts.min())
    end = int(ends[high < size - 1].min() if np.any(high < size - 1) else ends.max())
    return Axis(step, -start, end - start + 1) if end >= start else None


def cut(seen: Reach, taps: int, step: int | None) -> Iterator[Axis]:
    """Yield every axis of windows of `taps` that are cut to what is seen.

    `step`: the stride where weights tell it. Border on both sides in equal parts comes first.
    """
    position, low, high, count, size = seen
    if not len(position):
        return
    steps = [step] if step else range(1, 2 if count == 1 else size + taps)
    for stride in steps:
        if np.any(low > 0):
            at = int(np.argmax(low > 0))
            starts = [int(low[at] - position[at] * stride)]
        elif np.any(high < size - 1):
            at = int(np.argmax(high < size - 1))
            starts = [int(high[at] - position[at] * stride) - taps + 1]
        else:
            lowest = size - taps - int(position[0]) * stride
            highest = -int(position[-1]) * stride
            middle = -(((count - 1) * stride + taps - size + 1) // 2)
            starts = sorted(range(lowest, highest + 1), key=lambda start: abs(start - middle))
        for start in starts:
            first = start + np.arange(count) * stride
            touched = np.flatnonzero((first < size) & (first + taps > 0))
            if (
                np.array_equal(touched, position)
                and np.array_equal(np.maximum(first[position], 0), low)
                and np.array_equal(np.minimum(first[position] + taps, size) - 1, high)
            ):
                yield Axis(stride, -start, taps)


def wrapped(site: Ints, position: Ints, count: int, size: int, step: int | None) -> Axis | None:
    """Return the axis of windows that go on at the other side where they leave the sites.

    `step`: the stride where weights tell it.
    """
    places = np.sort(position.astype(np.int64) * size + site)
    places = places[np.diff(places, prepend=-1) > 0]
    at, where = places // size, places % size
    counts = np.bincount(at, minlength=count)
    taps = most(counts)
    if not taps:
        return None
    if taps == size:
        # every window sees all: weights tell how it turns, else any way is as good
        around = max(1, size // count) if step is None else step
        return Axis(around or size, 0, taps)
    regular = np.flatnonzero(counts == taps)
    windows = where[(counts == taps)[at]].reshape(-1, taps)
    # the sites of a window are sorted: it starts behind its gap
    gap = np.diff(windows, axis=1, prepend=windows[:, :1] - 1) != 1
    start = windows[np.arange(len(windows)), gap.argmax(axis=1)]
    if np.any((windows - start[:, None]) % size >= taps):
        return None
    next_to = np.diff(regular) == 1
    step = most(np.diff(start)[next_to] % size) if count > 1 else size
    if step is None:
        return None
    first = most((start - regular * step) % size)
    assert first is not None
    return Axis(step or size, -first % size, taps)


def most(values: NDArray[np.signedinteger]) -> int | None:
    """Return the most frequent value, the lowest of several; None of none."""
    if not len(values):
        return None
    low = int(values.min())
    return int(np.bincount(values - low).argmax()) + low
