"""Arithmetic: SN's float32 computations that need no connections, as plain Python for Numba.

Every product and every sum is rounded by itself and none is left out, so they give the bits of
the original program. Machine code is made of the text of this module and of one that uses it, so
it imports nothing of SN, and tests run it as it stands.

Fields are rows of float32: u of units, w of weights, c of connections, numbered as in `net.py`. A
non-linearity is a row of numbers: kind, A, B, C, D, where its table begins, how long it is.

Source: SN 2.8 (sn-network, 4 and 5; sn-network-rounding).
Read next: loops.py, sweeps.py.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

# kinds of non-linearities; with FIRST or SECOND added, differences of them
TANH, DTANH, LINEAR, PIECEWISE, THRESHOLD, BELL, DBELL, ZERO, SPLINE, DSPLINE, DDSPLINE = range(11)
FIRST, SECOND = 100, 200
# places in `numbers`
ALPHA, DECAY, GAMMA, MU, THRESHOLD = range(5)
# rows of fields, as in net.py
VAL, SUM, GRAD, BACK, RATE, CURV, BACK_CURV = range(7)
WEIGHT, DELTA, ACC, HESS = range(4)
CONN_RATE, CONN_CURV = range(2)
# of exp(y) - 1: log 2 in two parts, and a series
LOG2_HIGH, LOG2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
INVERSE_LOG2, HALF_LOG2 = 1.44269504088896338700, 0.34657359027997264
EXPM1 = (
    *(1.0, -3.33333333333331316428e-02, 1.58730158725481460165e-03, -7.93650757867487942473e-05),
    *(4.00821782732936239552e-06, -2.01099218183624371326e-07),
)
# steps of the differences (nlf-df-all, nlf-ddf-all)
H1, H2 = 0.00390625, 0.0078125


# --- non-linearities ---


def tanh32(x: Any) -> Any:
    """Return tanh in double precision, rounded: t / (t + 2) with t = exp(2 |x|) - 1.

    The exponential is that of y = z + k log 2, for z by a rational function. Every machine does
    the same operations; the double is off by a unit in its last place here and there, so that the
    rounded number is another than that of a good C library about once in 10^11 times.

    Source: method and coefficients of expm1 in fdlibm (Sun Microsystems, 1993).
    """
    y: Any = np.float64(abs(x)) * 2.0
    y = 44.0 if y > 44.0 else y
    k = int(INVERSE_LOG2 * y + 0.5) if y > HALF_LOG2 else 0
    high, low = y - k * LOG2_HIGH, k * LOG2_LOW
    z = high - low
    c = (high - z) - low
    half = 0.5 * z
    square = z * half
    r = EXPM1[5]
    for i in range(4, -1, -1):
        r = EXPM1[i] + square * r
    t = 3.0 - r * half
    e = square * ((r - t) / (6.0 - z * t))
    if k == 0:
        t = z - (z * e - square)
    else:
        e = z * (e - c) - c - square
        t = ((1.0 - math.ldexp(1.0, -k)) - (e - z)) * math.ldexp(1.0, k)
    t = t / (t + 2.0)
    return np.float32(math.copysign(t, np.float64(x)))


def spline(order: int, at: int, n: int, table: Any, x: Any) -> Any:
    """Return a natural cubic spline, or its first or second derivative.

    The table has n abscissae from `at` on, then n ordinates, then n second derivatives. Outside it
    goes on with the slope of the end chord.
    """
    last = n - 1
    if x < table[at] or x > table[at + last]:
        edge = 0 if x < table[at] else last
        left = 0 if edge == 0 else last - 1
        rise = table[at + n + left + 1] - table[at + n + left]
        slope = rise / (table[at + left + 1] - table[at + left])
        if order == 0:
            return table[at + n + edge] + slope * (x - table[at + edge])
        return slope if order == 1 else np.float32(0)
    low, high = 0, last
    while high - low > 1:
        middle = (low + high) // 2
        if table[at + middle] > x:
            high = middle
        else:
            low = middle
    one, three, six = np.float32(1), np.float32(3), np.float32(6)
    h = table[at + high] - table[at + low]
    a = (table[at + high] - x) / h
    b = one - a
    y0, y1 = table[at + n + low], table[at + n + high]
    c0, c1 = table[at + 2 * n + low], table[at + 2 * n + high]
    if order == 2:
        return a * c0 + b * c1
    if order == 1:
        bend = (three * (b * b) - one) * c1 - (three * (a * a) - one) * c0
        return (y1 - y0) / h + bend * (h / six)
    return a * y0 + b * y1 + ((a * a * a - a) * c0 + (b * b * b - b) * c1) * (h * h / six)


def base(kind: Any, p: Any, table: Any, x: Any) -> Any:
    """Return a non-linearity at x that is not made of differences."""
    a, b, c, d = p[1], p[2], p[3], p[4]
    zero, one = np.float32(0), np.float32(1)
    if kind == TANH:
        return (a * tanh32(b * x) + d) + c * x
    if kind == DTANH:
        t = tanh32(b * x)
        return (a * b + c) - (a * b) * (t * t)
    if kind == LINEAR:
        return (a * b + c) * x + d
    if kind == PIECEWISE:
        t = b * x
        t = one if t > one else (-one if t < -one else t)
        return (a * t + d) + c * x
    if kind == THRESHOLD:
        t = one if b * x >= zero else -one
        return (a * t + d) + c * x
    if kind == ZERO:
        return zero
    if kind == BELL or kind == DBELL:
        if x <= -one or x >= one:
            return zero
        t = one - x * x
        return t * t * t if kind == BELL else np.float32(-6) * (x * (t * t))
    return spline(kind - SPLINE, int(p[5]), int(p[6]), table, x)


def value(p: Any, table: Any, x: Any) -> Any:
    """Return a non-linearity at x."""
    kind = int(p[0])
    if kind < FIRST:
        return base(kind, p, table, x)
    if kind < SECOND:
        h, f = np.float32(H1), kind - FIRST
        return (base(f, p, table, x + h) - base(f, p, table, x - h)) / (h + h)
    h, f = np.float32(H2), kind - SECOND
    around = base(f, p, table, x - h) + base(f, p, table, x + h)
    return (around - np.float32(2) * base(f, p, table, x)) / (h * h)


# --- units, and weights of a table ---


def values(units: Any, p: Any, table: Any, u: Any) -> None:
    """States: x_j = f(a_j)."""
    for k in range(units.shape[0]):
        j = units[k]
        u[VAL, j] = value(p, table, u[SUM, j])


def lms(out: Any, desired: Any, one_sided: int, threshold: Any, u: Any) -> Any:
    """Return half the sum of squared errors and leave d - y as what comes back.

    Where `one_sided`, an output beyond its target is no error: above it where the target is above
    the threshold, below it elsewhere.
    """
    zero, half = np.float32(0), np.float32(0.5)
    total = zero
    for k in range(out.shape[0]):
        d = u[VAL, desired[k]]
        e = d - u[VAL, out[k]]
        if one_sided and ((d > threshold and e < zero) or (d <= threshold and e > zero)):
            e = zero
        u[BACK, out[k]] = e
        total = total + half * (e * e)
    return total


def slopes(units: Any, p: Any, table: Any, u: Any) -> None:
    """Gradients: g_i = b_i f'(a_i)."""
    for k in range(units.shape[0]):
        i = units[k]
        u[GRAD, i] = u[BACK, i] * value(p, table, u[SUM, i])


