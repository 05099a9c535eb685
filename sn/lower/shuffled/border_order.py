"""Border order: windows that share no sites, ordered by what the border cuts off.

Such windows could lie in any order but for the border, which cuts those of the first and last row
and column. Where weights are shared, the taps that are cut make kinds of windows, which are a
product of at most three kinds of rows and three of columns. Else how much is cut has to do: what
is inside is the product of a part of the rows and a part of the columns.

Read next: shared_positions.py, components.py, which ask for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, combinations_with_replacement, product
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sn.net.layer import Ints

MOST = 9  # kinds: a first, a last and another row, and the same of columns

Parts: TypeAlias = tuple[Fraction, ...]  # of the windows along an axis that the border leaves
Kind: TypeAlias = tuple[float, ...]  # components of one kind see as much, the border included


def places_by_cut(inside: NDArray[np.bool_]) -> Iterator[tuple[Ints, Ints]]:
    """Yield the row and column of windows, (n,) each, from which taps they have inside: (n, taps).

    Windows of one kind are dealt out in their order.
    """
    kinds, kind, counts = np.unique(inside, axis=0, return_inverse=True, return_counts=True)
    if len(kinds) > MOST:
        return
    kind = kind.ravel()
    shared = kinds.astype(np.int64) @ kinds.T
    for grid in _grids(shared, counts):
        down, right = counts[grid[:, 0]], counts[grid[0]]
        # the border cuts one row and column at either end, so that the rarest are single
        if len(right) > 1:
            right = right // right.min()
            down = down // right[0]
        else:
            down = down // down.min()
            right = right // down[0]
        if np.array_equal(np.outer(down, right), counts[grid]):
            rows = _ordered(shared.diagonal()[grid[:, 0]], down)
            cols = _ordered(shared.diagonal()[grid[0]], right)
            yield _dealt_out(kind, grid[np.ix_(rows, cols)].ravel().tolist(), len(rows), len(cols))


def _grids(shared: NDArray[np.int64], counts: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Yield kinds as rows and columns: (kinds of rows, kinds of columns).

    shared: how many taps two kinds have in common. That is a product of what their rows and what
    their columns have in common.
    """
    size = shared.diagonal()
    corner = int(np.lexsort((-counts, size))[0])
    others = [one for one in range(len(counts)) if one != corner]
    for down in range(3):
        for right in range(3):
            if (down + 1) * (right + 1) != len(counts):
                continue
            for rows in combinations(others, down):
                for cols in combinations([one for one in others if one not in rows], right):
                    found = _filled([corner, *rows], [corner, *cols], shared)
                    if found is not None:
                        yield found


def _filled(
    rows: list[int], cols: list[int], shared: NDArray[np.int64]
) -> NDArray[np.int64] | None:
    """Find the kinds in the rows and columns that these kinds of the first ones begin."""
    corner = rows[0]
    found = np.empty((len(rows), len(cols)), np.int64)
    found[:, 0], found[0] = rows, cols
    free = [one for one in range(len(shared)) if one not in rows and one not in cols]
    for y in range(1, len(rows)):
        for x in range(1, len(cols)):
            # what a kind shares with the first row and column tells which one it is
            fits = [
                one
                for one in free
                if shared[one, corner] * shared[corner, corner]
                == shared[rows[y], corner] * shared[cols[x], corner]
                and shared[one, one] * shared[corner, corner]
                == shared[rows[y], rows[y]] * shared[cols[x], cols[x]]
                and shared[one, rows[y]] * shared[corner, corner]
                == shared[rows[y], rows[y]] * shared[corner, cols[x]]
                and shared[one, cols[x]] * shared[corner, corner]
                == shared[cols[x], cols[x]] * shared[corner, rows[y]]
            ]
            if len(fits) != 1:
                return None
            free.remove(fits[0])
            found[y, x] = fits[0]
    return found


