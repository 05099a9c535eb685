"""Gaussian numbers that are the same bits on every machine: quantiles of uniform draws.

NumPy's own Gaussian draws may change between its versions, and the logarithms and cosines of other
methods between CPUs. Here is nothing but + - * /, square roots and the exponent of a number, which
IEEE 754 rounds in one way only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Numerators and denominators, highest power first: near 0, in the tails, and far out in them.
# Source: Wichura 1988, algorithm AS 241, PPND7; relative error about 1e-7, that of a float32.
_NEAR = (
    (59.109374720, 159.29113202, 50.434271938, 3.3871327179),
    (67.187563600, 78.757757664, 17.895169469, 1.0),
)
_TAIL = (
    (0.17023821103, 1.3067284816, 2.7568153900, 1.4234372777),
    (0.12021132975, 0.73700164250, 1.0),
)
_FAR = (
    (0.017337203997, 0.42868294337, 3.0812263860, 6.6579051150),
    (0.012258202635, 0.24197894225, 1.0),
)
_LOG_2 = 0.6931471805599453
_ROOT = 0.7071067811865476  # sqrt(1/2)
LEAST = 2.0**-54  # half the smallest distance of a draw of 53 bits from -1


def gaussian(draws: Floats) -> Floats:
    """Return draws from U(-1, 1) as draws of a Gaussian of mean 0 and deviation 1: (n,) float64.

    A draw u becomes the number below which a Gaussian is with probability (1 + u) / 2.
    """
    q = 0.5 * draws
    beside = np.maximum(0.5 - np.abs(q), LEAST)
    root = np.sqrt(_minus_log(beside))
    near = q * _ratio(_NEAR, 0.180625 - q * q)
    tail = np.where(root <= 5, _ratio(_TAIL, root - 1.6), _ratio(_FAR, root - 5.0))
    found: Floats = np.where(np.abs(q) <= 0.425, near, np.where(q < 0, -tail, tail))
    return found


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], r: Floats) -> Floats:
    above, below = (_horner(part, r) for part in coefficients)
    return above / below


def _horner(coefficients: tuple[float, ...], r: Floats) -> Floats:
    total = np.full_like(r, coefficients[0])
    for coefficient in coefficients[1:]:
        total = total * r + coefficient
    return total


def _minus_log(p: Floats) -> Floats:
    """Return -log p: with p = m 2^e and c = sqrt(1/2), log m = log c + 2 atanh((m - c)/(m + c))."""
    m, e = np.frexp(p)
    t = (m - _ROOT) / (m + _ROOT)
    # the terms of atanh t / t from t^18 down: |t| is at most 0.172, so t^20 is below 1e-15
    series = _horner(tuple(1.0 / n for n in range(19, 0, -2)), t * t)
    return _LOG_2 * (0.5 - e) - 2 * t * series
