"""Pieces: connected parts of unshared windows, put beside each other.

Windows that overlap along both axes are in one piece, or in one for each of several groups of maps
that have nothing in common. Windows that overlap along one axis make a piece of each line across,
others a piece of each position: these could lie in any order but for the border, which cuts the
first and the last.

Read next: unshared.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

from sn.lower.shuffled import border_order as rims
from sn.lower.shuffled.grid_graph import Mesh, meshes, parts
from sn.lower.shuffled.neighbours import Incidence, Neighbours, Numbers

MOST_LISTS = 6  # lists of maps whose order is looked for


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Where cells lie: (cells, 2) row and column, and the list of maps: (cells,).

    apart: along which axes windows share no sites.
    """

    place: Numbers
    lists: Numbers
    sizes: tuple[int, int]
    rings: tuple[bool, bool]
    apart: tuple[bool, bool]


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """Cells of a connected part, and where they are: (cells, 3) row, column and list.

    kind: what pieces that may lie beside each other have in common.
    """

    cells: Numbers
    place: Numbers
    kind: rims.Kind


def layouts(seen: Incidence, near: Neighbours) -> Iterator[Placed]:
    """Yield where the cells may lie, the likeliest first."""
    found = parts(near.beside)
    size = seen.size
    # the largest piece, which no border cuts, is an example to the others
    example = max(found, key=lambda cells: (len(cells), int(size[cells].sum())))
    shapes = _Shapes(seen, near)
    for mesh in shapes.meshes(example):
        pieces = shapes.alike(found, example, mesh)
        if pieces is not None:
            yield from _beside(seen, pieces, mesh)


class _Shapes:
    """What pieces look like; those that are one graph are laid out once."""

    def __init__(self, seen: Incidence, near: Neighbours) -> None:
        self.near = near
        self.size = seen.size
        self.rows = seen.rows
        self.members = np.bincount(seen.cell)
        self._meshes: dict[str, list[Mesh]] = {}
        self._orders: dict[bytes, tuple[rims.Kind, tuple[int, ...]]] = {}

    def meshes(self, cells: Numbers) -> list[Mesh]:
        """Lay out a piece."""
        number = {cell: index for index, cell in enumerate(cells.tolist())}
        graph = [[number[one] for one in self.near.beside[cell]] for cell in cells.tolist()]
        key = str(graph)
        if key not in self._meshes:
            self._meshes[key] = meshes(graph)
        return self._meshes[key]

    def alike(self, found: list[Numbers], example: Numbers, mesh: Mesh) -> list[_Piece] | None:
        """Lay out all pieces along the rows and columns of the example; None where one differs."""
        looks = self._looks(example, mesh.place, mesh)
        pieces = []
        for cells in found:
            if cells is example:
                places = [mesh.place]
            elif len(cells) == 1:
                places = [np.zeros((1, 3), np.int64)] if mesh.sizes[:2] == (1, 1) else []
            else:
                places = [
                    place
                    for other in self.meshes(cells)
                    for place in _turned(other, mesh)
                    if self._looks(cells, place, mesh) == looks
                ]
            if not places:
                return None
            kind, order = self._lists(cells, places[0])
            place = places[0].copy()
            place[:, 2] = np.argsort(order)[place[:, 2]]
            pieces.append(_Piece(cells, place, kind))
        return pieces

    def _looks(self, cells: Numbers, place: Numbers, mesh: Mesh) -> bytes:
        """Return what the cells of one list see, and share with the next, of what most see."""
        rows, cols, _ = mesh.sizes
        first = place[:, 2] == 0
        cell = np.empty((rows, cols), np.int64)
        cell[tuple(place[first, :2].T)] = cells[first]
        ahead = [self.near.shared(cell, np.roll(cell, -1, axis)) for axis in (0, 1)]
        sees, many = self.size[cell], self.members[cell]
        shares = np.stack([sees, *ahead]) / sees.max()
        return np.stack([*shares, many / many.max()]).round(9).tobytes()

    def _lists(self, cells: Numbers, place: Numbers) -> tuple[rims.Kind, tuple[int, ...]]:
        """Return an order of the lists, and what they are in it, the same for equal pieces."""
        corner = np.all(place[:, :2] == 0, axis=1)
        one = np.empty(int(corner.sum()), np.int64)
        one[place[corner, 2]] = cells[corner]
        common = self.near.shared(one[:, None], one[None, :]) / self.size[one][:, None]
        facts = np.column_stack([self.members[one], self.rows[one], common.round(9)])
        key = facts.tobytes()
        if key not in self._orders:
            count = len(one)
            orders = permutations(range(count)) if count <= MOST_LISTS else [tuple(range(count))]
            self._orders[key] = min(
                ((*facts[np.ix_(order, [0, 1, *(2 + i for i in order)])].ravel().tolist(),), order)
                for order in orders
            )
        return self._orders[key]


def _turned(mesh: Mesh, like: Mesh) -> Iterator[NDArray[np.int64]]:
    """Yield a layout turned and flipped in all ways that give it the sides of another."""
    last = np.array([like.sizes[0] - 1, like.sizes[1] - 1, 0])
    for order in ([0, 1], [1, 0]):
        if any(
            mesh.sizes[axis] != like.sizes[n] or mesh.rings[axis] != like.rings[n]
            for n, axis in enumerate(order)
        ):
            continue
        place = mesh.place[:, [*order, 2]]
        for flips in product((False, True), repeat=2):
            yield np.where([*flips, False], last - place, place)


def _beside(seen: Incidence, pieces: list[_Piece], mesh: Mesh) -> Iterator[Placed]:
    """Put pieces beside each other where windows of one share no sites with those of others."""
    rows, cols, _ = mesh.sizes
    apart = rows == 1, cols == 1
    most = max(int(piece.place[:, 2].max()) for piece in pieces) + 1
    for place, down, right in _ways(seen, pieces, apart):
        where = np.zeros((len(seen.rows), 2), np.int64)
        lists = np.zeros(len(seen.rows), np.int64)
        for piece, (y, x, group) in zip(pieces, place.tolist(), strict=True):
            where[piece.cells] = piece.place[:, :2] + (y, x)
            lists[piece.cells] = group * most + piece.place[:, 2]
        lists = np.unique(lists, return_inverse=True)[1]
        yield Placed(where, lists, (rows * down, cols * right), mesh.rings, apart)


def _ways(
    seen: Incidence, pieces: list[_Piece], apart: tuple[bool, bool]
) -> Iterator[tuple[Numbers, int, int]]:
    """Yield row, column and group of maps of each piece, and how many rows and columns of them."""
    if any(apart) and len(pieces) > 1:
        members, size = np.bincount(seen.cell), seen.size
        inside = [
            Fraction(int(weight @ size[cells]), int(weight @ seen.rows[cells]))
            for cells, weight in ((piece.cells, members[piece.cells]) for piece in pieces)
        ]
        yield from rims.tiled(inside, [piece.kind for piece in pieces], apart)
    yield np.array([(0, 0, number) for number in range(len(pieces))]), 1, 1
