"""What is drawn at the prompt is saved at its end."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from sn.commands import main


@pytest.mark.parametrize("ending", ["", "(exit 3)"])
def test_windows_of_the_prompt_are_files(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ending: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    text = '(new-window 100 100 "w")\n(draw-line 1 1 50 50)\n' + ending
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert main(["repl"]) == (3 if ending else 0)
    (picture,) = tmp_path.rglob("*.svg")
    assert picture.name == "w.svg"
    assert "<line" in picture.read_text() or "<path" in picture.read_text()
    assert f"windows     {picture.parent.relative_to(tmp_path)}: w.svg" in capsys.readouterr().out


def test_a_prompt_that_keeps_nothing_saves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO("(new-window)(draw-line 1 1 50 50)"))
    assert main(["repl", "--no-folder"]) == 0
    assert not list(tmp_path.iterdir())
