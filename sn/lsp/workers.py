"""Workers: processes that evaluate texts, one of them always warm and without work.

A program may run for ever, fill the memory or end its process. So it runs in a worker, which stops
it after some seconds by itself; one that does not answer is killed. A newer text of the same file
makes the result of an older one worthless: the older one has a moment to end, since most do, and is
then killed too. Texts of other files do not wait for one that takes long.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from sn.lsp.findings import Finding, Job, Result
from sn.lsp.worker import READY

GRACE = 1.0  # seconds that a job has when a newer one waits; chosen here
PATIENCE = 3.0  # seconds beyond its limit after which a worker is killed; chosen here
STARTS = 60.0  # seconds that a worker has to start; chosen here
TIRED = 500  # jobs after which a worker is replaced, for what it may have gathered; chosen here
LOOK = 0.1  # seconds between looks whether a result is wanted still; chosen here
MOST = 3  # processes at once, and
SPARE = 2  # that are kept without work; chosen here: each takes 100 MB
_LONGEST = 2**27  # bytes of a line of results

Take = Callable[[str, int, Result], None]


class Worker:
    """One process."""

    def __init__(self) -> None:
        self.jobs = 0
        self._is_killed = False
        self._process: asyncio.subprocess.Process | None = None
        self._decoder = msgspec.json.Decoder(Result)

    async def start(self) -> None:
        """Start the process and wait until it is ready.

        Raises: EOFError, TimeoutError when it does not get ready.
        """
        # -P: whatever lies in the folder of the programs must not be imported
        path = os.pathsep.join([str(Path(__file__).resolve().parents[2]), *_python_path()])
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "sn.lsp.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LONGEST,
            env={**os.environ, "PYTHONPATH": path},
        )  # fmt: skip
        if self._is_killed:  # while it was being started
            self._end()
        while (await self.result(STARTS)).number != READY:
            pass

    async def send(self, job: Job) -> None:
        """Begin a job.

        Raises: OSError when the process is gone.
        """
        assert self._process is not None and self._process.stdin is not None
        self.jobs += 1
        self._process.stdin.write(msgspec.json.encode(job) + b"\n")
        await self._process.stdin.drain()

    async def result(self, seconds: float) -> Result:
        """Wait for a result.

        Raises: TimeoutError when none comes in time, EOFError when the process has ended.
        """
        assert self._process is not None and self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), seconds)
        if not line.endswith(b"\n"):
            raise EOFError
        return self._decoder.decode(line)

    async def gone(self) -> None:
        """Wait until the process is gone, and its pipes are closed."""
        if self._process is None or self._process.stdin is None:
            return
        await self._process.wait()
        self._process.stdin.close()
        with suppress(OSError):
            await self._process.stdin.wait_closed()

    def kill(self) -> None:
        """End the process, if it is there, or as soon as it is."""
        if not self._is_killed:  # to kill it again would take its end from the event loop
            self._is_killed = True
            self._end()

    def _end(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()


@dataclass(slots=True)
class _Run:
    """A job that is being done; its result is not wanted any more once it is `obsolete`."""

    version: int
    task: asyncio.Task[None] | None = None
    obsolete: bool = False


class Workers:
    """Does jobs, the newest of each file; `take` gets what they find.

    It is called with the key of the file, the version of its text, and each result.
    """

    def __init__(self, seconds: float, take: Take) -> None:
        self.seconds = seconds
        self._take = take
        self._waiting: dict[str, tuple[int, str, str]] = {}  # version, file, text
        self._runs: dict[str, _Run] = {}
        self._idle: list[Worker] = []
        self._all: set[Worker] = set()
        self._leaving: set[asyncio.Task[None]] = set()  # what waits for killed ones to be gone
        self._starts: asyncio.Task[None] | None = None
        self._number = READY
        self._has_ended = False

    def start(self) -> None:
        """Start the first process, so that it is warm when a text comes."""
        self._go_on()

    async def stop(self) -> None:
        """End all processes and wait until they are gone."""
        self.kill()
        if self._starts is not None:
            await self._starts
        await asyncio.gather(*(worker.gone() for worker in self._all), *self._leaving)

    def kill(self) -> None:
        """End all processes."""
        self._has_ended = True
        for worker in self._all:
            worker.kill()

    def ask(self, key: str, version: int, file: str, text: str) -> None:
        """Have a text evaluated; what was asked for an older text of this key is dropped."""
        self.forget(key)
        self._waiting[key] = (version, file, text)
        self._go_on()

    def forget(self, key: str) -> None:
        """Drop what was asked for a key."""
        self._waiting.pop(key, None)
        if key in self._runs:
            self._runs[key].obsolete = True

    def _go_on(self) -> None:
        """Give what waits to workers that wait, and see to it that one is left."""
        if self._has_ended:
            return
        for key in [key for key in self._waiting if key not in self._runs]:
            if self._idle:
                version, file, text = self._waiting.pop(key)
                self._number += 1
                job = Job(self._number, file, text, self.seconds)
                run = self._runs[key] = _Run(version)
                run.task = asyncio.create_task(self._serve(self._idle.pop(), job, key, run))
        is_starting = self._starts is not None and not self._starts.done()
        if not self._idle and not is_starting and len(self._all) < MOST:
            self._starts = asyncio.create_task(self._start())

    async def _start(self) -> None:
        worker = Worker()
        self._all.add(worker)
        try:
            await worker.start()
        except (EOFError, TimeoutError, OSError):
            self._drop(worker)
            if not self._has_ended:
                await asyncio.sleep(GRACE)  # a machine without memory gets no faster by trying
        else:
            self._idle.append(worker)
        self._starts = None
        self._go_on()

    async def _serve(self, worker: Worker, job: Job, key: str, run: _Run) -> None:
        """Do a job, then have its worker wait for another, unless it cannot, or others do."""
        can_go_on = await self._done(worker, job, key, run)
        del self._runs[key]
        if can_go_on and worker.jobs < TIRED and len(self._idle) < SPARE:
            self._idle.append(worker)
        else:
            self._drop(worker)
        self._go_on()

    def _drop(self, worker: Worker) -> None:
        worker.kill()
        self._all.discard(worker)
        waits = asyncio.create_task(worker.gone())
        self._leaving.add(waits)
        waits.add_done_callback(self._leaving.discard)

    async def _done(self, worker: Worker, job: Job, key: str, run: _Run) -> bool:
        """Do a job and pass on what it finds; tell whether the worker can do another."""
        clock = asyncio.get_running_loop().time
        until = clock() + GRACE
        waits: asyncio.Task[Result] | None = None
        try:
            await worker.send(job)
            while True:
                waits = waits or asyncio.create_task(worker.result(job.seconds + PATIENCE))
                await asyncio.wait([waits], timeout=max(until - clock(), LOOK))
                if waits.done():
                    result, waits = waits.result(), None
                    self._take(key, run.version, result)
                    if result.is_last:
                        return True
                elif run.obsolete and clock() >= until:
                    waits.cancel()
                    return False
        except TimeoutError:
            how = f"it does not end within {job.seconds:g} s"
        except (EOFError, OSError):
            how = "it ended the process that evaluated it"
        self._take(key, run.version, _ended(job, how))
        return False


def _ended(job: Job, how: str) -> Result:
    hint = "`sn check` evaluates it without an editor"
    finding = Finding(f"this program could not be evaluated: {how}", None, hint)
    return Result(job.number, (finding,), is_last=True)


def _python_path() -> list[str]:
    return [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
