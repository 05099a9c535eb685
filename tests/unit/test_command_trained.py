"""`sn show` and `sn test`: what a trained net is, and how well it does, from its file alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sn.commands import main
from sn.data.base import Dataset, NamedData, Part
from sn.data.rows import TargetKind
from sn.data.scaling import Scaling
from sn.errors import DataError
from sn.net.table import freeze
from sn.results.record import DataUsed
from sn.session import Session
from sn.shipped import nets_folder
from sn.trained.about import SourceText
from sn.trained.net import TrainedNet
from sn.trained.words import facts
from tests.sample_nets import described, family
from tests.unit.test_trained_file import RAGGED, about, written
from tests.unit.test_trained_net import net_of

NET = "(defnet n (layer in (256)) (layer out (10)) (connect in out (full)))"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one pass of the 1989 net on the stand-in."""
    folder = tmp_path_factory.mktemp("run")
    experiment = Session().load(nets_folder() / "zipcode.sn").experiment()
    spec = replace(experiment.spec, data=NamedData(("mnist-1989",)))
    replace(experiment, spec=spec).train(passes=1, folder=folder)
    return folder


@pytest.mark.kernels
def test_show_tells_layers_counts_scores_and_files(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(run)]) == 0
    out = capsys.readouterr().out
    about = json.loads((run / "run.json").read_text())
    test = about["result"]["test"]
    for text in (
        "trained net zipcode: 256-768-192-30-10, 9,760 weights, 1 pass of newton on mnist-1989",
        "h1      12 x 8 x 8    768  1.7159 tanh(0.66667 x)",
        "conv 5x5, stride 2, 96 of 144 pairs of maps, border -1",
        "in all 1,256 units, 64,660 connections, 9,760 parameters",
        "trained    1 pass of newton on mnist-1989, seed 0",
        f"{test['misses']} of 2,007 missed ({100 * test['misses'] / 2007:.2f} %)",
        "tells      10 classes: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9",
        "program    zipcode.sn",
        "beside it  checkpoint-1.safetensors, film.safetensors, log.jsonl, run.json, source.sn,\n"
        "           weights.safetensors",
    ):
        assert text in out


def test_show_prints_the_program_and_what_it_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sources = (SourceText("a.sn", '(load "b.sn")\n'), SourceText("b.sn", "(setq b 1)\n"))
    path = written(freeze(described(RAGGED)), tmp_path / "r.sn.safetensors", sources=sources)
    assert main(["show", str(path), "--source"]) == 0
    assert capsys.readouterr().out == '(load "b.sn")\n\n;; --- b.sn\n\n(setq b 1)\n'


