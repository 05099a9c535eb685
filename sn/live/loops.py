"""Loops: SN's walks over lists of connections in float32, as plain Python that Numba compiles.

`execute` runs the rows of a program, each an operation on some units: (operation, where its units
begin in `units`, how many they are, then what the operation says). Connections come by the lists
of `lists.py`: start, other, wid, conn. Machine code is made of the text of arithmetic.py and of
this module.

Source: SN 2.8 (sn-network, 5; sn-network-rounding).
Read next: walk.py, which calls them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sn.live.arithmetic import (
    ACC,
    ALPHA,
    BACK,
    BACK_CURV,
    CONN_CURV,
    CONN_RATE,
    CURV,
    DECAY,
    DELTA,
    GAMMA,
    GRAD,
    HESS,
    MU,
    RATE,
    SUM,
    THRESHOLD,
    VAL,
    WEIGHT,
    change_weights,
    curvatures,
    lms,
    move_weights,
    scale,
    slopes,
    value,
    values,
)  # fmt: skip

# operations
(
    SUMS, VALUES, LMS, BACK_SUMS, SLOPES, BACK_CURVATURES, CURVATURES, AVERAGES, STEP,
    CLEAR, GATHER, GATHER_CURVATURE, SCALE, CHANGE, MOVE, TANGENTS,
) = range(16)  # fmt: skip


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


def back_sums(units: Any, start: Any, dst: Any, wid: Any, u: Any, w: Any) -> None:
    """What comes back to units: b_i = sum of w g."""
    g, back, weight = u[GRAD], u[BACK], w[WEIGHT]
    for k in range(units.shape[0]):
        i = units[k]
        b = np.float32(0)
        for c in range(start[i], start[i + 1]):
            b = b + weight[wid[c]] * g[dst[c]]
        back[i] = b


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


def tangents(
    units: Any, start: Any, src: Any, wid: Any, df: Any, table: Any, u: Any, w: Any
) -> None:
    """Derivatives of states along delta, in GRAD: r_j = f'(a_j) (sum of w r + sum of delta x).

    All sums of the units come before their derivatives, as in a pass forward.
    """
    sums = np.zeros(units.shape[0], np.float32)
    for k in range(units.shape[0]):
        j = units[k]
        along, change = np.float32(0), np.float32(0)
        for at in range(start[j], start[j + 1]):
            i, n = src[at], wid[at]
            along = along + w[WEIGHT, n] * u[GRAD, i]
            change = change + w[DELTA, n] * u[VAL, i]
        sums[k] = along + change
    for k in range(units.shape[0]):
        j = units[k]
        u[GRAD, j] = value(df, table, u[SUM, j]) * sums[k]


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
            slope = np.zeros(u.shape[1], np.float32)
            for k in range(n):
                slope[some[k]] = value(functions[f], table, u[SUM, some[k]])
            curvatures(some, slope, g >= 0, functions[max(g, 0)], table, u)
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
