"""Runs on a real Dask scheduler with two workers: the same bits, whoever is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sn.commands import main
from sn.results.origin import versions
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


Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Yield what starts a process of Dask, in a folder where no program is; all end with it."""
    pytest.importorskip("distributed")
    monkeypatch.chdir(tmp_path)
    Path("small.sn").write_text(NET.replace("(passes 3)", "(passes 300)"), encoding="utf-8")
    started: list[subprocess.Popen[bytes]] = []

    def start(*words: str) -> subprocess.Popen[bytes]:
        file = str(tmp_path / "scheduler.json")
        command = [*DASK, *words, "--scheduler-file", file, "--no-dashboard"]
        folder = tmp_path / f"dask-{len(started)}"
        folder.mkdir()
        with (folder / "log").open("wb") as log:
            started.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=folder))
        return started[-1]

    try:
        yield start
    finally:
        for process in reversed(started):
            process.terminate()
        for process in reversed(started):
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def scheduler(start: Start) -> tuple[str, int]:
    """Start a scheduler; return its address and its process."""
    process = start("scheduler", "--host", "127.0.0.1", "--port", "0")
    said: dict[str, str] = {}

    def is_told() -> bool:
        with suppress(FileNotFoundError, json.JSONDecodeError):  # it is being written
            said.update(json.loads(Path("scheduler.json").read_text(encoding="utf-8")))
        return "address" in said

    until(is_told)
    return said["address"], process.pid


@pytest.fixture
def cluster(start: Start) -> tuple[str, list[int]]:
    """Start a scheduler and two workers; return its address, and its process before theirs."""
    address, pid = scheduler(start)
    return address, [pid, *(start("worker", "--nthreads", "1").pid for _ in range(2))]


def kept(pattern: str) -> int:
    """Return how many runs of what is done in the folder `far` are kept."""
    return len(list(Path("far").glob(pattern)))


def begun(address: str, *words: str, runs: str) -> subprocess.Popen[bytes]:
    """Start a command on a cluster, and return it when two of its runs are kept."""
    command = [sys.executable, "-m", "sn", *words, "--out", "far", "--on", address]
    silent = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=silent, stderr=silent)

    def is_far() -> bool:
        assert process.poll() is None
        return kept(runs) >= 2

    until(is_far)
    return process


def killed_both(process: subprocess.Popen[bytes], nanny: int, runs: str) -> None:
    """Kill a worker, and after some more runs the command."""
    (worker, *_) = children(nanny)
    os.kill(worker, signal.SIGKILL)
    until(lambda: kept(runs) >= 5)
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_kills_of_a_worker_and_of_the_client_lose_nothing(
    cluster: tuple[str, list[int]],
) -> None:
    address, (_, nanny, _) = cluster
    words = ["sweep", "small.sn", *RANDOM, "--trials", "16"]
    killed_both(begun(address, *words, runs="runs/*.json"), nanny, "runs/*.json")
    assert not Path("far/trials.csv").exists()
    assert main(["sweep", "--resume", "far", "--on", address]) == 0
    assert main([*words, "--out", "near", "--jobs", "1"]) == 0
    assert Path("far/trials.csv").read_bytes() == Path("near/trials.csv").read_bytes()
    far, near = (
        sorted(path.name for path in Path(one, "runs").iterdir()) for one in ("far", "near")
    )
    assert far == near and len(far) == 16


