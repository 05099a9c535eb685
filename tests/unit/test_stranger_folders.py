"""Folders of runs and comparisons that a stranger made: nothing outside is written through them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sn.commands import main
from sn.errors import TrainError
from sn.results.folder import RunFolder
from sn.results.lock import FolderLock

PRECIOUS = "what somebody worked on\n"


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    """A file outside of the folder, `inside`, that a stranger made."""
    (tmp_path / "inside").mkdir()
    file = tmp_path / "precious"
    file.write_text(PRECIOUS)
    return file


def fifo(name: Path, _: Path) -> None:
    """Make a pipe, which takes what it is told of a file to lead to and does not."""
    os.mkfifo(name)


WAYS: dict[str, Callable[[Path, Path], object]] = {
    "a link": lambda name, file: name.symlink_to(file),
    "a name more": lambda name, file: name.hardlink_to(file),
    "a link to nothing": lambda name, file: name.symlink_to(file.with_name("new")),
    "a pipe": fifo,
}


@pytest.mark.skipif(os.name != "posix", reason="no locks of files")
@pytest.mark.parametrize("way", WAYS)
def test_a_lock_is_a_file_of_its_own(precious: Path, way: str) -> None:
    folder = precious.parent / "inside"
    WAYS[way](folder / ".lock", precious)
    with pytest.raises(TrainError, match=r"inside/\.lock' is a link, or something else than"):
        FolderLock(folder)
    assert precious.read_text() == PRECIOUS
    assert sorted(path.name for path in precious.parent.iterdir()) == ["inside", "precious"]


def test_a_program_writes_through_no_link_in_the_folder_of_its_run(
    precious: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(precious.parent)
    Path("p.sn").write_text('(writing "precious" (print 1))')
    Path("inside/files").symlink_to("..", target_is_directory=True)
    assert main(["run", "p.sn", "--out", "inside"]) == 1
    assert "cannot write to 'inside/files': it is a link" in capsys.readouterr().err
    assert precious.read_text() == PRECIOUS


@pytest.mark.parametrize("name", ["run.json", "log.jsonl", "weights.safetensors"])
def test_a_link_that_leads_nowhere_is_a_run_already(precious: Path, name: str) -> None:
    folder = precious.parent / "inside"
    (folder / name).symlink_to(precious.with_name("new"))
    with pytest.raises(TrainError, match="already holds a run"):
        RunFolder.create(folder, "p")
