"""Loops: what draws change in patterns and masks, as plain Python that Numba compiles.

`kernels.py` compiles the text of this module apart, so it imports nothing of SN, and tests run it
as it stands. Every random number is that of a counter: the number of the presentation, what it is
for, and which of four words. So nothing depends on what was drawn before, and a run that goes on
draws what it would have drawn.

Whole numbers are of 64 bits and may wrap: only their lower half counts.

Read next: draws.py for who calls these.
"""

from __future__ import annotations

import math
from typing import Any

LOW = 0xFFFFFFFF
# what a number is drawn for; a dropped layer adds its number, a phase OF_A_PHASE times its own
PLACE, NOISE, ELASTIC, DROPOUT, OF_A_PHASE = 1, 2, 3, 16, 65536


def philox(a: int, b: int, c: int, d: int, key: int, other: int) -> tuple[int, int, int, int]:
    """Return four random words of 32 bits for a counter of four and a key of two.

    Source: Salmon et al. 2011, Philox4x32-10.
    """
    for _ in range(10):
        first, second = a * 0xD2511F53, c * 0xCD9E8D57
        a, b = ((second >> 32) & LOW) ^ b ^ key, second & LOW
        c, d = ((first >> 32) & LOW) ^ d ^ other, first & LOW
        key, other = (key + 0x9E3779B9) & LOW, (other + 0xBB67AE85) & LOW
    return a, b, c, d


def sine(x: float) -> float:
    """Return sin x of |x| up to pi, the same bits everywhere: its series to x^23."""
    square, term, total = x * x, x, x
    for n in range(1, 12):
        term = -term * square / (2 * n * (2 * n + 1))
        total += term
    return total


def spread(word: int) -> float:
    """Return a word as a number between -1 and 1, neither reached."""
    return (2 * word + 1) / 4294967296.0 - 1.0


def minus_log(p: float) -> float:
    """Return -log p of 0 < p < 1: with p = m 2^e, log m = log c + 2 atanh((m - c) / (m + c))."""
    e = 0
    while p < 0.5:
        p *= 2.0
        e -= 1
    c = 0.7071067811865476
    t = (p - c) / (p + c)
    square, total = t * t, 0.0
    for n in range(19, 0, -2):
        total = total * square + 1.0 / n
    return 0.6931471805599453 * (0.5 - e) - 2.0 * t * total


