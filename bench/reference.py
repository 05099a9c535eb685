"""The slow twin: the same training in float64 with plain numpy, as the formulas say it.

Read next: `rival.py`, what a rival has to offer.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.net import F32, SHAPES, STEP, TABLE, Weights

F64 = NDArray[np.float64]


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


def train(weights: Weights, inputs: F32, targets: F32) -> dict[str, F64]:
    """Return the parameters after one presentation of each example, in order."""
    w1, b1, w2, b2, w3, b3, w4, b4 = (weights[name].astype(np.float64) for name in SHAPES)
    table = np.array(TABLE)
    for image, target in zip(inputs, targets, strict=True):
        x1 = _patches(image.reshape(1, 16, 16).astype(np.float64))[0]
        h1 = np.tanh(np.einsum("mt,tij->mij", w1, x1) + b1)
        x2 = _patches(h1)[table]
        h2 = np.tanh(np.einsum("mct,mctij->mij", w2, x2) + b2)
        h3 = np.tanh(w3 @ h2.ravel() + b3)
        out = np.tanh(w4 @ h3 + b4)

        # cost = mean over the outputs of (out - target)^2
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

        w4 -= STEP * np.outer(d4, h3)
        b4 -= STEP * d4
        w3 -= STEP * np.outer(d3, h2.ravel())
        b3 -= STEP * d3
        w2 -= STEP * np.einsum("mij,mctij->mct", d2, x2)
        b2 -= STEP * d2
        w1 -= STEP * np.einsum("mij,tij->mt", d1, x1)
        b1 -= STEP * d1
    return dict(zip(SHAPES, (w1, b1, w2, b2, w3, b3, w4, b4), strict=True))
