"""Presenter: many presentations in a row, in one call of compiled code, with SN's bits.

    Presenter(net, Recipe(...)).present(order, patterns, targets) -> errors, outputs

A recipe says what a presentation does: the layers in the order of their states, those in the order
of their gradients, whether curvatures are computed, and how weights move. The net is read when a
presenter is made; its fields are those that the loops work on, so that whoever looks between two
calls sees what the original program would show.

Source: SN 2.8, basic-iteration and its like (sn-network, 6.1 and 6.7).
Read next: slices.py, sweeps.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from types import ModuleType

import numpy as np

from sn.live import arithmetic, sweeps
from sn.live.compiling import machine_code
from sn.live.functions import Function, rows_of
from sn.live.lists import Lists, lists_of
from sn.live.net import ACC, CONN_CURV, CONN_STEP, GRAD, HESS, STEP, VAL, Floats32, Ints, LiveNet
from sn.live.slices import Slices, joined, slices
from sn.live.walk import Numbers

_HOW = -2  # in a row: how rates enter, which is looked up for each call
CHUNK = 1024  # presentations between two looks at Ctrl-C, of a net that is not large
WORK = 2**26  # connections walked between two looks; chosen here: a tenth of a second or two


class Moves(Enum):
    """What becomes of the weights in a presentation."""

    NOT = "not"  # they stay, and no gradient is computed but that of the outputs
    GATHER = "gather"  # gradients are added up, to move weights later
    STEP = "step"  # each presentation moves them
    ALONG = "along"  # they stay; what states change by along the last changes is computed


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a presentation does.

    forward: (units, f) in the order in which states are computed; backward: (units, f') in that of
    gradients, without the outputs; `slope` is f' of the outputs. curvature: (units, f', f'') in the
    order of curvatures, f'' None for Gauss-Newton; empty for none. `is_one_sided`: whether the cost
    has a threshold. names: what the layers are called, the inputs first.
    """

    inputs: Ints
    outputs: Ints
    desired: Ints
    forward: Sequence[tuple[Ints, Function]]
    slope: Function
    moves: Moves = Moves.NOT
    backward: Sequence[tuple[Ints, Function]] = ()
    curvature: Sequence[tuple[Ints, Function, Function | None]] = ()
    is_one_sided: bool = False
    names: Sequence[str] = ()

    def key(self) -> tuple[object, ...]:
        """Return what tells recipes apart: units by their numbers, functions by themselves."""
        layers = [self.inputs, self.outputs, self.desired]
        functions: list[Function | None] = [self.slope]
        for units, f in (*self.forward, *self.backward):
            layers.append(units)
            functions.append(f)
        for units, slope, bend in self.curvature:
            layers.append(units)
            functions += [slope, bend]
        kinds = (self.moves, self.is_one_sided, len(self.curvature))
        return (*kinds, *(units.tobytes() for units in layers), *functions)


