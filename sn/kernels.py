"""Kernels: a plan becomes compiled functions, cached on disk.

    compile_net(plan, cost, rule) -> Kernels

The emitted module is run from memory, under a name that hashes all that shapes it. Its functions
come from the cache, or from Numba and LLVM, and then the next process finds them in the cache.

Read next: emit/module.py for the text, emit/vector.py for the verbs that the sections use,
cache/ for where they are found again.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import llvmlite
import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import config as numba_config
from numba.extending import intrinsic
from numpy.typing import NDArray

from sn.display import brief, many
from sn.emit.flush import small_numbers_flushed
from sn.emit.module import emit
from sn.emit.program import KernelSource
from sn.emit.slots import Slots
from sn.emit.streams import Addresses, Learner, cores, on_cache_line
from sn.emit.update import N_HYPER, slot_pitch
from sn.emit.vector import Builder, Index, Memories, Memory
from sn.errors import SnError, SnInternalError
from sn.interrupts import interrupts_delayed
from sn.lower.demands import demand_kernels
from sn.lower.ir import Plan
from sn.machine_code import SIGNATURES, check_interrupt, compiled
from sn.machine_code import kernel as kernel  # emitted modules ask for it here
from sn.net.layer import Ints
from sn.net.loss import Loss
from sn.optim.rules import HYPER, Hyper, RuleSpec, UpdateRule

Floats32 = NDArray[np.float32]

WHOLE_ARRAYS = ("t", "n")  # of int32; all others are of float32

# batches worth a second thread; chosen here: starting one costs what a few of them do
MANY_BATCHES = 32
WORK = 2**31  # connections evaluated between two looks at Ctrl-C; chosen here: 0.05 to 0.5 s


def section(function: Callable[..., None], arrays: str, lanes: int) -> Any:
    """Return a Numba intrinsic that runs a pass of an emitted module on arrays and one index.

    Its first argument has the addresses of `arrays`, in their order. The pass is run once, with the
    vector builder, while Numba compiles; Numba itself types one call, so that compile time is
    LLVM's. Where it trains, numbers below the least normal one are taken as 0 (flush.py).
    """
    names = arrays.split()
    trains = "q" in names or "g" in names
    whole = ir.IntType(64)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        k = Builder(builder, lanes)
        addresses = context.make_array(signature.args[0])(context, builder, args[0]).data
        memory = {}
        for number, name in enumerate(names):
            address = builder.load(builder.gep(addresses, [whole(number)]))
            kind = ir.IntType(32) if name in WHOLE_ARRAYS else ir.FloatType()
            memory[name] = Memory(k, builder.inttoptr(address, kind.as_pointer()))
        index = builder.sext(args[1], whole) if args[1].type.width < 64 else args[1]
        check_interrupt(function)
        with small_numbers_flushed(builder) if trains else contextlib.nullcontext():
            function(k, Memories(memory), Index(k, index, 0))
        check_interrupt(function)
        return context.get_dummy_value()

    def run(typingctx: Any, memory: Any, index: Any) -> Any:
        return types.void(memory, index), generate

    return intrinsic(run)


def lanes_of_cpu() -> int:
    """Patterns side by side in a batch: 16 where the CPU has 16-lane registers, else 8."""
    if getattr(numba_config, "CPU_NAME", None) == "generic":
        return 8
    features = llvmlite.binding.get_host_cpu_features()
    return 16 if features.get("avx512f") else 8


@dataclass(slots=True)
class Kernels:
    """The compiled functions of a net and the memory they work on.

    Patterns, desired outputs, outputs and states come and go in the net's own order of units;
    inside, units lie along the grids of the plan.

    `path`: the file of their machine code in the cache, None when they are not kept.
    """

    source: KernelSource
    module: ModuleType
    path: Path | None
    compile_seconds: float
    was_cached: bool
    plan: Plan
    states: Floats32 = field(init=False)
    batch_states: tuple[Floats32, Floats32] = field(init=False)
    inputs: Ints | None = field(init=False)  # of numbers along the grids, None where it is theirs
    outputs: Ints | None = field(init=False)
    outputs_back: Ints | None = field(init=False)
    _masks_in_order: bool = field(init=False)
    learner: Learner | None = field(init=False)  # of batches; None where each pattern moves weights
    _trained: Addresses = field(init=False, default_factory=Addresses)
    dropped: Ints | None = field(init=False)  # columns of masks along the grids, None without such

    @property
    def n_weights(self) -> int:
        """The number of weights."""
        return int(self.source.slots.max(initial=-1)) + 1

    def __repr__(self) -> str:
        how = "from the cache" if self.was_cached else f"compiled in {self.compile_seconds:.1f} s"
        return brief(f"kernels of {self.source.name}: {many(self.n_weights, 'weight')}, {how}")

    def __post_init__(self) -> None:
        self.inputs, self.outputs = self.plan.pattern.order, self.plan.outputs_order
        back = None if self.outputs is None else np.argsort(self.outputs).astype(np.int32)
        self.outputs_back = back
        self.dropped = _dropped(self.plan)
        in_order = self.dropped is None or np.array_equal(
            self.dropped, np.arange(len(self.dropped))
        )
        self._masks_in_order = in_order
        self.learner = Learner(self.source) if self.source.sums else None
        self.states = on_cache_line(len(self.source.states))
        self.states[:] = self.source.states
        batch = np.repeat(self.source.batch_states, self.source.lanes)
        self.batch_states = (on_cache_line(len(batch)), on_cache_line(len(batch)))
        for memory in self.batch_states:
            memory[:] = batch

    def slots(
        self, weights: NDArray[Any], steps: Floats32 | Sequence[float], hyper: Hyper
    ) -> Slots:
        """Return weights in kernel order with steps per node and empty memory for a rule."""
        packed, rule = self.pack(weights), self.source.rule
        numbers = np.zeros(N_HYPER, np.float32)
        numbers[: len(HYPER)] = astuple(hyper)
        pitch = slot_pitch(len(packed))
        memory = on_cache_line(len(rule.slots) * pitch).reshape(len(rule.slots), pitch)
        counters = tuple(counter.name for counter in rule.counters)
        rates = np.asarray(steps, np.float32)
        return Slots(packed, memory, rates, numbers, rule.names, counters)

    def pack(self, weights: NDArray[Any]) -> Floats32:
        """Return weights in kernel order from weight order: (n_slots,) float32."""
        slots = self.source.slots
        packed = on_cache_line(len(slots))
        packed[slots >= 0] = weights[slots[slots >= 0]]
        return packed

    def unpack(self, packed: Floats32) -> Floats32:
        """Return weights in weight order from kernel order."""
        slots = self.source.slots
        used = slots >= 0
        weights = np.zeros(self.n_weights, np.float32)
        weights[slots[used]] = packed[used]
        return weights

    def train(
        self,
        slots: Slots,
        patterns: Floats32,
        targets: Floats32,
        order: NDArray[np.int32],
        masks: Floats32 | None = None,
    ) -> None:
        """Present patterns order[0], order[1], ... one by one, updating `slots` in place.

        Shapes: patterns: (n, n_inputs); targets: (n, n_outputs); masks: (n, units of layers with a
        dropout), what their states are multiplied by, 1 unless given; float32, C-contiguous.
        """
        if self.dropped is not None and masks is None:
            masks = np.ones((len(patterns), len(self.dropped)), np.float32)
        if self.inputs is not None or self.outputs is not None:
            patterns = _laid_out(patterns[order], self.inputs)
            targets = _laid_out(targets[order], self.outputs)
            masks = None if masks is None else masks[order]
            order = np.arange(len(order), dtype=np.int32)
        self._check_rows(patterns, targets)
        last = tuple[Floats32, ...]()
        if self.dropped is not None:
            assert masks is not None and masks.shape == (len(patterns), len(self.dropped))
            ordered = masks if self._masks_in_order else masks[:, self.dropped]
            last = (np.ascontiguousarray(ordered),)
        addresses = self._trained.of(
            *(slots.weights, slots.memory, self.states, self.source.tables, slots.steps),
            *(slots.hyper, patterns, targets, *last),
        )
        self.module.train(addresses, order, 0, len(order))

    def _check_rows(self, patterns: Floats32, targets: Floats32) -> None:
        """Hold rows to the net: modules look at addresses alone, and would read past their end."""
        shapes = (patterns.shape[1:], targets.shape[1:])
        if shapes != ((self.source.n_inputs,), (self.source.n_outputs,)):
            raise SnInternalError(
                f"patterns and targets of {shapes}, the kernels take {self.source.n_inputs} and "
                f"{self.source.n_outputs}"
            )

    def learn(
        self,
        slots: Slots,
        patterns: Floats32,
        targets: Floats32,
        order: NDArray[np.int32],
        masks: Floats32 | None = None,
        *,
        is_mean: bool = True,
    ) -> None:
        """Move the weights once, along the mean (or sum) of the descents of a batch.

        Shapes as in `train`; the bits do not depend on how many cores there are.
        """
        assert self.learner is not None
        self._check_rows(patterns, targets)
        if self.dropped is None:
            masks = None  # of no units
        else:
            if masks is None:
                masks = np.ones((len(patterns), len(self.dropped)), np.float32)
            masks = masks if self._masks_in_order else masks[:, self.dropped]
        if self.inputs is not None or self.outputs is not None:
            patterns = _laid_out(patterns[order], self.inputs)
            targets = _laid_out(targets[order], self.outputs)
            masks = None if masks is None else masks[order]
            order = np.arange(len(order), dtype=np.int32)
        rows = [patterns, targets]
        last = [] if masks is None else [np.ascontiguousarray(masks)]
        share = 1 / len(order) if is_mean else 1.0
        self.learner.learn(self.module, slots, rows, last, order, share)

    def batches(self, patterns: Floats32) -> Floats32:
        """Return patterns as `evaluate` wants them: (batches, n_inputs, lanes) float32."""
        lanes, width = self.source.lanes, self.source.n_inputs
        n = len(patterns)
        padded = np.zeros((-(-n // lanes) * lanes, width), np.float32)
        padded[:n] = _laid_out(patterns, self.inputs)
        split = padded.reshape(-1, lanes, width)
        return np.ascontiguousarray(split.transpose(0, 2, 1))

    def evaluate(
        self, packed: Floats32, batches: Floats32, n: int, in_two: bool = True
    ) -> Floats32:
        """Return the outputs of `n` patterns: (n, n_outputs) float32.

        Where there are two cores, each takes half of the batches, unless not `in_two`; a pattern's
        outputs do not depend on its neighbours. Ctrl-C is heard on the way.
        """
        out = np.empty((len(batches), self.source.n_outputs, self.source.lanes), np.float32)

        whole, tables, left = len(batches), self.source.batch_tables, threading.Event()
        step = max(1, WORK // (self.source.lanes * max(self.plan.table.n_rows, 1)))

        def run(first: int, end: int, states: Floats32) -> None:
            for at in range(first, end, step):
                if left.is_set():
                    return
                part = slice(at, min(at + step, end))
                some = batches[part]
                addresses = Addresses().of(packed, states, tables, some, out[part])
                self.module.evaluate(addresses, len(some))

        half = whole // 2 if in_two and cores() > 1 and whole >= MANY_BATCHES else 0
        second = threading.Thread(target=run, args=(0, half, self.batch_states[1]))
        if half:
            second.start()
        try:
            run(half, whole, self.batch_states[0])
            if half:
                second.join()
        except BaseException:  # Ctrl-C: the states are the next evaluation's
            left.set()
            if half:
                second.join()
            raise
        rows = out.transpose(0, 2, 1).reshape(-1, self.source.n_outputs)[:n]
        return _laid_out(rows, self.outputs_back)

    def batch_unit_states(self) -> Floats32:
        """Return states of all units in the last batch, (n_units,) float32: see `Learner`."""
        assert self.learner is not None
        found = np.empty(len(self.plan.order), np.float32)
        found[self.plan.order] = self.learner.states()[: len(found)]
        return found

    def unit_states(self) -> Floats32:
        """Return the states of all units after the last presentation: (n_units,) float32."""
        found = np.empty(len(self.plan.order), np.float32)
        found[self.plan.order] = self.states[self.source.layout.unit]
        return found


def _dropped(plan: Plan) -> Ints | None:
    """Return where in masks, in order of units, the numbers of each place along the grids are."""
    dropped = plan.table.dropped_layers
    if not dropped:
        return None
    units = np.concatenate([np.arange(one.first, one.first + one.size) for one in dropped])
    places = plan.order[units]
    found: Ints = np.searchsorted(units, places).astype(np.int32)
    return found


def _laid_out(rows: Floats32, order: Ints | None) -> Floats32:
    """Return rows with their columns in an order; None: as they are."""
    return np.ascontiguousarray(rows if order is None else rows[:, order])


def emitted(plan: Plan, cost: Loss, rule: UpdateRule, in_batches: bool = False) -> KernelSource:
    """Return the module of `plan` for this CPU's width of batches, not compiled."""
    return emit(plan, cost, rule, lanes_of_cpu(), in_batches)


