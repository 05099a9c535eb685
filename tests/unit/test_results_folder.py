"""Run folders: fresh names, whole files, and what is left after a kill or a full disk."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sn.errors import DataError, TrainError
from sn.results.about import read_about, read_log
from sn.results.arrays import read_arrays, write_arrays, write_whole
from sn.results.checkpoints import Position
from sn.results.folder import Outcome, RunFolder, RunHeader
from sn.results.origin import Origin
from sn.results.record import DataUsed, NetCounts, PassRecord, RunRecord, Scores

NET = NetCounts("xor", 5, 9, 9)
DATA = DataUsed("xor", "abc")
HEADER = RunHeader(NET, DATA, "sgd", {"learning-rate": 0.1}, seed=1, passes=2)
PASS = PassRecord(1, Scores(0.5, 2, 4), Scores(0.5, 2, 4), 0.01)
RECORD = RunRecord(
    net=NET,
    data=DATA,
    optimizer="sgd",
    options={"learning-rate": 0.1},
    seed=1,
    passes=(PASS,),
    compile_seconds=0.0,
    train_seconds=0.01,
    evaluate_seconds=0.0,
    us_per_presentation=1.0,
    weights={"hidden.weights": np.arange(4, dtype=np.float32).reshape(2, 2)},
)


def test_a_whole_run_can_be_read_back(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run", "xor")
    folder.start(HEADER, Origin(source="(defnet xor)\n"))
    assert read_about(folder.path)["outcome"] == "running"
    folder.add_pass(PASS)
    folder.write_checkpoint(Position(1), {"weights": np.ones(9, np.float32)}, {"pass": "1"})
    folder.add_pass(replace(PASS, number=2))
    folder.finish(RECORD)

    about = read_about(folder.path)
    assert about["outcome"] == "finished"
    assert about["net"] == {"name": "xor", "units": 5, "connections": 9, "parameters": 9}
    assert about["options"] == {"learning-rate": 0.1}
    scores = {"error": 0.5, "half_squares": 0.5, "misses": 2, "patterns": 4}
    assert about["result"]["test"] == scores
    assert set(about["versions"]) == {"sn", "python", "numpy", "numba"}
    assert about["machine"]["cores"] >= 1
    assert [line["pass"] for line in read_log(folder.path)] == [1, 2]
    assert (folder.path / "source.sn").read_text() == "(defnet xor)\n"
    weights, metadata = read_arrays(folder.path / "weights.safetensors")
    np.testing.assert_array_equal(weights["hidden.weights"], [[0, 1], [2, 3]])
    assert metadata["net"] == "xor"
    state, metadata = read_arrays(folder.path / "checkpoint-1.safetensors")
    assert state["weights"].sum() == 9
    assert metadata == {"pass": "1"}
    folder.close()
    assert sorted(path.name for path in folder.path.iterdir()) == [
        "checkpoint-1.safetensors",
        "log.jsonl",
        "run.json",
        "source.sn",
        "weights.safetensors",
    ]


def test_a_run_that_stops_early_says_so(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run", "xor")
    folder.start(HEADER, Origin())
    folder.stop(Outcome.FAILED, "a weight of h1 is not a number")
    about = read_about(folder.path)
    assert (about["outcome"], about["reason"]) == ("failed", "a weight of h1 is not a number")
    assert read_log(folder.path) == ()


def test_runs_of_the_same_second_get_folders_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(time, "strftime", lambda *_: "19891201-120000")
    names = [RunFolder.create(None, "zipcode").path for _ in range(3)]
    assert [str(name) for name in names] == [
        str(Path("runs") / "zipcode-19891201-120000"),
        str(Path("runs") / "zipcode-19891201-120000-2"),
        str(Path("runs") / "zipcode-19891201-120000-3"),
    ]


def test_a_folder_that_holds_a_run_is_refused(tmp_path: Path) -> None:
    RunFolder.create(tmp_path, "xor").start(HEADER, Origin())
    with pytest.raises(TrainError, match="already holds a run") as caught:
        RunFolder.create(tmp_path, "xor")
    assert caught.value.hint is not None and "--out" in caught.value.hint


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    assert RunFolder.create(tmp_path / "mine", "xor").path == tmp_path / "mine"


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    with pytest.raises(TrainError, match="cannot write"):
        RunFolder.create(tmp_path / "mine" / "run", "xor")


def test_a_full_disk_is_told_and_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "checkpoint.safetensors"
    write_whole(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TrainError, match="no space left on device"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [other.name for other in tmp_path.iterdir()] == ["checkpoint.safetensors"]


def test_arrays_of_every_layout_come_back_as_they_were(tmp_path: Path) -> None:
    arrays = {
        "fortran": np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
        "strided": np.arange(10, dtype=np.int32)[::2],
        "scalar": np.array(7, dtype=np.uint64),
        "empty": np.zeros((0, 3), dtype=np.float64),
    }
    write_arrays(tmp_path / "a.safetensors", arrays, {"why": "µ and λ"})
    read, metadata = read_arrays(tmp_path / "a.safetensors")
    assert metadata == {"why": "µ and λ"}
    for name, array in arrays.items():
        assert read[name].dtype == array.dtype
        assert read[name].shape == array.shape
        np.testing.assert_array_equal(read[name], array)


def test_the_same_arrays_give_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import sys; from pathlib import Path; import numpy as np
        from sn.results.arrays import write_arrays
        arrays = {name: np.ones(3, np.float32) for name in "cab"}
        write_arrays(Path(sys.argv[1]), arrays, {name: name for name in "zyxwvu"})
    """)
    hashes = set()
    for number in range(4):
        path = tmp_path / f"{number}.safetensors"
        subprocess.run([sys.executable, "-c", program, str(path)], check=True)
        hashes.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(hashes) == 1


@pytest.mark.parametrize("content", [b"", b"\x08\0\0\0\0\0\0\0{}", b"not safetensors at all"])
def test_damaged_arrays_are_a_data_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(content)
    with pytest.raises(DataError, match="cannot be read"):
        read_arrays(path)


def test_missing_files_are_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no file"):
        read_arrays(tmp_path / "checkpoint.safetensors")
    with pytest.raises(DataError, match="not a run folder"):
        read_about(tmp_path)


@pytest.mark.parametrize(
    ("content", "words"), [("{", "cannot be read"), ('{"format": 99}', "format 99")]
)
def test_a_foreign_run_json_is_a_data_error(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(DataError, match=words):
        read_about(tmp_path)


def test_a_killed_writer_leaves_a_checkpoint_that_can_be_read(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import sys; from pathlib import Path; import numpy as np
        from sn.results.arrays import write_arrays
        number = 0
        while True:
            number += 1
            arrays = {"weights": np.full(50_000, number, np.float32)}
            write_arrays(Path(sys.argv[1]), arrays, {"pass": str(number)})
            if number == 1:
                print("ready", flush=True)
    """)
    path = tmp_path / "checkpoint.safetensors"
    for delay in (0.0, 0.013, 0.031):
        with subprocess.Popen(
            [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE
        ) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(delay)
            writer.send_signal(signal.SIGKILL)
        arrays, metadata = read_arrays(path)
        assert (arrays["weights"] == int(metadata["pass"])).all()


def test_what_others_may_read_follows_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    mask = os.umask(0o022)
    try:
        write_whole(path, b"{}")
    finally:
        os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_log_line_is_json(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run", "xor")
    folder.add_pass(PASS)
    assert json.loads((folder.path / "log.jsonl").read_text())["type"] == "pass"
