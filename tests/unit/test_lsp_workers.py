"""Workers that do not answer, or end: the text gets a finding, and the next text a worker."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

import pytest

from sn.lsp import workers as module
from sn.lsp.findings import Result
from sn.lsp.workers import Worker, Workers

Found = list[tuple[str, int, Result]]


def running(seconds: float, script: Callable[[Workers, Found], Awaitable[None]]) -> None:
    """Run a script with workers and what they find."""

    async def run() -> None:
        found: Found = []
        workers = Workers(
            seconds, lambda key, version, result: found.append((key, version, result))
        )
        workers.start()
        try:
            await script(workers, found)
        finally:
            await workers.stop()

    asyncio.run(run())


async def until(holds: Callable[[], object]) -> None:
    for _ in range(6000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came")


async def the_busy_one(workers: Workers) -> int:
    """Wait until a job is being done by the only worker, and return its process."""
    await until(lambda: [one for one in workers._all if one.jobs])
    (worker,) = [one for one in workers._all if one.jobs]
    assert worker._process is not None
    return worker._process.pid


def message(found: Found) -> str:
    (finding,) = found[-1][2].findings
    return finding.message


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("sent", "told"),
    [(signal.SIGKILL, "it ended the process that evaluated it"),
     (signal.SIGSTOP, "it does not end within 5 s")],
)  # fmt: skip
def test_a_worker_that_is_gone_is_told_and_replaced(
    sent: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", -4.0)  # a second is left of five

    async def script(workers: Workers, found: Found) -> None:
        await until(lambda: workers._idle)
        workers.ask("a", 1, "a.sn", "(while t)")
        os.kill(await the_busy_one(workers), sent)
        await until(lambda: found)
        assert told in message(found) and found[-1][:2] == ("a", 1)
        workers.ask("a", 2, "a.sn", "(car 5)")
        await until(lambda: len(found) > 1)
        assert "car needs" in message(found) and found[-1][:2] == ("a", 2)

    running(5, script)


def test_a_worker_that_cannot_start_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GRACE", 0.01)
    tries = []
    start = Worker.start

    async def fails_twice(self: Worker) -> None:
        tries.append(self)
        if len(tries) < 3:
            raise EOFError
        await start(self)

    monkeypatch.setattr(Worker, "start", fails_twice)

    async def script(workers: Workers, found: Found) -> None:
        workers.ask("a", 1, "a.sn", "(car 5)")
        await until(lambda: found)
        assert "car needs" in message(found)
        assert len(workers._all) <= module.MOST

    running(10, script)


def test_only_the_newest_text_is_done_and_a_forgotten_one_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "GRACE", 0.2)

    async def script(workers: Workers, found: Found) -> None:
        await until(lambda: workers._idle)
        for version in range(5):
            workers.ask("a", version, "a.sn", f"(error {version})" if version else "(while t)")
        workers.ask("b", 1, "b.sn", "(car 5)")
        workers.forget("b")
        await until(lambda: found and not workers._runs)
        assert [(key, version) for key, version, _ in found] == [("a", 4)]

    running(10, script)


def test_a_tired_worker_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIRED", 1)

    async def script(workers: Workers, found: Found) -> None:
        seen = set()
        for version in (1, 2):
            await until(lambda: workers._idle)
            seen |= {id(worker) for worker in workers._idle}
            workers.ask("a", version, "a.sn", "(car 5)")
            await until(lambda version=version: len(found) == version and not workers._runs)
        assert len(seen) == 2

    running(10, script)
