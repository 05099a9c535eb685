"""Faults of the disk at every call that writes: the old or the new checkpoint loads; it is told.

A fixture stands between the program and the system calls that change files; the n-th of them
fails, for all n, once or from then on.
"""

from __future__ import annotations

import errno
import os
import resource
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sn.errors import SnError, TrainError
from sn.optim.first_order import Sgd
from sn.results.about import RUN, read_log
from sn.results.arrays import write_all, write_whole
from sn.results.checkpoints import checkpoints
from sn.results.record import RunRecord
from sn.train import loop
from sn.train.checkpoint import read_run
from sn.train.keeping import Keeping
from sn.train.loop import Job, train
from sn.train.observer import Observer
from tests.sample_jobs import COUNT, StopAt, job, sha256

RULE = Sgd(learning_rate=0.02, momentum=0.5)
EVERY = 9
CALLS = ("open", "write", "fsync", "replace", "ftruncate")


def small(passes: int = 2) -> Job:
    return job("reference", RULE, passes=passes)


@pytest.fixture(scope="module")
def whole() -> str:
    return sha256(train(small(), None, []))


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "CHUNK", 3)
    # nobody takes the power away here, and it takes the most of the time
    monkeypatch.setattr(os, "fsync", lambda handle: None)


@dataclass
class Disk:
    """Fails the call number `fails_at`, and all later ones if it `stays` broken."""

    code: int
    fails_at: int = 0
    stays: bool = False
    calls: int = 0

    def is_broken(self) -> bool:
        self.calls += 1
        return self.calls == self.fails_at or (self.stays and 0 < self.fails_at < self.calls)

    def call(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """Return a system call that asks the disk first."""

        def asked(*args: Any, **options: Any) -> Any:
            if original is OPEN and not args[1] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                return original(*args, **options)
            if not self.is_broken():
                return original(*args, **options)
            if original is WRITE and len(args[1]) > 1:  # a part of it still finds room
                WRITE(args[0], bytes(args[1])[: len(args[1]) // 2])
            raise OSError(self.code, os.strerror(self.code))

        return asked


OPEN, WRITE = os.open, os.write


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Disk], pytest.MonkeyPatch]]:
    """Put a disk between the program and the system; `undo` it to mend the disk."""

    def put(disk: Disk) -> pytest.MonkeyPatch:
        patch = pytest.MonkeyPatch()
        for name in CALLS:
            patch.setattr(os, name, disk.call(getattr(os, name)))
        patches.append(patch)
        return patch

    patches: list[pytest.MonkeyPatch] = []
    yield put
    for patch in patches:
        patch.undo()


def attempt(
    disk: Disk, broken: Callable[[Disk], pytest.MonkeyPatch], run: Callable[[], Any]
) -> Any:
    """Run with a disk; return what came of it, or the error that was told."""
    patch = broken(disk)
    try:
        return run()
    except SnError as error:
        return error
    finally:
        patch.undo()


def check_told(error: SnError, folder: Path) -> None:
    """The message names the file and the reason, the hint what is where."""
    assert isinstance(error, TrainError)
    assert error.message.startswith(f"cannot write '{folder}")
    assert (
        os.strerror(errno.ENOSPC).lower() in error.message
        or "error" in error.message
        or ("read-only" in error.message)
    )
    if (folder / RUN).exists() and error.hint is not None and "--out" not in error.hint:
        found = checkpoints(folder)
        expected = f"is in '{found[0]}'" if found else f"no state of the run is in '{folder}'"
        assert expected in error.hint
        if found:
            assert f"sn run --resume {folder}" in error.hint


FAULTS = [
    pytest.param(errno.ENOSPC, True, id="full for good"),
    pytest.param(errno.EIO, False, id="an error once"),
    pytest.param(errno.EROFS, True, id="read-only from then on"),
]


