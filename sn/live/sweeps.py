"""Sweeps: many presentations of one program in a row, as plain Python that Numba compiles.

`loops.py` walks lists and may be asked for any single operation; here all operations of a
presentation are known, and sums come 16 at a time from `slices.py`. The bits are the same.

Machine code is made of the text of arithmetic.py and of this module. Rows of the program:
(operation, where its units begin in `units` or its slices in `heads`, how many they are, then what
the operation says).

Source: SN 2.8 (sn-network, 5; sn-network-rounding).
Read next: presenter.py, which writes the programs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sn.live.arithmetic import (
    ACC,
    ALPHA,
    BACK,
    BACK_CURV,
    CURV,
    DECAY,
    DELTA,
    DTANH,
    GAMMA,
    GRAD,
    HESS,
    MU,
    RATE,
    SUM,
    TANH,
    THRESHOLD,
    VAL,
    WEIGHT,
    change_weights,
    curvatures,
    lms,
    move_weights,
    scale,
    value,
    values,
)  # fmt: skip
from sn.live.lanes import gather_averaged, gather_damped, gather_stepped, gather_sums, tanh_lanes

# operations
(
    ADD_UP, VALUES, COST, ADD_UP_BACK, SLOPES, PARTS, GATHER, SCALE, CHANGE, MOVE,
    ADD_UP_BACK_CURVATURES, CURVATURES, AVERAGE, OWN_STEP, SQUARES, CLEAR, STILL, ALONG,
    TANGENTS,
) = range(19)  # fmt: skip
# how rates enter what is gathered: by unit, by connection, by connection over mu + |sigma|
BY_UNIT, BY_CONNECTION, DAMPED = range(3)
# rows of scratch numbers of units, and of weights
PART, SQUARE, SLOPE = range(3)
OWN_RATE, WEIGHT_SQUARE = range(2)


def begin(sums: Any, ends: Any, at: int, out: Any) -> None:
    """Begin the sums of a slice with what is there."""
    for lane in range(16):
        end = ends[at + lane]
        sums[lane] = out[end] if end >= 0 else np.float32(0)


def scatter(sums: Any, ends: Any, at: int, out: Any) -> None:
    """Put the sums of a slice where they go."""
    for lane in range(16):
        end = ends[at + lane]
        if end >= 0:
            out[end] = sums[lane]


def add_up(
    first: int, n: int, heads: Any, segments: Any, stream: Any, ends: Any, a: Any, b: Any,
    sums: Any, out: Any
) -> None:  # fmt: skip
    """Sums of a b, slice by slice."""
    zero = np.float32(0)
    for k in range(first, first + n):
        h, to, end = heads[k], sums, 0
        if h[4]:
            to, end = out, ends[16 * k]
        gather_sums(segments, h[0], h[1], stream, h[2], a, b, a, a, h[3], zero, to, end, 1)
        if not h[4]:
            scatter(sums, ends, 16 * k, out)


def gather(
    first: int, n: int, how: int, heads: Any, segments: Any, stream: Any, ends: Any, x: Any,
    part: Any, e: Any, s: Any, mu: Any, sums: Any, out: Any
) -> None:  # fmt: skip
    """Add x times part to what is there, slice by slice, with the rates of `how`."""
    for k in range(first, first + n):
        h, to, end = heads[k], sums, 0
        if h[4]:
            to, end = out, ends[16 * k]
        else:
            begin(sums, ends, 16 * k, out)
        if how == BY_UNIT:
            gather_sums(segments, h[0], h[1], stream, h[2], x, part, e, s, h[3], mu, to, end, 0)
        elif how == BY_CONNECTION:
            gather_stepped(segments, h[0], h[1], stream, h[2], x, part, e, s, h[3], mu, to, end, 0)
        else:
            gather_damped(segments, h[0], h[1], stream, h[2], x, part, e, s, h[3], mu, to, end, 0)
        if not h[4]:
            scatter(sums, ends, 16 * k, out)


def average(
    first: int, n: int, heads: Any, segments: Any, stream: Any, ends: Any, x2: Any, part: Any,
    s: Any, keep: Any, sums: Any, out: Any
) -> None:  # fmt: skip
    """Average the curvatures of connections, s = keep s + part x x, and add them up."""
    for k in range(first, first + n):
        h, to, end = heads[k], sums, 0
        if h[4]:
            to, end = out, ends[16 * k]
        else:
            begin(sums, ends, 16 * k, out)
        gather_averaged(segments, h[0], h[1], stream, h[2], x2, part, s, s, h[3], keep, to, end, 0)
        if not h[4]:
            scatter(sums, ends, 16 * k, out)


def add_along(
    first: int, n: int, heads: Any, segments: Any, stream: Any, ends: Any, u: Any, w: Any,
    sums: Any, out: Any
) -> None:  # fmt: skip
    """The sum of w r plus the sum of delta x, slice by slice; r stands in GRAD."""
    zero, weight, delta, r, x = np.float32(0), w[WEIGHT], w[DELTA], u[GRAD], u[VAL]
    for k in range(first, first + n):
        h = heads[k]
        gather_sums(segments, h[0], h[1], stream, h[2], weight, r, r, r, h[3], zero, sums, 0, 1)
        scatter(sums, ends, 16 * k, out)
        gather_sums(segments, h[0], h[1], stream, h[2], delta, x, x, x, h[3], zero, sums, 0, 1)
        for lane in range(16):
            end = ends[16 * k + lane]
            if end >= 0:
                out[end] = out[end] + sums[lane]


def lane_values(units: Any, p: Any, table: Any, sums: Any, u: Any) -> None:
    """States, 16 at a time where they are those of a tanh."""
    if int(p[0]) != TANH:
        values(units, p, table, u)
        return
    a, b, c, d = p[1], p[2], p[3], p[4]
    n = units.shape[0]
    for first in range(0, n, 16):
        m = min(16, n - first)
        for lane in range(m):
            sums[lane] = b * u[SUM, units[first + lane]]
        tanh_lanes(sums)
        for lane in range(m):
            j = units[first + lane]
            u[VAL, j] = (a * sums[lane] + d) + c * u[SUM, j]


def lane_derivatives(units: Any, p: Any, table: Any, sums: Any, u: Any, out: Any) -> None:
    """Derivatives of a non-linearity at the total inputs, 16 at a time where of a tanh."""
    n = units.shape[0]
    if int(p[0]) != DTANH:
        for k in range(n):
            out[units[k]] = value(p, table, u[SUM, units[k]])
        return
    ab, b, c = p[1] * p[2], p[2], p[3]
    for first in range(0, n, 16):
        m = min(16, n - first)
        for lane in range(m):
            sums[lane] = b * u[SUM, units[first + lane]]
        tanh_lanes(sums)
        for lane in range(m):
            t = sums[lane]
            out[units[first + lane]] = (ab + c) - ab * (t * t)


def parts(n: int, how: int, numbers: Any, owns: int, u: Any, scratch: Any) -> None:
    """What of a unit is gathered: its gradient, times its rate where rates are of units.

    Where connections own their weights, the share of a new change comes in here: behind the rate
    of a unit, but before that of a connection (`owns` 2).
    """
    rest = np.float32(1) - numbers[ALPHA]
    shares = owns > 0 and numbers[ALPHA] != np.float32(0)
    for j in range(n):
        part = u[GRAD, j]
        if shares and owns == 2:
            part = rest * part
        if how == BY_UNIT:
            part = part * u[RATE, j]
        if shares and owns == 1:
            part = rest * part
        scratch[PART, j] = part


def own_step(n: int, how: int, numbers: Any, w: Any, weights: Any) -> None:
    """Move weights that connections own: delta = alpha delta + acc, w = (1 - e decay) w + delta."""
    one, zero = np.float32(1), np.float32(0)
    alpha, decay, mu = numbers[ALPHA], numbers[DECAY], numbers[MU]
    for k in range(n):
        change = w[ACC, k]
        if alpha != zero:
            change = w[DELTA, k] * alpha + change
        w[DELTA, k] = change
        if decay == zero:
            w[WEIGHT, k] = w[WEIGHT, k] + change
        else:
            e = weights[OWN_RATE, k]
            if how == DAMPED:
                e = e / (mu + abs(w[HESS, k]))
            w[WEIGHT, k] = (one - e * decay) * w[WEIGHT, k] + change


def squares(n_units: int, n_weights: int, u: Any, w: Any, s: Any, v: Any) -> None:
    """Squares of states and of weights."""
    for j in range(n_units):
        s[SQUARE, j] = u[VAL, j] * u[VAL, j]
    for k in range(n_weights):
        v[WEIGHT_SQUARE, k] = w[WEIGHT, k] * w[WEIGHT, k]


def sweep(
    order: Any, patterns: Any, targets: Any, inputs: Any, desired: Any, outputs: Any,
    program: Any, units: Any, functions: Any, table: Any, numbers: Any,
    heads: Any, segments: Any, stream: Any, ends: Any,
    u: Any, w: Any, s: Any, v: Any, rates: Any, sigma: Any,
    n_units: int, n_weights: int, has_curvature: int, what: int, errors: Any, outs: Any
) -> None:  # fmt: skip
    """Present patterns in an order, each with all operations of the program.

    errors: (n,), outs: (n, outputs): the error of the cost and the field `what` of the outputs.
    u, w: fields of units and weights; s, v: scratch numbers of them; rates, sigma: of connections,
    as the slices that gather read them.
    """
    sums = np.zeros(16, np.float32)
    for shown in range(order.shape[0]):
        pattern = order[shown]
        for k in range(inputs.shape[0]):
            u[VAL, inputs[k]] = patterns[pattern, k]
        for k in range(desired.shape[0]):
            u[VAL, desired[k]] = targets[pattern, k]
        for row in range(program.shape[0]):
            op, at, n = program[row, 0], program[row, 1], program[row, 2]
            f, g = program[row, 3], program[row, 4]
            if op == ADD_UP:
                add_up(at, n, heads, segments, stream, ends, w[WEIGHT], u[VAL], sums, u[SUM])
            elif op == VALUES:
                lane_values(units[at : at + n], functions[f], table, sums, u)
            elif op == COST:
                errors[shown] = lms(outputs, desired, g, numbers[THRESHOLD], u)
                if has_curvature:
                    for k in range(outputs.shape[0]):
                        u[BACK_CURV, outputs[k]] = np.float32(1)
            elif op == ADD_UP_BACK:
                add_up(at, n, heads, segments, stream, ends, w[WEIGHT], u[GRAD], sums, u[BACK])
            elif op == SLOPES:
                some = units[at : at + n]
                lane_derivatives(some, functions[f], table, sums, u, s[SLOPE])
                for k in range(n):
                    u[GRAD, some[k]] = u[BACK, some[k]] * s[SLOPE, some[k]]
            elif op == PARTS:
                parts(n_units, f, numbers, g, u, s)
            elif op == CLEAR:
                for k in range(n_weights):
                    w[f, k] = np.float32(0)
            elif op == GATHER:
                gather(
                    at, n, f, heads, segments, stream, ends, u[VAL], s[PART], rates, sigma,
                    numbers[MU], sums, w[ACC],
                )  # fmt: skip
            elif op == SCALE:
                scale(n_weights, numbers[MU], w)
            elif op == CHANGE:
                change_weights(n_weights, numbers[ALPHA], w)
            elif op == MOVE:
                move_weights(n_weights, numbers[DECAY], w)
            elif op == OWN_STEP:
                own_step(n_weights, f, numbers, w, v)
            elif op == SQUARES:
                squares(n_units, n_weights, u, w, s, v)
            elif op == ADD_UP_BACK_CURVATURES:
                add_up(
                    at, n, heads, segments, stream, ends, v[WEIGHT_SQUARE], u[CURV], sums,
                    u[BACK_CURV],
                )  # fmt: skip
            elif op == CURVATURES:
                some = units[at : at + n]
                if f >= 0:
                    lane_derivatives(some, functions[f], table, sums, u, s[SLOPE])
                curvatures(some, s[SLOPE], g >= 0, functions[max(g, 0)], table, u)
            elif op == AVERAGE:
                for k in range(n_units):
                    s[PART, k] = numbers[GAMMA] * u[CURV, k]
                keep = np.float32(1) - numbers[GAMMA]
                average(
                    at, n, heads, segments, stream, ends, s[SQUARE], s[PART], sigma, keep, sums,
                    w[HESS],
                )  # fmt: skip
            elif op == STILL:
                for k in range(n):
                    u[GRAD, units[at + k]] = np.float32(0)
            elif op == ALONG:
                add_along(at, n, heads, segments, stream, ends, u, w, sums, s[PART])
            elif op == TANGENTS:
                some = units[at : at + n]
                lane_derivatives(some, functions[f], table, sums, u, s[SLOPE])
                for k in range(n):
                    u[GRAD, some[k]] = s[SLOPE, some[k]] * s[PART, some[k]]
        for k in range(outputs.shape[0]):
            outs[shown, k] = u[what, outputs[k]]
