"""Arrays in memory: what they are taken for, and what is no pattern or target."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sn.data.own import data_source
from sn.data.readers.arrays import Arrays
from sn.data.rows import Rows, TargetKind
from sn.errors import DataError, SettingError

TWO = [[0, 1], [2, 3]]


def read(inputs: Any, targets: Any = None, may_miss: bool = False, **options: Any) -> Rows:
    return Arrays(inputs, targets, **options).read(Path(), may_miss)


class Frame:
    """Something that is no array and can become one, as tables of other libraries."""

    def __init__(self, rows: Any) -> None:
        self.rows = rows

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array(self.rows, dtype)


@pytest.mark.parametrize("dtype", ["u1", "i8", "f2", "f4", "f8", ">f4", "?"])
def test_inputs_are_numbers_of_any_type(dtype: str) -> None:
    rows = read(np.array(TWO, dtype))
    assert (rows.inputs.dtype, rows.inputs.flags.c_contiguous) == (np.float32, True)
    np.testing.assert_array_equal(rows.inputs, np.array(TWO, dtype))
    assert (rows.targets, rows.shape) == (None, None)


def test_patterns_keep_their_shape() -> None:
    images = np.arange(24).reshape(2, 3, 4)
    rows = read(images)
    assert (rows.inputs.shape, rows.shape) == ((2, 12), (3, 4))
    np.testing.assert_array_equal(rows.inputs[1], images[1].ravel())
    assert read([5, 6]).inputs.tolist() == [[5], [6]]


@pytest.mark.parametrize(
    ("targets", "kind", "classes", "expected"),
    [
        ([7, 3], TargetKind.CLASSES, ("3", "7"), [1, 0]),
        (np.array([10, 9], np.uint8), TargetKind.CLASSES, ("9", "10"), [1, 0]),
        (np.array([True, False]), TargetKind.CLASSES, ("0", "1"), [1, 0]),
        (["dog", "cat"], TargetKind.CLASSES, ("cat", "dog"), [1, 0]),
        (np.array(["dog", "cat"], object), TargetKind.CLASSES, ("cat", "dog"), [1, 0]),
        (np.array([b"dog", b"cat"]), TargetKind.CLASSES, ("cat", "dog"), [1, 0]),
        ([0.5, 1.0], TargetKind.VALUES, ("",), [[0.5], [1.0]]),
        (TWO, TargetKind.VALUES, ("", ""), TWO),
        ([[True], [False]], TargetKind.LABELS, ("0",), [[True], [False]]),
    ],
)
def test_targets_are_what_their_type_says(
    targets: Any, kind: TargetKind, classes: tuple[str, ...], expected: Any
) -> None:
    for given in (targets, Frame(targets)):
        rows = read(TWO, given)
        assert (rows.kind, rows.classes) == (kind, classes)
        assert rows.targets is not None
        assert rows.targets.tolist() == expected


@pytest.mark.parametrize(
    ("targets", "kind", "classes", "expected"),
    [
        ([1.0, 0.0], "classes", ("0", "1"), [1, 0]),
        ([[-1, 1], [1, -1]], "classes", ("0", "1"), [1, 0]),
        ([[2], [1]], "classes", ("1", "2"), [1, 0]),
        ([[-1, 1], [1, 0]], "labels", ("0", "1"), [[False, True], [True, False]]),
        ([3, 4], "values", ("",), [[3], [4]]),
    ],
)
def test_targets_are_what_the_user_says(
    targets: Any, kind: str, classes: tuple[str, ...], expected: Any
) -> None:
    rows = read(TWO, targets, kind=kind)
    assert (rows.kind, rows.classes) == (kind, classes)
    assert rows.targets is not None
    assert rows.targets.tolist() == expected


def test_names_of_classes_may_be_given() -> None:
    assert read(TWO, ["b", "b"], classes=("a", "b")).targets.tolist() == [1, 1]  # type: ignore[union-attr]
    assert read(TWO, TWO, classes=("x", "y")).classes == ("x", "y")


def test_names_of_classes_command_no_terminal() -> None:
    assert read(TWO, ["a\x1b[2J", "b\x9b"]).classes == ("a\ufffd[2J", "b\ufffd")


def test_missing_inputs_may_be_allowed() -> None:
    rows = read([[1, np.nan]], may_miss=True)
    assert np.isnan(rows.inputs).tolist() == [[False, True]]


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("inputs", "targets", "options", "message"),
    [
        ([], None, {}, "expected patterns, found inputs of the shape 0"),
        (5, None, {}, "found inputs of the shape one number"),
        ([[1], [2, 3]], None, {}, "inputs are no array"),
        ([["a"]], None, {}, "expected inputs as numbers, found text"),
        ([[1j]], None, {}, "found complex numbers"),
        ([[None]], None, {}, "neither numbers nor strings alone"),
        ([[1, 2], [3, NAN]], None, {}, "found nan in row 1, column 1, both counted from 0"),
        ([[1, INF]], None, {}, "found inf in row 0, column 1"),
        ([[1e39]], None, {}, r"found 1e\+39 in row 0"),
        (TWO, [1], {}, "found 2 patterns and 1 targets"),
        (TWO, [[[1]], [[2]]], {}, "found targets of the shape 2 x 1 x 1"),
        (TWO, [1.0, NAN], {}, "expected finite numbers as targets, found nan in row 1"),
        (TWO, [1.5, 2], {"kind": "classes"}, r"whole numbers as classes, found 1\.5 in row 0"),
        (TWO, [INF, 2], {"kind": "classes"}, "below 2.53"),
        (TWO, [NAN, 2], {"kind": "classes"}, "whole numbers as classes, found nan in row 0"),
        (TWO, [[1, 1], [0, 1]], {"kind": "classes"}, "row 0 has none alone"),
        (TWO, [["a", "b"], ["c", "d"]], {}, "one class for each pattern, found 2 x 2"),
        (TWO, [[2], [1]], {"kind": "labels"}, "found 2 in row 0, column 0"),
        (TWO, ["a", "b"], {"kind": "values"}, "expected targets as numbers, found text"),
        (TWO, ["a", "c"], {"classes": ("a", "b")}, "expected one of the classes a, b, found 'c'"),
        (TWO, TWO, {"classes": ("a",)}, "a name for each of 2 columns of targets, found 1"),
    ],
)
def test_what_is_wrong_is_told(inputs: Any, targets: Any, options: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(inputs, targets, **options)


def test_a_kind_is_one_of_three() -> None:
    with pytest.raises(SettingError, match="targets are classes, labels or values, found 'class'"):
        Arrays(TWO, [1, 2], kind="class")


def test_python_gives_a_pair_of_arrays() -> None:
    found, note = data_source((np.array(TWO), np.array([1, 2]))).load()
    assert (found.name, found.classes) == ("arrays", ("1", "2"))
    assert note == "data: 2 rows of arrays; 2 for training; 2 classes"