def curvatures(units: Any, slope: Any, full: int, ddf: Any, table: Any, u: Any) -> None:
    """Curvatures: h = q f' f', minus b f'' where `full`; `slope` has f' of each unit."""
    for k in range(units.shape[0]):
        j = units[k]
        h = u[BACK_CURV, j] * (slope[j] * slope[j])
        if full:
            h = h - u[BACK, j] * value(ddf, table, u[SUM, j])
        u[CURV, j] = h


def scale(n: int, mu: Any, w: Any) -> None:
    """acc = acc / (mu + |hess|) for n weights."""
    for k in range(n):
        w[ACC, k] = w[ACC, k] / (mu + abs(w[HESS, k]))


def change_weights(n: int, alpha: Any, w: Any) -> None:
    """delta = alpha delta + (1 - alpha) acc for n weights."""
    one = np.float32(1)
    for k in range(n):
        if alpha == np.float32(0):
            w[DELTA, k] = w[ACC, k]
        else:
            w[DELTA, k] = alpha * w[DELTA, k] + (one - alpha) * w[ACC, k]


def move_weights(n: int, decay: Any, w: Any) -> None:
    """w = (1 - decay) w + delta for n weights."""
    one = np.float32(1)
    for k in range(n):
        if decay == np.float32(0):
            w[WEIGHT, k] = w[WEIGHT, k] + w[DELTA, k]
        else:
            w[WEIGHT, k] = (one - decay) * w[WEIGHT, k] + w[DELTA, k]
