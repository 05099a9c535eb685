"""Schedule of learning in batches: what is done for a block of patterns, and once a batch.

    schedule_learning(plan, cost, rule, lanes) -> Program

The way forward is that of evaluation, with slopes kept. Gradients go back layer by layer, and what
each node adds to the descents of its weights goes to sums, which the step of the batch follows.

Read next: layers_learn.py for the sections, step.py.
"""

from __future__ import annotations

from sn.emit import layers_learn, step
from sn.emit.layers_learn import Numbers, Units
from sn.emit.memory import LearnLayout
from sn.emit.program import Block, Call, Made, Pass, Program, Record, Ref, call
from sn.emit.room import Below, Learning, Lesson, unit_sums
from sn.emit.rooms import room_of
from sn.emit.schedule import Scheduler
from sn.emit.update import Rule, count
from sn.errors import SnInternalError
from sn.lower.ir import Plan, reads
from sn.net.loss import End, Loss
from sn.optim.rules import UpdateRule

BLOCK_ARRAYS = "w g s t x y n v"
STEP_ARRAYS = "w q g t r h"


def schedule_learning(plan: Plan, cost: Loss, rule: UpdateRule, lanes: int) -> Program:
    """Return the program of `plan` for batches and a rule of first order, checked."""
    if rule.second:
        raise SnInternalError("batches are not added up for rules of second order")
    program = _Learning(plan, cost, rule, lanes).program()
    program.check()
    return program


