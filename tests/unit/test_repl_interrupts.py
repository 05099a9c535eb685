"""When Ctrl-C is taken at the prompt: while something is evaluated, once, and without harm."""

from __future__ import annotations

import importlib
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sn.interrupts import interrupts_kept
from sn.repl import terminal
from sn.repl.terminal import _Interrupts


@pytest.fixture
def interrupts(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Interrupts]:
    """The handler of this process, while something is evaluated."""
    monkeypatch.setattr(terminal, "_PAUSE", 0.05)
    one = _Interrupts()
    one.comes = True
    before = signal.signal(signal.SIGINT, one)
    yield one
    one.comes = False
    time.sleep(0.15)  # for one that is to come again
    signal.signal(signal.SIGINT, before)


def press() -> None:
    signal.raise_signal(signal.SIGINT)


def wait() -> None:
    """Wait for what is to come."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        time.sleep(0.01)


def test_it_is_raised_only_while_something_is_evaluated(interrupts: _Interrupts) -> None:
    with pytest.raises(KeyboardInterrupt):
        press()
    time.sleep(0.1)
    interrupts.comes = False
    press()


def test_a_second_one_right_behind_is_the_same(interrupts: _Interrupts) -> None:
    with pytest.raises(KeyboardInterrupt):
        press()
    press()
    press()
    time.sleep(0.1)
    with pytest.raises(KeyboardInterrupt):
        press()


def test_an_import_is_let_end(
    interrupts: _Interrupts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "import signal\nsignal.raise_signal(signal.SIGINT)\nis_whole = True\n"
    (tmp_path / "sn_test_module.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("sn_test_module")
    assert module.is_whole
    with pytest.raises(KeyboardInterrupt):
        wait()
    del sys.modules["sn_test_module"]


def test_one_that_a_destructor_swallows_comes_again(
    interrupts: _Interrupts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "unraisablehook", interrupts.lost)

    class Dying:
        def __del__(self) -> None:
            press()

    one = Dying()
    del one
    with pytest.raises(KeyboardInterrupt):
        wait()


def test_other_errors_of_destructors_are_told(
    interrupts: _Interrupts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "unraisablehook", interrupts.lost)

    class Dying:
        def __del__(self) -> None:
            raise ValueError("of a destructor")

    one = Dying()
    del one
    assert "of a destructor" in capsys.readouterr().err


def test_training_takes_it_where_it_does_no_harm(interrupts: _Interrupts) -> None:
    with interrupts_kept() as kept:
        press()
        assert kept.came
        interrupts.comes = False
    with interrupts_kept() as kept:
        press()
        assert not kept.came
