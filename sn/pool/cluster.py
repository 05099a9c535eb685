"""Cluster: the workers of a Dask scheduler: machines of a network, of Slurm, Kubernetes or a cloud.

A worker needs `pip install 'sn[sweep]'` and nothing else: what it lacks for a run it asks for, and
is sent. The scheduler does the run of a worker that died again on another one. A worker does one
run at a time, however many threads it has: `dask worker --nworkers N --nthreads 1` uses N cores.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

import distributed

from sn.data.base import Dataset
from sn.errors import TrainError
from sn.pool.perform import Keeper, plain
from sn.pool.runs import (
    Bundle,
    Ended,
    Event,
    Passed,
    Run,
    Wanted,
    compute_versions,
    dead,
    sent,
)
from sn.pool.stopping import Stopped, stopped_when
from sn.results.record import PassRecord

COUNTED = 1.0  # seconds between two counts of the workers; chosen here
SECONDS = 15  # to wait for a scheduler, or for one that went away; chosen here
TOPIC = "sn-passes"
INSTALL = "a worker needs the same: pip install 'sn[sweep]'"
_KEEPER, _ONE = Keeper(), threading.Lock()  # of a worker, which is one process


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a worker says of a run, and its address."""

    said: Ended | Wanted
    worker: str


@dataclass(slots=True)
class Cluster:
    """The workers of the scheduler at an address; `things` are what they may be sent, by hash.

    With `reports` runs tell of each pass and may be given up.
    """

    address: str
    things: Mapping[str, Bundle | Dataset]
    reports: bool = False
    note: str = ""
    _client: Any = None
    _futures: dict[str, tuple[Run, Any]] = field(default_factory=dict)
    _ready: SimpleQueue[Any] = field(default_factory=SimpleQueue)
    _seen: float = 0.0
    _workers: int = 1
    _counted: float = float("-inf")

    def open(self) -> None:
        """Meet the scheduler, and hold its workers to the versions that are here.

        Raises: TrainError when it does not answer, or a worker has others.
        """
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # it is told in our words
        try:
            self._client = distributed.Client(
                self.address, timeout=SECONDS, set_as_default=False, name="sn"
            )
            there = self._client.run(compute_versions)
        except (OSError, ValueError, TimeoutError) as error:
            raise TrainError(
                f"no Dask scheduler answers at {self.address}: {_words(error)}",
                hint="`dask scheduler` starts one, and says its address",
            ) from error
        except Exception as error:  # of a worker, that came over the wire
            raise TrainError(
                f"a worker of {self.address} cannot run SN: {_words(error)}", hint=INSTALL
            ) from error
        here = dict(compute_versions())
        for worker, found in there.items():
            other = [f"{name} {one}" for name, one in found if here[name] != one]
            if other:
                wanted = ", ".join(f"{name} {one}" for name, one in here.items())
                raise TrainError(
                    f"worker {worker} has {', '.join(other)}, and here are {wanted}", hint=INSTALL
                )
        if not there:
            self.note = (
                f"the scheduler at {self.address} has no workers yet: runs begin with the first"
            )
        self._seen = time.monotonic()
        if self.reports:
            self._client.subscribe_topic(TOPIC, self._ready.put)

    @property
    def count(self) -> int:
        """How many runs are done at once: one a worker, and one where they are waited for."""
        now = time.monotonic()
        if now - self._counted > COUNTED:
            self._counted = now
            with suppress(Exception):  # a scheduler that is away has as many as it had
                self._workers = max(len(self._client.nthreads()), 1)
        return self._workers

    def submit(self, run: Run) -> None:
        """Have a run done."""
        # the key is new each time: Dask would give the answer again that something was lacking,
        # and that a run was given up in another sweep
        key = f"sn-{run.key}-{uuid.uuid4().hex[:12]}"
        stop = _stop(key) if self.reports else None
        future = self._client.submit(_do, run, stop, key=key, retries=2)
        self._futures[run.key] = (run, future)
        future.add_done_callback(lambda done: self._ready.put((run.key, done)))

    def answer(self, run: Run, is_given_up: bool) -> None:
        """End a run that told of a pass; one that may go on hears nothing."""
        if is_given_up and run.key in self._futures:
            _, future = self._futures[run.key]
            distributed.Event(_stop(future.key), client=self._client).set()

    def events(self, seconds: float) -> list[Event]:
        """Return what happened, waiting for it no longer than that.

        Raises: TrainError when the scheduler went away.
        """
        found: list[Event] = []
        with suppress(Empty):
            said = self._ready.get(timeout=seconds)
            while True:
                found += self._heard(said)
                said = self._ready.get_nowait()
        self._check_scheduler()
        return found

    def _check_scheduler(self) -> None:
        now = time.monotonic()
        if self._client.status == "running":
            self._seen = now
        elif now - self._seen > SECONDS or self._client.status == "closed":
            raise TrainError(
                f"the Dask scheduler at {self.address} went away",
                hint="the runs that ended are kept: --resume goes on, here or with --on",
            )

    def _heard(self, said: Any) -> list[Event]:
        if isinstance(said, tuple) and isinstance(said[1], distributed.Future):
            key, future = said
            run, current = self._futures.get(key, (None, None))
            return [] if run is None or current is not future else self._ended(run, future)
        _, told = said  # when it was said, and what; it may be of another sweep
        if told["key"] not in self._futures:
            return []
        run, future = self._futures[told["key"]]
        if _stop(future.key) != told["stop"]:
            return []
        return [Passed(run, told["pass"], told["figures"])]

    def _ended(self, run: Run, future: Any) -> list[Event]:
        if future.status in ("cancelled", "lost"):  # with a scheduler that is gone, or began anew
            if self._client.status == "running":
                self.submit(run)
            return []
        del self._futures[run.key]
        try:
            answer = future.result(timeout=SECONDS)
        except TrainError:  # of a worker that came later, and has other versions
            raise
        except Exception as error:  # a worker that cannot run SN, or several that died in the run
            return [dead(run, _words(error))]
        if isinstance(answer.said, Wanted):
            thing = sent(self.things[answer.said.hash], answer.said, answer.worker)
            with suppress(Exception):  # the worker may be gone, and another one asks again
                self._client.run(_put, answer.said.hash, thing, workers=[answer.worker])
            self.submit(run)
            return []
        return [answer.said]

    def close(self) -> None:
        """Give up all runs, and leave the scheduler to others."""
        if self._client is None:
            return
        with suppress(Exception):  # it may be gone
            self._client.cancel([future for _, future in self._futures.values()], force=True)
        with suppress(Exception):
            self._client.close(timeout=2)
        self._client = None


