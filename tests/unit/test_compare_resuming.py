"""Comparisons that were stopped: what is kept, what is done again, and what is refused."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from sn import contest
from sn.commands import main
from sn.contest import compare, competitors, contenders
from sn.errors import DataError, TrainError
from sn.experiment import Experiment
from sn.results.arrays import content_hash, read_arrays, write_arrays
from sn.results.contests import Contest, ContestFolder, read_contest
from sn.results.finished import read_finished, write_finished
from sn.results.lock import FolderLock
from sn.results.origin import versions
from sn.results.record import RunRecord
from sn.results.reports import LabelReport, ValueReport
from tests.sample_runs import entry

NET = """\
(setq inputs  '((-1 -1) (-1 1) (1 -1) (1 1)))
(setq answers '((-1)    (1)    (1)    (-1)))
(setq rate 0.1)
(defnet small
  (layer input (2)) (layer hidden (2)) (layer output (1))
  (connect input hidden (full)) (connect hidden output (full)))
(experiment small
  (data (patterns inputs answers)) (criterion sign)
  (optimizer slow (sgd (learning-rate rate)))
  (optimizer fast (sgd (learning-rate 0.2)))
  (passes 3))
"""
WORDS = ["compare", "small.sn", "--seeds", "2", "--jobs", "1", "--out", "here"]


@pytest.fixture(autouse=True)
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "small.sn"
    path.write_text(NET, encoding="utf-8")
    return path


@contextmanager
def stopped_after(runs: int, error: BaseException, monkeypatch: Any) -> Iterator[list[int]]:
    """Let the run after so many raise; yield the seeds of those that began."""
    train, begun = Experiment.train, []

    def trained(self: Experiment, *args: Any, **options: Any) -> RunRecord:
        begun.append(options["seed"])
        if len(begun) > runs:
            raise error
        return train(self, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Experiment, "train", trained)
        yield begun


def timeless(folder: Path) -> dict[str, Any]:
    """Return what is in the files of a comparison but the times."""
    about = json.loads((folder / "comparison.json").read_text())
    for one in about["entries"]:
        del one["us_per_presentation"]
    rows = [row[:-1] for row in csv.reader((folder / "comparison.csv").read_text().splitlines())]
    text = re.sub(r"(?m)^\| (slow|fast) \| \d+\.\d\d \|", r"| \1 |", _text(folder))
    passes = (folder / "passes.csv").read_text()
    return {"json": {**about, "folder": ""}, "csv": rows, "md": text, "passes": passes}


def _text(folder: Path) -> str:
    return (folder / "comparison.md").read_text(encoding="utf-8")


@pytest.mark.kernels
@pytest.mark.parametrize("finished", [1, 3])
def test_a_comparison_that_was_stopped_goes_on(
    finished: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*WORDS[:-1], "whole"]) == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("run ")]
    with stopped_after(finished, KeyboardInterrupt(), monkeypatch):
        assert main(WORDS) == 130
    err = capsys.readouterr().err
    assert f"{finished} of 4 runs are in 'here'; `sn compare --resume here` goes on" in err
    assert not Path("here/comparison.json").exists()
    with stopped_after(99, KeyboardInterrupt(), monkeypatch) as begun:
        assert main(["compare", "--resume", "here", "--jobs", "1"]) == 0
    assert begun == [0, 1, 0, 1][finished:]
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("run ")]
    assert told == lines
    assert timeless(Path("here")) == timeless(Path("whole"))


@pytest.mark.kernels
def test_processes_go_on_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    assert main([*WORDS[:-1], "whole"]) == 0
    with stopped_after(1, KeyboardInterrupt(), monkeypatch):
        assert main(WORDS) == 130
    assert main(["compare", "--resume", "here", "--jobs", "2"]) == 0
    found = timeless(Path("here"))
    found["md"] = re.sub(r"\n\* times were taken with 2 runs at once.*", "", found["md"])
    found["json"]["jobs"] = 1
    assert found == timeless(Path("whole"))


@pytest.mark.kernels
def test_runs_that_fail_leave_those_that_did_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with stopped_after(2, TrainError("training diverged"), monkeypatch):
        assert main(WORDS) == 1
    err = capsys.readouterr().err
    assert "2 of 4 runs are in 'here'" in err and "fast, seed 0: training diverged" in err
    assert main(["compare", "--resume", "here", "--jobs", "1", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["type"] for line in lines] == ["run"] * 4 + ["comparison"]
    # also of those that were done before
    kinds = [list(line["reports"]["train"]) for line in lines[:4]]
    assert kinds[0] and kinds == [kinds[3]] * 4


@pytest.mark.kernels
def test_without_a_run_there_is_no_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with stopped_after(0, KeyboardInterrupt(), monkeypatch):
        assert main(WORDS) == 130
    assert not Path("here").exists()
    assert capsys.readouterr().err.split() == ["interrupted"]


@pytest.fixture
def half(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """The folder of a comparison with two of its four runs."""
    with stopped_after(2, KeyboardInterrupt(), monkeypatch):
        assert main(WORDS) == 130
    capsys.readouterr()
    return Path("here")


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    before = sorted(Path("here").iterdir())
    assert main(["compare", "--resume", "here", *words]) in (1, 2)
    assert sorted(Path("here").iterdir()) == before
    return " ".join(capsys.readouterr().err.split())


@pytest.mark.kernels
def test_another_program_is_told(half: Path, net: Path, capsys: Any) -> None:
    net.write_text(NET.replace("rate 0.1", "rate 0.3"))
    found = refused(capsys)
    assert "not the comparison in 'here': slow: learning-rate was 0.1, now it is 0.3" in found
    net.write_text(NET.replace("hidden (2)", "hidden (3)"))
    assert "slow: layer hidden was 2," in refused(capsys)
    net.write_text(NET.replace("'((-1)    (1)", "'((-1)    (-1)"))
    assert "slow: data was" in refused(capsys)
    net.write_text(NET.replace("optimizer fast", "optimizer quick"))
    assert "the optimizers were slow, fast, now they are slow, quick" in refused(capsys)
    net.unlink()
    assert "there is no file 'small.sn'" in refused(capsys)
    # what changes nothing is no other program
    net.write_text(NET + "; a comment\n")
    assert main(["compare", "--resume", "here", "--jobs", "1"]) == 0


@pytest.mark.kernels
def test_wrong_use_is_told(half: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for words, name in (
        (["small.sn"], "FILES"),
        (["--seeds", "5"], "--seeds"),
        (["--optimizers", "slow"], "--optimizers"),
        (["--set", "rate=1"], "--set"),
        (["--out", "x"], "--out"),
        (["--passes", "0"], "--passes"),
    ):
        assert f"--resume takes all from the comparison; leave {name} out" in refused(
            capsys, *words
        )
    assert main(WORDS) == 1
    assert "`sn compare --resume here` goes on with one that was stopped" in " ".join(
        capsys.readouterr().err.split()
    )
    assert (half / "compare.json").exists()
    lock = FolderLock(half)
    assert "the comparison in 'here' is going on: process" in refused(capsys)
    lock.release()
    assert main(["compare", "--resume", "here", "--jobs", "1"]) == 0
    assert "nothing is missing in 'here': all 4 runs are finished" in refused(capsys)


def test_a_folder_of_something_else_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "small.sn", "--reference", "--out", "run"]) == 0
    Path("empty").mkdir()
    for name, words in (
        ("run", "'run' holds no comparison: it has no compare.json"),
        ("empty", "'empty' holds no comparison"),
        ("nowhere", "'nowhere' holds no comparison"),
        ("small.sn", "'small.sn' holds no comparison"),
    ):
        capsys.readouterr()
        assert main(["compare", "--resume", name]) == 1
        assert words in capsys.readouterr().err
    for content in (b"", b"{", b"\xff", b"[]", b'{"format": 9}', b'{"format": 1, "seeds": "x"}'):
        Path("empty/compare.json").write_bytes(content)
        with pytest.raises(DataError, match=r"compare\.json' (cannot be read|has format)"):
            read_contest(Path("empty"))
    assert main(["compare"]) == 2


@pytest.mark.kernels
def test_a_stranger_names_no_data_that_programs_may_not_read(
    half: Path, net: Path, capsys: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = tmp_path_factory.mktemp("secret") / "rows.csv"
    secret.write_text("1,2,1\n2,1,-1\n")
    said = json.loads((half / "compare.json").read_text())
    for data in (f'(csv "{secret}" (targets 2))', f'(csv "../{secret.parent.name}/rows.csv")'):
        said["data"] = data
        (half / "compare.json").write_text(json.dumps(said))
        found = refused(capsys)
        assert "this program may not read" in found and "--allow-read" in found
    said["data"] = f'(csv "{secret}" (targets 2))'
    (half / "compare.json").write_text(json.dumps(said))
    assert "slow: data was" in refused(capsys, "--allow-read", str(secret.parent))


def test_a_comparison_of_anyone_is_read_with_care(tmp_path: Path) -> None:
    said = {
        "files": ["p.sn"], "folder": "", "optimizers": [], "seeds": [0], "passes": None,
        "reach": None, "data": None, "settings": {}, "entries": [], "versions": {}, "format": 1,
    }  # fmt: skip
    path = tmp_path / "compare.json"

    def told() -> str:
        with pytest.raises(DataError, match=r"compare\.json") as caught:
            read_contest(tmp_path)
        assert len(caught.value.message) < 500
        return caught.value.message

    path.write_text(json.dumps(said))
    assert read_contest(tmp_path).seeds == (0,)
    for wrong in (
        *({"seeds": []}, {"seeds": [-1]}, {"files": []}, {"passes": -1}, {"passes": 2**70}),
        *({"reach": -1}, {"reach": 0}, {"format": "x" * 5000}),
    ):
        path.write_text(json.dumps(said | wrong))
        told()
    path.write_text('{"format":' + "[" * 200_000)
    assert "nested more than" in told()
    path.unlink()
    os.mkfifo(path)
    assert "it is a pipe" in told()
    path.unlink()
    path.symlink_to("/dev/zero")
    assert "it is a device" in told()


@pytest.mark.kernels
@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "folder", "of another"])
def test_a_damaged_run_is_done_again(
    damage: str, half: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = half / "run-1.safetensors"
    content = bytearray(path.read_bytes())
    if damage == "flipped":
        content[-20] ^= 1
    path.unlink()
    if damage == "folder":
        path.mkdir()
    elif damage == "of another":
        write_finished(path, read_finished(half / "run-0.safetensors", _tie(half)), "0")
    else:
        path.write_bytes({"cut": content[:-9], "flipped": content, "empty": b""}[damage])
    if damage == "folder":
        assert main(["compare", "--resume", "here", "--jobs", "1"]) == 1
        assert "cannot write 'here/run-1.safetensors'" in capsys.readouterr().err
        return
    with stopped_after(99, KeyboardInterrupt(), monkeypatch) as begun:
        assert main(["compare", "--resume", "here", "--jobs", "1"]) == 0
    assert begun == [1, 0, 1]
    assert "the run is done again" in " ".join(capsys.readouterr().err.split())


def _tie(folder: Path) -> str:
    return read_contest(folder).hash


@pytest.mark.kernels
def test_other_versions_are_told(half: Path, capsys: pytest.CaptureFixture[str]) -> None:
    about = json.loads((half / "compare.json").read_text())
    about["versions"]["numpy"] = "1.0"
    (half / "compare.json").write_text(json.dumps(about))
    assert main(["compare", "--resume", "here", "--jobs", "1"]) == 0
    assert "other versions than the run was started with: numpy was 1.0" in capsys.readouterr().err


@pytest.mark.kernels
def test_it_goes_on_from_another_folder(
    half: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    shutil.move("here", "elsewhere/moved")
    monkeypatch.chdir("elsewhere")
    assert main(["compare", "--resume", "moved", "--jobs", "1"]) == 0
    assert json.loads(Path("moved/comparison.json").read_text())["entries"][0]["name"] == "small"


@pytest.mark.kernels
def test_a_program_that_draws_is_held_to_its_text(net: Path, capsys: Any, monkeypatch: Any) -> None:
    net.write_text("(setq x (rand))\n" + NET)
    with stopped_after(2, KeyboardInterrupt(), monkeypatch):
        assert main(WORDS) == 130
    net.write_text("(setq x (rand))\n" + NET + "; a comment\n")
    assert "slow: program was" in refused(capsys)


def test_records_come_back_to_the_last_bit(tmp_path: Path) -> None:
    values = ValueReport(
        ("a", ""), np.array([0.1, np.inf]), np.array([np.nan, 1 / 3]), float("nan")
    )
    labels = LabelReport(("x\udc80", "y"), np.array([1, 2]), 7)
    for report in (values, labels, None):
        record = entry("sgd", (10,)).runs[0]
        object.__setattr__(record, "reports", {} if report is None else {"train": report})
        write_finished(tmp_path / "run-0.safetensors", record, "tie")
        found = read_finished(tmp_path / "run-0.safetensors", "tie")
        assert found == record
        assert repr(found.reports) == repr(record.reports)
        if report is values:
            assert np.array_equal(found.reports["train"].rms, values.rms)
            assert np.array_equal(
                found.reports["train"].explained, values.explained, equal_nan=True
            )
    with pytest.raises(DataError, match="of another comparison"):
        read_finished(tmp_path / "run-0.safetensors", "other")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kept": 99}, "none of its passes"),
        ({"reports": {"test": {"kind": "LabelReport", "misses": [2**64 - 1]}}}, "no record"),
        ({"options": {"a": [[]]}, "deep": 100_000}, "no record"),
    ],
    ids=["kept", "count", "deep"],
)
def test_a_record_of_anyone_is_told(change: Any, words: str, tmp_path: Path) -> None:
    path = tmp_path / "run-0.safetensors"
    write_finished(path, entry("a", (1,)).runs[0], "x")
    arrays, _ = read_arrays(path)
    said = msgspec.msgpack.decode(arrays["run"].tobytes()) | change
    raw = msgspec.msgpack.encode(said)
    if "deep" in change:  # lists of one element in one another, as MessagePack writes them
        inner = msgspec.msgpack.encode([[]])
        raw = raw.replace(inner, b"\x91" * change["deep"] + b"\x90")
    arrays["run"] = np.frombuffer(raw, np.uint8)
    write_arrays(path, arrays, {"contest": "x", "sha256": content_hash(arrays)})
    with pytest.raises(DataError, match=words):
        read_finished(path, "x")


@pytest.mark.kernels
def test_python_may_keep_runs_too(tmp_path: Path) -> None:
    those = contenders(["small.sn"])
    said = Contest(
        ("small.sn",), str(tmp_path), (), (0,), 1, None, None, {}, competitors(those, 1), versions()
    )
    kept = ContestFolder.create(tmp_path / "here", said)
    found = compare(those, (0,), passes=1, kept=kept)
    kept.release()
    again, wrong = ContestFolder.reopen(tmp_path / "here", read_contest(tmp_path / "here"))
    again.release()
    assert not wrong
    assert [again.found[n] for n in (0, 1)] == [one.runs[0] for one in found.entries]
    assert contest.NOWHERE.found == {}
