"""What is printed of a set at the end of a run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sn.commands._reports import last_report, print_confusion, print_report
from sn.results.reports import class_report, label_report, value_report
from tests.sample_runs import run

RIGHT, ANSWERS = np.array([0, 1, 1, 2, 2, 2]), np.array([0, 0, 1, 1, 1, 2])
CLASSES = class_report(np.eye(3)[ANSWERS], np.eye(3)[RIGHT], ("cat", "dog", "hen"))
FLAGS = np.array([[0.9, 0.1], [0.2, 0.6]])
LABELS = label_report(FLAGS, np.array([[1.0, 1], [1, 1]]), ("wet", "cold"), 0.5)
VALUES = value_report(np.array([[0.0, 1], [1, 1]]), np.array([[0.0, 1], [2, 1]]), ("x", ""))


def test_classes_have_their_misses_and_the_worst_confusions(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_report("test", CLASSES)
    assert capsys.readouterr().out.splitlines() == [
        "per class   cat: 0  dog: 1  hen: 2",
        "mistaken    hen as dog (2), dog as cat (1)",
    ]
    print_confusion("test", CLASSES)
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["test:", "right", "as", "cat", "as", "dog", "as", "hen", "missed"],
        ["cat", "1", ".", ".", "0"],
        ["dog", "1", "1", ".", "1"],
        ["hen", ".", "2", "1", "2"],
    ]


def test_labels_have_their_misses(capsys: pytest.CaptureFixture[str]) -> None:
    print_report("train", LABELS)
    assert capsys.readouterr().out == "per label   wet: 1  cold: 1\n"
    print_confusion("train", LABELS)
    assert "no confusion of labels" in capsys.readouterr().out


def test_values_have_a_row_per_output(capsys: pytest.CaptureFixture[str]) -> None:
    print_report("test", VALUES)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[1] == ["x", "7.07e-1", "50.0", "%"]
    assert rows[2] == ["output", "1", "0.00e0", "-"]


def test_the_test_set_is_told_of_before_the_others() -> None:
    record = replace(run(0, 1, "sgd"), reports={"train": LABELS, "test": CLASSES})
    assert last_report(record) == ("test", CLASSES)
    assert last_report(replace(record, reports={"train": LABELS})) == ("train", LABELS)
    assert last_report(run(0, 1, "sgd")) is None
