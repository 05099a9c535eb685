"""Searches, pruners and storages of sweeps, as far as others than ours do the work."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from sn.commands import main
from tests.unit.test_sweep import NET, RANDOM, rows, sweep, told

POSTGRES = "SN_POSTGRES"  # names a database that tests may write to: postgresql://USER@HOST/NAME


@pytest.fixture(autouse=True)
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pytest.importorskip("optuna")
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "small.sn"
    path.write_text(NET, encoding="utf-8")
    return path


@pytest.mark.kernels
def test_hyperband_gives_many_a_few_passes_and_changes_no_bits(net: Path) -> None:
    net.write_text(NET.replace("(passes 3)", "(passes 27)"))
    words = ["--vary", "rate=0.00001..0.5 log", "--for", "train-error", "--search", "random"]
    words += ["--trials", "24", "--jobs", "1", "--optimizer", "slow"]
    folder = sweep(*words, "--prune", "hyperband")
    whole = sweep(*words, out="whole")
    passes = {row["trial"]: int(row["passes"]) for row in rows(folder)}
    states = {row["trial"]: row["state"] for row in rows(folder)}
    assert {*states.values()} == {"done", "pruned"} and sum(passes.values()) < 24 * 27 * 0.75
    assert all((passes[trial] == 27) == (states[trial] == "done") for trial in states)
    both = zip(rows(folder), rows(whole), strict=True)
    assert all(a["sha256"] == b["sha256"] for a, b in both if a["state"] == "done")
    # and goes on as it would have
    half = sweep(*[*words[:-5], "10", *words[-4:]], "--prune", "hyperband", out="half")
    assert len(rows(half)) == 10
    assert [row["set rate"] for row in rows(half)] == [row["set rate"] for row in rows(folder)][:10]
    again = sweep(*words, "--prune", "hyperband", out="again")
    assert (again / "trials.csv").read_bytes() == (folder / "trials.csv").read_bytes()


@pytest.mark.kernels
def test_cmaes_says_that_choices_are_drawn_at_random(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--vary", "rate=0.01..0.5 log", "--vary", "width=2..5", "--jobs", "1"]
    words += ["--search", "cmaes", "--trials", "6"]
    folder = sweep(*words, "--vary", "optimizer=slow,fast")
    note = "cmaes searches over ranges alone: optimizer is drawn at random; --search tpe learns"
    assert note in capsys.readouterr().err
    assert note in told(folder)["notes"][-1] and note in (folder / "sweep.md").read_text()
    assert {row["set optimizer"] for row in rows(folder)} == {"slow", "fast"}
    assert not told(sweep(*words, out="alone"))["notes"]


@pytest.mark.kernels
def test_a_journal_that_may_not_grow_is_a_message_and_nothing_is_lost() -> None:
    sweep(*RANDOM, "--trials", "1", "--jobs", "1", "--passes", "1", out="first")  # compiled
    words = [*RANDOM, "--trials", "24", "--jobs", "1", "--passes", "1"]
    found = subprocess.run(
        [sys.executable, "-m", "sn", "sweep", "small.sn", *words, "--out", "full"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000)),
        capture_output=True,
        text=True,
        check=False,
    )
    said = " ".join(found.stderr.split())
    assert found.returncode == 1 and "Traceback" not in said
    assert "the storage of the sweep, 'full/journal.log', failed: file too large" in said
    assert "or has room, --resume goes on" in said
    assert Path("full/journal.log").stat().st_size == 6000  # a line of it is cut
    assert main(["sweep", "--resume", "full"]) == 0
    whole = sweep(*words, out="whole")
    assert Path("full/trials.csv").read_bytes() == (whole / "trials.csv").read_bytes()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "--storage takes a URL, as sqlite:///FILE"),
        ("sqlite:////nowhere/to/be/found.db", "unable to open database file"),
        ("postgresql+nodriver://me:secret@host/name", "failed: "),
    ],
)
def test_a_storage_that_cannot_be_opened_is_a_message(
    url: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sweep", "small.sn", *RANDOM, "--storage", url, "--out", "none"]) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert message in said and "secret" not in said and "Traceback" not in said
    assert not Path("none").exists()


def test_a_driver_that_is_not_here_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("psycopg", "psycopg2"):
        monkeypatch.setitem(sys.modules, name, None)
    assert main(["sweep", "small.sn", *RANDOM, "--storage", "postgresql://me@host/name"]) == 1
    said = capsys.readouterr().err
    assert "failed: it needs psycopg" in said and "`pip install psycopg" in said


@pytest.mark.kernels
def test_a_database_keeps_several_sweeps_and_no_folder_has_its_password() -> None:
    url = "sqlite:///file:trials.db?uri=true&x=//me:secret@host"
    words = [*RANDOM, "--jobs", "1", "--storage", url]
    folder, again = sweep(*words, "--trials", "2"), sweep(*words, "--trials", "3", out="again")
    assert (len(rows(folder)), len(rows(again))) == (2, 3)
    for path in [*folder.iterdir(), *again.iterdir()]:
        assert path.is_dir() or b"secret" not in path.read_bytes(), path
    assert main(["sweep", "--resume", "here", "--trials", "3", "--storage", url]) == 0
    assert (folder / "trials.csv").read_bytes() == (again / "trials.csv").read_bytes()


@pytest.mark.kernels
def test_postgresql_keeps_trials_as_a_journal_does() -> None:
    url = os.environ.get(POSTGRES)
    if url is None:
        pytest.skip(f"no PostgreSQL: {POSTGRES} names a database that this may write to")
    words = [*RANDOM, "--jobs", "1"]
    folder = sweep(*words, "--storage", url, "--trials", "3")
    assert main(["sweep", "--resume", "here", "--trials", "5", "--storage", url]) == 0
    plain = sweep(*words, "--trials", "5", out="plain")
    assert (folder / "trials.csv").read_bytes() == (plain / "trials.csv").read_bytes()
