"""Compile one C file with gcc for this very machine, and load it.

Read next: `rivals/c_loops.py`.
"""

from __future__ import annotations

import ctypes
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.machine import cpu_seconds
from bench.net import flatten, unflatten
from bench.reference import STEP
from bench.task import F32, Weights

HERE = Path(__file__).parent / "rivals"


def cpu_flags() -> frozenset[str]:
    """Return the instruction sets that Linux lists for this processor, empty elsewhere."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return frozenset()
    line = next((row for row in text.splitlines() if row.startswith("flags")), "")
    return frozenset(line.split())


def needs_gcc(*instructions: str) -> Callable[[], str | None]:
    """Return a check for gcc and for the named instruction sets."""

    def reason() -> str | None:
        if shutil.which("gcc") is None:
            return "gcc is not installed"
        missing = [name for name in instructions if name not in cpu_flags()]
        if missing:
            return f"this processor ({platform.machine()}) has no {', '.join(missing)}"
        return None

    return reason


def build(source: str, *flags: str) -> tuple[ctypes.CDLL, float]:
    """Return the library made from `rivals/<source>` and the seconds gcc took."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "rival.so"
        command = ["gcc", "-O3", "-march=native", *flags, "-shared", "-fPIC"]
        start = cpu_seconds()
        subprocess.run([*command, "-o", library, HERE / source, "-lm"], check=True)
        seconds = cpu_seconds() - start
        return ctypes.CDLL(str(library)), seconds


@dataclass(slots=True)
class NativeRunner:
    """Runs `void train(float *flat, const float *inputs, const float *targets, long, float)`."""

    compiled: ctypes.CDLL
    compile_seconds: float
    start: F32
    inputs: F32
    targets: F32
    flat: F32 = field(init=False)

    def __post_init__(self) -> None:
        self.flat = self.start.copy()
        self.compiled.train.restype = None

    def run(self, count: int) -> None:
        """Train from the starting weights on the first `count` examples."""
        self.flat[:] = self.start
        arrays = (ctypes.c_void_p(a.ctypes.data) for a in (self.flat, self.inputs, self.targets))
        self.compiled.train(*arrays, ctypes.c_long(count), ctypes.c_float(STEP))

    def answer(self) -> Weights:
        """Return the parameters that the last `run` left."""
        return unflatten(self.flat)


def native(source: str, *flags: str) -> Callable[[Weights, F32, F32], NativeRunner]:
    """Return the `prepare` of a rival written in C."""

    def prepare(weights: Weights, inputs: F32, targets: F32) -> NativeRunner:
        library, seconds = build(source, *flags)
        return NativeRunner(library, seconds, flatten(weights), inputs, targets)

    return prepare
