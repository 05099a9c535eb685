"""`--data` on the command line: the same words as in a program, in place of the program's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sn
from sn.commands import main

pytestmark = pytest.mark.kernels

NET = """
(defnet own (layer in (2)) (layer out (2)) (connect in out (full)))
(experiment own (data "mnist-1989") (optimizer sgd (sgd (learning-rate 0.1))) (passes 3))
"""
ROWS = "x,y,kind\n" + "".join(f"{n % 7},{n % 5},{'ab'[n % 7 > n % 5]}\n" for n in range(70))
FORM = '(data (csv "rows.csv" (label "kind")) (split (test 0.2)) (scale standard))'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a program and a table, where the command is typed."""
    (tmp_path / "own.sn").write_text(NET)
    (tmp_path / "rows.csv").write_text(ROWS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def result(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    found: dict[str, object] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return found


def test_a_form_stands_in_for_the_data_of_the_program(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "own.sn", "--data", FORM, "--json", "--out", "r"]) == 0
    first = result(capsys)
    assert first["data"]["name"] == "rows.csv"
    assert (first["train"]["patterns"], first["test"]["patterns"]) == (56, 14)
    assert main(["run", "--again", "r", "--out", "again"]) == 0
    assert "equal to r" in capsys.readouterr().out
    assert main(["run", "--resume", "r", "--passes", "4", "--json"]) == 0
    assert result(capsys)["data"] == first["data"]


def test_what_is_said_now_holds_against_what_the_run_was_told(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "own.sn", "--data", FORM, "--reference", "--out", "r"]) == 0
    (here / "others.csv").write_text(ROWS.replace("1,1,", "1,2,"))
    words = ["run", "--resume", "r", "--data", FORM.replace("rows", "others"), "--reference"]
    capsys.readouterr()
    assert main([*words, "--passes", "4"]) == 1
    assert "data was rows.csv" in " ".join(capsys.readouterr().err.split())
    assert main([*words, "--passes", "4", "--fork", "--json"]) == 0
    assert result(capsys)["data"]["name"] == "others.csv"


def test_what_the_run_says_is_what_programs_may_read(
    here: Path, capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Another may have written it, so that only who asks opens folders."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (here / "rows.csv").rename(elsewhere / "rows.csv")
    form = FORM.replace("rows.csv", f"{elsewhere}/rows.csv")
    assert main(["run", "own.sn", "--data", form, "--reference", "--out", "r"]) == 0
    capsys.readouterr()
    for words in (
        ["run", "--resume", "r", "--passes", "4", "--reference"],
        ["run", "own.sn", "--resume", "r", "--passes", "4", "--reference"],
        ["test", "r"],
    ):
        assert main(words) == 1
        assert f"--allow-read '{elsewhere}' opens more" in " ".join(capsys.readouterr().err.split())
        assert main([*words, "--allow-read", str(elsewhere)]) == 0
    net = sn.open("r", allow=sn.Allow(read=elsewhere))
    assert net.test("test").patterns == 14


def test_a_comparison_takes_it_too(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["compare", "own.sn", "--data", FORM, "--seeds", "2", "--jobs", "1", "--json"]
    assert main([*words, "--out", "c"]) == 0
    assert result(capsys)["data"][0]["name"] == "rows.csv"


def test_what_is_wrong_in_it_is_told_with_its_place(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "own.sn", "--data", '(csv "rows.csv" (lable "kind"))']) == 1
    err = capsys.readouterr().err
    assert "--data:1:18" in err and "label" in err
    assert main(["run", "own.sn", "--data", "mnist-1988"]) == 1
    assert "did you mean 'mnist-1989'?" in capsys.readouterr().err


def test_a_run_on_files_of_ones_own_is_tested_on_them_again(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "own.sn", "--data", FORM, "--json", "--out", "r"]) == 0
    trained = result(capsys)
    assert main(["test", "r", "--json"]) == 0
    tested = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["set"] for one in tested] == ["train", "test"]
    assert [one["misses"] for one in tested] == [
        trained[which]["misses"] for which in ("train", "test")
    ]
    (here / "rows.csv").write_text(ROWS.replace("1,1,", "1,2,"))
    assert main(["test", "r"]) == 1
    assert "rows.csv is not what net own was trained on" in capsys.readouterr().err