def _words(error: BaseException) -> str:
    text = str(error).strip().split("\n")[0]
    return text or type(error).__name__


def _put(name: str, thing: Bundle | Dataset) -> None:
    """Keep what was sent, in a worker."""
    _KEEPER.put(name, thing)


def _stop(key: str) -> str:
    """Return the name of the event that ends the run of a future."""
    return f"{key}-stop"


def _do(run: Run, stop: str | None) -> _Answer:
    """Do a run in a worker, one at a time, as long as anybody waits for it.

    One that tells of its passes ends by an event.
    """
    worker = distributed.get_worker()
    tasks, key = worker.state.tasks, worker.get_current_task()
    event = None if stop is None else distributed.Event(stop)

    def report(run: Run, record: PassRecord) -> bool:
        assert event is not None
        said = {"key": run.key, "stop": stop, "pass": record.number, "figures": plain(record)}
        worker.log_event(TOPIC, said)
        return bool(event.is_set())

    def is_left() -> bool:
        task = tasks.get(key)
        return task is None or task.state == "cancelled"

    try:
        with _ONE, stopped_when(is_left):
            return _Answer(_KEEPER.do(run, None if stop is None else report), worker.address)
    except Stopped:
        _KEEPER.evaluated.clear()  # what it stood in the middle of is nobody's to go on with
        return _Answer(dead(run, "nobody waited for it"), worker.address)
