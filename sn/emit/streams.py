"""Batches: the memory and the threads of kernels that move weights once a batch.

A batch is cut into blocks of 16 patterns, and those are dealt to a few streams; a stream adds up
its blocks one after the other, and the step adds up the streams. Cores share the streams out, so
which of them adds what is all that depends on their number.

Read next: emit/schedule_learn.py for what is done in a block, kernels.py for who calls this.
"""

from __future__ import annotations

import os
import threading
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from sn.emit.layers_learn import BLOCK, STREAMS
from sn.emit.program import Program
from sn.emit.slots import Slots

Floats32 = NDArray[np.float32]

# blocks worth a second thread; chosen here: starting one costs what a few of them do
MANY_BLOCKS = 16


class Learner:
    """What kernels of batches work on besides weights: a place for sums, and states per thread."""

    def __init__(self, source: Program) -> None:
        self._source = source
        self._sums = on_cache_line(STREAMS * source.sums)
        self._states: list[Floats32] = []

    def _memory(self, thread: int) -> Floats32:
        while len(self._states) <= thread:
            states = np.repeat(self._source.batch_states, BLOCK)
            memory = on_cache_line(len(states))
            memory[:] = states
            self._states.append(memory)
        return self._states[thread]

    def learn(
        self,
        module: ModuleType,
        slots: Slots,
        rows: list[Floats32],
        masks: list[Floats32],
        order: NDArray[np.int32],
        share: float,
    ) -> None:
        """Show a batch and take its step; each pattern has a `share` in what the step follows."""
        count, blocks = len(order), -(-len(order) // BLOCK)
        shown = np.empty(blocks * BLOCK, np.int32)
        shown[:count], shown[count:] = order, order[-1]
        shares = np.zeros(blocks * BLOCK, np.float32)
        shares[:count] = share
        tables = self._source.batch_tables
        learn = module.learn_masked if masks else module.learn

        def run(thread: int, threads: int) -> None:
            learn(
                *(slots.weights, self._sums, self._memory(thread), tables, *rows, shown, shares),
                *(*masks, thread, threads, blocks),
            )

        threads = min(cores(), STREAMS) if blocks >= MANY_BLOCKS else 1
        others = [threading.Thread(target=run, args=(n, threads)) for n in range(1, threads)]
        for number in range(threads):
            self._memory(number)
        for other in others:
            other.start()
        run(0, threads)
        for other in others:
            other.join()
        module.take_step(
            *(slots.weights, slots.memory.reshape(-1), self._sums, tables, slots.steps),
            *(slots.hyper, min(STREAMS, blocks)),
        )

    def states(self) -> Floats32:
        """Return the state at each place in the last blocks, of one pattern: of one for which it is
        not finite, where there is such.
        """
        states = np.concatenate([memory.reshape(-1, BLOCK) for memory in self._states], axis=1)
        # only where a sum is not finite can a number be
        with np.errstate(all="ignore"):
            total = states.sum(axis=1)
        return np.where(np.isfinite(total), states[:, 0], total)


def on_cache_line(count: int) -> Floats32:
    """Return zeros that start on a cache line: fewer loads straddle two lines."""
    memory = np.zeros(count + 16, np.float32)
    start = -memory.ctypes.data // 4 % 16
    return memory[start : start + count]


def cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