def chunk_of(net: LiveNet) -> int:
    """Return how many presentations there are between two looks at Ctrl-C."""
    return max(1, min(CHUNK, WORK // max(net.n_conns, 1)))


class Presenter:
    """Presents patterns to one net by one recipe, as long as nothing else changes the net."""

    def __init__(self, net: LiveNet, recipe: Recipe) -> None:
        self._net, self._recipe = net, recipe
        self.shape = (net.shape, net.n_units)  # of the net when this was made
        self._lists = lists_of(net)
        self._rows: list[tuple[int, int, int, int, int]] = []
        self._units: list[Ints] = []
        self._n_units = 0
        self._functions: list[Function] = []
        self._slices: list[Slices] = []
        self._n_slices = 0
        self._gathering: Slices | None = None
        self._write()
        self._joined = joined(self._slices)
        self._scratch = np.zeros((3, net.units.shape[1]), np.float32)
        self._of_weights = np.zeros((2, net.weights.shape[1]), np.float32)
        _compiled()  # when nothing has begun yet

    # --- the program ---

    def _write(self) -> None:
        net, recipe, op = self._net, self._recipe, sweeps
        variant = net.variant
        second = bool(recipe.curvature)
        for units, f in recipe.forward:
            self._sums(op.ADD_UP, self._lists.into, units)
            self._per_unit(op.VALUES, units, f)
        if recipe.moves is Moves.ALONG:
            self._along()
            return
        self._rows.append((op.COST, 0, 0, 0, int(recipe.is_one_sided)))
        self._per_unit(op.SLOPES, recipe.outputs, recipe.slope)
        if recipe.moves is Moves.NOT:
            return
        for units, slope in recipe.backward:
            self._sums(op.ADD_UP_BACK, self._lists.out_of, units)
            self._per_unit(op.SLOPES, units, slope)
        if second:
            self._curvatures()
        steps = recipe.moves is Moves.STEP
        if steps:
            self._rows.append((op.CLEAR, 0, 0, ACC, 0))
            self._rows += [(op.CLEAR, 0, 0, HESS, 0)] * second
        at, n = self._gather_slices()
        if second:
            self._rows.append((op.AVERAGE, at, n, 0, 0))
        # where connections own their weights: 1 where units have the rates, else 2
        owns = 0 if variant.has_table else 1 + int(variant.has_steps)
        self._rows.append((op.PARTS, 0, 0, _HOW, owns))
        self._rows.append((op.GATHER, at, n, _HOW, 0))
        if steps and owns:
            self._rows.append((op.OWN_STEP, 0, 0, _HOW, 0))
        elif steps:
            self._rows += [(op.SCALE, 0, 0, 0, 0)] * second
            self._rows += [(op.CHANGE, 0, 0, 0, 0), (op.MOVE, 0, 0, 0, 0)]

    def _along(self) -> None:
        """Compute what states change by along the last changes of weights, layer by layer."""
        recipe = self._recipe
        inputs = recipe.inputs
        self._rows.append((sweeps.STILL, self._place(inputs), len(inputs), 0, 0))
        slopes = [*(slope for _, slope in reversed(recipe.backward)), recipe.slope]
        for (units, _), slope in zip(recipe.forward, slopes, strict=True):
            self._sums(sweeps.ALONG, self._lists.into, units)
            self._per_unit(sweeps.TANGENTS, units, slope)

    def _curvatures(self) -> None:
        self._rows.append((sweeps.SQUARES, 0, 0, 0, 0))
        start = self._lists.out_of.start
        for units, slope, bend in self._recipe.curvature:
            feeding = units[start[units + 1] > start[units]]
            self._sums(sweeps.ADD_UP_BACK_CURVATURES, self._lists.out_of, feeding)
            f = self._function(slope)
            g = -1 if bend is None else self._function(bend)
            self._rows.append((sweeps.CURVATURES, self._place(units), len(units), f, g))

    def _how(self) -> int:
        """How rates enter: of units, where all connections into a unit have the same."""
        net = self._net
        if not net.variant.has_table and self._recipe.curvature:
            return sweeps.DAMPED
        if not net.variant.has_steps or self._has_unit_rates():
            return sweeps.BY_UNIT
        return sweeps.BY_CONNECTION

    def _has_unit_rates(self) -> bool:
        """Whether the connections into a unit have one rate; if so, write it into the unit."""
        net, into = self._net, self._lists.into
        rates = net.conns[CONN_STEP, into.conn]
        counts = np.diff(into.start)
        fed = counts > 0
        first = np.zeros(net.n_units, np.float32)
        first[fed] = rates[into.start[:-1][fed]]
        if not np.array_equal(np.repeat(first, counts), rates):
            return False
        net.units[STEP, : net.n_units] = first
        return True

    def _place(self, units: Ints) -> int:
        at = self._n_units
        self._units.append(units)
        self._n_units += len(units)
        return at

    def _function(self, f: Function) -> int:
        if f not in self._functions:
            self._functions.append(f)
        return self._functions.index(f)

    def _per_unit(self, op: int, units: Ints, f: Function) -> None:
        self._rows.append((op, self._place(units), len(units), self._function(f), 0))

    def _sums(self, op: int, lists: Lists, units: Ints) -> None:
        """Add up the lists of units: products of weights and of numbers at the other end."""
        counts = lists.start[units + 1] - lists.start[units]
        start = np.concatenate([[0], np.cumsum(counts)])
        rows = np.repeat(lists.start[units] - start[:-1], counts) + np.arange(start[-1])
        zeros = (self._net.n_weights, self._net.n_units)
        made = slices(start, lists.wid[rows], lists.other[rows], lists.conn[rows], units, zeros)
        self._rows.append((op, self._add(made), made.n_slices, 0, 0))

    def _add(self, made: Slices) -> int:
        at = self._n_slices
        self._slices.append(made)
        self._n_slices += made.n_slices
        return at

    def _gather_slices(self) -> tuple[int, int]:
        """Add up what is gathered for each weight: its connections, units upwards."""
        net, into = self._net, self._lists.into
        dst = np.repeat(np.arange(net.n_units), np.diff(into.start))
        order = np.argsort(into.wid, kind="stable")
        counts = np.bincount(into.wid, minlength=net.n_weights)
        used = np.flatnonzero(counts)
        start = np.concatenate([[0], np.cumsum(counts[used])])
        zeros = (net.n_units, net.n_units)
        made = slices(start, into.other[order], dst[order], into.conn[order], used, zeros)
        self._gathering = made
        return self._add(made), made.n_slices

    # --- presentations ---

    @property
    def is_fresh(self) -> bool:
        """Whether the net is still connected as it was."""
        return self.shape == (self._net.shape, self._net.n_units)

    def present(
        self, order: Ints, patterns: Floats32, targets: Floats32, numbers: Numbers
    ) -> tuple[Floats32, Floats32]:
        """Present patterns in turn; return the error of the cost and the outputs of each.

        Shapes: order (n,) int32; patterns (m, inputs), targets (m, outputs) float32; errors (n,),
        outputs (n, outputs) float32: states, or what they change by along the last changes.
        """
        net, recipe = self._net, self._recipe
        n, table = len(order), self._joined
        errors, outs = np.zeros(n, np.float32), np.zeros((n, len(recipe.outputs)), np.float32)
        functions, tables = rows_of(self._functions)
        how = self._how() if self._gathering is not None else sweeps.BY_UNIT
        program = np.array(self._rows, np.int64).reshape(-1, 5)
        program[program == _HOW] = how
        units = np.concatenate([*self._units, np.zeros(0, np.int32)]).astype(np.int32)
        rates, sigma = self._take(how)
        values = numbers.array()
        run = _compiled().sweep
        what = GRAD if recipe.moves is Moves.ALONG else VAL
        chunk = chunk_of(net)
        for at in range(0, n, chunk):
            some = slice(at, at + chunk)
            run(
                np.ascontiguousarray(order[some]), patterns, targets,
                recipe.inputs, recipe.desired, recipe.outputs,
                program, units, functions, tables, values,
                table.head, table.segments, table.stream, table.ends,
                net.units, net.weights, self._scratch, self._of_weights, rates, sigma,
                net.n_units, net.n_weights, int(net.variant.has_curvature), what,
                errors[some], outs[some],
            )  # fmt: skip
        self._give_back(sigma)
        return errors, outs

    def _take(self, how: int) -> tuple[Floats32, Floats32]:
        """Return rates and curvatures of connections as the slices that gather read them.

        What they do not read is left out: (0,).
        """
        net, made = self._net, self._gathering
        rates, sigma = np.zeros(0, np.float32), np.zeros(0, np.float32)
        if made is None:
            return rates, sigma
        owned = made.conn[made.conn >= 0]
        shift = self._joined.turns_before(self._n_slices - made.n_slices)
        place = np.concatenate([np.full(shift, -1, np.int32), made.conn])
        if not net.variant.has_table:
            self._of_weights[sweeps.OWN_RATE, net.wid[owned]] = self._rates()[owned]
        if how != sweeps.BY_UNIT:
            rates = np.append(self._rates(), np.float32(0))[place]
        if self._recipe.curvature:
            sigma = np.append(net.conns[CONN_CURV, : net.n_conns], np.float32(0))[place]
        return rates, sigma

    def _rates(self) -> Floats32:
        """Return the learning rate of every connection."""
        net = self._net
        of_connections: Floats32 = net.conns[CONN_STEP, : net.n_conns]
        of_units: Floats32 = net.units[STEP, net.dst[: net.n_conns]]
        return of_connections if net.variant.has_steps else of_units

    def _give_back(self, sigma: Floats32) -> None:
        """Write averaged curvatures back to the connections."""
        made = self._gathering
        if made is not None and self._recipe.curvature:
            owned = made.conn >= 0
            self._net.conns[CONN_CURV, made.conn[owned]] = sigma[-len(made.conn) :][owned]


@cache
def _compiled() -> ModuleType:
    """The sweeps as machine code."""
    return machine_code(arithmetic, sweeps)
