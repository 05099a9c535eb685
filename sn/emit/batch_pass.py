"""The batch pass of a kernel module: the sections that evaluate many patterns at once.

Layer by layer: one node that is all that feeds a layer starts its sums from the biases, finishes
them with the non-linearity, and puts the states where their reader wants them; a layer that
several nodes feed takes its sums through memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sn.emit import batch, place_batch
from sn.emit.layout import Layout
from sn.emit.local import Local
from sn.emit.rows import RowList
from sn.emit.units import FullWeights
from sn.emit.windows import Conv
from sn.emit.writer import Writer, constant_name, heading, record
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
        self.constants, self.body = Writer(), Writer()
        self.frames: dict[int, batch.Frame] = {}

    def write(self) -> None:
        """Fill `constants` and `body`."""
        layers = self.plan.layers
        self.body(f"# {layers[0].name}: the patterns of batch b")
        self.body(f"batch.load_patterns(k, m, {record(self._target(0))}, b)")
        for index in range(1, len(layers)):
            self._layer(index)
        last = layers[-1]
        self.body()
        self.body(f"# {last.name}: out")
        self.body(f"batch.store_outputs(k, m, first={last.first}, size={last.size}, batch=b)")

    def _target(self, index: int) -> batch.Target:
        """Where the states of a layer go; straight into a frame when only that is read."""
        readers = [
            (number, node)
            for number, node in enumerate(self.nodes)
            if reads(self.plan, node, index)
        ]
        if len(readers) == 1:
            number, node = readers[0]
            if isinstance(node, Window) and place_batch.fits_frame(node):
                self.frames[number] = place_batch.place_frame(node, self.plan, self.memory, True)
                return place_batch.frame_target(node, self.frames[number])
        layer, lay = self.plan.layers[index], self.lay.layers[index]
        for other in self.nodes:
            if isinstance(other, Window) and other.dst == index:
                grid = other.grid
                return batch.Target(
                    layer.first, grid.maps, grid.rows, grid.cols, grid.positions, grid.cols
                )
        return batch.Target(layer.first, lay.maps, 1, lay.positions, lay.positions, lay.positions)

    def _layer(self, index: int) -> None:
        layer = self.plan.layers[index]
        name = constant_name(layer.name)
        mine = [number for number, node in enumerate(self.nodes) if node.dst == index]
        biases = [number for number in mine if isinstance(self.placed[number], BiasWeights)]
        others = [number for number in mine if number not in biases]
        bias = self.placed[biases[0]] if biases else BiasWeights(-1, 0)
        assert isinstance(bias, BiasWeights)
        target = self._target(index)
        ends = f"batch.Ends({bias.at}, {bias.pitch}, {name}_VALUE, {record(target)})"
        calls = [self._call(number, target) for number in others]
        fused = len(calls) == 1 and calls[0][1]
        self.constants(f"{name}_ENDS = {ends}")
        self.body()
        if not fused:
            self.body(f"# {layer.name}: sums start from the biases")
            self.body(f"batch.start(k, m, {layer.first}, {name}_ENDS)")
        for number, (call, _) in zip(others, calls, strict=True):
            self.body(heading(self.plan, self.nodes[number]))
            self.body(call.replace(")", f", {name}_ENDS)") if fused else call)
        if not fused:
            self.body(f"# {layer.name}: state = {layer.activation}")
            self.body(f"batch.activate(k, m, {layer.first}, {name}_ENDS)")

    def _call(self, number: int, target: batch.Target) -> tuple[str, bool]:
        """Return the call of a node's section, and whether it can finish a layer alone."""
        node, placed = self.nodes[number], self.placed[number]
        name = f"BATCH_{number}"
        if isinstance(node, Full):
            assert isinstance(placed, FullWeights)
            full = place_batch.place_batch_full(node, self.plan, self.lay, placed)
            self.constants(f"{name} = {record(full)}")
            in_a_row = self.lay.layers[node.dst].maps == target.maps == target.rows == 1
            return f"batch.full(k, m, {name})", in_a_row
        if isinstance(node, Window):
            assert isinstance(placed, Conv | Local)
            if number not in self.frames:
                self.frames[number] = place_batch.place_frame(node, self.plan, self.memory, False)
            frame = self.frames[number]
            window = place_batch.place_batch_window(
                node, self.plan, self.memory, placed, frame, self.lanes
            )
            self.constants(f"{name} = {record(window)}")
            grid = (node.grid.maps, node.grid.rows, node.grid.cols)
            same = grid == (target.maps, target.rows, target.cols)
            return f"batch.window(k, m, {name})", same and window.sums.is_complete
        assert isinstance(node, Rows) and isinstance(placed, tuple)
        rows = place_batch.place_batch_rows(node, self.memory, *placed)
        self.constants(f"{name} = {record(rows)}")
        return f"batch.rows(k, m, {name})", False
