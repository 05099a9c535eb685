"""Ctrl-C that is kept back comes at the end of the block, whatever the block made of it."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from sn.interrupts import Interrupt, apart, interrupts_delayed, interrupts_kept


def press() -> None:
    signal.raise_signal(signal.SIGINT)


def test_it_comes_at_the_end() -> None:
    steps = []
    with pytest.raises(KeyboardInterrupt), interrupts_delayed() as interrupt:
        press()
        steps.append(interrupt.came)
    assert steps == [True]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_it_comes_in_place_of_another_error() -> None:
    with pytest.raises(KeyboardInterrupt), interrupts_delayed():
        press()
        raise ValueError("made of it by a library")


def test_it_can_be_asked_for() -> None:
    with pytest.raises(KeyboardInterrupt), interrupts_delayed() as interrupt:
        interrupt.check()
        press()
        interrupt.check()
        pytest.fail("the check let it through")


def test_an_error_without_it_stays() -> None:
    with pytest.raises(ValueError, match="mine"), interrupts_delayed():
        raise ValueError("mine")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_it_may_be_dropped() -> None:
    with interrupts_kept() as interrupt:
        press()
    assert interrupt.came


def test_another_handler_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Interrupt()
    before = signal.signal(signal.SIGINT, mine.note)
    try:
        with interrupts_delayed() as interrupt:
            press()
        assert mine.came and not interrupt.came
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_runs_as_it_is() -> None:
    done = []

    def run() -> None:
        with interrupts_delayed():
            done.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert done == [signal.default_int_handler]


def test_a_second_press_is_not_kept() -> None:
    with interrupts_kept(is_patient=False) as interrupt:
        press()
        assert interrupt.came and not interrupt.came_twice
        with pytest.raises(KeyboardInterrupt):
            press()
        assert interrupt.came_twice
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_press_is_let_through_where_it_may_be() -> None:
    with interrupts_kept(is_patient=False) as interrupt:
        with pytest.raises(KeyboardInterrupt), interrupt.let_through():
            press()
        assert interrupt.came and not interrupt.came_twice
        with pytest.raises(KeyboardInterrupt), interrupt.let_through():
            raise AssertionError("it came before")


def test_long_work_apart_gives_its_value_or_its_error() -> None:
    assert apart(lambda: 6 * 7) == 42
    with pytest.raises(ZeroDivisionError):
        apart(lambda: 1 / 0)


def test_long_work_apart_is_left_at_ctrl_c() -> None:
    release = threading.Event()
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            apart(lambda: release.wait(60))
    finally:
        release.set()
        timer.join()
        signal.signal(signal.SIGINT, before)
