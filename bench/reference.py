"""The slow twin: the same training in float64 with plain numpy, as the formulas say it.

Read next: `net.py`, the task that this is the answer to.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.task import F32, F64, Weights

Ints = NDArray[np.int64]

STEP = 0.03  # SGD step of the 2022 reproduction, on the mean of squares over the outputs

# which h1 maps each of the 12 h2 maps sees
Table = tuple[tuple[int, ...], ...]
TABLE: Table = (
    (tuple(range(8)),) * 4 + (tuple(range(4, 12)),) * 4 + ((0, 1, 2, 3, 8, 9, 10, 11),) * 4
)

# in the order in which the C rivals expect them in one flat array
SHAPES: dict[str, tuple[int, ...]] = {
    "w1": (12, 25),
    "b1": (12, 8, 8),
    "w2": (12, 8, 25),
    "b2": (12, 4, 4),
    "w3": (30, 192),
    "b3": (30,),
    "w4": (10, 30),
    "b4": (10,),
}


def _patches(maps: F64) -> F64:
    """Return the 5x5 patches, stride 2, of `maps` bordered with -1.

    Shapes:
        maps: (n, 2s, 2s) float64
        result: (n, 25, s, s) float64
    """
    padded = np.pad(maps, ((0, 0), (2, 1), (2, 1)), constant_values=-1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5), axis=(1, 2))
    half = maps.shape[1] // 2
    patches = windows[:, ::2, ::2].reshape(len(maps), half, half, 25).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(patches)


def outputs(weights: Weights, inputs: F32, targets: F32) -> dict[str, F64]:
    """Return the outputs of all examples; targets are not looked at."""
    exact = [weights[name].astype(np.float64) for name in SHAPES]
    return {"outputs": np.array([_forward(exact, image, np.array(TABLE))[-1] for image in inputs])}


def _forward(weights: list[F64], image: F32, table: Ints) -> tuple[F64, F64, F64, F64, F64, F64]:
    """Return the patches that h1 and h2 see, and the states of all four layers."""
    w1, b1, w2, b2, w3, b3, w4, b4 = weights
    x1 = _patches(image.reshape(1, 16, 16).astype(np.float64))[0]
    h1 = np.tanh(np.einsum("mt,tij->mij", w1, x1) + b1)
    x2 = _patches(h1)[table]
    h2 = np.tanh(np.einsum("mct,mctij->mij", w2, x2) + b2)
    h3 = np.tanh(w3 @ h2.ravel() + b3)
    return x1, x2, h1, h2, h3, np.tanh(w4 @ h3 + b4)


def train(
    weights: Weights, inputs: F32, targets: F32, connected: Table = TABLE, batch: int = 1
) -> dict[str, F64]:
    """Return the parameters after one presentation of each example, in order.

    A step follows the mean of the slopes of a batch; the last one has the examples that are left.
    """
    exact = [weights[name].astype(np.float64) for name in SHAPES]
    table = np.array(connected)
    for first in range(0, len(inputs), batch):
        some = list(zip(inputs[first : first + batch], targets[first : first + batch], strict=True))
        sums = [np.zeros_like(part) for part in exact]
        for image, target in some:
            for total, slope in zip(sums, _slopes(exact, image, target, table), strict=True):
                total += slope
        for part, total in zip(exact, sums, strict=True):
            part -= STEP / len(some) * total
    return dict(zip(SHAPES, exact, strict=True))


def _slopes(exact: list[F64], image: F32, target: F32, table: Ints) -> list[F64]:
    """Return the slopes of the cost, the mean of (out - target)^2 over the outputs."""
    _, _, w2, _, w3, _, w4, _ = exact
    x1, x2, h1, h2, h3, out = _forward(exact, image, table)
    d4 = 2 / 10 * (out - target) * (1 - out * out)
    d3 = (w4.T @ d4) * (1 - h3 * h3)
    d2 = (w3.T @ d3).reshape(h2.shape) * (1 - h2 * h2)
    back = np.zeros((12, 11, 11))
    spread = np.einsum("mct,mij->mctij", w2, d2)
    for m in range(12):
        for t in range(25):
            rows, cols = slice(t // 5, t // 5 + 7, 2), slice(t % 5, t % 5 + 7, 2)
            back[table[m], rows, cols] += spread[m, :, t]
    d1 = back[:, 2:10, 2:10] * (1 - h1 * h1)
    kernels = np.einsum("mij,tij->mt", d1, x1), np.einsum("mij,mctij->mct", d2, x2)
    return [
        *(kernels[0], d1, kernels[1], d2),
        *(np.outer(d3, h2.ravel()), d3, np.outer(d4, h3), d4),
    ]
