"""`sn run` of a program that describes no network: it is run, unless something must be trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from sn.commands import main
from sn.results.origin import SOURCE, Origin, origin_object, read_origin

BARE = {  # the rest of a run.json
    "format": 1,
    "outcome": "completed",
    "net": {"name": "a", "units": 3, "connections": 2, "parameters": 2},
    "data": {"name": "xor", "hash": "0"},
    "optimizer": "sgd",
    "options": {},
    "seed": 0,
    "passes": 1,
    "versions": {},
}


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sum.sn").write_text("; adds\n(setq b 2) (print (+ 1 b))\n")
    Path("notes.sn").write_text("; nothing but ; comments\n\n")
    Path("net.sn").write_text("(defnet a (layer i (1)) (layer o (1)) (connect i o (full)))")


@pytest.mark.parametrize("words", ["", "--seed 3", "--no-folder"])
def test_a_program_without_a_net_is_run(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "sum.sn", *words.split()]) == 0
    assert capsys.readouterr() == ("3\n", "")
    assert not Path("runs").exists()


def test_the_words_behind_the_file_are_the_programs(capsys: pytest.CaptureFixture[str]) -> None:
    Path("words.sn").write_text("(print argv)")
    assert main(["run", "words.sn", "a", "--no-folder", "b", "--", "--seed"]) == 0
    assert capsys.readouterr().out == '("words.sn" "a" "b" "--seed")\n'
    assert main(["run", "words.sn"]) == 0
    assert capsys.readouterr().out == '("words.sn")\n'


@pytest.mark.parametrize(("form", "code"), [("(exit)", 0), ("(exit 3)", 3), ("(exit 300)", 1)])
def test_a_program_may_end_itself(form: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    Path("part.sn").write_text(f"(on-error (print 'no) {form})")
    Path("end.sn").write_text('(print 1) (load "part") (print 2)')
    assert main(["run", "end.sn"]) == code
    found = capsys.readouterr()
    assert found.out == ("1\n" if code != 1 else "1\nno\n")
    assert ("an exit code is from 0 to 255" in found.err) == (code == 1)


def test_exit_leaves_the_net_untrained(capsys: pytest.CaptureFixture[str]) -> None:
    text = Path("net.sn").read_text() + "(exit 2) (layer too-late (1))"
    Path("left.sn").write_text(text)
    assert main(["run", "left.sn", "--passes", "1"]) == 2
    assert main(["check", "left.sn"]) == 0
    assert "too-late" not in capsys.readouterr().out


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


def test_a_run_keeps_the_words_of_its_program() -> None:
    about = {**origin_object(Origin(source="", argv=("net.sn", "a"))), **BARE}
    Path("run").mkdir()
    Path("run", SOURCE).write_text("")
    assert read_origin(Path("run"), about).argv == ("net.sn", "a")
    del about["argv"]  # as an earlier SN wrote it
    assert read_origin(Path("run"), about).argv == ()
