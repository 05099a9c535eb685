"""Framing: the in maps copied into the frames, and the strips, of which packed.py makes windows.

Read next: packed.py.
"""

from __future__ import annotations

from dataclasses import replace

from sn.emit.copies import gather, pick, pieces
from sn.emit.memory import whole_vectors
from sn.emit.vector import LANES, Builder, Index, Memories, Vec
from sn.emit.windows.packed import Frames, Group


def copy(k: Builder, m: Memories, f: Frames) -> None:
    """Fill the frames, and the strips, with the states of the in maps.

    A store may reach past what it copies. What it writes there is the border's value, or is
    written again by a later store: sites, rows and strips are copied in the order they lie.
    """
    g = f.geometry
    (top, bottom), (left, right) = (
        (max(0, -g.offset[axis]), min(g.field[axis], size - g.offset[axis]))
        for axis, size in enumerate(g.frame)
    )
    for row in k.loop(bottom, start=top):
        here = row * g.field[1] + f.source
        line = f.place(k, m, 0, row + g.offset[0]) * f.row
        if f.width == 1:
            first, lanes = _row(f, left, right)
            for group in f.groups:
                base = here + (group.picked[0] * f.pitch + left)
                _spread(k, m, base, lanes, g.border, line + (group.frame + first))
            continue
        for first in range(left, right, LANES):
            _turn(k.narrow(), m, f, here + first, line, first, min(LANES, right - first))
    if f.strip:
        for group in f.groups:
            _cut(k, m, f, group)


def _row(f: Frames, left: int, right: int) -> tuple[int, list[int]]:
    """Where a copied row of one map starts in its frame, and its sites from `left` on as they lie.

    Up to whole vectors, -1 for the border.
    """
    start = left + f.geometry.offset[1]
    lanes = [*range(right - left)]
    if f.places >= 0:
        places = f.geometry.frame_places[1]
        at = dict(zip(places[start : start + right - left], lanes, strict=True))
        start, lanes = 0, [at.get(place, -1) for place in range(len(places))]
    return start, lanes + [-1] * (whole_vectors(len(lanes)) - len(lanes))


def _spread(k: Builder, m: Memories, base: Index, lanes: list[int], fill: float, at: Index) -> None:
    """Copy a row of one map; -1 gives `fill`."""
    for some, first in pieces(k, len(lanes)):
        vector = gather(some, m.s, base, lanes[first : first + some.lanes], fill)
        some.store(vector, m.s, at + first)


def _turn(
    k: Builder, m: Memories, f: Frames, base: Index, line: Index, first: int, count: int
) -> None:
    """Copy `count` sites of a row, all maps of a list side by side: 8 maps turned round at once."""
    maps = range(f.maps)
    blocks = []
    for start in range(0, f.maps, LANES):
        some = [
            k.load(m.s, base + plane * f.pitch) if plane in maps else k.constant(0)
            for plane in range(start, start + LANES)
        ]
        blocks.append(k.transpose(some))
    # sites that do not follow each other in memory must not reach into what another left there
    is_apart = f.places >= 0
    for group in f.groups:
        padded = [*group.picked, *[-1] * (whole_vectors(f.width) - len(group.picked))]
        for site in range(count):
            place = f.place(k, m, 1, first + site + f.geometry.offset[1])
            at = place * f.width + line + group.frame
            for start in range(0, len(padded), LANES):
                lanes = padded[start : start + LANES]
                vector = pick(k, [block[site] for block in blocks], lanes, f.geometry.border)
                _store(k, m, vector, at + start, min(LANES, f.width - start) if is_apart else LANES)


def _store(k: Builder, m: Memories, vector: Vec, at: Index, count: int) -> None:
    """Store the first `count` of 8 lanes, and nothing beside them."""
    first = 0
    for size in (8, 4, 2, 1):
        if count & size:
            lanes = range(first, first + size)
            part = vector if size == LANES else k.shuffle(vector, vector, lanes)
            k.store(part, m.s, at + first)
            first += size


def _cut(k: Builder, m: Memories, f: Frames, group: Group) -> None:
    """Copy the rows that each column of windows sees, one column after another.

    Rows of the border stay as they are, but for the one that the last store may reach into.
    """
    g, in_rows = f.geometry, replace(f, strip=0)
    row_of_strip = g.kernel[1] * f.width
    top, bottom = max(0, g.offset[0]), min(f.rows, g.field[0] + g.offset[0] + 1)
    if f.places >= 0:
        top, bottom = 0, f.rows
    for x in k.loop(g.grid[1]):
        for row in k.loop(bottom, start=top):
            base = in_rows.beside(k, m, x) + row * f.row + group.frame
            at = x * f.strip + row * row_of_strip + group.strips
            for some, first in pieces(k, whole_vectors(row_of_strip)):
                some.store(some.load(m.s, base + first), m.s, at + first)
