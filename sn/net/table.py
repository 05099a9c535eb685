"""Freeze: a `Network` becomes a `ConnectionTable`, the only thing the compiler sees.

The table has one row per connection: downstream unit, upstream unit, weight. Whatever built
the net, equal rows give equal kernels. A table never changes.

Read next: reference.py for what the rows mean, ../lower/ir.py for what becomes of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.codes import Code
from sn.display import brief, shape_text
from sn.errors import NetError
from sn.net.combine import WEIGHTED_SUM, Combine, Formula
from sn.net.expr import Expr, evaluate, variables_of
from sn.net.layer import (
    Group,
    Groups,
    Ints,
    Layer,
    Network,
    Parameter,
    counted_units,
    layers_html,
    pattern_size,
)


@dataclass(frozen=True, repr=False)
class ConnectionTable:
    """Rows of a net ordered by downstream unit, in creation order within a unit.

    Shapes: dst, src, wid: (n_rows,) int32; group: (n_rows,) int16 or, of many
    groups, int32, an index into `groups`;
    constant: (n_units,) float64, the state of a constant unit, NaN for the others.
    """

    name: str
    layers: tuple[Layer, ...]
    groups: tuple[Group, ...]
    parameters: tuple[Parameter, ...]
    n_units: int
    n_weights: int
    constant: NDArray[np.float64]
    dst: Ints
    src: Ints
    wid: Ints
    group: Groups

    @property
    def n_rows(self) -> int:
        """The number of connections, bias and border connections included."""
        return len(self.dst)

    @property
    def counted_units(self) -> int:
        """The number of units in layers: what papers call units."""
        return counted_units(self.layers)

    @cached_property
    def inputs(self) -> tuple[int, ...]:
        """The indices of the layers that show the pattern, or a part of it."""
        return tuple(n for n, layer in enumerate(self.layers) if layer.start is not None)

    @cached_property
    def computed(self) -> tuple[int, ...]:
        """The indices of the other layers, in the order in which they are computed."""
        return tuple(n for n, layer in enumerate(self.layers) if layer.start is None)

    @property
    def input_layers(self) -> tuple[Layer, ...]:
        """The layers that show the pattern, or a part of it."""
        return tuple(self.layers[n] for n in self.inputs)

    @property
    def computed_layers(self) -> tuple[Layer, ...]:
        """The other layers, in the order in which they are computed."""
        return tuple(self.layers[n] for n in self.computed)

    @cached_property
    def outputs(self) -> tuple[int, ...]:
        """The indices of the layers that are told what their units should say."""
        said = tuple(n for n, layer in enumerate(self.layers) if layer.is_output)
        return said or (len(self.layers) - 1,)

    @property
    def output_layers(self) -> tuple[Layer, ...]:
        """The layers that are told what their units should say."""
        return tuple(self.layers[n] for n in self.outputs)

    @property
    def dropped_layers(self) -> tuple[Layer, ...]:
        """The layers of which training leaves units out."""
        return tuple(layer for layer in self.layers if layer.dropout)

    @cached_property
    def output_units(self) -> Ints:
        """The units of the output layers, layer by layer: (n_outputs,) int32."""
        return np.concatenate([layer.units.ravel() for layer in self.output_layers])

    @property
    def n_outputs(self) -> int:
        """How many numbers the targets of a pattern have."""
        return len(self.output_units)

    @cached_property
    def seen_inputs(self) -> tuple[int, ...]:
        """The indices of the input layers that feed anything; of one alone, whether or not."""
        seen = set(np.unique(self.layer_of[self.src]).tolist())
        return tuple(n for n in self.inputs if n in seen or len(self.inputs) == 1)

    @cached_property
    def n_inputs(self) -> int:
        """How many numbers a pattern has."""
        return pattern_size(self.layers)

    @property
    def pattern_shape(self) -> tuple[int, ...]:
        """The shape of a pattern: that of the first layer, if this shows all of it."""
        first = self.layers[0]
        return first.shape if first.size == self.n_inputs else (self.n_inputs,)

    def input_text(self, layer: Layer) -> str:
        """Return what an input layer shows, in words: `input`, or `input 0 to 127` of a part."""
        shown = layer.shown
        is_whole = layer.size == self.n_inputs
        return "input" if is_whole else f"input {shown.start} to {shown.stop - 1}"

    def show(self, state: NDArray[np.floating[Any]], pattern: NDArray[np.floating[Any]]) -> None:
        """Write a pattern into the states of the input units.

        Shapes: state: (n_units,); pattern: (n_inputs,); or both with patterns side by side.
        """
        for layer in self.input_layers:
            state[layer.first : layer.first + layer.size] = pattern[layer.shown]

    def shown(self, state: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        """Return the pattern that the states of input units show, 0 where none sees it."""
        pattern = np.zeros(self.n_inputs, state.dtype)
        for index in self.seen_inputs:
            layer = self.layers[index]
            pattern[layer.shown] = state[layer.first : layer.first + layer.size]
        return pattern

    @cached_property
    def fan_in(self) -> Ints:
        """Connections into each unit, bias included: (n_units,) int32. SN's nfanin."""
        return np.bincount(self.dst, minlength=self.n_units).astype(np.int32)

    @cached_property
    def fan_in_of_weight(self) -> Ints:
        """Fan-in of the last unit that each weight feeds: (n_weights,) int32."""
        fan = np.ones(self.n_weights, np.int32)
        fan[self.wid] = self.fan_in[self.dst]
        return fan

    @cached_property
    def layer_of(self) -> Ints:
        """Index of each unit's layer, -1 for constants: (n_units,) int32."""
        owner = np.full(self.n_units, -1, np.int32)
        for index, layer in enumerate(self.layers):
            owner[layer.first : layer.first + layer.size] = index
        return owner

    @cached_property
    def group_counts(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The connections and the weights of each group: (n_groups,) both."""
        return counts_of_groups(self.group, self.wid, len(self.groups))

    @cached_property
    def combines(self) -> tuple[Combine, ...]:
        """The ways in which connections make totals, each once, the weighted sum first."""
        return tuple(dict.fromkeys((WEIGHTED_SUM, *(group.combine for group in self.groups))))

    @cached_property
    def combine_of_row(self) -> Ints:
        """Index into `combines` of each row; the bias always adds: (n_rows,) int32."""
        of_group = [self.combines.index(group.combine) for group in self.groups]
        found = np.array(of_group, np.int32)[self.group]
        return np.where(self.src == 0, np.int32(0), found)

    @property
    def other_rows(self) -> NDArray[np.intp]:
        """The rows that do not combine by weighted sum."""
        if len(self.combines) == 1:
            return np.zeros(0, np.intp)
        return np.flatnonzero(self.combine_of_row)

    def combined(
        self,
        formula: Formula,
        weights: NDArray[np.floating[Any]],
        state: NDArray[np.floating[Any]],
        rows: slice = slice(None),
    ) -> NDArray[np.floating[Any]]:
        """Return a formula of the combine of each of some rows, at its weight and state.

        Shapes: weights: (n_weights,); state: (n_units,); returns one number a row.
        """
        wid, src = self.wid[rows], self.src[rows]
        formulas: list[Expr] = [getattr(combine, formula) for combine in self.combines]
        if len(formulas) == 1:
            return np.asarray(_over_rows(formulas[0], weights, wid, state, src))
        which = self.combine_of_row[rows]
        found = np.zeros(len(which), state.dtype)
        for number, one in enumerate(formulas):
            some = which == number
            found[some] = _over_rows(one, weights, wid[some], state, src[some])
        return found

    def demand_weighted_sums(self, what: str) -> None:
        """Raise NetError if rows combine otherwise, which `what` does not compute."""
        for row in self.other_rows[:1]:
            group = self.groups[self.group[row]]
            raise NetError(
                f"{group.label} combines by {group.combine.name}, which {what} does not compute",
                span=group.span,
                hint="the reference engine computes it",
            )

    def check(self) -> None:
        """Raise NetError unless the rows make a feed-forward net of known units and weights."""
        pairs = self.dst.astype(np.int64) * self.n_units + self.src
        order = np.argsort(pairs, kind="stable")
        twice = np.flatnonzero(np.diff(pairs[order]) == 0)
        if len(twice):
            first, second = order[twice[0]], order[twice[0] + 1]
            raise NetError(
                f"{self._unit(self.src[second])} is already connected to "
                f"{self._unit(self.dst[second])} by {self.groups[self.group[first]].label}",
                span=self.groups[self.group[second]].span,
                hint="there is at most one connection between two units",
            )
        behind = self.layer_of[self.src] >= self.layer_of[self.dst]
        bad = np.flatnonzero(behind & (self.layer_of[self.src] >= 0))
        if len(bad):
            row = bad[0]
            group = self.groups[self.group[row]]
            raise NetError(
                f"{group.label} runs backwards: {self._unit(self.src[row])} does not come "
                f"before {self._unit(self.dst[row])}",
                code=Code.BACKWARDS,
                span=group.span,
                hint="declare the layers in the order in which they are computed",
            )
        # the last is for constants, whose layer is -1
        computes = np.array([layer.start is None for layer in self.layers] + [False])
        for row in np.flatnonzero(~computes[self.layer_of[self.dst]])[:1]:
            unit = self.dst[row]
            is_input = self.layer_of[unit] >= 0
            what = "shows a number of the pattern" if is_input else "has a state of its own"
            raise NetError(
                f"{self._unit(unit)} {what}: nothing can feed it",
                span=self.groups[self.group[row]].span,
                hint="connect it to layers after it",
            )

    def _unit(self, unit: int) -> str:
        index = int(self.layer_of[unit])
        if index < 0:
            return "the bias" if unit == 0 else f"constant unit {unit}"
        return f"unit {unit - self.layers[index].first} of {self.layers[index].name}"

    def __repr__(self) -> str:
        shapes = ", ".join(f"{layer.name} {shape_text(layer.shape)}" for layer in self.layers)
        return brief(f"{self._title()}; {shapes}")

    def _repr_html_(self) -> str:
        return layers_html(self._title(), self.layers, self.dst, self.wid)

    def _title(self) -> str:
        return (
            f"table {self.name}: {self.counted_units} units, {self.n_rows} connections, "
            f"{self.n_weights} weights"
        )

    def __str__(self) -> str:
        lines = [self._title()]
        order = np.argsort(self.group, kind="stable")
        connections, weights = self.group_counts
        ends = np.cumsum(connections)
        for index, group in enumerate(self.groups):
            rows = order[ends[index] - connections[index] : ends[index]]
            lines.append(
                f"{group.label}  {group.scheme}, {connections[index]} connections, "
                f"{weights[index]} weights{group.combine.suffix}"
            )
            shown = rows if len(rows) <= 6 else [*rows[:3], *rows[-3:]]
            for row in shown:
                if len(rows) > 6 and row == rows[-3]:
                    lines.append("   ...")
                lines.append(f"  {self.dst[row]:>6} <- {self.src[row]:>6}  w{self.wid[row]}")
        return "\n".join(lines)


def counts_of_groups(
    group: Groups, wid: Ints, n_groups: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many rows each group has, and how many weights they use: (n_groups,) both.

    Shapes: group, wid: (n_rows,), the group and the weight of each row.
    """
    order = np.lexsort((wid, group))
    group, wid = group[order], wid[order]
    is_first = np.ones(len(wid), bool)
    is_first[1:] = (np.diff(group) != 0) | (np.diff(wid) != 0)
    weights = np.bincount(group[is_first], minlength=n_groups)
    return np.bincount(group, minlength=n_groups), weights


def _over_rows(
    e: Expr,
    weights: NDArray[np.floating[Any]],
    wid: Ints,
    state: NDArray[np.floating[Any]],
    src: Ints,
) -> Any:
    """Compute a formula of w and x for rows; only what it names is looked up."""
    names = variables_of(e)
    looked_up = {"w": (weights, wid), "x": (state, src)}
    return evaluate(
        e, {name: values[at] for name, (values, at) in looked_up.items() if name in names}
    )


def freeze(net: Network) -> ConnectionTable:
    """Return the table of `net`: rows sorted by downstream unit, creation order kept within."""
    dst, src, wid, group = net.rows()
    order = np.argsort(dst, kind="stable")
    constant = np.full(net.n_units, np.nan)
    for unit, value in net.constants.items():
        constant[unit] = value
    table = ConnectionTable(
        net.name,
        tuple(net.layers),
        tuple(net.groups),
        tuple(net.parameters),
        net.n_units,
        net.n_weights,
        constant,
        dst[order],
        src[order],
        wid[order],
        group[order],
    )
    table.check()
    return table
