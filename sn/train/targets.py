"""Targets: from what is desired of a pattern to the number that each output unit should give."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.data.rows import TargetKind

Floats32 = NDArray[np.float32]


def n_outputs(kind: TargetKind, n_classes: int) -> tuple[int, ...]:
    """Return how many output units can be told such targets; two classes need one unit or two."""
    return (2, 1) if kind is TargetKind.CLASSES and n_classes == 2 else (n_classes,)


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
    if kind is TargetKind.LABELS:
        has = targets
    elif size == 1:
        has = targets[:, None] == 1
    else:
        has = targets[:, None] == np.arange(size)
    return np.where(has, np.float32(high), np.float32(low))
