"""How fast a core streams weights from each of its caches and from memory.

A presentation of a full net reads every weight forward and reads and writes it backward: 12 bytes
moved for a weight. The kernel does just that, on as many bytes as the net's weights have, so its
time is a floor for the net's.

Read next: `scaling.py`, which holds the full nets to it.
"""

from __future__ import annotations

import ctypes
import time
from dataclasses import dataclass

import numpy as np

from bench.native import build, needs_gcc

MOVED = 12  # bytes for a weight: read forward; read and written backward
WHOLE = 64  # weights in a turn of the loop
WORK = 40_000_000  # weights in a measurement, some 10 ms


@dataclass(frozen=True, slots=True)
class Streams:
    """The loaded kernel."""

    compiled: ctypes.CDLL

    def seconds_per_weight(self, weights: int) -> float:
        """Return CPU seconds for one weight of an array of so many, the best of three."""
        count = max(1, weights // WHOLE) * WHOLE
        array = np.zeros(count, np.float32)
        turns = max(1, WORK // count)
        pointer = ctypes.c_void_p(array.ctypes.data)
        self.compiled.stream(pointer, ctypes.c_long(count), ctypes.c_long(1))
        times = []
        for _ in range(3):
            start = time.process_time()
            self.compiled.stream(pointer, ctypes.c_long(count), ctypes.c_long(turns))
            times.append(time.process_time() - start)
        return min(times) / (turns * count)


def load_streams() -> Streams | None:
    """Return the kernel, or None where gcc or 8-lane multiply-adds are missing."""
    if needs_gcc("avx2", "fma")() is not None:
        return None
    library, _ = build("streams.c")
    library.stream.restype = ctypes.c_float
    return Streams(library)
