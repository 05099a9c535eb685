"""Sweeps on a real Dask scheduler with two workers: the same bits, whoever is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sn.commands import main
from tests.unit.test_sweep import NET, RANDOM

pytestmark = pytest.mark.kernels
SECONDS = 120
DASK = [sys.executable, "-m", "dask"]


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(word) for word in found.stdout.split()]


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[int]]]:
    """Start a scheduler and two workers; yield its address, and its process before theirs."""
    pytest.importorskip("distributed")
    monkeypatch.chdir(tmp_path)
    Path("small.sn").write_text(NET.replace("(passes 3)", "(passes 300)"), encoding="utf-8")
    file = tmp_path / "scheduler.json"
    started: list[subprocess.Popen[bytes]] = []

    def start(*words: str) -> subprocess.Popen[bytes]:
        command = [*DASK, *words, "--scheduler-file", str(file), "--no-dashboard"]
        folder = tmp_path / f"dask-{len(started)}"  # where no program of the sweep is
        folder.mkdir()
        with (folder / "log").open("wb") as log:
            started.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=folder))
        return started[-1]

    try:
        scheduler = start("scheduler", "--host", "127.0.0.1", "--port", "0")
        until(file.exists)
        nannies = [start("worker", "--nthreads", "1").pid for _ in range(2)]
        yield json.loads(file.read_text(encoding="utf-8"))["address"], [scheduler.pid, *nannies]
    finally:
        for process in reversed(started):
            process.terminate()
        for process in reversed(started):
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def begun(address: str, runs: int) -> subprocess.Popen[bytes]:
    """Start a sweep on a cluster, and return it when so many runs are kept."""
    words = ["small.sn", *RANDOM, "--trials", "16", "--out", "far", "--on", address]
    process = subprocess.Popen(
        [sys.executable, "-m", "sn", "sweep", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def is_far() -> bool:
        assert process.poll() is None
        return len(list(Path("far").glob("runs/*.json"))) >= runs

    until(is_far)
    return process


def test_kills_of_a_worker_and_of_the_client_lose_nothing(
    cluster: tuple[str, list[int]],
) -> None:
    address, (_, nanny, _) = cluster
    process = begun(address, 2)
    (worker, *_) = children(nanny)
    os.kill(worker, signal.SIGKILL)
    until(lambda: len(list(Path("far").glob("runs/*.json"))) >= 5)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not Path("far/trials.csv").exists()
    assert main(["sweep", "--resume", "far", "--on", address]) == 0
    words = ["small.sn", *RANDOM, "--trials", "16"]
    assert main(["sweep", *words, "--out", "near", "--jobs", "1"]) == 0
    assert Path("far/trials.csv").read_bytes() == Path("near/trials.csv").read_bytes()
    far, near = (
        sorted(path.name for path in Path(one, "runs").iterdir()) for one in ("far", "near")
    )
    assert far == near and len(far) == 16


def test_runs_are_given_up_on_a_cluster_too(cluster: tuple[str, list[int]]) -> None:
    words = ["--vary", "rate=0.00001..0.5 log", "--search", "random", "--trials", "14"]
    words += ["--prune", "median", "--on", cluster[0], "--out", "far"]
    assert main(["sweep", "small.sn", *words]) == 0
    states = [one["state"] for one in json.loads(Path("far/results.json").read_text())["trials"]]
    assert len(states) == 14 and {*states} == {"done", "pruned"}


def test_a_scheduler_that_goes_away_is_a_message_and_nothing_is_lost(
    cluster: tuple[str, list[int]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sn.sweep.cluster.SECONDS", 2)
    address, (scheduler, *_) = cluster

    def kill() -> None:
        until(lambda: len(list(Path("far").glob("runs/*.json"))) >= 2)
        os.kill(scheduler, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    words = ["small.sn", *RANDOM, "--out", "far"]
    assert main(["sweep", *words, "--trials", "500", "--on", address]) == 1
    killer.join()
    told = capsys.readouterr().err
    assert f"the Dask scheduler at {address} went away" in told
    assert "`sn sweep --resume far` goes on from there" in told and "distributed" not in told
    kept = {path.name: path.read_bytes() for path in Path("far/runs").iterdir()}
    assert main(["sweep", "--resume", "far", "--trials", "6"]) == 0
    assert all(Path("far/runs", name).read_bytes() == content for name, content in kept.items())


def test_a_scheduler_that_is_away_is_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sn.sweep.cluster.SECONDS", 1)
    Path("small.sn").write_text(NET, encoding="utf-8")
    assert main(["sweep", "small.sn", *RANDOM, "--on", "tcp://127.0.0.1:9"]) == 1
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in capsys.readouterr().err
