"""Bad files by every command: one message with the file, exit code 1, and nothing half done."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import sn
from scripts.fuzz.data import known
from scripts.fuzz.data_kinds import PROGRAM
from sn.commands import main
from sn.errors import DataError, SnError

NET = "small.sn.safetensors"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program, and the folder of a run of it."""
    monkeypatch.chdir(tmp_path)
    Path("small.sn").write_text(PROGRAM)
    (kind,) = (kind for kind in known() if kind.name == "run.json")
    Path("run").mkdir()
    for name, raw in {kind.name: kind.raw, **(kind.files or {})}.items():
        if name != "start.safetensors":  # of another run
            Path("run", name).write_bytes(raw)
    return tmp_path


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


DAMAGE: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "run.json of bytes": ("run.json", lambda raw: b"\xff\xfe" + raw),
    "run.json cut off": ("run.json", lambda raw: raw[: len(raw) // 2]),
    "run.json without a net": ("run.json", lambda raw: raw.replace(b'"net"', b'"not"')),
    "run.json with a list": ("run.json", lambda raw: raw.replace(b'"seed": 0', b'"seed": []')),
    "run.json too deep": (
        "run.json",
        lambda raw: raw.replace(b'"seed": 0', b'"x": ' + b"[" * 9999),
    ),
    "source.sn in Latin-1": ("source.sn", lambda raw: b"; \xe9\n" + raw),
    "net cut off": (NET, lambda raw: raw[:-1]),
    "net of 10^18": (NET, lambda raw: (10**18).to_bytes(8, "little") + raw[8:]),
    "net with another byte": (NET, lambda raw: raw[:-3] + b"\x7f" + raw[-2:]),
}
OF_NET = ("show", "test", "predict", "--from", "open-net", "open")
WAYS: dict[str, list[str]] = {
    "--resume": ["run", "--resume", "run", "--passes", "3"],
    "--again": ["run", "--again", "run", "--no-folder"],
    "--from": ["run", "small.sn", "--from", "run", "--reference"],
    "show": ["show", "run"],
    "show --json": ["show", "run", "--json"],
    "test": ["test", "run"],
    "predict": ["predict", "run", "x.csv", "--reference"],
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_bad_run_is_told_by_every_command(
    here: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("x.csv").write_text("1,2,3\n")
    file, change = DAMAGE[damage]
    path = Path("run", file)
    whole = path.read_bytes()
    path.write_bytes(change(whole))
    assert path.read_bytes() != whole
    before = contents(here)
    ways = {
        name: words
        for name, words in WAYS.items()
        if (file == NET) == name.startswith(("show", "predict", "--from"))
        or (file == "run.json" and name == "test")
    }
    assert ways
    for words in ways.values():
        assert main(words) == 1
        said = capsys.readouterr()
        assert file in said.err and "error[SN0400]:" in said.err and "Traceback" not in said.err
        assert said.out == ""
        assert contents(here) == before
    if file == NET:
        with pytest.raises(DataError, match=file):
            sn.open("run")
        with pytest.raises(SnError, match=file):
            sn.Session().evaluate('(open-net "run")')


TABLES = {
    "nul": b"1,2,3,0\n4,\x00,6,1\n",
    "utf-16": "1,2,3,0\n4,5,6,1\n".encode("utf-16"),
    "bomb": gzip.compress(bytes(60_000_000), 1),
    "not whole": gzip.compress(b"1,2,3\n" * 99)[:-9],
    "word": b"1,2,3,0\n4,x,6,1\n",
    "one row": b"1,2\n",
}


@pytest.mark.parametrize("case", TABLES)
def test_a_bad_table_is_told_by_every_command(
    here: Path,
    case: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    lowered: Callable[[int], None],
) -> None:
    lowered(50_000_000)
    Path("t.csv").write_bytes(TABLES[case])
    before = contents(here)
    data = '(csv "t.csv" (label 3))'
    for words in (
        ["run", "small.sn", "--data", data, "--reference"],
        ["test", "run", "--data", data],
        ["predict", "run", "t.csv", "--columns", "0-2", "--reference"],
        ["predict", "run", "-", "--columns", "0-2", "--reference"],
    ):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(TABLES[case])))
        assert main(words) == 1
        said = capsys.readouterr()
        assert "standard input" in said.err if "-" in words else "t.csv" in said.err
        assert said.out == "" and "Traceback" not in said.err
        assert contents(here) == before


def test_an_endless_standard_input_is_held_to_the_limit(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    lowered: Callable[[int], None],
) -> None:
    class Endless(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: object) -> int:
            return len(memoryview(buffer))  # type: ignore[arg-type]

    lowered(30_000_000)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(Endless())))
    assert main(["predict", "run", "-", "--reference"]) == 1
    assert "standard input: its content would take more than the 30 MB" in capsys.readouterr().err


def test_a_run_json_cut_off_anywhere_is_told(here: Path) -> None:
    path = Path("run", "run.json")
    whole = path.read_bytes().rstrip()
    for end in range(0, len(whole)):
        path.write_bytes(whole[:end])
        with pytest.raises(DataError, match=r"run\.json"):
            sn.results.about.read_about(Path("run"))  # type: ignore[attr-defined]


@pytest.mark.skipif(sys.platform == "win32", reason="has no pipes in folders")
def test_a_run_whose_program_is_a_pipe_by_now_goes_on(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The folder has the program as it was; what has its name now is looked at, if it is a file."""
    path = Path("run", "run.json")
    about = json.loads(path.read_text())
    Path("now").mkdir()
    os.mkfifo(here / "now" / "small.sn")  # has no end, and nobody who writes
    about["program"]["path"] = str(here / "now" / "small.sn")
    path.write_text(json.dumps(about))
    assert main(["run", "--resume", "run", "--passes", "3"]) == 0
    assert "changed since" not in capsys.readouterr().err
