"""Learning vector quantisation: labelled words move until the nearest one has the right label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sn.codebooks.nearest import Labels, distances

VERSIONS = (1, 2, 3)
RATE = 0.1  # Source: SN 2.8
WINDOW = 0.01  # Source: SN 2.8
# How much less words move that are right already. Source: T. Kohonen, The self-organizing map,
# Proc. IEEE 78, 1990: from 0.1 to 0.5; chosen here within.
_SETTLED = 0.2


@dataclass(frozen=True, slots=True)
class Items:
    """Vectors (n, d) with a label each (n,)."""

    words: NDArray[np.float32]
    labels: Labels


def learn(
    version: int, data: Items, ref: Items, sweeps: int, rate: float = RATE, window: float = WINDOW
) -> None:
    """Move the words of `ref`, in place, while the data are presented in order, `sweeps` times.

    The rate falls with the sweeps: rate (1 - sweep / sweeps).
    Source: T. Kohonen, The self-organizing map, Proc. IEEE 78, 1990; SN 2.8, learn-lvq.
    """
    step = 0.0
    for sweep in range(sweeps):
        fresh = rate * (1 - sweep / sweeps)
        for vector, label in zip(data.words, data.labels.tolist(), strict=True):
            if version == 1:
                step = _learn_nearest(ref, vector, label, step, fresh)
            else:
                _learn_two(version, ref, vector, label, fresh, window)


def _learn_nearest(
    ref: Items, vector: NDArray[np.float32], label: int, step: float, fresh: float
) -> float:
    """Move the nearest word; return the rate that attractions go on with.

    As in SN, it is set when a word is wrong, and kept until the next one is: before the first, no
    word is attracted.
    """
    best = int(distances(ref.words, vector).argmin())
    if ref.labels[best] != label:
        _move(ref.words, best, vector, -fresh)
        return fresh
    if step:
        _move(ref.words, best, vector, step)
    return step


def _learn_two(
    version: int,
    ref: Items,
    vector: NDArray[np.float32],
    label: int,
    rate: float,
    window: float,
) -> None:
    """Move the two nearest words where the vector is near the plane between them."""
    first, second = np.argsort(distances(ref.words, vector), kind="stable")[:2]
    is_first, is_second = ref.labels[first] == label, ref.labels[second] == label
    if version == 3 and is_first and is_second:
        _move(ref.words, first, vector, _SETTLED * rate)
        _move(ref.words, second, vector, _SETTLED * rate)
        return
    # version 2 moves words only where the nearer one is wrong
    turned = is_second and not is_first
    if not (turned or (version == 3 and is_first and not is_second)):
        return
    if not _is_between(ref.words[first], ref.words[second], vector, window):
        return
    right, wrong = (second, first) if turned else (first, second)
    _move(ref.words, wrong, vector, -rate)
    _move(ref.words, right, vector, rate)


def _is_between(
    first: NDArray[np.float32], second: NDArray[np.float32], vector: NDArray[np.float32], w: float
) -> bool:
    """Whether |2 p - d| <= w d with p = (x - m1).(m2 - m1) and d = |m2 - m1|^2."""
    with np.errstate(all="ignore"):
        apart = (second - first).astype(np.float64)
        d = float(apart @ apart)
        p = float((vector - first).astype(np.float64) @ apart)
    return abs(2 * p - d) <= w * d


def _move(words: NDArray[np.float32], i: int, vector: NDArray[np.float32], rate: float) -> None:
    with np.errstate(all="ignore"):
        words[i] += np.float32(rate) * (vector - words[i])
