"""`sn data list`, `info` and `get` as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sn.commands.data import _bar, _Drawn, command
from sn.errors import DataError, UnknownNameError


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point SN at an empty cache and at no folder of data."""
    monkeypatch.setenv("SN_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SN_DATA", raising=False)


def sn_data(*words: str) -> Result:
    return CliRunner().invoke(command, list(words))


@pytest.mark.parametrize("words", [(), ("list",), ("info",), ("get",)])
def test_help_is_there(words: tuple[str, ...]) -> None:
    result = sn_data(*words, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.stdout


def test_list_says_what_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = sn_data("list")
    assert result.exit_code == 0
    rows = {line.split()[0]: line for line in result.stdout.splitlines() if line}
    assert "the package" in rows["mnist-1989"] and "CC BY-SA 3.0" in rows["mnist-1989"]
    assert "  no  " in rows["zipcode"] and "7,291" in rows["zipcode"]
    (tmp_path / "zip.train").write_text("")
    (tmp_path / "zip.test").write_text("")
    monkeypatch.setenv("SN_DATA", str(tmp_path))
    assert str(tmp_path) in sn_data("list").stdout


def test_list_as_json() -> None:
    lines = sn_data("list", "--json").stdout.splitlines()
    facts = {one["name"]: one for one in map(json.loads, lines)}
    assert facts["mnist-1989"]["here"] is True
    assert facts["zipcode"]["here"] is False
    assert facts["zipcode"]["where"] is None
    assert facts["mnist"]["shape"] == [28, 28]


def test_info_of_digits_that_are_here_counts_them() -> None:
    result = sn_data("info", "mnist-1989")
    assert result.exit_code == 0
    assert "the package; its digits are the right ones" in result.stdout
    assert "0:745 1:836" in result.stdout
    facts = json.loads(sn_data("info", "mnist-1989", "--json").stdout)
    assert sum(facts["train_per_class"]) == 7291
    assert len(facts["hash"]) == 64


def test_info_of_digits_that_are_not_here_says_how_to_get_them() -> None:
    result = sn_data("info", "zipcode")
    assert result.exit_code == 0
    assert "sn data get zipcode" in result.stdout
    assert "hash" not in json.loads(sn_data("info", "zipcode", "--json").stdout)


def test_errors_are_left_to_the_front_end() -> None:
    assert isinstance(sn_data("info", "zipcod").exception, UnknownNameError)
    assert isinstance(sn_data("get", "digits-480").exception, DataError)


def test_get_of_what_is_here_does_nothing() -> None:
    result = sn_data("get", "mnist-1989")
    assert result.exit_code == 0
    assert result.stdout.endswith("are already here: the package\n")


def test_the_bar_names_the_file_when_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    bar = _bar("zip.train.gz")
    bar.total = 5
    bar.update(5)
    bar.reset()
    bar.close()
    assert capsys.readouterr() == ("", "downloading zip.train.gz\n")


def test_the_bar_is_drawn_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    bar = _bar("zip.train.gz")
    assert isinstance(bar, _Drawn)
    bar.total = 5000
    bar.update(9000)
    bar.reset()
    bar.update(5000)
    assert bar.total == 5000
    bar.close()
    bar.close()
    shown = capsys.readouterr()
    assert "zip.train.gz" in shown.err and "5.0/5.0 kB" in shown.err
    assert shown.out == ""
