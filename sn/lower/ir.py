"""The plan: what the compiler knows of a net's connections.

    Plan   = Grid* Node*                 a grid per layer, nodes in order of computation
    Grid   : where the units of a layer lie; nodes speak of positions in it
    Node   = Bias | Full | Window | Subsample | Rows
    Bias   : unit 0 -> every unit of a layer; a weight per unit or per map
    Full   : every unit -> every unit, each its own weight
    Window : for listed pairs of maps, a window of taps per position, stride, border or
             wrap; weights shared by the positions (convolution) or not (local)
    Subsample : each map of a layer sums up windows of its own map below, times one weight a map
    Rows   : the plain rows of what fits no rule, and why

All rows of a node have one `combine`. expand.py gives them back in the net's own unit numbers and
demands that they equal the table. A plan knows nothing of vectors; the emitter chooses those.

Read next: recognise.py, ../emit/module.py.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sn.display import brief
from sn.errors import Span
from sn.net.combine import WEIGHTED_SUM, Combine
from sn.net.layer import Ints, Layer
from sn.net.table import ConnectionTable


@dataclass(frozen=True, slots=True)
class View:
    """A layer seen as maps of rows and columns."""

    maps: int
    rows: int
    cols: int

    @property
    def positions(self) -> int:
        """Units of one map."""
        return self.rows * self.cols


@dataclass(frozen=True, slots=True, eq=False)
class Bias:
    """Into each of `units` units. wid: (units,) when per unit, (maps,) when `shared`."""

    dst: int
    units: int
    wid: Ints
    shared: bool
    label: str
    span: Span | None
    combine: ClassVar[Combine] = WEIGHTED_SUM

    def __str__(self) -> str:
        return f"bias per {'map' if self.shared else 'unit'}"


@dataclass(frozen=True, slots=True, eq=False)
class Full:
    """wid: (downstream units, upstream units)."""

    dst: int
    src: int
    wid: Ints
    label: str
    span: Span | None
    combine: Combine = WEIGHTED_SUM

    def __str__(self) -> str:
        return f"full {self.wid.shape[0]} x {self.wid.shape[1]}{self.combine.suffix}"


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """Windows over maps.

    pairs: (n_pairs, 2) of downstream and upstream map. A unit at (y, x) of map m sees, in each
    paired map s, the sites (y * stride + u * dilation - offset, and x likewise) for u, v in the
    kernel; outside there is a constant unit of state `border`, or the other side along an axis,
    (rows, columns), that has `wrap`.
    wid: (n_pairs, kernel rows, kernel cols), and (..., rows, cols) of the grid when not shared.
    """

    dst: int
    src: int
    grid: View
    field: View
    pairs: tuple[tuple[int, int], ...]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    offset: tuple[int, int]
    border: float | None
    wrap: tuple[bool, bool]
    shared: bool
    wid: Ints
    label: str
    span: Span | None
    dilation: tuple[int, int] = (1, 1)
    combine: Combine = WEIGHTED_SUM

    @property
    def taps(self) -> int:
        """Connections of one unit into one map."""
        return self.kernel[0] * self.kernel[1]

    @property
    def is_dilated(self) -> bool:
        """Whether there are sites between those that a window sees."""
        return max(self.dilation) > 1

    def sites(self) -> tuple[Ints, Ints]:
        """Upstream row per (grid row, kernel row) and column likewise, before the border."""
        axes = []
        sizes = (self.grid.rows, self.field.rows), (self.grid.cols, self.field.cols)
        for axis, (count, size) in enumerate(sizes):
            start = np.arange(count)[:, None] * self.stride[axis] - self.offset[axis]
            taps = np.arange(self.kernel[axis])[None, :] * self.dilation[axis]
            site = (start + taps).astype(np.int32)
            axes.append(site % size if self.wrap[axis] else site)
        return axes[0], axes[1]

    def __str__(self) -> str:
        kind = "conv" if self.shared else "local"
        size = "x".join(str(n) for n in self.kernel if n > 1 or self.grid.rows > 1)
        parts = [f"{kind} {size or '1'}"]
        step = self.stride if self.grid.rows > 1 else self.stride[1:]
        if max(step) > 1:
            same = len(set(step)) == 1
            parts.append(f"stride {step[0] if same else 'x'.join(map(str, step))}")
        if self.is_dilated:
            apart = self.dilation if self.grid.rows > 1 else self.dilation[1:]
            same = len(set(apart)) == 1
            parts.append(f"dilation {apart[0] if same else 'x'.join(map(str, apart))}")
        full = self.grid.maps * self.field.maps
        if len(self.pairs) < full:
            parts.append(f"{len(self.pairs)} of {full} pairs of maps")
        elif full > 1:
            parts.append(f"{self.grid.maps} x {self.field.maps} maps")
        if self.border is not None:
            parts.append(f"border {self.border:g}")
        if any(self.wrap):
            axis = "wrap rows" if self.wrap[0] else "wrap cols"
            parts.append("wrap" if all(self.wrap) or self.field.rows == 1 else axis)
        return ", ".join(parts) + self.combine.suffix


@dataclass(frozen=True, slots=True, eq=False)
class Subsample:
    """Windows of each map, summed up, times the coefficient of the map.

    A unit at (y, x) of map m sees the sites (y * stride + u, x * stride + v) of map m below, for
    u, v in the kernel, all through weight wid[m]. `grid`, `field`: the layers, with equally many
    maps; no window reaches outside. wid: (maps,).
    """

    dst: int
    src: int
    grid: View
    field: View
    kernel: tuple[int, int]
    stride: tuple[int, int]
    wid: Ints
    label: str
    span: Span | None
    combine: Combine = WEIGHTED_SUM

    @property
    def taps(self) -> int:
        """Connections of one unit."""
        return self.kernel[0] * self.kernel[1]

    def sites(self) -> tuple[Ints, Ints]:
        """Upstream row per (grid row, kernel row), and column likewise."""
        rows, cols = (
            (np.arange(count)[:, None] * step + np.arange(size)).astype(np.int32)
            for count, step, size in zip(
                (self.grid.rows, self.grid.cols), self.stride, self.kernel, strict=True
            )
        )
        return rows, cols

    def __str__(self) -> str:
        is_line = self.field.rows == 1
        size, step = (pair[1:] if is_line else pair for pair in (self.kernel, self.stride))
        parts = [f"subsample {'x'.join(map(str, size))}"]
        if step != size:
            same = len(set(step)) == 1
            parts.append(f"stride {step[0] if same else 'x'.join(map(str, step))}")
        if self.grid.maps > 1:
            parts.append(f"{self.grid.maps} maps")
        return ", ".join(parts) + self.combine.suffix


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Plain rows into one layer; `why` says which rule they fail.

    dst, src, wid: (n_rows,) int32, ordered by dst; `is_shared`: some weight serves two rows.
    """

    dst: int
    dst_unit: Ints
    src_unit: Ints
    wid: Ints
    is_shared: bool
    label: str
    why: str
    span: Span | None
    combine: Combine = WEIGHTED_SUM

    def __str__(self) -> str:
        return f"rows: {self.why}{self.combine.suffix}"


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Row numbers of the connections between two layers, before a rule has named them.

    src: a layer, or BIAS or CONSTANTS of net/upstream.py.
    """

    dst: int
    src: int
    rows: NDArray[np.int64]
    label: str
    span: Span | None
    combine: Combine = WEIGHTED_SUM


Node: TypeAlias = Bias | Full | Window | Subsample | Rows


@dataclass(frozen=True, eq=False)
class Grid:
    """Where the units of a layer lie.

    shape: as of a layer; order: (units,) int32, the unit within its layer at each position of the
    grid, row by row.
    """

    shape: tuple[int, ...]
    order: Ints

    @staticmethod
    def of(layer: Layer) -> Grid:
        """Return the grid that a layer declares."""
        return Grid(layer.shape, np.arange(layer.size, dtype=np.int32))

    @cached_property
    def is_plain(self) -> bool:
        """Whether the units lie in the order of their numbers."""
        return bool(np.array_equal(self.order, np.arange(len(self.order))))


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A pattern as the kernels are given it.

    starts: the index of each input layer that is read, and which number its first unit shows;
    size: how many numbers there are; order: (size,) int32, which number of the net's own pattern
    stands at each place, None where the pattern is taken as it is.
    """

    starts: tuple[tuple[int, int], ...]
    size: int
    order: Ints | None


