"""Loops: SN's walks over units and connections in float32, as plain Python that Numba compiles.

Every product and every sum is rounded by itself and none is left out, so they give the bits of
the original program. Machine code is made of the text of this module alone, so it imports nothing
of SN, and tests run it as it stands.

`execute` runs the rows of a program, each an operation on some units: (operation, where its units
begin in `units`, how many they are, then what the operation says). Connections come by the lists
of `lists.py`: start, other, wid, conn. Fields are rows of float32: u of units, w of weights, c of
connections, numbered as in `net.py`. A non-linearity is a row of `functions`: kind, A, B, C, D,
where its table begins, how long it is.

Source: SN 2.8 (sn-network, 4 and 5; sn-network-rounding).
Read next: walk.py, which calls them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

# kinds of non-linearities; with FIRST or SECOND added, differences of them
TANH, DTANH, LINEAR, PIECEWISE, THRESHOLD, BELL, DBELL, ZERO, SPLINE, DSPLINE, DDSPLINE = range(11)
FIRST, SECOND = 100, 200
# operations
(
    SUMS, VALUES, LMS, BACK_SUMS, SLOPES, BACK_CURVATURES, CURVATURES, AVERAGES, STEP,
    CLEAR, GATHER, GATHER_CURVATURE, SCALE, CHANGE, MOVE, TANGENTS,
) = range(16)  # fmt: skip
# places in `numbers`
ALPHA, DECAY, GAMMA, MU, THRESHOLD = range(5)
# rows of fields, as in net.py
VAL, SUM, GRAD, BACK, RATE, CURV, BACK_CURV = range(7)
WEIGHT, DELTA, ACC, HESS = range(4)
CONN_RATE, CONN_CURV = range(2)
# steps of the differences (nlf-df-all, nlf-ddf-all)
H1, H2 = 0.00390625, 0.0078125


# --- non-linearities ---


def tanh32(x: Any) -> Any:
    """Return tanh in double precision, rounded."""
    return np.float32(math.tanh(np.float64(x)))


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
    h = table[at + high] - table[at + low]
    a, b = (table[at + high] - x) / h, (x - table[at + low]) / h
    y0, y1 = table[at + n + low], table[at + n + high]
    c0, c1 = table[at + 2 * n + low], table[at + 2 * n + high]
    if order == 2:
        return a * c0 + b * c1
    one, three, six = np.float32(1), np.float32(3), np.float32(6)
    if order == 1:
        bend = (three * b * b - one) * c1 - (three * a * a - one) * c0
        return (y1 - y0) / h + bend * h / six
    return a * y0 + b * y1 + ((a * a * a - a) * c0 + (b * b * b - b) * c1) * (h * h) / six


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
        return t * t * t if kind == BELL else np.float32(-6) * x * (t * t)
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


# --- one operation on some units ---


def sums(units: Any, noise: Any, start: Any, src: Any, wid: Any, u: Any, w: Any) -> None:
    """Total inputs: a_j = sum of w x, plus a noise for each unit where there is any."""
    x, total, weight = u[VAL], u[SUM], w[WEIGHT]
    for k in range(units.shape[0]):
        j = units[k]
        a = np.float32(0)
        for c in range(start[j], start[j + 1]):
            a = a + weight[wid[c]] * x[src[c]]
        if noise.shape[0]:
            a = a + noise[k]
        total[j] = a


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


def back_sums(units: Any, start: Any, dst: Any, wid: Any, u: Any, w: Any) -> None:
    """What comes back to units: b_i = sum of w g."""
    g, back, weight = u[GRAD], u[BACK], w[WEIGHT]
    for k in range(units.shape[0]):
        i = units[k]
        b = np.float32(0)
        for c in range(start[i], start[i + 1]):
            b = b + weight[wid[c]] * g[dst[c]]
        back[i] = b


def slopes(units: Any, p: Any, table: Any, u: Any) -> None:
    """Gradients: g_i = b_i f'(a_i)."""
    for k in range(units.shape[0]):
        i = units[k]
        u[GRAD, i] = u[BACK, i] * value(p, table, u[SUM, i])


def back_curvatures(units: Any, start: Any, dst: Any, wid: Any, u: Any, w: Any) -> None:
    """What comes back of curvature: q_i = sum of w w h; units that feed none keep theirs."""
    h, back, weights = u[CURV], u[BACK_CURV], w[WEIGHT]
    for k in range(units.shape[0]):
        i = units[k]
        if start[i] == start[i + 1]:
            continue
        q = np.float32(0)
        for c in range(start[i], start[i + 1]):
            weight = weights[wid[c]]
            q = q + (weight * weight) * h[dst[c]]
        back[i] = q


def curvatures(units: Any, df: Any, full: int, ddf: Any, table: Any, u: Any) -> None:
    """Curvatures: h = q f' f', minus b f'' where `full`."""
    for k in range(units.shape[0]):
        j = units[k]
        slope = value(df, table, u[SUM, j])
        h = u[BACK_CURV, j] * (slope * slope)
        if full:
            h = h - u[BACK, j] * value(ddf, table, u[SUM, j])
        u[CURV, j] = h


def averages(units: Any, start: Any, src: Any, conn: Any, gamma: Any, u: Any, c: Any) -> None:
    """Averaged curvatures: sigma = (1 - gamma) sigma + gamma h x x."""
    keep, x, sigma = np.float32(1) - gamma, u[VAL], c[CONN_CURV]
    for k in range(units.shape[0]):
        j = units[k]
        part = gamma * u[CURV, j]
        for at in range(start[j], start[j + 1]):
            y = x[src[at]]
            sigma[conn[at]] = keep * sigma[conn[at]] + part * (y * y)


