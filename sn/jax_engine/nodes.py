"""Nodes of a plan as functions: what each adds to the total inputs of a layer.

A node that sums up w x is a bilinear function N(w, x). So the derivative of N(w^2, x^2) with the
curvatures of the units as what comes back has all that SN's second backward pass asks of a node:
sum w^2 h for the units below, sum x^2 h for the weights. Constants and borders, which are states
too, are squared with the others: `power` is 2 then. Other terms t(w, x) are added up row by row,
their curvatures by the formulas of net/combine.py.

Read next: function.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from sn.jax_engine.formulas import Array, computed, term
from sn.jax_engine.gather import added_up, picked
from sn.jax_engine.weights import Layout, Pieces, Placed
from sn.lower.expand import node_as_rows
from sn.lower.ir import Bias, Full, Node, Plan, Rows, Subsample, Window
from sn.net.combine import WEIGHTED_SUM, Combine
from sn.net.layer import Ints

States: TypeAlias = Mapping[int, Array]  # (size,) of each layer, by its index
Total: TypeAlias = Callable[[Pieces, States, int], Array]

# A table of maps is one matrix with zeros in it, unless it lacks more than this share of its pairs
# and the maps that see the same ones make few sets: then it is a matrix for each. Chosen here: with
# a third of its pairs away the 1989 net takes 37 us a presentation by one matrix and 43 by three.
MOST_ZEROS, MOST_SETS = 0.5, 4


@dataclass(frozen=True, slots=True, eq=False)
class NodeFunction:
    """A node: `total(weights, states, power)` is what it adds, (size,); `sources` are its layers.

    `terms` are its rows where they do not sum up w x, None where they do.
    """

    sources: tuple[int, ...]
    total: Total
    terms: _Terms | None = None

    def curvatures(
        self, weights: Pieces, states: States, grad: Array, curv: Array, is_full: bool
    ) -> tuple[Pieces, dict[int, Array]]:
        """Return what it gives of curvatures to weights, and to layers below.

        Shapes: grad, curv: (size,), those of the units above.
        """
        if self.terms is not None:
            return self.terms.curvatures(weights, states, grad, curv, is_full)
        squares = {index: states[index] ** 2 for index in self.sources}
        squared = tuple(piece**2 for piece in weights)
        back = jax.vjp(lambda w, x: self.total(w, x, 2), squared, squares)[1]
        of_weights, of_states = back(curv)
        return of_weights, of_states


def function_of(node: Node, plan: Plan, layout: Layout) -> NodeFunction:
    """Return the function of a node."""
    if node.combine != WEIGHTED_SUM:
        rows = node if isinstance(node, Rows) else node_as_rows(node, plan.table, "another term")
        return _rows(rows, plan, layout)
    match node:
        case Bias():
            return _bias(node, layout)
        case Full():
            return _full(node, layout)
        case Window():
            return _convolution(node, layout) if node.shared else _local(node, layout)
        case Subsample():
            return _subsample(node, layout)
        case Rows():
            return _rows(node, plan, layout)


def _bias(node: Bias, layout: Layout) -> NodeFunction:
    own = layout.place(node.wid)
    each = node.units // node.wid.size

    def total(weights: Pieces, states: States, power: int) -> Array:
        some = own(weights)
        return jnp.broadcast_to(some[:, None], (some.size, each)).reshape(-1)

    return NodeFunction((), total)


def _full(node: Full, layout: Layout) -> NodeFunction:
    own = layout.place(node.wid)

    def total(weights: Pieces, states: States, power: int) -> Array:
        return own(weights) @ states[node.src]

    return NodeFunction((node.src,), total)


def _patches(node: Window | Subsample) -> Callable[[Array, float], Array]:
    """Return the function from states, (size,), and the border's to what windows see.

    It gives (maps, taps, positions).
    """
    rows, cols = node.sites()
    field = node.field
    row, col = rows.T[:, None, :, None], cols.T[None, :, None, :]
    inside = (row >= 0) & (row < field.rows) & (col >= 0) & (col < field.cols)
    site = np.where(inside, row * field.cols + col, -1).astype(np.int32)
    pick = picked(site.reshape(node.taps, -1), field.positions)
    is_outside = ~inside.reshape(node.taps, -1)

    def patches(states: Array, border: float) -> Array:
        seen = pick(states.reshape(field.maps, field.positions))
        return jnp.where(is_outside, jnp.float32(border), seen) if is_outside.any() else seen

    return patches


def _border(node: Window, power: int) -> float:
    return float((node.border or 0.0) ** power)


def _convolution(node: Window, layout: Layout) -> NodeFunction:
    """Windows whose weights the positions share: matrices of weights times what windows see."""
    own, see = layout.place(node.wid), _patches(node)
    pairs = np.array(node.pairs, np.int32)
    sets: dict[tuple[int, ...], list[int]] = {}
    for plane in range(node.grid.maps):
        sets.setdefault(tuple(pairs[pairs[:, 0] == plane, 1].tolist()), []).append(plane)
    groups = [(maps, seen) for seen, maps in sets.items() if seen]
    is_dense = len(pairs) >= (1 - MOST_ZEROS) * node.grid.maps * node.field.maps
    if is_dense or len(groups) > MOST_SETS:
        groups = [(list(range(node.grid.maps)), tuple(range(node.field.maps)))]
    parts = [(_of_group(pairs, maps, seen, node.taps), seen) for maps, seen in groups]
    order = np.concatenate([np.array(maps, np.int32) for maps, _ in groups])
    place = np.full(node.grid.maps, -1, np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    is_in_order = np.array_equal(place, np.arange(node.grid.maps))

    def total(weights: Pieces, states: States, power: int) -> Array:
        flat = own(weights).reshape(-1)
        patches = see(states[node.src], _border(node, power))
        sums = [
            matrix(flat) @ _maps(patches, seen).reshape(-1, node.grid.positions)
            for matrix, seen in parts
        ]
        found = jnp.concatenate(sums) if len(sums) > 1 else sums[0]
        return (found if is_in_order else _in_order(found, place)).reshape(-1)

    return NodeFunction((node.src,), total)


def _of_group(
    pairs: Ints, maps: list[int], seen: tuple[int, ...], taps: int
) -> Callable[[Array], Array]:
    """Return the function from all weights of windows to a matrix: (maps, seen maps * taps)."""
    index = np.full((len(maps), len(seen), taps), -1, np.int32)
    for number, (above, below) in enumerate(pairs.tolist()):
        if above in maps:
            first = number * taps
            index[maps.index(above), seen.index(below)] = np.arange(first, first + taps)
    matrix, flat = index.reshape(len(maps), -1), index.ravel()
    if np.array_equal(flat, np.arange(flat[0], flat[0] + flat.size)):
        first, last = int(flat[0]), int(flat[0]) + flat.size
        return lambda weights: weights[first:last].reshape(matrix.shape)
    return picked(matrix, len(pairs) * taps)


def _maps(patches: Array, seen: tuple[int, ...]) -> Array:
    """Return some maps by slices, which are cheaper than a gather."""
    runs: list[list[int]] = []
    for number in seen:
        if runs and runs[-1][1] == number:
            runs[-1][1] = number + 1
        else:
            runs.append([number, number + 1])
    parts = [patches[first:last] for first, last in runs]
    return jnp.concatenate(parts) if len(parts) > 1 else parts[0]


def _in_order(sums: Array, place: Ints) -> Array:
    """Return the sums of each map, 0 for one that no window leads to."""
    rows = [sums[number] if number >= 0 else jnp.zeros_like(sums[0]) for number in place.tolist()]
    return jnp.stack(rows)


def _local(node: Window, layout: Layout) -> NodeFunction:
    """Windows with weights of their own at each position."""
    own, see = layout.place(node.wid), _patches(node)
    above, below = np.array(node.pairs, np.int32).T
    maps = node.grid.maps
    each = len(above) // maps
    is_even = np.array_equal(above, np.repeat(np.arange(maps), each))
    plain = np.array_equal(below, np.arange(node.field.maps))

    def total(weights: Pieces, states: States, power: int) -> Array:
        patches = see(states[node.src], _border(node, power))
        seen = patches if plain else jnp.take(patches, below, axis=0, mode="clip")
        sums = added_up(own(weights).reshape(seen.shape) * seen)
        if is_even:
            return sums.reshape(maps, each, -1).sum(1).reshape(-1)
        return jax.ops.segment_sum(sums, above, maps).reshape(-1)

    return NodeFunction((node.src,), total)


def _subsample(node: Subsample, layout: Layout) -> NodeFunction:
    own, see = layout.place(node.wid), _patches(node)

    def total(weights: Pieces, states: States, power: int) -> Array:
        return (own(weights)[:, None] * added_up(see(states[node.src], 0.0))).reshape(-1)

    return NodeFunction((node.src,), total)


@dataclass(frozen=True, slots=True, eq=False)
class _Terms:
    """Rows one by one: `seen` gives what they see, (n_rows,), of states; `dst` says whose they are.

    sources: the layers that feed them; sizes: how many units each has, constants before them.
    """

    own: Placed
    combine: Combine
    dst: Ints
    src: Ints
    n_units: int
    sources: tuple[int, ...]
    sizes: tuple[int, ...]
    constants: NDArray[np.float32]

    def seen(self, states: States, power: int = 1) -> Array:
        """Return the state that each row sees."""
        parts = [jnp.asarray(self.constants**power), *(states[one] for one in self.sources)]
        return jnp.take(jnp.concatenate(parts), self.src, mode="clip")

    def total(self, weights: Pieces, states: States, power: int) -> Array:
        """Return the sums of the rows of each unit."""
        own, seen = self.own(weights), self.seen(states, power)
        terms = own * seen if self.combine == WEIGHTED_SUM else term(self.combine)(own, seen)
        return jax.ops.segment_sum(terms, self.dst, self.n_units, indices_are_sorted=True)

    def curvatures(
        self, weights: Pieces, states: States, grad: Array, curv: Array, is_full: bool
    ) -> tuple[Pieces, dict[int, Array]]:
        """Return what rows give of curvatures to weights and to the layers below."""
        own, back = jax.vjp(self.own, weights)
        ends = {"w": own, "x": self.seen(states)}
        of_rows = [
            computed(getattr(self.combine, first), ends) ** 2 * curv[self.dst]
            - (computed(getattr(self.combine, second), ends) * grad[self.dst] if is_full else 0.0)
            for first, second in (("d_weight", "dd_weight"), ("d_state", "dd_state"))
        ]
        size = len(self.constants) + sum(self.sizes)
        below = jax.ops.segment_sum(of_rows[1], self.src, size)
        ends_of = (len(self.constants) + np.cumsum(self.sizes)).tolist()
        of_layers = {
            index: below[last - count : last]
            for index, count, last in zip(self.sources, self.sizes, ends_of, strict=True)
        }
        return back(of_rows[0])[0], of_layers


def _rows(node: Rows, plan: Plan, layout: Layout) -> NodeFunction:
    """Rows that fit no loops, summed up by segments."""
    table = plan.table
    layer_of = table.layer_of[node.src_unit]
    constant = np.unique(node.src_unit[layer_of < 0])
    sources = tuple(np.unique(layer_of[layer_of >= 0]).tolist())
    place = np.full(table.n_units, -1, np.int32)
    place[constant] = np.arange(len(constant))
    used = len(constant)
    for index in sources:
        layer = table.layers[index]
        place[layer.first : layer.first + layer.size] = used + np.arange(layer.size)
        used += layer.size
    own = table.layers[node.dst]
    rows = _Terms(
        layout.place(node.wid),
        node.combine,
        (node.dst_unit - own.first).astype(np.int32),
        place[node.src_unit],
        own.size,
        sources,
        tuple(table.layers[index].size for index in sources),
        table.constant[constant].astype(np.float32),
    )
    is_sum = node.combine == WEIGHTED_SUM
    return NodeFunction(sources, rows.total, None if is_sum else rows)
