"""Links: what leads from one layer to another, read off a plan, with its counts and words.

Every connection of a net is in one link, in the biases of its layer or among those of constant
units, so that the numbers in a figure add up to those of the net. Read next: layout.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sn.figure.fields import rows_into
from sn.lower.ir import Bias, Full, Node, Plan, Rows, Subsample, View, Window, n_rows
from sn.net.layer import Ints
from sn.net.table import ConnectionTable

Pairs = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """The connections of one node that lead from layer `src` to layer `dst`, indices both."""

    src: int
    dst: int
    node: Node
    n_connections: int
    n_weights: int


@dataclass(slots=True)
class Counts:
    """Connections and weights of one kind into a layer."""

    connections: int = 0
    weights: int = 0

    def add(self, connections: int, weights: int) -> None:
        """Count some more."""
        self.connections += connections
        self.weights += weights


@dataclass(frozen=True, eq=False)
class Drawn:
    """A plan as figures need it.

    views: each layer as maps of rows and columns; biases, constants: what leads into each layer
    from unit 0, and from constant units that belong to no link.
    """

    plan: Plan
    views: tuple[View, ...]
    links: tuple[Link, ...]
    biases: dict[int, Counts] = field(default_factory=dict)
    constants: dict[int, Counts] = field(default_factory=dict)

    @property
    def table(self) -> ConnectionTable:
        """The rows, units numbered along the grids."""
        return self.plan.table

    @cached_property
    def into(self) -> dict[int, list[Link]]:
        """The links into each layer, those from the nearest layers first."""
        found: dict[int, list[Link]] = {}
        for link in sorted(self.links, key=lambda one: -one.src):
            found.setdefault(link.dst, []).append(link)
        return found

    def sources(self, unit: int) -> dict[int, Ints]:
        """Return the units that feed a unit, by layer: positions within it."""
        src = self.table.src[rows_into(self.table, unit)]
        owner = self.table.layer_of[src]
        layers = self.table.layers
        return {
            index: src[owner == index] - layers[index].first
            for index in np.unique(owner[owner >= 0]).tolist()
        }

    def map_pairs(self, link: Link) -> Pairs:
        """Return which maps a link connects: (n, 2) of downstream and upstream map, sorted."""
        node = link.node
        n_dst, n_src = self.views[link.dst].maps, self.views[link.src].maps
        if isinstance(node, Window):
            return np.array(sorted(node.pairs), np.int64).reshape(-1, 2)
        if isinstance(node, Subsample):
            return np.repeat(np.arange(n_src), 2).reshape(-1, 2)
        if isinstance(node, Rows):
            layers, views = self.table.layers, self.views
            inside = self.table.layer_of[node.src_unit] == link.src
            to = (node.dst_unit[inside] - layers[link.dst].first) // views[link.dst].positions
            at = (node.src_unit[inside] - layers[link.src].first) // views[link.src].positions
            found = np.unique(to.astype(np.int64) * n_src + at)
            return np.stack([found // n_src, found % n_src], 1)
        every = np.arange(n_dst * n_src)
        return np.stack([every // n_src, every % n_src], 1)


def drawn(plan: Plan) -> Drawn:
    """Return what there is to draw of a plan."""
    table = plan.table
    found = Drawn(plan, tuple(_views(plan)), tuple(_links(plan)))
    for node in plan.nodes:
        if isinstance(node, Bias):
            counts = found.biases.setdefault(node.dst, Counts())
            counts.add(node.units, len(np.unique(node.wid)))
        elif isinstance(node, Rows):
            owner = _owners(table, node)
            for index, where in ((_BIAS, found.biases), (_NOBODY, found.constants)):
                some = owner == index
                if some.any():
                    counts = where.setdefault(node.dst, Counts())
                    counts.add(int(some.sum()), len(np.unique(node.wid[some])))
    return found


_BIAS, _NOBODY = -2, -1


def _owners(table: ConnectionTable, node: Rows) -> Ints:
    """Return the layer that each row comes from; constant units go with the only layer there is."""
    owner = table.layer_of[node.src_unit]
    owner[node.src_unit == 0] = _BIAS
    layers = np.unique(owner[owner >= 0])
    if len(layers) == 1:
        owner[owner == _NOBODY] = layers[0]
    return owner


def _links(plan: Plan) -> Iterator[Link]:
    for node in plan.nodes:
        if isinstance(node, Rows):
            owner = _owners(plan.table, node)
            for src in np.unique(owner[owner >= 0]).tolist():
                some = owner == src
                n_weights = len(np.unique(node.wid[some]))
                yield Link(src, node.dst, node, int(some.sum()), n_weights)
        elif not isinstance(node, Bias):
            yield Link(node.src, node.dst, node, n_rows(node), len(np.unique(node.wid)))


def _views(plan: Plan) -> Iterator[View]:
    """Yield each layer as windows see it; where none does, as its shape says."""
    seen: dict[int, View] = {}
    for node in plan.nodes:
        if isinstance(node, Window | Subsample):
            seen.setdefault(node.dst, node.grid)
            seen.setdefault(node.src, node.field)
    for index, layer in enumerate(plan.layers):
        maps, rows, cols = (1, 1, 1, *layer.shape)[-3:]
        yield seen.get(index) or View(layer.size // (rows * cols), rows, cols)


def words(link: Link) -> str:
    """Return what a link is, as `sn check` says it; of plain rows, that they are."""
    if isinstance(link.node, Full):
        return f"full{link.node.combine.suffix}"
    return _TIMES.sub(" × ", str(link.node)).replace(" -", " −")


# between two numbers
_TIMES = re.compile(r"(?<=\d) ?x ?(?=\d)")