@dataclass(frozen=True, eq=False)
class Plan:
    """Nodes in order of computation, with the table they stand for and a grid per layer.

    `original` has the net's own unit numbers, `table` the same rows in grid positions, of which
    the nodes and the kernels speak. Without `grids` every layer has the one that it declares.
    """

    original: ConnectionTable
    nodes: tuple[Node, ...]
    grids: tuple[Grid, ...] = ()

    @cached_property
    def table(self) -> ConnectionTable:
        """The rows with units numbered along the grids."""
        return laid_out(self.original, self.grids) if self.grids else self.original

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers of the net, in the shapes of their grids."""
        return self.table.layers

    @cached_property
    def order(self) -> Ints:
        """The net's number of the unit at each position, constants included: (n_units,) int32."""
        return _order(self.original, self.grids)

    def order_inside(self, layer: int) -> Ints | None:
        """Return the order of one layer's grid, (units,); None where it is that of its numbers."""
        if not self.grids or self.grids[layer].is_plain:
            return None
        return self.grids[layer].order

    @cached_property
    def is_plain(self) -> bool:
        """Whether the units of every layer lie in the order of their numbers."""
        return all(grid.is_plain for grid in self.grids)

    @cached_property
    def pattern(self) -> Pattern:
        """How the kernels find in a pattern what the input layers show."""
        table, seen = self.table, self.table.seen_inputs
        if all(self.order_inside(index) is None for index in seen):
            starts = [(index, table.layers[index].shown.start) for index in seen]
            return Pattern(tuple(starts), table.n_inputs, None)
        sizes = [table.layers[index].size for index in seen]
        starts = list(zip(seen, np.cumsum([0, *sizes]).tolist(), strict=False))
        orders = [
            layer.shown.start + grid.order
            for layer, grid in ((table.layers[n], self.grids[n]) for n in seen)
        ]
        return Pattern(tuple(starts), sum(sizes), np.concatenate(orders).astype(np.int32))

    @cached_property
    def outputs_order(self) -> Ints | None:
        """Which of the net's own outputs stands at each place of the kernels'; None where it is
        the same: (n_outputs,) int32.
        """
        table = self.table
        if all(self.order_inside(index) is None for index in table.outputs):
            return None
        starts = np.cumsum([0, *(layer.size for layer in table.output_layers)]).tolist()
        orders = [
            start + self.grids[index].order
            for start, index in zip(starts, table.outputs, strict=False)
        ]
        return np.concatenate(orders).astype(np.int32)

    def __repr__(self) -> str:
        nodes = (f"{node.label} {node}" for node in self.nodes if not isinstance(node, Bias))
        return brief(f"plan {self.original.name}: {'; '.join(nodes)}")

    def __str__(self) -> str:
        lines = [f"plan {self.original.name}: {len(self.nodes)} nodes"]
        for node in self.nodes:
            place = f"  ({node.span})" if node.span else ""
            lines.append(f"{node.label}  {node}, {n_rows(node)} connections{place}")
        return "\n".join(lines)


