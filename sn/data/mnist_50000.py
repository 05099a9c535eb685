"""The data set `mnist-50000`: the stand-in with 50,000 digits to learn from, for the ladder.

It is made from MNIST when it is loaded: the draw that `mnist-1989` begins goes on to 50,000, so
that its 7,291 digits are the first of them; the test digits are its own.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sn.data.base import Source, Split, dataset
from sn.data.mnist import mnist, pixel_values
from sn.data.mnist_1989 import COUNTS as FEW

COUNTS = (50_000, FEW[1])
_SEED = 1337
_SIDE, _SMALL = 28, 16
_EIGHTHS = 8


@dataset("mnist-50000")
def mnist_50000() -> Source:
    """Describe the larger training set of the 2022 reproduction, with the test digits of both."""
    whole = mnist()
    return Source(
        name="mnist-50000",
        title="50,000 MNIST digits in the form of the zip code digits (Karpathy 2022)",
        shape=(_SMALL, _SMALL),
        classes=whole.classes,
        counts=COUNTS,
        hashes=(
            "ef8c9a1e60cc8db2a72cafd32d2b633af014e275e59adc39ec067c9641ab0c6f",
            "36326d56afde56c17f74f910f885fefa071e28b82ee3b95312f4ecadec6581e8",
        ),
        origin="drawn from MNIST (LeCun, Cortes, Burges) and shrunk as in Andrej Karpathy's 2022 "
        "reproduction of the 1989 paper; the first 7,291 are those of mnist-1989",
        licence=whole.licence,
        containers=whole.containers,
        read=_read,
        values=pixel_values,
        download=whole.download,
    )


def _read(files: tuple[Path, ...]) -> tuple[Split, Split]:
    parts = mnist().read(files)
    train, test = (
        Split.of(shrink(part.codes[taken].reshape(len(taken), -1)), part.labels[taken])
        for part, taken in zip(parts, draw(COUNTS), strict=True)
    )
    return train, test


def draw(counts: tuple[int, int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which of the 60,000 training and of the 10,000 test digits are taken."""
    rng = np.random.RandomState(_SEED)
    return rng.permutation(60000)[: counts[0]], rng.permutation(10000)[: counts[1]]


def weights_in_eighths() -> NDArray[np.int64]:
    """Return the (16, 28) weights of bilinear interpolation on one axis, times 8.

    Small pixel i has its centre at 1.75 i + 0.375 of the large pixels (centres aligned at the
    image's edges, no filter before), so every weight is a whole number of eighths.
    """
    weights = np.zeros((_SMALL, _SIDE), np.int64)
    for small in range(_SMALL):
        left, part = divmod(14 * small + 3, _EIGHTHS)
        weights[small, left] = _EIGHTHS - part
        weights[small, left + 1] = part
    return weights


def shrink(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return digits of 28 x 28 bytes as rows of 256, to the nearest byte, halves upwards."""
    # whole numbers below 2^53 are exact in float64, whose products are of the fast kind
    weights = weights_in_eighths().astype(np.float64)
    sums = weights @ pixels.reshape(-1, _SIDE, _SIDE) @ weights.T
    scale = _EIGHTHS * _EIGHTHS
    return ((sums.astype(np.int64) + scale // 2) // scale).astype(np.uint8).reshape(len(pixels), -1)
