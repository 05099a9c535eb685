"""Many nets at once: the same as one by one, on one device or four, and the commands for them."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sn.commands import main
from sn.errors import DataError, SettingError, TrainError
from sn.experiment import Experiment
from sn.jax_engine import load_jax
from sn.jax_engine.jobs import Outcome
from sn.session import Session

pytest.importorskip("jax", reason="jax is an extra, sn[jax]")
load_jax()

pytestmark = pytest.mark.kernels

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """\
;;; layers with a dropout, and rates that change; several rules
(setq rate 0.02)
(defnet small
  (layer input (2))
  (layer hidden (5) (dropout 0.2))
  (layer output (2) (linear))
  (connect input hidden (full))
  (connect hidden output (full)))
(experiment small
  (data (csv "points.csv" (label "class")) (split (every 4)))
  (order shuffled)
  (optimizer plain (sgd (learning-rate rate) (momentum 0.5)))
  (optimizer newton (diagonal-newton (learning-rate 0.01) (samples 3)))
  (optimizer batches (adam (learning-rate (linear 0.02 0.01 3)) (batch 4)))
  (passes 3))
"""
CSV = "a,b,class\n" + "".join(
    f"{a},{b},{int((a > 2) != (b > 2))}\n" for a in range(6) for b in range(6)
)


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "points.csv").write_text(CSV)
    path = tmp_path / "small.sn"
    path.write_text(PROGRAM)
    return path


def experiment(path: Path, **settings: str) -> Experiment:
    return Session(settings).load(path).experiment()


def weights(outcome: Outcome) -> np.ndarray:
    assert outcome.record is not None
    return np.concatenate([array.ravel() for array in outcome.record.weights.values()])


@pytest.mark.parametrize("optimizer", ["plain", "newton", "batches"])
def test_eight_at_once_are_eight_one_by_one(optimizer: str, small: Path) -> None:
    found = experiment(small).train_many(8, optimizer=optimizer)
    assert [one.seed for one in found] == list(range(8))
    assert len({weights(one).tobytes() for one in found}) == 8
    for seed in (0, 3, 7):
        alone = experiment(small).train(
            seed=seed, optimizer=optimizer, engine="jax", progress=False
        )
        kernels = experiment(small).train(seed=seed, optimizer=optimizer, progress=False)
        ours = found[seed].record
        assert ours is not None
        for other, room in ((alone, 1e-6), (kernels, 2e-5)):
            for name, array in other.weights.items():
                assert ours.weights[name] == pytest.approx(array, abs=room)
            assert [one.number for one in ours.passes] == [one.number for one in other.passes]
            assert ours.test is not None and other.test is not None
            assert ours.test.error == pytest.approx(other.test.error, abs=1e-4)


def test_rates_stand_in_for_that_of_the_program(small: Path) -> None:
    found = experiment(small).train_many([4, 2], [0.05, 0.02], optimizer="plain", passes=2)
    assert [one.seed for one in found] == [4, 2, 4, 2]
    rate = [one.record.options["learning_rate"] for one in found if one.record is not None]
    assert rate == [0.05, 0.05, 0.02, 0.02]
    other = experiment(small, rate="0.05").train_many([2], optimizer="plain", passes=2)
    assert weights(found[1]) == pytest.approx(weights(other[0]), abs=1e-6)
    with pytest.raises(SettingError, match="learning rates that change"):
        experiment(small).train_many(2, [0.1], optimizer="batches")
    with pytest.raises(SettingError, match="seeds"):
        experiment(small).train_many(0)


def test_one_that_diverges_leaves_the_others_alone(small: Path) -> None:
    found = experiment(small).train_many([1], [0.02, 1e30], optimizer="plain", passes=2)
    assert found[0].record is not None and found[0].record.test is not None
    assert found[1].record is None
    assert found[1].fault == "training diverged in pass 1"


def test_each_stops_when_it_should(small: Path) -> None:
    small.write_text(PROGRAM.replace("(passes 3)", "(passes 12) (stop (patience 2)) (keep best)"))
    found = experiment(small).train_many(4, optimizer="plain")
    for one in found:
        alone = experiment(small).train(
            seed=one.seed, optimizer="plain", engine="jax", progress=False
        )
        assert one.record is not None
        assert (one.record.n_passes, one.record.kept) == (alone.n_passes, alone.kept)
        both = zip(one.record.weights.values(), alone.weights.values(), strict=True)
        assert all(a == pytest.approx(b, abs=1e-6) for a, b in both)
    assert len({one.record.n_passes for one in found if one.record is not None}) > 1


def test_phases_follow_one_another(small: Path) -> None:
    phases = "(phase (passes 3) (optimizer plain)) (phase (passes 2) (optimizer newton)))\n"
    small.write_text(PROGRAM.replace("(passes 3))", phases))
    found = experiment(small).train_many(3)
    alone = experiment(small).train(seed=2, progress=False)
    assert found[2].record is not None
    assert [one.phase for one in found[2].record.passes] == [1, 1, 1, 2, 2]
    both = zip(found[2].record.weights.values(), alone.weights.values(), strict=True)
    assert all(a == pytest.approx(b, abs=2e-5) for a, b in both)


def test_nets_that_the_seed_makes_are_refused(small: Path) -> None:
    small.write_text("(setq rate (rand 0.01 0.02))\n" + PROGRAM.replace("(setq rate 0.02)\n", ""))
    with pytest.raises(TrainError, match="cannot be trained at once"):
        experiment(small).train_many(2)


def test_no_data_is_told(small: Path) -> None:
    (small.parent / "points.csv").unlink()
    with pytest.raises(DataError, match="points.csv"):
        experiment(small).train_many(2)


SCRIPT = """\
import json, sys
from sn.jax_engine import load_jax
load_jax()
import jax
import numpy as np
from sn.session import Session
assert len(jax.devices()) == 4
experiment = Session().load(sys.argv[1]).experiment()
many = experiment.train_many(6, optimizer="plain", passes=2)
batches = experiment.train(optimizer="batches", engine="jax", progress=False)
runs = [one.record for one in many] + [batches]
rows = [np.concatenate([a.ravel() for a in run.weights.values()]).tolist() for run in runs]
print(json.dumps(rows))
"""


def test_four_devices_compute_what_one_does(small: Path) -> None:
    """Six nets are two a device, and two that nobody asks for; batches of four are one a device."""
    flags = "--xla_force_host_platform_device_count=4"
    environment = {**os.environ, "XLA_FLAGS": flags, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-c", SCRIPT, str(small)]
    done = [
        subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert done[0].stdout == done[1].stdout  # two processes: the same bits
    assert done[0].stderr == ""
    *many, batches = (np.array(row) for row in json.loads(done[0].stdout))
    here = experiment(small).train_many(6, optimizer="plain", passes=2)
    for one, outcome in zip(many, here, strict=True):
        assert one == pytest.approx(weights(outcome), abs=1e-6)
    alone = experiment(small).train(optimizer="batches", engine="jax", progress=False)
    wanted = np.concatenate([array.ravel() for array in alone.weights.values()])
    assert batches == pytest.approx(wanted, abs=2e-6)


# --- commands ---


def test_the_command_trains_one_net_and_says_what_is_faster(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = small.parent / "run"
    assert main(["run", "small.sn", "--engine", "jax", "--passes", "2", "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert "note: JAX computes on one CPU core" in said.err
    assert "pass   2" in said.out
    assert json.loads((out / "run.json").read_text())["engine"] == "jax"
    assert main(["run", "--resume", str(out), "--passes", "3"]) == 0
    assert "going on after pass 2" in capsys.readouterr().out
    assert main(["run", "--again", str(out), "--no-folder"]) == 0
    assert "equal to" in capsys.readouterr().out


def test_the_command_trains_many_and_tells_their_spread(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", "small.sn", "--engine", "jax", "--seeds", "3", "--seed", "5", "--passes", "2"]
    assert main([*words, "--rates", "0.02,0.05", "--out", "many"]) == 0
    said = capsys.readouterr()
    assert "3 seeds each: mean ± standard deviation" in said.out
    assert "rate 0.05" in said.out and "note: JAX computes on" in said.err
    with (small.parent / "many" / "seeds.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["entry"], row["seed"], row["outcome"]) for row in rows] == [
        (f"rate {rate}", seed, "finished") for rate in ("0.02", "0.05") for seed in "567"
    ]
    told = json.loads((small.parent / "many" / "comparison.json").read_text())
    misses = [float(row["test_misses"]) for row in rows[:3]]
    assert told["entries"][0]["test_misses"]["mean"] == pytest.approx(np.mean(misses))
    assert told["entries"][0]["test_misses"]["sd"] == pytest.approx(np.std(misses, ddof=1))


def test_the_command_goes_on_where_runs_diverge(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", "small.sn", "--engine", "jax", "--seeds", "2", "--passes", "1"]
    assert main([*words, "--rates", "0.02,1e30", "--out", "many"]) == 0
    assert "runs that diverged: 2 of rate 1e+30" in " ".join(capsys.readouterr().out.split())
    text = (small.parent / "many" / "seeds.csv").read_text()
    assert text.count("training diverged in pass 1") == 2
    assert main([*words, "--rates", "1e30"]) == 1
    assert "no seed is left that did not diverge" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--seeds", "3"], "--seeds trains many nets at once, which --engine jax does"),
        (["--rates", "0.1"], "it needs --seeds"),
        (["--engine", "jax", "--seeds", "2", "--rates", "0.1,x"], "expected numbers with commas"),
        (["--engine", "jax", "--seeds", "2", "--confusion"], "--confusion is of one run"),
        (["--engine", "jax", "--reference"], "are two engines"),
    ],
)
def test_what_does_not_go_together_is_told(
    words: list[str], said: str, small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "small.sn", *words]) == 2
    assert said in capsys.readouterr().err


def test_without_jax_the_way_to_it_is_told(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "jax", None)
    assert main(["run", "small.sn", "--engine", "jax"]) == 1
    said = capsys.readouterr().err
    assert "the engine of JAX needs jax" in said and "pip install 'sn[jax]'" in said


def test_a_comparison_at_once_goes_on(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["compare", "small.sn", "--optimizers", "plain,newton", "--engine", "jax"]
    assert main([*words, "--seeds", "2", "--passes", "1", "--out", "both"]) == 0
    folder = small.parent / "both"
    before = json.loads((folder / "comparison.json").read_text())
    (folder / "comparison.json").unlink()
    (folder / "run-3.safetensors").unlink()
    assert main(["compare", "--resume", str(folder)]) == 0
    after = json.loads((folder / "comparison.json").read_text())
    for entry in (*before["entries"], *after["entries"]):
        del entry["us_per_presentation"]
    assert before["entries"] == after["entries"]
    capsys.readouterr()
    assert main([*words, "--tensorboard", "events"]) == 2
    assert "--tensorboard is for runs one by one" in capsys.readouterr().err
    assert main([*words[:-2], "--rates", "0.1"]) == 2
    assert "--rates is for nets that are trained at once" in capsys.readouterr().err
