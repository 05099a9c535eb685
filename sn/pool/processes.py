"""Processes: workers on this machine, one a core.

One that dies is replaced, and its run is done again.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

from sn import memory
from sn.data.base import Dataset
from sn.errors import SnError, TrainError
from sn.pool.perform import Keeper, plain
from sn.pool.runs import Bundle, Ended, Event, Passed, Run, Wanted, dead, sent
from sn.results.record import PassRecord
from sn.watchdog import Watchdog
from sn.workers import serve, untold

# who says to libraries how many threads they may have; Dask says the same to its workers
THREADS = tuple(f"{name}_NUM_THREADS" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA"))
MOST_DEATHS = 3  # of workers over one run, before the run is taken to be why; chosen here


@dataclass(slots=True, eq=False)
class _Worker:
    process: Any
    pipe: Connection
    place: int
    run: Run | None = None


@dataclass(slots=True)
class Processes:
    """So many workers; `things` are what they may be sent, by hash.

    With `reports` runs tell of each pass and may be given up.
    """

    jobs: int
    things: Mapping[str, Bundle | Dataset]
    reports: bool = False
    _workers: list[_Worker] = field(default_factory=list)
    _waiting: deque[Run] = field(default_factory=deque)
    _deaths: dict[str, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many runs are done at once."""
        return self.jobs

    @property
    def note(self) -> str:
        """Nothing: they are here."""
        return ""

    def submit(self, run: Run) -> None:
        """Have a run done as soon as a worker is idle."""
        self._waiting.append(run)
        self._hand_out()

    def answer(self, run: Run, is_given_up: bool) -> None:
        """Let a run that told of a pass go on, or end."""
        for worker in self._workers:
            if worker.run == run:
                with suppress(OSError):  # as below
                    worker.pipe.send(is_given_up)

    def events(self, seconds: float) -> list[Event]:
        """Return what happened, waiting for it no longer than that.

        Raises: TrainError when workers cannot be started.
        """
        found: list[Event] = []
        places: dict[Any, _Worker] = {one.pipe: one for one in self._workers}
        places |= {one.process.sentinel: one for one in self._workers}
        for ready in wait(list(places), timeout=seconds):
            worker = places[ready]
            if worker not in self._workers:
                continue  # its end was heard of by its pipe
            try:
                if worker.pipe.poll():
                    found += self._heard(worker, worker.pipe.recv())
                elif not worker.process.is_alive():
                    raise EOFError
            except (EOFError, OSError):
                found += self._bury(worker)
        self._hand_out()
        return found

    def _heard(self, worker: _Worker, said: object) -> list[Event]:
        run = worker.run
        assert run is not None
        match said:
            case Wanted(name):
                thing = sent(self.things[name], said, "a process beside this one")
                worker.pipe.send((name, thing))
                worker.pipe.send(run)
            case PassRecord():
                return [Passed(run, said.number, plain(said))]
            case Ended():
                worker.run = None
                return [said]
        return []

    def _bury(self, worker: _Worker) -> list[Event]:
        """Forget a worker that died; its run is done again, unless it is taken to be why."""
        self._workers.remove(worker)
        worker.pipe.close()
        worker.process.join()
        run, code = worker.run, worker.process.exitcode
        if run is None:
            return []
        deaths = self._deaths[run.key] = self._deaths.get(run.key, 0) + 1
        if deaths < MOST_DEATHS:
            self._waiting.appendleft(run)
            return []
        why = f"{deaths} processes ended in it, the last one with exit code {code}"
        return [dead(run, why)]

    def _hand_out(self) -> None:
        while self._waiting:
            idle = next((one for one in self._workers if one.run is None), None)
            if idle is None:
                if len(self._workers) >= self.jobs:
                    return
                idle = self._start()
            run = self._waiting.popleft()
            idle.run = run
            with suppress(OSError):  # it died, and is buried when its end is heard of
                idle.pipe.send(run)

    def _start(self) -> _Worker:
        taken = {one.place for one in self._workers}
        place = next(number for number in range(self.jobs) if number not in taken)
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        given = (theirs, place if self.jobs > 1 else None, self.reports, memory.limit())
        process = context.Process(target=_work, args=given, daemon=True)
        try:
            with untold(), _one_thread():
                process.start()
        except OSError as error:
            raise TrainError(f"a worker cannot be started: {error.strerror or error}") from error
        theirs.close()
        self._workers.append(_Worker(process, ours, place))
        return self._workers[-1]

    def close(self) -> None:
        """End all workers, whatever they do."""
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join()
            worker.pipe.close()
        self._workers.clear()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Start processes whose libraries of linear algebra have one thread, as they have one core."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _work(pipe: Connection, place: int | None, reports: bool, n_bytes: int) -> None:
    """Do runs until the pipe ends: what a worker is from its first to its last line."""
    serve(n_bytes)
    if place is not None and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))  # one run uses one core
        os.sched_setaffinity(0, {cores[place % len(cores)]})
    keeper = Keeper()

    def report(run: Run, record: PassRecord) -> bool:
        pipe.send(record)
        return bool(pipe.recv())

    while True:
        try:
            said = pipe.recv()
        except EOFError:
            return
        if isinstance(said, Run):
            try:
                with Watchdog(None, n_bytes):
                    found = keeper.do(said, report if reports else None)
            except SnError as error:  # it took too much memory
                found = dead(said, error.message, error)
            pipe.send(found)
        else:
            keeper.put(*said)
