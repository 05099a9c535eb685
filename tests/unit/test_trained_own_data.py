"""From a user's data to a net that predicts it: scaled, filled and named as the training had it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sn
from sn.commands import main
from sn.data.own import OwnData, Shares
from sn.data.rows import Rows, TargetKind
from sn.data.scaling import Scale
from sn.errors import DataError
from sn.results.record import RunRecord
from sn.session import Session
from sn.trained.reading import Contents

NET = (
    "(defnet own (layer in (3)) (layer out ({size}) {function}) (connect in out (full)))"
    ' (experiment own (data "mnist-1989") (passes 2) {options}'
    " (optimizer o (sgd (learning-rate 0.05))))"
)


@dataclass(frozen=True, eq=False)
class Made:
    """Rows made here, as a reader would find them in a file."""

    targets: Any
    kind: TargetKind
    classes: tuple[str, ...]
    inputs: Any = field(default_factory=lambda: INPUTS)

    def read(self, base: Path, may_miss: bool = False) -> Rows:
        return Rows(self.inputs, self.targets, self.kind, self.classes, place="made.csv")


INPUTS = (np.random.default_rng(5).uniform(0, 1, (60, 3)) * [1, 100, -10]).astype(np.float32)
INPUTS[7, 1] = np.nan
SUMS = np.nan_to_num(INPUTS, nan=50) @ np.array([1, 0.01, 0.1])

KINDS = {
    "classes": (
        Made((SUMS > 0.4).astype(np.int32) + (SUMS > 0.7), TargetKind.CLASSES, ("lo", "mid", "hi")),
        3,
        "",
    ),
    "two classes": (Made((SUMS > 0.5).astype(np.int32), TargetKind.CLASSES, ("no", "yes")), 1, ""),
    "labels": (
        Made(np.stack([SUMS > 0.4, INPUTS[:, 0] > 0.5], axis=1), TargetKind.LABELS, ("a", "b")),
        2,
        "",
    ),
    "values": (
        Made(np.stack([SUMS, -SUMS], axis=1).astype(np.float32), TargetKind.VALUES, ("s", "")),
        2,
        "(linear)",
    ),
}


def data(reader: Made) -> OwnData:
    split = Shares(test=0.25, validation=0.15)
    return OwnData(reader, split=split, scale=Scale("standard"), may_miss=True)


def trained(name: str, folder: Path, options: str = "") -> tuple[RunRecord, OwnData]:
    reader, size, function = KINDS[name]
    file = folder / "own.sn"
    file.write_text(NET.format(size=size, function=function, options=options))
    experiment = Session().load(file).experiment()
    own = data(reader)
    return experiment.train(data=own, folder=folder / "run", reference=True), own


@pytest.mark.kernels
@pytest.mark.parametrize("name", KINDS)
def test_the_file_knows_how_inputs_were_scaled_and_filled(name: str, tmp_path: Path) -> None:
    record, own = trained(name, tmp_path)
    net = sn.open(tmp_path / "run")
    results = net.results(own)
    assert list(results) == ["train", "validation", "test"]
    for which, (scores, _) in results.items():
        expected = record.end.sets[which]
        assert (scores.misses, scores.patterns) == (expected.misses, expected.patterns)
        assert scores.error == pytest.approx(expected.error, rel=1e-5)
    raw = net.predict(INPUTS)
    ready = net.about.scaling(INPUTS) if net.about.scaling is not None else None
    plain = sn.TrainedNet(net_without_scaling(net))
    np.testing.assert_array_equal(plain.predict(ready), raw)


def net_without_scaling(net: sn.TrainedNet) -> Any:
    return Contents(net.table, net.weight_vector, replace(net.about, scaling=None))


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_of_target_is_predicted_as_such(name: str, tmp_path: Path) -> None:
    trained(name, tmp_path)
    net = sn.open(tmp_path / "run")
    found = net.predict(INPUTS[:9], reference=True)
    if name == "values":
        assert found.shape == (9, 2) and found.dtype == np.float32
    elif name == "labels":
        assert found.shape == (9, 2) and found.dtype == np.bool_
    else:
        assert found.shape == (9,)
        assert set(found.tolist()) <= set(net.classes)
    assert net.classes == KINDS[name][0].classes
    low, high = net.about.input_range
    assert (low, high) == pytest.approx((np.nanmin(INPUTS), np.nanmax(INPUTS)), abs=2.0)


def test_the_data_of_a_file_must_be_given_again(tmp_path: Path) -> None:
    trained("classes", tmp_path)
    with pytest.raises(
        DataError, match="was trained on 'made.csv', which SN cannot find"
    ) as caught:
        sn.open(tmp_path / "run").test()
    assert caught.value.hint == "say where it is: --data, or data=... in Python"


def test_a_criterion_of_the_program_leaves_a_file_that_can_be_read(tmp_path: Path) -> None:
    trained("classes", tmp_path, "(criterion (lambda (y d) t))")
    net = sn.open(tmp_path / "run")
    assert net.about.criterion is not None and net.about.criterion.name == "lisp"


def test_options_of_every_kind_are_in_the_file(tmp_path: Path) -> None:
    trained("classes", tmp_path, "(criterion (sign -0.1 0.1)) (stop (patience 3)) (keep best)")
    net = sn.open(tmp_path / "run")
    assert str(net.about.criterion) == "sign -0.1 0.1"
    assert net.about.options["stop"]["patience"] == 3


# --- from a table of text ---

PLANTS = (
    "(defnet plants (layer in (4)) (layer out (3)) (connect in out (full)))"
    ' (experiment plants (data (csv "plants.csv" (label "kind")) (split (test 0.25))'
    " (scale standard) (missing mean)) (passes 3) (optimizer o (sgd (learning-rate 0.05))))"
)
KIND = ("ash", "oak", "yew")


def plants(folder: Path, count: int = 40) -> list[tuple[str, ...]]:
    """Write a table with numbers, text, classes and a missing value; return its rows."""
    rng = np.random.default_rng(2)
    rows = [
        (f"{rng.uniform(1, 9):.2f}", ("red", "blue")[n % 2], KIND[n % 3], str(n % 7))
        for n in range(count)
    ]
    rows[4] = ("?", *rows[4][1:])
    write(folder / "plants.csv", ("height", "colour", "kind", "leaves"), rows)
    (folder / "plants.sn").write_text(PLANTS)
    return rows


def write(path: Path, names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    path.write_text("".join(",".join(row) + "\n" for row in (names, *rows)))


@pytest.fixture
def grown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, RunRecord]:
    monkeypatch.chdir(tmp_path)
    plants(tmp_path)
    experiment = Session().load(tmp_path / "plants.sn").experiment()
    return tmp_path, experiment.train(folder="run", reference=True)


@pytest.mark.kernels
def test_a_table_is_tested_with_what_the_training_learnt(
    grown: tuple[Path, RunRecord], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, record = grown
    form = '(data (csv "plants.csv" (label "kind")) (split (test 0.25)))'
    assert main(["test", "run", "--data", form, "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {one["set"]: one["misses"] for one in found} == {
        which: scores.misses for which, scores in record.end.sets.items()
    }
    # another file: no blue plant, no yew, other columns first, and another mean
    rows = [(kind, leaves, height, colour) for height, colour, kind, leaves in plants(folder)]
    some = [row for row in rows if row[0] != "yew" and row[3] == "red"]
    write(folder / "other.csv", ("kind", "leaves", "height", "colour"), some)
    form = '(csv "other.csv" (inputs "height" "colour" "leaves") (label "kind"))'
    assert main(["test", "run", "--data", form, "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    report = json.loads(line)["report"]
    assert report["classes"] == list(KIND)
    assert sum(report["confusion"][2]) == 0


@pytest.mark.kernels
def test_a_table_is_predicted_with_what_the_training_learnt(
    grown: tuple[Path, RunRecord], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = grown
    rows = plants(folder)
    assert main(["predict", "run", "plants.csv", "--json"]) == 0
    found = [json.loads(line)["class"] for line in capsys.readouterr().out.splitlines()]
    wrong = sum(one != row[2] for one, row in zip(found, rows, strict=True))
    net = sn.open(folder / "run")
    scores = net.test("train", sn.data.csv("plants.csv", label="kind"))
    assert scores.misses == wrong
    # without the classes, in another order, a value at a time
    for number in (0, 4, 7):
        height, colour, _, leaves = rows[number]
        write(folder / "one.csv", ("leaves", "colour", "height"), [(leaves, colour, height)])
        assert main(["predict", "run", "one.csv", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["class"] == found[number]
    write(folder / "one.csv", ("leaves", "colour", "height"), [("3", "green", "5")])
    assert main(["predict", "run", "one.csv"]) == 1
    err = capsys.readouterr().err
    assert "one.csv:2:3: error[SN0403]: column 1 ('colour'): expected one of the values" in err
    assert "it has blue, red" in err


def test_the_file_says_what_its_columns_were(
    grown: tuple[Path, RunRecord], capsys: pytest.CaptureFixture[str]
) -> None:
    net = sn.open(grown[0] / "run")
    assert [(one.name, one.values) for one in net.about.columns] == [
        ("height", ()),
        ("colour", ("blue", "red")),
        ("leaves", ()),
    ]
    assert main(["show", "run"]) == 0
    out = capsys.readouterr().out
    assert "missing values are filled" in out
    assert "columns" in out and "height, colour (blue, red), leaves" in out


def test_arrays_are_taken_as_a_pair(tmp_path: Path) -> None:
    reader = KINDS["classes"][0]
    trained("classes", tmp_path)
    net = sn.open(tmp_path / "run")
    names = np.array(reader.classes)[reader.targets]
    sets = net.sets((INPUTS, names))
    assert net.about.scaling is not None
    np.testing.assert_array_equal(sets["train"].inputs, net.about.scaling(INPUTS))
    np.testing.assert_array_equal(sets["train"].targets, reader.targets)


# --- from pictures ---

STROKES = (
    "(defnet strokes (layer in (4 4)) (layer out (2)) (connect in out (full)))"
    ' (experiment strokes (data (images "pictures") (scale standard))'
    " (passes 2) (optimizer o (sgd (learning-rate 0.05))))"
)


def test_a_picture_is_predicted_as_the_training_saw_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No picture of the training is black or white anywhere."""
    image = pytest.importorskip("PIL.Image", reason="needs Pillow, the extra 'images'")
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(4)
    for number in range(8):
        name = ("across", "down")[number % 2]
        points = rng.integers(60, 100, (4, 4))
        points[(number // 2, slice(None)) if number % 2 == 0 else (slice(None), number // 2)] += 90
        folder = tmp_path / "pictures" / name
        folder.mkdir(parents=True, exist_ok=True)
        image.fromarray(points.astype(np.uint8)).save(folder / f"{number}.png")
    (tmp_path / "strokes.sn").write_text(STROKES)
    experiment = Session().load(tmp_path / "strokes.sn").experiment()
    experiment.train(folder="run", reference=True)
    net = sn.open("run")
    (part,) = net.sets(Session().read_data('(images "pictures")')).values()
    files = [*sorted(Path("pictures/across").iterdir()), *sorted(Path("pictures/down").iterdir())]
    plain = sn.TrainedNet(net_without_scaling(net))
    expected = plain.outputs(part.inputs, reference=True)
    assert main(["predict", "run", *map(str, files), "--json", "--reference"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    np.testing.assert_allclose([one["outputs"] for one in found], expected, rtol=1e-5, atol=1e-6)
    assert [one["file"] for one in found] == [str(file) for file in files]
