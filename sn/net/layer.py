"""The network while a program describes it: units, layers, connections, weights.

A `Network` grows: layers and constant units take unit numbers, connections are rows
(downstream unit, upstream unit, weight), weights take weight numbers. Net forms and SN 2.8
calls build the same object. `freeze` (table.py) turns it into a `ConnectionTable`.

Read next: schemes.py for how rows come about, table.py for what the compiler sees.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sn.display import brief, html_table, many, shape_text
from sn.errors import NetError, Span
from sn.net.activations import Activation, nlf_tanh
from sn.net.combine import WEIGHTED_SUM, Combine
from sn.net.frames import Frame
from sn.net.sizes import demand

Ints = NDArray[np.int32]
Groups = NDArray[np.int16] | NDArray[np.int32]


def group_kind(n_groups: int) -> np.dtype[np.int16] | np.dtype[np.int32]:
    """Return the type that numbers so many statements: two bytes for each row unless they are many.

    NOTE(trained): files keep the column in this type.
    """
    return np.dtype(np.int16) if n_groups <= np.iinfo(np.int16).max else np.dtype(np.int32)


@dataclass(frozen=True, slots=True)
class Layer:
    """A block of units with consecutive numbers, in row-major order of `shape`.

    `border` is the state of the constant units around each map, None where there are none. `start`,
    of an input layer: which number of the pattern its first unit shows, the others those after it;
    None for a layer that is computed. `is_output` says that it is told what its units should say;
    where no layer is, the last one is. `dropout`: the share of its units that training leaves out,
    others in each presentation.
    """

    name: str
    shape: tuple[int, ...]
    first: int
    activation: Activation
    border: float | None = None
    span: Span | None = None
    start: int | None = None
    is_output: bool = False
    dropout: float = 0.0

    @property
    def size(self) -> int:
        """The number of units."""
        return math.prod(self.shape)

    @property
    def units(self) -> Ints:
        """The unit numbers, shaped like the layer."""
        return np.arange(self.first, self.first + self.size, dtype=np.int32).reshape(self.shape)

    @property
    def shown(self) -> slice:
        """The numbers of the pattern that an input layer shows."""
        assert self.start is not None, f"layer {self.name} is computed"
        return slice(self.start, self.start + self.size)

    def __repr__(self) -> str:
        what = self.activation.name if self.start is None else "input"
        border = "" if self.border is None else f", border {self.border:g}"
        left_out = f", dropout {self.dropout:g}" if self.dropout else ""
        return brief(f"layer {self.name}: {shape_text(self.shape)}, {what}{border}{left_out}")


def pattern_size(layers: Iterable[Layer]) -> int:
    """Return how many numbers a pattern has: as many as its input layers show between them."""
    return max((layer.shown.stop for layer in layers if layer.start is not None), default=0)


def output_layers(layers: Iterable[Layer]) -> tuple[Layer, ...]:
    """Return the layers that are told what their units should say: unless said, the last one."""
    layers = tuple(layers)
    return tuple(layer for layer in layers if layer.is_output) or layers[-1:]


def counted_units(layers: Iterable[Layer]) -> int:
    """Return what papers call the number of units: a number of the pattern counts once."""
    layers = tuple(layers)
    return pattern_size(layers) + sum(layer.size for layer in layers if layer.start is None)


@dataclass(frozen=True, slots=True)
class Group:
    """The connections that one statement made, where it stands, and how they make totals."""

    label: str
    scheme: str
    span: Span | None
    combine: Combine = WEIGHTED_SUM

    def __repr__(self) -> str:
        return brief(f"connections {self.label}: {self.scheme}{self.combine.suffix}")


@dataclass(slots=True)
class Parameter:
    """A named array of weights: `wid` holds weight numbers, shaped as a reader expects.

    `maps`, of windows: for each map that it leads into, the maps that it comes from, in the order
    of the array. `keys`, of a scheme of the program: what connections that share a weight have in
    common, per weight and sorted, then None for each weight of one connection.
    """

    name: str
    wid: Ints
    maps: tuple[tuple[int, ...], ...] | None = None
    keys: tuple[float | None, ...] | None = None

    def __repr__(self) -> str:
        return brief(f"weights {self.name}: {shape_text(self.wid.shape)}")


@dataclass(slots=True)
class Network:
    """Units, connections and weights of one net; unit 0 is the bias, with state 1."""

    name: str
    span: Span | None = None
    layers: list[Layer] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)
    n_units: int = 1
    n_weights: int = 0
    # state of each unit that is constant, by unit number; unit 0 is the bias
    constants: dict[int, float] = field(default_factory=lambda: {0: 1.0})
    n_connections: int = 0
    _rows: list[tuple[Ints, Ints, Ints, int]] = field(default_factory=list)
    _frames: dict[str, Frame] = field(default_factory=dict)
    _layers: dict[str, Layer] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)

    def add_layer(
        self,
        name: str,
        shape: tuple[int, ...],
        activation: Activation | None = None,
        border: float | None = None,
        span: Span | None = None,
        start: int | None = None,
        is_output: bool = False,
        dropout: float = 0.0,
    ) -> Layer:
        """Add a layer after those already there and return it.

        The first layer shows the pattern from its start on, another one that has a `start` from
        there; the others are computed.
        Raises: NetError when the name is taken, or as `demand` (sizes.py).
        """
        if name in self._layers:
            raise NetError(f"layer '{name}' is already there", span=span)
        self.demand(math.prod(shape), 0, span)
        if not self.layers and start is None:
            start = 0
        f = activation or nlf_tanh()
        layer = Layer(name, shape, self.n_units, f, border, span, start, is_output, dropout)
        self.layers.append(layer)
        self._layers[name] = layer
        self.n_units += layer.size
        return layer

    def layer(self, name: str) -> Layer | None:
        """Return the layer called `name`, or None."""
        return self._layers.get(name)

    def demand(self, n_units: int, n_connections: int, span: Span | None = None) -> None:
        """Demand that the net can have so many units and connections more, before they are made.

        Raises: NetError or MemoryLimitError at `span`, as sizes.py has it.
        """
        demand(
            self.n_units + n_units,
            self.n_connections + n_connections,
            len(self.constants) - 1,
            span,
        )

    def add_weights(self, count: int) -> Ints:
        """Take `count` fresh weight numbers."""
        first = self.n_weights
        self.n_weights += count
        return np.arange(first, first + count, dtype=np.int32)

    def add_group(self, label: str, scheme: str, span: Span | None = None) -> int:
        """Open a group of connections and return its number."""
        self.groups.append(Group(label, scheme, span))
        return len(self.groups) - 1

    def connect(self, group: int, dst: Ints, src: Ints, wid: Ints) -> None:
        """Add one connection per element of three arrays of one length, in creation order.

        Shapes: dst, src, wid: (n,) int32, unit and weight numbers; they are kept, not copied.
        """
        if len(dst):
            self._rows.append((dst, src, wid, group))
            self.n_connections += len(dst)

    def name_parameter(
        self,
        name: str,
        wid: Ints,
        maps: tuple[tuple[int, ...], ...] | None = None,
        keys: tuple[float | None, ...] | None = None,
    ) -> None:
        """Give the weights `wid` a name and a shape under which Python shows them."""
        unique, number = name, 2
        while unique in self._names:
            unique, number = f"{name}.{number}", number + 1
        self._names.add(unique)
        self.parameters.append(Parameter(unique, wid, maps, keys))

    def has_parameter(self, name: str) -> bool:
        """Whether weights are called `name`."""
        return name in self._names

    def rows(self) -> tuple[Ints, Ints, Ints, Groups]:
        """Return all connections in creation order as columns dst, src, wid, group."""
        kind = group_kind(len(self.groups))
        if not self._rows:
            none = np.zeros(0, np.int32)
            return none, none, none, np.zeros(0, kind)
        dst, src, wid = (np.concatenate([row[column] for row in self._rows]) for column in range(3))
        sizes = [len(row[0]) for row in self._rows]
        group = np.repeat(np.array([row[3] for row in self._rows], kind), sizes)
        return dst, src, wid, group

    def padded(
        self,
        layer: Layer,
        grid: Ints,
        top: int,
        left: int,
        down: int,
        right: int,
        span: Span | None = None,
    ) -> Ints:
        """Return `grid` with constant units of the layer's border around each map.

        A site of the border is one unit, however many connections use it: SN refuses two
        connections between one pair of units, so each site needs a unit of its own.
        Shapes: grid: (maps, rows, cols) int32; result (maps, top+rows+down, left+cols+right).
        Raises: NetError or MemoryLimitError for too wide a border, at `span`.
        """
        assert layer.border is not None
        maps, rows, cols = grid.shape
        frame = self._frames.get(layer.name) or Frame.around(grid)
        widths = (top, left, down, right)
        # sites that earlier windows made are counted again: the sum is an upper bound
        n_border = maps * ((top + rows + down) * (left + cols + right) - rows * cols)
        n_constants = len(self.constants) - 1 + n_border
        demand(self.n_units + n_border, self.n_connections, n_constants, span)
        frame = frame.widened(widths)
        n_fresh = frame.number(widths, self.n_units)
        self._frames[layer.name] = frame
        fresh = range(self.n_units, self.n_units + n_fresh)
        self.constants.update(dict.fromkeys(fresh, layer.border))
        self.n_units += n_fresh
        return frame.inside(widths).copy()

    def __repr__(self) -> str:
        parts = (
            ", ".join(f"{layer.name} {shape_text(layer.shape)}" for layer in self.layers),
            f"{many(self.n_connections, 'connection')}, {many(self.n_weights, 'weight')}",
        )
        return brief(f"net {self.name}: {'; '.join(filter(None, parts))}")

    def _repr_html_(self) -> str:
        dst, _, wid, _ = self.rows()
        return layers_html(repr(self)[1:-1], self.layers, dst, wid)


def layers_html(title: str, layers: Sequence[Layer], dst: Ints, wid: Ints) -> str:
    """Return a table of HTML with a row a layer: what is in it, and what leads into it.

    Shapes: dst, wid: (n_rows,), downstream unit and weight of each connection.
    """
    rows = []
    for layer in layers:
        is_computed = layer.start is None
        into = wid[(dst >= layer.first) & (dst < layer.first + layer.size)]
        rows.append(
            (
                layer.name,
                shape_text(layer.shape),
                f"{layer.size:,}",
                layer.activation.name if is_computed else "",
                f"{len(into):,}" if is_computed else "",
                f"{len(np.unique(into)):,}" if is_computed else "",
            )
        )
    columns = ("layer", "shape", "units", "non-linearity", "connections", "weights")
    return html_table(columns, rows, title, right=("units", "connections", "weights"))
