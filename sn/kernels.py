"""Kernels: a plan becomes compiled functions, cached on disk. The only importer of numba.

    compile_net(plan, cost, rule) -> Kernels

The emitted module is written to the cache folder under a name that hashes its text and the
code of the sections it calls, and imported from there; Numba caches the machine code beside it.
A folder that cannot be written costs a compilation, nothing else.

Read next: emit/module.py for the text, simd.py for the verbs that the sections use.
"""

from __future__ import annotations

import atexit
import hashlib
import importlib.util
import os
import shutil
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import llvmlite.binding
import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import config as numba_config
from numba.extending import intrinsic
from numpy.typing import NDArray

import sn.emit
from sn.emit.module import KernelSource, emit
from sn.emit.update import ALPHA, DECAY, GAMMA, LIMIT, MU, N_HYPER
from sn.errors import SnInternalError
from sn.lower.ir import Plan
from sn.net.costs import Cost
from sn.optim.rules import Hyper, RuleSpec
from sn.simd import Builder, Index, Memories, Memory

Floats32 = NDArray[np.float32]

# batches worth a second thread; chosen here: starting one costs what a few of them do
MANY_BATCHES = 32

_FLOATS, _INTS = types.float32[::1], types.int32[::1]
_SIGNATURES = {
    "train": types.void(*[_FLOATS] * 5, _INTS, *[_FLOATS] * 4, _INTS, types.int64, types.int64),
    "evaluate": types.void(_FLOATS, _FLOATS, _INTS, _FLOATS, _FLOATS, types.int64),
}


def _section_code() -> bytes:
    """What the text calls: an edited section must not meet machine code of the old one."""
    folder = Path(sn.emit.__file__).parent
    files = [*sorted(folder.glob("*.py")), folder.parent / "simd.py", folder.parent / "kernels.py"]
    return b"".join(file.read_bytes() for file in files)


# read when the sections are imported: a process keeps the code it started with
_SECTION_CODE = _section_code()


def section(function: Callable[..., None], arrays: str, lanes: int) -> Any:
    """Return a Numba intrinsic that runs a pass of an emitted module on `arrays` and one index.

    The pass is run once, with the vector builder, while Numba compiles; Numba itself types
    one call, so that compile time is LLVM's.
    """
    names = arrays.split()

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        k = Builder(builder, lanes)
        memory = {}
        for name, kind, arg in zip(names, signature.args, args, strict=False):
            memory[name] = Memory(k, context.make_array(kind)(context, builder, arg).data)
        number = builder.sext(args[-1], ir.IntType(64)) if args[-1].type.width < 64 else args[-1]
        function(k, Memories(memory), Index(k, number, 0))
        return context.get_dummy_value()

    parameters = ", ".join([*names, "index"])
    scope: dict[str, Any] = {"generate": generate, "void": types.void}
    # an intrinsic's parameters are read off its definition, so it needs one with these names
    exec(f"def run(typingctx, {parameters}):\n    return void({parameters}), generate", scope)
    return intrinsic(scope["run"])


def kernel(name: str) -> Callable[[Callable[..., None]], Any]:
    """Decorate a function of an emitted module: compile it now, from the cache if it can be."""

    def decorate(function: Callable[..., None]) -> Any:
        # NOTE(_import): the importer says whether machine code may be kept
        use_cache = function.__globals__["USE_CACHE"]
        options = {"cache": use_cache, "boundscheck": False, "nogil": True}
        return numba.njit(_SIGNATURES[name], **options)(function)

    return decorate


def lanes_of_cpu() -> int:
    """Patterns side by side in a batch: 16 where the CPU has 16-lane registers, else 8."""
    if getattr(numba_config, "CPU_NAME", None) == "generic":
        return 8
    features = llvmlite.binding.get_host_cpu_features()
    return 16 if features.get("avx512f") else 8


