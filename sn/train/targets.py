"""Targets: from what is desired of a pattern to the number that each output unit should give."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.data.rows import TargetKind
from sn.data.streamed import Streamed
from sn.display import many
from sn.memory import need
from sn.net.layer import Layer

Floats32 = NDArray[np.float32]
TARGET = 9  # bytes: a truth value, its number, and that in the order of presentation


def n_outputs(kind: TargetKind, n_classes: int) -> tuple[int, ...]:
    """Return how many output units can be told such targets; two classes need one unit or two."""
    return (2, 1) if kind is TargetKind.CLASSES and n_classes == 2 else (n_classes,)


def judged(layers: Sequence[Layer], kind: TargetKind) -> slice:
    """Return the columns that are right or wrong, of the outputs of these layers side by side.

    Each of several output layers is told the class, and the last one answers; labels and values
    are dealt out to them.
    """
    return slice(-layers[-1].size, None) if kind is TargetKind.CLASSES else slice(None)


def desired_at(
    layers: Sequence[Layer],
    targets: NDArray[Any],
    kind: TargetKind,
    ranges: Sequence[tuple[float, float]],
) -> Floats32:
    """Return what the units of output layers should say, side by side: (n, n_outputs) float32.

    `ranges` are the targets of wrong and right units, layer by layer.
    """
    parts, first = [], 0
    for layer, (low, high) in zip(layers, ranges, strict=True):
        mine = targets
        if kind is not TargetKind.CLASSES:
            mine = targets[:, first : first + layer.size]
            first += layer.size
        parts.append(desired_outputs(mine, kind, layer.size, low, high))
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


def desired_outputs(
    targets: NDArray[Any], kind: TargetKind, size: int, low: float, high: float
) -> Floats32:
    """Return what each of `size` output units should say: (n, size) float32.

    Of classes, the unit of the right one says `high`, the others `low`; one unit alone says
    `low` for the first of two classes. A label that a pattern has is `high`, values are taken as
    they are.
    """
    if kind is TargetKind.VALUES:
        return np.ascontiguousarray(targets, np.float32)
    what = f"the targets of {many(len(targets), 'pattern')} at {many(size, 'output unit')}"
    need(TARGET * len(targets) * size, what)
    if kind is TargetKind.LABELS:
        has = targets
    elif size == 1:
        has = targets[:, None] == 1
    else:
        has = targets[:, None] == np.arange(size)
    return np.where(has, np.float32(high), np.float32(low))


@dataclass(frozen=True, slots=True, eq=False)
class Desired:
    """What is desired of patterns that are streamed, (n, n_outputs) float32, made when asked for.

    targets: of all patterns, see `Part`; made: what units should say for some of them
    """

    targets: NDArray[Any] | Streamed
    kind: TargetKind
    n_classes: int
    n_outputs: int
    made: Callable[[NDArray[Any]], Floats32]

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def shape(self) -> tuple[int, int]:
        """(n, n_outputs), as of an array."""
        return len(self), self.n_outputs

    def __getitem__(self, key: Any) -> Floats32:
        """Return what is desired of one pattern, or of some."""
        if not isinstance(key, slice) and np.ndim(key) == 0:
            one: Floats32 = self.made(self.targets[np.asarray(key).reshape(1)])[0]
            return one
        return self.made(self.targets[key])

    def __iter__(self) -> Iterator[Floats32]:
        return (self[number] for number in range(len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return all of it in memory.

        Raises: MemoryLimitError when that does not allow it.
        """
        found = self[:]
        return found if dtype is None else found.astype(dtype, copy=False)

    def distinct(self) -> tuple[Floats32, NDArray[np.int64]] | None:
        """Return what is desired of each class, (k, n_outputs), and how many have it, (k,).

        None where targets are no classes.
        """
        if self.kind is not TargetKind.CLASSES or isinstance(self.targets, Streamed):
            return None
        counts = np.bincount(self.targets, minlength=self.n_classes)
        some = np.flatnonzero(counts)
        return self.made(some), counts[some]
