"""`sn run` of a program that describes no network: it is run, unless something must be trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from sn.commands import main

NOTE = "note: sum.sn describes no network, so nothing was trained\n"


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sum.sn").write_text("; adds\n(setq b 2) (print (+ 1 b))\n")
    Path("notes.sn").write_text("; nothing but ; comments\n\n")
    Path("net.sn").write_text("(defnet a (layer i (1)) (layer o (1)) (connect i o (full)))")


@pytest.mark.parametrize("words", ["", "--seed 3", "--no-folder"])
def test_a_program_without_a_net_is_run(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "sum.sn", *words.split()]) == 0
    assert capsys.readouterr() == ("3\n", NOTE)
    assert not Path("runs").exists()


def test_its_variables_can_be_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "sum.sn", "--set", "b=5"]) == 0
    assert capsys.readouterr().out == "6\n"
    assert main(["run", "sum.sn", "--set", "c=5"]) == 1
    assert "no variable 'c'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        "run sum.sn --passes 3",
        "run sum.sn --optimizer sgd",
        "run sum.sn --out here",
        "run sum.sn --json",
        "run sum.sn --reference",
        "run sum.sn --historical",
        "run notes.sn",
        "check sum.sn",
        "check sum.sn --grad",
        "compare sum.sn",
        "dump sum.sn",
    ],
)
def test_what_needs_a_net_still_demands_one(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words.split()) == 1
    assert "describes no network" in capsys.readouterr().err


def test_a_net_without_an_experiment_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "net.sn"]) == 1
    assert "describes a network but no experiment" in capsys.readouterr().err


def test_an_error_in_the_program_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    Path("sum.sn").write_text("(print (+ 1 2)) (car 5)")
    assert main(["run", "sum.sn"]) == 1
    assert capsys.readouterr().out == "3\n"
