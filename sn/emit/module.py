"""Module: a plan and an update rule become the text of one kernel module.

    emit(plan, cost, rule, lanes) -> KernelSource

The text is plain Python: layers and sections as records with literal numbers, then one function
per pass that calls the sections in order, each under a heading that names its connection and
the form that asked for it. Same net, same text. `kernels.py` writes it to a file and imports it.

Read next: windows.py and units.py for the sections, ../kernels.py for what happens to the text.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sn.emit import place, place_conv
from sn.emit.batch_pass import BatchPass, BiasWeights, Placed, reads
from sn.emit.layout import Arena, Floats32, Layout, Tables, lay_out
from sn.emit.local import Local
from sn.emit.place_batch import BatchLayout
from sn.emit.rows import RowList
from sn.emit.units import FullWeights
from sn.emit.windows import Conv
from sn.emit.writer import Writer, comment, constant_name, formula, heading, record
from sn.lower.ir import Bias, Full, Node, Plan, Rows, Window, node_as_rows
from sn.net.costs import Cost
from sn.net.layer import Ints
from sn.net.output import output_formulas
from sn.optim.rules import Curvature, Decay, RuleSpec, Step

# raise when a section changes what it computes, so that old cached kernels are not used
GENERATOR = 1


@dataclass(frozen=True, slots=True, eq=False)
class KernelSource:
    """A kernel module and the data it runs on.

    Shapes: tables, batch_tables: int32 of any length; states: initial float32 memory of the
    training kernel; batch_states: (places,) float32, one per unit of the batch kernel;
    slots: weight number of each packed weight, -1 for pads. `nodes`: label of each step size,
    `node_layers`: the layer it leads into.
    """

    name: str
    text: str
    tables: Ints
    batch_tables: Ints
    states: Floats32
    batch_states: Floats32
    slots: Ints
    node_of_slot: Ints
    nodes: tuple[str, ...]
    node_layers: tuple[str, ...]
    layout: Layout
    lanes: int
    n_inputs: int
    n_outputs: int


def _finishes(node: Node) -> bool:
    """Whether back-propagation writes each gradient of the layer below once, in one store."""
    if isinstance(node, Full):
        return place.is_one_panel(node)
    return place_conv.finishes(node)


def emit(plan: Plan, cost: Cost, rule: RuleSpec, lanes: int) -> KernelSource:
    """Return the kernel module of `plan` for an update rule."""
    return _Emitter(plan, cost, rule, lanes).run()


class _Emitter:
    def __init__(self, plan: Plan, cost: Cost, rule: RuleSpec, lanes: int) -> None:
        self.plan, self.cost, self.rule, self.lanes = plan, cost, rule, lanes
        self.joint = output_formulas(plan.layers[-1].activation, cost)
        # where layers lie decides what runs as rows, and that how much scratch there is
        self.lay = lay_out(plan, rule.second, lanes)
        self.nodes = [self._fitting(node) for node in plan.nodes]
        self.finished = self._finished()
        convs = [node for node in self.nodes if isinstance(node, Window) and node.shared]
        scratch = max((place_conv.scratch_size(node, rule.second) for node in convs), default=0)
        self.lay = lay_out(plan, rule.second, lanes, scratch, self.finished)
        self.at_once = self._at_once()
        self.to_curv = self.lay.to_curv if rule.second else 0
        self.batch = BatchLayout(Arena(), Tables())
        constant = plan.table.constant
        states = np.where(np.isnan(constant), 0.0, constant).astype(np.float32)
        self.batch.arena.take(plan.table.n_units, states)
        self.shared = place.place_shared_rows(Plan(plan.table, tuple(self.nodes)), self.lay)
        self.constants, self.forward = Writer(), Writer()
        self.backward: list[Writer] = []
        self.placed: list[Placed] = []
        self.bounds: list[int] = []
        # of the layer at hand: whether its first window starts from the biases, and where they are
        self.starts = False
        self.to_bias: int | None = None

    def _fitting(self, node: Node) -> Node:
        """A window or bias whose layers lie in memory in another shape runs as rows."""
        if isinstance(node, Bias) and node.shared:
            layer, name = self.lay.layers[node.dst], self.plan.layers[node.dst].name
            if len(node.wid) not in (1, layer.maps) or (len(node.wid) == 1 and layer.maps > 1):
                why = f"{name} does not lie in memory map by map"
                return node_as_rows(node, self.plan.table, why)
        if isinstance(node, Window):
            for index, view in ((node.dst, node.grid), (node.src, node.field)):
                layer = self.lay.layers[index]
                if place.map_pitch(layer, view.maps, view.positions) is None:
                    name = self.plan.layers[index].name
                    why = f"{name} is laid out for windows of another shape"
                    return node_as_rows(node, self.plan.table, why)
        return node

    def _finished(self) -> set[int]:
        """Hidden layers whose gradients the one section that propagates into them finishes."""
        found = set()
        for index in range(1, len(self.plan.layers) - 1):
            readers = [node for node in self.nodes if reads(self.plan, node, index)]
            if not self.rule.second and len(readers) == 1 and _finishes(readers[0]):
                found.add(index)
        return found

    def run(self) -> KernelSource:
        layers = self.plan.layers
        for index, place_ in enumerate(self.lay.layers):
            self.constants(comment(layers[index].name))
            self.constants(f"{constant_name(index)} = {record(place_)}")
        last = len(layers) - 1
        self.forward(comment(f"{layers[0].name}: pattern e"))
        self.forward(f"units.load_pattern(k, m, {constant_name(0)}, e)")
        for index in range(1, len(layers)):
            mine = [(n, node) for n, node in enumerate(self.nodes) if node.dst == index]
            self._layer(index, mine, index == last)
        self.batch_pass = BatchPass(
            self.plan, self.nodes, self.placed, self.lay, self.batch, self.lanes
        )
        self.batch_pass.write()
        return self._finish()

    def _layer(self, index: int, nodes: list[tuple[int, Node]], is_output: bool) -> None:
        layer = self.plan.layers[index]
        name = constant_name(index)
        backward = Writer()
        self.backward.append(backward)
        if not any(isinstance(node, Bias) for _, node in nodes):
            lay = self.lay.layers[index]
            self.forward()
            self.forward(comment(f"{layer.name}: no bias"))
            self.forward(f"units.zero(k, m, {lay.state}, {lay.size})")
        backward()
        if is_output and self.joint is not None:
            curv = ", OUTPUT_CURV" if self.rule.second else ""
            backward(comment(f"{layer.name}: grad = -dE/da, E = {self.cost.value}"))
            backward(f"units.joint_output_grad(k, m, {name}, OUTPUT_GRAD, e{curv})")
        elif is_output:
            backward(comment(f"{layer.name}: grad = -dE/dy f'(a), E = {self.cost.value}"))
            backward(f"units.output_grad(k, m, {name}, COST_SLOPE, e{self._second('COST_BEND')})")
        elif index not in self.finished:
            backward(comment(f"{layer.name}: grad = back f'(a)"))
            backward(f"units.hidden_grad(k, m, {name}{self._second('None')})")
        self.constants(f"{name}_VALUE = {formula(layer.activation.value)}")
        is_joint = is_output and self.joint is not None
        # joint formulas take the total input itself
        slope = "a" if is_joint else formula(layer.activation.slope)
        self.constants(f"{name}_SLOPE = {slope}")
        formulas = f"{name}_VALUE, {name}_SLOPE"
        if self.rule.curvature is Curvature.FULL and not is_joint:
            formulas += f", {name}_BEND"
            self.constants(f"{name}_BEND = {formula(layer.activation.bend)}")
        self.constants(f"{name}_F = units.Functions({formulas})")
        self.starts = self._starts_from_bias([node for _, node in nodes])
        for number, node in nodes:
            self._node(number, node, backward)
        if index in self.at_once:
            return
        self.forward()
        self.forward(comment(f"{layer.name}: state = {layer.activation}"))
        self.forward(f"units.activate(k, m, {name}, {name}_F)")

    def _starts_from_bias(self, nodes: list[Node]) -> bool:
        """Whether the first section that adds to a layer can start its sums from its biases."""
        if len(nodes) < 2 or not isinstance(nodes[0], Bias) or nodes[0].shared:
            return False
        first = nodes[1]
        if isinstance(first, Window) and first.shared:
            return place_conv.is_complete(first, self.lay)
        return isinstance(first, Full)

    def _at_once(self) -> set[int]:
        """Layers in a row whose sums and states one full section makes, with no stop in memory."""
        found = set()
        for index in range(1, len(self.plan.layers)):
            adding = [n for n in self.nodes if n.dst == index and not isinstance(n, Bias)]
            if (
                len(adding) == 1
                and isinstance(adding[0], Full)
                and self.lay.layers[index].maps == 1
            ):
                found.add(index)
        return found

    def _node(self, number: int, node: Node, backward: Writer) -> None:
        dst = constant_name(node.dst)
        for writer in (self.forward, backward):
            writer()
            writer(heading(self.plan, node))
        rule = self._rule(number)
        start = self.lay.weights.size
        match node:
            case Bias():
                placed: Placed = self._bias(node, dst, backward, rule)
            case Full():
                placed = self._full(node, number, dst, backward, rule)
            case Window(shared=True):
                placed = self._conv(node, number, backward, rule)
            case Window():
                placed = self._local(node, number, backward, rule)
            case Rows():
                placed = self._rows(node, number, backward, rule)
        self.placed.append(placed)
        self.bounds += [number] * (self.lay.weights.size - start)

    def _second(self, bend: str) -> str:
        """The last argument of a gradient section, for rules of second order."""
        if not self.rule.second:
            return ""
        return f", units.Second({bend}, is_full={self.rule.curvature is Curvature.FULL})"

    def _rule(self, number: int) -> str:
        """The update rule of one node, as it is written in the module."""
        words = [f'step="{self.rule.step}"'] if self.rule.step is not Step.NODE else []
        words += ["momentum=True"] if self.rule.momentum else []
        words += [f'decay="{self.rule.decay}"'] if self.rule.decay is not Decay.NONE else []
        words += ["gather=True"] if self.rule.gather else []
        words += ["second=True"] if self.rule.second else []
        return f"update.Rule({', '.join(['k', 'm', str(number), *words])})"

    def _bias(self, node: Bias, dst: str, backward: Writer, rule: str) -> BiasWeights:
        lay = self.lay.layers[node.dst]
        if node.shared:
            at, kind, pitch = self.lay.weights.add(node.wid), "map", 0
        else:
            slots = np.full(lay.size, -1, np.int32)
            slots[lay.offsets()] = node.wid
            at, kind, pitch = self.lay.weights.add(slots), "unit", lay.pitch
        self.to_bias = at - lay.state if self.starts else None
        if not self.starts:
            self.forward(f"units.bias_per_{kind}(k, m, {dst}, weights={at})")
        backward(f"units.update_bias_per_{kind}(k, m, {dst}, {at}, {rule})")
        return BiasWeights(at, pitch)

    def _start(self) -> str:
        """What the sums of the section at hand start from."""
        start = "units.MEMORY" if self.to_bias is None else f"units.Start(to_bias={self.to_bias})"
        self.to_bias = None
        return start

    def _full(self, node: Full, number: int, dst: str, backward: Writer, rule: str) -> FullWeights:
        src = constant_name(node.src)
        name = f"FULL_{number}"
        placed = place.place_full(node, self.lay)
        self.constants(f"{name} = {record(placed)}")
        start = self._start()
        last = f", {dst}_F" if node.dst in self.at_once else ""
        self.forward(f"units.full_forward(k, m, {dst}, {src}, {name}, {start}{last})")
        end = f", slope={self.lay.layers[node.src].slope}" if node.src in self.finished else ""
        backward(
            f"units.full_backward(k, m, {dst}, {src}, {name}, {rule}, "
            f"propagate={node.src > 0}{end})"
        )
        return placed

    def _conv(self, node: Window, number: int, backward: Writer, rule: str) -> Conv:
        name = f"CONV_{number}"
        placed = place_conv.place_conv(node, self.lay)
        self.constants(f"{name} = {record(placed)}")
        self.forward(f"windows.forward(k, m, {name}, {self._start()})")
        if node.src in self.finished:
            slope = self.lay.layers[node.src].slope
            backward(f"windows.backward(k, m, {name}, slope={slope})")
        elif node.src > 0:
            backward(f"windows.backward(k, m, {name})")
            if self.rule.second:
                backward(f"windows.backward(k, m, {name}, to_curv={self.to_curv})")
        backward(f"windows.update(k, m, {name}, {rule}, to_curv={self.to_curv})")
        return placed

    def _local(self, node: Window, number: int, backward: Writer, rule: str) -> Local:
        name = f"LOCAL_{number}"
        placed = place.place_local(node, self.lay)
        self.constants(f"{name} = {record(placed)}")
        self.forward(f"local.forward(k, m, {name})")
        backward(
            f"local.backward(k, m, {name}, to_grad={self.lay.to_grad}, "
            f"to_curv={self.to_curv}, rule={rule}, propagate={node.src > 0})"
        )
        return placed

    def _rows(
        self, node: Rows, number: int, backward: Writer, rule: str
    ) -> tuple[RowList, Ints | None]:
        name = f"ROWS_{number}"
        placed = place.place_rows(node, self.lay, self.shared)
        which = None
        if node.is_shared:
            count = self.lay.tables.size - placed.which
            which = self.lay.tables.parts[-1]
            assert len(which) == count
        self.constants(f"{name} = {record(placed)}")
        self.forward(f"rows.rows_forward(k, m, {name})")
        propagate = bool(np.any(self.plan.table.layer_of[node.src_unit] > 0))
        backward(
            f"rows.rows_backward(k, m, {name}, to_grad={self.lay.to_grad}, "
            f"to_curv={self.to_curv}, rule={rule}, propagate={propagate})"
        )
        return placed, which

    def _finish(self) -> KernelSource:
        plan, table = self.plan, self.plan.table
        lay = self.lay
        out = Writer()
        out(
            f'"""Kernels of a net of {table.counted_units} units, {table.n_rows} connections, '
            f"{table.n_weights} weights.\n"
        )
        out(f"Written by SN's emitter {GENERATOR}; do not edit. k: the vector builder; m: memory;")
        out('e: the pattern, b: the batch. Offsets count float32 elements.\n"""')
        out()
        out(comment(f"net {plan.table.name}"))
        out("# ruff: noqa")
        out("from sn.emit import batch, batch_windows, columns, frames, layout, local, rows")
        out("from sn.emit import tiles, units, update, windows")
        out("from sn.kernels import kernel, section")
        out("from sn.net import expr")
        out(f"\nLANES = {self.lanes}  # of a vector; patterns side by side in a batch")
        out('a, y, d = expr.variable("a"), expr.variable("y"), expr.variable("d")\n')
        out(self.constants.text())
        out(self.batch_pass.constants.text())
        if self.joint is not None:
            out(f"OUTPUT_GRAD = {formula(self.joint.grad)}")
            if self.rule.second:
                full = self.rule.curvature is Curvature.FULL
                curv = self.joint.full if full else self.joint.gauss_newton
                out(f"OUTPUT_CURV = {formula(curv)}")
        else:
            out(f"COST_SLOPE = {formula(self.cost.slope)}")
            if self.rule.second:
                out(f"COST_BEND = {formula(self.cost.bend)}")
        last = len(plan.layers) - 1
        hidden = [self.lay.layers[i] for i in range(1, last) if i not in self.finished]
        out("\n\ndef present(k, m, e):")
        out('"""Train on pattern e: forward, backward, update."""', 1)
        out(self.forward.text().rstrip("\n"), 1)
        if hidden:
            out("\n# gradients of the hidden layers add up from 0", 1)
        for layer in hidden:
            out(f"units.zero(k, m, {layer.grad}, {layer.size})", 1)
            if self.rule.second:
                out(f"units.zero(k, m, {layer.curv}, {layer.size})", 1)
        for writer in reversed(self.backward):
            out(writer.text().rstrip("\n"), 1)
        if self.shared is not None:
            out("\n# weights that several rows share", 1)
            first = next(
                n for n, node in enumerate(self.nodes) if isinstance(node, Rows) and node.is_shared
            )
            out(
                f"rows.apply_descents(k, m, {self.shared.weights}, {self.shared.descents}, "
                f"{self.shared.curvs}, {self.shared.size}, {self._rule(first)})",
                1,
            )
        before = self.batch_pass.before.text().rstrip("\n")
        if before:
            out("\n\ndef before_batches(k, m, b):")
            out('"""Add up what is the same for all batches."""', 1)
            out(before, 1)
        out("\n\ndef evaluate_batch(k, m, b):")
        out('"""Compute the outputs of the patterns of batch b."""', 1)
        out(self.batch_pass.body.text().rstrip("\n"), 1)
        out('\n\n_present = section(present, "w v c e s t r h x y", LANES)')
        if before:
            out('_before_batches = section(before_batches, "w s t x o", LANES)')
        out('_evaluate_batch = section(evaluate_batch, "w s t x o", LANES)')
        out('\n\n@kernel("train")')
        out("def train(w, v, c, e, s, t, r, h, x, y, order, first, last):")
        out('"""Train on patterns order[first], ..., order[last - 1]."""', 1)
        out("for i in range(first, last):", 1)
        out("_present(w, v, c, e, s, t, r, h, x, y, order[i])", 2)
        out('\n\n@kernel("evaluate")')
        out("def evaluate(w, s, t, x, o, batches):")
        out('"""Fill the outputs o of all batches of patterns x."""', 1)
        if before:
            out("_before_batches(w, s, t, x, o, 0)", 1)
        out("for b in range(batches):", 1)
        out("_evaluate_batch(w, s, t, x, o, b)", 2)
        node_of_slot = np.full(lay.weights.size, -1, np.int32)
        node_of_slot[len(node_of_slot) - len(self.bounds) :] = self.bounds
        return KernelSource(
            plan.table.name,
            out.text(),
            lay.tables.array(),
            self.batch.tables.array(),
            lay.arena.initial(),
            self.batch.arena.initial(),
            lay.weights.slots(),
            node_of_slot,
            tuple(node.label for node in self.nodes),
            tuple(plan.layers[node.dst].name for node in self.nodes),
            lay,
            self.lanes,
            plan.layers[0].size,
            plan.layers[-1].size,
        )
