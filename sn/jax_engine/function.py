"""The function: a plan and its costs as pure JAX functions of weights and patterns, in float32.

`cost` is what a net costs for one pattern; its gradient is that of `jax.grad`. Curvatures are no
derivative of it: as in the twin (net/reference.py), a second pass goes back over the layers, with
squares in the place of weights, states and slopes.

Weights are pieces in the order of the nodes (weights.py): `pack` and `unpack` go there and back.

Read next: nodes.py for the nodes, programs.py for what is made of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from sn.jax_engine.formulas import (
    Array,
    computed,
    cost_ends,
    cost_of_states,
    cost_of_totals,
    non_linearity,
)
from sn.jax_engine.nodes import NodeFunction, function_of
from sn.jax_engine.weights import Layout, Pieces
from sn.lower.ir import Plan
from sn.net.layer import Ints
from sn.net.loss import End, Loss, ends_of

Floats32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Kept:
    """Where the masks of a layer with a dropout stand, and in which order its units are."""

    part: slice
    order: Ints | None

    def of(self, masks: Array) -> Array:
        own = masks[self.part]
        return own if self.order is None else own[self.order]


class NetFunction:
    """A net for one pattern at a time; `jax.vmap` gives it for several.

    Shapes: weights: pieces (weights.py), (n,) each; pattern: (n_inputs,) and desired:
    (n_outputs,), as the net has them; masks: (units of layers with a dropout,) or None, what states
    are multiplied with.
    """

    def __init__(self, plan: Plan, loss: Loss) -> None:
        self.plan, table = plan, plan.table
        layout = Layout(table.n_weights)
        self._nodes: dict[int, list[NodeFunction]] = {index: [] for index in table.computed}
        for node in plan.nodes:
            self._nodes[node.dst].append(function_of(node, plan, layout))
        self._order, self._bounds = layout.order()
        self._ends = ends_of(table, loss)
        self._end_of = {end.index: end for end in self._ends}
        self._dropped = self._masks()
        order = plan.outputs_order
        self._outputs_order = order
        self._outputs_back = None if order is None else np.argsort(order).astype(np.int32)

    def _masks(self) -> dict[int, _Kept]:
        found, start = {}, 0
        for index, layer in enumerate(self.plan.original.layers):
            if layer.dropout:
                part = slice(start, start + layer.size)
                found[index] = _Kept(part, self.plan.order_inside(index))
                start += layer.size
        return found

    # --- weights ---

    def pack(self, weights: NDArray[np.generic]) -> tuple[Floats32, ...]:
        """Return numbers of weights, (..., n_weights) in weight order, as pieces of float32."""
        packed = weights[..., self._order].astype(np.float32)
        return tuple(np.split(packed, self._bounds, axis=-1))

    def unpack(self, pieces: Sequence[NDArray[np.float32]]) -> Floats32:
        """Return the numbers of pieces in weight order: (..., n_weights) float32."""
        packed = np.concatenate(pieces, axis=-1)
        found = np.empty_like(packed)
        found[..., self._order] = packed
        return found

    # --- one pattern ---

    def forward(
        self, weights: Pieces, pattern: Array, masks: Array | None = None
    ) -> tuple[dict[int, Array], dict[int, Array]]:
        """Return total inputs and states by layer, in the order of the grids: (size,) each."""
        states, totals = self._shown(pattern), {}
        for index, kept in self._dropped.items():
            if masks is not None and index in states:
                states[index] = states[index] * kept.of(masks)
        for index, nodes in self._nodes.items():
            totals[index] = self._total(nodes, weights, states, index)
            state = non_linearity(self.plan.layers[index].activation)(totals[index])
            if masks is not None and index in self._dropped:
                state = state * self._dropped[index].of(masks)
            states[index] = state
        return totals, states

    def _shown(self, pattern: Array) -> dict[int, Array]:
        given = self.plan.pattern
        pattern = pattern if given.order is None else pattern[given.order]
        layers = self.plan.layers
        return {index: pattern[first : first + layers[index].size] for index, first in given.starts}

    def _total(
        self, nodes: list[NodeFunction], weights: Pieces, states: dict[int, Array], index: int
    ) -> Array:
        if not nodes:
            return jnp.zeros(self.plan.layers[index].size, jnp.float32)
        total = nodes[0].total(weights, states, 1)
        for node in nodes[1:]:
            total = total + node.total(weights, states, 1)
        return total

    def cost(
        self, weights: Pieces, pattern: Array, desired: Array, masks: Array | None = None
    ) -> Array:
        """Return the cost of a pattern, whose gradient goes through SN's own derivatives."""
        totals, states = self.forward(weights, pattern, masks)
        desired = self._desired(desired)
        parts = []
        for end in self._ends:
            wanted = desired[end.part]
            if end.joint is not None:
                parts.append(cost_of_totals(end.joint)(totals[end.index], wanted))
            else:
                parts.append(cost_of_states(end.cost)(states[end.index], wanted))
        return sum(parts[1:], parts[0])

    def _desired(self, desired: Array) -> Array:
        return desired if self._outputs_order is None else desired[self._outputs_order]

    def descent(
        self, weights: Pieces, pattern: Array, desired: Array, masks: Array | None = None
    ) -> Pieces:
        """Return the way down of one pattern's cost, minus its gradient."""
        slopes: Pieces = jax.grad(self.cost)(weights, pattern, desired, masks)
        return tuple(-piece for piece in slopes)

    def curvatures(
        self,
        weights: Pieces,
        pattern: Array,
        desired: Array,
        masks: Array | None = None,
        is_full: bool = False,
    ) -> Pieces:
        """Return the curvatures of one pattern, sum x_i^2 h_j.

        Source: SN 2.8, update-lmgradient and update-ggradient; net/reference.py has the formulas.
        """
        totals, states = self.forward(weights, pattern, masks)
        desired = self._desired(desired)
        back: dict[int, Array] = {}
        back_curv: dict[int, Array] = {}
        found = tuple(jnp.zeros_like(piece) for piece in weights)
        for end in self._ends:
            if end.joint is None:
                ends = cost_ends(end.cost, states[end.index], desired[end.part])
                back[end.index] = -computed(end.cost.slope, ends)
                back_curv[end.index] = computed(end.cost.bend, ends)
        for index in reversed(self._nodes):
            kept = None
            if masks is not None and index in self._dropped:
                kept = self._dropped[index].of(masks)
            grad, curv = self._at_units(
                index, totals[index], back.get(index), back_curv.get(index), kept, is_full
            )
            told = self._end_of.get(index)
            if told is not None and told.joint is not None:
                grad, curv = _at_output(told, totals[index], desired, grad, curv, is_full)
            if grad is None or curv is None:
                continue  # nobody sees the layer
            for node in self._nodes[index]:
                more = self._below(node, weights, states, grad, curv, back, back_curv, is_full)
                found = tuple(map(jnp.add, found, more))
        return found

    def _at_units(
        self,
        index: int,
        total: Array,
        back: Array | None,
        back_curv: Array | None,
        kept: Array | None,
        is_full: bool,
    ) -> tuple[Array | None, Array | None]:
        """Return g = b f' and h = q f'^2, or q f'^2 - b f'' when full, of the units of a layer."""
        if back is None or back_curv is None:
            return None, None
        activation = self.plan.layers[index].activation
        slope = computed(activation.slope, {"a": total})
        slope = slope if kept is None else slope * kept
        curv = back_curv * slope * slope
        if is_full:
            bend = computed(activation.bend, {"a": total})
            curv = curv - back * (bend if kept is None else bend * kept)
        return back * slope, curv

    def _below(
        self,
        node: NodeFunction,
        weights: Pieces,
        states: dict[int, Array],
        grad: Array,
        curv: Array,
        back: dict[int, Array],
        back_curv: dict[int, Array],
        is_full: bool,
    ) -> Pieces:
        """Hand gradients and curvatures of a layer down; return the curvatures of weights."""
        below = {index: states[index] for index in node.sources}
        of_weights, of_states = node.curvatures(weights, below, grad, curv, is_full)
        by_state = jax.vjp(lambda some: node.total(weights, some, 1), below)[1](grad)[0]
        for index in node.sources:
            _add(back_curv, index, of_states[index])
            _add(back, index, by_state[index])
        return of_weights

    # --- what is read off ---

    def outputs(self, weights: Pieces, pattern: Array) -> Array:
        """Return the outputs as the net has them: (n_outputs,)."""
        states = self.forward(weights, pattern)[1]
        found = jnp.concatenate([states[index] for index in self.plan.table.outputs])
        return found if self._outputs_back is None else found[self._outputs_back]

    def states(self, weights: Pieces, pattern: Array, masks: Array | None = None) -> Array:
        """Return the states of all units as the net has them: (n_units,)."""
        states = self.forward(weights, pattern, masks)[1]
        table = self.plan.table
        constant = np.where(np.isnan(table.constant), 0.0, table.constant).astype(np.float32)
        found = jnp.asarray(constant)
        for index, some in states.items():
            layer = table.layers[index]
            found = found.at[layer.first : layer.first + layer.size].set(some)
        return found[np.argsort(self.plan.order)]


def _add(sums: dict[int, Array], index: int, more: Array) -> None:
    sums[index] = sums[index] + more if index in sums else more


def _at_output(
    end: End,
    total: Array,
    desired: Array,
    grad: Array | None,
    curv: Array | None,
    is_full: bool,
) -> tuple[Array, Array]:
    """Return gradients and curvatures of output units, those of units that they feed beside."""
    assert end.joint is not None
    ends = {"a": total, "d": desired[end.part]}
    g = computed(end.joint.grad, ends)
    h = computed(end.joint.full if is_full else end.joint.gauss_newton, ends)
    if grad is None or curv is None:
        return g, h
    return grad + g, curv + h
