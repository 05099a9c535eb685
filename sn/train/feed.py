"""Feed: patterns that stay in their file, read ahead of the engine that shows them.

A thread follows the order of a pass: it reads the blocks of the window that comes while it converts
and scales the patterns of the one under way, some at a time, and makes their desired outputs. The
kernels run meanwhile, for neither they nor NumPy hold Python's lock. What is shown does not depend
on the thread: patterns that it did not foresee are read when they are asked for.

Read next: ../data/streamed.py for how rows are read, ../data/blocks.py for orders.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from queue import Empty, Full, Queue
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from sn.data.base import Dataset
from sn.data.row_files import PIECE, Array
from sn.data.streamed import Streamed, ToInputs
from sn.memory.files import claim
from sn.train import gathering
from sn.train.targets import Desired

Floats32 = NDArray[np.float32]
Order = NDArray[np.int32]

DEEP = 8  # parts of a pass that wait for the engine; chosen here: some milliseconds of a small net
SWEPT = 4 * PIECE  # bytes of a window that is read in its order; chosen here
COMPILED = 2**26  # bytes of a file from which on it pays; chosen here: compiling takes a second
PATIENCE = 0.1  # seconds between two looks at whether anybody still waits


@dataclass(frozen=True, slots=True, eq=False)
class Some:
    """Some patterns and what is desired of them: (n, n_inputs) and (n, n_outputs) float32."""

    patterns: Floats32
    targets: Floats32

    def __len__(self) -> int:
        return len(self.patterns)

    def part(self, first: int, last: int) -> Some:
        """Return some of them."""
        return Some(self.patterns[first:last], self.targets[first:last])


class _Places:
    """Where numbers stand among those of a window, once these ascend.

    A window of whole blocks has few runs, each of numbers that follow one another, so that a place
    is found by the run; sorting with the order that it takes was half the work of the thread.
    """

    def __init__(self, numbers: Order) -> None:
        self.sorted = np.sort(numbers)
        breaks = np.flatnonzero(np.diff(self.sorted) != 1) + 1
        self._begins = np.concatenate([np.zeros(1, np.int64), breaks])
        self._firsts = self.sorted[self._begins] if len(numbers) else self.sorted

    def of(self, numbers: Order) -> NDArray[np.int64]:
        """Return the places of numbers: (n,)."""
        runs = np.searchsorted(self._firsts, numbers, "right") - 1
        found: NDArray[np.int64] = self._begins[runs] + (numbers - self._firsts[runs])
        return found


class _Held:
    """The rows of one window, as they are in the file."""

    def __init__(self, source: Array | Streamed, places: _Places) -> None:
        self._source = source
        if isinstance(source, Streamed):
            self._raw = np.empty((len(places.sorted), source.width), source.file.dtype)
            self._reading = source.file.pieces(source.rows_of_file(places.sorted), self._raw)

    def read(self) -> bool:
        """Read a piece of the file; return whether there is more of it."""
        if not isinstance(self._source, Streamed):
            return False
        return next(self._reading, self) is not self

    def part(self, numbers: Order, places: NDArray[np.int64]) -> Array:
        """Return rows by their numbers in the set and their places in the window."""
        source = self._source
        if not isinstance(source, Streamed):
            return source[numbers]
        if not are_compiled(source):
            return source.convert(self._raw.take(places, axis=0))
        assert isinstance(source.convert, ToInputs)
        scaling, out = source.convert.scaling, np.empty((len(places), source.width), np.float32)
        _compiled().scaled_bytes(self._raw, places, scaling.shift, scaling.factor, out)
        return out


def are_compiled(source: Streamed) -> bool:
    """Whether rows are scaled by machine code: many bytes, whose scaling takes longest."""
    is_scaled = isinstance(source.convert, ToInputs) and not source.convert.scaling.is_identity
    return is_scaled and source.file.dtype == np.uint8 and source.file.size >= COMPILED


@cache
def _compiled() -> ModuleType:
    """The loop as machine code."""
    from sn.machine_code import compile_functions  # Numba is slow to start, as in compiled.py

    return compile_functions(Path(gathering.__file__).read_text(encoding="utf-8"), "gathering")


class _Window:
    """The patterns of one window with their targets, read piece by piece."""

    def __init__(self, inputs: Streamed, desired: Desired, numbers: Order) -> None:
        self._desired, self._numbers, self._places = desired, numbers, _Places(numbers)
        self._held = [_Held(one, self._places) for one in (inputs, desired.targets)]
        self.pieces = -(-len(numbers) * inputs.file.row_bytes // PIECE)

    def read(self, count: int) -> None:
        """Read so many pieces, or what is left."""
        for held in self._held:
            for _ in range(count):
                if not held.read():
                    break

    def finish(self) -> None:
        """Read what is left."""
        for held in self._held:
            while held.read():
                pass

    def part(self, first: int, last: int) -> Some:
        """Return patterns by their place in the order."""
        numbers = self._numbers[first:last]
        places = self._places.of(numbers)
        inputs, targets = (held.part(numbers, places) for held in self._held)
        return Some(inputs, self._desired.made(targets))


class _Ahead:
    """A thread that reads patterns in an order, `window` of them from the file at a time."""

    def __init__(self, inputs: Streamed, desired: Desired, order: Order, window: int) -> None:
        self._inputs, self._desired, self._order, self._window = inputs, desired, order, window
        self._step = min(inputs.at_once, window)
        if are_compiled(inputs):
            _compiled()  # here, for a thread cannot put off Ctrl-C
        self._queue: Queue[Some | BaseException] = Queue(DEEP)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sn-feed", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            for some in self._parts():
                if not self._put(some):
                    return
        except BaseException as error:  # it is raised where the patterns are asked for
            self._put(error)

    def _put(self, some: Some | BaseException) -> bool:
        """Hand on; return whether anybody still wants more."""
        while not self._stop.is_set():
            try:
                self._queue.put(some, timeout=PATIENCE)
            except Full:
                continue
            return True
        return False

    def _parts(self) -> Iterator[Some]:
        order, window, step = self._order, self._window, self._step
        ahead = _Window(self._inputs, self._desired, order[:window])
        for begin in range(0, len(order), window):
            ahead.finish()
            now, count = ahead, min(window, len(order) - begin)
            ahead = _Window(self._inputs, self._desired, order[begin + window : begin + 2 * window])
            share = -(-ahead.pieces // (-(-count // step)))
            for first in range(0, count, step):
                yield now.part(first, min(first + step, count))
                ahead.read(share)

    def next(self) -> Some:
        """Return the patterns that come next.

        Raises: what reading them raised.
        """
        found = self._queue.get()
        if isinstance(found, BaseException):
            raise found
        return found

    def close(self) -> None:
        """End the thread, whatever it has not handed on."""
        self._stop.set()
        while True:
            try:
                self._queue.get_nowait()
            except Empty:
                break
        self._thread.join()


class Feed:
    """One set that is streamed, with what is desired of its patterns.

    `window`: how many patterns are shuffled together, and so held at once.
    """

    def __init__(self, inputs: Streamed, desired: Desired, window: int) -> None:
        self.inputs, self.desired, self._window = inputs, desired, max(window, 1)
        self._ahead: _Ahead | None = None
        self._order: Order = np.zeros(0, np.int32)
        self._at, self._some, self._used = 0, Some(*np.zeros((2, 0, 0), np.float32)), 0

    def __len__(self) -> int:
        return len(self.inputs)

    def follow(self, order: Order) -> None:
        """Read ahead in this order, which is that of what is left of a pass."""
        self.close()
        self._order = order
        window = min(self._window, max(len(order), 1))
        self._ahead = _Ahead(self.inputs, self.desired, order, window)

    def take(self, order: Order) -> Some:
        """Return patterns by number, in an order.

        Raises: DataError when the file cannot be read, or is not what it was, or memory does not
        allow so many at once.
        """
        width = self.inputs.width + self.desired.n_outputs
        claim(8 * len(order) * width, f"{len(order):,} patterns at once", self.inputs.place)
        coming = self._order[self._at : self._at + len(order)]
        if len(coming) and np.array_equal(coming, order):
            return self._next(len(order))
        # a run that goes on may ask once more for patterns before those that come
        before = np.flatnonzero(order == coming[0])[:1] if len(coming) else ()
        for first in before:
            rest = order[first:]
            if np.array_equal(rest, self._order[self._at : self._at + len(rest)]):
                return _joined([self.read(order[:first]), self._next(len(rest))])
        return self.read(order)

    def read(self, order: Order) -> Some:
        """Return patterns by number, read now, whatever is read ahead."""
        return Some(self.inputs[order], self.desired[order])

    def reading(self) -> Feed:
        """Return the same patterns for somebody else, who does not read ahead."""
        return Feed(self.inputs, self.desired, self._window)

    def _next(self, count: int) -> Some:
        found = []
        while count:
            if self._used == len(self._some):
                assert self._ahead is not None
                self._some, self._used = self._ahead.next(), 0
            last = min(self._used + count, len(self._some))
            found.append(self._some.part(self._used, last))
            taken = last - self._used
            self._used, self._at, count = last, self._at + taken, count - taken
        return found[0] if len(found) == 1 else _joined(found)

    def sweep(self) -> Generator[Some]:
        """Yield all patterns in the order of the set, read ahead."""
        window = max(1, SWEPT // max(self.inputs.file.row_bytes, 1))
        ahead = _Ahead(self.inputs, self.desired, np.arange(len(self), dtype=np.int32), window)
        try:
            left = len(self)
            while left:
                some = ahead.next()
                left -= len(some)
                yield some
        finally:
            ahead.close()

    def close(self) -> None:
        """Read no further ahead."""
        if self._ahead is not None:
            self._ahead.close()
        self._ahead, self._order, self._at = None, np.zeros(0, np.int32), 0
        self._some, self._used = Some(*np.zeros((2, 0, 0), np.float32)), 0


def _joined(parts: list[Some]) -> Some:
    return Some(
        np.concatenate([one.patterns for one in parts]),
        np.concatenate([one.targets for one in parts]),
    )


def rows_for(
    patterns: Floats32 | Feed, targets: Floats32 | Desired, order: Order
) -> tuple[Floats32, Floats32, Order]:
    """Return arrays that hold patterns and targets, and where those of an order are in them."""
    if isinstance(patterns, Feed):
        some = patterns.take(order)
        return some.patterns, some.targets, np.arange(len(order), dtype=np.int32)
    assert not isinstance(targets, Desired)
    return patterns, targets, order


def feeds_of(dataset: Dataset, desired: Mapping[str, Floats32 | Desired]) -> dict[str, Feed]:
    """Return the sets of a data set that are streamed, with what is desired of them."""
    found = {}
    for name, part in dataset.sets.items():
        wanted = desired[name]
        if isinstance(part.inputs, Streamed) and isinstance(wanted, Desired):
            window = 1 if dataset.blocks is None else dataset.blocks.window
            found[name] = Feed(part.inputs, wanted, window)
    return found
