"""What was typed at prompts, kept between them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from sn.repl import history


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "sn" / "history.jsonl"


def test_texts_come_back_in_order_whatever_they_hold(file: Path) -> None:
    texts = ["(+ 1 2)", "(list 1\n  2)", 'é "\\', "\u2028 ;"]
    assert history.load(file) == []
    assert all(history.keep(file, text) for text in texts)
    assert history.load(file) == texts


def test_nobody_else_reads_it(file: Path) -> None:
    before = os.umask(0)
    try:
        history.keep(file, "secret")
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_lines_that_hold_no_text_are_left_out(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_bytes(b'"one"\n5\n{"a": 1}\nno json\n\xff\xfe\n"cut\n' + b"[" * 5000 + b'\n"two"\n')
    assert history.load(file) == ["one", "two"]


def test_only_the_last_are_kept(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST", 3)
    monkeypatch.setattr(history, "_LONGEST", 10)
    for number in range(5):
        history.keep(file, str(number))
    texts = history.load(file)
    assert texts == ["2", "3", "4"]
    history.cut(file, texts)
    assert file.read_text() == '"2"\n"3"\n"4"\n'
    assert [one.name for one in file.parent.iterdir()] == [file.name]


def test_what_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    file = tmp_path / "state" / "history.jsonl"
    assert history.keep(file, "a") is False
    assert history.load(file) == []
    history.cut(file, [])


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="a system without links")
def test_it_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("theirs")
    (tmp_path / "history.jsonl").symlink_to(tmp_path / "other")
    assert history.keep(tmp_path / "history.jsonl", "a") is False
    assert (tmp_path / "other").read_text() == "theirs"


def test_it_is_in_the_folder_of_states(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert history.history_file().name == "repl-history.jsonl"
    assert history.history_file().parent.name == "sn"
