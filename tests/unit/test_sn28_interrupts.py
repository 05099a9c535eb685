"""Ctrl-C in the middle of a compiled loop: what stands is what that many presentations made."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sn.live.presenter import chunk_of
from sn.session import Session
from tests.unit.test_sn28_modes import XOR

pytestmark = pytest.mark.kernels


@contextmanager
def interrupted(after: float) -> Iterator[None]:
    timer = threading.Timer(after, os.kill, (os.getpid(), signal.SIGINT))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("mode", "driver"),
    [
        ("historical", "(learn 1e9)"),
        ("historical", "(learn-cycle 1e9)"),
        ("fast", "(learn 1e9)"),
    ],
)
def test_a_loop_that_is_stopped_stands_where_it_was(mode: str, driver: str) -> None:
    session = Session()
    session.evaluate(f"{XOR} (numeric-mode '{mode}) (epsilon 0.001) (learn 8)")
    with pytest.raises(KeyboardInterrupt), interrupted(0.3):
        session.evaluate(driver)
    age = session.evaluate("age")
    assert 8 < age < 1e9
    if mode == "historical":
        again = Session()
        again.evaluate(f"{XOR} (epsilon 0.001) (learn {int(age)})")
        assert (again.world.live.weights[0, :9] == session.world.live.weights[0, :9]).all()
    if driver.startswith("(learn "):
        assert session.evaluate("current-pattern") == age % 4


def test_a_large_net_is_looked_at_more_often() -> None:
    net = Session().world.live
    assert chunk_of(net) == 1024
    net.n_conns = 64_660  # as many as the net of 1989 has
    assert chunk_of(net) == 1024
    net.n_conns = 2**21
    assert chunk_of(net) == 32
    net.n_conns = 2**30
    assert chunk_of(net) == 1