def laid_out(table: ConnectionTable, grids: tuple[Grid, ...]) -> ConnectionTable:
    """Return the same rows with the units of each layer numbered along its grid."""
    layers = tuple(
        layer if layer.shape == grid.shape else dataclasses.replace(layer, shape=grid.shape)
        for layer, grid in zip(table.layers, grids, strict=True)
    )
    if all(grid.is_plain for grid in grids):
        return table if layers == table.layers else dataclasses.replace(table, layers=layers)
    position = np.empty(table.n_units, np.int32)
    position[_order(table, grids)] = np.arange(table.n_units, dtype=np.int32)
    dst, src = position[table.dst], position[table.src]
    sort = np.argsort(dst, kind="stable")
    return dataclasses.replace(
        table,
        layers=layers,
        dst=dst[sort],
        src=src[sort],
        wid=table.wid[sort],
        group=table.group[sort],
    )


def _order(table: ConnectionTable, grids: tuple[Grid, ...]) -> Ints:
    order = np.arange(table.n_units, dtype=np.int32)
    for layer, grid in zip(table.layers, grids, strict=False):
        order[layer.first : layer.first + layer.size] = layer.first + grid.order
    return order


def n_rows(node: Node) -> int:
    """The number of connections of a node."""
    match node:
        case Bias():
            return node.units
        case Full():
            return int(node.wid.size)
        case Window():
            return len(node.pairs) * node.taps * node.grid.positions
        case Subsample():
            return node.grid.maps * node.taps * node.grid.positions
        case Rows():
            return len(node.wid)


def reads(plan: Plan, node: Node, layer: int) -> bool:
    """Whether a node reads the states of a layer, given by its index."""
    if isinstance(node, Rows):
        return bool((plan.table.layer_of[node.src_unit] == layer).any())
    return isinstance(node, Full | Window | Subsample) and node.src == layer