def gauss(u: float) -> float:
    """Return a draw between -1 and 1 as one of a Gaussian of mean 0 and deviation 1.

    Source: Wichura 1988, algorithm AS 241, PPND7; see net/gaussian.py.
    """
    q = 0.5 * u
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        above = ((59.10937472 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179
        below = ((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0
        return q * above / below
    root = math.sqrt(minus_log(0.5 - abs(q)))
    if root <= 5.0:
        r = root - 1.6
        above = ((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777
        below = (0.12021132975 * r + 0.73700164250) * r + 1.0
    else:
        r = root - 5.0
        above = ((0.017337203997 * r + 0.42868294337) * r + 3.0812263860) * r + 6.6579051150
        below = (0.012258202635 * r + 0.24197894225) * r + 1.0
    return above / below if q > 0 else -above / below


def masks(
    out: Any,
    n: int,
    start: int,
    width: int,
    threshold: int,
    scale: float,
    purpose: int,
    first: int,
    key: int,
    other: int,
) -> None:
    """Fill columns start, ..., start + width - 1 of `n` rows: 0 for units left out, else `scale`.

    A unit is left out where its word is below `threshold`; rows are presentations from `first`.
    """
    row = out.shape[0] // n
    for i in range(n):
        shown, at = first + i, i * row + start
        for block in range((width + 3) // 4):
            words = philox(shown & LOW, shown >> 32, purpose, block, key, other)
            for lane in range(min(4, width - 4 * block)):
                kept = words[lane] >= threshold
                out[at + 4 * block + lane] = scale if kept else 0.0


def smooth(field: Any, start: int, rows: int, cols: int, weights: Any, line: Any) -> None:
    """Spread each number of a field over its neighbours, along columns and rows.

    `weights` are those of a number and of its neighbours at distance 1, 2, ...; outside are
    zeros. Field from `start` on, (rows * cols,); line: as long as a row and a column.
    """
    reach = weights.shape[0]
    for axis in range(2):
        count, length = (cols, rows) if axis == 0 else (rows, cols)
        step, apart = (cols, 1) if axis == 0 else (1, cols)
        for i in range(count):
            first = start + i * apart
            for j in range(length):
                line[j] = field[first + j * step]
            for j in range(length):
                total = weights[0] * line[j]
                for far in range(1, reach):
                    before = line[j - far] if j - far >= 0 else 0.0
                    behind = line[j + far] if j + far < length else 0.0
                    total += weights[far] * (before + behind)
                field[first + j * step] = total


def augment(
    x: Any,
    order: Any,
    out: Any,
    shape: Any,
    how: Any,
    weights: Any,
    field: Any,
    purpose: int,
    first: int,
    key: int,
    other: int,
) -> None:
    """Copy patterns order[0], ... moved, turned, scaled and with noise; presentations from `first`.

    Shapes: x: (all patterns * size,), out: (patterns * size,); shape: (maps, rows, columns); how:
    (8,) float64: shifts down and across in pixels, no more than there are, angle in radians, part
    by which sizes change, deviation of the noise, fill, 1 to wrap, how far pixels are displaced;
    weights: see `smooth`; field: room for two displacements a pixel, then a line.
    """
    maps, rows, cols = shape[0], shape[1], shape[2]
    size = maps * rows * cols
    down, across, angle, part, noise, fill = how[0], how[1], how[2], how[3], how[4], how[5]
    wraps, elastic = how[6] > 0, how[7]
    is_bent, pixels = angle > 0 or part > 0 or elastic > 0, rows * cols
    for i in range(order.shape[0]):
        shown, source, target = first + i, order[i] * size, i * size
        a, b, c, d = philox(shown & LOW, shown >> 32, purpose + PLACE, 0, key, other)
        # whole numbers from -n to n, each as likely to 2^-32
        dy = (a * (2 * int(down) + 1) >> 32) - int(down)
        dx = (b * (2 * int(across) + 1) >> 32) - int(across)
        if not is_bent:
            for m in range(maps):
                for y in range(rows):
                    from_y = y - dy
                    if wraps:
                        from_y += rows if from_y < 0 else -rows if from_y >= rows else 0
                    is_in = 0 <= from_y < rows
                    at = target + (m * rows + y) * cols
                    for z in range(cols):
                        from_x = z - dx
                        if wraps:
                            from_x += cols if from_x < 0 else -cols if from_x >= cols else 0
                        if is_in and 0 <= from_x < cols:
                            out[at + z] = x[source + (m * rows + from_y) * cols + from_x]
                        else:
                            out[at + z] = fill
        else:
            turn = angle * spread(c)
            grown = 1.0 + part * spread(d)
            s, co = sine(turn) / grown, sine(1.5707963267948966 - abs(turn)) / grown
            middle_y, middle_x = 0.5 * (rows - 1), 0.5 * (cols - 1)
            if elastic > 0:
                for block in range((2 * pixels + 3) // 4):
                    words = philox(shown & LOW, shown >> 32, purpose + ELASTIC, block, key, other)
                    for lane in range(min(4, 2 * pixels - 4 * block)):
                        field[4 * block + lane] = spread(words[lane])
                for axis in range(2):
                    smooth(field, axis * pixels, rows, cols, weights, field[2 * pixels :])
            for y in range(rows):
                for z in range(cols):
                    v, u = y - dy - middle_y, z - dx - middle_x
                    real_y, real_x = middle_y + co * v - s * u, middle_x + s * v + co * u
                    if elastic > 0:
                        real_y += elastic * field[y * cols + z]
                        real_x += elastic * field[pixels + y * cols + z]
                    top, left = math.floor(real_y), math.floor(real_x)
                    below, beside = real_y - top, real_x - left
                    for m in range(maps):
                        total = 0.0
                        for corner in range(4):
                            from_y, from_x = top + (corner >> 1), left + (corner & 1)
                            weight = below if corner >> 1 else 1.0 - below
                            weight *= beside if corner & 1 else 1.0 - beside
                            if wraps:
                                from_y %= rows
                                from_x %= cols
                            if 0 <= from_y < rows and 0 <= from_x < cols:
                                total += weight * x[source + (m * rows + from_y) * cols + from_x]
                            else:
                                total += weight * fill
                        out[target + (m * rows + y) * cols + z] = total
        if noise > 0:
            for block in range((size + 3) // 4):
                words = philox(shown & LOW, shown >> 32, purpose + NOISE, block, key, other)
                for lane in range(min(4, size - 4 * block)):
                    out[target + 4 * block + lane] += noise * gauss(spread(words[lane]))
