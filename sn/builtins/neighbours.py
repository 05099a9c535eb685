"""Builtins of nearest neighbours: distances, votes, k-means, learning vector quantisation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sn.builtins.codebook import Codebook, new_items
from sn.builtins.matrix import FLOAT, Matrix, from_numbers, stored
from sn.codebooks import lvq, nearest, quantising
from sn.display import number_text
from sn.errors import EvalError
from sn.lisp.calls import builtin
from sn.matrixfile import dimensions_text


def _vector(name: str, vector: Matrix, codebook: Codebook) -> NDArray[np.float32]:
    """Return the elements of a vector as float32 numbers, as many as words of a codebook have."""
    elements = codebook.words.data.shape[1]
    if vector.data.size != elements:
        found = dimensions_text(vector.data.shape)
        text = f"{name} needs a vector of {elements}, as the words of the codebook are"
        raise EvalError(f"{text}, found {found}")
    kept: NDArray[np.float32] = stored(vector.numbers().reshape(elements), FLOAT)
    return kept


def _alike(name: str, data: Codebook, ref: Codebook) -> None:
    own, other = data.words.data.shape[1], ref.words.data.shape[1]
    if own != other:
        text = f"{name} needs codebooks of equal words, found {own} and {other} elements in one"
        raise EvalError(text)


def _count(name: str, k: int, n: int) -> int:
    if not 1 <= k <= n:
        text = f"{name} needs a k from 1 to {n}, as many as there are words, found {number_text(k)}"
        raise EvalError(text)
    return k


@builtin("codebook-distances")
def codebook_distances(vector: Matrix, codebook: Codebook, to: Matrix | None = None) -> Matrix:
    """(codebook-distances vector codebook [to])

    Return a vector of the squared Euclidean distances of a vector to all words, or write them
    into the vector `to`.

    (codebook-distances [0 0] (new-codebook [[3 4][1 0]]))
    => [25.00  1.00 ]
    """
    taken = _vector("codebook-distances", vector, codebook)
    found = nearest.distances(codebook.words.data, taken)
    if not np.all(np.isfinite(found)):
        raise EvalError("floating exception: a distance is too large for a float")
    if to is None:
        return from_numbers(found)
    if to.data.shape != found.shape:
        shapes = f"{dimensions_text(found.shape)}, found {dimensions_text(to.data.shape)}"
        raise EvalError(f"codebook-distances needs a result vector of {shapes}")
    to.set_numbers(found)
    return to


@builtin("codebook-distorsion")
def codebook_distorsion(data: Codebook, ref: Codebook) -> float:
    """(codebook-distorsion data ref)

    Return the mean squared distance of the words of data to the nearest word of ref.

    (codebook-distorsion (new-codebook [[0 0][3 0]]) (new-codebook [[1 0]]))
    => 2.5
    """
    _alike("codebook-distorsion", data, ref)
    return quantising.distortion(data.words.data, ref.words.data)


@builtin("knn")
def knn(vector: Matrix, codebook: Codebook, k: int = 1) -> list[float]:
    """(knn vector codebook k)

    Return the numbers of the k words nearest to a vector, the nearest first; of equally near
    ones the first.

    (knn [0 0] (new-codebook [[3 4][1 0][0 2]]) 2)
    => (1 2)
    """
    taken = _vector("knn", vector, codebook)
    _count("knn", k, len(codebook.words.data))
    indices, _ = nearest.nearest(codebook.words.data, taken[None, :], k)
    return [float(i) for i in indices[0]]


@builtin("knn-class")
def knn_class(vector: Matrix, codebook: Codebook, k: int = 1) -> int:
    """(knn-class vector codebook k)

    Return the label that most of the k words nearest to a vector have; -1 when two have it
    equally often.

    (knn-class [0 0] (new-codebook [[3 4][1 0][0 2]] '(7 8 8)) 2)
    => 8
    """
    taken = _vector("knn-class", vector, codebook)
    _count("knn-class", k, len(codebook.words.data))
    items = codebook.items
    return int(nearest.classes(items.words, items.labels, taken[None, :], k)[0])


@builtin("perf-knn")
def perf_knn(data: Codebook, ref: Codebook, k: int = 1, apart: bool = False) -> float:
    """(perf-knn data ref [k [apart]])

    Return the percentage of the items of data whose label is that which the k nearest words of
    ref vote for (1 unless k is given). With `apart`, when data and ref are one codebook, an item
    does not vote for itself.

    (let ((c (new-codebook [[0][1][5]] '(1 1 2)))) (perf-knn (new-codebook [[2][3]] '(1 1)) c))
    => 100
    (let ((c (new-codebook [[0][1][5]] '(1 1 2)))) (sprintf "%.1f" (perf-knn c c 1 t)))
    => "66.7"
    """
    _alike("perf-knn", data, ref)
    items, other = data.items, ref.items
    if apart and np.shares_memory(items.words, other.words) and len(items.words) > 1:
        _count("perf-knn", k, len(items.words) - 1)
        voted = nearest.classes_of_own(items.words, items.labels, k)
    else:
        _count("perf-knn", k, len(other.words))
        voted = nearest.classes(other.words, other.labels, items.words, k)
    return 100 * int(np.count_nonzero(voted == items.labels)) / len(voted)


@builtin("k-means")
def k_means(data: Codebook, k: int) -> Codebook:
    """(k-means data k)

    Return a codebook of k words that stand for the data. They begin as its first k items, with
    their labels, and move to the means of what is nearest to them.

    (codebook-word (k-means (new-codebook [[0][10][2][12]]) 2) 1)
    => [11.00 ]
    """
    _count("k-means", k, len(data.words.data))
    made = new_items(k, data.words.data.shape[1])
    made.words.data[...] = data.words.data[:k]
    made.labels.data[...] = data.labels.data[:k]
    return _settled(data, made)


@builtin("k-means-internal")
def k_means_internal(data: Codebook, ref: Codebook) -> Codebook:
    """(k-means-internal data ref)

    Do as `k-means` does, from the words of ref, which move; return ref.

    (k-means-internal (new-codebook [[0][2]]) (new-codebook [[3]]))
    => ::CODEBOOK:1x1
    """
    _alike("k-means-internal", data, ref)
    return _settled(data, ref)


def _settled(data: Codebook, ref: Codebook) -> Codebook:
    quantising.k_means(data.words.data, ref.words.data)
    return ref


@builtin("learn-lvq")
def learn_lvq(
    version: int,
    data: Codebook,
    ref: Codebook,
    sweeps: int,
    rate: float = lvq.RATE,
    window: float = lvq.WINDOW,
) -> Codebook:
    """(learn-lvq version data ref sweeps [rate [window]])

    Move the words of ref by learning vector quantisation 1, 2 or 3, while the data are presented
    in order, so many times over; return ref. The rate (0.1) falls to 0 with the sweeps. Versions
    2 and 3 move the two nearest words where the item is near the plane between them: |2 p - d| <=
    window d (0.01), where d is their squared distance and p how far the item is along it. In
    version 1, as in SN, words are attracted only after one was wrong, at the rate of that time.

    (codebook-word (learn-lvq 1 (new-codebook [[2]] '(1)) (new-codebook [[0]] '(0)) 1) 0)
    => [-0.20 ]
    """
    _alike("learn-lvq", data, ref)
    if version not in lvq.VERSIONS:
        raise EvalError(f"learn-lvq has the versions 1, 2 and 3, found {number_text(version)}")
    if sweeps < 0:
        raise EvalError(f"learn-lvq needs a number of sweeps, found {number_text(sweeps)}")
    if version > 1:
        _count("learn-lvq", 2, len(ref.words.data))
    lvq.learn(version, data.items, ref.items, sweeps, rate, window)
    return ref
