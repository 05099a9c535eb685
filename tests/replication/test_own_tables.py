"""Learning from tables of one's own: classes, real values, against methods that are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import sn
from sn.data import OwnData, Scale, Shares
from sn.data.readers.arrays import Arrays
from sn.results.reports import ValueReport
from sn.session import Program

pytestmark = pytest.mark.kernels

Floats = NDArray[np.float64]


def program(net: str, options: str, tmp_path) -> Program:
    """A program of one net; the data that it names is never loaded."""
    path = tmp_path / "own.sn"
    path.write_text(f'(defnet own {net}) (experiment own (data "mnist-1989") {options})')
    return sn.load(path)


def test_iris_is_learned_by_five_hidden_units(tmp_path) -> None:
    """Every fifth row is for the test: 30 of 150, ten of each class."""
    datasets = pytest.importorskip("sklearn.datasets", reason="iris comes with scikit-learn")
    table = datasets.load_iris()
    names = np.array(table.target_names)[table.target]
    iris = OwnData(Arrays(table.data, names), split=Shares(every=5), scale=Scale("standard"))
    experiment = program(
        "(layer in (4)) (layer h (5)) (layer out (3)) (connect in h (full)) (connect h out (full))",
        "(optimizer newton (diagonal-newton (learning-rate 0.01) (mu 0.05) (gamma 0.05)))"
        "(passes 50)",
        tmp_path,
    ).experiment()
    for seed in range(5):
        record = experiment.train(seed=seed, data=iris)
        assert record.test is not None and record.test.patterns == 30
        assert record.test.misses is not None and record.test.misses <= 1
        assert record.warnings == ()


def test_a_sorted_table_in_constant_order_is_told(tmp_path) -> None:
    datasets = pytest.importorskip("sklearn.datasets", reason="iris comes with scikit-learn")
    table = datasets.load_iris()
    experiment = program(
        "(layer in (4)) (layer out (3)) (connect in out (full))",
        "(optimizer sgd (sgd (learning-rate 0.01))) (order constant) (passes 1)",
        tmp_path,
    ).experiment()
    (said,) = experiment.train(data=(table.data, table.target)).warnings[:1]
    assert "come class by class, up to 50 of one class on end" in said


def arm(count: int, stream: np.random.Generator) -> tuple[Floats, Floats]:
    """Where an arm of three joints ends, and where it points: 48 sensors, 3 values, noisy.

    Sixteen sensors see each joint, every one most when its own angle is near.
    """
    angles = stream.uniform(0, np.pi / 2, (count, 3))
    preferred = np.linspace(0, np.pi / 2, 16)
    sensors = np.exp(-((angles[:, :, None] - preferred) ** 2) / (2 * 0.15**2)).reshape(count, 48)
    directions, lengths = np.cumsum(angles, axis=1), np.array([1.0, 0.8, 0.5])
    values = np.stack(
        [
            np.cos(directions) @ lengths,
            np.sin(directions) @ lengths,
            np.cos(directions[:, 2]),
        ],
        axis=1,
    )
    noise = stream.normal(0, 0.02, values.shape)
    return sensors + stream.normal(0, 0.05, sensors.shape), values + noise


def test_a_net_fits_an_arm_a_third_better_than_linear_least_squares(tmp_path) -> None:
    stream = np.random.default_rng(0)
    inputs, values = arm(600, stream)
    shown, wanted = arm(300, stream)
    lines, *_ = np.linalg.lstsq(np.c_[inputs, np.ones(len(inputs))], values, rcond=None)
    linear = float(np.mean((np.c_[shown, np.ones(len(shown))] @ lines - wanted) ** 2))
    experiment = program(
        "(layer in (48)) (layer h (20)) (layer out (3) (linear))"
        "(connect in h (full)) (connect h out (full))",
        "(optimizer newton (diagonal-newton (learning-rate 0.01) (mu 0.05) (gamma 0.05)))"
        "(passes 40)",
        tmp_path,
    ).experiment()
    data = OwnData(Arrays(inputs, values), test=Arrays(shown, wanted))
    for seed in range(3):
        record = experiment.train(seed=seed, data=data)
        report = record.reports["test"]
        assert isinstance(report, ValueReport)
        assert record.test is not None and record.test.misses is None
        mean_square = float(np.mean(report.rms**2))
        assert mean_square == pytest.approx(2 * record.test.error, rel=1e-6)
        assert mean_square < 2 / 3 * linear
        assert report.total > 0.97


def test_one_linear_unit_learns_to_add_one(tmp_path) -> None:
    experiment = program(
        "(layer in (1)) (layer out (1) (linear)) (connect in out (full))",
        "(optimizer sgd (sgd (learning-rate 0.1))) (passes 50)",
        tmp_path,
    ).experiment()
    numbers = np.linspace(-1, 1, 21)[:, None]
    record = experiment.train(data=(numbers, numbers + 1))
    assert record.weights["out.weight"].item() == pytest.approx(1, abs=1e-3)
    assert record.weights["out.bias"].item() == pytest.approx(1, abs=1e-3)


def test_the_validation_set_decides_when_to_stop_and_what_to_keep(tmp_path) -> None:
    """Noise that cannot be learned: the validation error rises while the training error falls."""
    stream = np.random.default_rng(3)
    inputs = stream.normal(0, 1, (60, 20))
    values = inputs[:, :1] + stream.normal(0, 1, (60, 1))
    data = OwnData(Arrays(inputs, values), split=Shares(validation=0.5, seed=1))
    experiment = program(
        "(layer in (20)) (layer h (20)) (layer out (1) (linear))"
        "(connect in h (full)) (connect h out (full))",
        "(optimizer sgd (sgd (learning-rate 0.03))) (passes 200) (stop (patience 5)) (keep best)",
        tmp_path,
    ).experiment()
    record = experiment.train(data=data, folder=tmp_path / "run")
    errors = [one.validation.error for one in record.passes if one.validation is not None]
    best = int(np.argmin(errors))
    assert (record.kept, record.n_passes) == (best + 1, best + 6)
    assert record.validation is not None and record.validation.error == errors[best]
    assert record.passes[-1].train.error < record.train.error
    kept = sn.open(tmp_path / "run")
    for name, array in record.weights.items():
        np.testing.assert_array_equal(kept.weights[name], array)