@dataclass(slots=True)
class Slots:
    """The weights while they are trained and what an update rule keeps beside them.

    Shapes: weights, velocity, curvature, extra: (n_slots,) in kernel order, those a rule does
    not use may be shorter; steps: (n_nodes,); hyper: (8,); all float32.
    """

    weights: Floats32
    velocity: Floats32
    curvature: Floats32
    extra: Floats32
    steps: Floats32
    hyper: Floats32


@dataclass(slots=True)
class Kernels:
    """The compiled functions of a net and the memory they work on."""

    source: KernelSource
    module: ModuleType
    path: Path
    compile_seconds: float
    was_cached: bool
    states: Floats32 = field(init=False)
    batch_states: tuple[Floats32, Floats32] = field(init=False)

    @property
    def n_weights(self) -> int:
        """The number of weights."""
        return int(self.source.slots.max(initial=-1)) + 1

    def __post_init__(self) -> None:
        self.states = _on_cache_line(len(self.source.states))
        self.states[:] = self.source.states
        batch = np.repeat(self.source.batch_states, self.source.lanes)
        self.batch_states = (_on_cache_line(len(batch)), _on_cache_line(len(batch)))
        for memory in self.batch_states:
            memory[:] = batch

    def slots(
        self, weights: NDArray[Any], steps: Floats32 | Sequence[float], hyper: Hyper
    ) -> Slots:
        """Return weights in kernel order with steps per node and empty memory for a rule."""
        packed = self.pack(weights)
        numbers = np.zeros(N_HYPER, np.float32)
        numbers[[ALPHA, DECAY, GAMMA, MU, LIMIT]] = astuple(hyper)
        velocity, curvature, extra = (_on_cache_line(len(packed)) for _ in range(3))
        return Slots(packed, velocity, curvature, extra, np.asarray(steps, np.float32), numbers)

    def pack(self, weights: NDArray[Any]) -> Floats32:
        """Return weights in kernel order from weight order: (n_slots,) float32."""
        slots = self.source.slots
        packed = _on_cache_line(len(slots))
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
    ) -> None:
        """Present patterns order[0], order[1], ... one by one, updating `slots` in place.

        Shapes: patterns: (n, n_inputs); targets: (n, n_outputs); float32, C-contiguous.
        """
        self.module.train(
            slots.weights,
            slots.velocity,
            slots.curvature,
            slots.extra,
            self.states,
            self.source.tables,
            slots.steps,
            slots.hyper,
            patterns.reshape(-1),
            targets.reshape(-1),
            order,
            0,
            len(order),
        )

    def batches(self, patterns: Floats32) -> Floats32:
        """Return patterns as `evaluate` wants them: (batches, n_inputs, lanes) float32."""
        lanes = self.source.lanes
        n = len(patterns)
        padded = np.zeros((-(-n // lanes) * lanes, patterns.shape[1]), np.float32)
        padded[:n] = patterns
        split = padded.reshape(-1, lanes, patterns.shape[1])
        return np.ascontiguousarray(split.transpose(0, 2, 1))

    def evaluate(self, packed: Floats32, batches: Floats32, n: int) -> Floats32:
        """Return the outputs of `n` patterns: (n, n_outputs) float32.

        Where there are two cores, each takes half of the batches; a pattern's outputs do not
        depend on its neighbours.
        """
        out = np.empty((len(batches), self.source.n_outputs, self.source.lanes), np.float32)

        def run(part: slice, states: Floats32) -> None:
            some, tables = batches[part], self.source.batch_tables
            self.module.evaluate(
                packed, states, tables, some.reshape(-1), out[part].reshape(-1), len(some)
            )

        half = len(batches) // 2 if _cores() > 1 and len(batches) >= MANY_BATCHES else 0
        second = threading.Thread(target=run, args=(slice(0, half), self.batch_states[1]))
        if half:
            second.start()
        run(slice(half, None), self.batch_states[0])
        if half:
            second.join()
        rows = out.transpose(0, 2, 1).reshape(-1, self.source.n_outputs)
        return np.ascontiguousarray(rows[:n])


def _on_cache_line(count: int) -> Floats32:
    """Return zeros that start on a cache line: fewer loads straddle two lines."""
    memory = np.zeros(count + 16, np.float32)
    start = -memory.ctypes.data // 4 % 16
    return memory[start : start + count]


def emitted(plan: Plan, cost: Cost, rule: RuleSpec) -> KernelSource:
    """Return the module of `plan` for this CPU's width of batches, not compiled."""
    return emit(plan, cost, rule, lanes_of_cpu())


def compile_net(
    plan: Plan, cost: Cost, rule: RuleSpec | None = None, *, use_cache: bool = True
) -> Kernels:
    """Return the kernels of `plan`, compiled or from the cache.

    Raises: SnInternalError when Numba or LLVM refuses the emitted module.
    """
    source = emitted(plan, cost, rule or RuleSpec())
    started = time.perf_counter()
    path, is_kept = _write(source)
    name = path.stem
    was_cached = is_kept and use_cache and _is_compiled(path)
    if not use_cache:
        sys.modules.pop(name, None)
    try:
        module = _import(name, path, is_kept and use_cache)
    except Exception as error:
        raise SnInternalError(
            f"the kernels of net {source.name} do not compile: {error}", dump=str(path)
        ) from error
    return Kernels(source, module, path, time.perf_counter() - started, was_cached)


def llvm_code(kernels: Kernels) -> str:
    """Return the optimised LLVM code of kernels compiled without the cache."""
    return _inspect(kernels, "inspect_llvm")


def assembly(kernels: Kernels) -> str:
    """Return the machine code of kernels compiled without the cache, as assembly."""
    return _inspect(kernels, "inspect_asm")


def _inspect(kernels: Kernels, how: str) -> str:
    parts = []
    for name in _SIGNATURES:
        function = getattr(kernels.module, name)
        parts += [f"; --- {name} ---", *getattr(function, how)().values()]
    return "\n".join(parts)


def _cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cache_folder() -> Path:
    """Where kernels are kept: $SN_CACHE, else the user's cache folder."""
    if os.environ.get("SN_CACHE"):
        return Path(os.environ["SN_CACHE"]) / "kernels"
    from platformdirs import user_cache_path  # only needed here, costs 10 ms at start

    return user_cache_path("sn", appauthor=False) / "kernels"


def _write(source: KernelSource) -> tuple[Path, bool]:
    """Put the module into the cache folder under its hash; elsewhere when that fails.

    Returns the path and whether it is in the cache, to be found again.
    """
    digest = hashlib.sha256(source.text.encode() + _SECTION_CODE).hexdigest()[:16]
    safe = "".join(c if c.isalnum() else "_" for c in source.name)
    file = f"sn_kernel_{safe}_{digest}.py"
    temporary_folder = Path(tempfile.gettempdir()) / f"sn-kernels-{os.getpid()}"
    for folder, is_kept in ((cache_folder(), True), (temporary_folder, False)):
        path = folder / file
        try:
            if not path.is_file() or path.read_text(encoding="utf-8") != source.text:
                folder.mkdir(parents=True, exist_ok=True)
                _replace(path, source.text)
            if not is_kept:
                atexit.register(shutil.rmtree, folder, ignore_errors=True)
            return path, is_kept and os.access(folder, os.W_OK)
        except OSError:
            continue
    raise SnInternalError("no folder can be written for compiled kernels; set SN_CACHE to one")


def _replace(path: Path, text: str) -> None:
    """Write a file that appears whole or not at all."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
    os.replace(temporary, path)


def _is_compiled(path: Path) -> bool:
    """Whether Numba has machine code of this module."""
    return any((path.parent / "__pycache__").glob(f"{path.stem}.train-*.nbc"))


def _import(name: str, path: Path, use_cache: bool) -> ModuleType:
    # NOTE(numba): the module must be in sys.modules under its name before the first call, or
    # the cached code cannot be loaded by the next process
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    module.__dict__["USE_CACHE"] = use_cache
    sys.modules[name] = module
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", numba.NumbaWarning)
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
