"""The small nets that come with SN learn what they are for, from patterns in their own files."""

from __future__ import annotations

from pathlib import Path

import pytest

import sn

pytestmark = pytest.mark.kernels


@pytest.mark.parametrize("optimizer", ["sgd", "newton"])
def test_xor_is_learned_by_two_hidden_units(optimizer: str) -> None:
    record = sn.load("xor").experiment().train(optimizer=optimizer)
    assert (record.train.misses, record.train.patterns, record.test) == (0, 4, None)
    assert record.train.error <= 0.001 and record.n_passes < 300


def test_eight_patterns_pass_through_three_units(tmp_path: Path) -> None:
    experiment = sn.load("encoder").experiment()
    for seed in range(5):
        record = experiment.train(seed=seed, folder=tmp_path / str(seed))
        assert record.train.misses == 0 and record.n_passes < 200
    net = sn.open(tmp_path / "0")
    patterns = [[float(i == j) for j in range(8)] for i in range(8)]
    assert net.predict(patterns).tolist() == list(range(8))
    codes = net.states(patterns, "code") > 0
    assert len({tuple(code) for code in codes.tolist()}) > 4


def test_mushrooms_are_told_apart_by_words_alone(tmp_path: Path) -> None:
    """A table without a number in it: what can be eaten follows from smell and cap."""
    smells, caps, rings = ("none", "foul", "almond"), ("flat", "bell", "?"), ("one", "two")
    rows = ["class,smell,cap,ring"]
    for n in range(240):
        smell, cap, ring = smells[n % 3], caps[(n // 3) % 3], rings[(n // 9) % 2]
        poisonous = smell == "foul" or (smell == "none" and cap == "bell")
        rows.append(f"{'poisonous' if poisonous else 'edible'},{smell},{cap},{ring}")
    (tmp_path / "mushrooms.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "m.sn").write_text(
        "(defnet m (layer in (8)) (layer h (4)) (layer out (2))"
        " (connect in h (full)) (connect h out (full)))"
        '(experiment m (data (csv "mushrooms.csv" (label "class")'
        ' (categories "smell" "cap" "ring")) (split (test 0.25)))'
        " (optimizer newton (diagonal-newton (learning-rate 0.02) (mu 0.05))) (passes 30))"
    )
    record = sn.load(tmp_path / "m.sn").experiment().train(folder=tmp_path / "run")
    assert record.test is not None and record.test.patterns == 60
    assert (record.train.misses, record.test.misses) == (0, 0)
    found = sn.open(tmp_path / "run")
    assert found.classes == ("edible", "poisonous")
