"""Quantising: words that stand for many vectors, found by k-means; how far off they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sn.codebooks.nearest import distances, nearest

SMALLEST_CHANGE = 1e-4  # of the distortion, relative; Source: SN 2.8, k-means


def distortion(data: NDArray[np.float32], words: NDArray[np.float32]) -> float:
    """Return the mean squared distance of the data to their nearest words.

    Shapes: data (m, d), words (n, d).
    """
    _, found = nearest(words, data, 1)
    return float(np.mean(found, dtype=np.float64))


def k_means(data: NDArray[np.float32], words: NDArray[np.float32]) -> None:
    """Move `words`, in place, to the means of the data that are nearest to them.

    The data are taken one by one: word = (n word + x) / (n + 1), where n counts from 1 the data
    that the word has moved for; those that lie on it are left out. It ends when a pass over them
    changes the distortion by 1e-4 of it at most.
    Shapes: data (m, d), words (n, d).
    Source: SN 2.8, k-means; J. MacQueen, 1967.
    """
    counts = np.ones(len(words), np.float32)
    one = np.float32(1)
    before = distortion(data, words)
    while True:
        for vector in data:
            found = distances(words, vector)
            best = int(found.argmin())
            if found[best] > 0:
                n = counts[best]
                with np.errstate(all="ignore"):
                    words[best] = (n * words[best] + vector) / (n + one)
                counts[best] = n + one
        now = distortion(data, words)
        if not abs(before - now) > SMALLEST_CHANGE * before:
            return
        before = now
