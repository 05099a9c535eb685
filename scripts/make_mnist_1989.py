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
from sn.data.mnist_50000 import draw, shrink


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
    for (part, inputs, labels), taken in zip(parts, draw(COUNTS), strict=True):
        pixels = np.rint((inputs[taken] + 1) * 127.5).astype(np.uint8)
        arrays[f"{part}_pixels"] = shrink(pixels)
        arrays[f"{part}_labels"] = labels[taken]
        split = Split.of(arrays[f"{part}_pixels"], arrays[f"{part}_labels"])
        print(f"{part}: {len(labels[taken])} digits, content hash {split.hash}")
    np.savez_compressed(output, **arrays)  # type: ignore[arg-type]  # numpy's stub: bool only
    print(f"{output}: {output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
