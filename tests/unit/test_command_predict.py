"""`sn predict`: class, confidence and outputs of patterns in files, for people and programs."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sn
from sn.commands import main
from sn.data.base import Dataset, Part
from sn.data.rows import TargetKind
from sn.data.scaling import Scaling
from sn.net.table import freeze
from sn.trained.keeping import input_range
from tests.sample_nets import family
from tests.unit.test_trained_file import written

Captured = pytest.CaptureFixture[str]
X = np.random.default_rng(3).uniform(-1, 1, (4, 5)).round(3)


def net(path: Path, **others: Any) -> Path:
    return written(freeze(family("full")), path / "n.sn.safetensors", **others)


def table(path: Path, rows: Any = X) -> str:
    file = path / "x.csv"
    file.write_text("\n".join(",".join(map(str, row)) for row in np.asarray(rows).tolist()) + "\n")
    return str(file)


def outputs(path: Path) -> Any:
    return sn.open(path).outputs(X, reference=True)


def predict(capsys: Captured, *words: object) -> str:
    assert main(["predict", *map(str, words), "--reference"]) == 0
    return capsys.readouterr().out


def test_json_has_an_object_a_pattern(tmp_path: Path, capsys: Captured) -> None:
    path, file = net(tmp_path, classes=("ash", "oak", "yew")), table(tmp_path)
    found = [json.loads(line) for line in predict(capsys, path, file, "--json").splitlines()]
    expected = outputs(path)
    assert [one["row"] for one in found] == [0, 1, 2, 3]
    assert {(one["type"], one["file"]) for one in found} == {("prediction", file)}
    np.testing.assert_array_equal([one["outputs"] for one in found], expected)
    names = [("ash", "oak", "yew")[n] for n in expected.argmax(axis=1)]
    assert [one["class"] for one in found] == names
    np.testing.assert_allclose(
        [one["confidence"] for one in found], sn.open(path).confidence(expected)
    )


def test_csv_has_one_header_for_all_files(tmp_path: Path, capsys: Captured) -> None:
    path, file = net(tmp_path, classes=("1", "2", "3")), table(tmp_path)
    out = predict(capsys, path, file, file, "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert len(rows) == 8
    assert list(rows[0]) == ["file", "row", "class", "confidence", "1", "2", "3"]
    expected = outputs(path)
    np.testing.assert_array_equal(
        np.array([[float(row[name]) for name in "123"] for row in rows[4:]], np.float32), expected
    )
    assert [int(row["class"]) for row in rows[:4]] == (expected.argmax(axis=1) + 1).tolist()


def test_people_get_a_table(tmp_path: Path, capsys: Captured) -> None:
    path, file = net(tmp_path, classes=("ash", "oak", "yew")), table(tmp_path)
    lines = predict(capsys, path, file).splitlines()
    assert lines[0].split() == ["class", "confidence", "outputs:", "ash", "oak", "yew"]
    assert len(lines) == 5
    row, word, confidence, *rest = lines[2].split()
    expected = outputs(path)[1]
    assert (row, word) == ("1", ("ash", "oak", "yew")[int(expected.argmax())])
    assert confidence == f"{sn.open(path).confidence(expected[None])[0]:.2f}"
    assert rest == [f"{y:.3g}" for y in expected]
    assert predict(capsys, path, file, file).startswith(f"{file}\n")


def test_labels_and_values_are_told_as_such(tmp_path: Path, capsys: Captured) -> None:
    file = table(tmp_path)
    path = net(tmp_path, kind=TargetKind.LABELS, classes=("a", "b", "c"), low=-0.1, high=0.1)
    found = [json.loads(line) for line in predict(capsys, path, file, "--json").splitlines()]
    for one, row in zip(found, outputs(path), strict=True):
        assert one["labels"] == [name for name, y in zip("abc", row, strict=True) if y >= 0]
        assert "class" not in one and "confidence" not in one
    assert "labels" in predict(capsys, path, file).splitlines()[0]
    assert predict(capsys, path, file, "--csv").startswith("file,row,labels,a,b,c\n")
    path = net(tmp_path, kind=TargetKind.VALUES, classes=(), criterion=None)
    (first, *_) = predict(capsys, path, file, "--json").splitlines()
    assert set(json.loads(first)) == {"type", "file", "row", "outputs"}
    assert predict(capsys, path, file, "--csv").startswith("file,row,output 0,output 1,output 2\n")
    assert predict(capsys, path, file).splitlines()[0].split()[0] == "outputs:"


def test_the_standard_input_is_a_file(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = net(tmp_path)
    content = Path(table(tmp_path)).read_bytes()
    for given in (content, npy()):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        found = [json.loads(line) for line in predict(capsys, path, "-", "--json").splitlines()]
        np.testing.assert_array_equal([one["outputs"] for one in found], outputs(path))
        assert found[0]["file"] == "-"


def npy() -> bytes:
    out = io.BytesIO()
    np.save(out, X)
    return out.getvalue()


def test_inputs_are_scaled_and_filled_as_in_training(tmp_path: Path, capsys: Captured) -> None:
    scaling = Scaling(np.full(5, 0.5), np.full(5, 2.0), np.full(5, 0.25))
    path = net(tmp_path, scaling=scaling)
    (tmp_path / "x.csv").write_text("0.1,,0.3,?,0.5\n")
    (line,) = predict(capsys, path, tmp_path / "x.csv", "--json").splitlines()
    plain = net(tmp_path)
    shown = (np.array([[0.1, 0.25, 0.3, 0.25, 0.5]]) - 0.5) * 2
    expected = sn.open(plain).outputs(shown, reference=True)
    np.testing.assert_allclose(json.loads(line)["outputs"], expected[0], rtol=1e-6)


def test_columns_and_arrays_can_be_named(tmp_path: Path, capsys: Captured) -> None:
    path = net(tmp_path)
    (tmp_path / "y.csv").write_text("name,a,b,c,d,e\n" + "oak,0.1,0.2,0.3,0.4,0.5\n")
    out = predict(capsys, path, tmp_path / "y.csv", "--columns", "a-e".replace("a-e", "1-4,e"))
    assert len(out.splitlines()) == 2
    np.savez(tmp_path / "y.npz", p=X, q=X[:1])
    out = predict(capsys, path, tmp_path / "y.npz", "--array", "q", "--json")
    assert len(out.splitlines()) == 1


def test_dark_points_of_a_picture_are_low_unless_inverted(tmp_path: Path, capsys: Captured) -> None:
    image = pytest.importorskip("PIL.Image", reason="needs Pillow, the extra 'images'")
    path = net(tmp_path, input_range=(-1.0, 1.0))
    image.fromarray(np.array([[0, 255, 0, 255, 51]], np.uint8)).save(tmp_path / "x.png")
    shown = np.array([[-1, 1, -1, 1, -0.6]])
    for words, sign in (((), 1), (("--invert",), -1)):
        (line,) = predict(capsys, path, tmp_path / "x.png", "--json", *words).splitlines()
        expected = sn.open(path).outputs(sign * shown, reference=True)
        np.testing.assert_allclose(json.loads(line)["outputs"], expected[0], rtol=1e-6)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["absent.csv"], 1, "cannot read absent.csv: No such file"),
        (["."], 1, "cannot read .: it is a folder, expected a file"),
        (["x.csv", "--json", "--csv"], 2, "--json and --csv are two forms"),
        ([], 2, "Missing argument 'FILE...'"),
    ],
)
def test_wrong_words_are_told(
    words: list[str],
    code: int,
    said: str,
    tmp_path: Path,
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["predict", str(net(tmp_path)), *words]) == code
    assert said in capsys.readouterr().err


def test_the_range_of_inputs_is_that_before_scaling() -> None:
    raw = np.array([[0, 255], [51, 102.0]])
    part = {"train": Part(raw.astype(np.float32), np.zeros(2, np.int32))}
    known = Dataset("n", "", part, TargetKind.CLASSES, ("a",), (2,), "")
    assert input_range(known) == (0.0, 255.0)
    scaling = Scaling(np.array([51.0, 128]), np.array([1 / 7, 0.01]), np.full(2, np.nan))
    part = {"train": Part(scaling(raw), np.zeros(2, np.int32))}
    known = Dataset("n", "", part, TargetKind.CLASSES, ("a",), (2,), "", scaling=scaling)
    assert input_range(known) == pytest.approx((0.0, 255.0), abs=1e-4)


@pytest.mark.kernels
def test_kernels_predict_what_they_computed(tmp_path: Path, capsys: Captured) -> None:
    path, file = net(tmp_path), table(tmp_path)
    assert main(["predict", str(path), file, "--json"]) == 0
    found = [json.loads(line)["outputs"] for line in capsys.readouterr().out.splitlines()]
    np.testing.assert_array_equal(found, sn.open(path).outputs(X))
