"""Grids: find where the units of each layer lie, read off the rows, before rules look at them.

A net made unit by unit has flat layers, in whatever order its units were created. Windows still
show in the rows, in three ways: by the numbers of the units where they were made in order
(ordered.py), by the weights that units share in any order, and by the sites that windows have in
common (both in shuffled/). Grids are a plan's own matter: patterns, outputs and messages keep the
numbers that the program gave.

Read next: recognise.py.
"""

from __future__ import annotations

import dataclasses
from itertools import islice

import numpy as np

from sn.lower.ir import Grid, Part, laid_out
from sn.lower.ordered import Coordinates, declared, source_grid, window_grid
from sn.lower.parts import parts_into
from sn.lower.rules.subsample import match_subsample
from sn.lower.rules.windows import match_windows
from sn.lower.shuffled import shared_layout, unshared_layouts
from sn.net.table import ConnectionTable

Known = dict[int, Coordinates]  # by layer index
TRIES, ROWS = 16, 1_000_000  # layouts of unshared windows held against the rows; more of few rows


def find_grids(table: ConnectionTable) -> tuple[Grid, ...]:
    """Return the grid of every layer: as declared, or for a flat one as found in the rows."""
    known = {
        index: declared(layer) for index, layer in enumerate(table.layers) if len(layer.shape) > 1
    }
    if len(known) < len(table.layers):
        parts = [part for part in _between_layers(table) if not _is_full(table, part)]
        grids: dict[tuple[int, bool], Coordinates | None] = {}
        # small shuffled layers look ordered by chance: numbers come first where they give windows
        for part in parts:
            share = 0.5 if _shares(table, part) else 1.0
            _by_numbers(table, part, known, grids, share)
        # units that shared sites link along both axes say more than those linked along one
        for axes in (2, 0):
            for part in parts:
                _by_weights(table, part, known, axes)
        for share in (1.0, 0.5):
            for part in parts:
                _by_overlaps(table, part, known, share)
            for part in parts:
                _by_numbers(table, part, known, grids, share)
        for part in parts:
            _by_numbers(table, part, known, grids, share=0.0)
    return _grids(table, known)


def _between_layers(table: ConnectionTable) -> list[Part]:
    return [
        part for dst in range(len(table.layers)) for part in parts_into(table, dst) if part.src >= 0
    ]


def _is_full(table: ConnectionTable, part: Part) -> bool:
    """Whether every unit sees every other, and no border, by a weight of its own."""
    if len(part.rows) != table.layers[part.dst].size * table.layers[part.src].size:
        return False
    has_border = not np.isnan(table.constant[table.src[part.rows]]).all()
    return not has_border and bool(np.bincount(table.wid[part.rows]).max() == 1)


def _shares(table: ConnectionTable, part: Part) -> bool:
    """Whether most rows share their weight, so that weights can tell more than numbers."""
    wid = table.wid[part.rows]
    return bool(2 * np.count_nonzero(np.bincount(wid)[wid] > 1) >= len(wid))


def _by_numbers(
    table: ConnectionTable,
    part: Part,
    known: Known,
    grids: dict[tuple[int, bool], Coordinates | None],
    share: float,
) -> None:
    """Lay out the layers of a part if units were made in the order of a grid below.

    `grids` remembers the grids of layers below. `share`: of the rows that windows have to hold.
    """
    # the sites of dilated windows lie in more than one grid, in one of which they are windows
    for spread in (False, True) if share else (False,):
        fresh = dict(known)
        if part.src not in fresh:
            if (part.src, spread) not in grids:
                grids[part.src, spread] = source_grid(table, part.src, spread)
            below = grids[part.src, spread]
            if below is None:
                continue
            fresh[part.src] = below
        elif spread:
            return
        if part.dst not in fresh:
            above = window_grid(table, part, fresh[part.src])
            if above is not None:
                fresh[part.dst] = above
        if len(fresh) > len(known) and (not share or _has_windows(table, part, fresh, share)):
            known.update(fresh)
            return


def _has_windows(table: ConnectionTable, part: Part, known: Known, share: float) -> bool:
    """Whether windows come out that have so large a share of the rows."""
    columns = {name: getattr(table, name)[part.rows] for name in ("dst", "src", "wid", "group")}
    alone = laid_out(dataclasses.replace(table, **columns), _grids(table, known))
    whole = dataclasses.replace(part, rows=np.arange(alone.n_rows))
    if match_subsample(alone, whole) is not None:
        return True
    found, _ = match_windows(alone, whole)
    return found is not None and bool(np.mean(found.held) >= share)


def _by_weights(table: ConnectionTable, part: Part, known: Known, axes: int) -> None:
    """Lay out the layers of a part by shared weights, if links go along `axes` axes at least."""
    if part.src in known:
        return
    found = shared_layout(table, part, known.get(part.dst))
    if found is not None and found.axes >= axes:
        known[part.src] = found.src
        known[part.dst] = found.dst


def _by_overlaps(table: ConnectionTable, part: Part, known: Known, share: float) -> None:
    """Lay out both layers of a part that shares no weights, if windows hold this share of it."""
    if part.src in known or part.dst in known or _shares(table, part):
        return
    tries = TRIES + ROWS // len(part.rows)
    for below, above in islice(unshared_layouts(table, part, is_strict=share == 1.0), tries):
        fresh = {**known, part.src: below, part.dst: above}
        if _has_windows(table, part, fresh, share):
            known.update(fresh)
            return


def _grids(table: ConnectionTable, known: Known) -> tuple[Grid, ...]:
    grids = []
    for index, layer in enumerate(table.layers):
        place = known.get(index)
        if place is None or len(layer.shape) > 1:
            grids.append(Grid.of(layer))
            continue
        order = np.lexsort((place.col, place.row, place.plane)).astype(np.int32)
        grids.append(Grid(_shape(place.sizes), order))
    return tuple(grids)


def _shape(sizes: tuple[int, int, int]) -> tuple[int, ...]:
    maps, rows, cols = sizes
    if rows == 1:
        return (maps, cols) if maps > 1 else (cols,)
    return (maps, rows, cols) if maps > 1 else (rows, cols)