def test_show_prints_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(freeze(described(RAGGED)), tmp_path / "r.sn.safetensors")
    assert main(["show", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["type"], found["file"], found["name"]) == ("net", str(path), "ragged")
    assert [layer["shape"] for layer in found["layers"]] == [[6, 6], [3, 3, 3], [3, 2, 2], [4]]


@pytest.mark.parametrize("command", ["show", "test"])
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("absent", None, "there is no run"),
        ("net.sn.safetensors", b"no net", "cannot be read as safetensors"),
    ],
)
def test_what_is_no_run_is_told(
    command: str,
    name: str,
    content: bytes | None,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert main([command, str(tmp_path / name)]) == 1
    err = capsys.readouterr().err
    assert err.startswith("error[SN0400]: ") and said in err and "internal" not in err


def test_an_untrained_net_and_odd_scores_are_shown() -> None:
    table = freeze(family("full"))
    told = dict(facts(table, about(table, scores={"test": "good", "train": {"error": 0.5}})))
    assert told["trained"] == "no"
    assert told["test"] == "good"
    assert told["train"] == "error 5.00e-1"


def test_scaled_inputs_are_shown() -> None:
    table = freeze(family("full"))
    scaling = Scaling(np.zeros(5), np.full(5, 2.0), np.full(5, np.nan))
    assert dict(facts(table, about(table, scaling=scaling)))["inputs"] == (
        "5, scaled column by column"
    )
    filled = replace(scaling, fill=np.zeros(5), factor=np.ones(5))
    assert dict(facts(table, about(table, scaling=filled)))["inputs"] == (
        "5, as they are; missing values are filled with the mean of the training set"
    )


@pytest.mark.kernels
def test_test_gives_the_figures_of_the_run(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", str(run)]) == 0
    out = capsys.readouterr().out
    result = json.loads((run / "run.json").read_text())["result"]
    for which, patterns in (("train", "7,291"), ("test", "2,007")):
        misses = result[which]["misses"]
        line = next(line for line in out.splitlines() if line.startswith(which))
        assert patterns in line and f" {misses} (" in line
    assert "per class" in out and "mistaken" in out


@pytest.mark.kernels
def test_test_prints_json_for_one_set(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["test", str(run), "--data", "mnist-1989", "--set", "test", "--json"]
    assert main(arguments) == 0
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    result = json.loads((run / "run.json").read_text())["result"]["test"]
    assert {key: found[key] for key in result} == result
    assert sum(found["report"]["misses_per_class"]) == result["misses"]


@pytest.mark.kernels
def test_test_prints_the_confusions(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", str(run), "--set", "test", "--confusion"]) == 0
    assert "test: right" in capsys.readouterr().out


def test_a_set_and_data_that_are_not_there_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(
        freeze(described(NET)),
        tmp_path / "n.sn.safetensors",
        data=DataUsed("mine.csv", "12"),
        classes=tuple("0123456789"),
    )
    for words, said in (
        ([], "was trained on 'mine.csv', which SN cannot find by that name"),
        (["--data", "mnit"], "no data set is called 'mnit'"),
        (["--data", "mnist-1989", "--set", "tst"], "the data has no set 'tst'"),
    ):
        assert main(["test", str(path), *words]) == 1
        assert said in capsys.readouterr().err


# --- other data ---


def dataset(**others: object) -> Dataset:
    known = {
        "name": "mine",
        "title": "",
        "sets": {"train": Part(np.eye(3, 5, dtype=np.float32), np.array([0, 1, 0], np.int32))},
        "kind": TargetKind.CLASSES,
        "classes": ("yew", "ash"),
        "shape": (5,),
        "hash": "",
        **others,
    }
    return Dataset(**known)  # type: ignore[arg-type]


def net(**others: object) -> TrainedNet:
    return net_of(freeze(family("full")), **{"classes": ("ash", "oak", "yew"), **others})


def test_classes_of_other_data_are_found_by_name() -> None:
    part = net().sets(dataset())["train"]
    assert part.targets.tolist() == [2, 0, 2]
    np.testing.assert_array_equal(part.inputs, np.eye(3, 5))


def test_other_data_is_scaled_as_the_net_learnt_it() -> None:
    scaling = Scaling(np.ones(5), np.full(5, 2.0), np.full(5, np.nan))
    part = net(scaling=scaling).sets(dataset())["train"]
    np.testing.assert_array_equal(part.inputs, 2 * np.eye(3, 5) - 2)


def test_data_that_is_scaled_already_is_taken_as_it_is() -> None:
    scaling = Scaling(np.ones(5), np.full(5, 2.0), np.full(5, np.nan))
    part = net(scaling=scaling).sets(dataset(scaling=scaling))["train"]
    np.testing.assert_array_equal(part.inputs, np.eye(3, 5))


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ({"classes": ("elm", "ash")}, "has the class 'elm', net sample tells ash, oak, yew"),
        ({"kind": TargetKind.VALUES}, "has values, net sample tells classes"),
        (
            {"sets": {"train": Part(np.zeros((2, 4), np.float32), np.zeros(2, np.int32))}},
            "has 4 numbers a pattern, net sample takes 5",
        ),
    ],
)
def test_other_data_that_does_not_fit_is_told(others: dict[str, object], said: str) -> None:
    with pytest.raises(DataError) as caught:
        net().sets(dataset(**others))
    assert said in caught.value.message


def test_values_of_another_number_are_told() -> None:
    known = net(kind=TargetKind.VALUES, classes=(), criterion=None)
    some = dataset(
        kind=TargetKind.VALUES,
        classes=("a", "b"),
        sets={"train": Part(np.zeros((2, 5), np.float32), np.zeros((2, 2), np.float32))},
    )
    with pytest.raises(DataError, match="has 2 values, net sample has 3 outputs"):
        known.sets(some)