class _Learning(Scheduler):
    """The passes of a batch in the place of those of a pattern."""

    def __init__(self, plan: Plan, cost: Loss, rule: UpdateRule, lanes: int) -> None:
        super().__init__(plan, cost, rule, lanes)
        self.learn = LearnLayout.of(self.site.batch)
        self.below = [self._below(node_number) for node_number in range(len(self.nodes))]
        self.learning: list[Learning] = []
        for number, (node, placed) in enumerate(zip(self.nodes, self.placed, strict=True)):
            one = self.for_batches.get(number)
            record = None if one is None else one.record
            given = Lesson(
                record, self.site, self.learn, self.below[number], self.shared[type(node)]
            )
            self.learning.append(room_of(node).learn(placed, given))

    @property
    def sums(self) -> int:  # type: ignore[override]
        """The sums of all nodes; room.py."""
        return self.learn.sums.size

    def _below(self, number: int) -> Below:
        node = self.nodes[number]
        source = getattr(node, "src", None)
        if source is None or not self.site.propagates_to(source):
            return Below(None, False)
        readers = [one for one in self.nodes if reads(self.plan, one, source)]
        is_output = source in self.ends
        return Below(Ref(f"UNITS_{source}"), len(readers) == 1 and not is_output)

    def _training(self) -> tuple[list[Record], list[Record], list[Pass]]:
        records = [
            record
            for layer in self.layers
            for record in self._functions(layer.index)
            if not record.name.endswith("_F")
        ]
        more = [self._units(layer.index) for layer in self.layers]
        for layer in self.layers:
            slope = Ref(f"LAYER_{layer.index}_SLOPE")
            ends = self._ends(layer, slope=slope, to_slope=self.learn.to_slope)
            more.append(Record(f"LEARN_{layer.index}", ends))
        more += [record for one in self.learning for record in one.records]
        before, body = self._forth()
        arrays = f"{BLOCK_ARRAYS} d" if self.plan.table.dropped_layers else BLOCK_ARRAYS
        passes = []
        if before:
            does = "Add up what is the same for all blocks of a batch."
            passes.append(Pass("before_blocks", "b", does, arrays, tuple(before), True))
        does = "Add up the descents of the patterns of block b."
        passes.append(Pass("learn_block", "b", does, arrays, (*body, *self._back()), True))
        size = self.learn.sums.size
        for name, section, does in (
            ("join_stream", step.join, "Add the sums of a stream to those of the first."),
            ("clear_stream", step.clear, "Let the sums of a stream start from 0."),
        ):
            block = Block("sums", (call(section, size, Ref("b")),))
            passes.append(Pass(name, "b", does, STEP_ARRAYS, (block,)))
        does = "Move the weights along the descents of a batch."
        passes.append(Pass("move_weights", "b", does, STEP_ARRAYS, tuple(self._step())))
        return records, more, passes

    def _units(self, index: int) -> Record:
        one = self.plan.layers[index]
        units = Units(one.first, one.size, self.learn.to_grad, self.learn.to_slope)
        return Record(f"UNITS_{index}", units, one.name)

    def _forth(self) -> tuple[list[Block], list[Block]]:
        """States and slopes, layer by layer."""
        before: list[Block] = []
        body: list[Block] = []
        for index, options in self._shown():
            shown = self.plan.layers[index]
            numbers = Numbers(options.get("start", 0), self.plan.pattern.size)
            args = (shown.first, shown.size, numbers, Ref("b"))
            made = call(layers_learn.load_patterns, *args)
            body.append(Block(f"{shown.name}: the patterns of block b", (made,)))
            body += self._mask_block(index)
        for layer in self.layers:
            prepared, blocks = self._sums(layer, Ref(f"LEARN_{layer.index}"))
            before += prepared
            body += blocks
            body += self._mask_block(layer.index)
        return before, body

    def _mask_block(self, index: int) -> list[Block]:
        one, dropped = self.plan.table.layers[index], self.plan.table.dropped_layers
        if not one.dropout:
            return []
        start = sum(other.size for other in dropped[: dropped.index(one)])
        numbers = Numbers(start, sum(other.size for other in dropped))
        name, described = self.plan.layers[index].name, self.plan.layers[index]
        units = Units(described.first, described.size, self.learn.to_grad, self.learn.to_slope)
        made = call(layers_learn.mask, units, numbers, Ref("b"), slope=one.start is None)
        return [Block(f"{name}: a share of {one.dropout:g} is left out", (made,))]

    def _back(self) -> list[Block]:
        """Gradients from the last layer to the first, and the sums of descents."""
        pairs = zip(self.nodes, self.learning, strict=True)
        finished = {getattr(node, "src", None) for node, one in pairs if one.finishes}
        adding = [
            layer.index
            for layer in self.layers
            if layer.index not in finished
            and (layer.index not in self.ends or self.ends[layer.index].feeds)
        ]
        blocks = []
        if adding:
            zeros = tuple(call(layers_learn.zero, Ref(f"UNITS_{index}")) for index in adding)
            blocks.append(Block("gradients of the hidden layers add up from 0", zeros))
        for layer in reversed(self.layers):
            name = self.plan.layers[layer.index].name
            if layer.index in self.ends:
                blocks.append(self._block_grad(self.ends[layer.index]))
            elif layer.index in adding:
                made = call(layers_learn.hidden_grad, Ref(f"UNITS_{layer.index}"))
                blocks.append(Block(f"{name}: grad = back f'(a)", (made,)))
            if layer.index in self.learn.kept:
                sums = unit_sums(layer.index, self.site, self.learn)
                made = call(layers_learn.unit_sums, Ref(f"UNITS_{layer.index}"), sums)
                blocks.append(Block(f"{name}: sums of gradients", (made,)))
            for number in layer.numbers:
                one = self.learning[number]
                if one.back or one.sums:
                    blocks.append(self._block(number, (*one.back, *one.sums)))
        return blocks

    def _block_grad(self, end: End) -> Block:
        """The gradient of the cost at an output layer."""
        units, name = Ref(f"UNITS_{end.index}"), self.plan.layers[end.index].name
        numbers = Numbers(end.part.start, self.plan.table.n_outputs)
        heading = f"{name}: grad of E = {end.cost.value}"
        if end.joint is None:
            is_one = bool(end.cost.reductions)
            cost = Ref(self._named("LAYER_COST" if is_one else "COST_SLOPE", end))
            section = layers_learn.layer_output_grad if is_one else layers_learn.output_grad
            made = call(section, units, cost, numbers, Ref("b"), feeds=end.feeds)
            return Block(heading, (made,))
        options = {"through": Ref(f"LAYER_{end.index}_THROUGH")} if end.feeds else {}
        grad = Ref(self._named("OUTPUT_GRAD", end))
        made = call(layers_learn.joint_output_grad, units, grad, numbers, Ref("b"), **options)
        return Block(heading, (made,))

    def _step(self) -> list[Block]:
        """Sums become descents, and those move weights."""
        blocks = []
        if self.rule.counters:
            blocks.append(Block("counters of the update rule", (call(count, Ref("RULE")),)))
        collect = {n: one.collect for n, one in enumerate(self.learning) if one.collect}
        # the weights that several nodes share are moved with the first of them
        first = {one.first: n for n, one in reversed([*enumerate(self.learning)])}
        options = {}
        if self.rule.is_clipped:
            blocks += [self._block(number, calls) for number, calls in collect.items()]
            places = tuple((self.learning[n].at, self.learning[n].size) for n in first.values())
            blocks.append(Block("descents are kept to a length", (call(step.clip, places),)))
            collect, options = {}, {"is_clipped": True}
        for number, one in enumerate(self.learning):
            calls: tuple[Call, ...] = collect.get(number, ())
            if first[one.first] == number:
                rule = Made(Rule, (number, Ref("RULE")), in_pass=True)
                calls += (call(step.move, one.first, one.size, one.at, rule, **options),)
            if calls:
                blocks.append(self._block(number, calls))
        return blocks
