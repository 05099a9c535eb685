"""Looks: what an observer is told of a run when it asks, and that it changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sn.results.reports import ClassReport, LabelReport, ValueReport
from sn.session import Session
from sn.train.look import Look
from sn.train.observer import Observer

ROWS = [[n % 3, n % 4, n % 5] for n in range(24)]
CLASSES = [[0, 1, 2][n * 7 % 3] for n in range(24)]
SGD = "(optimizer sgd (sgd (learning-rate 0.1)))"


def program(outputs: int, data: str, more: str = SGD) -> str:
    return (
        f"(defnet n (layer in (3)) (layer out ({outputs})) (connect in out (full)))\n"
        f"(experiment n {data} {more} (passes 4))"
    )


class Asker(Observer):
    """Asks for everything after each pass."""

    def __init__(self) -> None:
        self.rates: list[float] = []
        self.reports: list[Any] = []
        self.weights: list[dict[str, Any]] = []
        self.order: list[str] = []

    def described(self, header: Any, origin: Any) -> None:
        self.order.append(f"described {header.net.name}, {origin.engine}")

    def started(self, presentations: int, passes: int) -> None:
        self.order.append("started")

    def pass_scored(self, look: Look) -> None:
        self.order.append(f"scored {look.number}")
        self.rates.append(look.learning_rate)
        self.weights.append(look.weights())
        for which in look.job.targets:
            report = look.report(which)
            self.reports.append(report)
            assert look.judges_classes == (not isinstance(report, ValueReport))
            if not isinstance(report, ValueReport):
                assert look.missed(which).tolist() == report.misses.tolist()

    def pass_finished(self, record: Any) -> None:
        self.order.append(f"finished {record.number}")


def run(tmp_path: Path, text: str, **options: Any) -> tuple[Asker, Any]:
    """Train a program by the twin, with and without somebody who asks."""
    np.savez(tmp_path / "a.npz", x=np.array(ROWS, np.float32), y=np.array(CLASSES, np.uint8))
    file = tmp_path / "n.sn"
    file.write_text(text)
    asker = Asker()
    told = Session(observers=[asker]).load(file).experiment().train(reference=True, **options)
    quiet = Session().load(file).experiment().train(reference=True, **options)
    for name, weights in told.weights.items():
        assert np.array_equal(weights, quiet.weights[name])
    return asker, told


def data(form: str = "") -> str:
    rows = " ".join(f"({' '.join(map(str, row))})" for row in ROWS)
    return f"(data (patterns '({rows}) '({form})) (split (every 4)))"


def test_it_is_told_before_the_scores(tmp_path: Path) -> None:
    values = " ".join(f"({n / 24})" for n in range(24))
    asker, _ = run(tmp_path, program(1, data(values)))
    assert asker.order[:4] == ["described n, reference", "started", "scored 1", "finished 1"]
    assert asker.order[-1] == "finished 4"


def test_misses_of_classes_are_those_of_the_report(tmp_path: Path) -> None:
    pairs = ",".join
    lines = "\n".join(
        pairs([*map(str, row), "abc"[kind]]) for row, kind in zip(ROWS, CLASSES, strict=True)
    )
    (tmp_path / "a.csv").write_text(lines + "\n")
    text = program(3, '(data (csv "a.csv" (label 3)) (split (test 0.25)))')
    asker, record = run(tmp_path, text)
    assert len(asker.reports) == 8 and isinstance(asker.reports[0], ClassReport)
    assert record.reports["test"].misses.tolist() == asker.reports[-1].misses.tolist()


def test_one_output_tells_two_classes(tmp_path: Path) -> None:
    lines = "\n".join(",".join([*map(str, row), "ab"[row[0] % 2]]) for row in ROWS)
    (tmp_path / "a.csv").write_text(lines + "\n")
    asker, _ = run(tmp_path, program(1, '(data (csv "a.csv" (label 3)))'))
    assert isinstance(asker.reports[0], ClassReport)


def test_misses_of_labels_are_those_of_the_report(tmp_path: Path) -> None:
    lines = "\n".join(",".join(map(str, [*row, row[0] % 2, row[1] % 2])) for row in ROWS)
    (tmp_path / "a.csv").write_text(lines + "\n")
    asker, _ = run(tmp_path, program(2, '(data (csv "a.csv" (labels 3 4)))'))
    assert isinstance(asker.reports[0], LabelReport)


def test_the_learning_rate_is_that_of_the_last_presentation(tmp_path: Path) -> None:
    values = data(" ".join(f"({n / 24})" for n in range(24)))
    changing = (
        "(optimizer sgd (sgd (learning-rate (lambda (pass presentation) (/ 1 presentation)))))"
    )
    asker, _ = run(tmp_path, program(1, values, changing))
    assert asker.rates == pytest.approx([1 / 18, 1 / 36, 1 / 54, 1 / 72])


def test_a_schedule_begins_with_its_phase(tmp_path: Path) -> None:
    values = data(" ".join(f"({n / 24})" for n in range(24)))
    phases = (
        "(optimizer a (sgd (learning-rate (step 0.1 0.5 1))))"
        "(optimizer b (sgd (learning-rate (step 0.08 0.5 1))))"
        "(phase (passes 2) (optimizer a)) (phase (passes 2) (optimizer b))"
    )
    asker, _ = run(tmp_path, program(1, values, phases).replace(" (passes 4)", ""))
    assert asker.rates == pytest.approx([0.1, 0.05, 0.08, 0.04])


def test_an_untrained_net_can_be_looked_at(tmp_path: Path) -> None:
    values = data(" ".join(f"({n / 24})" for n in range(24)))
    asker, record = run(tmp_path, program(1, values), passes=0)
    assert asker.rates == [pytest.approx(0.1)]
    assert np.array_equal(asker.weights[0]["out.weight"], record.weights["out.weight"])
