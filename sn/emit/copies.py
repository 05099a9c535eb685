"""Copies: states laid out anew, so that windows become runs of consecutive elements.

What lies where is known while the kernel is compiled; a copy is loads, shuffles and stores.

Read next: columns.py for the geometry, windows.py and frames.py for what reads the copies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sn.emit.vector import Builder, Index, Memory, Vec


def pieces(k: Builder, size: int) -> Iterator[tuple[Builder, int]]:
    """Cut `size` elements, a multiple of 8, into vectors, as `sweep` does, but written out."""
    whole = size // k.lanes * k.lanes
    for at in range(0, whole, k.lanes):
        yield k, at
    if whole < size:
        yield k.narrow(), whole


def gather(k: Builder, s: Memory, base: Index, lanes: Sequence[int], fill: float) -> Vec:
    """Build one vector from elements `lanes` after `base`; -1 gives `fill`."""
    width = len(lanes)
    if lanes[0] >= 0 and all(lane == lanes[0] + i for i, lane in enumerate(lanes)):
        return k.load(s, base + lanes[0], width)
    parts: list[tuple[Vec, dict[int, int]]] = []
    missing = [lane for lane, offset in enumerate(lanes) if offset >= 0]
    while missing:
        start = min(lanes[lane] for lane in missing)
        here = {lane: lanes[lane] - start for lane in missing if lanes[lane] - start < width}
        parts.append((k.load(s, base + start, width), here))
        missing = [lane for lane in missing if lane not in here]
    return _put_together(k, parts, width, fill)


def pick(k: Builder, vectors: Sequence[Vec], lanes: Sequence[int], fill: float) -> Vec:
    """Build one vector from lanes of several, counted through; -1 gives `fill`."""
    width = len(lanes)
    if list(lanes) == list(range(lanes[0], lanes[0] + width)) and lanes[0] % width == 0:
        return vectors[lanes[0] // width]
    parts = []
    for number, vector in enumerate(vectors):
        here = {i: lane % width for i, lane in enumerate(lanes) if lane // width == number}
        if here:
            parts.append((vector, here))
    return _put_together(k, parts, width, fill)


def _put_together(
    k: Builder, parts: list[tuple[Vec, dict[int, int]]], width: int, fill: float
) -> Vec:
    """Merge vectors of which some lanes are picked, two at a time, as one shuffle takes two."""
    while len(parts) > 1:
        paired = [_merged(k, *parts[i : i + 2]) for i in range(0, len(parts) - 1, 2)]
        parts = paired + (parts[-1:] if len(parts) % 2 else [])
    filled = k.constants([fill] * width)
    if not parts:
        return filled
    vector, picks = parts[0]
    return k.shuffle(vector, filled, [picks.get(lane, width + lane) for lane in range(width)])


def _merged(
    k: Builder, one: tuple[Vec, dict[int, int]], two: tuple[Vec, dict[int, int]]
) -> tuple[Vec, dict[int, int]]:
    """One vector with the picked lanes of two, each at its place."""
    (a, of_a), (b, of_b) = one, two
    width = a.value.type.count
    lanes = [of_a[lane] if lane in of_a else width + of_b.get(lane, lane) for lane in range(width)]
    return k.shuffle(a, b, lanes), {lane: lane for lane in (*of_a, *of_b)}
