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
    dilation: int = 1

    @property
    def span(self) -> int:
        """Sites from the first tap to the last."""
        return (self.taps - 1) * self.dilation + 1

    def from_within(self, seen: Reach) -> Axis:
        """The same windows on a circle, the first of them counted from one of the sites."""
        return self._replace(offset=-(-self.offset % seen.size))

    def leaves(self, seen: Reach) -> bool:
        """Whether some window ends behind the last of the sites."""
        last = (seen.positions - 1) * self.stride - self.from_within(seen).offset
        return last + self.span > seen.size

    def is_seen(self, seen: Reach) -> bool:
        """Whether on a circle each window is seen from end to end: no border cuts it."""
        first = (np.arange(seen.positions) * self.stride - self.offset) % seen.size
        sites = (first[:, None] + np.arange(self.taps) * self.dilation) % seen.size
        low, high = sites.min(axis=1), sites.max(axis=1)
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


def guess(seen: Reach, apart: int = 1, moves: int | None = None) -> Axis | None:
    """Return the axis that most windows show; those at the edges may be cut.

    `apart`: the dilation; `moves`: the stride by their weights, if it is known, for windows that
    all begin and end less than a dilation from the edges. A window may be cut where one more tap
    would lie outside.
    """
    position, low, high, count, size = seen
    if len(low) == 0:
        return None
    if count == 1:
        return _axis(1, int(low[0]), int(high[0]), apart)
    free = [
        np.diff(edge)[is_free[:-1] & is_free[1:]]
        for edge, is_free in ((low, low >= apart), (high, high < size - apart))
    ]
    steps = np.concatenate(free)
    if not len(steps):
        steps = np.concatenate(
            [np.diff(high)[high[:-1] < size - apart], np.diff(low)[low[1:] >= apart]]
        )
        steps = steps[steps == steps.max(initial=0)]
    step = most(steps) if len(steps) else moves
    if step is None or step < 1:
        return None
    starts, ends = low - position * step, high - position * step
    # a window that is not cut shows where all start and end; else take the widest that fits
    from_start, to_end = low >= apart, high < size - apart
    start = int(starts[from_start].max() if np.any(from_start) else starts.min())
    end = int(ends[to_end].min() if np.any(to_end) else ends.max())
    return _axis(step, start, end, apart)


def _axis(step: int, start: int, end: int, apart: int) -> Axis | None:
    """Windows from site `start` to site `end`, if taps so far apart fit."""
    taps, rest = divmod(end - start, apart)
    return Axis(step, -start, taps + 1, apart) if end >= start and not rest else None


def cut(seen: Reach, taps: int, step: int | None, apart: int = 1) -> Iterator[Axis]:
    """Yield every axis of windows of `taps` that are cut to what is seen.

    `step`: the stride where weights tell it; `apart`: the dilation. Border on both sides in equal
    parts comes first.
    """
    position, low, high, count, size = seen
    if not len(position):
        return
    span = (taps - 1) * apart + 1
    ends = int(low[0]), int(high[0])
    steps = [step] if step else range(1, 2 if count == 1 else size + span)
    for stride in steps:
        if np.any(low >= apart):
            at = int(np.argmax(low >= apart))
            starts = [int(low[at] - position[at] * stride)]
        elif np.any(high < size - apart):
            at = int(np.argmax(high < size - apart))
            starts = [int(high[at] - position[at] * stride) - span + 1]
        else:
            lowest = size - taps * apart - int(position[0]) * stride
            highest = apart - 1 - int(position[-1]) * stride
            middle = -(((count - 1) * stride + span - size + 1) // 2)
            starts = sorted(range(lowest, highest + 1), key=lambda start: abs(start - middle))
        for start in starts:
            if not _reaches(start + int(position[0]) * stride, size, taps, apart, ends):
                continue  # most candidates fail at the first window, without arrays
            first = start + np.arange(count) * stride
            # the first and the last tap inside
            lead = np.maximum(-(first // apart), 0)
            last = np.minimum((size - 1 - first) // apart, taps - 1)
            touched = np.flatnonzero(lead <= last)
            if (
                np.array_equal(touched, position)
                and np.array_equal((first + lead * apart)[position], low)
                and np.array_equal((first + last * apart)[position], high)
            ):
                yield Axis(stride, -start, taps, apart)


def _reaches(first: int, size: int, taps: int, apart: int, ends: tuple[int, int]) -> bool:
    """Whether the taps inside of one window, which starts at site `first`, lie between `ends`."""
    lead, last = max(-(first // apart), 0), min((size - 1 - first) // apart, taps - 1)
    return lead <= last and (first + lead * apart, first + last * apart) == ends


def wrapped(
    site: Ints, position: Ints, count: int, size: int, step: int | None, apart: int = 1
) -> Axis | None:
    """Return the axis of windows that go on at the other side where they leave the sites.

    `step`: the stride where weights tell it; `apart`: the dilation.
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
        return Axis(around or size, 0, taps) if apart == 1 else None
    regular = np.flatnonzero(counts == taps)
    windows = where[(counts == taps)[at]].reshape(-1, taps)
    if apart == 1:
        # the sites of a window are sorted: it starts behind its gap
        gap = np.diff(windows, axis=1, prepend=windows[:, :1] - 1) != 1
    else:
        before = (windows - apart) % size
        gap = ~np.any(before[:, :, None] == windows[:, None, :], axis=2)
        if not gap.any(axis=1).all():
            return None  # a window that goes all the way round starts nowhere
    start = windows[np.arange(len(windows)), gap.argmax(axis=1)]
    after = (windows - start[:, None]) % size
    if np.any(after >= taps * apart) or np.any(after % apart):
        return None
    next_to = np.diff(regular) == 1
    step = most(np.diff(start)[next_to] % size) if count > 1 else size
    if step is None:
        return None
    first = most((start - regular * step) % size)
    assert first is not None
    return Axis(step or size, -first % size, taps, apart)


def gap(site: Ints, unit: NDArray[np.signedinteger], size: int) -> int:
    """How far apart the sites along one axis are that units see, for most neighbours; 1 of none."""
    seen = np.sort(unit * np.int64(size) + site)
    seen = seen[np.diff(seen, prepend=-1) > 0]
    same = np.diff(seen // size) == 0
    return most(np.diff(seen)[same]) or 1


def most(values: NDArray[np.signedinteger]) -> int | None:
    """Return the most frequent value, the lowest of several; None of none."""
    if not len(values):
        return None
    low = int(values.min())
    return int(np.bincount(values - low).argmax()) + low
