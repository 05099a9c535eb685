"""Schedule: a plan, a cost and an update rule become the program of a kernel.

    schedule(plan, cost, rule, lanes) -> Program

Each node is asked once how it runs, in this order: whether it fits, what it decides, where it is
placed (which makes the map of the memory), and then for its calls. What nodes do together is
decided here: sums that start from biases, layers finished by the section that adds to them.

Read next: room.py for the verbs, program.py for what comes out, module.py for its text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from sn.emit import layers, layers_evaluate
from sn.emit.layers import Functions, Start
from sn.emit.memory import BatchLayout, lay_out
from sn.emit.program import Block, Call, Made, Pass, Place, Program, Record, Ref, call
from sn.emit.room import NO_BIAS, Decision, Evaluation, Placed, Site, layer_ref
from sn.emit.rooms import ROOMS, fitting, room_of
from sn.emit.update import PlacedRule, Rule, count, slot_pitch
from sn.emit.writer import heading, line_of
from sn.errors import SnInternalError
from sn.lower.ir import Bias, Node, Plan, Rows, reads
from sn.net.activations import TOTAL
from sn.net.loss import End, Loss, ends_of
from sn.optim.rules import Curvature, UpdateRule

TRAIN_ARRAYS = "w q s t r h x y"
MASKED_ARRAYS = TRAIN_ARRAYS + " d"
EVALUATE_ARRAYS = "w s t x o"


def schedule(plan: Plan, cost: Loss, rule: UpdateRule, lanes: int) -> Program:
    """Return the program of `plan` for an update rule, checked."""
    if rule.is_clipped:
        raise SnInternalError("what clips descents needs all of them: kernels of batches do it")
    program = Scheduler(plan, cost, rule, lanes).program()
    program.check()
    return program


@dataclass(frozen=True, slots=True, eq=False)
class LayerSums:
    """One layer: its nodes by number, and how its sums start and end.

    `start`: what the first section that adds to it starts from; `is_at_once`: that section makes
    the states too.
    """

    index: int
    numbers: tuple[int, ...]
    adding: tuple[int, ...]
    start: Start
    is_at_once: bool


class Scheduler:
    """Decides and places all nodes of a net, and then makes the calls."""

    sums = 0

    def __init__(self, plan: Plan, cost: Loss, rule: UpdateRule, lanes: int) -> None:
        self.plan, self.rule = plan, rule
        self.ends = {end.index: end for end in ends_of(plan.table, cost)}
        # where layers lie decides what runs as rows, and that how much scratch there is
        first = lay_out(plan, rule.second, lanes)
        self.nodes = [fitting(node, plan, first) for node in plan.nodes]
        self.decided: list[Decision] = [
            room_of(node).decide(node, plan, first, rule.second) for node in self.nodes
        ]
        finished = self._finished()
        scratch = max((decision.scratch for decision in self.decided), default=0)
        lay = lay_out(plan, rule.second, lanes, scratch, finished)
        self.site = Site(plan, lay, BatchLayout.of(plan), rule.second, finished)
        self.shared = {
            kind: room.share([node for node in self.nodes if type(node) is kind], self.site)
            for kind, room in ROOMS.items()
        }
        self.placed: list[Placed] = []
        self.bounds: list[tuple[int, int]] = []
        for number in sorted(range(len(self.nodes)), key=lambda n: self.nodes[n].dst):
            self._place(number)
        self.layers = [self._layer(index) for index in plan.table.computed]
        self.for_batches = self._place_for_batches()

    def _hidden(self) -> tuple[int, ...]:
        """The computed layers that are no outputs."""
        return tuple(n for n in self.plan.table.computed if n not in self.ends)

    def _finished(self) -> frozenset[int]:
        """Hidden layers whose gradients the one section that propagates into them finishes."""
        found = set()
        for index in self._hidden():
            readers = [n for n, node in enumerate(self.nodes) if reads(self.plan, node, index)]
            if not self.rule.second and len(readers) == 1 and self.decided[readers[0]].finishes:
                found.add(index)
        return frozenset(found)

    def _place(self, number: int) -> None:
        node, weights = self.nodes[number], self.site.lay.weights
        assert number == len(self.placed), "nodes come in the order of the layers they lead into"
        start = weights.size
        room = room_of(node)
        decided, shared = self.decided[number], self.shared[type(node)]
        self.placed.append(room.place(number, node, decided, self.site, shared))
        self.bounds.append((start, weights.size))

    def _layer(self, index: int) -> LayerSums:
        """Say how the sums of a layer start and end."""
        numbers = tuple(n for n, node in enumerate(self.nodes) if node.dst == index)
        adding = tuple(n for n in numbers if self.placed[n].bias is None)
        start = layers.MEMORY
        bias = self.placed[numbers[0]].bias if numbers else None
        if bias is not None and bias.pitch and adding and self.decided[adding[0]].is_complete:
            start = Start(to_bias=bias.at - self.site.lay.layers[index].state)
        is_at_once = len(adding) == 1 and self.decided[adding[0]].is_at_once
        return LayerSums(index, numbers, adding, start, is_at_once)

    # --- records ---

    def _records(self) -> list[Record]:
        table = self.plan.table
        found = [
            Record(f"LAYER_{index}", lay, self.plan.layers[index].name)
            for index, lay in enumerate(self.site.lay.layers)
            if index in table.computed or index in table.seen_inputs
        ]
        for layer in self.layers:
            found += self._functions(layer.index)
            found += [
                placed.record
                for placed in (self.placed[n] for n in layer.numbers)
                if placed.record is not None
            ]
        return found

    def _functions(self, index: int) -> list[Record]:
        """The formulas of a layer's units."""
        name, activation = f"LAYER_{index}", self.plan.layers[index].activation
        end = self.ends.get(index)
        is_joint = end is not None and end.joint is not None
        # joint formulas take the total input itself
        slope = TOTAL if is_joint else activation.slope
        found = [Record(f"{name}_VALUE", activation.value), Record(f"{name}_SLOPE", slope)]
        if self.rule.curvature is Curvature.FULL and not is_joint:
            found.append(Record(f"{name}_BEND", activation.bend))
        refs = tuple(Ref(record.name) for record in found)
        found.append(Record(f"{name}_F", Made(Functions, refs)))
        if is_joint and end is not None and end.feeds:
            bend = activation.bend if self.rule.curvature is Curvature.FULL else None
            found.append(Record(f"{name}_THROUGH", layers.Through(activation.slope, bend)))
        return found

    def _output_records(self) -> list[Record]:
        """The derivatives of the costs."""
        return [record for end in self.ends.values() for record in self._derivatives(end)]

    def _derivatives(self, end: End) -> list[Record]:
        """The derivatives of the cost at one layer."""
        cost, joint, name = end.cost, end.joint, self._named
        if cost.reductions:
            layer_cost = layers.LayerCost(cost.reductions, cost.slope)
            found = [(name("LAYER_COST", end), layer_cost), (name("COST_BEND", end), cost.bend)]
        elif joint is None:
            found = [(name("COST_SLOPE", end), cost.slope), (name("COST_BEND", end), cost.bend)]
        else:
            bend = joint.full if self.rule.curvature is Curvature.FULL else joint.gauss_newton
            found = [(name("OUTPUT_GRAD", end), joint.grad), (name("OUTPUT_CURV", end), bend)]
        return [Record(*record) for record in (found if self.rule.second else found[:1])]

    def _named(self, name: str, end: End) -> str:
        """The name of a record of one output layer: with its number, where there are several."""
        return name if len(self.ends) == 1 else f"{name}_{end.index}"

    # --- passes ---

    def _forward(self) -> list[Block]:
        blocks = []
        if self.rule.counters:
            blocks.append(Block("counters of the update rule", (call(count, Ref("RULE")),)))
        for index, options in self._shown():
            load = call(layers.load_pattern, layer_ref(index), Ref("e"), **options)
            blocks.append(Block(f"{self.plan.layers[index].name}: pattern e", (load,)))
            blocks += self._mask(index)
        for layer in self.layers:
            name = self.plan.layers[layer.index].name
            functions = Ref(f"LAYER_{layer.index}_F")
            if len(layer.adding) == len(layer.numbers):
                lay = self.site.lay.layers[layer.index]
                blocks.append(Block(f"{name}: no bias", (call(layers.zero, lay.state, lay.size),)))
            for number in layer.numbers:
                blocks.append(self._block(number, self._adds(layer, number, functions)))
            if not layer.is_at_once:
                activation = self.plan.layers[layer.index].activation
                made = call(layers.activate, layer_ref(layer.index), functions)
                blocks.append(Block(f"{name}: state = {activation}", (made,)))
            blocks += self._mask(layer.index)
        return blocks

    def _mask(self, index: int) -> list[Block]:
        """The block that leaves units of a layer out, where it has a dropout."""
        dropped = self.plan.table.dropped_layers
        name, one = self.plan.layers[index].name, self.plan.table.layers[index]
        if not one.dropout:
            return []
        start = sum(other.size for other in dropped[: dropped.index(one)])
        is_computed = one.start is None
        place = (
            *(("start", start), ("width", sum(other.size for other in dropped))),
            *(("slope", is_computed), ("bend", is_computed and self._is_full)),
        )
        masked = Made(layers.Masked, (), place)
        made = call(layers.mask, layer_ref(index), masked, Ref("e"))
        return [Block(f"{name}: a share of {one.dropout:g} is left out", (made,))]

    @property
    def _is_full(self) -> bool:
        return self.rule.curvature is Curvature.FULL

    def _shown(self) -> Iterator[tuple[int, dict[str, int]]]:
        """Yield each input layer that is read, and which part of a pattern it shows, if not all."""
        pattern = self.plan.pattern
        for index, start in pattern.starts:
            is_whole = self.plan.layers[index].size == pattern.size
            yield index, {} if is_whole else {"start": start, "width": pattern.size}

    def _adds(self, layer: LayerSums, number: int, functions: Ref) -> tuple[Call, ...]:
        """The calls of a node that adds to the sums of its layer."""
        placed, room = self.placed[number], room_of(self.nodes[number])
        starts = layer.start is not layers.MEMORY
        if placed.bias is not None:
            return () if starts else room.forward(placed, self.site, layers.MEMORY, None)
        start = layer.start if number == layer.adding[0] else layers.MEMORY
        end = functions if layer.is_at_once else None
        return room.forward(placed, self.site, start, end)

    def _backward(self) -> list[Block]:
        hidden = [layer.index for layer in self.layers if layer.index not in self.site.finished]
        zeros: list[Call] = []
        for index in hidden:
            if index in self.ends and not self.ends[index].feeds:
                continue
            lay = self.site.lay.layers[index]
            zeros.append(call(layers.zero, lay.grad, lay.size))
            if self.rule.second:
                zeros.append(call(layers.zero, lay.curv, lay.size))
        blocks = []
        if zeros:
            blocks.append(Block("gradients of the hidden layers add up from 0", tuple(zeros)))
        for layer in reversed(self.layers):
            if layer.index in self.ends:
                blocks.append(self._output_grad(self.ends[layer.index]))
            elif layer.index in hidden:
                name = self.plan.layers[layer.index].name
                made = call(layers.hidden_grad, layer_ref(layer.index), *self._second(None))
                blocks.append(Block(f"{name}: grad = back f'(a)", (made,)))
            for number in layer.numbers:
                room, placed = room_of(self.nodes[number]), self.placed[number]
                calls = room.backward(placed, self.site)
                calls += room.update(placed, self.site, self._rule(number))
                blocks.append(self._block(number, calls))
        for kind, room in ROOMS.items():
            first = next((n for n, node in enumerate(self.nodes) if type(node) is kind), 0)
            after = room.after(self.shared[kind], self._rule(first))
            blocks += [] if after is None else [after]
        return blocks

    def _output_grad(self, end: End) -> Block:
        """The gradient of the cost at an output layer, and its curvature."""
        args, options = (layer_ref(end.index),), self._desired(end)
        plus = " + back" if end.feeds else ""
        if end.joint is None:
            second = self._second(Ref(self._named("COST_BEND", end)))
            is_one = bool(end.cost.reductions)
            cost = Ref(self._named("LAYER_COST" if is_one else "COST_SLOPE", end))
            section: Callable[..., None] = layers.output_grad
            if is_one:
                section = layers.layer_output_grad
            made = call(section, *args, cost, Ref("e"), *second, **options)
            back = f"(-dE/dy{plus}) f'(a)" if plus else "-dE/dy f'(a)"
            return Block(f"{end.layer.name}: grad = {back}, E = {end.cost.value}", (made,))
        curv = (Ref(self._named("OUTPUT_CURV", end)),) if self.rule.second else ()
        if end.feeds:
            options["through"] = Ref(f"LAYER_{end.index}_THROUGH")
            plus += " f'(a)"
        grad = Ref(self._named("OUTPUT_GRAD", end))
        made = call(layers.joint_output_grad, *args, grad, Ref("e"), *curv, **options)
        return Block(f"{end.layer.name}: grad = -dE/da{plus}, E = {end.cost.value}", (made,))

    def _desired(self, end: End) -> dict[str, Any]:
        """The option that says where the desired values of a layer stand, where it is not alone."""
        n_outputs = self.plan.table.n_outputs
        if end.layer.size == n_outputs and not end.feeds:
            return {}
        place = (("start", end.part.start), ("width", n_outputs), ("feeds", end.feeds))
        return {"desired": Made(layers.Desired, (), place)}

    def _second(self, bend: Ref | None) -> tuple[Made, ...]:
        """The last argument of a gradient section, for rules of second order."""
        if not self.rule.second:
            return ()
        is_full = self.rule.curvature is Curvature.FULL
        return (Made(layers.Second, (bend,), (("is_full", is_full),)),)

    def _rule(self, number: int) -> Made:
        """The update rule of one node, as it is written in the module."""
        return Made(Rule, (number, Ref("RULE")), in_pass=True)

    def _block(self, number: int, calls: tuple[Call, ...]) -> Block:
        return Block(heading(self.plan, self.nodes[number]), calls, number)

    # --- batches ---

    def _place_for_batches(self) -> dict[int, Evaluation]:
        """Place each node that adds to sums for batches, in order."""
        found = {}
        for layer in self.layers:
            for number in layer.adding:
                one = room_of(self.nodes[number]).evaluate(self.placed[number], self.site)
                assert one is not None
                found[number] = one
        return found

    def _evaluation(self) -> tuple[list[Record], list[Block], list[Block]]:
        """The records, the preparation and the body of the batch pass."""
        b = Ref("b")
        records: list[Record] = []
        before: list[Block] = []
        body: list[Block] = []
        for index, options in self._shown():
            shown = self.plan.layers[index]
            place = {"first": shown.first, "size": shown.size, "batch": b}
            made = call(layers_evaluate.load_patterns, **place, **options)
            body.append(Block(f"{shown.name}: the patterns of batch b", (made,)))
        for layer in self.layers:
            ends = Ref(f"LAYER_{layer.index}_ENDS")
            records += [self.for_batches[number].record for number in layer.adding]
            records.append(Record(ends.name, self._ends(layer)))
            prepared, blocks = self._sums(layer, ends)
            before += prepared
            body += blocks
        for end in self.ends.values():
            last, options = end.layer, {}
            if last.size != self.plan.table.n_outputs:
                options = {"start": end.part.start, "width": self.plan.table.n_outputs}
            place = {"first": last.first, "size": last.size, "batch": b}
            made = call(layers_evaluate.store_outputs, **place, **options)
            body.append(Block(f"{last.name}: out", (made,)))
        return records, before, body

    def _ends(self, layer: LayerSums, **options: Any) -> Made:
        """How the sums of a layer start and end."""
        described, lay = self.plan.layers[layer.index], self.site.lay.layers[layer.index]
        bias = next((p.bias for n in layer.numbers if (p := self.placed[n]).bias), NO_BIAS)
        numbers = described.first, lay.positions, bias.at, bias.pitch
        value = Ref(f"LAYER_{layer.index}_VALUE")
        return Made(layers_evaluate.Ends, (*numbers, value), tuple(options.items()))

    def _sums(self, layer: LayerSums, ends: Ref) -> tuple[list[Block], list[Block]]:
        """What is prepared for all batches, and the sums of a layer in each.

        One node that is all that feeds a layer starts its sums from the biases and finishes them;
        a layer that several nodes feed takes its sums through memory.
        """
        described, lay = self.plan.layers[layer.index], self.site.lay.layers[layer.index]
        found = [(number, self.for_batches[number]) for number in layer.adding]
        is_fused = len(found) == 1 and found[0][1].is_whole
        last = (ends,) if is_fused else ()
        before, body = [], []
        if not is_fused:
            made = call(layers_evaluate.start, lay.maps, ends)
            body.append(Block(f"{described.name}: sums start from the biases", (made,)))
        for number, one in found:
            ref = Ref(one.record.name)
            body.append(self._block(number, (call(one.section, ref, *last),)))
            if one.before is not None:
                before.append(self._block(number, (call(one.before, ref, *last),)))
        if not is_fused:
            made = call(layers_evaluate.activate, described.size, ends)
            body.append(Block(f"{described.name}: state = {described.activation}", (made,)))
        return before, body

    def _training(self) -> tuple[list[Record], list[Record], list[Pass]]:
        """The records of training, those made of records of batches, and the passes."""
        present = [*self._forward(), *self._backward()]
        does = "Train on pattern e: forward, backward, update."
        arrays = MASKED_ARRAYS if self.plan.table.dropped_layers else TRAIN_ARRAYS
        return self._records(), [], [Pass("present", "e", does, arrays, tuple(present))]

    def program(self) -> Program:
        """Put all of it together."""
        table, lay = self.plan.table, self.site.lay
        records, more, passes = self._training()
        batch_records, before, body = self._evaluation()
        if before:
            does = "Add up what is the same for all batches."
            passes.append(Pass("before_batches", "b", does, EVALUATE_ARRAYS, tuple(before)))
        does = "Compute the outputs of the patterns of batch b."
        passes.append(Pass("evaluate_batch", "b", does, EVALUATE_ARRAYS, tuple(body)))
        rule = Record("RULE", PlacedRule(self.rule, slot_pitch(lay.weights.size)))
        node_of_slot = np.full(lay.weights.size, -1, np.int32)
        for number, (start, end) in enumerate(self.bounds):
            node_of_slot[start:end] = number
        return Program(
            table.name,
            (table.counted_units, table.n_rows, table.n_weights),
            tuple(records),
            (*batch_records, *self._output_records(), *more, rule),
            tuple(passes),
            tuple(
                Place(
                    *(node.label, str(node), line_of(node), bounds),
                    self.plan.layers[node.dst].name,
                    _is_bias(node),
                )
                for node, bounds in zip(self.nodes, self.bounds, strict=True)
            ),
            lay.tables.array(),
            self.site.batch.tables.array(),
            lay.arena.initial(),
            self.site.batch.arena.initial(),
            lay.weights.slots(),
            node_of_slot,
            lay,
            lay.lanes,
            self.plan.pattern.size,
            table.n_outputs,
            self.rule,
            self.sums,
        )


def _is_bias(node: Node) -> bool:
    """Whether a node is fed by the unit that is always 1, and by nothing else."""
    return isinstance(node, Bias) or (isinstance(node, Rows) and not node.src_unit.any())
