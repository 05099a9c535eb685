"""Threads that nobody waits for are stopped, whatever they do, and nothing else is."""

from __future__ import annotations

import contextlib
import threading
import time

import pytest

from sn.pool import stopping
from sn.pool.stopping import Stopped, stopped_when


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "SECONDS", 0.02)


def test_a_loop_without_an_end_is_stopped() -> None:
    over, told = threading.Event(), []

    def work() -> None:
        try:
            with stopped_when(over.is_set):
                while True:
                    with contextlib.suppress(Exception):
                        sum(range(1000))
        except Stopped:
            told.append("stopped")

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    time.sleep(0.1)
    assert not told
    over.set()
    thread.join(30)
    assert told == ["stopped"]


def test_it_is_raised_again_where_it_was_lost() -> None:
    lost = []

    def lose() -> None:
        try:
            while True:  # Python looks for what is raised from outside where loops turn
                sum(range(1000))
        except Stopped:
            lost.append(1)

    def work() -> None:
        with contextlib.suppress(Stopped), stopped_when(lambda: True):
            lose()
            lose()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(30)
    assert len(lost) == 2


def test_what_is_waited_for_is_left_alone() -> None:
    with stopped_when(lambda: False):
        time.sleep(0.1)
    for _ in range(50):  # over before anybody looks
        with stopped_when(lambda: True):
            pass
    assert sum(range(100_000)) == 4_999_950_000
