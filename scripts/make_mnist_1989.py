"""Make `sn/data/mnist_1989.npz`, the embedded stand-in for the zip code digits, from MNIST.

    sn data get mnist
    python scripts/make_mnist_1989.py sn/data/mnist_1989.npz

The recipe is that of the 2022 reproduction (Karpathy, lecun1989-repro, prepro.py), with the
training digits drawn first and the test digits second; the original draws them in either order,
as it loops over a set of strings. The same digits come out on every machine, to the last bit.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sn.data import load
from sn.data.base import Split
from sn.data.mnist_1989 import COUNTS

_SEED = 1337
_SIDE, _SMALL = 28, 16
_EIGHTHS = 8


def draw() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which of the 60,000 training and of the 10,000 test digits are taken."""
    rng = np.random.RandomState(_SEED)
    return rng.permutation(60000)[: COUNTS[0]], rng.permutation(10000)[: COUNTS[1]]


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
    weights = weights_in_eighths()
    sums = weights @ pixels.reshape(-1, _SIDE, _SIDE).astype(np.int64) @ weights.T
    scale = _EIGHTHS * _EIGHTHS
    return ((sums + scale // 2) // scale).astype(np.uint8).reshape(len(pixels), -1)


def main() -> None:
    """Write the file named on the command line and print the two content hashes."""
    parser = argparse.ArgumentParser(description="Make the digits of mnist-1989 from MNIST.")
    parser.add_argument("output", type=Path, help="the npz file to write")
    output: Path = parser.parse_args().output
    mnist = load("mnist")
    arrays: dict[str, NDArray[np.uint8]] = {}
    parts = (
        ("train", mnist.train.inputs, mnist.train.targets),
        ("test", mnist.test.inputs, mnist.test.targets),
    )
    for (part, inputs, labels), taken in zip(parts, draw(), strict=True):
        pixels = np.rint((inputs[taken] + 1) * 127.5).astype(np.uint8)
        arrays[f"{part}_pixels"] = shrink(pixels)
        arrays[f"{part}_labels"] = labels[taken]
        split = Split.of(arrays[f"{part}_pixels"], arrays[f"{part}_labels"])
        print(f"{part}: {len(labels[taken])} digits, content hash {split.hash}")
    np.savez_compressed(output, **arrays)  # type: ignore[arg-type]  # numpy's stub: bool only
    print(f"{output}: {output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