def test_a_comparison_on_a_cluster_is_the_one_here(
    cluster: tuple[str, list[int]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    address, (_, nanny, _) = cluster
    words, runs = ["compare", "small.sn", "--seeds", "6"], "run-*.safetensors"
    killed_both(begun(address, *words, runs=runs), nanny, runs)
    assert not Path("far/comparison.json").exists()
    with monkeypatch.context() as patch:
        patch.setattr("sn.pool.runs.versions", lambda: {**versions(), "numba": "0.0"})
        assert main(["compare", "--resume", "far", "--on", address]) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert f"has numba {versions()['numba']}, and here are" in told
    assert "`sn compare --resume far` goes on from there" in told
    assert main(["compare", "--resume", "far", "--on", address]) == 0
    assert main([*words, "--out", "near", "--jobs", "1"]) == 0
    assert main([*words, "--out", "apart", "--jobs", "2"]) == 0
    for name in ("far", "apart"):
        assert _bits(name) == _bits("near")
        assert Path(name, "passes.csv").read_bytes() == Path("near", "passes.csv").read_bytes()
    assert all(len(one) == 64 for one in _bits("far")) and len({*_bits("far")}) == 12


def _bits(folder: str) -> list[str]:
    found = json.loads(Path(folder, "comparison.json").read_text(encoding="utf-8"))
    return [one for entry in found["entries"] for one in entry["sha256"]]


def test_runs_are_given_up_on_a_cluster_too(cluster: tuple[str, list[int]]) -> None:
    words = ["--vary", "rate=0.00001..0.5 log", "--search", "random", "--trials", "14"]
    words += ["--prune", "median", "--on", cluster[0], "--out", "far"]
    assert main(["sweep", "small.sn", *words]) == 0
    states = [one["state"] for one in json.loads(Path("far/results.json").read_text())["trials"]]
    assert len(states) == 14 and {*states} == {"done", "pruned"}


def test_who_waits_for_workers_is_told_and_the_first_one_is_used(start: Start) -> None:
    address, _ = scheduler(start)
    command = [sys.executable, "-m", "sn", "compare", "small.sn", "--seeds", "1", "--on", address]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stderr is not None
    told = process.stderr.readline()
    assert (
        told == f"note: the scheduler at {address} has no workers yet: runs begin with the first\n"
    )
    start("worker", "--nthreads", "1")
    out, told = process.communicate(timeout=SECONDS)
    assert process.returncode == 0 and told.startswith("run 1/2  slow, seed 0: train ")
    assert "300 passes over small.sn; one seed" in out


def test_a_scheduler_that_goes_away_is_a_message_and_nothing_is_lost(
    cluster: tuple[str, list[int]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sn.pool.cluster.SECONDS", 2)
    address, (pid, *_) = cluster

    def kill() -> None:
        until(lambda: kept("runs/*.json") >= 2)
        os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    words = ["small.sn", *RANDOM, "--out", "far"]
    assert main(["sweep", *words, "--trials", "500", "--on", address]) == 1
    killer.join()
    told = capsys.readouterr().err
    assert f"the Dask scheduler at {address} went away" in told
    assert "`sn sweep --resume far` goes on from there" in told and "distributed" not in told
    before = {path.name: path.read_bytes() for path in Path("far/runs").iterdir()}
    assert main(["sweep", "--resume", "far", "--trials", "6"]) == 0
    assert all(Path("far/runs", name).read_bytes() == content for name, content in before.items())


def test_a_scheduler_that_is_away_is_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sn.pool.cluster.SECONDS", 1)
    Path("small.sn").write_text(NET, encoding="utf-8")
    for words in (["sweep", "small.sn", *RANDOM], ["compare", "small.sn"]):
        assert main([*words, "--on", "tcp://127.0.0.1:9"]) == 1
        assert "no Dask scheduler answers at tcp://127.0.0.1:9" in capsys.readouterr().err
    assert not list(Path("runs").iterdir())
    assert main([*words, "--on", "tcp://127.0.0.1:9", "--tensorboard", "events"]) == 2
    assert "leave out --tensorboard" in capsys.readouterr().err


def test_a_run_without_an_end_leaves_its_worker_to_others(cluster: tuple[str, list[int]]) -> None:
    endless = NET.replace("(setq width 2)", "(setq width 2) (when (> rate 0.15) (while t 1))")
    Path("small.sn").write_text(endless, encoding="utf-8")
    words = ["sweep", "small.sn", "--search", "grid", "--on", cluster[0], "--vary"]
    assert main([*words, "rate=0.01,0.02", "--out", "before"]) == 0  # all is compiled and loaded
    stopped = ["rate=0.2,0.01,0.3", "--out", "far", "--time-limit", "20"]
    assert main([*words, *stopped]) == 1
    assert len(list(Path("far/runs").iterdir())) == 1
    assert main([*words, "rate=0.01,0.02", "--out", "next", "--time-limit", "60"]) == 0
