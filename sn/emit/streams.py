"""Batches: the memory and the threads of kernels that move weights once a batch.

A batch is cut into blocks of 16 patterns, and those are dealt to a few streams; a stream adds up
its blocks one after the other, and the step adds up the streams. Cores share the streams out, so
which of them adds what is all that depends on their number.

Read next: emit/schedule_learn.py for what is done in a block, kernels.py for who calls this.
"""

from __future__ import annotations

import operator
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from sn.emit.layers_learn import BLOCK, STREAMS
from sn.emit.program import Program
from sn.emit.slots import Slots
from sn.errors import SnInternalError
from sn.memory import need

Floats32 = NDArray[np.float32]

# blocks worth a second thread; chosen here: starting one costs what a few of them do
MANY_BLOCKS = 16


class Addresses:
    """Where arrays lie that kernels work on; those of the last call are kept, alive too.

    Kernels look at addresses alone, so an array must be one run of float32 or int32.
    """

    def __init__(self) -> None:
        self._arrays: tuple[NDArray[np.generic], ...] = ()
        self._found = np.zeros(0, np.int64)

    def of(self, *arrays: NDArray[np.generic]) -> NDArray[np.int64]:
        """Return the addresses of arrays: (n,) int64."""
        known = self._arrays
        if len(known) == len(arrays) and all(map(operator.is_, known, arrays)):
            return self._found
        for one in arrays:
            kind = one.dtype
            if kind.itemsize != 4 or kind.kind not in "fi" or not one.flags.c_contiguous:
                raise SnInternalError(f"kernels cannot work on {one.dtype} of {one.strides} steps")
        found = [one.__array_interface__["data"][0] for one in arrays]
        self._arrays, self._found = arrays, np.array(found, np.int64)
        return self._found


class Learner:
    """What kernels of batches work on besides weights: a place for sums, and states per thread."""

    def __init__(self, source: Program) -> None:
        self._source = source
        self._sums = np.zeros(0, np.float32)
        self._states: list[Floats32] = []
        self._stepped = Addresses()
        self._learned: list[Addresses] = []  # per thread
        self._rows: dict[int, tuple[NDArray[np.int32], Floats32]] = {}  # of so many blocks

    def _memory(self, thread: int) -> Floats32:
        while len(self._states) <= thread:
            need(4 * BLOCK * len(self._source.batch_states), f"states of {self._what}")
            states = np.repeat(self._source.batch_states, BLOCK)
            memory = on_cache_line(len(states))
            memory[:] = states
            self._states.append(memory)
        return self._states[thread]

    @property
    def _what(self) -> str:
        return f"batches of net {self._source.name}"

    def _make_room(self, streams: int) -> None:
        """Have sums for so many streams; they are 0 between two batches."""
        size = streams * self._source.sums
        if len(self._sums) < size:
            need(4 * size, f"sums for {self._what}")
            self._sums = on_cache_line(size)

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
        self._make_room(min(STREAMS, blocks))
        if blocks not in self._rows:
            size = blocks * BLOCK
            self._rows[blocks] = np.zeros(size, np.int32), np.zeros(size, np.float32)
        shown, shares = self._rows[blocks]
        shown[:count], shown[count:] = order, order[-1]
        shares[:count], shares[count:] = share, 0
        tables = self._source.batch_tables
        threads = min(cores(), STREAMS) if blocks >= MANY_BLOCKS else 1
        arrays = [
            (slots.weights, self._sums, self._memory(n), tables, *rows, shown, shares, *masks)
            for n in range(threads)
        ]
        while len(self._learned) < threads:
            self._learned.append(Addresses())
        addresses = [self._learned[n].of(*some) for n, some in enumerate(arrays)]

        def run(thread: int) -> None:
            module.learn(addresses[thread], thread, threads, blocks)

        others = [threading.Thread(target=run, args=(n,)) for n in range(1, threads)]
        for other in others:
            other.start()
        run(0)
        for other in others:
            other.join()
        taken = self._stepped.of(
            *(slots.weights, slots.memory, self._sums, tables, slots.steps, slots.hyper)
        )
        module.take_step(taken, min(STREAMS, blocks))

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


_most: ContextVar[int | None] = ContextVar("cores", default=None)


@contextmanager
def on_cores(most: int) -> Iterator[None]:
    """Use no more than so many cores inside the block, in this thread: those of others' runs."""
    token = _most.set(most)
    try:
        yield
    finally:
        _most.reset(token)


def cores() -> int:
    """Cores this process may use, or this thread of it."""
    has_some = hasattr(os, "sched_getaffinity")
    found = len(os.sched_getaffinity(0)) if has_some else os.cpu_count() or 1
    most = _most.get()
    return found if most is None else min(found, most)