@pytest.mark.parametrize(("code", "stays"), FAULTS)
def test_a_fault_at_any_call_leaves_a_state_that_goes_on(
    code: int,
    stays: bool,
    tmp_path: Path,
    broken: Callable[[Disk], pytest.MonkeyPatch],
    whole: str,
) -> None:
    counting = Disk(code)
    attempt(counting, broken, lambda: train(small(), tmp_path / "counted", [], Keeping(EVERY)))
    assert counting.calls > 50
    n_failed = 0
    for number in range(1, counting.calls + 1):
        folder = tmp_path / f"run{number}"
        disk = Disk(code, number, stays)
        found = attempt(disk, broken, lambda: train(small(), folder, [], Keeping(EVERY)))  # noqa: B023
        assert disk.calls >= number
        if isinstance(found, SnError):
            check_told(found, folder)
            n_failed += 1
        else:  # what could not be noted in run.json alone
            assert sha256(found) == whole
        like = small().engine.get_state()
        for file in checkpoints(folder):
            read_run(file, like)
        if not (folder / RUN).exists():  # it failed before there was a run
            record = train(small(), folder, [], Keeping(EVERY))
        else:
            record = train(small(), None, [], Keeping(EVERY, resume=folder))
        assert sha256(record) == whole
        assert [line["pass"] for line in read_log(folder)] == [1, 2]
        assert not [file.name for file in folder.iterdir() if file.name.endswith(".part")]
    assert n_failed >= counting.calls - 3


@pytest.mark.parametrize(("code", "stays"), FAULTS)
def test_a_fault_while_it_goes_on_loses_nothing(
    code: int,
    stays: bool,
    tmp_path: Path,
    broken: Callable[[Disk], pytest.MonkeyPatch],
    whole: str,
) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(small(), tmp_path / "run", [StopAt(COUNT + 13)], Keeping(EVERY))
    number = 0
    while True:
        number += 1
        folder = tmp_path / f"run{number}"
        shutil.copytree(tmp_path / "run", folder)
        disk = Disk(code, number, stays)

        def run(folder: Path = folder) -> RunRecord:
            return train(small(), None, [], Keeping(EVERY, resume=folder))

        found = attempt(disk, broken, run)
        if disk.calls < number:
            break
        if isinstance(found, SnError):
            check_told(found, folder)
        assert sha256(run()) == whole
        assert [line["pass"] for line in read_log(folder)] == [1, 2]
        shutil.rmtree(folder)
    assert number > 25


def test_short_writes_are_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "write", lambda handle, content: WRITE(handle, bytes(content)[:7]))
    write_whole(tmp_path / "a", bytes(range(256)))
    assert (tmp_path / "a").read_bytes() == bytes(range(256))
    record = train(small(), tmp_path / "run", [])
    assert [line["pass"] for line in read_log(tmp_path / "run")] == [1, 2]
    monkeypatch.undo()
    again = train(small(3), None, [], Keeping(resume=tmp_path / "run"))
    assert again.passes[:2] == record.passes


def test_a_system_that_writes_nothing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "write", lambda handle, content: 0)
    with pytest.raises(OSError, match="nothing was written"):
        write_all(1, b"x")


def test_the_limit_of_the_system_itself(tmp_path: Path, whole: str) -> None:
    """Files of 6,000 bytes at most: the kernel writes a part of a checkpoint, and then refuses."""
    folder = tmp_path / "run"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4500, before[1]))
    try:
        with pytest.raises(TrainError, match="cannot write .*: file too large") as found:
            train(small(), folder, [])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert found.value.hint is not None
    assert f"no state of the run is in '{folder}'" in found.value.hint
    assert sha256(train(small(), None, [], Keeping(resume=folder))) == whole


def test_a_folder_that_vanishes_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "run"

    class Remove(Observer):
        def advanced(self, presentations: int) -> None:
            shutil.rmtree(folder, ignore_errors=True)

    with pytest.raises(TrainError, match=r"cannot write .*: no such file or directory") as found:
        train(small(), folder, [Remove()])
    assert found.value.hint is not None
    assert f"the folder '{folder}' is gone, and the states of the run with it" in found.value.hint


def test_a_full_disk_at_ctrl_c_is_told(
    tmp_path: Path, broken: Callable[[Disk], pytest.MonkeyPatch]
) -> None:
    """The user learns that the state is not there, and which one is."""
    folder = tmp_path / "run"
    disk = Disk(errno.ENOSPC)

    class Press(Observer):
        presented = 0

        def advanced(self, presentations: int) -> None:
            self.presented += presentations
            if self.presented >= COUNT + 6:
                disk.fails_at, disk.stays = 1, True
                raise KeyboardInterrupt

    error = attempt(disk, broken, lambda: train(small(), folder, [Press()], Keeping(COUNT)))
    assert isinstance(error, TrainError)
    assert error.hint is not None and "the state after pass 1 is in" in error.hint
