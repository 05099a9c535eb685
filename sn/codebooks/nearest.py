"""Nearest neighbours: squared distances, the k nearest words of many vectors, and their votes."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from sn.memory import need

Labels = NDArray[np.int32]
Indices = NDArray[np.intp]

TIE = -1  # the label of a vote that two labels win; Source: SN 2.8
_BLOCK = 2**21  # distances that are looked at together; chosen here: 16 MB
_LARGE = 2**20  # elements that nobody asks memory for; chosen here: 4 MB
_UNIT = 2.0**-24  # half the distance from 1 to the next float32
_OVERFLOW = 2.0**127  # half of what float32 numbers end at


def distances(words: NDArray[np.float32], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the squared Euclidean distance of a vector to each word.

    Shapes: words (n, d), vector (d,) or (n, d) with a vector for each word; the result (n,).
    """
    if words.size > _LARGE:
        need(4 * words.size, "the differences from the words of a codebook")
    with np.errstate(all="ignore"):
        squares = words - vector
        squares *= squares
        # a cumulative sum is rounded after each element, as the loop of SN is; np.sum is not
        sums: NDArray[np.float32] = np.cumsum(squares, axis=1, out=squares)[:, -1]
    return sums


def nearest(
    words: NDArray[np.float32], vectors: NDArray[np.float32], k: int
) -> tuple[Indices, NDArray[np.float32]]:
    """Return the indices of the k words nearest to each vector, and their squared distances.

    The nearest comes first, of equally near ones the first word. Float64 products say which words
    may be among them, so that only those are compared in float32, exactly as `distances` does.
    Shapes: words (n, d), vectors (m, d), 1 <= k <= n; the results (m, k).
    """
    if len(vectors) == 1:
        return _nearest_to_one(words, vectors[0], k)
    n, d = words.shape
    need(
        8 * (words.size + n) + 12 * len(vectors) * k,
        f"the {k:,} nearest of {n:,} words for {len(vectors):,} vectors",
    )
    wide = words.astype(np.float64)
    norms = np.einsum("ij,ij->i", wide, wide)
    indices = np.empty((len(vectors), k), np.intp)
    found = np.empty((len(vectors), k), np.float32)
    step = max(1, _BLOCK // max(n, d))
    for first in range(0, len(vectors), step):
        block = vectors[first : first + step]
        rows, columns = _candidates(wide, norms, block, k)
        exact = _between(words, columns, block, rows)
        exact[np.isnan(exact)] = np.inf
        order = np.lexsort((columns, exact, rows))
        starts = np.searchsorted(rows, np.arange(len(block)))  # rows come in order
        chosen = order[starts[:, None] + np.arange(k)]
        indices[first : first + step] = columns[chosen]
        found[first : first + step] = exact[chosen]
    return indices, found


def _nearest_to_one(
    words: NDArray[np.float32], vector: NDArray[np.float32], k: int
) -> tuple[Indices, NDArray[np.float32]]:
    exact = distances(words, vector)
    exact[np.isnan(exact)] = np.inf
    order = np.argsort(exact, kind="stable")[:k] if k > 1 else np.array([exact.argmin()])
    return order[None, :], exact[order][None, :]


def _candidates(
    wide: NDArray[np.float64], norms: NDArray[np.float64], block: NDArray[np.float32], k: int
) -> tuple[Indices, Indices]:
    """Return the pairs (vector, word) among which the k nearest words of each vector are."""
    d = wide.shape[1]
    with np.errstate(all="ignore"):
        vectors = block.astype(np.float64)
        own = np.einsum("ij,ij->i", vectors, vectors)
        near = norms - 2 * (vectors @ wide.T) + own[:, None]
        near[~np.isfinite(near)] = np.inf
        kth = np.partition(near, k - 1, axis=1)[:, k - 1]
        # |near - true| <= slack, |exact - true| <= relative * true: whoever is among the k nearest
        # by `exact` is below the bound. Terms too small for float32 add d times its smallest.
        relative = 4 * (d + 2) * _UNIT
        largest = np.max(norms, initial=0, where=np.isfinite(norms))
        slack = 4 * (d + 4) * np.finfo(np.float64).eps * (own + largest) + d * 1e-37
        bound = (kth + slack) * (1 + relative) + slack
        bound[~(bound < _OVERFLOW)] = np.inf  # equally far in float32: the first ones
    rows, columns = np.nonzero(near <= bound[:, None])
    return rows, columns


def _between(
    words: NDArray[np.float32], columns: Indices, block: NDArray[np.float32], rows: Indices
) -> NDArray[np.float32]:
    """Return the squared distances of pairs, a few at a time."""
    exact = np.empty(len(rows), np.float32)
    step = max(1, _BLOCK // words.shape[1])
    for first in range(0, len(rows), step):
        part = slice(first, first + step)
        exact[part] = distances(words[columns[part]], block[rows[part]])
    return exact


def vote(labels: Labels) -> int:
    """Return the label that occurs most often, `TIE` where two do."""
    counted = Counter(labels.tolist()).most_common(2)
    if len(counted) == 2 and counted[0][1] == counted[1][1]:
        return TIE
    return int(counted[0][0])


def classes(
    words: NDArray[np.float32], labels: Labels, vectors: NDArray[np.float32], k: int
) -> Labels:
    """Return the label that the k nearest words of each vector vote for.

    Shapes: words (n, d), labels (n,), vectors (m, d); the result (m,).
    """
    indices, _ = nearest(words, vectors, k)
    return _votes(labels[indices])


def classes_of_own(words: NDArray[np.float32], labels: Labels, k: int) -> Labels:
    """Return the label that the k nearest other words of each word vote for; k < n."""
    indices, _ = nearest(words, words, k + 1)
    is_other = indices != np.arange(len(words))[:, None]
    # a word that k + 1 others are equal to is not among its own neighbours: the last one goes
    is_other[is_other.all(axis=1), -1] = False
    return _votes(labels[indices[is_other].reshape(len(words), k)])


def _votes(labels: Labels) -> Labels:
    if labels.shape[1] == 1:
        return labels[:, 0]
    return np.array([vote(row) for row in labels], np.int32)
