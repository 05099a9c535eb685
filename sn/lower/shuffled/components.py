"""Components: the connected components of unshared windows, put beside each other.

Windows that overlap along both axes are in one component, or in one for each of several groups of
maps that have nothing in common. Windows that overlap along one axis make a component of each line
across, others one of each position: these could lie in any order but for the border, which cuts
the first and the last.

Read next: unshared.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

from sn.lower.shuffled import border_order
from sn.lower.shuffled.grid_graph import GridGraph, connected_components, grid_graphs
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
class _Component:
    """Cells of a connected part, and where they are: (cells, 3) row, column and list.

    kind: what components that may lie beside each other have in common.
    """

    cells: Numbers
    place: Numbers
    kind: border_order.Kind


def placed_components(seen: Incidence, near: Neighbours) -> Iterator[Placed]:
    """Yield where the cells may lie, the likeliest first."""
    found = connected_components(near.beside)
    size = seen.size
    # the largest component, which no border cuts, is an example to the others
    example = max(found, key=lambda cells: (len(cells), int(size[cells].sum())))
    shapes = _Shapes(seen, near)
    for graph in shapes.graphs(example):
        components = shapes.alike(found, example, graph)
        if components is not None:
            yield from _beside(seen, components, graph)


class _Shapes:
    """What components look like; those that are one graph are laid out once."""

    def __init__(self, seen: Incidence, near: Neighbours) -> None:
        self.near = near
        self.size = seen.size
        self.rows = seen.rows
        self.members = np.bincount(seen.cell)
        self._graphs: dict[str, list[GridGraph]] = {}
        self._orders: dict[bytes, tuple[border_order.Kind, tuple[int, ...]]] = {}

    def graphs(self, cells: Numbers) -> list[GridGraph]:
        """Lay out a component."""
        number = {cell: index for index, cell in enumerate(cells.tolist())}
        adjacency = [[number[other] for other in self.near.beside[cell]] for cell in cells.tolist()]
        key = str(adjacency)
        if key not in self._graphs:
            self._graphs[key] = grid_graphs(adjacency)
        return self._graphs[key]

    def alike(
        self, found: list[Numbers], example: Numbers, graph: GridGraph
    ) -> list[_Component] | None:
        """Lay all components out as the example is; None where one differs."""
        profile = self._profile(example, graph.place, graph)
        components = []
        for cells in found:
            if cells is example:
                places = [graph.place]
            elif len(cells) == 1:
                places = [np.zeros((1, 3), np.int64)] if graph.sizes[:2] == (1, 1) else []
            else:
                places = [
                    place
                    for other in self.graphs(cells)
                    for place in _turned(other, graph)
                    if self._profile(cells, place, graph) == profile
                ]
            if not places:
                return None
            kind, order = self._order_of_lists(cells, places[0])
            place = places[0].copy()
            place[:, 2] = np.argsort(order)[place[:, 2]]
            components.append(_Component(cells, place, kind))
        return components

    def _profile(self, cells: Numbers, place: Numbers, graph: GridGraph) -> bytes:
        """Return what the cells of one list see, and share with the next, of what most see."""
        rows, cols, _ = graph.sizes
        first = place[:, 2] == 0
        cell = np.empty((rows, cols), np.int64)
        cell[tuple(place[first, :2].T)] = cells[first]
        ahead = [self.near.shared(cell, np.roll(cell, -1, axis)) for axis in (0, 1)]
        sees, many = self.size[cell], self.members[cell]
        shares = np.stack([sees, *ahead]) / sees.max()
        return np.stack([*shares, many / many.max()]).round(9).tobytes()

    def _order_of_lists(
        self, cells: Numbers, place: Numbers
    ) -> tuple[border_order.Kind, tuple[int, ...]]:
        """Return an order of the lists and what they are in it, the same for equal components."""
        corner = np.all(place[:, :2] == 0, axis=1)
        at_corner = np.empty(int(corner.sum()), np.int64)
        at_corner[place[corner, 2]] = cells[corner]
        common = self.near.shared(at_corner[:, None], at_corner[None, :])
        shares = common / self.size[at_corner][:, None]
        facts = np.column_stack([self.members[at_corner], self.rows[at_corner], shares.round(9)])
        key = facts.tobytes()
        if key not in self._orders:
            count = len(at_corner)
            orders = permutations(range(count)) if count <= MOST_LISTS else [tuple(range(count))]
            self._orders[key] = min(
                ((*facts[np.ix_(order, [0, 1, *(2 + i for i in order)])].ravel().tolist(),), order)
                for order in orders
            )
        return self._orders[key]


def _turned(graph: GridGraph, like: GridGraph) -> Iterator[NDArray[np.int64]]:
    """Yield a layout turned and flipped in all ways that give it the sides of another."""
    last = np.array([like.sizes[0] - 1, like.sizes[1] - 1, 0])
    for order in ([0, 1], [1, 0]):
        if any(
            graph.sizes[axis] != like.sizes[n] or graph.rings[axis] != like.rings[n]
            for n, axis in enumerate(order)
        ):
            continue
        place = graph.place[:, [*order, 2]]
        for flips in product((False, True), repeat=2):
            yield np.where([*flips, False], last - place, place)


def _beside(seen: Incidence, components: list[_Component], graph: GridGraph) -> Iterator[Placed]:
    """Put components beside each other, along axes where they share no sites."""
    rows, cols, _ = graph.sizes
    apart = rows == 1, cols == 1
    most = max(int(component.place[:, 2].max()) for component in components) + 1
    for place, down, right in _ways(seen, components, apart):
        where = np.zeros((len(seen.rows), 2), np.int64)
        lists = np.zeros(len(seen.rows), np.int64)
        for component, (y, x, group) in zip(components, place.tolist(), strict=True):
            where[component.cells] = component.place[:, :2] + (y, x)
            lists[component.cells] = group * most + component.place[:, 2]
        lists = np.unique(lists, return_inverse=True)[1]
        yield Placed(where, lists, (rows * down, cols * right), graph.rings, apart)


def _ways(
    seen: Incidence, components: list[_Component], apart: tuple[bool, bool]
) -> Iterator[tuple[Numbers, int, int]]:
    """Yield row, column and group of maps of each component, and their numbers of rows, columns."""
    if any(apart) and len(components) > 1:
        members, size = np.bincount(seen.cell), seen.size
        inside = [
            Fraction(int(weight @ size[cells]), int(weight @ seen.rows[cells]))
            for cells, weight in (
                (component.cells, members[component.cells]) for component in components
            )
        ]
        yield from border_order.tilings(inside, [component.kind for component in components], apart)
    yield np.array([(0, 0, number) for number in range(len(components))]), 1, 1