def step(
    units: Any, start: Any, src: Any, wid: Any, conn: Any, per_unit: int, second: int,
    numbers: Any, u: Any, w: Any, c: Any
) -> None:  # fmt: skip
    """One step of weights that belong to one connection each.

    Rates are of units where `per_unit`, else of connections; then `second` divides them by
    mu + |sigma|.
    """
    one, zero = np.float32(1), np.float32(0)
    alpha, decay, mu = numbers[ALPHA], numbers[DECAY], numbers[MU]
    rest = one - alpha
    x, weight, delta = u[VAL], w[WEIGHT], w[DELTA]
    for k in range(units.shape[0]):
        j = units[k]
        g, e = u[GRAD, j], u[RATE, j]
        for at in range(start[j], start[j + 1]):
            i, n = src[at], wid[at]
            if not per_unit:
                e = c[CONN_RATE, conn[at]]
                if second:
                    e = e / (mu + abs(c[CONN_CURV, conn[at]]))
            if alpha == zero:
                change = x[i] * (g * e)
            elif per_unit:
                change = delta[n] * alpha + x[i] * (rest * (g * e))
            else:
                change = delta[n] * alpha + x[i] * ((rest * g) * e)
            delta[n] = change
            if decay == zero:
                weight[n] = weight[n] + change
            else:
                weight[n] = (one - e * decay) * weight[n] + change


def gather(
    units: Any, start: Any, src: Any, wid: Any, conn: Any, per_unit: int, u: Any, w: Any, c: Any
) -> None:
    """acc += x (g e) over the connections of units."""
    x, acc = u[VAL], w[ACC]
    for k in range(units.shape[0]):
        j = units[k]
        g = u[GRAD, j]
        part = g * u[RATE, j]
        for at in range(start[j], start[j + 1]):
            if not per_unit:
                part = g * c[CONN_RATE, conn[at]]
            acc[wid[at]] = acc[wid[at]] + x[src[at]] * part


def gather_curvature(units: Any, start: Any, wid: Any, conn: Any, w: Any, c: Any) -> None:
    """hess += sigma over the connections of units."""
    hess, sigma = w[HESS], c[CONN_CURV]
    for k in range(units.shape[0]):
        j = units[k]
        for at in range(start[j], start[j + 1]):
            hess[wid[at]] = hess[wid[at]] + sigma[conn[at]]


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


def tangents(
    units: Any, start: Any, src: Any, wid: Any, df: Any, table: Any, u: Any, w: Any
) -> None:
    """Derivatives of states along delta: r_j = f'(a_j) sum of (w r + delta x), kept in GRAD."""
    for k in range(units.shape[0]):
        j = units[k]
        total = np.float32(0)
        for at in range(start[j], start[j + 1]):
            i, n = src[at], wid[at]
            total = total + (w[WEIGHT, n] * u[GRAD, i] + w[DELTA, n] * u[VAL, i])
        u[GRAD, j] = value(df, table, u[SUM, j]) * total


# --- programs ---


def execute(
    program: Any, units: Any, functions: Any, table: Any, numbers: Any, noise: Any,
    into_start: Any, into_src: Any, into_wid: Any, into_conn: Any,
    out_start: Any, out_dst: Any, out_wid: Any, per_unit: int,
    u: Any, w: Any, c: Any, n_weights: int, result: Any
) -> None:  # fmt: skip
    """Run the operations of a program; `result` gets the error of the last cost."""
    for row in range(program.shape[0]):
        op, at, n = program[row, 0], program[row, 1], program[row, 2]
        f, g = program[row, 3], program[row, 4]
        some = units[at : at + n]
        if op == SUMS:
            sums(some, noise, into_start, into_src, into_wid, u, w)
        elif op == VALUES:
            values(some, functions[f], table, u)
        elif op == LMS:
            result[0] = lms(some, units[f : f + n], g, numbers[THRESHOLD], u)
        elif op == BACK_SUMS:
            back_sums(some, out_start, out_dst, out_wid, u, w)
        elif op == SLOPES:
            slopes(some, functions[f], table, u)
        elif op == BACK_CURVATURES:
            back_curvatures(some, out_start, out_dst, out_wid, u, w)
        elif op == CURVATURES:
            curvatures(some, functions[f], g >= 0, functions[max(g, 0)], table, u)
        elif op == AVERAGES:
            averages(some, into_start, into_src, into_conn, numbers[GAMMA], u, c)
        elif op == STEP:
            step(some, into_start, into_src, into_wid, into_conn, per_unit, f, numbers, u, w, c)
        elif op == CLEAR:
            for k in range(n_weights):
                w[f, k] = np.float32(0)
        elif op == GATHER:
            gather(some, into_start, into_src, into_wid, into_conn, per_unit, u, w, c)
        elif op == GATHER_CURVATURE:
            gather_curvature(some, into_start, into_wid, into_conn, w, c)
        elif op == SCALE:
            scale(n_weights, numbers[MU], w)
        elif op == CHANGE:
            change_weights(n_weights, numbers[ALPHA], w)
        elif op == MOVE:
            move_weights(n_weights, numbers[DECAY], w)
        elif op == TANGENTS:
            tangents(some, into_start, into_src, into_wid, functions[f], table, u, w)
