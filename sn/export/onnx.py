"""ONNX: the forward pass of a net as a graph, for the runtimes of others.

    patterns (n, n_inputs) float  ->  outputs (n, n_outputs) float

Windows become convolutions, full connections products of matrices, subsampling a convolution map by
map; all else gathers what each unit sees. The only user of the library onnx (extra `onnx`).
Source of what each operation means: the operator specifications of ONNX, opset 17.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from sn.data.scaling import Scaling
from sn.export.portable import Placed, Program, Stored
from sn.lower.expand import node_as_rows
from sn.lower.ir import Bias, Full, Rows, Subsample, Window
from sn.net.combine import WEIGHTED_SUM, Combine
from sn.net.expr import Expr, evaluate
from sn.net.layer import Ints
from sn.version import __version__

OPSET, IR = 17, 8  # which runtimes have understood since 2022
Floats = NDArray[np.float32]

_OPERATORS = {
    "add": "Add",
    "sub": "Sub",
    "mul": "Mul",
    "div": "Div",
    "over": "Div",
    "neg": "Neg",
    "tanh": "Tanh",
    "exp": "Exp",
    "log": "Log",
    "sqrt": "Sqrt",
    "sin": "Sin",
    "cos": "Cos",
    "abs": "Abs",
    "min": "Min",
    "max": "Max",
    "lt": "Less",
    "le": "LessOrEqual",
    "eq": "Equal",
    "if": "Where",
    "logistic": "Sigmoid",
    "softplus": "Softplus",
}


def onnx_model(
    program: Program, weights: Floats, scaling: Scaling | None = None, about: str = ""
) -> bytes:
    """Return the file of a net with its weights, (n_weights,) in weight order.

    `scaling` is done to each pattern first; `about` becomes the graph's documentation.
    """
    return _Graph(program, weights).model(scaling, about)


class _Graph:
    """Nodes and constants as they are added; tensors go by names of numbers."""

    def __init__(self, program: Program, weights: Floats) -> None:
        self.program = program
        self.weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._scalars: dict[float, str] = {}
        self._states: dict[int, str] = {}  # the tensor of each layer, (n, units), by its index

    def model(self, scaling: Scaling | None, about: str) -> bytes:
        """Add all layers and return the file."""
        table = self.program.plan.table
        pattern = "patterns" if scaling is None else self._scaled("patterns", scaling)
        for index, placed in zip(table.inputs, self.program.inputs, strict=True):
            which = None if placed.is_pattern(table.n_inputs) else _shown(placed)
            self._states[index] = self._columns(pattern, which)
        for index, computed in zip(table.computed, self.program.layers, strict=True):
            total = self._total(computed.nodes, computed.layer.size)
            self._states[index] = self._formula(computed.value, {"a": total})
        answers = [
            self._columns(self._states[index], _restored(placed))
            for index, placed in zip(table.outputs, self.program.outputs, strict=True)
        ]
        answer = self._add("Concat", *answers, axis=1) if len(answers) > 1 else answers[0]
        self._nodes.append(helper.make_node("Identity", [answer], ["outputs"]))
        kind = TensorProto.FLOAT
        graph = helper.make_graph(
            self._nodes,
            "net",
            [helper.make_tensor_value_info("patterns", kind, ["n", table.n_inputs])],
            [helper.make_tensor_value_info("outputs", kind, ["n", table.n_outputs])],
            self._constants,
            doc_string=about,
        )
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR)
        model.producer_name, model.producer_version = "SN", __version__
        onnx.checker.check_model(model, full_check=True)
        content: bytes = model.SerializeToString(deterministic=True)
        return content

    def _add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        name = f"t{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def _constant(self, values: NDArray[Any]) -> str:
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _scalar(self, value: float) -> str:
        if value not in self._scalars:
            self._scalars[value] = self._constant(np.array(value, np.float32))
        return self._scalars[value]

    def _scaled(self, pattern: str, scaling: Scaling) -> str:
        """Scale in double numbers, as SN does."""
        wide = self._add("Cast", pattern, to=TensorProto.DOUBLE)
        if not np.isnan(scaling.fill).any():
            missing = self._add("IsNaN", pattern)
            wide = self._add("Where", missing, self._constant(scaling.fill), wide)
        moved = self._add("Sub", wide, self._constant(scaling.shift))
        found = self._add("Mul", moved, self._constant(scaling.factor))
        return self._add("Cast", found, to=TensorProto.FLOAT)

    def _columns(self, tensor: str, which: NDArray[Any] | None) -> str:
        """Pick columns of a tensor; None are all of them, in order."""
        if which is None:
            return tensor
        return self._add("Gather", tensor, self._constant(which.astype(np.int64)), axis=1)

    def _total(self, nodes: Sequence[Stored], size: int) -> str:
        """Sum up what the nodes give to a layer of so many units: (n, size)."""
        parts = [self._part(stored, size) for stored in nodes]
        if all(isinstance(one.node, Bias) for one in nodes):
            # a layer that nothing feeds has a row for each pattern all the same
            none = self._constant(np.zeros((self.program.inputs[0].layer.size, size), np.float32))
            first = self._states[self.program.plan.table.inputs[0]]
            parts.append(self._add("MatMul", first, none))
        total = parts[0]
        for part in parts[1:]:
            total = self._add("Add", total, part)
        return total

    def _part(self, stored: Stored, size: int) -> str:
        """Give what one node adds to the totals, (n, size) or (size,)."""
        node = stored.node
        if isinstance(node, Bias):
            each = np.repeat(self.weights[node.wid], size // len(node.wid))
            return self._constant(each)
        if node.combine != WEIGHTED_SUM:
            return self._gathered(stored, size)
        match node:
            case Full():
                matrix = self._constant(self.weights[node.wid].T)
                return self._add("MatMul", self._states[node.src], matrix)
            case Window() if node.shared:
                return self._convolved(node, size)
            case Subsample():
                return self._subsampled(node, size)
        return self._gathered(stored, size)

    def _convolved(self, node: Window, size: int) -> str:
        grid, field = node.grid, node.field
        kernels = np.zeros((grid.maps, field.maps, *node.kernel), np.float32)
        for (to, seen), wid in zip(node.pairs, node.wid, strict=True):
            kernels[to, seen] += self.weights[wid]
        maps = self._maps(self._states[node.src], (field.maps, field.rows, field.cols))
        for axis in (0, 1):
            maps = self._along(maps, node, axis)
        found = self._add(
            "Conv",
            maps,
            self._constant(kernels),
            strides=list(node.stride),
            dilations=list(node.dilation),
        )
        return self._flat(found, size)

    def _along(self, maps: str, node: Window, axis: int) -> str:
        """Bring the rows (or columns) that windows see into order, from the first to the last."""
        count = (node.grid.rows, node.grid.cols)[axis]
        size = (node.field.rows, node.field.cols)[axis]
        reach = (count - 1) * node.stride[axis] + (node.kernel[axis] - 1) * node.dilation[axis]
        first = -node.offset[axis]
        sites = np.arange(first, first + reach + 1)
        if node.wrap[axis]:
            return self._picked(maps, sites % size, axis, size)
        before, after = max(0, -first), max(0, first + reach - (size - 1))
        if before or after:
            pads = np.zeros(8, np.int64)
            pads[2 + axis], pads[6 + axis] = before, after
            border = self._scalar(0.0 if node.border is None else node.border)
            maps = self._add("Pad", maps, self._constant(pads), border)
        return self._picked(maps, sites + before, axis, size + before + after)

    def _picked(self, maps: str, sites: NDArray[Any], axis: int, size: int) -> str:
        if np.array_equal(sites, np.arange(size)):
            return maps
        return self._add("Gather", maps, self._constant(sites.astype(np.int64)), axis=2 + axis)

    def _subsampled(self, node: Subsample, size: int) -> str:
        grid, field = node.grid, node.field
        each = self.weights[node.wid].reshape(-1, 1, 1, 1)
        kernels = np.broadcast_to(each, (grid.maps, 1, *node.kernel))
        maps = self._maps(self._states[node.src], (field.maps, field.rows, field.cols))
        shape = (grid.rows, grid.cols)
        for axis in (0, 1):
            reach = (shape[axis] - 1) * node.stride[axis] + node.kernel[axis]
            maps = self._picked(maps, np.arange(reach), axis, (field.rows, field.cols)[axis])
        found = self._add(
            "Conv", maps, self._constant(kernels), strides=list(node.stride), group=grid.maps
        )
        return self._flat(found, size)

    def _maps(self, tensor: str, shape: tuple[int, ...]) -> str:
        return self._add("Reshape", tensor, self._constant(np.array([-1, *shape], np.int64)))

    def _flat(self, tensor: str, size: int) -> str:
        return self._add("Reshape", tensor, self._constant(np.array([-1, size], np.int64)))

    def _gathered(self, stored: Stored, size: int) -> str:
        """Give what any rows add: each unit gathers what it sees, as many places as any has."""
        plan, node = self.program.plan, stored.node
        table = plan.table
        rows = node if isinstance(node, Rows) else node_as_rows(node, table, "")
        to, constant = rows.dst_unit - table.layers[node.dst].first, table.constant
        weight = self.weights[rows.wid]
        is_fixed = ~np.isnan(constant[rows.src_unit])
        fixed = np.zeros(size, np.float32)
        seen = {"w": weight[is_fixed], "x": constant[rows.src_unit[is_fixed]]}
        np.add.at(fixed, to[is_fixed], np.asarray(evaluate(rows.combine.term, seen), np.float32))
        to, source, weight = to[~is_fixed], rows.src_unit[~is_fixed], weight[~is_fixed]
        if not len(to):
            return self._constant(fixed)
        count = np.bincount(to, minlength=size)
        place = np.arange(len(to)) - np.repeat(np.cumsum(count) - count, count)
        shape = (size, int(count.max()))
        at, matrix, is_used = (
            np.zeros(shape, np.int64),
            np.zeros(shape, np.float32),
            np.zeros(shape),
        )
        state, column = self._seen(source)
        at[to, place], matrix[to, place], is_used[to, place] = column, weight, 1
        seen_by = self._add("Gather", state, self._constant(at), axis=1)
        terms = self._terms(rows.combine, self._constant(matrix), seen_by)
        if rows.combine != WEIGHTED_SUM:
            terms = self._add("Mul", terms, self._constant(is_used.astype(np.float32)))
        axes = self._constant(np.array([2], np.int64))
        total = self._add("ReduceSum", terms, axes, keepdims=0)
        return self._add("Add", total, self._constant(fixed)) if fixed.any() else total

    def _seen(self, source: Ints) -> tuple[str, Ints]:
        """Return a tensor of the layers that units lie in, and the column of each unit there."""
        table = self.program.plan.table
        layers = np.unique(table.layer_of[source]).tolist()
        starts, start = np.zeros(len(table.layers), np.int64), 0
        for index in layers:
            starts[index] = start - table.layers[index].first
            start += table.layers[index].size
        tensors = [self._states[index] for index in layers]
        state = self._add("Concat", *tensors, axis=1) if len(tensors) > 1 else tensors[0]
        return state, (source + starts[table.layer_of[source]]).astype(np.int32)

    def _terms(self, combine: Combine, weight: str, state: str) -> str:
        return self._formula(combine.term, {"w": weight, "x": state})

    def _formula(self, e: Expr, names: Mapping[str, str]) -> str:
        """Compute a formula of tensors, each subexpression once."""
        found: dict[Expr, str] = {}

        def tensor(e: Expr) -> str:
            if e.op == "const":
                return self._scalar(e.value)
            if e.op == "var":
                return names[e.name]
            if e not in found:
                found[e] = self._operation(e.op, [tensor(arg) for arg in e.args])
            return found[e]

        value = tensor(e)
        if e.op == "const":
            # a unit of constant state has a row for each pattern too
            nothing = self._add("Mul", next(iter(names.values())), self._scalar(0.0))
            value = self._add("Add", nothing, value)
        return value

    def _operation(self, op: str, args: list[str]) -> str:
        if op in _OPERATORS:
            return self._add(_OPERATORS[op], *args)
        (first, *others), add, number = args, self._add, self._scalar
        match op:
            case "fma":
                return add("Add", add("Mul", first, others[0]), others[1])
            case "root_logistic":
                # of large negative numbers Sigmoid is 0 long before its root is
                above = add("Softplus", add("Neg", first))
                return add("Exp", add("Mul", number(-0.5), above))
            case "expm1":
                # 2 t / (1 - t) with t = tanh(v / 2) keeps the digits near 0
                half = add("Tanh", add("Mul", number(0.5), first))
                near = add("Div", add("Add", half, half), add("Sub", number(1.0), half))
                far = add("Sub", add("Exp", first), number(1.0))
                return add("Where", add("Less", add("Abs", first), number(1.0)), near, far)
            case "logcosh":
                size = add("Abs", first)
                rest = add("Softplus", add("Mul", number(-2.0), size))
                return add("Add", size, add("Sub", rest, number(math.log(2))))
            case "normal_cdf":
                share = add("Erf", add("Mul", number(math.sqrt(0.5)), first))
                return add("Mul", number(0.5), add("Add", number(1.0), share))
        raise AssertionError(f"operation {op} has no graph")


def _shown(placed: Placed) -> NDArray[Any]:
    """Return which number of a pattern each place of an input layer shows."""
    layer = placed.layer
    inside = np.arange(layer.size) if placed.order is None else placed.order
    return np.asarray(layer.shown.start + inside)


def _restored(placed: Placed) -> NDArray[Any] | None:
    """Return which place each unit of a layer has, in the order of their numbers."""
    return None if placed.order is None else np.argsort(placed.order)
