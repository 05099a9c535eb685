"""How a run is stopped, by Ctrl-C, and kept from another run in its folder."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sn.errors import TrainError
from sn.optim.first_order import Sgd
from sn.optim.second_order import DiagonalNewton, Form
from sn.results.about import read_about, read_log
from sn.results.checkpoints import checkpoints
from sn.results.folder import Outcome
from sn.results.lock import FolderLock
from sn.train.keeping import Keeping
from sn.train.loop import train
from sn.train.observer import Observer
from sn.train.twin import ReferenceEngine
from tests.sample_jobs import COUNT, job, resumed, sha256

pytestmark = pytest.mark.usefixtures("small_chunks")

SGD = Sgd(learning_rate=0.02)
NEWTON = DiagonalNewton(learning_rate=0.01, curvature=Form.FULL, momentum=0.3)


# --- Ctrl-C ---


class Pressed(ReferenceEngine):
    """Has Ctrl-C pressed inside a presentation, or while it scores."""

    presses, at, shown, in_scoring = 0, 30, 0, False

    def present(self, order: NDArray[np.int32]) -> None:
        self.shown += len(order)
        for _ in range(self.presses if self.shown == self.at and not self.in_scoring else 0):
            signal.raise_signal(signal.SIGINT)
        super().present(order)

    def outputs(self, which: str) -> NDArray[np.float32]:
        for _ in range(self.presses if self.shown >= self.at and self.in_scoring else 0):
            signal.raise_signal(signal.SIGINT)
        return super().outputs(which)


def pressed(presses: int, folder: Path, in_scoring: bool = False) -> None:
    some = job("reference", SGD)
    some.engine.__class__ = Pressed
    assert isinstance(some.engine, Pressed)
    some.engine.presses, some.engine.in_scoring = presses, in_scoring
    with pytest.raises(KeyboardInterrupt):
        train(some, folder, [])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert read_about(folder)["outcome"] == Outcome.INTERRUPTED


def test_a_press_lets_the_presentation_end_and_is_kept(tmp_path: Path) -> None:
    pressed(1, tmp_path / "run")
    assert [file.name for file in checkpoints(tmp_path / "run")] == ["checkpoint-1-6.safetensors"]
    record = resumed(job("reference", SGD), tmp_path / "run")
    assert sha256(record) == sha256(train(job("reference", SGD), None, []))


def test_two_presses_end_a_presentation_at_once(tmp_path: Path) -> None:
    pressed(2, tmp_path / "run")
    assert checkpoints(tmp_path / "run") == []


class Foreign(ReferenceEngine):
    """Is interrupted right after a pass was begun, by a handler that is not SN's."""

    begun, folder, before = 0, Path(), 0

    def begin_pass(self, order: NDArray[np.int32]) -> None:
        super().begin_pass(order)
        self.begun += 1
        if self.begun == 2:
            self.before = checkpoints(self.folder)[0].stat().st_ino  # another if written anew
            raise KeyboardInterrupt


def test_a_pass_is_never_begun_twice(tmp_path: Path) -> None:
    """Schedules count passes as they begin."""
    some = job("reference", SGD)
    some.engine.__class__ = Foreign
    assert isinstance(some.engine, Foreign)
    some.engine.folder = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        train(some, tmp_path / "run", [], Keeping(COUNT))
    assert [file.name for file in checkpoints(tmp_path / "run")] == ["checkpoint-1.safetensors"]
    assert checkpoints(tmp_path / "run")[0].stat().st_ino == some.engine.before


def test_a_press_ends_scoring_at_once_and_loses_nothing(tmp_path: Path) -> None:
    pressed(1, tmp_path / "run", in_scoring=True)
    assert [file.name for file in checkpoints(tmp_path / "run")] == ["checkpoint-2.safetensors"]
    assert [line["pass"] for line in read_log(tmp_path / "run")] == [1]
    record = resumed(job("reference", SGD), tmp_path / "run")
    assert sha256(record) == sha256(train(job("reference", SGD), None, []))
    assert [line["pass"] for line in read_log(tmp_path / "run")] == [1, 2, 3, 4]


# --- the lock ---


def test_two_runs_are_kept_apart(tmp_path: Path) -> None:
    folder = tmp_path / "run"

    class Second(Observer):
        said: TrainError | None = None

        def started(self, presentations: int, passes: int) -> None:
            with pytest.raises(TrainError, match="is going on") as found:
                resumed(job("reference", SGD), folder)
            self.said = found.value

    second = Second()
    train(job("reference", SGD), folder, [second])
    assert second.said is not None
    assert f"process {os.getpid()} writes there" in second.said.message
    assert not (folder / ".lock").exists()
    resumed(job("reference", SGD), folder)


def test_a_lock_that_a_killed_run_left_is_taken(tmp_path: Path) -> None:
    (tmp_path / ".lock").write_text("1 elsewhere\n")
    lock = FolderLock(tmp_path)
    assert (tmp_path / ".lock").read_text().split()[0] == str(os.getpid())
    lock.release()
    lock.release()
    assert list(tmp_path.iterdir()) == []
