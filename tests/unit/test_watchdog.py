"""The watchdog: time and memory run out in the middle of anything, and it ends as after Ctrl-C."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sn.commands import main
from sn.errors import SnError
from sn.watchdog import Watchdog, memory_used

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(autouse=True)
def _ctrl_c_raises() -> None:
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("only the main thread can be interrupted")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def run(tmp_path: Path, text: str, *words: str) -> int:
    (tmp_path / "a.sn").write_text(text)
    return main([words[0], str(tmp_path / "a.sn"), *words[1:]])


def test_a_block_that_takes_too_long_is_stopped() -> None:
    started = time.monotonic()
    with pytest.raises(SnError, match="stopped after 0.2 s"), Watchdog(0.2, None):
        threading.Event().wait(30)
    assert time.monotonic() - started < 10


def test_a_block_that_grows_is_stopped() -> None:
    kept = []
    with pytest.raises(SnError, match="more than 50 MB of memory"), Watchdog(30, 50_000_000):
        while True:
            kept.append(bytearray(1_000_000))
            time.sleep(0.001)
    assert 50 <= len(kept) < 4000


def test_an_interrupt_that_is_lost_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sn.watchdog.PATIENCE", 1.0)
    lost = 0
    with pytest.raises(SnError, match="stopped after 0.1 s"), Watchdog(0.1, None):
        while True:
            try:
                threading.Event().wait(30)
            except KeyboardInterrupt:
                lost += 1
                if lost == 2:
                    raise
    assert lost == 2


def test_a_block_within_its_limits_is_left_alone() -> None:
    with Watchdog(0.15, None):
        pass
    time.sleep(0.3)  # a Ctrl-C that came now would be an error here


@pytest.mark.parametrize("words", [("run", "--no-folder"), ("check", "--grad")])
def test_a_process_that_ignores_ctrl_c_is_stopped_too(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    """As one is that a script starts in the background; Ctrl-C itself stays ignored there."""
    (tmp_path / "a.sn").write_text("(while t (+ 1 1))")
    program = (
        "import os, signal, sys, threading;"
        "signal.signal(signal.SIGINT, signal.SIG_IGN);"
        "threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start();"
        "from sn.commands import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, words[0], str(tmp_path / "a.sn"), *words[1:]]
    done = subprocess.run(
        [*command, "--time-limit", "2"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "stopped after 2 s" in done.stderr


def test_an_error_of_the_block_stays_what_it_is() -> None:
    with pytest.raises(ZeroDivisionError), Watchdog(30, None):
        _ = 1 // 0
    with pytest.raises(KeyboardInterrupt), Watchdog(30, None):
        raise KeyboardInterrupt


def test_the_memory_of_the_process_is_known() -> None:
    before = memory_used()
    some = bytearray(b"x") * 60_000_000
    assert before > 1_000_000
    assert memory_used() - before > 30_000_000
    assert some


@pytest.mark.parametrize("words", [("run", "--no-folder"), ("check",), ("dump",)])
def test_a_loop_without_an_end_is_stopped(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "(while t (+ 1 1))", *words, "--time-limit", "0.3") == 1
    assert "stopped after 0.3 s, the limit of --time-limit" in capsys.readouterr().err


def test_a_list_without_an_end_is_stopped(tmp_path: Path) -> None:
    # in a process of its own: here others are called back by the collector, and lose interrupts
    (tmp_path / "a.sn").write_text("(setq l ()) (while t (setq l (cons (range 1 1000) l)))")
    words = ["run", str(tmp_path / "a.sn"), "--no-folder", "--memory", "40M"]
    done = subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "stopped because it took more than 40 MB of memory" in done.stderr


@pytest.mark.parametrize("words", [("--memory", "much"), ("--time-limit", "0")])
def test_a_limit_is_a_number(
    words: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "1", "run", *words) == 2
    assert words[0] in capsys.readouterr().err
