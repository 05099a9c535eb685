"""How many multiply-adds one core can do in a second, with vectors of 8 and of 16 lanes.

Measured in the same rounds as the rivals, because a core's clock depends on the hour.
"""

from __future__ import annotations

import ctypes
import os
import time
from dataclasses import dataclass

from bench.native import build, cpu_flags, needs_gcc

ROUNDS, CHAINS = 1_000_000, 12  # some 5 ms; chains as in peak.c


@dataclass(frozen=True, slots=True)
class Peak:
    """The loaded kernels; `lanes` are those that the processor has."""

    compiled: ctypes.CDLL
    lanes: tuple[int, ...]

    def measure(self, lanes: int) -> float:
        """Return multiply-adds per second of CPU time on the core that the rivals use."""
        kernel = getattr(self.compiled, f"peak{lanes}")
        start = time.process_time()
        kernel(ctypes.c_long(ROUNDS))
        return ROUNDS * CHAINS * lanes / (time.process_time() - start)


def load_peak() -> Peak | None:
    """Return the kernels, or None where gcc or 8-lane multiply-adds are missing."""
    if needs_gcc("avx2", "fma")() is not None:
        return None
    library, _ = build("peak.c")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    return Peak(library, (8, 16) if "avx512f" in cpu_flags() else (8,))
