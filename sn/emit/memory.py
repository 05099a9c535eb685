"""Layout: where states, gradients and weights of a plan lie in the kernels' memory.

Float memory of a training kernel is two arrays: `w` (weights, packed so that sections read
them in order) and `s` (states and scratch). A layer is stored map by map, each map padded to
whole vectors; pads are always 0. Gradients repeat the states' layout at a fixed distance, so
one index serves both.

Units of every offset and size: float32 elements.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.emit.vector import LANES, PARTIAL
from sn.lower.ir import Plan, Subsample, View, Window
from sn.net.layer import Ints

Floats32 = NDArray[np.float32]


def whole_vectors(n: int) -> int:
    """Return n rounded up to a multiple of the lanes."""
    return -(-n // LANES) * LANES


@dataclass(frozen=True, slots=True)
class LayerLayout:
    """One layer in memory: `maps` runs of `positions` states, each `pitch` long."""

    maps: int
    positions: int
    pitch: int
    state: int
    grad: int
    slope: int
    curv: int
    bend: int

    @property
    def size(self) -> int:
        """Elements, pads included."""
        return self.maps * self.pitch

    def __str__(self) -> str:
        end = self.size
        return (
            f"{self.maps} x {self.positions} units, state s[{self.state}:{self.state + end}], "
            f"grad s[{self.grad}:{self.grad + end}]"
        )

    def offsets(self) -> Ints:
        """Offset of each unit from the layer's start, in unit order."""
        unit = np.arange(self.maps * self.positions, dtype=np.int32)
        return (unit // self.positions) * self.pitch + unit % self.positions


@dataclass(slots=True)
class Arena:
    """Hands out stretches of one float array, and remembers what they start with."""

    size: int = 0
    _fills: list[tuple[int, Floats32]] = field(default_factory=list)

    def take(self, count: int, fill: NDArray[np.floating[Any]] | None = None) -> int:
        """Reserve `count` elements, a cache line apart; return the offset."""
        at = self.size
        # a vector to spare: the last load of a run may reach past it
        self.size += -(-(count + PARTIAL) // PARTIAL) * PARTIAL
        if fill is not None:
            self.fill(at, fill)
        return at

    def fill(self, at: int, values: NDArray[np.floating[Any]]) -> None:
        """Say what a stretch starts with; 0 elsewhere."""
        self._fills.append((at, np.asarray(values, np.float32).ravel()))

    def initial(self) -> Floats32:
        """Return the array as it is before the first presentation."""
        memory = np.zeros(self.size, np.float32)
        for at, values in self._fills:
            memory[at : at + len(values)] = values
        return memory


@dataclass(slots=True)
class Tables:
    """Run-time int32 tables of a kernel, one after another."""

    parts: list[Ints] = field(default_factory=list)
    size: int = 0

    def add(self, values: NDArray[np.signedinteger[Any]]) -> int:
        """Append a table and return where it starts."""
        part = np.asarray(values, np.int32).ravel()
        at = self.size
        self.parts.append(part)
        self.size += len(part)
        return at

    def array(self) -> Ints:
        """Return all tables as one array (one element at least)."""
        return np.concatenate([*self.parts, np.zeros(8, np.int32)])


@dataclass(slots=True)
class Weights:
    """The packed weights: which weight lies in each slot, -1 for a pad."""

    parts: list[Ints] = field(default_factory=list)
    size: int = 0

    def add(self, wid: Ints) -> int:
        """Append slots and return where they start: on a cache line, a vector to spare before."""
        flat = np.asarray(wid, np.int32).ravel()
        at = self.size
        pad = np.full(-(-(len(flat) + LANES) // PARTIAL) * PARTIAL - len(flat), -1, np.int32)
        self.parts += [flat, pad]
        self.size += len(flat) + len(pad)
        return at

    def slots(self) -> Ints:
        """Return the weight number of each slot: (size,) int32."""
        return np.concatenate(self.parts) if self.parts else np.zeros(0, np.int32)


@dataclass(frozen=True, slots=True)
class Layout:
    """The memory of a training kernel."""

    layers: tuple[LayerLayout, ...]
    unit: Ints  # offset of every unit's state in s, constants included: (n_units,)
    to_grad: int  # distance from a state to its gradient, and on to slope, curvature and bend
    zero: int  # offset of states that are always 0, as many as the longest map
    arena: Arena
    tables: Tables
    weights: Weights
    scratch: int  # offset of what sections use while they run, one after the other
    lanes: int  # of the vectors that work on it

    @property
    def to_curv(self) -> int:
        """Distance from a gradient to the curvature of its unit."""
        return 2 * self.to_grad


def lay_out(
    plan: Plan, second: bool, lanes: int, scratch: int = 0, finished: Collection[int] = ()
) -> Layout:
    """Place every layer and every constant unit; `second` makes room for curvatures.

    `scratch`: elements that sections share; `finished`: layers whose gradients are written once,
    by a section that turns back-propagated errors into gradients: their slopes lie where the
    gradients will.
    """
    table = plan.table
    views = [_view(plan, index) for index in range(len(plan.layers))]
    sizes = [whole_vectors(view.positions) * view.maps for view in views]
    classes = np.unique(table.constant[~np.isnan(table.constant)])
    states = sum(-(-(size + PARTIAL) // PARTIAL) * PARTIAL for size in sizes)
    idle = max(whole_vectors(view.positions) for view in views)
    to_grad = states + -(-(idle + len(classes) + PARTIAL) // PARTIAL) * PARTIAL
    arena = Arena()
    arena.take((5 if second else 3) * to_grad)
    layers: list[LayerLayout] = []
    at = 0
    for view, size in zip(views, sizes, strict=True):
        pitch = whole_vectors(view.positions)
        state, grad, slope, curv, bend = (at + field * to_grad for field in range(5))
        slope = grad if len(layers) in finished else slope
        layers.append(LayerLayout(view.maps, view.positions, pitch, state, grad, slope, curv, bend))
        at += -(-(size + PARTIAL) // PARTIAL) * PARTIAL
    unit = np.zeros(table.n_units, np.int32)
    for layer, place in zip(plan.layers, layers, strict=True):
        unit[layer.first : layer.first + layer.size] = place.state + place.offsets()
    constant = ~np.isnan(table.constant)
    unit[constant] = at + idle + np.searchsorted(classes, table.constant[constant])
    arena.fill(at + idle, classes.astype(np.float32))
    shared = arena.take(scratch)
    return Layout(tuple(layers), unit, to_grad, at, arena, Tables(), Weights(), shared, lanes)


def _view(plan: Plan, index: int) -> View:
    """See a layer as its first window node does; a layer without windows is one map."""
    for node in plan.nodes:
        if isinstance(node, Window | Subsample):
            if node.dst == index:
                return node.grid
            if node.src == index:
                return node.field
    return View(1, 1, plan.layers[index].size)


@dataclass(frozen=True, slots=True)
class BatchLayout:
    """Memory of the batch kernel, counted in units: unit u of the net is place u.

    `zero`: a place whose states are always 0.
    """

    arena: Arena
    tables: Tables
    zero: int

    @classmethod
    def of(cls, plan: Plan) -> BatchLayout:
        """Return a place per unit, constants filled in."""
        constant = plan.table.constant
        memory = cls(Arena(), Tables(), plan.table.n_units)
        # what stretches are apart is never written
        memory.arena.take(plan.table.n_units, np.where(np.isnan(constant), 0.0, constant))
        return memory


@dataclass(slots=True)
class LearnLayout:
    """The memory of learning in batches: that of the batch kernel, and more.

    Gradients and slopes lie `to_grad` and `to_slope` places after the states. Sums over patterns
    are in an array of their own, `sums`; at `zero` it is always 0.
    """

    batch: BatchLayout
    to_grad: int
    to_slope: int
    sums: Arena
    zero: int
    kept: dict[object, int] = field(default_factory=dict)

    def once(self, what: object, count: int) -> int:
        """Return where sums that several nodes have in common lie; make room the first time."""
        if what not in self.kept:
            self.kept[what] = self.sums.take(count)
        return self.kept[what]

    @classmethod
    def of(cls, batch: BatchLayout) -> LearnLayout:
        """Make room for gradients and slopes of all places that there are."""
        size, sums = batch.arena.size, Arena()
        batch.arena.take(2 * size)
        return cls(batch, size, 2 * size, sums, sums.take(LANES))


def map_pitch(layer: LayerLayout, maps: int, positions: int) -> int | None:
    """Distance between `maps` maps as the layer lies in memory; None when it lies otherwise."""
    if layer.positions == positions and layer.maps == maps:
        return layer.pitch
    if layer.pitch == layer.positions and (maps == 1 or positions % LANES == 0):
        return positions
    return None


def misfit(node: Window | Subsample, plan: Plan, lay: Layout) -> str:
    """Return which layer does not lie in memory as maps of the node's shape, "" where both do."""
    for index, view in ((node.dst, node.grid), (node.src, node.field)):
        if map_pitch(lay.layers[index], view.maps, view.positions) is None:
            return f"{plan.layers[index].name} is laid out for windows of another shape"
    return ""
