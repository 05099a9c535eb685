"""`sn cache`, `prune` and `clear` as a user types them."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sn.cache.files import entries, entry_path, store
from sn.commands.cache import _ago, command
from sn.errors import SnError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with two kernels of 1 and 2 megabytes, the first of them used 3 days ago."""
    monkeypatch.setenv("SN_CACHE", str(tmp_path))
    monkeypatch.delenv("SN_CACHE_LIMIT", raising=False)
    assert store("0" * 32, "old", bytes(1_000_000))
    assert store("1" * 32, "new", bytes(2_000_000))
    os.utime(entry_path("0" * 32), (time.time() - 3.1 * 86_400,) * 2)
    return tmp_path / "kernels"


def sn_cache(*words: str) -> Result:
    return CliRunner().invoke(command, list(words))


def test_it_shows_what_is_there(folder: Path) -> None:
    lines = sn_cache().stdout.splitlines()
    assert lines[0].split() == ["net", "size", "made", "last", "used"]
    assert lines[1].split() == ["old", "1.0", "MB", "just", "now", "3", "days", "ago"]
    assert lines[2].split() == ["new", "2.0", "MB", "just", "now", "just", "now"]
    assert lines[4] == f"2 kernels, 3.0 MB of at most 256.0 MB in {folder}"


def test_it_shows_it_to_programs() -> None:
    facts = [json.loads(line) for line in sn_cache("--json").stdout.splitlines()]
    assert [one["net"] for one in facts] == ["old", "new"]
    assert facts[0]["path"] == str(entry_path("0" * 32))
    assert facts[0]["size"] == entry_path("0" * 32).stat().st_size
    assert facts[0]["used"] < facts[0]["made"]


def test_it_shows_a_damaged_one() -> None:
    entry_path("1" * 32).write_bytes(b"damaged")
    assert "(damaged)" in sn_cache().stdout


def test_a_name_stays_on_its_line() -> None:
    assert store("2" * 32, "a\nb\x1b[0m", b"")
    assert r"'a\nb\x1b[0m'" in sn_cache().stdout


def test_prune_keeps_to_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sn_cache("prune").stdout.startswith("removed 0 kernels, 0.0 MB")
    assert sn_cache("prune", "--limit", "2.5").stdout.startswith("removed 1 kernel, 1.0 MB")
    assert [entry.net for entry in entries()] == ["new"]
    monkeypatch.setenv("SN_CACHE_LIMIT", "1")
    assert sn_cache("prune").stdout.startswith("removed 1 kernel, 2.0 MB")


def test_prune_goes_by_days() -> None:
    assert sn_cache("prune", "--older-than", "4").stdout.startswith("removed 0 kernels")
    assert sn_cache("prune", "--older-than", "3").stdout.startswith("removed 1 kernel, 1.0 MB")
    assert sn_cache("prune", "--older-than", "-1").exit_code == 2


def test_clear_removes_all_and_nothing_else(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")
    entry_path("2" * 32).mkdir()
    assert sn_cache("clear").stdout.startswith("removed 3 kernels, 3.0 MB")
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]
    assert sn_cache("clear").stdout == f"removed 0 kernels, 0.0 MB from {folder}\n"


@pytest.mark.parametrize("words", [(), ("prune",), ("clear",)])
def test_a_folder_that_is_not_used_is_said(words: tuple[str, ...], folder: Path) -> None:
    folder.chmod(0o777)
    error = sn_cache(*words).exception
    assert isinstance(error, SnError)
    assert "no kernels are kept in" in error.message
    assert "chmod go-w" in error.message
    assert len(list(folder.iterdir())) == 2


def test_a_cache_that_was_never_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SN_CACHE", str(tmp_path / "none"))
    assert sn_cache().stdout.startswith("0 kernels")
    assert sn_cache("clear").exit_code == 0
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (7199, "1 hour ago"),
        (2e5, "2 days ago"),
    ],
)
def test_times_are_in_their_largest_unit(seconds: float, text: str) -> None:
    assert _ago(seconds) == text
