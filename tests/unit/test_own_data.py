"""Own data: splits, scales, missing values, and what does not fit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sn.data import OwnData, Scale, Shares
from sn.data.own import data_source
from sn.data.rows import Rows, TargetKind
from sn.data.scaling import learn
from sn.errors import DataError, SettingError, UnknownNameError


@dataclass(frozen=True)
class Made:
    """A reader of rows that are there already."""

    inputs: Any
    targets: Any
    kind: TargetKind = TargetKind.CLASSES
    classes: tuple[str, ...] = ("a", "b", "c")
    place: str = field(default="made.csv")

    def read(self, base: Path, may_miss: bool = False) -> Rows:
        return Rows(
            np.array(self.inputs, np.float32),
            None if self.targets is None else np.array(self.targets),
            self.kind,
            self.classes,
            place=self.place,
        )


def classes(*counts: int) -> Made:
    """Rows of one number, their own, of which so many are of each class, in order."""
    labels = np.repeat(np.arange(len(counts)), counts)
    return Made(np.arange(len(labels))[:, None], labels)


def test_without_a_split_all_rows_are_for_training() -> None:
    found, note = OwnData(classes(2, 3)).load()
    assert list(found.sets) == ["train"]
    assert found.train.inputs.ravel().tolist() == [0, 1, 2, 3, 4]
    assert (found.train.targets.dtype, found.name) == (np.int32, "made.csv")
    assert note == "data: 5 rows of made.csv; 5 for training; 3 classes"


def test_a_split_has_the_classes_in_the_shares_they_have_overall() -> None:
    shares = Shares(0.8, 0.1, 0.1, seed=1)
    found, _ = OwnData(classes(100, 50, 10), split=shares).load()
    assert {name: len(part) for name, part in found.sets.items()} == {
        "train": 128,
        "validation": 16,
        "test": 16,
    }
    assert found.per_class() == ([80, 40, 8], [10, 5, 1], [10, 5, 1])
    rows = np.concatenate([part.inputs.ravel() for part in found.sets.values()])
    assert sorted(rows.tolist()) == list(range(160))
    for part in found.sets.values():
        assert (np.diff(part.inputs.ravel()) > 0).all()


def test_a_split_is_fixed_by_its_seed() -> None:
    def test_rows(seed: int) -> list[float]:
        found, _ = OwnData(classes(30, 30), split=Shares(test=0.2, seed=seed)).load()
        return found.test.inputs.ravel().tolist()

    assert test_rows(1) == test_rows(1)
    assert test_rows(1) != test_rows(2)


def test_a_share_may_leave_rows_out() -> None:
    found, _ = OwnData(classes(10), split=Shares(0.5, test=0.2)).load()
    assert (len(found.train), len(found.test)) == (5, 2)


def test_every_fifth_row_is_for_the_test() -> None:
    found, _ = OwnData(classes(12), split=Shares(every=5)).load()
    assert found.test.inputs.ravel().tolist() == [4, 9]
    assert len(found.train) == 10


def test_rows_are_cut_with_both_ends_before_they_are_split() -> None:
    found, _ = OwnData(classes(10), rows=(2, 4)).load()
    assert found.train.inputs.ravel().tolist() == [2, 3, 4]
    with pytest.raises(DataError, match="expected rows from 0 to 9, found 2 to 10"):
        OwnData(classes(10), rows=(2, 10)).load()


@pytest.mark.parametrize(
    ("scale", "train", "test"),
    [
        (Scale("standard"), [[-1, 0], [1, 0]], [3, 1]),
        (Scale.named("unit"), [[0, 0], [1, 0]], [2, 1]),
        (Scale("range", -1, 1), [[-1, -1], [1, -1]], [3, 0]),
        (Scale(), [[2, 7], [4, 7]], [6, 8]),
    ],
    ids=str,
)
def test_a_scale_is_learnt_on_the_training_set(scale: Scale, train: Any, test: Any) -> None:
    """The second column does not vary: it is only shifted."""
    data = OwnData(Made([[2, 7], [4, 7]], [0, 1]), test=Made([[6, 8]], [1]), scale=scale)
    found, _ = data.load()
    np.testing.assert_allclose(found.train.inputs, train)
    np.testing.assert_allclose(found.test.inputs, [test])
    assert found.scaling is not None
    assert found.scaling.is_identity is (scale.kind == "none")


def test_missing_values_become_the_mean_of_the_training_rows() -> None:
    nan = float("nan")
    data = OwnData(
        Made([[2, 7], [nan, 7], [6, 7]], [0, 1, 0]), test=Made([[nan, nan]], [1]), may_miss=True
    )
    found, _ = data.load()
    assert found.train.inputs.tolist() == [[2, 7], [4, 7], [6, 7]]
    assert found.test.inputs.tolist() == [[4, 7]]
    assert learn(Scale(), np.array([[nan], [nan]]), fills=True).fill.tolist() == [0]


def test_the_classes_of_another_file_are_told_by_name() -> None:
    train = Made([[0], [1]], [0, 1], classes=("cat", "dog"))
    other = Made([[2], [3]], [0, 0], classes=("dog",))
    found, _ = OwnData(train, test=other).load()
    assert found.test.targets.tolist() == [1, 1]
    strange = replace(other, classes=("cow",), place="t.csv")
    with pytest.raises(
        DataError, match=r"t\.csv: the class cow is not one of made\.csv, .* cat, dog"
    ):
        OwnData(train, test=strange).load()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (OwnData(Made([[0]], None)), "nothing that is desired"),
        (OwnData(classes(2), test=Made([[0]], None)), "and no targets"),
        (
            OwnData(classes(2), test=Made([[0, 1]], [0], place="t.csv")),
            r"t\.csv: expected 1 input and a class, as in made\.csv, found 2 inputs and a class",
        ),
        (
            OwnData(classes(2), test=Made([[0]], [[1.0]], TargetKind.VALUES, ("y",))),
            "found 1 input and 1 value",
        ),
        (OwnData(classes(4), shape=(2, 2)), "the shape 2 x 2 has 4 values, a pattern has 1"),
        (OwnData(classes(1), split=Shares(0.0, test=1.0)), "the train set has no rows"),
    ],
)
def test_what_does_not_fit_is_told(data: OwnData, message: str) -> None:
    with pytest.raises(DataError, match=message):
        data.load()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: Shares(0.9, 0.1, 0.1), "the shares of a split are 1.1 together"),
        (lambda: Shares(test=1.5), "test must be a number from 0 to 1, found 1.5"),
        (lambda: Shares(every=1), "every must be a whole number of at least 2"),
        (lambda: Scale("range", 1, 1), "the lower first, found 1 and 1"),
    ],
)
def test_wrong_settings_are_told(wrong: Any, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        wrong()


def test_the_hash_is_that_of_the_content() -> None:
    one = OwnData(classes(3, 3)).load()[0].hash
    assert one == OwnData(replace(classes(3, 3), place="b.csv")).load()[0].hash
    assert one != OwnData(classes(2, 4)).load()[0].hash
    assert one != OwnData(replace(classes(3, 3), classes=("a", "b", "d"))).load()[0].hash


def test_python_gives_data_in_many_ways() -> None:
    reader = classes(3)
    assert data_source(reader) == OwnData(reader)
    assert data_source("mnist-1989").load()[0].name == "mnist-1989"
    given = OwnData(reader).load()[0]
    assert data_source(given).load()[0] is given
    with pytest.raises(UnknownNameError, match="'mnist-1988'"):
        data_source("mnist-1988")
    with pytest.raises(DataError, match="found int"):
        data_source(3)
