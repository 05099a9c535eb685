"""The batch pass of a kernel module: the sections that evaluate many patterns at once.

Layer by layer: one node that is all that feeds a layer starts its sums from the biases and
finishes them with the non-linearity; a layer that several nodes feed takes its sums through
memory. What is the same for all batches is done before the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sn.emit import place_batch
from sn.emit.layout import Layout
from sn.emit.local import Local
from sn.emit.rows import RowList
from sn.emit.units import FullWeights
from sn.emit.windows import Conv
from sn.emit.writer import Writer, comment, constant_name, heading, record
from sn.lower.ir import Full, Node, Plan, Rows, Window
from sn.net.layer import Ints


@dataclass(frozen=True, slots=True)
class BiasWeights:
    """Packed biases from `at` on; `pitch` from map to map, 0 for one bias a map."""

    at: int
    pitch: int


def reads(plan: Plan, node: Node, index: int) -> bool:
    """Whether a node reads the states of a layer."""
    if isinstance(node, Rows):
        return bool((plan.table.layer_of[node.src_unit] == index).any())
    return isinstance(node, Full | Window) and node.src == index


Placed: TypeAlias = BiasWeights | FullWeights | Conv | Local | tuple[RowList, Ints | None]


@dataclass(frozen=True, slots=True)
class Call:
    """The call of a section, without its end; `is_whole`: whether it can finish a layer alone;
    `before`: the call that prepares for all batches, "" if there is none.
    """

    text: str
    is_whole: bool
    before: str = ""


class BatchPass:
    """Writes the batch pass of nodes that are already placed for training."""

    def __init__(
        self,
        plan: Plan,
        nodes: Sequence[Node],
        placed: Sequence[Placed],
        lay: Layout,
        memory: place_batch.BatchLayout,
        lanes: int,
    ) -> None:
        self.plan, self.nodes, self.placed = plan, nodes, placed
        self.lay, self.memory, self.lanes = lay, memory, lanes
        self.constants, self.before, self.body = Writer(), Writer(), Writer()

    def write(self) -> None:
        """Fill `constants`, `before` and `body`."""
        layers = self.plan.layers
        first, last = layers[0], layers[-1]
        self.body(comment(f"{first.name}: the patterns of batch b"))
        self.body(f"batch.load_patterns(k, m, first={first.first}, size={first.size}, batch=b)")
        for index in range(1, len(layers)):
            self._layer(index)
        self.body()
        self.body(comment(f"{last.name}: out"))
        self.body(f"batch.store_outputs(k, m, first={last.first}, size={last.size}, batch=b)")

    def _layer(self, index: int) -> None:
        layer, lay = self.plan.layers[index], self.lay.layers[index]
        name = constant_name(index)
        mine = [number for number, node in enumerate(self.nodes) if node.dst == index]
        biases = [number for number in mine if isinstance(self.placed[number], BiasWeights)]
        others = [number for number in mine if number not in biases]
        bias = self.placed[biases[0]] if biases else BiasWeights(-1, 0)
        assert isinstance(bias, BiasWeights)
        calls = [self._call(number) for number in others]
        fused = len(calls) == 1 and calls[0].is_whole
        ends = f"{layer.first}, {lay.positions}, {bias.at}, {bias.pitch}, {name}_VALUE"
        self.constants(f"{name}_ENDS = batch.Ends({ends})")
        self.body()
        if not fused:
            self.body(comment(f"{layer.name}: sums start from the biases"))
            self.body(f"batch.start(k, m, {lay.maps}, {name}_ENDS)")
        last = f", {name}_ENDS)" if fused else ")"
        for number, call in zip(others, calls, strict=True):
            self.body(heading(self.plan, self.nodes[number]))
            self.body(call.text + last)
            if call.before:
                self.before(heading(self.plan, self.nodes[number]))
                self.before(call.before + last)
        if not fused:
            self.body(comment(f"{layer.name}: state = {layer.activation}"))
            self.body(f"batch.activate(k, m, {layer.size}, {name}_ENDS)")

    def _call(self, number: int) -> Call:
        """Return the call of a node's section."""
        node, placed = self.nodes[number], self.placed[number]
        name, lay = f"BATCH_{number}", self.lay.layers[node.dst]
        if isinstance(node, Full):
            assert isinstance(placed, FullWeights)
            full = place_batch.place_batch_full(node, self.plan, self.lay, placed)
            self.constants(f"{name} = {record(full)}")
            return Call(f"batch.full(k, m, {name}", lay.maps == 1)
        if isinstance(node, Window):
            assert isinstance(placed, Conv | Local)
            window = place_batch.place_batch_window(
                node, self.plan, self.memory, placed, self.lanes
            )
            self.constants(f"{name} = {record(window)}")
            same = (node.grid.maps, node.grid.positions) == (lay.maps, lay.positions)
            before = f"batch_windows.border(k, m, {name}" if window.border else ""
            is_whole = same and window.sums.is_complete
            return Call(f"batch_windows.window(k, m, {name}", is_whole, before)
        assert isinstance(node, Rows) and isinstance(placed, tuple)
        rows = place_batch.place_batch_rows(node, self.memory, *placed)
        self.constants(f"{name} = {record(rows)}")
        return Call(f"batch.rows(k, m, {name}", False)