def compile_net(
    plan: Plan,
    cost: Loss,
    rule: UpdateRule | None = None,
    *,
    use_cache: bool = True,
    in_batches: bool = False,
) -> Kernels:
    """Return the kernels of `plan`, compiled or from the cache.

    `in_batches`: those that move weights after a batch of patterns, not after each.
    Raises: SnInternalError when Numba or LLVM refuses the emitted module, LowerError for a net of
    too many parts, MemoryLimitError for one of too many connections.
    """
    demand_kernels(plan)
    source = emitted(plan, cost, rule or RuleSpec(), in_batches)
    return compile_source(source, plan, use_cache=use_cache)


def compile_source(source: KernelSource, plan: Plan, *, use_cache: bool = True) -> Kernels:
    """Return the kernels of a module that was emitted for `plan`, with memory of their own.

    Raises: SnInternalError when Numba or LLVM refuses the module.
    """
    started = time.perf_counter()
    try:
        with interrupts_delayed() as interrupt:
            module, path, was_cached = compiled(source.text, source.name, interrupt, use_cache)
    except (SnError, SnInternalError):
        raise
    except Exception as error:
        raise SnInternalError(
            f"the kernels of net {source.name} do not compile: {error}", dump=_dump(source.text)
        ) from error
    return Kernels(source, module, path, time.perf_counter() - started, was_cached, plan)


def _dump(text: str) -> str | None:
    """Write a module that does not compile where a maintainer finds it; return the file."""
    try:
        handle, name = tempfile.mkstemp(prefix="sn-kernels-", suffix=".py")
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
    except OSError:
        return None
    return name


def llvm_code(kernels: Kernels) -> str:
    """Return the optimised LLVM code of kernels compiled without the cache."""
    return _inspect(kernels, "inspect_llvm")


def assembly(kernels: Kernels) -> str:
    """Return the machine code of kernels compiled without the cache, as assembly."""
    return _inspect(kernels, "inspect_asm")


def _inspect(kernels: Kernels, how: str) -> str:
    parts = []
    for name in SIGNATURES:
        function = getattr(kernels.module, name, None)
        if function is None:
            continue
        parts += [f"; --- {name} ---", *getattr(function, how)().values()]
    return "\n".join(parts)