def _ordered(size: NDArray[np.int64], many: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows of a grid of kinds in order: the fullest, so many times, between the cut."""
    order = np.argsort(size, kind="stable")
    first, middle, last = order[:1], order[1:][::-1][:1], order[1:][::-1][1:]
    whole = np.concatenate([first, middle, last])
    return np.repeat(whole, many[whole])


def _dealt_out(kind: NDArray[np.int64], grid: list[int], rows: int, cols: int) -> tuple[Ints, Ints]:
    """Give windows of each kind the cells of that kind, in order."""
    cell = np.empty(rows * cols, np.int64)
    cell[np.argsort(kind, kind="stable")] = np.argsort(grid, kind="stable")
    row, col = np.divmod(cell.astype(np.int32), np.int32(cols))
    return row, col


def tilings(
    inside: Sequence[Fraction], kinds: Sequence[Kind], apart: tuple[bool, bool]
) -> Iterator[tuple[NDArray[np.int64], int, int]]:
    """Yield row, column and group of components, (n, 3), and how many rows and columns there are.

    inside: which part of a component's windows is inside. A group has components of one kind, one
    of them at each position. apart: along which axes they may be put beside each other.
    """
    whole = max(inside)
    parts: dict[Kind, Counter[Fraction]] = {}
    for kind, part in zip(kinds, inside, strict=True):
        parts.setdefault(kind, Counter())[part / whole] += 1
    shared = int(np.gcd.reduce([many.total() for many in parts.values()]))
    for positions in range(shared, 1, -1):
        if shared % positions:
            continue
        # every kind has the same parts, so many times as it has groups
        each = [
            {part: Fraction(n * positions, many.total()) for part, n in many.items()}
            for many in parts.values()
        ]
        if any(one != each[0] for one in each) or any(n.denominator > 1 for n in each[0].values()):
            continue
        if len(each[0]) > MOST:
            continue
        wanted = Counter({part: int(n) for part, n in each[0].items()})
        for down, right in _rows_and_columns(wanted, positions, apart):
            place = _groups([part / whole for part in inside], kinds, down, right)
            yield place, len(down), len(right)


def _rows_and_columns(
    wanted: Counter[Fraction], positions: int, apart: tuple[bool, bool]
) -> Iterator[tuple[Parts, Parts]]:
    """Yield parts of rows and parts of columns whose products are those wanted."""
    sides = [n for n in range(1, positions + 1) if positions % n == 0]
    for rows in sorted(sides, key=lambda n: abs(n - positions / n)):
        cols = positions // rows
        if (rows > 1 and not apart[0]) or (cols > 1 and not apart[1]):
            continue
        if len(wanted) == 1:
            yield (Fraction(1),) * rows, (Fraction(1),) * cols
            continue
        ways = product(_ends_cut(rows, wanted), _ends_cut(cols, wanted))
        for down, right in ways:
            if (
                min(down) * min(right) == min(wanted)
                and Counter(y * x for y, x in product(down, right)) == wanted
            ):
                yield down, right


def _ends_cut(count: int, wanted: Counter[Fraction]) -> list[Parts]:
    """Return the parts of windows in a line whose ends the border cuts, the first one more."""
    whole = Fraction(1)
    if count == 1:
        return [(whole,)]
    # of two lines both may be cut everywhere, else what is cut along one axis only is seen
    parts = {one / other for one, other in product(wanted, wanted)} if count == 2 else {*wanted}
    ends = combinations_with_replacement(sorted(part for part in parts | {whole} if part <= 1), 2)
    return [(first, *[whole] * (count - 2), last) for first, last in ends]


def _groups(
    inside: Sequence[Fraction], kinds: Sequence[Kind], down: Parts, right: Parts
) -> NDArray[np.int64]:
    """Give components of each kind and part, in order, the places of that part, group by group."""
    places: dict[Fraction, list[tuple[int, int]]] = {}
    for (row, high), (col, wide) in product(enumerate(down), enumerate(right)):
        places.setdefault(high * wide, []).append((row, col))
    first_group: dict[Kind, int] = {}
    groups = 0
    for kind, count in Counter(kinds).items():
        first_group[kind] = groups
        groups += count // (len(down) * len(right))
    met: Counter[tuple[Kind, Fraction]] = Counter()
    found = []
    for kind, part in zip(kinds, inside, strict=True):
        group, index = divmod(met[kind, part], len(places[part]))
        met[kind, part] += 1
        found.append((*places[part][index], first_group[kind] + group))
    return np.array(found)
