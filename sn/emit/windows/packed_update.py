"""Updates of frames: the weights of a convolution section with vectors along the taps move on.

A tile of vectors of weights is summed over all positions in registers, and applied at once. Read
next: packed.py, what lies where and the forward pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TypeAlias

from sn.emit.copies import pieces
from sn.emit.memory import whole_vectors
from sn.emit.update import Rule
from sn.emit.vector import LANES, PARTIAL, Builder, Index, Memories, Vec
from sn.emit.windows.packed import WRITTEN_OUT, Frames


def update(k: Builder, m: Memories, f: Frames, weights_at: int, rule: Rule, to_curv: int) -> None:
    """d_w[a] = sum over positions of grad[a, y, x] * window, applied at once.

    The code of up to WRITTEN_OUT blocks of a run is written out; of more, a loop does those that
    are alike.
    """
    runs, depth = f.tile
    for some, turns in _tiles(k, f, depth):
        for turn in k.loop(turns):
            on = turn * (depth * k.lanes)
            for maps in f.updates:
                for grads, weights, windows in maps.loop(k, m):
                    window = k.index(m.t, windows) + on
                    kernels = [weight + weights_at + on for weight in weights]
                    for run, count in k.blocks(f.runs.count, runs):
                        cuts = [(one, extra, at) for extra in range(count) for one, at in some]
                        _tile(k, m, f, maps.used, grads, kernels, window, run, cuts, rule, to_curv)


def _tiles(k: Builder, f: Frames, depth: int) -> Iterator[tuple[list[tuple[Builder, int]], int]]:
    """Cut the vectors of a run into tiles of `depth`: the first of those that are alike, how many.

    Alike are tiles that follow each other and whose vectors have weights in the same lanes.
    """
    vectors = list(pieces(k, whole_vectors(f.runs.length)))
    tiles = [vectors[first : first + depth] for first in range(0, len(vectors), depth)]
    if f.runs.length <= WRITTEN_OUT * PARTIAL:
        yield from ((some, 1) for some in tiles)
        return
    used = {maps.used for maps in f.updates}

    def weights(some: list[tuple[Builder, int]]) -> list[list[bool]]:
        return [_has_weight(one, f, n, at) for one, at in some for n in sorted(used)]

    for _, alike in groupby(tiles, weights):
        first, *more = alike
        yield first, 1 + len(more)


Cut: TypeAlias = tuple[Builder, int, int]


def _tile(
    k: Builder,
    m: Memories,
    f: Frames,
    used: int,
    grads: Sequence[Index],
    weights: Sequence[Index],
    window: Index,
    run: Index,
    cuts: Sequence[Cut],
    rule: Rule,
    to_curv: int,
) -> None:
    """Update some vectors of some kernels; `cuts`: (verbs, runs after `run`, element of it)."""
    site = run * f.steps[2] + window
    descents = _sums(k, m, f, grads, site, cuts, False)
    curvs: list[list[Vec]] | None = None
    if rule.second:
        curvs = _sums(k, m, f, [grad + to_curv for grad in grads], site, cuts, True)
    for i, weight in enumerate(weights):
        for number, (some, extra, at) in enumerate(cuts):
            descent = _without_pads(some, f, used, at, descents[i][number])
            curv = _without_pads(some, f, used, at, curvs[i][number]) if curvs else None
            rule.apply(some, weight + (run + extra) * f.runs.pitch + at, descent, curv)


def _sums(
    k: Builder,
    m: Memories,
    f: Frames,
    grads: Sequence[Index],
    site: Index,
    cuts: Sequence[Cut],
    square: bool,
) -> list[list[Vec]]:
    """Per out map and vector: the sum over positions of gradient times state."""
    g = f.geometry
    cells = [[some.cell(some.constant(0)) for some, _, _ in cuts] for _ in grads]

    def add(held: list[list[Vec]], y: Index, x: Index | int) -> list[list[Vec]]:
        here = f.down(k, m, y) + f.beside(k, m, x) + site
        states = [some.load(m.s, here + (extra * f.steps[2] + at)) for some, extra, at in cuts]
        if square:
            states = [state * state for state in states]
        result = []
        for row, grad in zip(held, grads, strict=True):
            value = k.spread(m.s, grad + y * g.grid[1] + x)
            low = k.shuffle(value, value, range(LANES))
            values = [value if some.lanes == k.lanes else low for some, _, _ in cuts]
            added = zip(cuts, states, values, row, strict=True)
            result.append([some.fma(a, b, total) for (some, _, _), a, b, total in added])
        return result

    def put(held: list[list[Vec]]) -> None:
        for row, values in zip(cells, held, strict=True):
            for cell, value in zip(row, values, strict=True):
                cell.set(value)

    for y in k.loop(g.grid[0]):
        # written out where that is not much code: a presentation should fit the code cache
        if g.grid[1] * len(cuts) * len(grads) > 64:
            for x in k.loop(g.grid[1]):
                put(add([[cell.get() for cell in row] for row in cells], y, x))
            continue
        held = [[cell.get() for cell in row] for row in cells]
        for column in range(g.grid[1]):
            held = add(held, y, column)
        put(held)
    return [[cell.get() for cell in row] for row in cells]


def _without_pads(k: Builder, f: Frames, used: int, at: int, value: Vec) -> Vec:
    """Put 0 where a vector of a run has no weight; of each site `used` elements have."""
    has_weight = _has_weight(k, f, used, at)
    if all(has_weight):
        return value
    lanes = [lane if has else k.lanes for lane, has in enumerate(has_weight)]
    return k.shuffle(value, k.constant(0), lanes)


def _has_weight(k: Builder, f: Frames, used: int, at: int) -> list[bool]:
    return [e < f.runs.length and e % f.width < used for e in range(at, at + k.lanes)]
