"""Events for TensorBoard: what is read back is what the log has."""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.record_writer import masked_crc32c

import sn
from sn.commands import main
from sn.errors import SettingError, SnError, TrainError
from sn.results.record import RunRecord
from sn.train.observer import Observer

PROGRAM = """
(defnet small (layer in (2)) (layer h (3)) (layer out (2) (linear))
  (connect in h (full)) (connect h out (full)))
(experiment small
  (data (csv "xor.csv" (label 2)) (split (every 5)))
  (cost softmax) (targets 0 1)
  (optimizer sgd (sgd (learning-rate (step 0.1 0.5 2))))
  (optimizer slow (sgd (learning-rate 0.01)))
  (passes 11))
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("small.sn").write_text(PROGRAM)
    rows = [f"{n // 2 % 2},{n % 2},{'ab'[(n // 2 + n) % 2]}" for n in range(20)]
    Path("xor.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


def events(folder: Path) -> Iterator[Any]:
    """Read the one event file of a folder. Source: TensorFlow, record_writer.h."""
    (file,) = folder.glob("events.out.tfevents.*")
    content = file.read_bytes()
    while content:
        (size,) = struct.unpack("<Q", content[:8])
        (check,) = struct.unpack("<I", content[8:12])
        data = content[12 : 12 + size]
        (check_of_data,) = struct.unpack("<I", content[12 + size : 16 + size])
        assert (check, check_of_data) == (masked_crc32c(content[:8]), masked_crc32c(data))
        yield Event.FromString(data)
        content = content[16 + size :]


def values(folder: Path) -> dict[str, dict[int, Any]]:
    """Return what a folder has, by tag and step: the value of a summary."""
    found: dict[str, dict[int, Any]] = {}
    for event in events(folder):
        for value in event.summary.value:
            assert event.step not in found.setdefault(value.tag, {}), "each is told once"
            found[value.tag][event.step] = value
    return found


def train(**options: Any) -> RunRecord:
    return sn.load("small.sn").experiment().train(reference=True, progress=False, **options)


def test_scalars_are_those_of_the_log() -> None:
    train(tensorboard="tb", folder="run")
    found = values(Path("tb"))
    lines = [json.loads(line) for line in Path("run/log.jsonl").read_text().splitlines()]
    assert len(lines) == 11
    for which in ("train", "test"):
        for name in ("error", "half_squares", "misses"):
            told = {step: value.simple_value for step, value in found[f"{name}/{which}"].items()}
            assert told == {line["pass"]: pytest.approx(line[which][name]) for line in lines}
        percent = found[f"percent/{which}"][11].simple_value
        line = lines[-1][which]
        assert percent == pytest.approx(100 * line["misses"] / line["patterns"])
    rates = [found["learning_rate"][step].simple_value for step in range(1, 12)]
    assert rates == pytest.approx([0.1 * 0.5 ** ((step - 1) // 2) for step in range(1, 12)])
    assert len(found["us_per_presentation"]) == 11


def test_weights_are_histograms_now_and_then_and_at_the_end() -> None:
    record = train(tensorboard="tb")
    found = values(Path("tb"))
    assert list(found["weights/h.weight"]) == [1, 2, 5, 10, 11]
    for name, weights in record.weights.items():
        told = found[f"weights/{name}"][11].histo
        assert (told.num, sum(told.bucket)) == (weights.size, weights.size)
        assert (told.min, told.max) == (weights.min(), weights.max())
        assert told.sum == pytest.approx(weights.astype(np.float64).sum())


def test_texts_say_what_was_run_and_how(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", "small.sn", "--reference", "--tensorboard", "tb", "--no-folder", "--seed", "3"]
    assert main(words) == 0
    texts = {
        tag: by_step[0].tensor.string_val[0].decode()
        for tag, by_step in values(Path("tb")).items()
        if tag.endswith("/text_summary")
    }
    assert texts["command/text_summary"] == "    sn " + " ".join(words)
    assert "| seed | 3 |" in texts["run/text_summary"]
    assert "| engine | reference |" in texts["run/text_summary"]
    settings = "\n".join(line[4:] for line in texts["settings/text_summary"].split("\n"))
    assert json.loads(settings)["schedules"] == {"learning-rate": "(step 0.1 0.5 2)"}
    assert "    (defnet small" in texts["program/text_summary"]


def test_events_change_nothing() -> None:
    told, quiet = train(tensorboard="tb"), train()
    for name, weights in told.weights.items():
        assert np.array_equal(weights, quiet.weights[name])
    program = sn.load("small.sn")
    program.experiment().train(reference=True, progress=False, tensorboard="other", passes=1)
    assert program.observers == ()


def test_two_runs_are_not_mixed(capsys: pytest.CaptureFixture[str]) -> None:
    train(tensorboard="tb", passes=1)
    with pytest.raises(TrainError, match="the folder 'tb' has the events of a run already"):
        train(tensorboard="tb", passes=1)
    assert main(["run", "small.sn", "--reference", "--no-folder", "--tensorboard", "tb"]) == 1
    assert "TensorBoard would mix their curves" in capsys.readouterr().err


def test_a_run_that_goes_on_writes_on() -> None:
    train(tensorboard="tb", folder="run", passes=4)
    before = set(Path("tb").iterdir())
    train(tensorboard="tb", resume="run", passes=6)
    for file in before:
        file.rename(file.with_name("before"))
    found = values(Path("tb"))
    assert list(found["error/train"]) == [5, 6]


def test_an_interrupted_run_leaves_a_whole_file() -> None:
    class Interrupted(Observer):
        def pass_finished(self, record: Any) -> None:
            if record.number == 3:
                raise KeyboardInterrupt

    program = sn.load("small.sn")
    program.watch(Interrupted())
    with pytest.raises(KeyboardInterrupt):
        program.experiment().train(reference=True, tensorboard="tb")
    assert list(values(Path("tb"))["error/train"]) in ([1, 2], [1, 2, 3])


@pytest.mark.kernels
def test_a_comparison_has_a_folder_a_run() -> None:
    found = sn.compare("small.sn", seeds=2, passes=2, tensorboard="tb", progress=False)
    places = sorted(path.parent.relative_to("tb").as_posix() for path in Path("tb").rglob("event*"))
    assert places == ["sgd/seed-0", "sgd/seed-1", "slow/seed-0", "slow/seed-1"]
    for entry in found.entries:
        for run in entry.runs:
            told = values(Path("tb", entry.label, f"seed-{run.seed}"))["error/test"]
            assert run.test is not None
            assert told[2].simple_value == pytest.approx(run.test.error)


def test_without_the_library_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(SnError, match="event files need tensorboardX, which is not here") as found:
        train(tensorboard="tb")
    assert found.value.hint == "pip install 'sn[tensorboard]'"
    assert not Path("tb").exists()


def test_what_cannot_be_a_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="tensorboard must be a folder or None, found 3"):
        train(tensorboard=3)
    with pytest.raises(SnError, match="small.sn"):
        train(tensorboard="small.sn")
    with pytest.raises(SnError):
        train(tensorboard="a\0b")


def test_names_of_weights_become_tags_and_texts_stay_texts() -> None:
    text = PROGRAM.replace(" h ", " |h <b>| ")
    Path("small.sn").write_text(text)
    train(tensorboard="tb", passes=1)
    found = values(Path("tb"))
    assert "weights/h__b_.weight" in found
