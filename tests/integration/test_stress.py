"""Interrupts, damaged caches and rivals: a few trials of each kind that scripts/stress has."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.stress import interrupts as interrupting
from scripts.stress.caches import caches
from scripts.stress.comparisons import comparisons
from scripts.stress.interrupts import interrupts, judged
from scripts.stress.processes import ROOT, Ended, half_written
from scripts.stress.races import KINDS as RIVALS
from scripts.stress.races import races

pytestmark = pytest.mark.kernels
# many runs each: `make slow` and `make stress` have them
LONG = pytest.mark.slow
SHORT = ("run", ["run", "xor", "--passes", "3000", "--out", "out"])


@pytest.mark.parametrize(
    "kind",
    [SHORT, *(pytest.param(k, marks=LONG) for k in (interrupting.COMPARE, interrupting.COLD))],
    ids=lambda kind: kind[0],
)
def test_an_interrupt_ends_a_command_and_leaves_whole_files(kind: tuple[str, list[str]]) -> None:
    tally = interrupts(kind, 2)
    assert not tally.faults
    assert tally.counts


@pytest.mark.parametrize(
    "kind",
    ["garbage with its checksum", "another pickle, signed"],
)
def test_a_damaged_cache_changes_no_bit(kind: str) -> None:
    tally = caches(kind, 1)
    assert not tally.faults
    assert tally.counts == {"the same bits": 1}


@pytest.mark.parametrize(
    "kind",
    [RIVALS[0], *(pytest.param(kind, marks=LONG) for kind in RIVALS[1:])],
    ids=lambda kind: kind[0],
)
def test_of_two_in_one_folder_one_proceeds(kind: tuple[str, list[str]]) -> None:
    tally = races(kind, 2)
    assert not tally.faults
    assert sum(tally.counts.values()) == 2


@LONG
def test_a_comparison_that_is_stopped_comes_to_the_same() -> None:
    tally = comparisons(2)
    assert not tally.faults
    assert tally.counts["stopped"] >= 2


def test_what_is_wrong_would_be_seen(tmp_path: Path) -> None:
    assert judged(Ended(130, "", "interrupted\n", 1.0)) == ("ended with 130", [])
    assert judged(Ended(0, "", "", 1.0)) == ("came too late", [])
    for code, err in ((1, ""), (-2, ""), (130, "Traceback (most recent"), (0, "Exception ignored")):
        assert judged(Ended(code, "", err, 1.0))[1]
    (tmp_path / "run.json").write_text("{")
    (tmp_path / ".run.json-x.part").touch()
    (tmp_path / "log.jsonl").write_text('{}\n{"a"')
    (tmp_path / "whole.json").write_text("{}")
    (tmp_path / ".lock").touch()
    assert len(list(half_written(tmp_path))) == 3


def test_an_interrupt_before_and_after_the_command_is_quiet() -> None:
    program = """
import signal, sys, types
import sn.front
commands = types.ModuleType("sn.commands")
def main():
    {begin}
    return 7
commands.main = main
sys.modules["sn.commands"] = commands
code = sn.front.main()
signal.raise_signal(signal.SIGINT)  # when all is told
sys.exit(code)
"""
    for begin, code, err in (
        ("pass", 7, ""),
        ("signal.raise_signal(signal.SIGINT)", 130, "interrupted\n"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", program.format(begin=begin)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        assert (done.returncode, done.stdout, done.stderr) == (code, "", err)


def test_json_is_whole_after_a_run(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "cli.py"), "run", "xor", "--passes", "1", "--out", "o"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert json.loads((tmp_path / "o" / "run.json").read_bytes())["outcome"] == "finished"
    assert not list(half_written(tmp_path))
